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


@dataclass(frozen=True, slots=True, kw_only=True)
class PanelDrawOpened(Event):
    """A pool of experts was frozen and the officer's side of a draw is bound."""

    TYPE = "panel.draw_opened"
    SUBJECT = "scenario_id"
    VISIBILITY = Visibility.INTERNAL

    scenario_id: UUID
    draw_id: UUID
    number: int
    pool_sha256: str
    commitment: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PanelDrawn(Event):
    """Judges were drawn before a supervisor; the record names them and stays confidential."""

    TYPE = "panel.drawn"
    SUBJECT = "scenario_id"
    VISIBILITY = Visibility.INTERNAL

    scenario_id: UUID
    draw_id: UUID
    number: int
    record_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PanelDrawGivenUp(Event):
    """A draw was given up before the supervisor gave anything; nobody was drawn."""

    TYPE = "panel.draw_given_up"
    SUBJECT = "scenario_id"
    VISIBILITY = Visibility.INTERNAL

    scenario_id: UUID
    draw_id: UUID
    number: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecusalRequested(Event):
    """Somebody said in writing that a person should not judge a call."""

    TYPE = "panel.recusal_requested"
    SUBJECT = "scenario_id"
    VISIBILITY = Visibility.INTERNAL

    scenario_id: UUID
    request_id: UUID
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecusalDecided(Event):
    """It was decided whether somebody may judge a call; bidders hear it with the result."""

    TYPE = "panel.recusal_decided"
    SUBJECT = "scenario_id"
    VISIBILITY = Visibility.INTERNAL

    scenario_id: UUID
    request_id: UUID
    accepted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ChairChosen(Event):
    """The panel elected its chair from among its experts."""

    TYPE = "panel.chair_elected"
    SUBJECT = "scenario_id"
    VISIBILITY = Visibility.INTERNAL

    scenario_id: UUID
    judge: str
    votes: int
    seats: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportClosed(Event):
    """The chair closed the panel's report about a round; its judges sign it or dissent."""

    TYPE = "evaluation_report.closed"
    SUBJECT = "scenario_id"
    VISIBILITY = Visibility.INTERNAL

    scenario_id: UUID
    round_id: UUID
    document_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportSigned(Event):
    """A judge signed the report, dissented in writing, or was silent until the time was over."""

    TYPE = "evaluation_report.signed"
    SUBJECT = "scenario_id"
    VISIBILITY = Visibility.INTERNAL

    scenario_id: UUID
    round_id: UUID
    judge: str
    consent: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationHalted(Event):
    """The panel stopped: it holds the file to be against the law, and says why."""

    TYPE = "evaluation.stopped"
    SUBJECT = "scenario_id"
    VISIBILITY = Visibility.INTERNAL

    scenario_id: UUID
    explanation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationResumed(Event):
    """The bureau decided that the panel can go on, and said why."""

    TYPE = "evaluation.resumed"
    SUBJECT = "scenario_id"
    VISIBILITY = Visibility.INTERNAL

    scenario_id: UUID
    decision: str
