"""Of a subject told in order only the first that is owed is due; the others wait without a time."""

import asyncio
import datetime as dt
from uuid import UUID

import pytest
from sqlmodel import col, select

from marketplace.events import actions as events
from marketplace.events.rules.catalogue.scenarios import ScenarioClosed
from marketplace.events.rules.catalogue.scoring import PanelSeated
from marketplace.house import House
from marketplace.identity.rules.access import Role
from marketplace.identity.tables.people import Member
from marketplace.kit.database import WriteSession
from marketplace.kit.ids import new_id
from marketplace.kit.outbound import Outbound
from marketplace.webhooks import jobs
from marketplace.webhooks.actions import delivery as actions
from marketplace.webhooks.actions import endpoints, fanout
from marketplace.webhooks.actions.delivery import Leased
from marketplace.webhooks.actions.endpoints import Pace, WithSecret
from marketplace.webhooks.rules.lifecycle import DeliveryState
from marketplace.webhooks.tables import Delivery
from tests.given import identity as people
from tests.given import webhooks as given
from tests.given.identity import Someone

ORDERED = Pace(ordered=True)
NO_RETRY: tuple[dt.timedelta, ...] = ()
A_MOMENT_SECONDS = 0.3
"""Time for whoever does not wait, but should, to go ahead."""


async def an_ordered_endpoint(house: House, role: Role = Role.SOLVER) -> tuple[Someone, WithSecret]:
    """An endpoint whose owner wants the events of a subject one after the other."""
    owner = await people.someone(house.database, role)
    return owner, await given.an_endpoint(house, owner, "scenario.closed", pace=ORDERED)


async def say(house: House, *subjects: UUID) -> None:
    """Let something be said of each."""
    async with house.database.writing() as session:
        for one in subjects:
            said = ScenarioClosed(scenario_id=one, closed_at=house.clock.now())
            await events.record(session, said, by="system", now=house.clock.now())


async def fan_out(house: House) -> None:
    """Make the deliveries of what was said."""
    async with Outbound() as outbound:
        await jobs.fan_out(given.a_courier(house, outbound))


async def taken(house: House) -> list[Leased]:
    """Everything that may be taken now."""
    async with house.database.writing() as session:
        return (await actions.lease(session, limit=64, now=house.clock.now())).items


async def end(session: WriteSession, house: House, one: Leased, *, status: int = 204) -> None:
    """Write down what came of an attempt; a failure is the last one."""
    result = given.a_result(one, status)
    await actions.record(session, [result], now=house.clock.now(), schedule=NO_RETRY)


async def one_under_way_and_another_said(house: House) -> Leased:
    """Of a subject told in order the first was taken, and the second has no delivery yet."""
    await an_ordered_endpoint(house)
    subject = new_id()
    await say(house, subject)
    await fan_out(house)
    (first,) = await taken(house)
    await say(house, subject)
    return first


async def timed(house: House) -> list[bool]:
    """Of what is still owed, in the order of the log: whether it has a time."""
    async with house.database.reading() as session:
        found = await session.exec(
            select(Delivery.next_at)
            .where(Delivery.state == DeliveryState.PENDING)
            .order_by(col(Delivery.line_number))
        )
        return [at is not None for at in found.all()]


@pytest.mark.postgres
@pytest.mark.parametrize("status", [204, 500])
async def test_the_end_of_one_is_what_the_next_one_waits_for(house: House, status: int) -> None:
    """Delivered or given up: then the next one has a time, and only that one."""
    await an_ordered_endpoint(house)
    subject = new_id()
    await say(house, subject)
    await say(house, subject)
    await say(house, subject)
    await fan_out(house)
    before = await timed(house)
    (first,) = await taken(house)
    async with house.database.writing() as session:
        await end(session, house, first, status=status)
    after = await timed(house)
    (second,) = await taken(house)

    assert before == [True, False, False]
    assert after == [True, False]
    assert second.delivery_id != first.delivery_id


@pytest.mark.postgres
async def test_what_is_said_after_everything_ended_goes_at_once(house: House) -> None:
    """Nothing is before it, although much was."""
    await an_ordered_endpoint(house)
    subject = new_id()
    for _ in range(2):
        await say(house, subject)
        await fan_out(house)
        (one,) = await taken(house)
        async with house.database.writing() as session:
            await end(session, house, one)
    await say(house, subject, new_id())
    await fan_out(house)

    assert await timed(house) == [True, True]


@pytest.mark.postgres
async def test_who_makes_a_delivery_waits_for_who_ends_the_one_before(house: House) -> None:
    """Otherwise it would see one that is still owed, and nobody would ever let it go."""
    first = await one_under_way_and_another_said(house)
    async with house.database.writing() as ending:
        await end(ending, house, first)
        making = asyncio.create_task(fan_out(house))
        await asyncio.sleep(A_MOMENT_SECONDS)
    await making

    assert await timed(house) == [True]


@pytest.mark.postgres
async def test_who_ends_a_delivery_waits_for_who_makes_the_next_one(house: House) -> None:
    """Otherwise it would not see the next one, and nobody would ever let it go."""
    first = await one_under_way_and_another_said(house)

    async def end_it() -> None:
        async with house.database.writing() as session:
            await end(session, house, first)

    async with house.database.writing() as making:
        await fanout.fan_out(making, now=house.clock.now())
        ending = asyncio.create_task(end_it())
        await asyncio.sleep(A_MOMENT_SECONDS)
    await ending

    assert await timed(house) == [True]


@pytest.mark.postgres
async def test_whoever_gives_up_order_has_everything_at_once(house: House) -> None:
    """What waited for another one waits for nothing any more; asked for again, it waits again."""
    owner, made = await an_ordered_endpoint(house)
    subject = new_id()
    for _ in range(3):
        await say(house, subject)
    await fan_out(house)
    seen = [await timed(house)]
    for version, pace in enumerate((Pace(), ORDERED), start=1):
        async with house.database.writing() as session:
            await endpoints.set_pace(
                session,
                owner.actor,
                made.row.id,
                pace,
                expected_version=version,
                now=house.clock.now(),
            )
        seen.append(await timed(house))

    assert seen == [[True, False, False], [True, True, True], [True, False, False]]


@pytest.mark.postgres
async def test_one_that_is_sent_again_goes_before_those_that_wait(house: House) -> None:
    """An earlier one may be asked for at any time; what is due meanwhile keeps its place."""
    owner, _ = await an_ordered_endpoint(house)
    subject = new_id()
    for _ in range(3):
        await say(house, subject)
    await fan_out(house)
    (first,) = await taken(house)
    async with house.database.writing() as session:
        await end(session, house, first)
    async with house.database.writing() as session:
        await endpoints.resend(session, owner.actor, first.delivery_id, now=house.clock.now())
    order = []
    while ready := await taken(house):
        order += [one.delivery_id for one in ready]
        async with house.database.writing() as session:
            for one in ready:
                await end(session, house, one)

    assert len(order) == 3
    assert order[0] == first.delivery_id


@pytest.mark.postgres
async def test_what_is_withheld_holds_nobody_up(house: House) -> None:
    """The owner lost the right to the first; the second, which everybody may hear, goes."""
    owner = await people.someone(house.database, Role.BUREAU_OFFICER)
    await given.an_endpoint(house, owner, "panel.seated", "scenario.closed", pace=ORDERED)
    subject = new_id()
    async with house.database.writing() as session:
        said = PanelSeated(scenario_id=subject, seats=5)
        await events.record(session, said, by="system", now=house.clock.now())
    await say(house, subject)
    await fan_out(house)
    async with house.database.writing() as session:
        member = await session.exec(select(Member).where(Member.person_id == owner.actor.person_id))
        member.one().left_at = house.clock.now()
    before = await timed(house)
    nothing = await taken(house)
    (second,) = await taken(house)

    assert before == [True, False]
    assert nothing == []
    assert b'"scenario.closed"' in second.body
