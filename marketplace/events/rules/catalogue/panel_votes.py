"""What a panel decides together, and what a bidder is asked on its price."""

import datetime as dt
from dataclasses import dataclass
from uuid import UUID

from marketplace.events.rules.envelope import Event, Visibility


@dataclass(frozen=True, slots=True, kw_only=True)
class PanelDecided(Event):
    """A majority of the seated judges agreed on one matter of one bid."""

    TYPE = "panel.decided"
    SUBJECT = "bid_id"
    VISIBILITY = Visibility.INTERNAL

    bid_id: UUID
    scenario_id: UUID
    matter: str
    agreed: bool
    votes_for: int
    votes_against: int
    seated: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PanelDecisionFell(Event):
    """A decision has no majority any more, because a judge who carried it was recused."""

    TYPE = "panel.decision_fell"
    SUBJECT = "bid_id"
    VISIBILITY = Visibility.INTERNAL

    bid_id: UUID
    scenario_id: UUID
    matter: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceExplanationAsked(Event):
    """A bidder is asked to explain a price in writing, and told until when and by which rules."""

    TYPE = "bid.price_explanation_asked"
    SUBJECT = "bid_id"
    VISIBILITY = Visibility.OWNER

    bid_id: UUID
    scenario_id: UUID
    rules: tuple[str, ...]
    """Which lines the quote is below; empty where the panel itself has doubts."""
    answer_until: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceExplained(Event):
    """A bidder explained its price; the explanation itself is read where it was given."""

    TYPE = "bid.price_explained"
    SUBJECT = "bid_id"
    VISIBILITY = Visibility.OWNER

    bid_id: UUID
    scenario_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceExplanationDecided(Event):
    """The panel accepted the explanation of a price or did not, or the time for it ran out."""

    TYPE = "bid.price_explanation_decided"
    SUBJECT = "bid_id"
    VISIBILITY = Visibility.OWNER

    bid_id: UUID
    scenario_id: UUID
    accepted: bool
    in_time: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CandidatesRecommended(Event):
    """The panel recommended candidates in the order of the ranking."""

    TYPE = "candidates.recommended"
    SUBJECT = "scenario_id"
    VISIBILITY = Visibility.INTERNAL

    scenario_id: UUID
    round_id: UUID
    bids: tuple[UUID, ...]
