"""Boards of as many teams as one likes: rows written at once, where actions take minutes."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import insert

from marketplace.bids.rules.lifecycle import BidState
from marketplace.bids.tables.bids import Bid, Opening
from marketplace.identity.rules.access import Role
from marketplace.kit.database import Database, WriteSession
from marketplace.kit.ids import new_id
from marketplace.scoring.rules.boards import sort_key
from marketplace.scoring.rules.criteria import Direction
from marketplace.scoring.rules.submissions import Phase, SubmissionState
from marketplace.scoring.tables.boards import Board, BoardEntry
from marketplace.scoring.tables.rounds import Submission
from tests.conftest import START
from tests.given.identity import Someone, someone
from tests.given.scenarios import a_published_call
from tests.given.scoring import BENCHMARK, a_content, weighed

ROWS_AT_ONCE = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Arena:
    """A call whose bids were opened, and its teams."""

    scenario_id: UUID
    solver: Someone
    bids: tuple[UUID, ...]
    watcher: Someone
    """Whoever opened the bids, and may look at the board."""


async def an_arena(
    database: Database, clock: Any, *, teams: int, direction: str = "higher"
) -> Arena:
    """A call with `teams` opened bids, all of one organisation: a board knows bids, not owners."""
    lower = {"metric": "rmse", "direction": "lower", "floor": "9", "target": "0"}
    benchmark = BENCHMARK | (lower if direction == "lower" else {}) | {"weight_bps": 7000}
    call = await a_published_call(
        database,
        clock,
        content=a_content([benchmark, *weighed({"price": 3000})]),
        window=dt.timedelta(days=30),
    )
    solver = await someone(database, Role.SOLVER)
    bids = tuple(new_id() for _ in range(teams))
    async with database.writing() as session:
        await rows(
            session,
            Bid,
            [
                {
                    "id": bid,
                    "version": 1,
                    "scenario_id": call.id,
                    "solver_id": solver.organization_id,
                    "author_id": solver.actor.person_id,
                    "state": BidState.RESPONSIVE,
                    "content_number": 0,
                    "created_at": START,
                }
                for bid in bids
            ],
        )
        opening = Opening(
            scenario_id=call.id,
            officer_id=call.cast.officer.actor.person_id,
            requested_at=START,
            opened_at=START,
        )
        session.add(opening)
    return Arena(scenario_id=call.id, solver=solver, bids=bids, watcher=call.cast.officer)


async def rows(session: WriteSession, table: Any, values: Sequence[dict[str, Any]]) -> None:
    """Write many rows at once."""
    connection = await session.connection()
    for at in range(0, len(values), ROWS_AT_ONCE):
        await connection.execute(insert(table), values[at : at + ROWS_AT_ONCE])


def a_submission(
    arena: Arena, bid: UUID, *, value: str | None = None, at: dt.datetime = START
) -> Submission:
    """A file that was measured, or waits to be."""
    return Submission(
        bid_id=bid,
        criterion="benchmark",
        metric="accuracy",
        phase=Phase.EVALUATION,
        state=SubmissionState.QUEUED if value is None else SubmissionState.SCORED,
        file_name=f"{new_id()}",
        file_sha256="0" * 64,
        size_bytes=1,
        value=value,
        quota_day="2026-03-02",
        submitted_by=arena.solver.actor.person_id,
        submitted_at=at,
    )


def a_board(arena: Arena, direction: Direction = Direction.HIGHER) -> Board:
    """An empty board."""
    return Board(
        scenario_id=arena.scenario_id,
        criterion="benchmark",
        phase=Phase.EVALUATION,
        metric="accuracy",
        direction=direction,
        changed_at=START,
    )


async def fill(
    session: WriteSession, arena: Arena, board: Board, values: Sequence[Decimal]
) -> None:
    """Let the first teams stand on a board with these values, all by one file."""
    shared = a_submission(arena, arena.bids[0], value="1")
    session.add(shared)
    await session.flush()
    await rows(
        session,
        BoardEntry,
        [
            {
                "id": new_id(),
                "board_id": board.id,
                "bid_id": bid,
                "submission_id": shared.id,
                "value": str(value),
                "sort_key": sort_key(value, board.direction),
                "received_at": START + dt.timedelta(seconds=place),
                "from_number": 1,
                "from_at": START,
                "cause": "scored",
            }
            for place, (bid, value) in enumerate(zip(arena.bids, values, strict=False))
        ],
    )
    board.number, board.entries = 1, len(values)
