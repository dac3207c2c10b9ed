"""Downloads at the door: whole, in ranges, by token, written down, and ended by a withdrawal."""

import datetime as dt
from uuid import UUID

import httpx
import pytest

from marketplace.datasets.actions import downloading
from marketplace.house import House
from marketplace.identity.rules.access import Role
from marketplace.kit.clock import FixedClock
from tests.given import datasets as given
from tests.given.datasets import ROWS, Library, sha256
from tests.given.identity import someone


@pytest.fixture
async def library(client: httpx.AsyncClient, house: House) -> Library:
    """A published call that describes data of every kind."""
    return await given.a_library(client, house)


class TestRanges:
    """HTTP as RFC 9110 has it."""

    async def test_a_whole_file_says_what_it_is(self, library: Library) -> None:
        """Length, strong validator, digest; and HEAD says the same without a byte."""
        _, file_id = await library.published("open")

        whole = await library.download(library.solver, file_id)
        url = f"/v1/dataset-files/{file_id}/content"
        head = await library.ask(library.solver, "HEAD", url)

        assert (whole.status_code, whole.content) == (200, ROWS)
        for answer in (whole, head):
            assert answer.headers["etag"] == f'"{sha256(ROWS)}"'
            assert answer.headers["accept-ranges"] == "bytes"
            assert answer.headers["content-length"] == str(len(ROWS))
            assert answer.headers["repr-digest"] == given.content_digest(ROWS)
        assert (head.status_code, head.content) == (200, b"")

    async def test_an_interrupted_download_goes_on(self, library: Library) -> None:
        """With If-Range only while the file is the same."""
        _, file_id = await library.published("open")
        etag = f'"{sha256(ROWS)}"'

        first = await library.download(library.solver, file_id, Range="bytes=0-9")
        rest = await library.download(
            library.solver, file_id, **{"Range": "bytes=10-", "If-Range": etag}
        )
        changed = await library.download(
            library.solver, file_id, **{"Range": "bytes=10-", "If-Range": '"other"'}
        )
        weak = await library.download(
            library.solver, file_id, **{"Range": "bytes=10-", "If-Range": f"W/{etag}"}
        )

        assert first.status_code == rest.status_code == 206
        assert first.headers["content-range"] == f"bytes 0-9/{len(ROWS)}"
        assert first.content + rest.content == ROWS
        assert (changed.status_code, changed.content) == (200, ROWS)
        assert (weak.status_code, weak.content) == (200, ROWS)

    async def test_what_cannot_be_satisfied_says_how_long_the_file_is(
        self, library: Library
    ) -> None:
        """416 with the size; what is no single range of bytes is passed over."""
        _, file_id = await library.published("open")
        size = len(ROWS)

        beyond = await library.download(library.solver, file_id, Range=f"bytes={size}-")
        none = await library.download(library.solver, file_id, Range="bytes=-0")
        several = await library.download(library.solver, file_id, Range="bytes=0-1,4-5")
        strange = await library.download(library.solver, file_id, Range="lines=1-2")

        assert (beyond.status_code, none.status_code) == (416, 416)
        assert beyond.headers["content-range"] == f"bytes */{size}"
        assert beyond.json()["code"] == "datasets.range_not_satisfiable"
        assert (several.status_code, several.content) == (200, ROWS)
        assert (strange.status_code, strange.content) == (200, ROWS)

    async def test_who_has_it_already_gets_nothing(self, library: Library) -> None:
        """304, and no download is written down."""
        version, file_id = await library.published("open")
        etag = f'"{sha256(ROWS)}"'

        answer = await library.download(library.solver, file_id, **{"If-None-Match": etag})

        assert (answer.status_code, answer.content) == (304, b"")
        assert (await library.ok(library.solver, "GET", f"{version}/downloads"))["items"] == []


class TestTokens:
    """Who may have conditional data."""

    async def test_a_token_opens_one_version_for_one_person(self, library: Library) -> None:
        """Neither a colleague nor a rival can use it, and it opens no other version."""
        version, file_id = await library.published()
        _, other_file = await library.published("people", impact_assessment=ASSESSED)
        token = await library.token(version)
        colleague = await someone(
            library.house.database, Role.SOLVER, organization_id=library.solver.organization_id
        )

        mine = await library.download(library.solver, file_id, token)
        answers = {
            "colleague": await library.download(colleague, file_id, token),
            "rival": await library.download(library.rival, file_id, token),
            "nobody": await library.download(None, file_id, token),
            "without": await library.download(library.solver, file_id),
            "made_up": await library.download(library.solver, file_id, token[:-1] + "0z"),
            "elsewhere": await library.download(library.solver, other_file, token),
        }

        assert (mine.status_code, mine.content) == (200, ROWS)
        told = {name: (one.status_code, one.json().get("reason")) for name, one in answers.items()}
        assert told == {
            "colleague": (403, "token_unknown"),
            "rival": (403, "token_unknown"),
            "nobody": (401, None),
            "without": (403, "no_token"),
            "made_up": (403, "token_unknown"),
            "elsewhere": (403, "token_unknown"),
        }

    async def test_a_token_expires_and_a_new_one_ends_it(
        self, library: Library, clock: FixedClock
    ) -> None:
        """Thirty days by default; one living token per person."""
        version, file_id = await library.published()
        first = await library.token(version)
        mine = (await library.ok(library.solver, "GET", f"{version}/access-requests"))["items"]
        url = f"/v1/dataset-access-requests/{mine[0]['id']}/tokens"

        second = (await library.ok(library.solver, "POST", url))["token"]
        old = await library.download(library.solver, file_id, first)
        new = await library.download(library.solver, file_id, second)
        clock.advance(dt.timedelta(days=30))
        late = await library.download(library.solver, file_id, second)

        assert (old.json()["reason"], new.status_code) == ("token_revoked", 200)
        assert late.json()["reason"] == "token_expired"

    async def test_nobody_gets_data_that_are_kept_inside(self, library: Library) -> None:
        """An approved request for sandbox data draws no token, and no role passes the door."""
        version, file_id = await library.published("inside")
        request = await library.requested(version)
        await library.act(library.custodian, request, "approve")

        token = await library.ask(library.solver, "POST", f"{request}/tokens")
        cast = library.call.cast
        askers = (library.solver, library.custodian, cast.poster, cast.officer, cast.auditor)
        answers = [await library.download(one, file_id) for one in askers]

        assert (token.status_code, token.json()["code"]) == (403, "datasets.never_downloadable")
        assert {one.json()["code"] for one in answers} == {"datasets.never_downloadable"}

    async def test_the_last_day_ends_it(self, library: Library, clock: FixedClock) -> None:
        """Retention is stronger than a token."""
        version, file_id = await library.published("lent", retain_until="2026-03-10")
        token = await library.token(version)
        clock.advance(dt.timedelta(days=8))
        last_day = await library.download(library.solver, file_id, token)
        clock.advance(dt.timedelta(days=1))
        after = await library.download(library.solver, file_id, token)

        assert (last_day.status_code, after.status_code) == (200, 403)
        assert after.json()["reason"] == "retention_over"


ASSESSED = {"document": "PIA-1(示例)", "on": "2026-02-01"}


class TestTheRecord:
    """Every answer with bytes is written down beforehand."""

    async def test_each_range_is_a_line(self, library: Library) -> None:
        """Who, which bytes, how many left, when; the address only as a keyed digest."""
        version, file_id = await library.published()
        token = await library.token(version)
        await library.download(library.solver, file_id, token, Range="bytes=5-14")
        await library.download(library.solver, file_id, token)

        lines = (await library.ok(library.custodian, "GET", f"{version}/downloads"))["items"]

        assert [(one["first_byte"], one["last_byte"], one["sent_bytes"]) for one in lines] == [
            (5, 14, 10),
            (0, len(ROWS) - 1, len(ROWS)),
        ]
        assert {one["person_id"] for one in lines} == {str(library.solver.actor.person_id)}
        assert len({one["address_digest"] for one in lines}) == 1
        assert "127.0.0.1" not in str(lines)

    async def test_a_refused_download_is_no_line(self, library: Library) -> None:
        """Nothing left, nothing is written."""
        version, file_id = await library.published()
        await library.download(library.solver, file_id)
        await library.download(library.solver, file_id, "jbd_" + "0" * 48)

        assert (await library.ok(library.custodian, "GET", f"{version}/downloads"))["items"] == []


class TestWithdrawal:
    """Taken back from everybody at once."""

    async def test_an_answer_under_way_ends_within_eight_megabytes(
        self, library: Library, clock: FixedClock
    ) -> None:
        """The right is asked for again while bytes flow, not only when they begin."""
        content = bytes(20 << 20)
        version = await library.version("open")
        done = await library.upload(version, content, kind="opaque", part_bytes=1 << 23)
        for verb, body in (("seal", None), ("publish", {"statement": "好"})):
            await library.act(library.custodian, version, verb, body)
        file_id = done.json()["id"]

        taken = await _take_until_withdrawn(library, version, file_id)

        line = (await library.ok(library.custodian, "GET", f"{version}/downloads"))["items"][0]
        assert 0 < taken <= (9 << 20)
        assert line["sent_bytes"] == taken


async def _take_until_withdrawn(library: Library, version: str, file_id: str) -> int:
    """Begin to take a file piece by piece, withdraw it, and take what still comes."""
    house = library.house
    wanted = downloading.Wanted(token=None, address_digest="0" * 64)
    async with house.database.writing() as writer:
        admitted = await downloading.begin(
            writer, library.solver.actor, UUID(file_id), wanted, now=house.clock.now()
        )
    pieces = downloading.bytes_of(house.database, house.storage, admitted, clock=house.clock)
    taken = len(await anext(pieces))
    gone = await library.act(library.custodian, version, "withdraw", {"reason": "content_wrong"})
    assert gone.status_code == 200
    async for piece in pieces:
        taken += len(piece)
    return taken
