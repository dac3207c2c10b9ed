"""The server measures what is queued, or leaves it to `jiebang work`, as its settings say."""

import asyncio
import dataclasses
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from litestar import Litestar
from sqlmodel import select

from marketplace.house import House
from marketplace.kit.clock import FixedClock
from marketplace.kit.database import Database
from marketplace.scheduler import running, scorer_of
from marketplace.scoring.rules.submissions import OPEN_STATES, SubmissionState
from marketplace.scoring.tables.rounds import Submission
from tests.given import scoring as given


async def what_became_of_it(database: Database) -> tuple[SubmissionState, str | None]:
    """How far the one file is, and its value."""
    async with database.reading() as session:
        state, value = (await session.exec(select(Submission.state, Submission.value))).one()
        return SubmissionState(state), value


@pytest.fixture
async def play(client: httpx.AsyncClient, database: Database, clock: FixedClock) -> given.Play:
    """A call with a hidden set and one file that waits."""
    play = await given.an_evaluating_play(
        client,
        database,
        clock,
        quotes_yuan={"ours": 800_000},
        criteria=given.weighed({"benchmark": 7000, "price": 3000}),
    )
    await play.upload_truth()
    assert (await play.upload("ours", given.labels(7))).status_code == 202
    return play


@asynccontextmanager
async def a_server(house: House, *, scores: bool) -> AsyncIterator[None]:
    """What a server does beside answering, every second."""
    settings = dataclasses.replace(house.settings, tick_seconds=1, scoring_in_server=scores)
    ticking = running(dataclasses.replace(house, settings=settings))
    async with ticking(Litestar()):
        yield


async def test_a_server_measures_what_waits(play: given.Play, house: House) -> None:
    """Nobody needs a second process."""
    async with a_server(house, scores=True), asyncio.timeout(60):
        found = await what_became_of_it(house.database)
        while found[0] in OPEN_STATES:
            await asyncio.sleep(0.05)
            found = await what_became_of_it(house.database)

    assert found == (SubmissionState.SCORED, "0.7")


async def test_a_server_leaves_it_to_others_where_it_is_told_to(
    play: given.Play, house: House
) -> None:
    """Ticks pass and the file waits, untouched, until a scorer comes."""
    async with a_server(house, scores=False):
        await asyncio.sleep(2.5)
        assert await what_became_of_it(house.database) == (SubmissionState.QUEUED, None)
        assert await scorer_of(house).work() == 1
        assert await what_became_of_it(house.database) == (SubmissionState.SCORED, "0.7")
