"""Documents in the hands of their bidder: read with the own key, encrypted by the own program."""

import hashlib
from uuid import UUID

import httpx
import pytest

from marketplace.client import sealing
from marketplace.house import House
from marketplace.identity.rules.access import Role
from marketplace.kit import envelopes
from marketplace.kit.clock import FixedClock
from tests.doors.bids.asking import seal
from tests.given import bids as given
from tests.given import documents as papers
from tests.given.bids import Begun
from tests.given.documents import PLAN, act, announced, put
from tests.given.identity import someone
from tests.given.scenarios import WINDOW, Called, a_published_call


async def opened(client: httpx.AsyncClient, house: House, call: Called, bid: Begun) -> None:
    """Seal the offer, open the call, and look at its documents."""
    clock = house.clock
    assert isinstance(clock, FixedClock)
    sealed = await seal(client, bid)
    assert sealed.status_code == 200, sealed.text
    await given.the_deadline_passed(house.database, clock, call)
    await given.the_opening(house.database, clock, call, keeper=house.keeper)
    await papers.an_inspector(house).work()


async def a_bid_with_key(
    client: httpx.AsyncClient, house: House, clock: FixedClock
) -> tuple[Called, Begun, str]:
    """A draft bid that was begun over HTTP, and its reading key."""
    call = await a_published_call(house.database, clock)
    solver = await someone(house.database, Role.SOLVER)
    answer = await client.post(f"/v1/scenarios/{call.id}/bids", headers=solver.headers)
    assert answer.status_code == 201, answer.text
    body = answer.json()
    return call, Begun(id=UUID(body["id"]), solver=solver), body["reading_key"]


class TestOwnKey:
    """With the reading key a bidder sees what was sent, until the deadline."""

    @pytest.mark.postgres
    async def test_it_reads_and_checks_an_own_document(
        self, client: httpx.AsyncClient, house: House, clock: FixedClock
    ) -> None:
        """Byte for byte, as an attachment that nobody stores."""
        _, bid, key = await a_bid_with_key(client, house, clock)
        document = await papers.a_document(client, bid, part_bytes=500)

        read = await act(client, bid, document, "read", reading_key=key)
        checked = await act(client, bid, document, "check", reading_key=key)

        assert (read.status_code, read.content) == (200, PLAN)
        assert read.headers["cache-control"] == "private, no-store"
        assert read.headers["content-disposition"].startswith("attachment")
        assert checked.json()["finding"] == "sound"
        assert checked.json()["announced"] == announced(PLAN)

    async def test_it_tells_what_the_opening_would_find(
        self, client: httpx.AsyncClient, house: House, clock: FixedClock
    ) -> None:
        """A document that is not what it announced is found in time to send it again."""
        _, bid, key = await a_bid_with_key(client, house, clock)
        document = await papers.a_document(client, bid, PLAN, sha256="0" * 64)

        checked = await act(client, bid, document, "check", reading_key=key)

        assert checked.json()["finding"] == "different"
        assert checked.json()["found_sha256"] == hashlib.sha256(PLAN).hexdigest()

    async def test_another_key_reads_nothing(
        self, client: httpx.AsyncClient, house: House, clock: FixedClock
    ) -> None:
        """A wrong key, the key of another bid, and no key at all."""
        _, bid, _ = await a_bid_with_key(client, house, clock)
        _, _, other = await a_bid_with_key(client, house, clock)
        document = await papers.a_document(client, bid)

        wrong = await act(client, bid, document, "read", reading_key=other)
        unfit = await act(client, bid, document, "read", reading_key="short")

        assert (wrong.status_code, wrong.json()["code"]) == (409, "envelopes.cannot_open")
        assert unfit.json()["code"] == "envelopes.key_unfit"

    async def test_it_is_silent_between_deadline_and_opening(
        self, client: httpx.AsyncClient, house: House, clock: FixedClock
    ) -> None:
        """Whoever can show what was offered could be made to."""
        _, bid, key = await a_bid_with_key(client, house, clock)
        document = await papers.a_document(client, bid)
        await seal(client, bid)
        clock.advance(WINDOW)

        refused = await act(client, bid, document, "read", reading_key=key)

        assert refused.status_code == 409
        assert refused.json()["code"] == "bids.sealed_until_opening"


class TestClosedElsewhere:
    """A bidder's own program encrypts; the platform never sees the document before the opening."""

    @pytest.mark.postgres
    async def test_what_was_closed_elsewhere_is_opened_byte_for_byte(
        self, client: httpx.AsyncClient, house: House, clock: FixedClock
    ) -> None:
        """Envelopes go in, the document comes out after the opening."""
        call, bid, key = await a_bid_with_key(client, house, clock)
        sealing = await client.get(
            f"/v1/scenarios/{call.id}/sealing-key", headers=bid.solver.headers
        )
        lockbox = envelopes.from_text(sealing.json()["public_key"])
        reading = envelopes.public_of(envelopes.from_text(key))
        closed = papers.closed_by(bid, PLAN, recipients=[lockbox, reading], part_bytes=1_000)

        document = await papers.sent_closed(client, bid, closed)
        await opened(client, house, call, bid)

        answer = await client.get(f"{document}/content", headers=call.cast.officer.headers)
        assert (answer.status_code, answer.content) == (200, PLAN)

    async def test_an_offer_closed_elsewhere_names_its_documents(
        self, client: httpx.AsyncClient, house: House, clock: FixedClock
    ) -> None:
        """What its manifest names is opened; what it does not name is not part of it."""
        call, bid, key = await a_bid_with_key(client, house, clock)
        own = bid.solver.headers
        named = await papers.a_document(client, bid, b"named " + PLAN)
        served = (await client.get(f"/v1/bids/{bid.id}/documents", headers=own)).json()
        await papers.a_document(client, bid, b"not named " + PLAN)
        sealing_key = (
            await client.get(f"/v1/scenarios/{call.id}/sealing-key", headers=own)
        ).json()["public_key"]
        sealed = sealing.seal_offer(
            given.an_offer_body(),
            bid_id=str(bid.id),
            sealing_key=envelopes.from_text(sealing_key),
            reading_key=envelopes.public_of(envelopes.from_text(key)),
            documents=sealing.manifest_of(served),
        )
        etag = (await client.get(f"/v1/bids/{bid.id}", headers=own)).headers["etag"]

        kept = await client.post(
            f"/v1/bids/{bid.id}/actions/submit-sealed",
            json=sealed.request,
            headers=own | {"If-Match": etag, "Idempotency-Key": "own"},
        )
        await given.the_deadline_passed(house.database, clock, call)
        await given.the_opening(house.database, clock, call, keeper=house.keeper)
        await papers.an_inspector(house).work()

        assert kept.status_code == 200, kept.text
        assert len(kept.json()["documents"]) == 2
        found = await client.get(f"/v1/bids/{bid.id}/opened-documents", headers=own)
        assert [(one["document"], one["finding"]) for one in found.json()["items"]] == [
            (named.rpartition("/")[2], "sound")
        ]

    async def test_what_is_closed_for_somebody_else_is_refused(
        self, client: httpx.AsyncClient, house: House, clock: FixedClock
    ) -> None:
        """A head the opening could not open, parts for another key, and plain bytes."""
        call, bid, key = await a_bid_with_key(client, house, clock)
        sealing = await client.get(
            f"/v1/scenarios/{call.id}/sealing-key", headers=bid.solver.headers
        )
        lockbox = envelopes.from_text(sealing.json()["public_key"])
        reading = envelopes.public_of(envelopes.from_text(key))
        foreign = papers.closed_by(bid, PLAN, recipients=[reading], part_bytes=1_000)
        ours = papers.closed_by(bid, PLAN, recipients=[lockbox, reading], part_bytes=1_000)
        url = f"/v1/bids/{bid.id}/documents"

        head = await client.post(url, json=foreign.request, headers=bid.solver.headers)
        made = await client.post(url, json=ours.request, headers=bid.solver.headers)
        taken = await client.post(url, json=ours.request, headers=bid.solver.headers)
        document = made.headers["location"]
        plain = await put(client, bid, document, 0, PLAN)
        other = await put(client, bid, document, 0, foreign.parts[0])

        assert head.json()["code"] == "bids.envelope_unfit"
        assert taken.json()["code"] == "bids.document_over"
        assert [one.json()["code"] for one in (plain, other)] == ["bids.envelope_unfit"] * 2
