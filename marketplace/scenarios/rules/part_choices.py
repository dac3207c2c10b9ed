"""What somebody may do with a suspension or a question, and what stands in the way."""

from collections.abc import Iterator
from typing import Final
from uuid import UUID

from marketplace.identity.errors.access import NotPermitted, SameHands
from marketplace.identity.rules import duties
from marketplace.identity.rules.access import Actor, Permission, Role
from marketplace.identity.rules.duties import Duty
from marketplace.kit.errors import MarketplaceError
from marketplace.scenarios.errors import NotThePoster, NotYourSuspension
from marketplace.scenarios.rules.choices import Choice
from marketplace.scenarios.rules.enquiries import ENQUIRY, EnquiryState, answers
from marketplace.scenarios.rules.suspensions import (
    ROLE_OF,
    SUSPENSION,
    Authority,
    SuspensionState,
    may_lift,
)

OFFICER_VERBS: Final = frozenset({"publish", "set_aside"})


def of_suspension(actor: Actor, authority: Authority, state: SuspensionState) -> tuple[Choice, ...]:
    """List what the actor's roles could ever ask of a suspension, allowed or not."""
    if "lift" not in SUSPENSION.verbs_from(state) or not actor.has(*ROLE_OF.values()):
        return ()
    return (Choice(action="lift", refusal=next(_refusals_of_lifting(actor, authority), None)),)


def _refusals_of_lifting(actor: Actor, authority: Authority) -> Iterator[MarketplaceError]:
    if not actor.may(Permission.SCENARIOS_SUSPEND):
        yield NotPermitted(permission=Permission.SCENARIOS_SUSPEND.value)
    if not may_lift(actor, authority):
        yield NotYourSuspension(authority=authority.value)


def of_enquiry(
    actor: Actor,
    state: EnquiryState,
    *,
    poster_id: UUID,
    end_user_id: UUID,
    drafted_by: UUID | None,
) -> tuple[Choice, ...]:
    """List what the actor's roles could ever ask of a question, allowed or not."""
    side = actor.has(Role.POSTER) and actor.organization_id in {poster_id, end_user_id}
    found = []
    for move in ENQUIRY.moves:
        if state not in move.sources:
            continue
        if move.verb in OFFICER_VERBS and actor.has(Role.BUREAU_OFFICER):
            refusal = next(_refusals_of_deciding(actor, move.verb, drafted_by), None)
            found.append(Choice(action=move.verb, refusal=refusal))
        elif move.verb == "draft_answer" and (side or actor.has(Role.BUREAU_OFFICER)):
            refused = None if answers(actor, poster_id, end_user_id) else NotThePoster()
            found.append(Choice(action=move.verb, refusal=refused))
    return tuple(found)


def _refusals_of_deciding(
    actor: Actor, verb: str, drafted_by: UUID | None
) -> Iterator[MarketplaceError]:
    if not actor.may(Permission.SCENARIOS_REVIEW):
        yield NotPermitted(permission=Permission.SCENARIOS_REVIEW.value)
    if verb == "publish":
        try:
            duties.require(actor, Duty.CLARIFIER, {Duty.ANSWERER: drafted_by})
        except SameHands as refusal:
            yield refusal
