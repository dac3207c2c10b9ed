"""Several workers at once, workers that die, and receivers that hang."""

import asyncio
import contextlib
import datetime as dt
from collections import Counter

import pytest
from sqlmodel import col, func, select

from marketplace.client.listen import Receive, Scope, Send, serve_receiver
from marketplace.house import House
from marketplace.identity.rules.access import Role
from marketplace.kit.clock import FixedClock, SystemClock
from marketplace.kit.database import ReadSession
from marketplace.kit.outbound import Outbound
from marketplace.webhooks import jobs
from marketplace.webhooks.actions import delivery as actions
from marketplace.webhooks.actions.delivery import LEASE, Leased, Result
from marketplace.webhooks.actions.endpoints import WithSecret
from marketplace.webhooks.rules.circuit import CONCURRENCY_DEFAULT
from marketplace.webhooks.rules.lifecycle import DeliveryState
from marketplace.webhooks.tables import Attempt, Delivery
from tests.given import identity as people
from tests.given import webhooks as given


async def endpoints_owed(house: House, *owed: int, url: str = given.NOWHERE) -> list[WithSecret]:
    """One endpoint per number, owed so many deliveries; the numbers must not grow."""
    solver = await people.someone(house.database, Role.SOLVER)
    made: list[WithSecret] = []
    async with Outbound() as outbound:
        courier = given.a_courier(house, outbound)
        for number, following in zip(owed, [*owed[1:], 0], strict=True):
            made.append(await given.an_endpoint(house, solver, "scenario.closed", url=url))
            for _ in range(number - following):
                await given.an_event(house)
            await jobs.fan_out(courier)
    return made


async def lease(house: House, *, limit: int) -> list[Leased]:
    """Take deliveries in a transaction of its own."""
    async with house.database.writing() as session:
        return (await actions.lease(session, limit=limit, now=house.clock.now())).items


async def record(house: House, *results: Result) -> int:
    """Write results down in a transaction of its own."""
    async with house.database.writing() as session:
        return await actions.record(session, results, now=house.clock.now())


async def states(house: House) -> Counter[DeliveryState]:
    """How many deliveries are in each state."""
    async with house.database.reading() as session:
        found = await session.exec(select(Delivery.state))
        return Counter(DeliveryState(state) for state in found.all())


@pytest.mark.postgres
async def test_workers_that_lease_at_once_never_take_the_same_delivery(house: House) -> None:
    """Everything due is taken, and nothing twice while its lease lasts."""
    await endpoints_owed(house, *[4] * 15)
    taken: list[Leased] = []

    async def worker() -> None:
        for _ in range(12):
            taken.extend(await lease(house, limit=7))
            await asyncio.sleep(0)

    await asyncio.gather(*(worker() for _ in range(6)))
    taken.extend(await lease(house, limit=100))

    assert len(taken) == 60
    assert len({leased.delivery_id for leased in taken}) == 60


@pytest.mark.postgres
async def test_two_couriers_deliver_everything_once(house: House) -> None:
    """Without a crash there are no duplicates, and no result is lost."""
    recorder = given.Recorder(204)
    async with serve_receiver(recorder) as url, Outbound(given.LOCAL) as outbound:
        await endpoints_owed(house, 20, 20, 10, url=url)
        couriers = [given.a_courier(house, outbound, slots=5) for _ in range(2)]
        ticks = await asyncio.gather(*(jobs.deliver(courier) for courier in couriers))
        leftover = await jobs.deliver(couriers[0])

    succeeded = sum(tick.succeeded for tick in [*ticks, leftover])
    assert succeeded == 50 and sum(tick.late for tick in ticks) == 0
    assert len(recorder.heard) == 50
    assert await states(house) == {DeliveryState.DELIVERED: 50}


@pytest.mark.postgres
async def test_a_stale_worker_cannot_overwrite(house: House) -> None:
    """Who slept through the lease finds another token; the try is logged and counts for nothing."""
    assert isinstance(house.clock, FixedClock)
    await endpoints_owed(house, 1)
    (sleeper,) = await lease(house, limit=1)
    assert await lease(house, limit=1) == []
    house.clock.advance(LEASE)
    (successor,) = await lease(house, limit=1)

    in_time = await record(house, given.a_result(successor, 204))
    late = await record(house, given.a_result(sleeper, 500))

    assert (in_time, late) == (1, 0)
    assert await states(house) == {DeliveryState.DELIVERED: 1}
    async with house.database.reading() as session:
        found = await session.exec(select(Attempt).order_by(col(Attempt.number)))
        logged = [(row.number, row.status, row.late) for row in found.all()]
    assert logged == [(1, 500, True), (2, 204, False)]
    assert sleeper.message_id == successor.message_id


async def test_a_late_failure_does_not_shorten_the_present_lease(house: House) -> None:
    """A stale result changes neither the state nor the time of whoever has it now."""
    assert isinstance(house.clock, FixedClock)
    await endpoints_owed(house, 1)
    (sleeper,) = await lease(house, limit=1)
    house.clock.advance(LEASE)
    (successor,) = await lease(house, limit=1)

    await record(house, given.a_result(sleeper, 500))

    assert await lease(house, limit=1) == []
    assert await record(house, given.a_result(successor, 204)) == 1


async def test_what_a_dead_worker_had_comes_again(house: House) -> None:
    """A worker that is stopped in the middle loses nothing; the receiver sees the same id."""
    hanging = asyncio.Event()
    recorder = given.Recorder(204)

    async def door(scope: Scope, receive: Receive, send: Send) -> None:
        if not hanging.is_set():
            hanging.set()
            await given.silence(receive)
            return
        await recorder(scope, receive, send)

    assert isinstance(house.clock, FixedClock)
    async with serve_receiver(door) as url, Outbound(given.LOCAL) as outbound:
        await endpoints_owed(house, 3, url=url)
        courier = given.a_courier(house, outbound, slots=1)
        dying = asyncio.create_task(jobs.deliver(courier))
        await hanging.wait()
        dying.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await dying
        at_once = await jobs.deliver(courier)
        house.clock.advance(LEASE)
        after_the_lease = await jobs.deliver(courier)

    assert (at_once.succeeded, after_the_lease.succeeded) == (2, 1)
    assert len(set(recorder.message_ids)) == 3


async def test_endpoints_are_served_fairly(house: House) -> None:
    """Who is owed much does not keep the others waiting, and gets no more than its share."""
    made = await endpoints_owed(house, 100, 2, 1)

    taken = Counter(leased.endpoint_id for leased in await lease(house, limit=9))

    assert taken == {made[0].row.id: 3, made[1].row.id: 2, made[2].row.id: 1}
    rest = Counter(leased.endpoint_id for leased in await lease(house, limit=50))
    assert rest == {made[0].row.id: CONCURRENCY_DEFAULT - 3}


async def test_a_failing_endpoint_rests_and_comes_back_with_one(house: House) -> None:
    """After five failures it is left alone for half a minute, then one delivery goes first."""
    assert isinstance(house.clock, FixedClock)
    await endpoints_owed(house, 20)
    for limit in (4, 1):
        taken = await lease(house, limit=limit)
        await record(house, *[given.a_result(leased, 500) for leased in taken])

    resting = await lease(house, limit=20)
    house.clock.advance(dt.timedelta(seconds=30))
    (probe,) = await lease(house, limit=20)
    await record(house, given.a_result(probe, 204))
    recovered = await lease(house, limit=20)

    assert resting == []
    assert len(recovered) == CONCURRENCY_DEFAULT


async def test_a_receiver_that_hangs_delays_nobody_else(house: House) -> None:
    """Thirty messages to others are through long before the one that hangs is given up."""
    recorder = given.Recorder(204)

    async def hang(scope: Scope, receive: Receive, send: Send) -> None:
        await given.silence(receive)

    async with (
        serve_receiver(recorder) as url,
        serve_receiver(hang) as hanging_url,
        Outbound(given.LOCAL) as outbound,
    ):
        await endpoints_owed(house, 1, url=hanging_url)
        await endpoints_owed(house, 15, 15, url=url)
        delivering = asyncio.create_task(jobs.deliver(given.a_courier(house, outbound, slots=8)))
        async with asyncio.timeout(2.5):
            await recorder.has_heard(30)
        assert not delivering.done()
        done = await delivering

    assert done.succeeded == 30


@pytest.mark.parametrize(("bytes_answered", "is_held_more"), [(100, True), (20_000, False)])
async def test_no_more_is_held_ready_for_a_receiver_that_must_be_hung_up_on(
    house: House, bytes_answered: int, is_held_more: bool
) -> None:
    """Each of its requests costs a connection, and others would wait for them."""
    held = []

    async def talk(scope: Scope, receive: Receive, send: Send) -> None:
        async with house.database.reading() as session:
            leased = select(func.count()).where(col(Delivery.lease_token).is_not(None))
            held.append((await session.exec(leased)).one())
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"y" * bytes_answered})

    async with serve_receiver(talk) as url, Outbound(given.LOCAL) as outbound:
        await endpoints_owed(house, 60, url=url)
        done = await jobs.deliver(given.a_courier(house, outbound))

    assert done.succeeded == 60
    assert (max(held) > CONCURRENCY_DEFAULT) is is_held_more


async def test_new_work_is_taken_while_a_slow_receiver_is_waited_for(house: House) -> None:
    """A message that comes due meanwhile does not wait for the one that hangs."""
    recorder = given.Recorder(204)
    hanging = asyncio.Event()

    async def hang(scope: Scope, receive: Receive, send: Send) -> None:
        hanging.set()
        await given.silence(receive)

    async with (
        serve_receiver(recorder) as url,
        serve_receiver(hang) as hanging_url,
        Outbound(given.LOCAL) as outbound,
    ):
        await endpoints_owed(house, 1, url=hanging_url)
        courier = given.a_courier(house, outbound, poll_seconds=0.05)
        delivering = asyncio.create_task(jobs.deliver(courier))
        await hanging.wait()
        await endpoints_owed(house, 1, url=url)
        async with asyncio.timeout(2.5):
            await recorder.has_heard(1)
        assert not delivering.done()
        await delivering


async def test_a_worker_that_is_asked_to_stop_finishes_what_it_has(house: House) -> None:
    """Nothing new is taken, nothing is cut off, and every result is written down."""
    recorder = given.Recorder(204)
    stopping = asyncio.Event()

    async def door(scope: Scope, receive: Receive, send: Send) -> None:
        stopping.set()
        await recorder(scope, receive, send)

    async with serve_receiver(door) as url, Outbound(given.LOCAL) as outbound:
        await endpoints_owed(house, 20, url=url)
        courier = given.a_courier(house, outbound, slots=2)
        done = await jobs.deliver(courier, stopping=stopping)

    assert 1 <= done.succeeded < 20
    assert (await states(house))[DeliveryState.DELIVERED] == len(recorder.heard) == done.succeeded


@pytest.mark.postgres
@pytest.mark.parametrize("minutes", [10, -10])
async def test_leases_and_retries_are_timed_by_the_database(house: House, minutes: int) -> None:
    """A worker whose own clock is ten minutes off takes, signs and retries when the database
    says: the published library takes no signature that is more than five minutes old or ahead.
    """

    class Misset(SystemClock):
        """A process clock that is wrong, over a database that is right."""

        def now(self) -> dt.datetime:
            """Say a time that is wrong."""
            return super().now() + dt.timedelta(minutes=minutes)

    async def right(session: ReadSession) -> dt.datetime:
        return await SystemClock().decisive(session)

    recorder = given.Recorder(500)
    async with serve_receiver(recorder) as url, Outbound(given.LOCAL) as outbound:
        (made,) = await endpoints_owed(house, 1, url=url)
        await jobs.deliver(given.a_courier(house, outbound, clock=Misset()))

    async with house.database.reading() as session:
        delivery = (await session.exec(select(Delivery))).one()
        assert delivery.next_at is not None
        waiting = delivery.next_at - await right(session)
    assert dt.timedelta(seconds=1) < waiting <= dt.timedelta(seconds=5)
    assert recorder.heard[0].is_signed_with(made.secret)
