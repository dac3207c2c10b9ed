"""Events become deliveries: once, for whoever may hear them, with a body that is fixed."""

import asyncio
import json
from uuid import UUID

import pytest
from sqlmodel import col, select

from marketplace.bids.actions import offering
from marketplace.events.rules.envelope import Visibility
from marketplace.events.rules.record import owner_digest
from marketplace.house import House
from marketplace.identity.rules.access import Role
from marketplace.identity.tables.people import Member
from marketplace.kit.clock import FixedClock
from marketplace.kit.ids import new_id
from marketplace.kit.outbound import Outbound
from marketplace.webhooks import jobs
from marketplace.webhooks.actions import endpoints, fanout
from marketplace.webhooks.queries import owners
from marketplace.webhooks.rules.lifecycle import Why
from marketplace.webhooks.tables import Delivery, Endpoint
from tests.given import bids, offers
from tests.given import identity as people
from tests.given import webhooks as given
from tests.given.scenarios import a_published_call


async def fan_out(house: House) -> int:
    """Fan out everything that is new."""
    async with Outbound() as outbound:
        return await jobs.fan_out(given.a_courier(house, outbound))


async def told(house: House, endpoint_id: UUID) -> list[str]:
    """Name the types of the events an endpoint is owed, without those about webhooks."""
    async with house.database.reading() as session:
        found = await session.exec(
            select(Delivery).where(Delivery.endpoint_id == endpoint_id).order_by(col(Delivery.id))
        )
        types = [row.event_type for row in found.all()]
    return [
        name for name in types if not name.startswith(("webhook.", "organization.m", "api_key"))
    ]


@pytest.mark.postgres
async def test_each_endpoint_hears_what_its_organisation_may_hear(house: House) -> None:
    """Public for all; the others for whom they are meant, a sealed bid for its solver alone."""
    officer = await people.someone(house.database, Role.BUREAU_OFFICER)
    poster = await people.someone(house.database, Role.POSTER)
    solver = await people.someone(house.database, Role.SOLVER)
    stranger = await people.someone(house.database, Role.SOLVER)
    await fan_out(house)
    made = [await given.an_endpoint(house, who) for who in (officer, poster, solver, stranger)]
    scenario_id = new_id()
    for who in (poster, solver):
        owned = {"organization_id": who.organization_id, "scenario_id": scenario_id}
        await given.an_event(house, Visibility.OWNER, **owned)
    for visibility in (Visibility.PUBLIC, Visibility.PARTICIPANTS, Visibility.INTERNAL):
        await given.an_event(house, visibility, scenario_id=scenario_id)
    await given.an_event(house, Visibility.SEALED, **owned)

    await fan_out(house)

    heard = [await told(house, endpoint.row.id) for endpoint in made]
    verified, public, participants = "organization.verified", "scenario.closed", "bids.opened"
    assert heard == [
        [verified, verified, public, participants, "panel.seated"],
        [verified, public, participants],
        [verified, public, participants, "bid.submitted"],
        [public],
    ]


@pytest.mark.postgres
async def test_whoever_left_a_call_no_longer_hears_its_participants(house: House) -> None:
    """Taken back or lapsed is gone, unless they have bid anew; asked to join is not taking part."""
    clock = house.clock
    assert isinstance(clock, FixedClock)
    call = await a_published_call(house.database, clock, content=offers.a_content_for_consortia())
    stays, leaves, returns = [
        await bids.a_sealed_bid(house.database, clock, call, keeper=house.keeper) for _ in range(3)
    ]
    asked = await people.someone(house.database, Role.SOLVER)
    await offers.invited(
        house.database, clock, call, lead=stays.solver, member=asked, keeper=house.keeper
    )
    for one in (leaves, returns):
        async with house.database.writing() as session:
            await offering.withdraw_bid(
                session, one.solver.actor, one.id, expected_version=2, clock=clock
            )
    await bids.a_sealed_bid(house.database, clock, call, solver=returns.solver, keeper=house.keeper)
    await fan_out(house)
    who = [one.solver for one in (stays, leaves, returns)] + [asked]
    made = [await given.an_endpoint(house, one, "bids.opened") for one in who]
    await given.an_event(house, Visibility.PARTICIPANTS, scenario_id=call.id)

    await fan_out(house)

    heard = [await told(house, endpoint.row.id) for endpoint in made]
    assert heard == [["bids.opened"], [], ["bids.opened"], []]


async def test_an_endpoint_hears_only_what_it_asked_for(house: House) -> None:
    """A filter takes exact types and prefixes."""
    officer = await people.someone(house.database, Role.BUREAU_OFFICER)
    exact = await given.an_endpoint(house, officer, "panel.seated")
    prefix = await given.an_endpoint(house, officer, "scenario.*", "bids.opened")
    for visibility in Visibility:
        await given.an_event(house, visibility, organization_id=officer.organization_id)

    await fan_out(house)

    assert await told(house, exact.row.id) == ["panel.seated"]
    assert sorted(await told(house, prefix.row.id)) == ["bids.opened", "scenario.closed"]


async def test_the_right_to_hear_everything_ends_with_the_membership(house: House) -> None:
    """When the officer who registered it has left, the endpoint hears what the organisation may."""
    officer = await people.someone(house.database, Role.BUREAU_OFFICER)
    made = await given.an_endpoint(house, officer)
    async with house.database.writing() as session:
        found = await session.exec(
            select(Member).where(Member.person_id == officer.actor.person_id)
        )
        found.one().left_at = house.clock.now()
    await given.an_event(house, Visibility.INTERNAL)
    await given.an_event(house, Visibility.PUBLIC)

    await fan_out(house)

    assert "panel.seated" not in await told(house, made.row.id)
    assert "scenario.closed" in await told(house, made.row.id)


async def test_the_body_is_a_cloud_event_without_inner_facts(house: House) -> None:
    """Required attributes and our extensions, the documented data, and nothing else."""
    stranger = await people.someone(house.database, Role.SOLVER)
    made = await given.an_endpoint(house, stranger, "scenario.closed")
    event = await given.an_event(house, Visibility.PUBLIC, organization_id=new_id())

    await fan_out(house)

    async with house.database.reading() as session:
        found = await session.exec(select(Delivery).where(Delivery.endpoint_id == made.row.id))
        body = json.loads(await owners.body_of(session, found.one()) or b"")
    owner = owner_digest(
        event.owner_salt,
        organization_id=event.organization_id,
        scenario_id=event.scenario_id,
        organizer_id=None,
    )
    assert body == {
        "specversion": "1.0",
        "id": str(event.id),
        "source": "/v1/events",
        "type": "scenario.closed",
        "subject": f"scenario/{event.subject_id}",
        "time": "2026-03-02T01:00:00.000000Z",
        "datacontenttype": "application/json",
        "sequence": 1,
        "schemaversion": 1,
        "visibility": "public",
        "actor": "system",
        "ownerhash": owner,
        "data": {"scenario_id": str(event.subject_id), "closed_at": "2026-03-02T09:30:00.000Z"},
    }


@pytest.mark.postgres
async def test_several_processes_may_fan_out_at_once(house: House) -> None:
    """Each event becomes exactly one delivery per endpoint, however many tick together."""
    solver = await people.someone(house.database, Role.SOLVER)
    made = [await given.an_endpoint(house, solver, "scenario.closed") for _ in range(3)]
    for _ in range(30):
        await given.an_event(house)

    async def tick() -> int:
        done = 0
        for _ in range(20):
            async with house.database.writing() as session:
                done += await fanout.fan_out(session, now=house.clock.now(), limit=5)
        return done

    done = await asyncio.gather(*(tick() for _ in range(4)))

    counts = [len(await told(house, endpoint.row.id)) for endpoint in made]
    assert counts == [30, 30, 30]
    assert sum(done) >= 30
    assert await fan_out(house) == 0


async def test_a_paused_endpoint_is_still_owed_and_a_disabled_one_is_not(house: House) -> None:
    """A pause loses nothing; an address that is gone is not written to any more."""
    solver = await people.someone(house.database, Role.SOLVER)
    paused = await given.an_endpoint(house, solver, "scenario.closed")
    disabled = await given.an_endpoint(house, solver, "scenario.closed")
    async with house.database.writing() as session:
        await endpoints.pause(
            session, solver.actor, paused.row.id, expected_version=1, now=house.clock.now()
        )
        gone = await session.get_one(Endpoint, disabled.row.id)
        await endpoints.move_endpoint(
            session, gone, "disable", Why.GONE, by="system", now=house.clock.now()
        )
    await given.an_event(house)

    await fan_out(house)

    assert len(await told(house, paused.row.id)) == 1
    assert await told(house, disabled.row.id) == []


async def test_a_ping_reaches_only_the_endpoint_that_was_asked(house: House) -> None:
    """A test message is owed to one endpoint, and the fan-out leaves it alone."""
    solver = await people.someone(house.database, Role.SOLVER)
    pinged = await given.an_endpoint(house, solver, "webhook.pinged")
    other = await given.an_endpoint(house, solver, "webhook.pinged")
    async with house.database.writing() as session:
        await endpoints.ping(session, solver.actor, pinged.row.id, now=house.clock.now())

    await fan_out(house)

    async with house.database.reading() as session:
        found = await session.exec(select(Delivery.endpoint_id))
        assert found.all() == [pinged.row.id]
    assert other.row.id != pinged.row.id
