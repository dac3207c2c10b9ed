"""Bidders who seal at home, and bidders who read what they sealed, over HTTP."""

import json
from typing import Any

import httpx
import pytest

from marketplace.bids.actions import receipts
from marketplace.client import sealing
from marketplace.house import House
from marketplace.identity.rules.access import Role
from marketplace.kit import envelopes, signing
from marketplace.kit.clock import FixedClock
from marketplace.kit.database import Database
from marketplace.kit.digests import canonical_json, sha256_hex
from marketplace.kit.errors import MarketplaceError
from tests.given import bids as given
from tests.given import custody
from tests.given.identity import Someone, someone
from tests.given.scenarios import Called, a_published_call, the_panel_seated

READING_KEY = custody.RECOVERY_PRIVATE
READING_PUBLIC = custody.RECOVERY_PUBLIC


async def begun(
    client: httpx.AsyncClient, call: Called, solver: Someone, **body: object
) -> httpx.Response:
    """A bid, begun over HTTP."""
    headers = solver.headers | {"Idempotency-Key": "begin"}
    return await client.post(f"/v1/scenarios/{call.id}/bids", json=body, headers=headers)


async def sent(
    client: httpx.AsyncClient, solver: Someone, bid_id: str, body: Any, *, verb: str
) -> httpx.Response:
    """Something sealed, sent with the ETag of a fresh read."""
    read = await client.get(f"/v1/bids/{bid_id}", headers=solver.headers)
    headers = {"If-Match": read.headers["etag"], "Idempotency-Key": f"key-{verb}"}
    return await client.post(
        f"/v1/bids/{bid_id}/actions/{verb}", json=body, headers=solver.headers | headers
    )


async def sealed_at_home(
    client: httpx.AsyncClient, call: Called, solver: Someone, offer: dict[str, Any]
) -> tuple[str, sealing.SealedOffer]:
    """An offer that the bidder's own client sealed and sent; with the id of its bid."""
    text = envelopes.to_text(READING_PUBLIC)
    bid_id = (await begun(client, call, solver, reading_public_key=text)).json()["id"]
    key = await client.get(f"/v1/scenarios/{call.id}/sealing-key", headers=solver.headers)
    made = sealing.seal_offer(
        offer,
        bid_id=bid_id,
        sealing_key=envelopes.from_text(key.json()["public_key"]),
        reading_key=READING_PUBLIC,
    )
    answer = await sent(client, solver, bid_id, made.request, verb="submit-sealed")
    assert answer.status_code == 200, answer.text
    return bid_id, made


async def opened_together(database: Database, clock: FixedClock, call: Called) -> None:
    """The deadline, and both custodians."""
    await given.the_deadline_passed(database, clock, call)
    await given.the_opening(database, clock, call)


class TestAtHome:
    """The platform sees the offer when everybody does."""

    @pytest.mark.postgres
    async def test_an_offer_sealed_at_home_is_opened_byte_for_byte(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """Beside one that the platform sealed; the receipt has the bidder's own digests."""
        call = await a_published_call(database, clock)
        solver = await someone(database, Role.SOLVER)
        other = await given.a_sealed_bid(database, clock, call)
        bid_id, made = await sealed_at_home(client, call, solver, given.an_offer_body())
        receipt = await client.get(f"/v1/bids/{bid_id}/receipt", headers=solver.headers)

        await opened_together(database, clock, call)

        auditor = call.cast.auditor.headers
        read = (await client.get(f"/v1/bids/{bid_id}", headers=auditor)).json()
        record = (await client.get(f"/v1/scenarios/{call.id}/opening", headers=auditor)).json()
        lines = {line["bid"]: line for line in record["bids"]}
        assert read["offer"] == given.an_offer_body() | {"currency": "CNY"}
        assert read["state"] == "opened"
        assert receipt.json()["content_sha256"] == sha256_hex(made.kept)
        assert receipt.json()["sealed_by"] == "bidder"
        assert lines[bid_id]["content_sha256"] == sha256_hex(made.kept)
        assert lines[bid_id]["sealed_by"] == "bidder"
        assert lines[str(other.id)]["sealed_by"] == "platform"

    @pytest.mark.parametrize(
        ("changes", "excluded"),
        [
            ({"quote_fen": None}, "quote_missing"),
            ({"quote_fen": 0}, "quote_not_positive"),
            ({"declarations": []}, "declaration_missing"),
            ({"quote_fen": "12"}, "offer_unreadable"),
            ({"unknown": 1}, "offer_unreadable"),
            ({"summary": "\u0000"}, "offer_unreadable"),
        ],
    )
    async def test_what_would_not_have_been_admitted_is_out_and_stops_nobody(
        self,
        client: httpx.AsyncClient,
        database: Database,
        clock: FixedClock,
        changes: dict[str, Any],
        excluded: str,
    ) -> None:
        """Opened and excluded, with the reason in both languages; the other bid is opened."""
        call = await a_published_call(database, clock)
        solver = await someone(database, Role.SOLVER)
        other = await given.a_sealed_bid(database, clock, call)
        bid_id, _ = await sealed_at_home(client, call, solver, given.an_offer_body(**changes))

        await opened_together(database, clock, call)

        found = (await client.get(f"/v1/bids/{bid_id}", headers=solver.headers)).json()
        others = await client.get(f"/v1/bids/{other.id}", headers=other.solver.headers)
        assert (found["state"], found["exclusion"]["code"]) == ("non_responsive", excluded)
        assert found["exclusion"]["reason"]["zh"] and found["exclusion"]["reason"]["en"]
        assert others.json()["state"] == "opened"

    @pytest.mark.parametrize("fault", ["digest", "context", "no json"])
    async def test_what_cannot_be_opened_is_out_and_stops_nobody(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock, fault: str
    ) -> None:
        """A wrong digest inside, an envelope made for another bid, and plain nonsense."""
        call = await a_published_call(database, clock)
        solver = await someone(database, Role.SOLVER)
        other = await given.a_sealed_bid(database, clock, call)
        text = envelopes.to_text(READING_PUBLIC)
        bid_id = (await begun(client, call, solver, reading_public_key=text)).json()["id"]
        key = await client.get(f"/v1/scenarios/{call.id}/sealing-key", headers=solver.headers)
        inside = b"nonsense" if fault == "no json" else canonical_json({"offer": {}, "salt": "x"})
        place = "somewhere else" if fault == "context" else f"bid/{bid_id}/offer"
        envelope = envelopes.close(
            inside,
            recipients=(envelopes.from_text(key.json()["public_key"]), READING_PUBLIC),
            context=place.encode(),
        )
        body = {
            "envelope": signing.to_text(envelope),
            "sealed_sha256": sha256_hex(envelope),
            "content_sha256": "0" * 64 if fault == "digest" else sha256_hex(inside),
        }
        taken = await sent(client, solver, bid_id, body, verb="submit-sealed")

        await opened_together(database, clock, call)

        found = (await client.get(f"/v1/bids/{bid_id}", headers=solver.headers)).json()
        others = await client.get(f"/v1/bids/{other.id}", headers=other.solver.headers)
        code = "offer_digest_differs" if fault == "digest" else "offer_unreadable"
        assert taken.status_code == 200, taken.text
        assert (found["state"], found["exclusion"]["code"]) == ("non_responsive", code)
        assert (found["offer"], others.json()["state"]) == (None, "opened")

    async def test_an_envelope_for_other_keys_or_in_pieces_is_refused_at_once(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """Closed for one key only, for a stranger as well, cut off, or with another digest."""
        call = await a_published_call(database, clock)
        solver = await someone(database, Role.SOLVER)
        text = envelopes.to_text(READING_PUBLIC)
        bid_id = (await begun(client, call, solver, reading_public_key=text)).json()["id"]
        key = await client.get(f"/v1/scenarios/{call.id}/sealing-key", headers=solver.headers)
        lockbox = envelopes.from_text(key.json()["public_key"])
        stranger = envelopes.new_pair()[1]
        context = f"bid/{bid_id}/offer".encode()

        def closed(*recipients: bytes) -> bytes:
            return envelopes.close(b"{}", recipients=recipients, context=context)

        whole = closed(lockbox, READING_PUBLIC)
        unfit = [
            closed(lockbox),
            closed(READING_PUBLIC),
            closed(lockbox, READING_PUBLIC, stranger),
            closed(lockbox, stranger),
            whole[:100],
            b"plain text",
        ]
        for envelope in unfit:
            body = {
                "envelope": signing.to_text(envelope),
                "sealed_sha256": sha256_hex(envelope),
                "content_sha256": "0" * 64,
            }
            answer = await sent(client, solver, bid_id, body, verb="submit-sealed")
            assert (answer.status_code, answer.json()["code"]) == (422, "bids.envelope_unfit")
        body = {"envelope": signing.to_text(whole), "sealed_sha256": "1" * 64}
        body["content_sha256"] = "0" * 64
        answer = await sent(client, solver, bid_id, body, verb="submit-sealed")
        assert (answer.status_code, answer.json()["code"]) == (422, "bids.envelope_digest_wrong")


class TestReading:
    """One's own offer, with one's own key."""

    async def test_until_the_deadline_and_again_after_the_opening(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """With the key that was shown once; in between not even the bidder reads it."""
        call = await a_published_call(database, clock)
        solver = await someone(database, Role.SOLVER)
        made = (await begun(client, call, solver)).json()
        bid_id, key = made["id"], {"reading_key": made["reading_key"]}
        taken = await sent(client, solver, bid_id, given.an_offer_body(), verb="submit")
        url = f"/v1/bids/{bid_id}"

        async def asked() -> tuple[httpx.Response, httpx.Response]:
            read = await client.post(f"{url}/actions/read", json=key, headers=solver.headers)
            return read, await client.get(f"{url}/sealed", headers=solver.headers)

        read, fetched = await asked()
        await the_panel_seated(database, clock, call)
        await given.the_deadline_passed(database, clock, call)
        between = await asked()
        await given.the_opening(database, clock, call)
        again, _ = await asked()

        assert read.json()["content"]["offer"] == given.an_offer_body()
        assert read.json()["content"]["salt"] == taken.json()["receipt"]["salt"]
        assert read.headers["cache-control"] == "no-store"
        assert fetched.headers["cache-control"] == "no-store"
        own = sealing.read_offer(
            fetched.json(), private_key=envelopes.from_text(made["reading_key"])
        )
        assert json.loads(own) == read.json()["content"]
        for answer in between:
            assert (answer.status_code, answer.json()["code"]) == (409, "bids.sealed_until_opening")
        assert again.json()["content"] == read.json()["content"]

    async def test_another_key_reads_nothing(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """Refused without a word about what is inside; and another bidder finds no bid."""
        call = await a_published_call(database, clock)
        solver, rival = [await someone(database, Role.SOLVER) for _ in range(2)]
        bid_id = (await begun(client, call, solver)).json()["id"]
        await sent(client, solver, bid_id, given.an_offer_body(), verb="submit")
        url, key = f"/v1/bids/{bid_id}", {"reading_key": envelopes.to_text(READING_KEY)}

        wrong = await client.post(f"{url}/actions/read", json=key, headers=solver.headers)
        foreign = await client.post(f"{url}/actions/read", json=key, headers=rival.headers)
        fetched = await client.get(f"{url}/sealed", headers=rival.headers)

        assert (wrong.status_code, wrong.json()["code"]) == (409, "envelopes.cannot_open")
        assert (foreign.status_code, fetched.status_code) == (404, 404)

    async def test_a_bidder_with_a_pair_of_ones_own_is_shown_no_key(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """Only the public key went over the wire."""
        call = await a_published_call(database, clock)
        solver = await someone(database, Role.SOLVER)
        text = envelopes.to_text(READING_PUBLIC)

        made = (await begun(client, call, solver, reading_public_key=text)).json()

        assert (made["reading_key"], made["reading_public_key"]) == (None, text)


class TestRepeats:
    """A repeat is answered to whoever sends the same again, and to no other credential."""

    async def test_the_reading_key_is_shown_again_to_the_same_key_alone(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock, house: House
    ) -> None:
        """With the same Idempotency-Key, another API key of the same person is refused."""
        call = await a_published_call(database, clock)
        solver = await someone(database, Role.SOLVER)
        issued = await client.post("/v1/api-keys", json={"name": "two"}, headers=solver.headers)
        second = Someone(actor=solver.actor, key=issued.json()["key"])

        first = await begun(client, call, solver)
        again = await begun(client, call, solver)
        elsewhere = await begun(client, call, second)

        assert first.status_code == 201, first.text
        assert again.content == first.content
        assert again.headers["idempotency-replayed"] == "true"
        assert (elsewhere.status_code, elsewhere.json()["code"]) == (409, "wire.answer_not_yours")


async def test_a_receipt_is_signed_and_checked_offline(
    client: httpx.AsyncClient, database: Database, clock: FixedClock
) -> None:
    """With the listed keys and no server; one changed digit, or another kind, and it is none."""
    call = await a_published_call(database, clock)
    bid = await given.a_sealed_bid(database, clock, call)
    receipt = (await client.get(f"/v1/bids/{bid.id}/receipt", headers=bid.solver.headers)).json()
    trusted = sealing.trusted_keys((await client.get("/v1/signing-keys")).json())
    signed = sealing.signed_part(receipt)

    said = sealing.verified(signed, trusted, kind=receipts.KIND)
    changed = dict(signed) | {"document": signed["document"].replace('r":1', 'r":2')}

    assert said["content_sha256"] == receipt["content_sha256"]
    assert said["bid"] == str(bid.id)
    assert changed != signed
    for wrong, kind in ((changed, receipts.KIND), (signed, sealing.SEALING_KEY_KIND)):
        with pytest.raises(MarketplaceError):
            sealing.verified(wrong, trusted, kind=kind)
