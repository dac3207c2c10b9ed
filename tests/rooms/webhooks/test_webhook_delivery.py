"""Deliveries to real receivers: at least once, same id and bytes, until the schedule ends."""

import datetime as dt
import json
from uuid import UUID

import pytest
from sqlmodel import col, select

from marketplace.client.listen import Application, Received, create_receiver, serve_receiver
from marketplace.events import queries as events
from marketplace.house import House
from marketplace.identity.rules.access import Role
from marketplace.kit.clock import FixedClock
from marketplace.kit.outbound import Outbound
from marketplace.kit.secrets import Keeper
from marketplace.webhooks import jobs
from marketplace.webhooks.actions import endpoints
from marketplace.webhooks.actions.endpoints import WithSecret
from marketplace.webhooks.rules.backoff import STANDARD
from marketplace.webhooks.rules.lifecycle import DeliveryState, EndpointState, Why
from marketplace.webhooks.tables import Attempt, Delivery, Endpoint
from tests.given import identity as people
from tests.given import webhooks as given

A_WEEK = dt.timedelta(days=7)


async def deliver(house: House, *, patience: dt.timedelta = A_WEEK) -> jobs.Delivered:
    """Deliver until nothing is due within `patience`; waiting moves the house's clock."""

    async def skip(time: dt.timedelta) -> None:
        assert isinstance(house.clock, FixedClock)
        house.clock.advance(time)

    async with Outbound(given.LOCAL) as outbound:
        courier = given.a_courier(house, outbound)
        return await jobs.deliver_until_idle(courier, patience=patience, wait=skip)


async def owed(house: House, endpoint_id: UUID) -> list[Delivery]:
    """Everything an endpoint was or is owed, oldest first."""
    async with house.database.reading() as session:
        found = await session.exec(
            select(Delivery).where(Delivery.endpoint_id == endpoint_id).order_by(col(Delivery.id))
        )
        return list(found.all())


async def attempts(house: House, delivery: Delivery) -> list[Attempt]:
    """Every attempt of a delivery, in order."""
    async with house.database.reading() as session:
        found = await session.exec(
            select(Attempt).where(Attempt.delivery_id == delivery.id).order_by(col(Attempt.number))
        )
        return list(found.all())


async def the_endpoint(house: House, made: WithSecret) -> Endpoint:
    """An endpoint as it is now."""
    async with house.database.reading() as session:
        return await session.get_one(Endpoint, made.row.id)


async def a_listener(house: House, url: str, *event_types: str) -> WithSecret:
    """An endpoint of a new solver at a receiver's address."""
    solver = await people.someone(house.database, Role.SOLVER)
    return await given.an_endpoint(house, solver, *(event_types or ("scenario.closed",)), url=url)


@pytest.mark.postgres
async def test_a_receiver_with_the_published_library_accepts_the_event(house: House) -> None:
    """The message arrives once, verified, and the log shows the attempt."""
    heard: list[Received] = []
    late: list[Application] = []

    async def door(scope, receive, send):  # type: ignore[no-untyped-def]
        await late[0](scope, receive, send)

    async with serve_receiver(door) as url:
        made = await a_listener(house, url)
        late.append(create_receiver(made.secret, on_event=heard.append))
        event = await given.an_event(house)
        done = await deliver(house)

    (delivery,) = await owed(house, made.row.id)
    (attempt,) = await attempts(house, delivery)
    assert (done.succeeded, done.failed, done.late) == (1, 0, 0)
    assert [received.outcome for received in heard] == ["accepted"]
    assert heard[0].message_id == str(event.id) == heard[0].event["id"]
    assert delivery.state is DeliveryState.DELIVERED and delivery.finished_at is not None
    assert (attempt.number, attempt.status, attempt.reason, attempt.late) == (1, 204, None, False)


@pytest.mark.postgres
async def test_a_refused_attempt_comes_again_with_the_same_id_and_bytes(house: House) -> None:
    """Refused, then delivered five seconds later: same id, same body, fresh signature."""
    recorder = given.Recorder(503, 204)
    async with serve_receiver(recorder) as url:
        made = await a_listener(house, url)
        await given.an_event(house)
        begun = house.clock.now()
        await deliver(house)

    first, second = recorder.heard
    assert house.clock.now() - begun == dt.timedelta(seconds=5)
    assert first.message_id == second.message_id
    assert first.body == second.body
    assert first.is_signed_with(made.secret) and second.is_signed_with(made.secret)
    (delivery,) = await owed(house, made.row.id)
    assert [attempt.status for attempt in await attempts(house, delivery)] == [503, 204]
    assert (await the_endpoint(house, made)).failures == 0


async def test_a_delivery_that_never_succeeds_becomes_a_dead_letter(house: House) -> None:
    """Ten attempts over 75 hours, then it is kept as dead and its owner told."""
    recorder = given.Recorder(500, body="出错了".encode())
    async with serve_receiver(recorder) as url:
        made = await a_listener(house, url)
        await given.an_event(house)
        begun = house.clock.now()
        done = await deliver(house)

    (delivery,) = await owed(house, made.row.id)
    tried = await attempts(house, delivery)
    assert delivery.state is DeliveryState.DEAD
    assert house.clock.now() - begun == sum(STANDARD, dt.timedelta(0))
    assert done.failed == 10 and len(set(recorder.message_ids)) == 1
    assert [attempt.number for attempt in tried] == list(range(1, 11))
    assert tried[0].answer.decode() == "出错了"
    async with house.database.reading() as session:
        said = await events.about(session, made.row.id)
    assert [event.type for event in said][-1] == "webhook.delivery_exhausted"
    assert said[-1].data["delivery_id"] == str(delivery.id)


async def test_two_dead_endpoints_do_not_tell_each_other_for_ever(house: House) -> None:
    """A failed message about webhooks is not itself a reason for another."""
    solver = await people.someone(house.database, Role.SOLVER)
    recorder = given.Recorder(500)
    async with serve_receiver(recorder) as url:
        for _ in range(2):
            await given.an_endpoint(
                house, solver, "scenario.closed", "webhook.delivery_exhausted", url=url
            )
        await given.an_event(house)
        done = await deliver(house, patience=dt.timedelta(days=60))

    about_failures = [heard for heard in recorder.heard if b"delivery_exhausted" in heard.body]
    assert len({heard.message_id for heard in about_failures}) == 2
    assert done.failed < 100


async def test_410_disables_the_endpoint_and_resuming_sends_what_is_owed(house: House) -> None:
    """Gone means gone: nothing more is sent until the owner says otherwise."""
    recorder = given.Recorder(410, 204)
    async with serve_receiver(recorder) as url:
        solver = await people.someone(house.database, Role.SOLVER)
        made = await given.an_endpoint(house, solver, "scenario.closed", url=url)
        await given.an_event(house)
        await deliver(house)
        await given.an_event(house)
        await deliver(house)
        disabled = await the_endpoint(house, made)
        requests_while_disabled = len(recorder.heard)

        async with house.database.writing() as session:
            await endpoints.resume(
                session,
                solver.actor,
                made.row.id,
                expected_version=disabled.version,
                now=house.clock.now(),
            )
        await deliver(house)

    assert (disabled.state, disabled.stopped_by) == (EndpointState.DISABLED, Why.GONE)
    assert requests_while_disabled == 1
    (delivery,) = await owed(house, made.row.id)
    assert delivery.state is DeliveryState.DELIVERED
    assert (await the_endpoint(house, made)).state is EndpointState.ACTIVE


async def test_the_receiver_may_ask_for_time(house: House) -> None:
    """Retry-After moves the next attempt."""
    recorder = given.Recorder(429, 204, headers=[(b"retry-after", b"3600")])
    async with serve_receiver(recorder) as url:
        await a_listener(house, url)
        await given.an_event(house)
        begun = house.clock.now()
        await deliver(house)

    assert house.clock.now() - begun == dt.timedelta(hours=1)


async def test_an_endpoint_that_fails_for_five_days_is_paused(house: House) -> None:
    """Without one success for so long it is no longer called, and what it is owed is kept."""
    recorder = given.Recorder(500)
    async with serve_receiver(recorder) as url:
        made = await a_listener(house, url)
        for _ in range(3):
            await given.an_event(house)
            await deliver(house)
        calls = len(recorder.heard)
        await given.an_event(house)
        await deliver(house)

    paused = await the_endpoint(house, made)
    assert (paused.state, paused.stopped_by) == (EndpointState.PAUSED, Why.FAILING)
    assert len(recorder.heard) == calls
    assert (await owed(house, made.row.id))[-1].state is DeliveryState.PENDING


async def test_both_secrets_sign_while_one_is_rotated(house: House) -> None:
    """For a day either secret verifies, afterwards only the new one."""
    recorder = given.Recorder(204)
    async with serve_receiver(recorder) as url:
        solver = await people.someone(house.database, Role.SOLVER)
        made = await given.an_endpoint(house, solver, "scenario.closed", url=url)
        async with house.database.writing() as session:
            rotated = await endpoints.rotate_secret(
                session,
                solver.actor,
                made.row.id,
                expected_version=1,
                keeper=house.keeper,
                entropy=b"n" * 32,
                now=house.clock.now(),
            )
        await given.an_event(house)
        await deliver(house)
        assert isinstance(house.clock, FixedClock)
        house.clock.advance(dt.timedelta(hours=24))
        await given.an_event(house)
        await deliver(house)

    during, after = recorder.heard
    assert during.is_signed_with(made.secret) and during.is_signed_with(rotated.secret)
    assert after.is_signed_with(rotated.secret)
    assert " " not in after.headers["webhook-signature"]


async def test_a_secret_that_cannot_be_read_is_a_failed_attempt(house: House) -> None:
    """With another master key nothing leaves unsigned, and nobody else's delivery suffers."""
    recorder = given.Recorder(204)
    async with serve_receiver(recorder) as url, Outbound(given.LOCAL) as outbound:
        made = await a_listener(house, url)
        await given.an_event(house)
        other = Keeper.from_text("another key for tests, 32 characters at least")
        courier = given.a_courier(house, outbound, keeper=other)
        await jobs.fan_out(courier)
        done = await jobs.deliver(courier)

    (delivery,) = await owed(house, made.row.id)
    (attempt,) = await attempts(house, delivery)
    assert done.failed == 1 and recorder.heard == []
    assert attempt.reason == "secrets.cannot_unseal"


async def test_an_address_that_may_not_be_dialled_is_a_failed_attempt(house: House) -> None:
    """What was allowed at registration is judged again when it is dialled."""
    recorder = given.Recorder(204)
    async with serve_receiver(recorder) as url, Outbound() as strict:
        made = await a_listener(house, url)
        await given.an_event(house)
        courier = given.a_courier(house, strict)
        await jobs.fan_out(courier)
        await jobs.deliver(courier)

    (delivery,) = await owed(house, made.row.id)
    (attempt,) = await attempts(house, delivery)
    assert recorder.heard == []
    assert (attempt.reason, attempt.detail) == ("target_refused", "scheme")


async def test_a_dead_letter_can_be_sent_again_by_hand(house: House) -> None:
    """Resending starts the schedule anew with the same bytes and goes on counting attempts."""
    recorder = given.Recorder(*[500] * 10, 204)
    async with serve_receiver(recorder) as url:
        solver = await people.someone(house.database, Role.SOLVER)
        made = await given.an_endpoint(house, solver, "scenario.closed", url=url)
        await given.an_event(house)
        await deliver(house)
        (dead,) = await owed(house, made.row.id)
        async with house.database.writing() as session:
            await endpoints.resend(session, solver.actor, dead.id, now=house.clock.now())
        await deliver(house)

    (delivery,) = await owed(house, made.row.id)
    assert dead.state is DeliveryState.DEAD
    assert delivery.state is DeliveryState.DELIVERED and delivery.attempts == 11
    assert len({(heard.message_id, heard.body) for heard in recorder.heard}) == 1


async def test_a_ping_arrives_like_every_other_message(house: House) -> None:
    """The test message goes the same way and is signed the same way."""
    recorder = given.Recorder(204)
    async with serve_receiver(recorder) as url:
        solver = await people.someone(house.database, Role.SOLVER)
        made = await given.an_endpoint(house, solver, "scenario.closed", url=url)
        async with house.database.writing() as session:
            await endpoints.ping(session, solver.actor, made.row.id, now=house.clock.now())
        await deliver(house)

    (heard,) = recorder.heard
    assert heard.is_signed_with(made.secret)
    assert json.loads(heard.body)["type"] == "webhook.pinged"
    assert heard.headers["content-type"] == "application/cloudevents+json; charset=utf-8"
