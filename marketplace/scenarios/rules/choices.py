"""What somebody may do with a call now, and what stands in the way of the rest.

Offered are the moves of the state table that this room and the bids room perform.  The moves after
the opening are offered by the things that carry them: the round, the award, the pilot.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from marketplace.identity.errors.access import NotPermitted, SameHands
from marketplace.identity.rules import duties
from marketplace.identity.rules.access import Actor, Permission, Role
from marketplace.identity.rules.duties import Duty
from marketplace.kit.errors import MarketplaceError
from marketplace.scenarios.errors import (
    AmendmentWaiting,
    ContentUnreadable,
    LintFailed,
    NeedNotSigned,
    NoAmendmentWaiting,
    NothingScheduled,
    NotTheEndUser,
    NotThePoster,
    PanelNotSeated,
    Suspended,
)
from marketplace.scenarios.rules.lifecycle import (
    LIFECYCLE,
    LIVE_STATES,
    UNLOCKED_STATES,
    ScenarioState,
)
from marketplace.scenarios.rules.suspensions import Block

PERMISSIONS: Final[dict[str, tuple[Permission, ...]]] = {
    "submit": (Permission.SCENARIOS_DRAFT,),
    "accept": (Permission.SCENARIOS_REVIEW,),
    "return": (Permission.SCENARIOS_REVIEW,),
    "approve": (Permission.SCENARIOS_APPROVE,),
    "shelve": (Permission.SCENARIOS_APPROVE,),
    "revive": (Permission.SCENARIOS_APPROVE,),
    "publish": (Permission.SCENARIOS_APPROVE,),
    "schedule": (Permission.SCENARIOS_APPROVE,),
    "unschedule": (Permission.SCENARIOS_APPROVE,),
    "propose_amendment": (Permission.SCENARIOS_REVIEW,),
    "confirm_amendment": (Permission.SCENARIOS_APPROVE,),
    "withdraw_amendment": (Permission.SCENARIOS_REVIEW, Permission.SCENARIOS_APPROVE),
    "suspend": (Permission.SCENARIOS_SUSPEND,),
    "cancel": (Permission.SCENARIOS_APPROVE,),
    "open": (Permission.BIDS_OPEN, Permission.BIDS_WITNESS),
    "fail": (Permission.SCENARIOS_APPROVE,),
}
"""What each move asks for; one of the permissions is enough."""


BESIDE_THE_TABLE: Final[tuple[tuple[str, frozenset[ScenarioState], tuple[Role, ...]], ...]] = (
    ("schedule", frozenset({ScenarioState.APPROVED}), (Role.BUREAU_APPROVER,)),
    ("unschedule", frozenset({ScenarioState.APPROVED}), (Role.BUREAU_APPROVER,)),
    ("propose_amendment", frozenset({ScenarioState.PUBLISHED}), (Role.BUREAU_OFFICER,)),
    ("confirm_amendment", frozenset({ScenarioState.PUBLISHED}), (Role.BUREAU_APPROVER,)),
    (
        "withdraw_amendment",
        frozenset({ScenarioState.PUBLISHED}),
        (Role.BUREAU_OFFICER, Role.BUREAU_APPROVER),
    ),
    ("suspend", LIVE_STATES, (Role.REVIEW_BODY, Role.SUPERVISOR, Role.BUREAU_APPROVER)),
)
"""What can be asked for beside the moves of the table: the states, and the roles that could."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """An action somebody could ask for, and the first refusal that stands in its way."""

    action: str
    refusal: MarketplaceError | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A call, as far as its next moves depend on it."""

    state: ScenarioState
    """What is true now, written down or not."""
    poster_id: UUID
    end_user_id: UUID
    author_id: UUID | None
    done: Mapping[Duty, Collection[UUID]]
    """Who did what to the call so far."""
    need_signed: bool
    data_settled: bool
    """There is a dataset, or a statement that there is none."""
    panel_seated: bool
    broken_rules: tuple[str, ...] = ()
    """Rules of the lint that block; looked up only for those who may approve."""
    asker_refused: MarketplaceError | None = None
    """Why the organisation that asks may not take part today; looked up only for solvers."""
    barred: frozenset[Block] = frozenset()
    """What suspensions bar now."""
    scheduled: bool = False
    """Whether a publication is scheduled."""
    amendment_waits: bool = False
    custody_refused: MarketplaceError | None = None
    """Why the bids could not be sealed, or the actor not release a share; looked up only for those
    whose next move it is."""


def choices(actor: Actor, call: Standing) -> tuple[Choice, ...]:
    """List what the actor's roles could ever ask for in the present state, allowed or not."""
    return tuple(
        Choice(action=action, refusal=next(refusals, None))
        for action, refusals in _offered(actor, call)
    )


def _offered(actor: Actor, call: Standing) -> Iterator[tuple[str, Iterator[MarketplaceError]]]:
    """Pair each action in question with its refusals, in the order in which the action raises."""
    if call.state in UNLOCKED_STATES and _writes(actor, call):
        yield "revise", _refusals_of_writing(actor, call)
    if call.state in UNLOCKED_STATES and _stands_near(actor, call):
        yield "sign_need", _refusals_of_signing(actor, call)
    roles = {role.value for role in actor.roles}
    for move in LIFECYCLE.moves:
        if call.state not in move.sources or move.verb not in PERMISSIONS:
            continue
        if move.verb == "submit":
            if _writes(actor, call):
                yield "submit", _refusals_of_submitting(actor, call)
        elif roles & set(move.by):
            yield move.verb, _refusals_of(actor, call, move.verb)
    for verb, states, by in BESIDE_THE_TABLE:
        if call.state in states and actor.has(*by):
            yield verb, _refusals_of(actor, call, verb)
    outsider = actor.organization_id not in {call.poster_id, call.end_user_id}
    if call.state is ScenarioState.PUBLISHED and actor.has(Role.SOLVER) and outsider:
        yield "ask", _refusals_of_asking(actor, call)
        yield "bid", _refusals_of_bidding(actor, call)


def _writes(actor: Actor, call: Standing) -> bool:
    """Tell whether the actor is a poster, or the officer who wrote this call for one."""
    return actor.has(Role.POSTER) or actor.person_id == call.author_id


def _stands_near(actor: Actor, call: Standing) -> bool:
    return actor.has(Role.POSTER) or (
        actor.organization_id == call.end_user_id and actor.has(Role.BUREAU_OFFICER)
    )


def _not_permitted(actor: Actor, *enough: Permission) -> Iterator[MarketplaceError]:
    if not any(actor.may(permission) for permission in enough):
        yield NotPermitted(permission=enough[0].value)


def _refusals_of_writing(actor: Actor, call: Standing) -> Iterator[MarketplaceError]:
    yield from _not_permitted(actor, Permission.SCENARIOS_DRAFT)
    if actor.organization_id != call.poster_id and actor.person_id != call.author_id:
        yield NotThePoster(poster_id=str(call.poster_id))
    yield from _same_hands(actor, call, Duty.AUTHOR)


def _refusals_of_signing(actor: Actor, call: Standing) -> Iterator[MarketplaceError]:
    yield from _not_permitted(actor, Permission.SCENARIOS_DRAFT)
    if actor.organization_id != call.end_user_id:
        yield NotTheEndUser(end_user_id=str(call.end_user_id))
    yield from _same_hands(actor, call, Duty.AUTHOR)


def _refusals_of_submitting(actor: Actor, call: Standing) -> Iterator[MarketplaceError]:
    yield from _refusals_of_writing(actor, call)
    if not call.need_signed:
        yield NeedNotSigned(end_user_id=str(call.end_user_id))
    if not call.data_settled:
        yield ContentUnreadable(pointer="/datasets")


def _refusals_of_asking(actor: Actor, call: Standing) -> Iterator[MarketplaceError]:
    yield from _not_permitted(actor, Permission.ENQUIRIES_ASK)
    if call.asker_refused is not None:
        yield call.asker_refused


def _refusals_of_bidding(actor: Actor, call: Standing) -> Iterator[MarketplaceError]:
    yield from _not_permitted(actor, Permission.BIDS_SUBMIT)
    if Block.BIDDING in call.barred:
        yield Suspended(blocks=sorted(call.barred))
    if call.asker_refused is not None:
        yield call.asker_refused


def _refusals_of(actor: Actor, call: Standing, verb: str) -> Iterator[MarketplaceError]:
    yield from _not_permitted(actor, *PERMISSIONS[verb])
    for refuse in GUARDS.get(verb, ()):
        yield from refuse(actor, call)


def _same_hands(actor: Actor, call: Standing, duty: Duty) -> Iterator[MarketplaceError]:
    try:
        duties.require(actor, duty, call.done)
    except SameHands as refusal:
        yield refusal


def _author_accepts(actor: Actor, call: Standing) -> Iterator[MarketplaceError]:
    return _same_hands(actor, call, Duty.OFFICER)


def _officer_approves(actor: Actor, call: Standing) -> Iterator[MarketplaceError]:
    return _same_hands(actor, call, Duty.APPROVER)


def _author_amends(actor: Actor, call: Standing) -> Iterator[MarketplaceError]:
    return _same_hands(actor, call, Duty.AMENDER)


def _broken_rules(actor: Actor, call: Standing) -> Iterator[MarketplaceError]:
    if call.broken_rules:
        yield LintFailed(rules=list(call.broken_rules))


def _nothing_scheduled(actor: Actor, call: Standing) -> Iterator[MarketplaceError]:
    if not call.scheduled:
        yield NothingScheduled()


def _amendment_waits(actor: Actor, call: Standing) -> Iterator[MarketplaceError]:
    if call.amendment_waits:
        yield AmendmentWaiting()


def _no_amendment(actor: Actor, call: Standing) -> Iterator[MarketplaceError]:
    if not call.amendment_waits:
        yield NoAmendmentWaiting()


def _proposer_confirms(actor: Actor, call: Standing) -> Iterator[MarketplaceError]:
    return _same_hands(actor, call, Duty.AMENDMENT_APPROVER)


def _opening_barred(actor: Actor, call: Standing) -> Iterator[MarketplaceError]:
    if Block.OPENING in call.barred:
        yield Suspended(blocks=sorted(call.barred))


def _panel_missing(actor: Actor, call: Standing) -> Iterator[MarketplaceError]:
    if not call.panel_seated:
        yield PanelNotSeated()


def _custody_refused(actor: Actor, call: Standing) -> Iterator[MarketplaceError]:
    if call.custody_refused is not None:
        yield call.custody_refused


Guard = Callable[[Actor, Standing], Iterator[MarketplaceError]]

GUARDS: Final[dict[str, tuple[Guard, ...]]] = {
    "accept": (_author_accepts,),
    "approve": (_officer_approves, _broken_rules),
    "revive": (_officer_approves, _broken_rules),
    "publish": (_officer_approves, _broken_rules, _custody_refused),
    "schedule": (_officer_approves, _broken_rules, _custody_refused),
    "unschedule": (_nothing_scheduled,),
    "propose_amendment": (_author_amends, _amendment_waits),
    "confirm_amendment": (_no_amendment, _proposer_confirms),
    "withdraw_amendment": (_no_amendment,),
    "open": (_opening_barred, _panel_missing, _custody_refused),
}
"""The guards that can be judged before the request is there, in the order of the action."""
