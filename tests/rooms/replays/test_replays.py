"""Hearing a range again: what comes, what does not, and what it is called by."""

import asyncio
import datetime as dt
from collections import Counter
from uuid import UUID

import pytest
from sqlmodel import col, select

from marketplace.client.listen import serve_receiver
from marketplace.events.rules.envelope import Visibility
from marketplace.events.tables import EventRow
from marketplace.feed.errors import EventUnknown
from marketplace.house import House
from marketplace.identity.rules.access import Role
from marketplace.identity.tables.people import Member
from marketplace.kit.clock import FixedClock
from marketplace.kit.ids import new_id
from marketplace.kit.lifecycle import MoveNotAllowed
from marketplace.kit.outbound import Outbound
from marketplace.replays import actions, jobs, queries
from marketplace.replays.actions import Range
from marketplace.replays.errors import RangeUnusable, ReplayNotFound, TooManyReplays
from marketplace.replays.rules.lifecycle import ReplayState
from marketplace.replays.tables import Replay
from marketplace.webhooks import jobs as webhooks
from marketplace.webhooks.actions import endpoints
from marketplace.webhooks.errors import EndpointDisabled, EventTypeUnusable
from marketplace.webhooks.queries import workers
from marketplace.webhooks.rules.lifecycle import DeliveryState, Why
from marketplace.webhooks.tables import Delivery
from tests.conftest import START
from tests.given import identity as people
from tests.given import webhooks as given
from tests.given.identity import Someone

EVERYTHING = Range(from_at=START)


async def ask(
    house: House, owner: Someone, endpoint_id: UUID, wanted: Range = EVERYTHING
) -> Replay:
    """Ask for a replay in a transaction of its own."""
    async with house.database.writing() as session:
        return await actions.request_replay(
            session, owner.actor, endpoint_id, wanted, now=house.clock.now()
        )


async def read(house: House, row: Replay) -> Replay:
    """The replay as it stands now."""
    async with house.database.reading() as session:
        found = await session.get(Replay, row.id)
    assert found is not None
    return found


async def fan_out(house: House) -> None:
    """Make the deliveries of everything said."""
    async with Outbound() as outbound:
        await webhooks.fan_out(given.a_courier(house, outbound))


async def work(house: House, *, at_once: int = 500) -> int:
    """Let the job do all there is to do."""
    return await jobs.work_on(house.database, house.clock, at_once=at_once)


async def owed(house: House, endpoint_id: UUID) -> Counter[str]:
    """What an endpoint is owed, by type."""
    async with house.database.reading() as session:
        found = await session.exec(
            select(Delivery.event_type)
            .where(Delivery.endpoint_id == endpoint_id)
            .where(Delivery.state == DeliveryState.PENDING)
        )
    return Counter(found.all())


async def everything_finished(house: House) -> None:
    """Let every delivery have ended, some well, some dead."""
    async with house.database.writing() as session:
        rows = (await session.exec(select(Delivery).order_by(col(Delivery.id)))).all()
        for number, row in enumerate(rows):
            row.state = DeliveryState.DEAD if number % 3 else DeliveryState.DELIVERED
            row.finished_at = house.clock.now()


@pytest.mark.postgres
async def test_everything_comes_again_under_the_same_id_and_bytes(house: House) -> None:
    """Delivered before, dead, or never made: each once more, as the message it always was."""
    recorder = given.Recorder(204)
    owner = await people.someone(house.database, Role.SOLVER)
    for _ in range(2):
        await given.an_event(house)
    await fan_out(house)
    async with serve_receiver(recorder) as url, Outbound(given.LOCAL) as outbound:
        courier = given.a_courier(house, outbound)
        made = await given.an_endpoint(house, owner, "scenario.closed", url=url)
        for _ in range(5):
            await given.an_event(house)
        await fan_out(house)
        await webhooks.deliver(courier)
        first = {heard.message_id: heard.body for heard in recorder.heard}

        row = await ask(house, owner, made.row.id)
        told = await work(house, at_once=3)
        await webhooks.deliver(courier)

    again = recorder.heard[5:]
    assert (row.total, told, len(first)) == (7, 7, 5)
    assert len({heard.message_id for heard in again}) == len(again) == 7
    assert {heard.message_id: heard.body for heard in again}.items() >= first.items()
    assert all(heard.is_signed_with(made.secret) for heard in again)
    done = await read(house, row)
    assert (done.state, done.done, done.total) == (ReplayState.DONE, 7, 7)
    assert done.finished_at == house.clock.now()


@pytest.mark.postgres
async def test_a_long_range_does_not_bury_what_is_said_meanwhile(house: House) -> None:
    """The replay waits while its endpoint is owed enough; another one's does not wait for it."""
    assert isinstance(house.clock, FixedClock)
    recorder = given.Recorder(204)
    owner = await people.someone(house.database, Role.SOLVER)
    async with serve_receiver(recorder) as url, Outbound(given.LOCAL) as outbound:
        courier = given.a_courier(house, outbound)
        long = await given.an_endpoint(house, owner, "scenario.closed", url=url)
        for _ in range(8):
            await given.an_event(house)
        await webhooks.fan_out(courier)
        await webhooks.deliver(courier)
        other = await given.an_endpoint(house, owner, "scenario.closed", url=url)
        row = await ask(house, owner, long.row.id)
        two = await ask(house, owner, other.row.id, Range(from_event_id=said_last(recorder)))

        house.clock.advance(dt.timedelta(seconds=1))
        told = [await jobs.work_on(house.database, house.clock, owed_max=5)]
        waiting, quick = await read(house, row), await read(house, two)
        nothing = await jobs.work_on(house.database, house.clock, owed_max=5)
        await webhooks.deliver(courier)
        told.append(await jobs.work_on(house.database, house.clock, owed_max=5))

    assert (told, nothing) == ([6, 3], 0)
    assert (waiting.state, waiting.done, waiting.total) == (ReplayState.RUNNING, 5, 8)
    assert (quick.state, quick.done) == (ReplayState.DONE, 1)
    assert (await read(house, row)).state is ReplayState.DONE


def said_last(recorder: given.Recorder) -> UUID:
    """The event that was heard by the greatest id."""
    return max(UUID(one) for one in recorder.message_ids)


@pytest.mark.postgres
async def test_what_is_owed_anyhow_is_left_alone(house: House) -> None:
    """A delivery under way is neither doubled nor taken from who has it, and it counts."""
    owner = await people.someone(house.database, Role.SOLVER)
    made = await given.an_endpoint(house, owner, "scenario.closed")
    for _ in range(3):
        await given.an_event(house)
    await fan_out(house)
    async with house.database.reading() as session:
        before = (await session.exec(select(Delivery).order_by(col(Delivery.id)))).all()

    row = await ask(house, owner, made.row.id)
    await work(house)

    async with house.database.reading() as session:
        after = (await session.exec(select(Delivery).order_by(col(Delivery.id)))).all()
    assert [one.model_dump() for one in after] == [one.model_dump() for one in before]
    assert (await read(house, row)).done == 3


async def test_a_range_of_moments_or_of_events_and_some_types(house: House) -> None:
    """Half-open between moments, closed between events, and never beyond the subscription."""
    assert isinstance(house.clock, FixedClock)
    owner = await people.someone(house.database, Role.SOLVER)
    made = await given.an_endpoint(house, owner, "scenario.*", "organization.*")
    said = []
    for hour in range(6):
        house.clock.move_to(START + dt.timedelta(hours=hour))
        said.append(await given.an_event(house))
        await given.an_event(house, Visibility.OWNER, organization_id=owner.actor.organization_id)
    await fan_out(house)
    hours = [START + dt.timedelta(hours=hour) for hour in range(7)]
    ranges = {
        "moments": Range(from_at=hours[1], to_at=hours[3]),
        "from a moment on": Range(from_at=hours[4]),
        "events": Range(from_event_id=said[1].id, to_event_id=said[3].id),
        "from an event on": Range(from_event_id=said[4].id),
        "one event": Range(from_event_id=said[2].id, to_event_id=said[2].id),
        "one type": Range(from_at=hours[1], to_at=hours[3], event_types=("scenario.*",)),
        "a type it is not subscribed to": Range(from_at=hours[0], event_types=("bid.*",)),
        "nothing yet": Range(from_at=hours[6]),
    }
    totals = {}
    for name, wanted in ranges.items():
        row = await ask(house, owner, made.row.id, wanted)
        totals[name] = row.total
        assert await work(house, at_once=2) == row.total
        assert (await read(house, row)).state is ReplayState.DONE

    assert totals == {
        "moments": 4,
        "from a moment on": 4,
        "events": 5,
        "from an event on": 4,
        "one event": 1,
        "one type": 2,
        "a type it is not subscribed to": 0,
        "nothing yet": 0,
    }


@pytest.mark.postgres
async def test_nothing_is_told_that_may_not_be_heard_now(house: House) -> None:
    """Rights are judged by the batch, not by the first telling: who left hears of their own."""
    officer = await people.someone(house.database, Role.BUREAU_OFFICER)
    stranger = await people.someone(house.database, Role.SOLVER)
    made = await given.an_endpoint(house, officer)
    secret, public = "organization.verified", "scenario.closed"
    said = []
    for _ in range(4):
        owned = stranger.actor.organization_id
        said.append(await given.an_event(house, Visibility.OWNER, organization_id=owned))
        await given.an_event(house)
        await given.an_event(house, Visibility.SEALED, organization_id=new_id(), scenario_id=None)
    await fan_out(house)
    await everything_finished(house)
    wanted = Range(from_event_id=said[0].id, event_types=(secret, public))

    row = await ask(house, officer, made.row.id, wanted)
    async with house.database.writing() as session:
        await actions.work(session, now=house.clock.now(), limit=4)
    halfway = await read(house, row)
    async with house.database.writing() as session:
        member = (
            await session.exec(select(Member).where(Member.person_id == officer.actor.person_id))
        ).one()
        member.left_at = house.clock.now()
    await work(house, at_once=4)

    done = await read(house, row)
    assert (row.total, halfway.done, halfway.total) == (8, 4, 8)
    assert (done.state, done.done, done.total) == (ReplayState.DONE, 6, 6)
    assert await owed(house, made.row.id) == {secret: 2, public: 4}


async def test_nobody_learns_of_events_by_the_range(house: House) -> None:
    """An event that may not be heard is the same as none, and is not counted."""
    owner = await people.someone(house.database, Role.SOLVER)
    made = await given.an_endpoint(house, owner)
    sealed = await given.an_event(house, Visibility.SEALED, organization_id=new_id())
    await fan_out(house)

    row = await ask(house, owner, made.row.id, Range(from_at=START, event_types=("bid.*",)))

    assert row.total == 0
    for unheard in (sealed.id, new_id()):
        for wanted in (Range(from_event_id=unheard), Range(from_at=START, to_event_id=unheard)):
            with pytest.raises(EventUnknown):
                await ask(house, owner, made.row.id, wanted)


async def test_what_is_not_fanned_out_yet_is_left_to_the_fan_out(house: House) -> None:
    """A replay that came first would make the delivery that the fan-out is going to make."""
    owner = await people.someone(house.database, Role.SOLVER)
    made = await given.an_endpoint(house, owner, "scenario.closed")
    await given.an_event(house)
    await fan_out(house)
    await given.an_event(house)

    row = await ask(house, owner, made.row.id)
    await work(house)
    await fan_out(house)

    assert (await read(house, row)).done == 1
    assert await owed(house, made.row.id) == {"scenario.closed": 2}


async def test_a_ping_is_not_heard_again(house: House) -> None:
    """It was for one endpoint, then; another of the same owner must not hear of it."""
    owner = await people.someone(house.database, Role.SOLVER)
    pinged = await given.an_endpoint(house, owner)
    other = await given.an_endpoint(house, owner)
    async with house.database.writing() as session:
        await endpoints.ping(session, owner.actor, pinged.row.id, now=house.clock.now())
    await fan_out(house)

    for one in (pinged, other):
        await ask(house, owner, one.row.id, Range(from_at=START, event_types=("webhook.pinged",)))
    assert await work(house) == 0
    assert (await owed(house, other.row.id))["webhook.pinged"] == 0


@pytest.mark.postgres
async def test_a_cancelled_replay_stops_and_keeps_its_count(house: House) -> None:
    """What was made by then stays owed; it cannot be cancelled twice, nor by strangers."""
    owner = await people.someone(house.database, Role.SOLVER)
    stranger = await people.someone(house.database, Role.SOLVER)
    made = await given.an_endpoint(house, owner, "scenario.closed")
    for _ in range(6):
        await given.an_event(house)
    await fan_out(house)
    await everything_finished(house)
    row = await ask(house, owner, made.row.id)
    async with house.database.writing() as session:
        await actions.work(session, now=house.clock.now(), limit=2)

    async with house.database.writing() as session:
        with pytest.raises(ReplayNotFound):
            await actions.cancel_replay(session, stranger.actor, row.id, now=house.clock.now())
        await actions.cancel_replay(session, owner.actor, row.id, now=house.clock.now())
    assert await work(house) == 0

    stopped = await read(house, row)
    assert (stopped.state, stopped.done, stopped.total) == (ReplayState.CANCELLED, 2, 6)
    assert await owed(house, made.row.id) == {"scenario.closed": 2}
    async with house.database.writing() as session:
        with pytest.raises(MoveNotAllowed):
            await actions.cancel_replay(session, owner.actor, row.id, now=house.clock.now())


async def test_an_endpoint_that_is_gone_hears_nothing_again(house: House) -> None:
    """Asked for after a 410: refused.  Running when the 410 came: cancelled by the job."""
    owner = await people.someone(house.database, Role.SOLVER)
    made = await given.an_endpoint(house, owner, "scenario.closed")
    await given.an_event(house)
    await fan_out(house)
    await everything_finished(house)
    row = await ask(house, owner, made.row.id)
    async with house.database.writing() as session:
        held = await workers.endpoint_held(session, made.row.id)
        await endpoints.move_endpoint(
            session, held, "disable", Why.GONE, by="system", now=house.clock.now()
        )

    await work(house)

    assert (await read(house, row)).state is ReplayState.CANCELLED
    assert await owed(house, made.row.id) == {}
    with pytest.raises(EndpointDisabled):
        await ask(house, owner, made.row.id)


async def test_unusable_ranges_are_refused_by_name(house: House) -> None:
    """No beginning, an end before it, a type that is none; and too many at a time."""
    owner = await people.someone(house.database, Role.SOLVER)
    made = await given.an_endpoint(house, owner)
    early, late = await given.an_event(house), await given.an_event(house)
    await fan_out(house)
    unusable = {
        Range(): RangeUnusable,
        Range(to_at=START): RangeUnusable,
        Range(from_at=START, to_at=START): RangeUnusable,
        Range(from_event_id=late.id, to_event_id=early.id): RangeUnusable,
        Range(from_at=START, event_types=("Bid Submitted",)): EventTypeUnusable,
    }
    for wanted, refusal in unusable.items():
        with pytest.raises(refusal):
            await ask(house, owner, made.row.id, wanted)

    for _ in range(actions.RUNNING_MAX):
        await ask(house, owner, made.row.id)
    with pytest.raises(TooManyReplays):
        await ask(house, owner, made.row.id)


@pytest.mark.postgres
async def test_several_processes_share_the_replays_and_count_each_event_once(house: House) -> None:
    """Three endpoints, three replays, four workers: the sums are exact."""
    owner = await people.someone(house.database, Role.SOLVER)
    made = [await given.an_endpoint(house, owner, "scenario.closed") for _ in range(3)]
    for _ in range(12):
        await given.an_event(house)
    await fan_out(house)
    await everything_finished(house)
    rows = [await ask(house, owner, one.row.id) for one in made]

    told = await asyncio.gather(*(work(house, at_once=2) for _ in range(4)))
    told.append(await work(house, at_once=2))

    assert sum(told) == 36
    for one, row in zip(made, rows, strict=True):
        finished = await read(house, row)
        assert (finished.state, finished.done) == (ReplayState.DONE, 12)
        assert await owed(house, one.row.id) == {"scenario.closed": 12}
    async with house.database.reading() as session:
        assert not await queries.anything_running(session)
        said = (await session.exec(select(EventRow.type))).all()
    assert Counter(said)["webhook.replay_moved"] == 3
