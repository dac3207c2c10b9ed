"""Uploads at the door: resumable, checked part by part and whole, and never half there."""

import gzip
from collections.abc import AsyncIterator

import httpx
import pytest

from marketplace.datasets.actions import sweeping
from marketplace.house import House
from tests.given import datasets as given
from tests.given.datasets import ROWS, Library, sha256

MEBIBYTE = 1024 * 1024


@pytest.fixture
async def library(client: httpx.AsyncClient, house: House) -> Library:
    """A published call that describes data of every kind."""
    return await given.a_library(client, house)


async def agree(library: Library) -> bool:
    """Whether storage and database hold the same."""
    house = library.house
    found = await sweeping.compare(house.database, house.storage)
    return not (found.rows_without_file or found.files_without_row)


class TestResuming:
    """An upload goes on where it stopped."""

    async def test_any_interruption_is_survived(self, library: Library) -> None:
        """The offset is told by HEAD, by GET and by every refusal; parts may be of any size."""
        version = await library.version()
        upload = await library.begin(version, ROWS)
        assert (await library.put(upload, 0, ROWS[:10])).headers["upload-offset"] == "10"

        head = await library.ask(library.custodian, "HEAD", upload)
        seen = await library.ok(library.custodian, "GET", upload)
        ahead = await library.put(upload, 20, ROWS[20:])
        too_soon = await library.complete(upload)
        rest = await library.put(upload, 10, ROWS[10:])
        done = await library.complete(upload)

        assert (head.headers["upload-offset"], head.content) == ("10", b"")
        assert (seen["offset"], seen["state"]) == (10, "open")
        assert (ahead.status_code, ahead.json()["offset"]) == (409, 10)
        assert (too_soon.json()["code"], too_soon.json()["offset"]) == (
            "datasets.upload_incomplete",
            10,
        )
        assert rest.json()["offset"] == len(ROWS)
        assert (done.status_code, done.json()["sha256"]) == (201, sha256(ROWS))
        assert await agree(library)

    async def test_a_part_sent_twice_counts_once(self, library: Library) -> None:
        """Its sender had no answer and sends it again; another part at the same place is not it."""
        version = await library.version()
        upload = await library.begin(version, ROWS)
        await library.put(upload, 0, ROWS[:10])

        again = await library.put(upload, 0, ROWS[:10])
        other = await library.put(upload, 0, ROWS[:9])

        assert (again.status_code, again.json()["offset"]) == (200, 10)
        assert (other.status_code, other.json()["code"]) == (409, "datasets.part_misplaced")
        assert await agree(library)

    async def test_completed_twice_is_one_file(self, library: Library) -> None:
        """The second answer is the first; more parts are refused."""
        version = await library.version()
        upload = await library.begin(version, ROWS)
        await library.put(upload, 0, ROWS)

        first, second = await library.complete(upload), await library.complete(upload)
        late = await library.put(upload, 0, ROWS)

        assert (first.status_code, second.status_code) == (201, 201)
        assert first.json() == second.json()
        assert (late.status_code, late.json()["code"]) == (409, "datasets.upload_over")
        assert len((await library.ok(library.custodian, "GET", version))["files"]) == 1
        assert await agree(library)

    async def test_an_upload_that_is_given_up_leaves_nothing(self, library: Library) -> None:
        """Its parts are gone with the answer, and its name is free again."""
        version = await library.version()
        upload = await library.begin(version, ROWS, name="a.csv")
        await library.put(upload, 0, ROWS[:10])

        ended = await library.ask(library.custodian, "POST", f"{upload}/actions/abort")

        assert ended.json()["state"] == "aborted"
        assert [name async for name in library.house.storage.within("datasets").names()] == []
        assert (await library.upload(version, name="a.csv")).status_code == 201

    async def test_uploads_are_their_organisations_own(self, library: Library) -> None:
        """For everybody else there is none."""
        upload = await library.begin(await library.version(), ROWS)
        _, stranger = await given.a_source(library.house)

        answers = [
            await library.ask(stranger, "GET", upload),
            await library.ask(library.solver, "GET", upload),
            await library.ask(stranger, "POST", f"{upload}/actions/complete"),
        ]

        assert [answer.status_code for answer in answers] == [404, 404, 404]


class TestRefusedParts:
    """What is not what it says is not taken."""

    async def test_each_says_what_is_wrong_and_leaves_nothing(self, library: Library) -> None:
        """Digest missing, digest wrong, nothing, too much: the offset stays where it was."""
        upload = await library.begin(await library.version(), ROWS)
        wrong = given.content_digest(b"something else")
        answers = {
            "part_digest_missing": await library.put(upload, 0, ROWS, **{"Content-Digest": "md5"}),
            "part_digest_differs": await library.put(upload, 0, ROWS, **{"Content-Digest": wrong}),
            "part_empty": await library.put(upload, 0, b""),
            "part_too_large": await library.put(upload, 0, ROWS + b"x"),
        }

        for code, answer in answers.items():
            assert answer.json()["code"] == f"datasets.{code}", answer.text
        assert (await library.ok(library.custodian, "GET", upload))["offset"] == 0
        assert await agree(library)

    async def test_a_part_beyond_the_limit_is_cut_off(self, library: Library) -> None:
        """Announced or not, no more is taken than the limit and the chunk that passes it."""
        content = bytes(9 * MEBIBYTE)
        upload = await library.begin(await library.version(), content, kind="opaque")
        taken = 0

        async def endless() -> AsyncIterator[bytes]:
            nonlocal taken
            while True:
                taken += 1
                yield bytes(MEBIBYTE)

        headers = {"Content-Digest": given.content_digest(b"")}
        announced = await library.put(upload, 0, content)
        unannounced = await library.ask(
            library.custodian, "PUT", f"{upload}/parts/0", content=endless(), headers=headers
        )

        assert announced.json()["code"] == "datasets.part_too_large"
        assert unannounced.json()["code"] == "datasets.part_too_large"
        assert taken == 9
        assert await agree(library)

    async def test_numbers_that_no_column_holds_are_nowhere(self, library: Library) -> None:
        """A version or a place of thirty digits is refused like any other that is not there."""
        version = await library.version()
        upload = await library.begin(version, ROWS)
        beyond = 10**30

        unknown = await library.ask(None, "GET", f"{version.rpartition('/')[0]}/{beyond}")
        misplaced = await library.put(upload, beyond, ROWS)

        assert (unknown.status_code, unknown.json()["code"]) == (404, "datasets.version_unknown")
        assert (misplaced.status_code, misplaced.json()["offset"]) == (409, 0)

    async def test_a_file_beyond_the_limit_is_refused_before_a_byte(self, library: Library) -> None:
        """The announcement is enough to say no."""
        version = await library.version()
        answer = await library.ask(
            library.custodian,
            "POST",
            f"{version}/uploads",
            json={"name": "a.csv", "format": "csv", "size_bytes": 10**13, "sha256": "0" * 64},
        )

        assert (answer.status_code, answer.json()["code"]) == (413, "storage.file_too_large")

    @pytest.mark.parametrize(
        ("name", "problem"),
        [
            ("../../etc/passwd", "folder_or_control"),
            ("..", "dots"),
            (".hidden", "dots"),
            ("a\\b.csv", "folder_or_control"),
            ("C:evil.csv", "folder_or_control"),
            ("a\nb.csv", "folder_or_control"),
            (" a.csv", "blanks"),
            ("CON.csv", "device"),
            ("photo\u202egpj.exe", "hidden_characters"),
            ("长" * 100, "too_long"),
        ],
    )
    async def test_a_name_that_is_a_path_or_a_trick_is_refused(
        self, library: Library, name: str, problem: str
    ) -> None:
        """Names are shown to people and saved on their machines."""
        version = await library.version()
        answer = await library.ask(
            library.custodian,
            "POST",
            f"{version}/uploads",
            json={"name": name, "format": "csv", "size_bytes": 3, "sha256": "0" * 64},
        )

        assert (answer.status_code, answer.json()["code"]) == (400, "datasets.file_name_refused")
        assert answer.json()["problem"] == problem


AT_ONCE: dict[str, tuple[str, bytes, str]] = {
    "page": ("csv", b"<html><body>502</body></html>", "is_markup"),
    "svg": ("csv", b"<svg onload=alert(1)>,b\n1,2\n", "is_markup"),
    "zip": ("csv", b"PK\x03\x04" + bytes(30), "is_zip"),
    "program": ("jsonl", b"\x7fELF" + bytes(30), "is_program"),
    "png": ("csv", b"\x89PNG\r\n\x1a\n", "is_png"),
    "nul": ("csv", b"a,b\n1,\0\n", "nul"),
    "utf16": ("csv", "a,b\n1,2\n".encode("utf-16"), "not_utf8"),
    "latin": ("csv", "a,b\nmüll,2\n".encode("latin-1") * 4, "not_utf8"),
    "blank": ("csv", b"\n\n  \n", "blank"),
    "list": ("jsonl", b"[1,2]\n", "not_json_lines"),
    "not_gzip": ("csv_gz", ROWS, "not_gzip"),
    "zip_in_gzip": ("csv_gz", gzip.compress(b"PK\x03\x04" + bytes(30)), "is_zip"),
    "not_zip": ("zip", ROWS, "not_zip"),
    "not_parquet": ("parquet", b"PAR1" + ROWS, "not_parquet"),
}
LATER: dict[str, tuple[str, bytes, str]] = {
    "bomb": (
        "csv_gz",
        gzip.compress(b"a,b\n" + (b"1," + b"2" * 99_997 + b"\n") * 1_000),
        "gzip_bomb",
    ),
    "torn": ("csv_gz", gzip.compress(ROWS)[:-6], "truncated_gzip"),
    "wide": ("csv", b"a" + b",a" * 500_000 + b"\n1\n", "too_many_columns"),
    "wider": ("csv", b"a," * 2_000_000, "line_too_long"),
    "deep": ("jsonl", b'{"a":' + b"[" * 100_000 + b"\n", "broken_json"),
    "open_quote": ("csv", b'a,b\n1,"' + b"2\n" * 200_000, "field_too_long"),
    "short_row": ("csv", b"a,b\n1,2\n3\n", "column_count"),
    "tail": ("csv", b"id,label,taken_on\n1,2,3\n" * 4_000 + b"PK\x05\x06" + bytes(18), "nul"),
    "twice": ("csv", b"a,a\n1,2\n", "column_twice"),
    "header": ("csv", b"id,label,taken_on\n", "no_rows"),
    "lost": ("csv", b"id,label\n1,2\n", "column_missing"),
}


class TestHostileFiles:
    """Broken, wrong and malicious files are refused with the reason, at once or when profiled."""

    async def test_what_both_ends_give_away_is_refused_at_once(self, library: Library) -> None:
        """The upload is over, nothing of it is left, and its word says what it is instead."""
        version = await library.version()

        for name, (kind, content, problem) in AT_ONCE.items():
            answer = await library.upload(version, content, kind=kind)
            told = answer.json()
            assert (answer.status_code, told["code"]) == (422, "datasets.file_not_its_format"), name
            assert told["problem"] == problem, name
        assert (await library.ok(library.custodian, "GET", version))["files"] == []
        assert [name async for name in library.house.storage.within("datasets").names()] == []

    async def test_the_rest_is_found_by_the_profile_and_bars_the_seal(
        self, library: Library
    ) -> None:
        """Every file with its problem; when they are removed, the version can be sealed."""
        version = await library.version()
        for name, (kind, content, _) in LATER.items():
            answer = await library.upload(version, content, kind=kind, name=name)
            assert answer.status_code == 201, name
        good = await library.upload(version, name="good")
        assert good.status_code == 201

        assert await library.profile() == len(LATER) + 1
        refused = await library.act(library.custodian, version, "seal")
        told = {one["name"]: one["problem"] for one in refused.json()["files"]}
        for one in refused.json()["files"]:
            url = f"/v1/dataset-files/{one['file_id']}/actions/remove"
            await library.ok(library.custodian, "POST", url)
        sealed = await library.act(library.custodian, version, "seal")

        assert refused.json()["code"] == "datasets.profiles_failed"
        assert told == {name: problem for name, (_, _, problem) in LATER.items()}
        assert sealed.status_code == 200
        assert [one["name"] for one in sealed.json()["files"]] == ["good"]

    async def test_a_file_that_is_not_the_announced_one_is_refused(self, library: Library) -> None:
        """Every part was what it said, but together they are something else."""
        version = await library.version()
        upload = await library.begin(version, ROWS)
        await library.put(upload, 0, ROWS[:-1] + b"x")

        answer = await library.complete(upload)

        assert (answer.status_code, answer.json()["code"]) == (422, "datasets.file_digest_differs")
        assert (await library.ok(library.custodian, "GET", upload))["state"] == "refused"
        assert await agree(library)

    async def test_formulas_are_text(self, library: Library) -> None:
        """A cell that a spreadsheet would compute is counted as text and given out unchanged."""
        content = (
            b'id,label,taken_on\n1,"=HYPERLINK(""http://evil"")",2026-01-01\n2,+1,2026-01-02\n'
        )
        _, file_id = await library.published("open", content)

        answer = await library.download(library.solver, file_id)

        assert answer.content == content
        assert answer.headers["content-disposition"].startswith("attachment;")
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "sandbox" in answer.headers["content-security-policy"]
