"""Order where it was asked for, pace where it was asked for, and nothing to whoever lost the right.

The soak (JIEBANG_SOAK_DELIVERIES=100000) sends that many in order.
"""

import asyncio
import dataclasses
import datetime as dt
import json
import logging
import os
from collections import Counter, defaultdict
from typing import Final
from uuid import UUID

import pytest
from sqlmodel import select

from marketplace.client.listen import serve_receiver
from marketplace.events import actions as events
from marketplace.events.rules.catalogue.scenarios import ScenarioClosed
from marketplace.events.rules.envelope import Visibility
from marketplace.house import House
from marketplace.identity.rules.access import Role
from marketplace.identity.tables.people import Member
from marketplace.kit.clock import FixedClock, SystemClock
from marketplace.kit.database import Database
from marketplace.kit.ids import new_id
from marketplace.kit.outbound import Outbound
from marketplace.webhooks import jobs
from marketplace.webhooks.actions import delivery as actions
from marketplace.webhooks.actions import endpoints
from marketplace.webhooks.actions.delivery import RIGHT_LOST
from marketplace.webhooks.actions.endpoints import Pace
from marketplace.webhooks.queries import owners
from marketplace.webhooks.rules.lifecycle import DeliveryState, Why
from marketplace.webhooks.tables import Attempt, Delivery, Endpoint
from tests.given import identity as people
from tests.given import webhooks as given
from tests.given.webhooks import Heard

DELIVERIES: Final = int(os.environ.get("JIEBANG_SOAK_DELIVERIES", "80"))
SUBJECTS: Final = max(8, DELIVERIES // 500)
AT_ONCE: Final = (dt.timedelta(0),) * 9
ORDERED: Final = Pace(ordered=True)
_log = logging.getLogger("proof")


async def say_of(house: House, subjects: list[UUID], times: int) -> None:
    """So many events of each subject, in turn."""
    said = [ScenarioClosed(scenario_id=one, closed_at=house.clock.now()) for one in subjects]
    for _ in range(times):
        async with house.database.writing() as session:
            for one in said:
                await events.record(session, one, by="system", now=house.clock.now())


def places(heard: list[Heard]) -> dict[str, list[int]]:
    """The sequence numbers that arrived of each subject, in the order of arrival."""
    found: dict[str, list[int]] = defaultdict(list)
    for one in heard:
        document = json.loads(one.body)
        found[document["subject"]].append(int(document["sequence"]))
    return found


class Unreliable(given.Recorder):
    """Refuses every fifth request, no message so often that it would be given up."""

    def __init__(self) -> None:
        super().__init__()
        self.taken = 0
        self._refused: Counter[str] = Counter()

    def answer_to(self, heard: Heard) -> int:
        """Refuse, or take."""
        if len(self.heard) % 5 == 0 and self._refused[heard.message_id] < len(AT_ONCE):
            self._refused[heard.message_id] += 1
            return 500
        self.taken += 1
        return 204


def inversions(heard: list[Heard]) -> int:
    """Count requests about something that was not next: every number comes until it was taken."""
    return sum(
        later not in (earlier, earlier + 1)
        for numbers in places(heard).values()
        for earlier, later in zip([0, *numbers], numbers, strict=False)
    )


@pytest.mark.postgres
async def test_a_subject_is_told_in_its_order_although_a_fifth_fails(house: House) -> None:
    """Two couriers, a fifth of all requests refused: nothing arrives before its predecessor."""
    recorder = Unreliable()
    subjects = [new_id() for _ in range(SUBJECTS)]
    rounds = DELIVERIES // SUBJECTS
    other = Database(house.database.url)
    houses = [house, dataclasses.replace(house, database=other)]
    async with serve_receiver(recorder) as url, Outbound(given.LOCAL) as outbound:
        owner = await people.someone(house.database, Role.SOLVER)
        await given.an_endpoint(house, owner, "scenario.closed", url=url, pace=ORDERED)

        async def work(mine: House) -> None:
            courier = given.a_courier(
                mine, outbound, clock=SystemClock(), schedule=AT_ONCE, slots=8
            )
            while recorder.taken < DELIVERIES:
                await jobs.fan_out(courier)
                await jobs.deliver(courier)
                await asyncio.sleep(0.01)

        async with asyncio.timeout(60 + DELIVERIES / 20):
            telling = asyncio.create_task(say_of(house, subjects, rounds))
            await asyncio.gather(telling, *(work(one) for one in houses))
    await other.close()

    _log.info("%d requests, %d deliveries", len(recorder.heard), recorder.taken)
    assert inversions(recorder.heard) == 0
    assert {max(numbers) for numbers in places(recorder.heard).values()} == {rounds}
    assert len(recorder.heard) > DELIVERIES


async def test_a_given_up_event_lets_the_next_one_through(house: House) -> None:
    """The order does not hold a subject up for ever: after the dead letter comes the next."""
    recorder = given.Recorder(500, 500, 204)
    subject = new_id()
    async with serve_receiver(recorder) as url, Outbound(given.LOCAL) as outbound:
        owner = await people.someone(house.database, Role.SOLVER)
        await given.an_endpoint(house, owner, "scenario.closed", url=url, pace=ORDERED)
        await say_of(house, [subject], 2)
        courier = given.a_courier(house, outbound, schedule=(dt.timedelta(0),))
        await jobs.fan_out(courier)
        done = await jobs.deliver(courier)

    assert places(recorder.heard) == {f"scenario/{subject}": [1, 1, 2]}
    assert (done.failed, done.succeeded) == (2, 1)


async def test_order_asked_for_later_holds_for_what_is_owed_already(house: House) -> None:
    """Switching it on puts what waits into its line."""
    recorder = given.Recorder(204)
    subjects = [new_id(), new_id()]
    async with serve_receiver(recorder) as url, Outbound(given.LOCAL) as outbound:
        owner = await people.someone(house.database, Role.SOLVER)
        made = await given.an_endpoint(house, owner, "scenario.closed", url=url)
        await say_of(house, subjects, 6)
        courier = given.a_courier(house, outbound)
        await jobs.fan_out(courier)
        async with house.database.writing() as session:
            await endpoints.set_pace(
                session,
                owner.actor,
                made.row.id,
                ORDERED,
                expected_version=1,
                now=house.clock.now(),
            )
            one_each = await actions.lease(session, limit=12, now=house.clock.now())
        assert isinstance(house.clock, FixedClock)
        house.clock.advance(actions.LEASE)
        await jobs.deliver(courier)

    assert len(one_each.items) == len(subjects)
    assert inversions(recorder.heard) == 0 and len(recorder.heard) == 12


@pytest.mark.postgres
async def test_what_a_paused_endpoint_is_owed_is_held_and_released_in_order(house: House) -> None:
    """Nothing is sent during the pause and nothing is lost; afterwards the oldest comes first."""
    recorder = given.Recorder(204)
    subject = new_id()
    async with serve_receiver(recorder) as url, Outbound(given.LOCAL) as outbound:
        owner = await people.someone(house.database, Role.SOLVER)
        made = await given.an_endpoint(house, owner, "scenario.closed", url=url, pace=ORDERED)
        courier = given.a_courier(house, outbound)
        async with house.database.writing() as session:
            await endpoints.pause(
                session, owner.actor, made.row.id, expected_version=1, now=house.clock.now()
            )
        for _ in range(3):
            await say_of(house, [subject], 2)
            await jobs.fan_out(courier)
            await jobs.deliver(courier)
        during = len(recorder.heard)
        async with house.database.writing() as session:
            await endpoints.resume(
                session, owner.actor, made.row.id, expected_version=2, now=house.clock.now()
            )
        await jobs.deliver(courier)

    assert during == 0
    assert places(recorder.heard) == {f"scenario/{subject}": [1, 2, 3, 4, 5, 6]}


@pytest.mark.postgres
async def test_who_lost_the_right_since_the_fan_out_is_sent_nothing(house: House) -> None:
    """Rights are of the time of sending: the log says that it was withheld, and shows no bytes."""
    recorder = given.Recorder(204)
    async with serve_receiver(recorder) as url, Outbound(given.LOCAL) as outbound:
        officer = await people.someone(house.database, Role.BUREAU_OFFICER)
        made = await given.an_endpoint(house, officer, "panel.seated", "scenario.closed", url=url)
        await given.an_event(house, Visibility.INTERNAL)
        await given.an_event(house, Visibility.PUBLIC)
        courier = given.a_courier(house, outbound)
        await jobs.fan_out(courier)
        async with house.database.writing() as session:
            member = await session.exec(
                select(Member).where(Member.person_id == officer.actor.person_id)
            )
            member.one().left_at = house.clock.now()
        await jobs.deliver(courier)

    async with house.database.reading() as session:
        found = await session.exec(
            select(Delivery, Attempt)
            .join(Attempt)
            .where(Delivery.endpoint_id == made.row.id)
            .order_by(Delivery.event_type)
        )
        (withheld, why), (delivered, _) = found.all()
        shown = [await owners.body_of(session, one) for one in (withheld, delivered)]
    assert (withheld.event_type, withheld.state) == ("panel.seated", DeliveryState.WITHHELD)
    assert (why.status, why.reason) == (None, RIGHT_LOST)
    assert delivered.state is DeliveryState.DELIVERED
    assert [json.loads(one.body)["type"] for one in recorder.heard] == ["scenario.closed"]
    assert shown[0] is None and shown[1] is not None


@pytest.mark.postgres
async def test_two_workers_together_keep_to_the_concurrency_of_an_endpoint(house: House) -> None:
    """One alone may hold more ready than may be under way; then the other gets none."""
    owner = await people.someone(house.database, Role.SOLVER)
    made = await given.an_endpoint(house, owner, "scenario.closed", pace=Pace(concurrency_max=3))
    async with Outbound() as outbound:
        await say_of(house, [new_id()], 30)
        await jobs.fan_out(given.a_courier(house, outbound))
    one, other = new_id(), new_id()

    async def taken(token: UUID, window: int) -> int:
        async with house.database.writing() as session:
            batch = await actions.lease(
                session,
                limit=64,
                now=house.clock.now(),
                token=token,
                windows={made.row.id: window},
            )
            return len(batch.items)

    assert await taken(one, 0) == 3
    assert await taken(other, 12) == 0
    assert await taken(one, 12) == 9
    assert await taken(other, 12) == 0


@pytest.mark.postgres
async def test_an_endpoint_is_sent_no_more_in_a_second_than_it_asked_for(house: House) -> None:
    """Of fifty owed, five a second are taken, over whatever workers there are."""
    owner = await people.someone(house.database, Role.SOLVER)
    pace = Pace(concurrency_max=64, rate_per_second=5)
    made = await given.an_endpoint(house, owner, "scenario.closed", pace=pace)
    async with Outbound() as outbound:
        await say_of(house, [new_id()], 50)
        await jobs.fan_out(given.a_courier(house, outbound))
    assert isinstance(house.clock, FixedClock)
    in_second: Counter[int] = Counter()
    begun = house.clock.now()
    for _ in range(40):
        async with house.database.writing() as session:
            batch = await actions.lease(session, limit=64, now=house.clock.now())
        in_second[(house.clock.now() - begun) // dt.timedelta(seconds=1)] += len(batch.items)
        house.clock.advance(dt.timedelta(milliseconds=100))

    async with house.database.reading() as session:
        row = await session.get_one(Endpoint, made.row.id)
    assert list(in_second.values()) == [5, 5, 5, 5]
    assert row.paced_until is not None and row.stopped_by is not Why.FAILING
