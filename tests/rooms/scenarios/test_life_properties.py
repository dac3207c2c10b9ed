"""Whatever is done to a published call, in whatever order: its deadline never comes nearer."""

import asyncio
import contextlib
import datetime as dt
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import select

from marketplace.kit.clock import FixedClock
from marketplace.kit.database import Database
from marketplace.kit.errors import MarketplaceError
from marketplace.profiles.rules.profile import Track
from marketplace.scenarios import jobs
from marketplace.scenarios.queries import calls as queries
from marketplace.scenarios.queries import suspensions
from marketplace.scenarios.rules.lifecycle import ScenarioState
from marketplace.scenarios.rules.suspensions import Block
from marketplace.scenarios.tables import ScenarioVersion, Suspension
from tests.conftest import START
from tests.given import scenarios as calls
from tests.given.amending import amended

HOUR = dt.timedelta(hours=1)

STEPS = st.one_of(
    st.tuples(st.just("wait"), st.integers(min_value=1, max_value=24 * 30)),
    st.tuples(st.just("amend"), st.just(0)),
    st.tuples(st.just("suspend"), st.integers(min_value=0, max_value=24 * 10)),
    st.tuples(st.just("bar_signing"), st.just(0)),
    st.tuples(st.just("resume"), st.integers(min_value=0, max_value=3)),
    st.tuples(st.just("tick"), st.just(0)),
)
"""What can happen; the number is hours, or which suspension is meant."""


@dataclass(slots=True)
class Life:
    """One call, and everything announced about it so far."""

    database: Database
    clock: FixedClock
    called: calls.Called
    orders: list[Suspension] = field(default_factory=list)
    announced_at: dt.datetime = START
    amendments: int = 0

    async def live(self, steps: list[tuple[str, int]]) -> None:
        """Do everything in order; what is refused is refused and changes nothing."""
        for verb, number in steps:
            with contextlib.suppress(MarketplaceError):
                await self.step(verb, number)
            await self.check()

    async def step(self, verb: str, number: int) -> None:
        """Do one thing."""
        database, clock, called = self.database, self.clock, self.called
        match verb:
            case "wait":
                clock.advance(number * HOUR)
            case "amend":
                self.amendments += 1
                content = calls.a_content(problem={"zh": f"澄清 {self.amendments}"})
                await amended(database, clock, called, content)
            case "suspend":
                until_at = clock.now() + number * HOUR if number else None
                order = await calls.suspended(database, clock, called, until_at=until_at)
                self.orders.append(order)
            case "bar_signing":
                await calls.suspended(database, clock, called, blocks=(Block.SIGNING,))
            case "resume" if self.orders:
                order = self.orders.pop(number % len(self.orders))
                await calls.resumed(database, clock, called, order)
            case "tick":
                await jobs.end_suspensions(database, clock)
                await jobs.close_due_calls(database, clock)

    async def check(self) -> None:
        """The three promises."""
        async with self.database.reading() as session:
            row = await queries.scenario(session, self.called.id)
            now = self.clock.now()
            announced = queries.deadline_shown(row, now)
            rows = await suspensions.suspensions_of(session, row.id, after=UUID(int=0), limit=99)
            written = select(ScenarioVersion.number).where(ScenarioVersion.scenario_id == row.id)
            numbers = sorted((await session.exec(written)).all())
        assert announced is not None
        assert announced >= self.announced_at, "the deadline came nearer"
        self.announced_at = announced
        seen = queries.state_at(row, now)
        orders = [suspensions.order_of(one) for one in rows]
        if seen is ScenarioState.CLOSED:
            closed_at = row.closed_at or announced
            held = [one for one in orders if one.stops_clock and one.from_at < closed_at]
            ends = [one.ends_at for one in held]
            assert all(end is not None and end <= closed_at for end in ends), "held, and closed"
        if row.closed_at is not None:
            on_time = row.closed_at == row.bid_deadline_at and row.closed_at <= now
            assert on_time, "closed at another moment"
        assert numbers == list(range(1, row.content_version + 1)), "two versions are in force"


@pytest.fixture(scope="module")
def shared(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database in which every example publishes a call of its own."""
    path = tmp_path_factory.mktemp("life") / "shared.db"
    shutil.copy(sqlite_template, path)
    return path


async def _life(path: Path, steps: list[tuple[str, int]]) -> None:
    database = Database(f"sqlite+aiosqlite:///{path}")
    clock = FixedClock(START)
    try:
        called = await calls.a_published_call(
            database, clock, track=Track.PROCUREMENT_TENDER, window=dt.timedelta(days=30)
        )
        await Life(database, clock, called).live(steps)
    finally:
        await database.close()


@settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=st.lists(STEPS, max_size=14))
def test_no_sequence_shortens_a_deadline_closes_a_suspended_call_or_forks_the_content(
    shared: Path, steps: list[tuple[str, int]]
) -> None:
    """Amend, suspend, resume, wait and tick as you like."""
    asyncio.run(_life(shared, steps))
