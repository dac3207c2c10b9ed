"""What is said of consortia, sealed, and of corrected prices, after the opening."""

import datetime as dt
from dataclasses import dataclass
from uuid import UUID

from marketplace.events.rules.envelope import Event, Visibility


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsortiumInvited(Event):
    """An organisation is asked to bid together with another; heard only by whoever is asked."""

    TYPE = "consortium.invited"
    SUBJECT = "invitation_id"
    VISIBILITY = Visibility.SEALED

    invitation_id: UUID
    scenario_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsortiumMoved(Event):
    """An invitation was accepted, declined or revoked; heard only by the other of the two."""

    TYPE = "consortium.moved"
    SUBJECT = "invitation_id"
    VISIBILITY = Visibility.SEALED

    invitation_id: UUID
    scenario_id: UUID
    verb: str
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceCorrectionProposed(Event):
    """The price of an opened bid contradicts itself: its bidder is to confirm what the rules make
    of it.
    """

    TYPE = "price_correction.proposed"
    SUBJECT = "bid_id"
    VISIBILITY = Visibility.OWNER

    bid_id: UUID
    scenario_id: UUID
    quote_fen: int
    corrected_fen: int
    respond_by: dt.datetime | None
    """From this instant on it is too late."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceCorrectionSettled(Event):
    """A proposed correction was confirmed or refused, or its time is over."""

    TYPE = "price_correction.settled"
    SUBJECT = "bid_id"
    VISIBILITY = Visibility.OWNER

    bid_id: UUID
    scenario_id: UUID
    state: str
    quote_fen: int
    """What is evaluated from now on."""
