"""What somebody may do with a bid now, and what stands in the way of the rest."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from marketplace.bids.errors.bids import CallNotOpen
from marketplace.bids.errors.moves import HearingOpenAlready
from marketplace.bids.rules.admission import check_open, check_still_fits
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
    hearing_open: bool = False
    """Whether an accusation waits for its decision."""


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
    found += after_opening(actor, bid)
    return tuple(found)


def after_opening(actor: Actor, bid: Standing) -> Iterator[Choice]:
    """List what may be asked for once a bid was opened: to revoke it, or to accuse it."""
    verbs = LIFECYCLE.verbs_from(bid.state)
    if "revoke" in verbs and actor.organization_id == bid.solver_id and actor.has(Role.SOLVER):
        yield Choice(action="revoke", refusal=_unless(actor, Permission.BIDS_SUBMIT))
    judges = actor.has(Role.BUREAU_APPROVER, Role.REVIEW_BODY)
    if "invalidate" in verbs and judges:
        refused = _unless(actor, Permission.BIDS_INVALIDATE)
        if refused is None and bid.hearing_open:
            refused = HearingOpenAlready()
        yield Choice(action="offer_hearing", refusal=refused)


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
    if verb in {"submit", "replace"} and bid.asker_refused is not None:
        yield bid.asker_refused
    if verb == "reconfirm" and bid.answered is not None:
        try:
            check_still_fits(bid.answered, bid.asked)
        except MarketplaceError as refusal:
            yield refusal
