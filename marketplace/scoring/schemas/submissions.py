"""Submissions, work, boards and re-scorings as they go over the wire."""

import datetime as dt
from typing import Any
from uuid import UUID

from marketplace.scoring.actions.rescoring import Preview
from marketplace.scoring.queries.boards import BoardPage
from marketplace.scoring.queries.progress import Progress
from marketplace.scoring.rules import slices
from marketplace.scoring.rules.slices import SliceValue
from marketplace.scoring.rules.work import LIFECYCLE
from marketplace.scoring.schemas.runs import RunOut
from marketplace.scoring.tables.boards import Board, BoardEntry
from marketplace.scoring.tables.submissions import Rescoring, SubmissionResult, Work
from marketplace.wire.shapes import BilingualOut, Code, In, LongText, Out, ShortText


class QueueOut(Out, frozen=True, kw_only=True):
    """Where something stands in the queue."""

    work_id: UUID
    position: int
    """How many are taken before it; while bids are sealed, of one's own files."""
    estimate_seconds: int | None
    """Until this is done, by what others took of late; null while none was."""
    tries: int
    """How often it was begun and not finished, this time included."""


class SliceOut(Out, frozen=True, kw_only=True):
    """The metric on the rows that have one value in one column of the hidden set."""

    column: str
    slice: str
    is_public: bool
    """Whether of the public split; else of the rows that decide."""
    rows: int
    value: str | None
    """An exact decimal; null where the metric has none on these rows."""

    @classmethod
    def of(cls, one: SliceValue) -> "SliceOut":
        """Read one slice."""
        return cls(**one.to_document())


class ResultOut(Out, frozen=True, kw_only=True):
    """What one hidden set gave; a newer set adds a result and takes none away."""

    hidden_set_id: UUID
    scorer_version: str
    value: str | None
    """An exact decimal; null where it is not told yet, or there is none."""
    public_value: str | None
    slices: list[SliceOut]
    """By each column that the call names; of the rows that decide only where `value` may be told,
    and before that without slices of less than twenty public rows."""
    worst_slice: SliceOut | None
    """Where the metric is worst, of the slices told."""
    measured_at: dt.datetime


class SubmissionOut(Out, frozen=True, kw_only=True):
    """A prediction file, sent or made of answers, how far it is, and what it is worth."""

    id: UUID
    bid_id: UUID
    criterion: str
    metric: str
    phase: str
    state: str
    value: str | None
    """What decides, an exact decimal; null while there is none, or it is not told yet."""
    public_value: str | None
    """On the public split; null where there is none."""
    failure: dict[str, Any] | None
    """Code and facts of why there is no value."""
    queue: QueueOut | None
    """Null once nothing more will happen to it."""
    selected: bool
    """Whether its solver selected it as the one that counts."""
    counts: bool
    """Whether it is the one that counts, by selection or by the rule published with the call."""
    source: str
    """`file`, or `endpoint` where the service made it of the answers to its own calls."""
    file_sha256: str | None
    """Null while an endpoint has not answered everything."""
    size_bytes: int | None
    run: RunOut | None
    """The calls that were made; null for a file that was sent."""
    scorer_version: str | None
    results: list[ResultOut]
    submitted_at: dt.datetime
    finished_at: dt.datetime | None

    @classmethod
    def of(cls, one: Progress) -> "SubmissionOut":
        """Read one submission as its reader may know it."""
        row = one.row
        return cls(
            id=row.id,
            bid_id=row.bid_id,
            criterion=row.criterion,
            metric=row.metric,
            phase=row.phase.value,
            state=row.state.value,
            value=one.shown(row.value),
            public_value=row.public_value,
            failure=row.failure,
            queue=None
            if one.work is None
            else QueueOut(
                work_id=one.work.id,
                position=one.position,
                estimate_seconds=one.estimate_seconds,
                tries=one.work.tries,
            ),
            selected=row.selected_at is not None,
            counts=one.counts,
            source=row.source.value,
            file_sha256=row.file_sha256,
            size_bytes=row.size_bytes,
            run=None if one.run is None else RunOut.of(one.run),
            scorer_version=row.scorer_version,
            results=[_result(one, result) for result in one.results],
            submitted_at=row.submitted_at,
            finished_at=row.finished_at,
        )


def _result(one: Progress, row: SubmissionResult) -> ResultOut:
    value = one.shown(row.value)
    found = slices.slices_from(row.detail.get("slices", ()))
    told = slices.told(found, deciding=value is not None)
    worst = slices.worst(told, one.direction)
    return ResultOut(
        hidden_set_id=row.hidden_set_id,
        scorer_version=row.scorer_version,
        value=value,
        public_value=row.public_value,
        slices=[SliceOut.of(each) for each in told],
        worst_slice=None if worst is None else SliceOut.of(worst),
        measured_at=row.measured_at,
    )


class AttemptsOut(Out, frozen=True, kw_only=True):
    """What is left to send in the phase that is open now."""

    phase: str
    used_today: int
    daily_max: int
    used: int
    total_max: int
    next_at: dt.datetime | None
    """When the next file is taken if none is now; null: now, or not any more."""
    selection: str
    """Which file counts when none is selected: `last` or `best`."""


class WorkOut(Out, frozen=True, kw_only=True):
    """Something that takes a while, and how far it is."""

    id: UUID
    kind: str
    subject_id: UUID
    state: str
    steps_done: int
    steps_total: int
    tries: int
    failure: dict[str, Any] | None
    allowed_actions: list[str]
    created_at: dt.datetime
    started_at: dt.datetime | None
    finished_at: dt.datetime | None

    @classmethod
    def of(cls, row: Work) -> "WorkOut":
        """Read one piece of work."""
        verbs = LIFECYCLE.verbs_from(row.state)
        return cls(
            id=row.id,
            kind=row.kind.value,
            subject_id=row.subject_id,
            state=row.state.value,
            steps_done=row.steps_done,
            steps_total=row.steps_total,
            tries=row.tries,
            failure=row.failure,
            allowed_actions=["cancel"] if "cancel" in verbs else [],
            created_at=row.created_at,
            started_at=row.started_at,
            finished_at=row.finished_at,
        )


class DisqualifyIn(In):
    """Why a submission may not count."""

    reason: LongText


class PlaceOut(Out, frozen=True, kw_only=True):
    """One team on a board."""

    rank: int
    """Shared by equals; the next rank is then skipped: 1, 2, 2, 4."""
    bid_id: UUID
    solver: BilingualOut
    submission_id: UUID
    value: str
    received_at: dt.datetime
    """The earlier of equals stands first."""


class LeaderboardOut(Out, frozen=True, kw_only=True):
    """A page of a board."""

    criterion: str
    phase: str
    metric: str
    direction: str
    number: int
    """The version of the board that is shown."""
    entries: int | None
    """How many teams stand on it now; null of a former version."""
    frozen_at: dt.datetime | None
    """Since when it stands still for whoever only takes part."""
    items: list[PlaceOut]
    next_cursor: str | None

    @classmethod
    def of(cls, page: BoardPage) -> "LeaderboardOut":
        """Read one page."""
        seen = page.seen
        return cls(
            criterion=seen.criterion,
            phase=seen.phase.value,
            metric=seen.metric,
            direction=seen.direction.value,
            number=seen.version,
            entries=seen.entries,
            frozen_at=seen.frozen_at,
            items=[
                PlaceOut(
                    rank=one.rank,
                    bid_id=one.entry.bid_id,
                    solver=BilingualOut(zh=one.name_zh, en=None),
                    submission_id=one.entry.submission_id,
                    value=one.entry.value,
                    received_at=one.entry.received_at,
                )
                for one in page.places
            ],
            next_cursor=page.next_cursor,
        )


class PastPlaceOut(Out, frozen=True, kw_only=True):
    """Where a team stood on a board from one version to another."""

    criterion: str
    phase: str
    submission_id: UUID
    value: str
    cause: str
    from_number: int
    from_at: dt.datetime
    until_number: int | None
    until_at: dt.datetime | None

    @classmethod
    def of(cls, row: BoardEntry, board: Board) -> "PastPlaceOut":
        """Read one former or present place."""
        return cls(
            criterion=board.criterion,
            phase=board.phase.value,
            submission_id=row.submission_id,
            value=row.value,
            cause=row.cause,
            from_number=row.from_number,
            from_at=row.from_at,
            until_number=row.until_number,
            until_at=row.until_at,
        )


class RescoringIn(In):
    """Measure everything anew against the hidden set that waits."""

    criterion: Code
    reason: LongText
    """Kept with the re-scoring and told in its event."""


class CommitIn(In):
    """Let what was looked at count."""

    preview_sha256: ShortText
    """Of the preview this is decided on."""


class MovedOut(Out, frozen=True, kw_only=True):
    """How one team's place would change, or has changed."""

    bid_id: UUID
    rank_before: int | None
    rank_after: int | None
    value_before: str | None
    value_after: str | None


class PreviewOut(Out, frozen=True, kw_only=True):
    """Exactly what a commit would change."""

    sha256: str
    """Name it in the commit."""
    missing: int
    """Submissions that have no new result yet (counted up to 1,000); a commit waits for them."""
    measured: int
    unmeasurable: list[UUID]
    """Submissions that would lose their value."""
    moved: dict[str, list[MovedOut]]
    """By phase, every team whose rank or value changes, in the new order."""

    @classmethod
    def of(cls, found: Preview) -> "PreviewOut":
        """Read one preview."""
        return cls(
            sha256=found.sha256,
            missing=found.missing,
            measured=found.measured,
            unmeasurable=list(found.unmeasurable),
            moved={
                phase: [
                    MovedOut(
                        bid_id=one.bid_id,
                        rank_before=one.before,
                        rank_after=one.after,
                        value_before=one.value_before,
                        value_after=one.value_after,
                    )
                    for one in moved
                ]
                for phase, moved in found.moved.items()
            },
        )


class RescoringOut(Out, frozen=True, kw_only=True):
    """One re-scoring."""

    id: UUID
    scenario_id: UUID
    criterion: str
    hidden_set_id: UUID
    reason: str
    work_id: UUID
    state: str
    """`open`, `committed` or `cancelled`."""
    requested_at: dt.datetime
    committed_at: dt.datetime | None
    preview_sha256: str | None
    preview: PreviewOut | None
    """Null once it is no longer open."""

    @classmethod
    def of(cls, row: Rescoring, found: Preview | None = None) -> "RescoringOut":
        """Read one re-scoring, with what it would change while it is open."""
        ended = "committed" if row.committed_at else "cancelled" if row.cancelled_at else None
        return cls(
            id=row.id,
            scenario_id=row.scenario_id,
            criterion=row.criterion,
            hidden_set_id=row.hidden_set_id,
            reason=row.reason,
            work_id=row.work_id,
            state=ended or "open",
            requested_at=row.requested_at,
            committed_at=row.committed_at,
            preview_sha256=row.preview_sha256,
            preview=None if found is None else PreviewOut.of(found),
        )
