"""A submission with everything its reader asks of it: queue, results, whether it counts."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from marketplace.bids.queries import bids
from marketplace.bids.tables.bids import Bid
from marketplace.identity.rules.access import Actor
from marketplace.kit.database import ReadSession
from marketplace.scenarios.queries import calls as scenarios
from marketplace.scenarios.queries.calls import Call
from marketplace.scenarios.rules.content import Benchmark
from marketplace.scoring.queries import inference, rounds, work
from marketplace.scoring.queries import submissions as queries
from marketplace.scoring.rules import submissions as rules
from marketplace.scoring.rules import visibility
from marketplace.scoring.rules import work as pace
from marketplace.scoring.rules.criteria import Direction
from marketplace.scoring.rules.rubric import Kind
from marketplace.scoring.rules.submissions import OPEN_STATES, Phase, Source
from marketplace.scoring.rules.work import WorkKind
from marketplace.scoring.tables.inference import EndpointRun
from marketplace.scoring.tables.rounds import Submission
from marketplace.scoring.tables.submissions import SubmissionResult, Work


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """One submission as one reader may know it."""

    row: Submission
    work: Work | None
    """Only while something is still to happen."""
    position: int
    estimate_seconds: int | None
    run: EndpointRun | None
    """The calls it consists of; None for a file."""
    results: Sequence[SubmissionResult]
    counts: bool
    benchmark: Benchmark
    direction: Direction
    told: bool
    bureau: bool

    def shown(self, value: str | None) -> str | None:
        """Tell a deciding value to this reader, or nothing."""
        return rules.shown_value(
            value,
            phase=self.row.phase,
            benchmark=self.benchmark,
            told=self.told,
            bureau=self.bureau,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempts:
    """What is left to send of one criterion."""

    phase: Phase
    benchmark: Benchmark
    used_today: int
    used: int
    next_at: dt.datetime | None


async def progress(
    session: ReadSession, actor: Actor, rows: Sequence[Submission]
) -> list[Progress]:
    """Describe submissions of one bid that the actor may read."""
    if not rows:
        return []
    bid = await session.get_one(Bid, rows[0].bid_id)
    call = await scenarios.call(session, bid.scenario_id)
    counting = await _counting(session, call, bid, {row.criterion for row in rows})
    asked = [row.id for row in rows if row.source is Source.ENDPOINT]
    runs = await inference.runs_of(session, asked) if asked else {}
    means: dict[WorkKind, int | None] = {}
    watches = bids.may_read_opened(actor, call)
    return [
        await _progress(session, call, row, counting, runs, means=means, watches=watches)
        for row in rows
    ]


async def _progress(
    session: ReadSession,
    call: Call,
    row: Submission,
    counting: set[UUID],
    runs: Mapping[UUID, EndpointRun],
    *,
    means: dict[WorkKind, int | None],
    watches: bool,
) -> Progress:
    """Describe one of them; `means` keeps what was asked for those before it."""
    waits = row.state in OPEN_STATES
    found = await work.of_subject(session, row.id) if waits else None
    position = 0 if found is None else await work.ahead_of(session, found)
    if found is not None and found.kind not in means:
        means[found.kind] = await work.mean_milliseconds(session, found.kind)
    return Progress(
        row=row,
        work=found,
        position=position,
        estimate_seconds=None
        if found is None
        else pace.estimate_seconds(position, means[found.kind]),
        run=runs.get(row.id),
        results=await queries.results_of(session, row.id),
        counts=row.id in counting,
        benchmark=queries.benchmark_of(call, row.criterion),
        direction=rounds.criterion_of(call, row.criterion, Kind.OBJECTIVE_AUTO).direction,
        told=call.state in visibility.TOLD_STATES,
        bureau=watches,
    )


async def _counting(session: ReadSession, call: Call, bid: Bid, criteria: set[str]) -> set[UUID]:
    """Name the submissions that count."""
    found = set()
    for code in criteria:
        criterion = rounds.criterion_of(call, code, Kind.OBJECTIVE_AUTO)
        rows = await queries.scored_of_bid(session, bid.id, code)
        chosen = queries.counting(rows, queries.benchmark_of(call, code), criterion.direction)
        if chosen is not None:
            found.add(chosen[0].id)
    return found


async def attempts(
    session: ReadSession, actor: Actor, bid_id: UUID, *, criterion: str, now: dt.datetime
) -> Attempts:
    """Tell what is left to send of one's own bid; of the phase that is open, or of the last one."""
    bid = await bids.own_bid(session, actor, bid_id)
    call = await scenarios.call(session, bid.scenario_id)
    rounds.criterion_of(call, criterion, Kind.OBJECTIVE_AUTO)
    benchmark = queries.benchmark_of(call, criterion)
    stage = await queries.stage_of(session, call, bid)
    open_now = rules.phase_of(stage, benchmark, now)
    early = bid.state in rules.FEEDBACK_BIDS
    phase = open_now or (Phase.FEEDBACK if early else Phase.EVALUATION)
    used = await queries.used(session, bid.id, criterion, phase, now=now)
    waits = used["day"] >= benchmark.daily_max and used["all"] < benchmark.total_max
    return Attempts(
        phase=phase,
        benchmark=benchmark,
        used_today=used["day"],
        used=used["all"],
        next_at=rules.next_day_at(now) if waits and open_now else None,
    )
