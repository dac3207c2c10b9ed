"""What is removed from the delivery log when its time is over, and what never is."""

import asyncio
import datetime as dt

import httpx
import pytest
from sqlmodel import col, func, select

from marketplace.events.tables import EventRow
from marketplace.house import House
from marketplace.identity.rules.access import Role
from marketplace.kit.clock import FixedClock
from marketplace.kit.outbound import Outbound
from marketplace.webhooks import jobs
from marketplace.webhooks.actions import delivery, endpoints, retention
from marketplace.webhooks.actions.retention import Removed
from marketplace.webhooks.errors import DeliveryNotFound
from marketplace.webhooks.queries import keeping, owners
from marketplace.webhooks.rules.lifecycle import DeliveryState
from marketplace.webhooks.tables import Attempt, Delivery
from tests.given import identity as people
from tests.given import webhooks as given

DAYS = 90
LONGER = dt.timedelta(days=DAYS, seconds=1)


async def told(house: House, *, events: int, status: int) -> people.Someone:
    """Somebody whose one endpoint was told of events, each tried once with this answer."""
    owner = await people.someone(house.database, Role.SOLVER)
    await given.an_endpoint(house, owner, "scenario.closed")
    async with Outbound() as outbound:
        for _ in range(events):
            await given.an_event(house)
        await jobs.fan_out(given.a_courier(house, outbound))
    assert isinstance(house.clock, FixedClock)
    for _ in range(events):
        house.clock.advance(dt.timedelta(hours=1))
        await answered(house, status)
    return owner


async def answered(house: House, status: int) -> None:
    """Take the next delivery and record an answer."""
    async with house.database.writing() as session:
        taken = await delivery.lease(session, limit=1, now=house.clock.now())
    results = [given.a_result(one, status) for one in taken.items]
    async with house.database.writing() as session:
        await delivery.record(session, results, now=house.clock.now())


async def left(house: House) -> tuple[int, int, int]:
    """How many deliveries, attempts and events there are."""
    async with house.database.reading() as session:
        counts = [
            (await session.exec(select(func.count()).select_from(table))).one()
            for table in (Delivery, Attempt, EventRow)
        ]
    return counts[0], counts[1], counts[2]


def pass_time(house: House, by: dt.timedelta) -> None:
    """Let the house's clock move on."""
    assert isinstance(house.clock, FixedClock)
    house.clock.advance(by)


async def removed(house: House) -> Removed:
    """Let the job do all it finds to do."""
    return await jobs.remove_over(house.database, house.clock, days=DAYS)


@pytest.mark.postgres
async def test_what_was_finished_long_ago_goes_and_events_stay(house: House) -> None:
    """On the ninetieth day nothing, after it everything; and it is written down how much."""
    await told(house, events=6, status=204)
    _, _, events = await left(house)
    pass_time(house, dt.timedelta(days=DAYS) - dt.timedelta(hours=6))

    early = await removed(house)
    pass_time(house, dt.timedelta(hours=3, seconds=1))
    some = await removed(house)
    between = await left(house)
    pass_time(house, LONGER)
    rest = await removed(house)

    assert (early, some) == (Removed(), Removed(deliveries=3, attempts=3))
    assert between == (3, 3, events)
    assert (rest, await left(house)) == (Removed(deliveries=3, attempts=3), (0, 0, events))
    async with house.database.reading() as session:
        kept = await keeping.kept(session, before=house.clock.now())
    assert (kept.deliveries_removed, kept.attempts_removed, kept.over) == (6, 6, 0)
    assert kept.removed_at == house.clock.now()
    assert kept.oldest_delivery_at is None and kept.oldest_attempt_at is None


@pytest.mark.postgres
async def test_what_is_still_owed_is_never_removed(house: House) -> None:
    """However old: only what was answered to its earlier attempts goes; then it is delivered."""
    owner = await told(house, events=3, status=500)
    async with house.database.writing() as session:
        (endpoint,) = await owners.endpoints_of(session, owner.actor.organization_id)
        await endpoints.pause(
            session,
            owner.actor,
            endpoint.id,
            expected_version=endpoint.version,
            now=house.clock.now(),
        )
    for _ in range(4):
        pass_time(house, LONGER)
        await removed(house)

    deliveries, attempts, _ = await left(house)
    assert (deliveries, attempts) == (3, 0)
    async with house.database.writing() as session:
        row = await owners.endpoint(
            session, endpoint.id, organization_id=owner.actor.organization_id
        )
        await endpoints.resume(
            session, owner.actor, row.id, expected_version=row.version, now=house.clock.now()
        )
    for _ in range(3):
        await answered(house, 204)
    async with house.database.reading() as session:
        rows = (await session.exec(select(Delivery))).all()
    assert [row.state for row in rows] == [DeliveryState.DELIVERED] * 3
    assert {row.attempts for row in rows} == {2}


@pytest.mark.postgres
async def test_batches_are_bounded_and_begin_with_the_oldest(house: House) -> None:
    """One transaction removes at most what it may, so that nobody waits long for it."""
    await told(house, events=7, status=204)
    pass_time(house, LONGER)
    sizes = []
    while True:
        async with house.database.writing() as session:
            now = house.clock.now()
            done = await retention.remove_over(
                session, before=now - dt.timedelta(days=DAYS), now=now, limit=3
            )
        if not done.anything:
            break
        sizes.append((done.deliveries, done.attempts))
        async with house.database.reading() as session:
            rows = (await session.exec(select(Delivery.finished_at))).all()
            everything = (await session.exec(select(EventRow.occurred_at))).all()
        assert len(rows) == 7 - sum(size for size, _ in sizes)
        assert all(one is not None and one > min(everything) for one in rows)

    assert [deliveries for deliveries, _ in sizes] == [3, 3, 1]
    assert sum(attempts for _, attempts in sizes) == 7


@pytest.mark.postgres
async def test_several_processes_remove_together_and_count_once(house: House) -> None:
    """Each finds its own endpoints; the sum is what was there."""
    for _ in range(4):
        await told(house, events=3, status=204)
    # Everybody hears what is public, so the earlier endpoints are owed the later events as well.
    for _ in range(18):
        await answered(house, 204)
    before = await left(house)
    pass_time(house, LONGER)

    await asyncio.gather(*(removed(house) for _ in range(4)))
    await removed(house)

    assert before[:2] == (30, 30) and (await left(house))[:2] == (0, 0)
    async with house.database.reading() as session:
        kept = await keeping.kept(session, before=house.clock.now())
    assert (kept.deliveries_removed, kept.attempts_removed) == before[:2]


@pytest.mark.postgres
async def test_who_sends_again_is_not_overtaken(house: House) -> None:
    """Whoever holds the endpoint keeps its deliveries; after the removal there is none to send."""
    owner = await told(house, events=2, status=204)
    pass_time(house, LONGER)
    async with house.database.reading() as session:
        ids = list((await session.exec(select(Delivery.id).order_by(col(Delivery.id)))).all())

    async with house.database.writing() as session:
        await endpoints.resend(session, owner.actor, ids[0], now=house.clock.now())
        if not house.database.is_sqlite:
            # SQLite has one writer at a time; here the removal finds the endpoint held.
            meanwhile = await removed(house)
            assert meanwhile.deliveries == 0
    await removed(house)

    async with house.database.reading() as session:
        (row,) = (await session.exec(select(Delivery))).all()
    assert (row.id, row.state) == (ids[0], DeliveryState.PENDING)
    async with house.database.writing() as session:
        with pytest.raises(DeliveryNotFound):
            await endpoints.resend(session, owner.actor, ids[1], now=house.clock.now())


async def test_the_auditor_sees_how_far_back_the_log_goes(
    client: httpx.AsyncClient, house: House
) -> None:
    """What is kept, since when, and how much was removed; nobody else."""
    await told(house, events=2, status=204)
    pass_time(house, LONGER)
    await removed(house)
    await told(house, events=1, status=204)
    auditor = await people.someone(house.database, Role.AUDITOR)
    solver = await people.someone(house.database, Role.SOLVER)

    seen = await client.get("/v1/webhook-retention", headers=auditor.headers)
    refused = await client.get("/v1/webhook-retention", headers=solver.headers)

    assert seen.status_code == 200, seen.text
    told_of = seen.json()
    assert (told_of["kept_days"], told_of["deliveries_removed"]) == (90, 2)
    assert told_of["oldest_delivery_at"] > told_of["removed_at"][:10]
    # In the house's own time: the removal left nothing that the route would call over.
    assert told_of["over"] == 0
    assert refused.status_code == 403
