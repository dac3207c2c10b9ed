"""Suspension as an overlay: what it bars, who may order it, and what it does to the bid clock.

A suspended call keeps its state.  The moves that a suspension lists are refused while it lasts, and
if bidding or closing is among them, the bid deadline moves out by the time that was lost.
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from marketplace.identity.rules.access import Actor, Role
from marketplace.kit.lifecycle import Lifecycle, move
from marketplace.profiles.rules.suspensions import Shifted, Suspension, shifted


class SuspensionState(StrEnum):
    """Where a suspension stands; derived from its dates, not stored."""

    IN_FORCE = "in_force"
    LIFTED = "lifted"
    EXPIRED = "expired"


SUSPENSION: Final = Lifecycle(
    "suspension",
    SuspensionState,
    (
        move(
            "SC21a", "suspend", (), SuspensionState.IN_FORCE,
            by=("review_body", "supervisor", "bureau_approver"),
            guards=("cause", "scope", "review body: an end within the profile's maximum"),
            effects=("listed moves refused", "bid clock stands", "scenario.suspended"),
        ),
        move(
            "SC21b", "lift", SuspensionState.IN_FORCE, SuspensionState.LIFTED,
            by=("review_body", "supervisor", "bureau_approver"),
            guards=("the authority that ordered it", "reason given"),
            effects=("deadline.shifted", "scenario.resumed"),
        ),
        move(
            "SC21c", "expire", SuspensionState.IN_FORCE, SuspensionState.EXPIRED,
            by=("system",), guards=("its end reached",),
            effects=("deadline.shifted", "scenario.resumed"),
        ),
    ),
)  # fmt: skip


class Block(StrEnum):
    """A move that a suspension can bar."""

    BIDDING = "bidding"
    """To begin, seal, replace, withdraw or confirm a bid."""
    CLOSING = "closing"
    OPENING = "opening"
    DECIDING = "deciding"
    SIGNING = "signing"


CLOCK_BLOCKS: Final = frozenset({Block.BIDDING, Block.CLOSING})
"""Whatever keeps bidders from bidding, or the call from closing, holds the bid clock."""


class Cause(StrEnum):
    """Why a call is suspended; the class is public, the story is not."""

    COMPLAINT = "complaint"
    CHALLENGE = "challenge"
    INVESTIGATION = "investigation"
    DATA_INCIDENT = "data_incident"
    FORCE_MAJEURE = "force_majeure"
    OTHER = "other"


class Authority(StrEnum):
    """By what authority a call is suspended."""

    REVIEW_BODY = "review_body"
    SUPERVISOR = "supervisor"
    BUREAU_APPROVER = "bureau_approver"
    PLATFORM = "platform"
    """A consequence of another act, such as the withdrawal of a dataset."""


ROLE_OF: Final = {
    Authority.REVIEW_BODY: Role.REVIEW_BODY,
    Authority.SUPERVISOR: Role.SUPERVISOR,
    Authority.BUREAU_APPROVER: Role.BUREAU_APPROVER,
    Authority.PLATFORM: Role.BUREAU_APPROVER,
}
"""Who acts with an authority; what the platform has stopped, the bureau's approver lets go on."""


def authority_of(actor: Actor) -> Authority:
    """Tell by what authority somebody suspends: the strictest that their roles give."""
    for authority in (Authority.REVIEW_BODY, Authority.SUPERVISOR, Authority.BUREAU_APPROVER):
        if actor.has(ROLE_OF[authority]):
            return authority
    return Authority.PLATFORM


def may_lift(actor: Actor, authority: Authority) -> bool:
    """Tell whether somebody may lift what this authority has ordered."""
    return actor.is_system or actor.has(ROLE_OF[authority])


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A suspension as far as time and scope are concerned."""

    blocks: frozenset[Block]
    from_at: dt.datetime
    until_at: dt.datetime | None = None
    lifted_at: dt.datetime | None = None

    @property
    def ends_at(self) -> dt.datetime | None:
        """The moment from which it bars nothing; None while nobody has said."""
        known = [at for at in (self.until_at, self.lifted_at) if at is not None]
        return min(known, default=None)

    @property
    def stops_clock(self) -> bool:
        """Whether the bid clock stands while it lasts."""
        return bool(self.blocks & CLOCK_BLOCKS)

    def in_force(self, now: dt.datetime) -> bool:
        """Tell whether it bars anything now.

        It bars from the moment at which it is written down, whatever the clock of a server says.
        """
        return self.ends_at is None or now < self.ends_at


def state_of(order: Order, now: dt.datetime) -> SuspensionState:
    """Derive the state of a suspension."""
    if order.in_force(now):
        return SuspensionState.IN_FORCE
    lifted = order.lifted_at is not None and (
        order.until_at is None or order.lifted_at < order.until_at
    )
    return SuspensionState.LIFTED if lifted else SuspensionState.EXPIRED


@dataclass(frozen=True, slots=True, kw_only=True)
class BidClock:
    """What suspensions do to a bid deadline that they were not added to yet.

    Shape    the clock runs where `stopped_at` is None.  `shift` is set once every end is known;
             `due` says that all of them are over, so that the deadline can be moved for good.
    """

    stopped_at: dt.datetime | None = None
    resumes_at: dt.datetime | None = None
    shift: Shifted | None = None
    due: bool = False


def bid_clock(deadline_at: dt.datetime, orders: Iterable[Order], *, now: dt.datetime) -> BidClock:
    """Read the bid clock of a call from the suspensions that are not in its deadline yet."""
    stopping = [one for one in orders if one.stops_clock]
    if not stopping:
        return BidClock()
    stopped_at = min(one.from_at for one in stopping)
    ends = [one.ends_at for one in stopping if one.ends_at is not None]
    if len(ends) < len(stopping):
        return BidClock(stopped_at=stopped_at)
    spans = [Suspension(from_at=one.from_at, until_at=one.ends_at) for one in stopping]
    return BidClock(
        stopped_at=stopped_at,
        resumes_at=max(ends),
        shift=shifted(deadline_at, spans, now=now),
        due=now >= max(ends),
    )
