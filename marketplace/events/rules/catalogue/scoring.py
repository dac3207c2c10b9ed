"""What the scoring room says; evaluation is confidential until the result is announced."""

from dataclasses import dataclass
from uuid import UUID

from marketplace.events.rules.envelope import Event, Visibility


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmissionScored(Event):
    """A prediction file was scored against the hidden set."""

    TYPE = "submission.scored"
    SUBJECT = "bid_id"
    VISIBILITY = Visibility.OWNER

    bid_id: UUID
    submission_id: UUID
    criterion: str
    metric: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PanelSeated(Event):
    """The panel of a call is complete; names are told with the result, never before."""

    TYPE = "panel.seated"
    SUBJECT = "scenario_id"
    VISIBILITY = Visibility.INTERNAL

    scenario_id: UUID
    seats: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreSheetSigned(Event):
    """A judge signed all marks of a round; signed marks cannot be changed."""

    TYPE = "score_sheet.signed"
    SUBJECT = "scenario_id"
    VISIBILITY = Visibility.INTERNAL

    scenario_id: UUID
    judge: str


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeRecused(Event):
    """A judge left the panel; none of their marks counts."""

    TYPE = "panel.recused"
    SUBJECT = "scenario_id"
    VISIBILITY = Visibility.INTERNAL

    scenario_id: UUID
    judge: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundRanked(Event):
    """A ranking round was computed and closed; the digests fix its input and its output."""

    TYPE = "ranking_round.closed"
    SUBJECT = "scenario_id"
    VISIBILITY = Visibility.INTERNAL

    scenario_id: UUID
    round_id: UUID
    number: int
    reason: str
    sheet_sha256: str
    standings_sha256: str
