"""Reading what was said over HTTP: pages, waiting, the live stream, proofs, both documents."""

import asyncio
import hashlib
import json
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy.event import listen

from marketplace.events.rules import merkle
from marketplace.events.rules.envelope import Visibility
from marketplace.feed import jobs
from marketplace.house import House
from marketplace.identity.actions import keys
from marketplace.identity.rules.access import Role
from marketplace.kit import signing
from marketplace.kit.ids import new_id
from tests.given.events import a_log, numbered, said
from tests.given.identity import Someone, someone
from tests.given.servers import serving


async def read(client: httpx.AsyncClient, who: Someone, **params: Any) -> httpx.Response:
    """Ask for a page of the feed, of what the tests say unless something else is asked for."""
    wanted = {"type": "test.said", **params}
    return await client.get("/v1/events", params=wanted, headers=who.headers)


async def say(house: House, **facts: Any) -> UUID:
    """Something that was said, numbered, and heard by whoever waits."""
    async with house.database.writing() as session:
        row = await said(session, new_id(), **facts)
    await numbered(house.database)
    house.bell.ring()
    return row.id


@pytest.mark.postgres
async def test_a_reader_goes_on_where_it_stopped(client: httpx.AsyncClient, house: House) -> None:
    """Two pages and an empty one, which gives a place as well; then the next thing that is said."""
    rows = await a_log(house.database, things=1, each=3)
    reader = await someone(house.database, Role.SOLVER)

    first = (await read(client, reader, limit=2)).json()
    second = (await read(client, reader, limit=2, after=first["next_cursor"])).json()
    nothing = (await read(client, reader, after=second["next_cursor"])).json()
    later = await say(house)
    more = (await read(client, reader, after=nothing["next_cursor"])).json()

    heard = [one["id"] for one in first["items"] + second["items"]]
    assert heard == [str(row.id) for row in rows]
    assert nothing["items"] == []
    assert [one["id"] for one in more["items"]] == [str(later)]


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"after": "1"}, "paging.cursor_unreadable"),
        ({"type": "Bid.*"}, "feed.filter_unusable"),
        ({"subject": "bid"}, "feed.subject_unusable"),
    ],
)
async def test_an_odd_wish_is_refused(
    client: httpx.AsyncClient, house: House, params: dict[str, str], code: str
) -> None:
    """A made-up place, a filter that could match nothing, a subject without an id."""
    reader = await someone(house.database, Role.SOLVER)
    found = await read(client, reader, **params)
    assert (found.status_code, found.json()["code"]) == (400, code)


async def test_whose_events_others_are_is_told_to_nobody(
    client: httpx.AsyncClient, house: House
) -> None:
    """A filter by owner would tell whose a public event is: it works for one's own."""
    solver, other = [await someone(house.database, Role.SOLVER) for _ in range(2)]
    auditor = await someone(house.database, Role.AUDITOR)
    await say(house, organization_id=other.organization_id)

    asked = {"organization_id": str(other.organization_id)}
    assert (await read(client, solver, **asked)).status_code == 403
    assert len((await read(client, other, **asked)).json()["items"]) == 1
    assert len((await read(client, auditor, **asked)).json()["items"]) == 1


async def test_a_place_does_not_count_what_one_may_not_hear(
    client: httpx.AsyncClient, house: House
) -> None:
    """Ten sealed things happen: the reader's page looks as if nothing had."""
    reader, bidder = [await someone(house.database, Role.SOLVER) for _ in range(2)]
    before = (await read(client, reader)).json()
    for _ in range(10):
        await say(house, visibility=Visibility.SEALED, organization_id=bidder.organization_id)
    after = (await read(client, reader, after=before["next_cursor"])).json()

    assert after["items"] == []
    assert len(after["next_cursor"]) == len(before["next_cursor"])


async def test_whoever_waits_hears_it_when_it_is_said(
    client: httpx.AsyncClient, house: House
) -> None:
    """A long poll ends with the thing it waited for, and long before its time is over."""
    reader = await someone(house.database, Role.SOLVER)
    place = (await read(client, reader)).json()["next_cursor"]
    waiting = asyncio.create_task(read(client, reader, after=place, wait=30))
    await asyncio.sleep(0.2)
    assert not waiting.done()
    told = await say(house)

    found = (await asyncio.wait_for(waiting, timeout=10)).json()
    assert [one["id"] for one in found["items"]] == [str(told)]


async def test_waiting_for_nothing_ends_in_time(client: httpx.AsyncClient, house: House) -> None:
    """Nothing is said: the answer comes when the time is over, and is empty."""
    reader = await someone(house.database, Role.SOLVER)
    place = (await read(client, reader)).json()["next_cursor"]
    found = await asyncio.wait_for(read(client, reader, after=place, wait=1), timeout=10)
    assert (found.status_code, found.json()["items"]) == (200, [])


async def test_a_stream_ends_when_its_key_is_revoked(house: House) -> None:
    """What is said afterwards is not heard any more."""
    reader = await someone(house.database, Role.SOLVER)
    heard: list[str] = []
    async with (
        serving(house) as port,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30) as client,
        client.stream("GET", "/v1/events/stream?type=test.said", headers=reader.headers) as stream,
    ):
        lines = stream.aiter_lines()
        assert (await anext(lines)).startswith(":")
        await say(house, note="before")
        async for line in lines:
            if line.startswith("data: {"):
                heard.append(json.loads(line.removeprefix("data: "))["data"]["note"])
                break
        async with house.database.writing() as session:
            assert reader.actor.key_id is not None
            await keys.revoke_key(session, reader.actor, reader.actor.key_id, now=house.clock.now())
        await say(house, note="after")
        heard += [line async for line in lines if line.startswith("data: {")]

    assert heard == ["before"]


@pytest.mark.postgres
async def test_a_proof_leads_from_the_bytes_one_was_told_to_a_signature(
    client: httpx.AsyncClient, house: House
) -> None:
    """Checked here by hand, as docs/verifying-events.md says."""
    rows = await a_log(house.database)
    reader = await someone(house.database, Role.SOLVER)
    address = f"/v1/events/{rows[4].id}"
    early = await client.get(f"{address}/proof", headers=reader.headers)
    assert (early.status_code, early.json()["code"]) == (409, "feed.not_vouched_for_yet")

    await jobs.close_checkpoints(house.database, house.keeper, house.clock)
    told = (await client.get(address, headers=reader.headers)).content
    proof = (await client.get(f"{address}/proof", headers=reader.headers)).json()
    listed = (await client.get("/v1/signing-keys")).json()

    assert hashlib.sha256(told).hexdigest() == proof["event_sha256"]
    root = merkle.root_by_proof(
        hashlib.sha256(b"\0" + bytes.fromhex(proof["event_sha256"])).digest(),
        index=proof["leaf_index"],
        size=proof["leaves"],
        path=[bytes.fromhex(one) for one in proof["path"]],
    )
    checkpoint = proof["checkpoint"]
    document = json.loads(checkpoint["document"])
    assert root is not None
    assert (root.hex(), proof["leaves"]) == (document["root_sha256"], document["leaves"])
    key = next(one for one in listed["items"] if one["key_id"] == checkpoint["key_id"])
    signing.verify(
        checkpoint["document"].encode(),
        signing.from_text(checkpoint["signature"]),
        public_key=signing.from_text(key["public_key"]),
    )
    latest = (await client.get("/v1/event-checkpoints/latest")).json()
    page = (await client.get("/v1/event-checkpoints")).json()
    assert latest == checkpoint == page["items"][-1]


async def test_what_one_may_not_hear_does_not_exist(
    client: httpx.AsyncClient, house: House
) -> None:
    """Neither the event nor its proof tells that there is one."""
    solver, other = [await someone(house.database, Role.SOLVER) for _ in range(2)]
    sealed = await say(house, visibility=Visibility.SEALED, organization_id=other.organization_id)
    for address in (f"/v1/events/{sealed}", f"/v1/events/{sealed}/proof"):
        found = await client.get(address, headers=solver.headers)
        assert (found.status_code, found.json()["code"]) == (404, "feed.event_unknown")


async def test_checkpoints_come_every_five_minutes_and_not_for_nothing(house: House) -> None:
    """The first at once, the next when it is time and something was said."""
    await a_log(house.database)
    made = [await jobs.close_checkpoints(house.database, house.keeper, house.clock)]
    await a_log(house.database)
    made.append(await jobs.close_checkpoints(house.database, house.keeper, house.clock))
    house.clock.advance(jobs.actions.EVERY)  # type: ignore[attr-defined]  # the clock of tests
    made += [
        await jobs.close_checkpoints(house.database, house.keeper, house.clock) for _ in range(2)
    ]
    assert made == [1, 0, 1, 0]


async def test_both_documents_name_every_event(client: httpx.AsyncClient) -> None:
    """The list and the AsyncAPI document, each with words and fields."""
    types = (await client.get("/v1/event-types")).json()
    document = (await client.get("/schema/asyncapi.json")).json()

    assert document["asyncapi"] == "3.0.0"
    named = {one["type"] for one in types if not one["type"].startswith("test.")}
    assert {"scenario.published", "bids.opened", "webhook.pinged"} <= named
    assert named <= set(document["components"]["messages"])
    assert all(one["description"] and one["data"]["properties"] for one in types)


@pytest.mark.postgres
async def test_a_stream_that_is_broken_off_costs_no_connection(house: House) -> None:
    """Thirty readers hang up in the middle: what the pool has lent comes back each time."""
    await a_log(house.database, things=20, each=20)
    reader = await someone(house.database, Role.AUDITOR)
    made: list[object] = []
    listen(house.database.engine.sync_engine, "connect", lambda *new: made.append(new))

    async with (
        serving(house) as port,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", headers=reader.headers) as client,
    ):
        first = (await client.get("/v1/events", params={"limit": 1})).json()
        for most in range(30):
            headers = {"Last-Event-ID": first["next_cursor"]}
            async with client.stream("GET", "/v1/events/stream", headers=headers) as stream:
                assert stream.status_code == 200, "a place of those who hung up was kept"
                heard = 0
                async for _ in stream.aiter_lines():
                    heard += 1
                    if heard > most:
                        break

    assert len(made) <= 5
