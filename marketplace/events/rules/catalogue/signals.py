"""What the signals room says: to the bureau and the auditors, and without details."""

from dataclasses import dataclass
from uuid import UUID

from marketplace.events.rules.envelope import Event, Visibility


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalsComputed(Event):
    """The opened bids of a call were compared; the event does not say what was found."""

    TYPE = "scenario.signals_computed"
    SUBJECT = "scenario_id"
    VISIBILITY = Visibility.INTERNAL

    scenario_id: UUID
    rules_version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalJudged(Event):
    """A signal of collusion was dismissed, or reported to the finance department."""

    TYPE = "scenario.signal_judged"
    SUBJECT = "scenario_id"
    VISIBILITY = Visibility.INTERNAL

    scenario_id: UUID
    signal_id: UUID
    judgement: str
