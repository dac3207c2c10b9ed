"""Pages of a leaderboard that were written once: never out of date, never for the wrong eyes."""

import dataclasses
from decimal import Decimal
from typing import Any
from uuid import UUID

import httpx
import pytest

from marketplace.identity.actions import profile
from marketplace.identity.actions.profile import Contact, ProfileEdit
from marketplace.identity.queries import organizations
from marketplace.identity.rules.access import Role
from marketplace.kit.clock import FixedClock
from marketplace.kit.database import Database
from marketplace.scoring.actions import boards
from marketplace.scoring.tables.boards import Board
from tests.conftest import START
from tests.given import boards as given
from tests.given.boards import Arena
from tests.given.identity import Someone, someone
from tests.given.statements import statements

ABOUT_BOARDS = "leaderboard"


async def a_board_of(database: Database, clock: FixedClock, teams: int) -> tuple[Arena, UUID]:
    """A board on which every team stands with another value."""
    arena = await given.an_arena(database, clock, teams=teams)
    async with database.writing() as session:
        board = given.a_board(arena)
        session.add(board)
        await session.flush()
        await given.fill(session, arena, board, [Decimal(at) / 100 for at in range(teams)])
        await boards.count_anew(session, board)
        return arena, board.id


async def page(client: httpx.AsyncClient, arena: Arena, who: Someone, **more: str) -> Any:
    """The board as somebody reads it, two rows to a page."""
    answered = await client.get(
        f"/v1/scenarios/{arena.scenario_id}/leaderboard",
        params={"criterion": "benchmark", "limit": "2"} | more,
        headers=who.headers,
    )
    return answered


def told(answered: httpx.Response) -> list[tuple[int, str, str]]:
    """Rank, name and value of every row."""
    assert answered.status_code == 200, answered.text
    return [(one["rank"], one["solver"]["zh"], one["value"]) for one in answered.json()["items"]]


@pytest.mark.postgres
async def test_a_page_that_was_written_costs_one_statement_until_something_changes(
    client: httpx.AsyncClient, database: Database, clock: FixedClock
) -> None:
    """The second look is as cheap as asking what may be seen; a score makes it be read anew."""
    arena, board_id = await a_board_of(database, clock, teams=5)

    async def looked() -> tuple[list[tuple[int, str, str]], int]:
        with statements(database, about=ABOUT_BOARDS) as sent:
            answered = await page(client, arena, arena.watcher)
        return told(answered), len(sent)

    first, again = await looked(), await looked()
    async with database.writing() as session:  # as another process does it
        row = given.a_submission(arena, arena.bids[0], value="9")
        session.add(row)
        held = await session.get_one(Board, board_id)
        await boards.place(session, held, arena.bids[0], (row, "9"), cause="scored", now=START)
    moved, still = await looked(), await looked()

    name = "某公司(示例)"
    assert first == ([(1, name, "0.04"), (2, name, "0.03")], 2)
    assert again == (first[0], 1)
    assert moved == ([(1, name, "9"), (2, name, "0.04")], 2)
    assert still == (moved[0], 1)


@pytest.mark.postgres
async def test_a_new_name_is_on_the_next_page(
    client: httpx.AsyncClient, database: Database, clock: FixedClock
) -> None:
    """The board has not changed, but what it says has."""
    arena, _ = await a_board_of(database, clock, teams=2)
    before = told(await page(client, arena, arena.watcher))
    async with database.writing() as session:
        row = await organizations.organization(session, arena.solver.organization_id)
        edit = ProfileEdit(
            uscc=row.uscc,
            name_zh="改名公司(示例)",
            name_en=row.name_en,
            kind=row.kind,
            region=row.region,
            contact=Contact(name=None, phone=None, email=None),
        )
        boss = dataclasses.replace(arena.solver.actor, roles=frozenset({Role.ORGANIZATION_ADMIN}))
        await profile.change_profile(
            session, boss, row.id, edit=edit, expected_version=row.version, now=START
        )

    after = told(await page(client, arena, arena.watcher))

    assert {name for _, name, _ in before} == {"某公司(示例)"}
    assert {name for _, name, _ in after} == {"改名公司(示例)"}


@pytest.mark.postgres
async def test_a_page_that_was_written_is_for_those_only_who_may_see_it(
    client: httpx.AsyncClient, database: Database, clock: FixedClock
) -> None:
    """Somebody else hears the same as of a board that does not exist."""
    arena, _ = await a_board_of(database, clock, teams=3)
    stranger = await someone(database, Role.SOLVER)
    bureau_elsewhere = await someone(database, Role.BUREAU_OFFICER)
    first = await page(client, arena, arena.watcher)
    cursor = first.json()["next_cursor"]
    await page(client, arena, arena.watcher, cursor=cursor)

    for who in (stranger, bureau_elsewhere):
        for more in ({}, {"cursor": cursor}):
            refused = await page(client, arena, who, **more)
            nowhere = await page(client, dataclasses.replace(arena, scenario_id=UUID(int=7)), who)
            assert refused.status_code == nowhere.status_code == 404
            assert refused.json()["code"] == nowhere.json()["code"] == "scoring.board_unknown"
    assert len(first.json()["items"]) == 2


@pytest.mark.postgres
async def test_pages_differ_by_cursor_limit_and_instant_and_say_304(
    client: httpx.AsyncClient, database: Database, clock: FixedClock
) -> None:
    """Whatever was written before, each answer is that of its own question."""
    arena, _ = await a_board_of(database, clock, teams=3)
    for _ in range(2):
        first = await page(client, arena, arena.watcher)
        second = await page(client, arena, arena.watcher, cursor=first.json()["next_cursor"])
        whole = await page(client, arena, arena.watcher, limit="3")
        past = await page(client, arena, arena.watcher, as_of=START.isoformat())

        assert [rank for rank, _, _ in told(first)] == [1, 2]
        assert [rank for rank, _, _ in told(second)] == [3]
        assert [rank for rank, _, _ in told(whole)] == [1, 2, 3]
        assert (first.json()["entries"], past.json()["entries"]) == (3, None)
    held = arena.watcher.headers | {"If-None-Match": first.headers["etag"]}
    again = await client.get(first.request.url, headers=held)
    assert (again.status_code, again.content) == (304, b"")
