"""What is said of an opened bid: to its bidder and the bureau; a hearing, to them alone."""

import datetime as dt
from dataclasses import dataclass
from uuid import UUID

from marketplace.events.rules.envelope import Event, Visibility


@dataclass(frozen=True, slots=True, kw_only=True)
class BidEligibilityChecked(Event):
    """A bid passed its eligibility check or did not; every item with its answer and reason."""

    TYPE = "bid.eligibility_checked"
    SUBJECT = "bid_id"
    VISIBILITY = Visibility.OWNER

    bid_id: UUID
    scenario_id: UUID
    eligible: bool
    items: tuple[dict[str, object], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BidExcluded(Event):
    """An opened bid left the evaluation; the reason in Chinese and English."""

    TYPE = "bid.excluded"
    SUBJECT = "bid_id"
    VISIBILITY = Visibility.OWNER

    bid_id: UUID
    scenario_id: UUID
    code: str
    reason: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class BidRevoked(Event):
    """A bidder took an opened bid back; the bond, where there was one, may be kept."""

    TYPE = "bid.revoked"
    SUBJECT = "bid_id"
    VISIBILITY = Visibility.OWNER

    bid_id: UUID
    scenario_id: UUID
    state_before: str
    reason: str
    bond_may_be_kept: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class BidCreditNoted(Event):
    """What a bidder did is proposed for its credit record: a note, not yet a sanction."""

    TYPE = "bid.credit_noted"
    SUBJECT = "bid_id"
    VISIBILITY = Visibility.OWNER

    bid_id: UUID
    scenario_id: UUID
    organization_id: UUID
    cause: str
    """`revoked_after_deadline`, `award_forfeited` or `bid_invalidated`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BidHearingOffered(Event):
    """A bidder is told what its bid is accused of, and until when it may answer."""

    TYPE = "bid.hearing_offered"
    SUBJECT = "bid_id"
    VISIBILITY = Visibility.OWNER

    bid_id: UUID
    scenario_id: UUID
    hearing_id: UUID
    ground: str
    answer_until: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class BidHearingAnswered(Event):
    """A bidder answered what its bid is accused of."""

    TYPE = "bid.hearing_answered"
    SUBJECT = "bid_id"
    VISIBILITY = Visibility.OWNER

    bid_id: UUID
    scenario_id: UUID
    hearing_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class BidHearingDecided(Event):
    """A hearing ended: upheld, and the bid is invalid, or dropped."""

    TYPE = "bid.hearing_decided"
    SUBJECT = "bid_id"
    VISIBILITY = Visibility.OWNER

    bid_id: UUID
    scenario_id: UUID
    hearing_id: UUID
    ground: str
    upheld: bool
