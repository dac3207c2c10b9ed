"""A replay whose worker is killed again and again: nothing twice, nothing left out, no count wrong.

`make test` replays a few hundred events, `make soak` (JIEBANG_SOAK_REPLAY=100000) as many as that.
"""

import asyncio
import logging
import os
import random
import time
from typing import Final

import pytest
from sqlalchemy import update
from sqlmodel import col, func, select

from marketplace.events.rules.envelope import Visibility
from marketplace.events.tables import EventRow
from marketplace.house import House
from marketplace.identity.rules.access import Role
from marketplace.kit.ids import new_id
from marketplace.kit.outbound import Outbound
from marketplace.replays import actions
from marketplace.replays.actions import Range
from marketplace.replays.rules.lifecycle import ReplayState
from marketplace.replays.tables import Replay
from marketplace.webhooks import jobs as webhooks
from marketplace.webhooks.rules.lifecycle import DeliveryState
from marketplace.webhooks.tables import Delivery
from tests.conftest import START
from tests.given import webhooks as given
from tests.given.events import many_said
from tests.given.forked import forked, replay_for_ever
from tests.given.identity import Someone, someone

SOAK: Final = "JIEBANG_SOAK_REPLAY" in os.environ
EVENTS: Final = int(os.environ.get("JIEBANG_SOAK_REPLAY", "160"))
AT_ONCE: Final = actions.EVENTS_AT_ONCE if SOAK else 3
RESTARTS: Final = 5 if SOAK else 2
SEED: Final = 20261126
PATIENCE_SECONDS: Final = 1200 if SOAK else 60
_log = logging.getLogger("proof")


async def a_past(house: House, owner: Someone) -> Replay:
    """A quarter was said before the endpoint existed, the rest was delivered or is dead; and
    between them lies what it may not hear.
    """
    database = house.database
    async with Outbound() as outbound:
        courier = given.a_courier(house, outbound)
        await many_said(database, EVENTS // 4)
        await webhooks.fan_out(courier)
        made = await given.an_endpoint(house, owner, "scenario.closed")
        for _ in range(3):
            await many_said(database, EVENTS // 4)
            await many_said(database, EVENTS // 20, Visibility.SEALED, organization_id=new_id())
        await webhooks.fan_out(courier)
    states = (DeliveryState.DELIVERED, DeliveryState.DEAD)
    async with database.writing() as session:
        connection = await session.connection()
        middle = (await session.exec(select(Delivery.id).order_by(col(Delivery.id)))).all()
        half = middle[len(middle) // 3]
        for state, which in zip(
            states, (col(Delivery.id) < half, col(Delivery.id) >= half), strict=True
        ):
            await connection.execute(
                update(Delivery).where(which).values(state=state, finished_at=START)
            )
    async with database.writing() as session:
        return await actions.request_replay(
            session, owner.actor, made.row.id, Range(from_at=START), now=START
        )


async def progress(house: House, row: Replay) -> tuple[ReplayState, int, int]:
    """The state, what the row says was done, and what was done."""
    async with house.database.reading() as session:
        # Both in one statement: the worker commits them together.
        owed = (
            select(func.count())
            .select_from(Delivery)
            .where(Delivery.endpoint_id == row.endpoint_id)
            .where(Delivery.state == DeliveryState.PENDING)
            .scalar_subquery()
        )
        found = await session.exec(
            select(Replay.state, Replay.done, owed).where(Replay.id == row.id)
        )
        state, done, made = found.one()
    return ReplayState(state), done, made


async def until_done(house: House, row: Replay, wanted: int) -> None:
    """Wait for the worker to have come so far."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            async with house.database.reading() as session:
                found = await session.exec(select(Replay.done).where(Replay.id == row.id))
            if found.one() >= wanted:
                return
            await asyncio.sleep(0.005)  # it happens in another process


@pytest.mark.postgres
async def test_a_replay_survives_kills_with_exact_progress(house: House, engine: str) -> None:
    """Killed in the middle, twice or five times: after each, the row says what was made; at the end
    every event that may be heard is owed once, and nothing else.
    """
    owner = await someone(house.database, Role.SOLVER)
    row = await a_past(house, owner)
    chance = random.Random(SEED)
    assert row.total == EVENTS // 4 * 4
    begun = time.monotonic()
    seen = []
    for turn in range(RESTARTS):
        async with forked(replay_for_ever, house.database.url, AT_ONCE) as worker:
            await until_done(house, row, int(row.total * (turn + chance.random()) / (RESTARTS + 1)))
            await worker.kill()
        state, said, made = await progress(house, row)
        assert said == made, f"after kill {turn + 1}"
        assert state is ReplayState.RUNNING, "killed too late to prove anything"
        seen.append(said)
    async with forked(replay_for_ever, house.database.url, AT_ONCE):
        await until_done(house, row, row.total)
    seconds = time.monotonic() - begun

    assert await progress(house, row) == (ReplayState.DONE, row.total, row.total)
    assert seen == sorted(seen)
    async with house.database.reading() as session:
        owed = (await session.exec(select(Delivery.event_id))).all()
        public = (
            await session.exec(select(EventRow.id).where(EventRow.type == "scenario.closed")
            .where(EventRow.visibility == Visibility.PUBLIC))
        ).all()  # fmt: skip
    assert len(owed) == row.total and set(owed) == set(public)
    _log.info("%s: %d events replayed in %.1f s, killed at %s", engine, row.total, seconds, seen)
