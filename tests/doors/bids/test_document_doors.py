"""Documents of bids over HTTP: sent, interrupted, taken back, sealed, opened, read."""

import dataclasses
import hashlib
from typing import Any, Final

import httpx
import pytest

from marketplace.app import create_app
from marketplace.house import House
from marketplace.identity.rules.access import Role
from marketplace.kit.clock import FixedClock
from tests.doors.bids.asking import ask, seal
from tests.given import bids as given
from tests.given import documents as papers
from tests.given.bids import Begun
from tests.given.documents import PLAN, act, announced, begun, put
from tests.given.identity import someone
from tests.given.scenarios import WINDOW, Called, a_published_call

UNKNOWN: Final = "01890000-0000-7000-8000-000000000000"


async def a_bid(house: House, clock: FixedClock) -> tuple[Called, Begun]:
    """A call and a draft bid on it."""
    call = await a_published_call(house.database, clock)
    return call, await given.a_draft_bid(house.database, clock, call)


async def listed(client: httpx.AsyncClient, bid: Begun) -> list[dict[str, Any]]:
    """The documents of a bid as its bidder sees them."""
    answer = await client.get(f"/v1/bids/{bid.id}/documents", headers=bid.solver.headers)
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def opened(client: httpx.AsyncClient, house: House, call: Called, bid: Begun) -> None:
    """Seal the offer, open the call, and look at its documents."""
    clock = house.clock
    assert isinstance(clock, FixedClock)
    sealed = await seal(client, bid)
    assert sealed.status_code == 200, sealed.text
    await given.the_deadline_passed(house.database, clock, call)
    await given.the_opening(house.database, clock, call, keeper=house.keeper)
    await papers.an_inspector(house).work()


class TestSending:
    """A document arrives in parts, and survives every interruption."""

    @pytest.mark.postgres
    async def test_it_goes_on_after_an_interruption(
        self, client: httpx.AsyncClient, house: House, clock: FixedClock
    ) -> None:
        """The server tells where; a part out of its place is refused with the place."""
        _, bid = await a_bid(house, clock)
        document = (await begun(client, bid, PLAN)).headers["location"]
        await put(client, bid, document, 0, PLAN[:100])

        where = await client.head(document, headers=bid.solver.headers)
        twice = await put(client, bid, document, 0, PLAN[:100])
        ahead = await put(client, bid, document, 200, PLAN[200:])
        early = await act(client, bid, document, "complete")
        rest = await put(client, bid, document, 100, PLAN[100:])
        done = await act(client, bid, document, "complete")
        again = await act(client, bid, document, "complete")
        late = await put(client, bid, document, len(PLAN), b"x")

        assert where.headers["upload-offset"] == "100"
        assert where.headers["upload-length"] == str(len(PLAN))
        for refused in (twice, ahead):
            assert refused.status_code == 409
            assert refused.json()["code"] == "bids.document_part_misplaced"
            assert refused.json()["offset"] == 100
        assert (early.json()["code"], early.json()["offset"]) == ("bids.document_incomplete", 100)
        assert rest.status_code == done.status_code == again.status_code == 200
        assert done.json()["state"] == "complete"
        assert (done.json()["received_parts"], done.json()["offset"]) == (2, len(PLAN))
        assert again.json() == done.json()
        assert late.json()["code"] == "bids.document_over"

    async def test_a_part_that_is_not_what_it_says_is_refused(
        self, client: httpx.AsyncClient, house: House, clock: FixedClock
    ) -> None:
        """Another digest, none, an empty part, one beyond the end: nothing is kept of them."""
        _, bid = await a_bid(house, clock)
        document = (await begun(client, bid, PLAN)).headers["location"]
        place, headers = f"{document}/parts/0", bid.solver.headers
        digest = {"Content-Digest": papers.content_digest(b"another")}

        refused = [
            await client.put(place, content=PLAN, headers=headers | digest),
            await client.put(place, content=PLAN, headers=headers),
            await put(client, bid, document, 0, b""),
            await put(client, bid, document, 0, PLAN + b"x"),
            await put(client, bid, document, 0, b"MZ\x90\0" + PLAN[4:]),
        ]

        assert [(one.status_code, one.json()["code"]) for one in refused] == [
            (422, "bids.document_part_digest_differs"),
            (400, "bids.document_part_digest_missing"),
            (400, "bids.document_part_empty"),
            (413, "bids.document_part_too_large"),
            (422, "bids.document_not_its_kind"),
        ]
        assert [one["offset"] for one in await listed(client, bid)] == [0]
        assert [one for one in house.settings.data_dir.rglob("*-*") if one.is_file()] == []

    async def test_what_is_too_much_is_refused_before_a_byte(
        self, house: House, clock: FixedClock
    ) -> None:
        """One document, all of them together, and their number have limits."""
        _, bid = await a_bid(house, clock)
        settings = dataclasses.replace(
            house.settings,
            bid_document_bytes_max=5_000,
            bid_documents_max=3,
            bid_documents_bytes_max=9_000,
        )
        strict = create_app(dataclasses.replace(house, settings=settings))
        transport = httpx.ASGITransport(app=strict)  # type: ignore[arg-type]
        sizes = (5_001, 5_000, 5_000, 4_000, 0, 1, 1)

        async with httpx.AsyncClient(transport=transport, base_url="http://strict.test") as asking:
            answers = [await begun(asking, bid, b"", size_bytes=size) for size in sizes]

        assert [one.status_code for one in answers] == [413, 201, 409, 201, 400, 409, 409]
        assert answers[2].json()["code"] == "bids.documents_full"

    @pytest.mark.parametrize(
        "change",
        [
            {"type": "contract"},
            {"kind": "exe"},
            {"name": "../plan.txt"},
            {"name": None},
            {"sha256": "x"},
            {"extra": 1},
            {"closed": {"document_id": UNKNOWN, "head": "AAAA", "public_key": "00" * 32}},
        ],
    )
    async def test_an_announcement_that_says_nonsense_is_refused(
        self,
        client: httpx.AsyncClient,
        house: House,
        clock: FixedClock,
        change: dict[str, object],
    ) -> None:
        """Unknown types and kinds, folders in names, half announcements, two at once."""
        _, bid = await a_bid(house, clock)

        answer = await begun(client, bid, PLAN, **change)

        assert answer.status_code == 400, answer.text
        assert await listed(client, bid) == []


class TestChanging:
    """Until the offer is sealed documents come and go; afterwards they are bound."""

    async def test_a_removed_document_is_gone_with_its_parts(
        self, client: httpx.AsyncClient, house: House, clock: FixedClock
    ) -> None:
        """Nothing of it stays, in the storage or in the database."""
        _, bid = await a_bid(house, clock)
        document = await papers.a_document(client, bid)
        shelf = house.settings.data_dir / "storage" / "bid-documents"
        assert [one for one in shelf.rglob("*") if one.is_file()]

        removed = await act(client, bid, document, "remove")

        assert (removed.status_code, removed.json()["state"]) == (200, "removed")
        assert [one for one in shelf.rglob("*") if one.is_file()] == []
        assert await listed(client, bid) == []
        gone = await client.get(document, headers=bid.solver.headers)
        assert (gone.status_code, gone.json()["code"]) == (404, "bids.document_unknown")

    async def test_an_unfinished_document_stops_the_sealing(
        self, client: httpx.AsyncClient, house: House, clock: FixedClock
    ) -> None:
        """A document that is forgotten half way would be missing for ever."""
        _, bid = await a_bid(house, clock)
        document = (await begun(client, bid, PLAN)).headers["location"]

        refused = await seal(client, bid)
        await act(client, bid, document, "remove")
        sealed = await seal(client, bid, key="key-2")

        assert refused.json()["code"] == "bids.documents_unfinished"
        assert refused.json()["documents"] == [document.rpartition("/")[2]]
        assert sealed.status_code == 200, sealed.text

    @pytest.mark.postgres
    async def test_a_sealed_document_stays_until_the_offer_is_replaced(
        self, client: httpx.AsyncClient, house: House, clock: FixedClock
    ) -> None:
        """What counts can be opened whatever the bidder does afterwards."""
        call, bid = await a_bid(house, clock)
        first = await papers.a_document(client, bid, b"first " + PLAN)
        assert (await seal(client, bid)).status_code == 200
        await act(client, bid, first, "remove")
        second = await papers.a_document(client, bid, b"second " + PLAN)
        before = await listed(client, bid)
        swept_before = await papers.a_sweeper(house).work()

        replaced = await seal(client, bid, verb="replace", key="key-2")
        swept_after = await papers.a_sweeper(house).work()

        assert replaced.status_code == 200, replaced.text
        assert [(one["state"], one["in_sealed_content"]) for one in before] == [
            ("removed", 1),
            ("complete", None),
        ]
        assert (swept_before, swept_after) == (0, 1)
        await given.the_deadline_passed(house.database, clock, call)
        await given.the_opening(house.database, clock, call, keeper=house.keeper)
        found = await client.get(f"/v1/bids/{bid.id}/opened-documents", headers=bid.solver.headers)
        assert [one["document"] for one in found.json()["items"]] == [second.rpartition("/")[2]]

    async def test_nothing_changes_after_the_deadline(
        self, client: httpx.AsyncClient, house: House, clock: FixedClock
    ) -> None:
        """Neither a new document nor the rest of one, and nothing is taken back."""
        _, bid = await a_bid(house, clock)
        whole = await papers.a_document(client, bid)
        document = (await begun(client, bid, PLAN)).headers["location"]
        clock.advance(WINDOW)

        late = [
            await begun(client, bid, PLAN),
            await put(client, bid, document, 0, PLAN),
            await act(client, bid, document, "complete"),
            await act(client, bid, whole, "remove"),
        ]

        assert [one.json()["code"] for one in late] == ["bids.call_closed"] * 4

    async def test_a_withdrawn_bid_takes_no_documents_and_keeps_none(
        self, client: httpx.AsyncClient, house: House, clock: FixedClock
    ) -> None:
        """Documents that no offer has are swept away with it."""
        _, bid = await a_bid(house, clock)
        await papers.a_document(client, bid)
        assert (await ask(client, bid, "withdraw")).status_code == 200

        refused = await begun(client, bid, PLAN)
        swept = await papers.a_sweeper(house).work()

        assert refused.json()["code"] == "bids.documents_fixed"
        assert swept == 1
        assert await listed(client, bid) == []


class TestReading:
    """Opened documents are for those who read opened bids; saved, never shown."""

    @pytest.mark.postgres
    async def test_an_opened_document_is_read_byte_for_byte(
        self, client: httpx.AsyncClient, house: House, clock: FixedClock
    ) -> None:
        """By the bureau, the auditor, the poster and its bidder, as an attachment."""
        call, bid = await a_bid(house, clock)
        document = await papers.a_document(client, bid, part_bytes=700)

        await opened(client, house, call, bid)

        cast = call.cast
        for person in (cast.officer, cast.approver, cast.auditor, cast.poster, bid.solver):
            answer = await client.get(f"{document}/content", headers=person.headers)
            assert (answer.status_code, answer.content) == (200, PLAN)
        assert answer.headers["content-disposition"].startswith("attachment")
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "private, no-store"
        assert answer.headers["content-type"].startswith("text/plain")
        found = await client.get(
            f"/v1/bids/{bid.id}/opened-documents", headers=cast.officer.headers
        )
        (one,) = found.json()["items"]
        assert one["finding"] == "sound"
        assert one["found_sha256"] == hashlib.sha256(PLAN).hexdigest()
        assert one["announced"] == announced(PLAN)

    async def test_before_the_opening_nobody_reads_anything(
        self, client: httpx.AsyncClient, house: House, clock: FixedClock
    ) -> None:
        """Not the bureau, not the bidder without the key; a document is like none."""
        call, bid = await a_bid(house, clock)
        document = await papers.a_document(client, bid)
        assert (await seal(client, bid)).status_code == 200
        stranger = await someone(house.database, Role.SOLVER)
        cast = call.cast

        for person in (cast.officer, cast.auditor, cast.supervisor, cast.poster, stranger):
            for url in (document, f"{document}/content"):
                real = await client.get(url, headers=person.headers)
                none = await client.get(
                    url.replace(document, f"/v1/bid-documents/{UNKNOWN}"), headers=person.headers
                )
                assert real.status_code == none.status_code == 404
                assert real.json()["code"] == none.json()["code"] == "bids.document_unknown"
        own = await client.get(f"{document}/content", headers=bid.solver.headers)
        assert (own.status_code, own.json()["code"]) == (409, "bids.document_still_sealed")

    async def test_the_record_names_documents_by_their_digests(
        self, client: httpx.AsyncClient, house: House, clock: FixedClock
    ) -> None:
        """Other bidders read the record: no name and no type stands in it."""
        call, bid = await a_bid(house, clock)
        document = await papers.a_document(client, bid, name="只给评审看的名字.txt")

        await opened(client, house, call, bid)

        url = f"/v1/scenarios/{call.id}/opening"
        record = await client.get(url, headers=bid.solver.headers)
        (line,) = record.json()["bids"]
        assert [one["document"] for one in line["documents"]] == [document.rpartition("/")[2]]
        assert line["documents"][0]["sha256"] == hashlib.sha256(PLAN).hexdigest()
        assert line["documents"][0]["finding"] == "pending"
        assert "名字" not in record.text
        assert "technical_plan" not in record.text
