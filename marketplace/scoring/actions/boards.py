"""Keep leaderboards true: one team's row moves, a bounded number of counts change with it.

The row of the board is the lock of everything on it, so changes of one board come one after the
other and its versions have no gaps.  Nothing is overwritten: a former place gets an end, which is
how a board can be read as of any instant.
"""

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from uuid import UUID

from sqlmodel import col, delete, insert

from marketplace.bids.queries import bids
from marketplace.bids.tables.bids import Bid
from marketplace.events import actions as events
from marketplace.events.rules.catalogue.submissions import (
    LeaderboardChanged,
    LeaderboardChangedInConfidence,
)
from marketplace.kit.database import WriteSession
from marketplace.kit.ids import new_id
from marketplace.scenarios.queries import calls as scenarios
from marketplace.scenarios.queries.calls import Call
from marketplace.scoring.queries import inference, rounds
from marketplace.scoring.queries import standings as queries
from marketplace.scoring.queries import submissions as sent
from marketplace.scoring.queries.submissions import Scored
from marketplace.scoring.rules import boards as rules
from marketplace.scoring.rules import submissions, visibility
from marketplace.scoring.rules.boards import View, Window
from marketplace.scoring.rules.rubric import Criterion, Kind
from marketplace.scoring.rules.submissions import OUT_BIDS, Phase
from marketplace.scoring.tables.boards import Board, BoardEntry, BoardTally
from marketplace.scoring.tables.rounds import Submission

LEFT_AT_ONCE = 200


async def settle(
    session: WriteSession, call: Call, bid: Bid, criterion: str, *, cause: str, now: dt.datetime
) -> None:
    """Put one team where it belongs on the boards of one criterion, or take it off them.

    And on those of the criteria that judge its calls: they tell of the same submission.
    """
    found = rounds.criterion_of(call, criterion, Kind.OBJECTIVE_AUTO)
    for one in (found, *sent.judging_calls(call, criterion)):
        await _settle(session, call, bid, one, cause=cause, now=now)


async def _settle(
    session: WriteSession, call: Call, bid: Bid, found: Criterion, *, cause: str, now: dt.datetime
) -> None:
    criterion = found.code
    source = sent.benchmark_of(call, criterion).calls_of or criterion
    measured = rounds.criterion_of(call, source, Kind.OBJECTIVE_AUTO)
    rows = await sent.scored_of_bid(session, bid.id, source)
    held = await queries.boards_held(session, call.id, criterion)
    for phase in Phase:
        standing = None if bid.state in OUT_BIDS else _standing(call, measured, rows, phase)
        if standing is not None and source != criterion:
            standing = await _standing_by_calls(session, standing[0], criterion)
        board = held.get(phase)
        if board is None and standing is None:
            continue
        if board is None:
            board = await _open(session, call, found, phase, now=now)
        if await place(session, board, bid.id, standing, cause=cause, now=now):
            await _tell(session, call, board, now=now)


async def _standing_by_calls(
    session: WriteSession, row: Scored, criterion: str
) -> tuple[Scored, str] | None:
    run = (await inference.runs_of(session, [row.id])).get(row.id)
    value = inference.value_of_calls(run, criterion)
    return None if value is None else (row, value)


def _standing(
    call: Call, criterion: Criterion, rows: Sequence[Scored], phase: Phase
) -> tuple[Scored, str] | None:
    """Tell which file of a team stands on the board of a phase, and with which value.

    On the board of the feedback phase the best on the public split; on the one that decides
    whatever counts by the published rule.
    """
    benchmark = sent.benchmark_of(call, criterion.code)
    if phase is Phase.EVALUATION:
        return sent.counting(rows, benchmark, criterion.direction)
    public = {row.id: (row, row.public_value) for row in rows if row.public_value is not None}
    best = submissions.best(
        [sent.sent(row, value, criterion.direction) for row, value in public.values()]
    )
    return None if best is None else public[best.id]


async def _open(
    session: WriteSession, call: Call, criterion: Criterion, phase: Phase, *, now: dt.datetime
) -> Board:
    """Begin a board; the call is held, so nobody begins it twice."""
    assert criterion.metric is not None
    row = Board(
        scenario_id=call.id,
        criterion=criterion.code,
        phase=phase,
        metric=criterion.metric,
        direction=criterion.direction,
        changed_at=now,
    )
    session.add(row)
    await session.flush()
    return row


async def place(
    session: WriteSession,
    board: Board,
    bid_id: UUID,
    standing: tuple[Submission | Scored, str] | None,
    *,
    cause: str,
    now: dt.datetime,
    fan_out: int = rules.FAN_OUT,
) -> bool:
    """Let a team stand on a board that is held, elsewhere or not at all; say whether it moved."""
    before = await queries.living_entry(session, board.id, bid_id)
    if standing is None and before is None:
        return False
    if before is not None and standing is not None:
        submission, value = standing
        if (before.submission_id, before.value) == (submission.id, value):
            return False
    board.number += 1
    board.changed_at = now
    board.entries += (standing is not None) - (before is not None)
    changes = []
    if before is not None:
        before.until_number, before.until_at = board.number, now
        changes.append((before.sort_key, -1))
        # Before the row that follows it: a team stands on a board once.
        await session.flush()
    if standing is not None:
        entry = entry_of(board, bid_id, standing, cause=cause, now=now)
        session.add(entry)
        changes.append((entry.sort_key, +1))
    if len({key for key, _ in changes}) == len(changes):
        await count(session, board.id, changes, fan_out=fan_out)
    await session.flush()
    return True


def entry_of(
    board: Board,
    bid_id: UUID,
    standing: tuple[Submission | Scored, str],
    *,
    cause: str,
    now: dt.datetime,
) -> BoardEntry:
    """Make the row of a team, from the board's present version on."""
    submission, value = standing
    return BoardEntry(
        board_id=board.id,
        bid_id=bid_id,
        submission_id=submission.id,
        value=value,
        sort_key=rules.sort_key(Decimal(value), board.direction),
        received_at=submission.submitted_at,
        from_number=board.number,
        from_at=now,
        cause=cause,
    )


async def count(
    session: WriteSession, board_id: UUID, changes: Sequence[tuple[str, int]], *, fan_out: int
) -> None:
    """Count entries more or less under their keys and in the blocks above; split what grew.

    Everything that covers the keys is read at once: most moves change no block, and reading them
    was most of what a move cost.
    """
    found = list(await queries.tallies(session, board_id, [key for key, _ in changes]))
    rows = [await _count_single(session, board_id, found, *change) for change in changes]
    for level in range(1, rules.LEVELS):
        touched: list[BoardTally] = []
        grown = [0] * len(changes)
        for at, (key, change) in enumerate(changes):
            block = _covering(found, level, key)
            if block is None:
                block = BoardTally(board_id=board_id, level=level, first_key="", entries=0, below=0)
                session.add(block)
                found.append(block)
                grown[at] = 1
            block.entries += change
            block.below += rows[at]
            touched.append(block)
        for at, block in enumerate(touched):
            if block not in touched[:at]:
                grown[at] += await _split(session, block, fan_out)
        rows = grown


async def _count_single(
    session: WriteSession, board_id: UUID, found: list[BoardTally], key: str, change: int
) -> int:
    """Count under the key itself; say how many rows of single keys there are more."""
    single = _covering(found, 0, key)
    if single is None or single.first_key != key:
        single = BoardTally(board_id=board_id, level=0, first_key=key, entries=0, below=0)
        session.add(single)
        found.append(single)
    before = single.entries
    single.entries += change
    if single.entries:
        return 0 if before else 1
    if before:
        await session.delete(single)
    return -1


def _covering(found: Sequence[BoardTally], level: int, key: str) -> BoardTally | None:
    blocks = (one for one in found if one.level == level and one.first_key <= key)
    return max(blocks, key=lambda one: one.first_key, default=None)


async def _split(session: WriteSession, block: BoardTally, fan_out: int) -> int:
    """Split a block that covers too many rows; say how many blocks came of it."""
    if block.below <= 2 * fan_out:
        return 0
    await session.flush()
    entries, key = await queries.half(
        session, block.board_id, block.level - 1, since=block.first_key, rows=fan_out
    )
    session.add(
        BoardTally(
            board_id=block.board_id,
            level=block.level,
            first_key=key,
            entries=block.entries - entries,
            below=block.below - fan_out,
        )
    )
    block.entries, block.below = entries, fan_out
    return 1


async def count_anew(session: WriteSession, board: Board, *, fan_out: int = rules.FAN_OUT) -> None:
    """Count the blocks of a board that is held from its rows: after many have moved at once."""
    connection = await session.connection()
    await connection.execute(delete(BoardTally).where(col(BoardTally.board_id) == board.id))
    level = await queries.keys(session, board.id)
    rows = [(0, key, entries, 0) for key, entries in level]
    for number in range(1, rules.LEVELS):
        parts = [level[at : at + fan_out] for at in range(0, len(level), fan_out)] or [[]]
        blocks = [
            (part[0][0] if place else "", sum(entries for _, entries in part), len(part))
            for place, part in enumerate(parts)
        ]
        rows += [(number, key, entries, below) for key, entries, below in blocks]
        level = [(key, entries) for key, entries, _ in blocks]
    names = ("level", "first_key", "entries", "below")
    values = [dict(zip(names, row, strict=True)) for row in rows]
    await connection.execute(
        insert(BoardTally), [{"id": new_id(), "board_id": board.id} | one for one in values]
    )


async def _tell(session: WriteSession, call: Call, board: Board, *, now: dt.datetime) -> None:
    """Say that a board has changed, to those who may look at it now; before the opening nobody."""
    opening = await bids.opening(session, call.id)
    opened_at = None if opening is None else opening.opened_at
    if opened_at is None:
        return
    benchmark = sent.benchmark_of(call, board.criterion)
    view = View(
        phase=board.phase,
        opened_at=opened_at,
        told=call.state in visibility.TOLD_STATES,
        watches=False,
        takes_part=not call.track.is_procurement,
        ends_at=submissions.evaluation_ends_at(benchmark, opened_at),
    )
    seen = rules.window(view, benchmark, now) is Window.WHOLE
    kind = LeaderboardChanged if seen else LeaderboardChangedInConfidence
    said = kind(
        scenario_id=call.id,
        criterion=board.criterion,
        phase=board.phase.value,
        number=board.number,
    )
    await events.record(session, said, by="system", now=now, scenario_id=call.id)


async def take_back(session: WriteSession, call: Call, bid: Bid, *, now: dt.datetime) -> None:
    """Put a team whose bid is in again back on the boards of its files."""
    for one in rounds.rubric_of(call).criteria:
        if one.kind == Kind.OBJECTIVE_AUTO:
            await settle(session, call, bid, one.code, cause="returned", now=now)


async def take_off(session: WriteSession, *, now: dt.datetime) -> int:
    """Take the teams off the boards whose bid is out by now; say how many places that were."""
    left = await queries.left_behind(session, limit=LEFT_AT_ONCE)
    for bid, board in sorted(left, key=lambda one: (one[0].scenario_id, one[0].id)):
        call = await scenarios.call(session, bid.scenario_id, lock=True)
        await settle(session, call, bid, board.criterion, cause="left", now=now)
    return len(left)
