"""The statements behind a page of a leaderboard, each put together once.

To put one together costs more than to answer it.  What differs from one caller to the next is a
named parameter; what differs in form is an argument, and each form is kept.
"""

from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Integer, ScalarSelect, bindparam
from sqlmodel import and_, col, func, or_, select

from marketplace.bids.queries import bids
from marketplace.bids.tables.bids import Bid, Opening
from marketplace.identity.queries.organizations import names_number
from marketplace.identity.tables.organizations import Organization
from marketplace.scenarios.tables import Scenario, ScenarioVersion
from marketplace.scoring.tables.boards import Board, BoardEntry, BoardTally


@cache
def seen() -> Any:
    """Ask for a board and for all that decides what of it somebody may see.

    Shape    parameters `scenario_id`, `criterion`, `phase`, `organization_id`.
    """
    takes_part = (
        select(Bid.id)
        .where(Bid.scenario_id == Scenario.id)
        .where(col(Bid.solver_id) == bindparam("organization_id"))
        .where(col(Bid.state).in_(bids.OPENED_STATES))
        .exists()
    )
    columns: list[Any] = [
        *(Scenario.state, Scenario.track, Scenario.organizer_id, Scenario.poster_id),
        *(Opening.opened_at, ScenarioVersion.content, takes_part.label("takes_part")),
        *(col(Board.id).label("board_id"), Board.metric, Board.direction),
        *(Board.number, Board.entries, names_number().label("names_number")),
    ]
    statement: Any = select(*columns)
    return (
        statement.join(ScenarioVersion, col(ScenarioVersion.scenario_id) == col(Scenario.id))
        .where(col(ScenarioVersion.number) == col(Scenario.content_version))
        .outerjoin(Opening, col(Opening.scenario_id) == col(Scenario.id))
        .outerjoin(
            Board,
            and_(
                col(Board.scenario_id) == col(Scenario.id),
                col(Board.criterion) == bindparam("criterion"),
                col(Board.phase) == bindparam("phase"),
            ),
        )
        .where(col(Scenario.id) == bindparam("scenario_id"))
    )


@cache
def rows(*, past: bool, behind: bool) -> Any:
    """Ask for entries in order, each with the facts of the board that the page needs.

    Shape    parameters `board_id`, `limit`; of a former version `version`; behind a place
             `key`, `received_at`, `bid_id`.  Columns: bid, submission, value, key, receipt, solver,
             name, then the board's number and entries, the number of the names, and behind a
             place how many entries have a better key than that place and how many its very key.
    """
    columns: list[Any] = [
        *(BoardEntry.bid_id, BoardEntry.submission_id, BoardEntry.value, BoardEntry.sort_key),
        *(BoardEntry.received_at, Organization.id, Organization.name_zh),
        *(_of_board(Board.number), _of_board(Board.entries), names_number()),
    ]
    if behind:
        columns += _counted_then() if past else _counted()
    statement: Any = select(*columns)
    statement = (
        statement.join(Bid, col(Bid.id) == col(BoardEntry.bid_id))
        .join(Organization, col(Organization.id) == col(Bid.solver_id))
        .where(_on_board(BoardEntry))
        .where(standing(past=past))
        .order_by(col(BoardEntry.sort_key), col(BoardEntry.received_at), col(BoardEntry.bid_id))
        .limit(bindparam("limit", type_=Integer))
    )
    if not behind:
        return statement
    # The first condition alone lets the index begin at the key; row values would as well, but
    # the two databases do not write a time in a row value the same way.
    key: Any = bindparam("key")
    received_at: Any = bindparam("received_at")
    bid_id: Any = bindparam("bid_id")
    return statement.where(
        col(BoardEntry.sort_key) >= key,
        or_(
            col(BoardEntry.sort_key) > key,
            col(BoardEntry.received_at) > received_at,
            and_(col(BoardEntry.received_at) == received_at, col(BoardEntry.bid_id) > bid_id),
        ),
    )


def standing(*, past: bool) -> ColumnElement[bool]:
    """Tell of an entry whether it stands on the board now, or stood there at `version`."""
    until = col(BoardEntry.until_number)
    if not past:
        return until.is_(None)
    version = bindparam("version", type_=Integer)
    return and_(col(BoardEntry.from_number) <= version, or_(until.is_(None), until > version))


def _on_board(table: Any) -> ColumnElement[bool]:
    found: ColumnElement[bool] = col(table.board_id) == bindparam("board_id")
    return found


def _of_board(column: Any) -> ScalarSelect[Any]:
    """Read a fact of the board once, in the statement that reads its rows."""
    return select(column).where(col(Board.id) == bindparam("board_id")).scalar_subquery()


def _counted() -> list[Any]:
    """Count the entries better than a key, and those of this very key, by blocks of blocks."""
    key: Any = bindparam("key")
    first = col(BoardTally.first_key)
    outer, inner = _block(2), _block(1)
    better = (
        _sum(2, first < outer)
        + _sum(1, first >= outer, first < inner)
        + _sum(0, first >= inner, first < key)
    )
    return [better, _sum(0, first == key)]


def _block(level: int) -> ScalarSelect[Any]:
    """Find the first key of the block that covers the key."""
    return (
        select(func.max(BoardTally.first_key))
        .where(_on_board(BoardTally))
        .where(BoardTally.level == level)
        .where(col(BoardTally.first_key) <= bindparam("key"))
        .scalar_subquery()
    )


def _sum(level: int, *where: ColumnElement[bool]) -> ScalarSelect[Any]:
    return (
        select(func.coalesce(func.sum(BoardTally.entries), 0))
        .where(_on_board(BoardTally))
        .where(BoardTally.level == level)
        .where(*where)
        .scalar_subquery()
    )


def _counted_then() -> list[Any]:
    """Count on a former version: there are no blocks of the past, so this costs its length."""
    entries = (
        select(func.count())
        .select_from(BoardEntry)
        .where(_on_board(BoardEntry))
        .where(standing(past=True))
    )
    key: Any = bindparam("key")
    return [
        entries.where(col(BoardEntry.sort_key) < key).correlate(None).scalar_subquery(),
        entries.where(col(BoardEntry.sort_key) == key).correlate(None).scalar_subquery(),
    ]
