"""Custodians over HTTP: keys, shares, passphrases, and publication without them."""

from typing import Any

import httpx
import pytest

from marketplace.client import sealing
from marketplace.identity.rules.access import Role
from marketplace.kit import envelopes
from marketplace.kit.clock import FixedClock
from marketplace.kit.database import Database
from tests.given import bids as given
from tests.given import custody
from tests.given.identity import Someone, someone
from tests.given.scenarios import (
    WINDOW,
    Cast,
    a_cast,
    a_published_call,
    an_approved_call,
    the_panel_seated,
)

PASSPHRASE = "seven lanterns under a quiet harbour"


async def registers(client: httpx.AsyncClient, who: Someone, **body: Any) -> httpx.Response:
    """Register a custody key."""
    return await client.post("/v1/custody-keys", json=body, headers=who.headers)


async def retires(client: httpx.AsyncClient, who: Someone, bureau: Someone) -> None:
    """Take away the live key of a custodian."""
    listed = await client.get(
        "/v1/custody-keys",
        params={"organization_id": str(bureau.organization_id)},
        headers=who.headers,
    )
    for one in listed.json()["items"]:
        if one["person_id"] == str(who.actor.person_id) and one["retired_at"] is None:
            url = f"/v1/custody-keys/{one['id']}/actions/retire"
            answer = await client.post(url, headers=who.headers)
            assert answer.status_code == 200, answer.text


async def a_cast_with_passphrases(client: httpx.AsyncClient, database: Database) -> Cast:
    """Both custodians have a browser only."""
    cast = await a_cast(database)
    for who in (cast.officer, cast.supervisor):
        await retires(client, who, cast.officer)
        answer = await registers(client, who, passphrase=f"{PASSPHRASE} {who.actor.person_id}")
        assert answer.status_code == 201, answer.text
        assert answer.json()["form"] == "locked"
    return cast


@pytest.mark.postgres
async def test_two_passphrases_open_and_a_wrong_one_does_not(
    client: httpx.AsyncClient, database: Database, clock: FixedClock
) -> None:
    """Registered, used and refused over HTTP; the refusal says nothing about the right one."""
    cast = await a_cast_with_passphrases(client, database)
    call = await a_published_call(database, clock, cast=cast)
    bid = await given.a_sealed_bid(database, clock, call)
    await the_panel_seated(database, clock, call)
    await given.the_deadline_passed(database, clock, call)
    url = f"/v1/scenarios/{call.id}/opening"

    async def released(who: Someone, place: str, words: str) -> httpx.Response:
        return await client.post(place, json={"passphrase": words}, headers=who.headers)

    officer, supervisor = cast.officer, cast.supervisor
    wrong = await released(officer, url, f"{PASSPHRASE} and something else")
    other = await released(officer, url, f"{PASSPHRASE} {supervisor.actor.person_id}")
    first = await released(officer, url, f"{PASSPHRASE} {officer.actor.person_id}")
    second = await released(
        supervisor, f"{url}/actions/witness", f"{PASSPHRASE} {supervisor.actor.person_id}"
    )
    read = await client.get(f"/v1/bids/{bid.id}", headers=cast.auditor.headers)

    assert (wrong.status_code, wrong.json()["code"]) == (409, "passphrases.wrong")
    assert (other.status_code, other.json()["code"]) == (409, "passphrases.wrong")
    assert (first.status_code, second.status_code) == (201, 200), second.text
    assert read.json()["offer"]["quote_fen"] == given.QUOTE_FEN


@pytest.mark.parametrize(
    "passphrase", ["short", "aaaaaaaaaaaaaaaaaaaaaaaa", "1234567812345678", "passwordpassword1234"]
)
async def test_a_weak_passphrase_is_refused(
    client: httpx.AsyncClient, database: Database, passphrase: str
) -> None:
    """Whoever has a copy has time to guess."""
    officer = await someone(database, Role.BUREAU_OFFICER)

    answer = await registers(client, officer, passphrase=passphrase)

    assert (answer.status_code, answer.json()["code"]) == (422, "custody.passphrase_weak")


async def test_every_custodian_has_a_pair_of_ones_own(
    client: httpx.AsyncClient, database: Database
) -> None:
    """One live key a person and bureau; nobody registers somebody else's, or what is no key."""
    cast = await a_cast(database)
    bureau = str(cast.officer.organization_id)
    watcher = await someone(database, Role.SUPERVISOR)
    taken = envelopes.to_text(envelopes.public_of(custody.private_key_of(cast.officer)))
    own = envelopes.to_text(custody.RECOVERY_PUBLIC)

    again = await registers(client, cast.officer, public_key=own)
    borrowed = await registers(client, watcher, public_key=taken, organization_id=bureau)
    small_order = await registers(client, watcher, public_key="0" * 64, organization_id=bureau)
    both = await registers(client, watcher, public_key=own, passphrase=PASSPHRASE)
    right = await registers(client, watcher, public_key=own, organization_id=bureau)

    assert again.json()["code"] == "custody.key_registered_already"
    assert borrowed.json()["code"] == "custody.key_taken"
    assert small_order.json()["code"] == "envelopes.key_unfit"
    assert both.status_code == 400 and right.status_code == 201, right.text
    assert (right.json()["side"], right.json()["organization_id"]) == ("supervisor", bureau)
    assert right.json()["member_of"] == str(watcher.organization_id)


@pytest.mark.parametrize("missing", ["officer", "supervisor"])
async def test_without_two_custodians_nothing_is_published(
    client: httpx.AsyncClient, database: Database, clock: FixedClock, missing: str
) -> None:
    """Neither by hand nor at a set time, and the call foretells it; with a new key it is."""
    call = await an_approved_call(database, clock)
    cast, url = call.cast, f"/v1/scenarios/{call.id}"
    await retires(client, getattr(cast, missing), cast.officer)
    deadline = (clock.now() + 2 * WINDOW).isoformat()
    at = (clock.now() + WINDOW).isoformat()

    async def asked(verb: str, **body: str) -> httpx.Response:
        read = await client.get(url, headers=cast.approver.headers)
        headers = cast.approver.headers | {"If-Match": read.headers["etag"]}
        return await client.post(f"{url}/actions/{verb}", json=body, headers=headers)

    foretold = (await client.get(url, headers=cast.approver.headers)).json()["actions"]["blocked"]
    refused = await asked("publish", bid_deadline_at=deadline)
    scheduled = await asked("schedule", publish_at=at, bid_deadline_at=deadline)
    bureau = str(cast.officer.organization_id)
    key = envelopes.to_text(custody.RECOVERY_PUBLIC)
    await registers(client, getattr(cast, missing), public_key=key, organization_id=bureau)
    published = await asked("publish", bid_deadline_at=deadline)

    codes = {one["action"]: one["code"] for one in foretold}
    assert codes["publish"] == codes["schedule"] == "custody.custodians_missing"
    for answer in (refused, scheduled):
        assert (answer.status_code, answer.json()["code"]) == (409, "custody.custodians_missing")
        assert answer.json()["missing"] == [missing]
    assert published.status_code == 200, published.text


async def test_custody_is_shown_to_those_who_open_and_oversee_and_counts_nothing(
    client: httpx.AsyncClient, database: Database, clock: FixedClock
) -> None:
    """The same bytes with no bid and with two; each custodian opens the own share at home."""
    call = await a_published_call(database, clock)
    url, cast = f"/v1/scenarios/{call.id}/custody", call.cast

    async def read(who: Someone) -> httpx.Response:
        return await client.get(url, headers=who.headers)

    before = [await read(who) for who in (cast.officer, cast.supervisor, cast.auditor)]
    for _ in range(2):
        await given.a_sealed_bid(database, clock, call)
    after = [await read(who) for who in (cast.officer, cast.supervisor, cast.auditor)]
    solver = await someone(database, Role.SOLVER)

    assert [one.content for one in before] == [one.content for one in after]
    for who, answer in zip((cast.officer, cast.supervisor), before[:2], strict=True):
        share = sealing.open_share(answer.json(), private_key=custody.private_key_of(who))
        assert custody.bytes_of(share) == await custody.the_share(database, call.id, who)
    assert before[2].json()["own_shares"] == []
    assert before[0].json()["has_recovery"] is False
    for stranger in (cast.poster, solver):
        assert (await read(stranger)).status_code == 403
