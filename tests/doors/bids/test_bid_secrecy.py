"""Before the opening nobody but the bidder can tell whether there is a bid, or how many.

Everything anybody can ask about a call is asked before a bid exists and again when there are
several, in every state a bid can have by then.  Same status, same headers, same bytes.
"""

import hashlib
from typing import Any, Final

import httpx
import pytest
from sqlmodel import select

from marketplace.events.rules.envelope import Visibility
from marketplace.events.rules.hearing import Hearer, Said, may_hear
from marketplace.events.tables import EventRow
from marketplace.house import House
from marketplace.identity.rules.access import Role
from marketplace.kit.clock import FixedClock
from marketplace.kit.database import Database
from marketplace.scenarios import jobs
from tests.doors.bids.asking import ask, seal
from tests.given import bids as given
from tests.given.amending import amend
from tests.given.identity import Someone, someone
from tests.given.scenarios import WINDOW, Called, a_content, a_published_call
from tests.given.traces import bytes_on_disk

SECRET: Final = "一句只出现在密封方案里的话:深海的鲸鱼记得每一盏灯"
QUOTE_FEN: Final = 48_372_619_053_7
UNKNOWN: Final = "01890000-0000-7000-8000-000000000000"

Seen = dict[tuple[str, str], tuple[int, dict[str, str], bytes]]


async def the_public(database: Database, call: Called) -> dict[str, Someone | None]:
    """Everybody who is not a bidder."""
    cast = call.cast
    return {
        "nobody": None,
        "another solver": await someone(database, Role.SOLVER),
        "another poster": await someone(database, Role.POSTER),
        "the poster": cast.poster,
        "the officer": cast.officer,
        "the approver": cast.approver,
        "the supervisor": cast.supervisor,
        "the auditor": cast.auditor,
    }


async def seen(client: httpx.AsyncClient, call: Called, who: dict[str, Someone | None]) -> Seen:
    """Everything each of them can read about the call, header by header and byte by byte."""
    url = f"/v1/scenarios/{call.id}"
    places = [url, f"{url}/bids", f"{url}/bids?limit=1", f"{url}/opening", f"{url}/versions"]
    found: Seen = {}
    for name, person in who.items():
        for place in [*places, f"{url}/lint", "/v1/scenarios", f"/v1/bids/{UNKNOWN}"]:
            headers = {} if person is None else person.headers
            answer = await client.get(place, headers=headers)
            told = {key: value for key, value in answer.headers.items() if key != "x-request-id"}
            found[name, place] = (answer.status_code, told, answer.content)
    return found


async def several_bids(
    client: httpx.AsyncClient, database: Database, clock: FixedClock, call: Called
) -> list[given.Begun]:
    """A draft, a withdrawn one, and three sealed ones, one of them replaced."""
    draft = await given.a_draft_bid(database, clock, call)
    withdrawn = await given.a_sealed_bid(database, clock, call)
    assert (await ask(client, withdrawn, "withdraw")).status_code == 200
    sealed = [await given.a_sealed_bid(database, clock, call) for _ in range(3)]
    assert (await seal(client, sealed[0], verb="replace", quote_fen=1)).status_code == 200
    return [draft, withdrawn, *sealed]


@pytest.mark.postgres
async def test_nothing_anybody_reads_changes_when_bids_come(
    client: httpx.AsyncClient, database: Database, clock: FixedClock
) -> None:
    """Lists, details, ETags, the opening: the same with no bid and with five."""
    call = await a_published_call(database, clock)
    who = await the_public(database, call)
    before = await seen(client, call, who)

    await several_bids(client, database, clock, call)

    assert await seen(client, call, who) == before


async def test_nothing_changes_from_the_deadline_to_the_opening(
    client: httpx.AsyncClient, database: Database, clock: FixedClock
) -> None:
    """A call with no bids and one with five close alike: only ids, numbers and digests differ."""
    calls = [await a_published_call(database, clock) for _ in range(2)]
    await several_bids(client, database, clock, calls[1])
    clock.advance(WINDOW)
    await jobs.close_due_calls(database, clock)

    found = []
    for call in calls:
        who = await the_public(database, call)
        told = await seen(client, call, who)
        found.append(
            {
                (name, place.replace(str(call.id), "?")): (status, len(body))
                for (name, place), (status, _, body) in told.items()
                if place != "/v1/scenarios"
            }
        )

    assert found[0] == found[1]


async def test_an_amendment_answers_alike(
    client: httpx.AsyncClient, database: Database, clock: FixedClock
) -> None:
    """Asking five bidders to reconfirm looks like asking none; nor does the call show it."""
    calls = [await a_published_call(database, clock) for _ in range(2)]
    await several_bids(client, database, clock, calls[1])
    answers = []

    for call in calls:
        url = f"/v1/scenarios/{call.id}"
        answer = await amend(client, call.cast, url, a_content(problem={"zh": "澄清"}))
        body = answer.json()
        for name in ("id", "number", "batch_id", "poster", "end_user_id", "bundle_sha256"):
            del body[name]
        etag = answer.headers["etag"].partition(".")[0]
        answers.append((answer.status_code, etag, body))

    assert answers[0] == answers[1]


async def test_a_bid_of_somebody_else_is_like_no_bid(
    client: httpx.AsyncClient, database: Database, clock: FixedClock
) -> None:
    """Whoever guesses an id learns nothing: every address answers as for an unknown one."""
    call = await a_published_call(database, clock)
    bid = await given.a_sealed_bid(database, clock, call)
    keyed = {"If-Match": '"v2.0123456789abcdef"', "Idempotency-Key": "guess"}

    async def told(bid_id: object, person: Someone | None) -> list[tuple[int, dict[str, Any]]]:
        headers = keyed | ({} if person is None else person.headers)
        url, answers = f"/v1/bids/{bid_id}", []
        for place in ("", "/receipt"):
            answers.append(await client.get(f"{url}{place}", headers=headers))
        for verb in ("withdraw", "reconfirm"):
            answers.append(await client.post(f"{url}/actions/{verb}", headers=headers))
        offer = given.an_offer_body()
        for verb in ("submit", "replace"):
            place = f"{url}/actions/{verb}"
            answers.append(await client.post(place, json=offer, headers=headers))
        checked = {"items": [{"code": "legal_person", "passed": True}]}
        answers.append(await client.post(f"{url}/eligibility", json=checked, headers=headers))
        facts = [
            {
                key: value
                for key, value in answer.json().items()
                if key not in {"instance", "bid_id"}
            }
            for answer in answers
        ]
        return [(one.status_code, fact) for one, fact in zip(answers, facts, strict=True)]

    for name, person in (await the_public(database, call)).items():
        assert await told(bid.id, person) == await told(UNKNOWN, person), name


async def test_events_of_bids_belong_to_their_bidder_alone(
    client: httpx.AsyncClient, database: Database, clock: FixedClock
) -> None:
    """Whatever is said when bids come is told to the bidder, not even to the bureau."""
    call = await a_published_call(database, clock)
    async with database.reading() as session:
        before = {row.id for row in (await session.exec(select(EventRow))).all()}

    bids = await several_bids(client, database, clock, call)

    async with database.reading() as session:
        rows = (await session.exec(select(EventRow))).all()
    # New bidders register first; that they exist says nothing about a call.
    arrivals = {"organization", "api_key"}
    said = [row for row in rows if row.id not in before and row.subject_type not in arrivals]
    assert {row.type for row in said} == {"bid.submitted", "bid.moved"}
    assert {row.visibility for row in said} == {Visibility.SEALED}
    assert {row.organization_id for row in said} <= {bid.solver.organization_id for bid in bids}
    assert {row.subject_id for row in said} <= {bid.id for bid in bids}
    bureau = Hearer(organization_id=call.cast.officer.organization_id, hears_all=True)
    for row in said:
        heard = Said(
            visibility=row.visibility,
            organization_id=row.organization_id,
            participants=frozenset({bid.solver.organization_id for bid in bids}),
        )
        assert not may_hear(bureau, heard)
        assert "quote" not in str(row.data) and "salt" not in str(row.data)


async def test_the_database_file_holds_no_secret_of_a_sealed_bid(
    client: httpx.AsyncClient, house: House, clock: FixedClock
) -> None:
    """Neither quote nor summary, neither salt nor a digest they could be guessed against.

    After the opening the same search finds the offer: it does look in the right place.
    """
    call = await a_published_call(house.database, clock)
    bid = await given.a_draft_bid(house.database, clock, call)
    etag = (await client.get(f"/v1/bids/{bid.id}", headers=bid.solver.headers)).headers["etag"]
    url = f"/v1/bids/{bid.id}/actions/submit"
    headers = bid.solver.headers | {"If-Match": etag, "Idempotency-Key": "sealed"}
    offer = given.an_offer_body(quote_fen=QUOTE_FEN, summary=SECRET)

    sealed = await client.post(url, json=offer, headers=headers)
    before = bytes_on_disk(house.database)
    await given.the_deadline_passed(house.database, clock, call)
    await given.the_opening(house.database, clock, call, keeper=house.keeper)
    after = bytes_on_disk(house.database)

    assert sealed.status_code == 200, sealed.text
    salt = sealed.json()["receipt"]["salt"]
    asked = f"POST {url} {etag}\n".encode() + sealed.request.content
    secrets = {
        "the quote as text": str(QUOTE_FEN).encode(),
        "the quote as a number": QUOTE_FEN.to_bytes(6, "big"),
        "the summary": SECRET.encode(),
        "the summary, escaped": SECRET.encode("ascii", "backslashreplace"),
        "the salt": salt.encode(),
        "the salt as bytes": bytes.fromhex(salt),
        "a plain digest of the request": hashlib.sha256(asked).hexdigest().encode(),
        "a plain digest of its body": hashlib.sha256(sealed.request.content).hexdigest().encode(),
    }
    assert [name for name, secret in secrets.items() if secret in before] == []
    assert secrets["the quote as text"] in after
    assert secrets["the quote as a number"] in after
    assert secrets["the summary"] in after
    assert secrets["the salt"] not in after
