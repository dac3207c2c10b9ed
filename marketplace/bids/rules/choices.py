"""What somebody may do with a bid now, and what stands in the way of the rest."""

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from marketplace.bids.errors.bids import CallNotOpen
from marketplace.bids.errors.moves import HearingOpenAlready
from marketplace.bids.rules.admission import check_open, check_still_fits
from marketplace.bids.rules.hearings import HearingState, check_answerable, check_heard
from marketplace.bids.rules.lifecycle import LIFECYCLE, BidState
from marketplace.identity.errors.access import NotPermitted
from marketplace.identity.rules.access import Actor, Permission, Role
from marketplace.kit.errors import MarketplaceError
from marketplace.scenarios.errors import Suspended
from marketplace.scenarios.rules.choices import Choice
from marketplace.scenarios.rules.content import Content
from marketplace.scenarios.rules.lifecycle import ScenarioState

OF_THE_SOLVER: Final = ("submit", "replace", "withdraw", "reconfirm")
"""Moves that a bidder makes before the deadline."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenHearing:
    """An accusation on which nobody has decided."""

    state: HearingState
    answer_until: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A bid and its call, as far as the next moves depend on them."""

    state: BidState
    solver_id: UUID
    poster_id: UUID
    call_state: ScenarioState
    closes_at: dt.datetime | None
    barred: bool
    """Whether a suspension bars bidding."""
    asker_refused: MarketplaceError | None
    """Why the bidder may not take part today, if so."""
    asked: Content
    """What the call asks for now."""
    answered: Content | None
    """What it asked for when the offer was sealed; None while nothing is."""
    hearing: OpenHearing | None = None
    """The accusation that waits for its decision, if there is one."""


def may_check(actor: Actor, poster_id: UUID) -> bool:
    """Tell whether the actor may check eligibility on a call posted by `poster_id`.

    A key that was limited to some permissions names none for this to a poster, so it cannot.
    """
    poster = actor.has(Role.POSTER) and actor.organization_id == poster_id
    return actor.may(Permission.BIDS_CHECK) or (poster and actor.scopes is None)


def choices(actor: Actor, bid: Standing, *, now: dt.datetime) -> tuple[Choice, ...]:
    """List what the actor's roles could ever ask for in the present state, allowed or not."""
    verbs = LIFECYCLE.verbs_from(bid.state)
    found = []
    if actor.organization_id == bid.solver_id and actor.has(Role.SOLVER):
        for verb in OF_THE_SOLVER:
            if verb in verbs:
                refusal = next(_refusals(actor, bid, verb, now), None)
                found.append(Choice(action=verb, refusal=refusal))
    checks = actor.has(Role.BUREAU_OFFICER) or (
        actor.has(Role.POSTER) and actor.organization_id == bid.poster_id
    )
    if checks and "find_eligible" in verbs:
        permitted = may_check(actor, bid.poster_id)
        refused = None if permitted else NotPermitted(permission=Permission.BIDS_CHECK.value)
        found.append(Choice(action="check_eligibility", refusal=refused))
    found += after_opening(actor, bid, now=now)
    return tuple(found)


def after_opening(actor: Actor, bid: Standing, *, now: dt.datetime) -> Iterator[Choice]:
    """List what may be asked for once a bid was opened: to revoke it, to accuse it, to answer that
    and to decide on it.
    """
    verbs, hearing = LIFECYCLE.verbs_from(bid.state), bid.hearing
    if actor.organization_id == bid.solver_id and actor.has(Role.SOLVER):
        refused = _unless(actor, Permission.BIDS_SUBMIT)
        if "revoke" in verbs:
            yield Choice(action="revoke", refusal=refused)
        if hearing is not None and hearing.state is HearingState.OFFERED:
            late = _refusal(check_answerable, hearing.answer_until, now)
            yield Choice(action="answer_hearing", refusal=refused or late)
    if "invalidate" not in verbs or not actor.has(Role.BUREAU_APPROVER, Role.REVIEW_BODY):
        return
    refused = _unless(actor, Permission.BIDS_INVALIDATE)
    open_already = None if hearing is None else HearingOpenAlready()
    yield Choice(action="offer_hearing", refusal=refused or open_already)
    if hearing is not None:
        early = _refusal(check_heard, hearing.state, hearing.answer_until, now)
        for verb in ("invalidate", "drop_accusation"):
            yield Choice(action=verb, refusal=refused or early)


def _refusal(check: Callable[..., None], *facts: object) -> MarketplaceError | None:
    """Say what a check would raise."""
    try:
        check(*facts)
    except MarketplaceError as refused:
        return refused
    return None


def _unless(actor: Actor, permission: Permission) -> MarketplaceError | None:
    """Refuse a key that was limited to other things."""
    return None if actor.may(permission) else NotPermitted(permission=permission.value)


def _refusals(
    actor: Actor, bid: Standing, verb: str, now: dt.datetime
) -> Iterator[MarketplaceError]:
    """Raise nothing, but say in order what the action would raise."""
    if not actor.may(Permission.BIDS_SUBMIT):
        yield NotPermitted(permission=Permission.BIDS_SUBMIT.value)
    try:
        check_open(bid.closes_at, now)
    except MarketplaceError as refusal:
        yield refusal
    if bid.call_state is not ScenarioState.PUBLISHED:
        yield CallNotOpen(state=bid.call_state.value)
    if bid.barred:
        yield Suspended()
    if verb in {"submit", "replace", "reconfirm"} and bid.asker_refused is not None:
        yield bid.asker_refused
    if verb == "reconfirm" and bid.answered is not None:
        try:
            check_still_fits(bid.answered, bid.asked)
        except MarketplaceError as refusal:
            yield refusal
