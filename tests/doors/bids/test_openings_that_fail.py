"""Openings that go wrong in the middle, over HTTP: all five bids are opened, or none is."""

from uuid import UUID

import httpx
import pytest
from sqlalchemy import text

from marketplace.bids.queries import bids as queries
from marketplace.kit.clock import FixedClock
from marketplace.kit.database import Database
from tests.doors.bids.test_opening_doors import a_call_to_open, request, shares_of, witness
from tests.given import bids as given
from tests.given.scenarios import Called
from tests.given.traces import everything

BIDS = 5
ABORTS = "BEGIN SELECT RAISE(ABORT, 'a fault'); END"
FAULT_SQLITE = "CREATE TRIGGER fault BEFORE UPDATE ON bid WHEN {third} " + ABORTS
FAULT_POSTGRES = (
    "CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS"
    " $$ BEGIN RAISE EXCEPTION 'a fault'; END $$",
    "CREATE TRIGGER fault BEFORE UPDATE ON bid FOR EACH ROW WHEN ({third}) EXECUTE FUNCTION fail()",
)


async def turn_a_byte(database: Database, bid_id: UUID) -> None:
    """Change one byte of a stored envelope; a second time it is what it was."""
    async with database.writing() as session:
        row = await queries.bid_version(session, bid_id, 1)
        changed = bytearray(row.sealed)
        changed[100] ^= 1
        row.sealed = bytes(changed)


async def run(database: Database, *statements: str) -> None:
    """Do something to the database as its administrator would."""
    async with database.writing() as session:
        for one in statements:
            await (await session.connection()).execute(text(one))


async def opened_whole(
    client: httpx.AsyncClient, call: Called, bids: list[given.Begun]
) -> list[str]:
    """Witness once more, and say what is not open or missing in the record; empty: all is well."""
    done = await witness(client, call, call.cast.supervisor)
    assert done.status_code == 200, done.text
    auditor = call.cast.auditor.headers
    record = (await client.get(f"/v1/scenarios/{call.id}/opening", headers=auditor)).json()
    named = {line["bid"] for line in record["bids"]}
    read = [(await client.get(f"/v1/bids/{bid.id}", headers=auditor)).json() for bid in bids]
    return [one["id"] for one in read if one["state"] != "opened" or one["id"] not in named]


@pytest.mark.postgres
async def test_a_changed_byte_of_the_third_of_five_opens_none_and_names_it(
    client: httpx.AsyncClient, database: Database, clock: FixedClock
) -> None:
    """Refused in both languages, every row as before; with the byte put right all are opened."""
    call, bids = await a_call_to_open(database, clock, bids=BIDS)
    await request(client, call, call.cast.officer)
    await turn_a_byte(database, bids[2].id)
    before = await everything(database)
    body = await shares_of(client, call, call.cast.supervisor)
    url = f"/v1/scenarios/{call.id}/opening/actions/witness"

    answers = {
        language: await client.post(
            url, json=body, headers=call.cast.supervisor.headers | {"Accept-Language": language}
        )
        for language in ("zh", "en")
    }

    for language, answer in answers.items():
        said = answer.json()
        assert (answer.status_code, said["code"]) == (409, "bids.seal_broken")
        assert said["bid_id"] == str(bids[2].id)
        assert said["title"].isascii() is (language == "en")
    assert await everything(database) == before
    await turn_a_byte(database, bids[2].id)
    assert await opened_whole(client, call, bids) == []


@pytest.mark.postgres
async def test_a_database_that_fails_at_the_third_of_five_opens_none(
    client: httpx.AsyncClient, database: Database, clock: FixedClock, engine: str
) -> None:
    """No row has changed; once the fault is gone, the same share opens all of them."""
    call, bids = await a_call_to_open(database, clock, bids=BIDS)
    await request(client, call, call.cast.officer)
    third = f"replace(CAST(NEW.id AS text), '-', '') = '{bids[2].id.hex}'"
    fault = (FAULT_SQLITE,) if engine == "sqlite" else FAULT_POSTGRES
    await run(database, *(one.format(third=third) for one in fault))
    before = await everything(database)

    failed = await witness(client, call, call.cast.supervisor)

    assert failed.status_code >= 500
    assert "fault" not in failed.text
    assert await everything(database) == before
    await run(database, "DROP TRIGGER fault" + ("" if engine == "sqlite" else " ON bid"))
    assert await opened_whole(client, call, bids) == []


@pytest.mark.postgres
async def test_a_wrong_or_borrowed_share_opens_nothing(
    client: httpx.AsyncClient, database: Database, clock: FixedClock
) -> None:
    """The witness with no share, and with the officer's: told so in both languages."""
    call, bids = await a_call_to_open(database, clock, bids=2)
    borrowed = await shares_of(client, call, call.cast.officer)
    await request(client, call, call.cast.officer)
    before = await everything(database)
    url = f"/v1/scenarios/{call.id}/opening/actions/witness"

    for body in ({"share": "AA"}, borrowed):
        for language in ("zh", "en"):
            headers = call.cast.supervisor.headers | {"Accept-Language": language}
            answer = await client.post(url, json=body, headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (422, "custody.share_wrong")
            assert answer.json()["title"].isascii() is (language == "en")

    assert await everything(database) == before
    assert await opened_whole(client, call, bids) == []
