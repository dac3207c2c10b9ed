"""Files that mean harm, or are merely broken: each is refused precisely and leaves nothing."""

import gzip
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from litestar import Litestar

from marketplace.house import House
from marketplace.kit.clock import FixedClock
from marketplace.kit.database import Database
from tests.given import scoring as given
from tests.given.scoring import Play, labels

MEBIBYTE = 1024 * 1024
GOOD = labels(9)
BOMB = gzip.compress(bytes(70 * MEBIBYTE), mtime=0)
REFUSED: dict[str, tuple[bytes, int, str, dict[str, object]]] = {
    "nothing": (b"", 400, "predictions_unreadable", {"line": 1, "problem": "empty"}),
    "header_only": (b"id,prediction\n", 400, "predictions_unreadable", {"problem": "empty"}),
    "bomb": (BOMB, 413, "predictions_too_large", {"bytes_max": 64 * MEBIBYTE}),
    "torn_gzip": (
        gzip.compress(GOOD, mtime=0)[:-4], 400, "predictions_unreadable", {"problem": "not_gzip"},
    ),
    "nul": (
        GOOD.replace(b"r1,yes", b"r1,y\0s"), 400, "predictions_unreadable",
        {"line": 3, "problem": "nul"},
    ),
    "utf16": (
        GOOD.decode().encode("utf-16"), 400, "predictions_unreadable",
        {"problem": "wrong_encoding", "wanted": "utf-8"},
    ),
    "open_quote": (
        GOOD.replace(b"r4,yes", b'r4,"yes'), 400, "predictions_unreadable",
        {"line": 6, "problem": "broken_csv"},
    ),
    "short_row": (
        GOOD.replace(b"r2,yes", b"r2"), 400, "predictions_unreadable",
        {"line": 4, "problem": "column_count", "columns": 1, "wanted": 2},
    ),
    "empty_field": (
        GOOD.replace(b"r2,yes", b"r2,"), 400, "predictions_unreadable",
        {"line": 4, "problem": "empty_field", "column": "prediction"},
    ),
    "long_field": (
        GOOD.replace(b"r2,yes", b"r2," + b"y" * 2_000), 413, "predictions_too_large",
        {"line": 4, "field_length_max": 1_000},
    ),
    "wrong_column": (
        GOOD.replace(b"prediction", b"guess"), 422, "prediction_column_missing",
        {"column": "prediction", "times": 0, "found": ["id", "guess"]},
    ),
    "column_twice": (
        b"id,prediction,prediction\nr1,yes,no\n", 422, "prediction_column_missing",
        {"column": "prediction", "times": 2},
    ),
    "id_twice": (
        GOOD.replace(b"r5", b"r4"), 422, "prediction_id_repeated",
        {"line": 7, "id": "r4", "first_line": 6},
    ),
    "row_missing": (
        GOOD.replace(b"r5,yes\n", b""), 422, "prediction_ids_differ",
        {"missing_count": 1, "missing": ["r5"], "extra_count": 0},
    ),
    "row_too_many": (
        GOOD + b"r10,yes\n", 422, "prediction_ids_differ",
        {"missing_count": 0, "extra_count": 1, "extra": ["r10"]},
    ),
    "web_page": (b"<html><body>502</body></html>", 422, "prediction_column_missing", {}),
}  # fmt: skip


@pytest.fixture
async def play(client: httpx.AsyncClient, database: Database, clock: FixedClock) -> Play:
    """A call in evaluation with one bid and a hidden set."""
    play = await given.an_evaluating_play(client, database, clock, quotes_yuan={"ours": 800_000})
    assert (await play.upload_truth()).status_code == 201
    return play


def left_over(house: House) -> int:
    """How many files there are besides the hidden set."""
    return sum(path.is_file() for path in (house.settings.data_dir / "storage").rglob("*")) - 1


async def kept(play: Play) -> list[object]:
    """The submissions of the bid."""
    url = f"/v1/bids/{play.bids['ours']}/submissions"
    items: list[object] = (await play.get(play.solvers["ours"], url))["items"]
    return items


async def test_each_says_what_is_wrong_and_changes_nothing(play: Play, house: House) -> None:
    """Status, code, and the facts that lead to the place; no value and no file is left of any."""
    found = {name: await play.measured("ours", case[0]) for name, case in REFUSED.items()}

    for name, (_, _, code, facts) in REFUSED.items():
        failure = found[name]["failure"]
        assert (found[name]["state"], failure["code"]) == ("error", f"scoring.{code}"), name
        assert {key: failure["facts"].get(key) for key in facts} == facts, name
        assert len(str(failure)) < 2_000, name
    assert left_over(house) == 0
    assert (await play.measured("ours", GOOD))["value"] == "0.9"


async def test_the_same_holds_for_hidden_sets(play: Play, house: House) -> None:
    """A broken hidden set does not take the place of the good one."""
    broken = await play.upload_truth(given.TRUTH.replace(b"r3,", b"r2,"))
    bomb = await play.upload_truth(BOMB)

    assert (broken.status_code, broken.json()["line"]) == (422, 5)
    assert bomb.status_code == 413
    assert left_over(house) == 0
    assert (await play.measured("ours", GOOD))["value"] == "0.9"


class Tap:
    """A body without end that remembers how much of it was taken."""

    def __init__(self, mebibytes: int) -> None:
        self.left = mebibytes
        self.taken = 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while self.taken < self.left:
            self.taken += 1
            yield bytes(MEBIBYTE)


async def test_two_gigabytes_announced_are_refused_unread(play: Play, house: House) -> None:
    """The length in the header is enough to say no; not one byte is taken."""
    tap = Tap(2_048)

    answer = await play.upload("ours", tap, **{"Content-Length": str(2_048 * MEBIBYTE)})

    assert (answer.status_code, answer.json()["code"]) == (413, "storage.file_too_large")
    assert answer.json()["bytes_max"] == house.settings.upload_bytes_max
    assert tap.taken == 0


async def test_two_gigabytes_without_a_length_are_cut_off_early(play: Play, house: House) -> None:
    """Chunk by chunk, no more is taken than the limit and the chunk that passes it."""
    tap = Tap(2_048)

    answer = await play.upload("ours", tap, **{"Transfer-Encoding": "chunked"})

    assert (answer.status_code, answer.json()["code"]) == (413, "storage.file_too_large")
    assert tap.taken == house.settings.upload_bytes_max // MEBIBYTE + 1
    assert left_over(house) == 0
    assert await kept(play) == []


async def test_a_length_that_lies_does_not_help(play: Play, house: House) -> None:
    """Forty megabytes under a header that says ten bytes are forty megabytes."""
    answer = await play.upload("ours", Tap(40), **{"Content-Length": "10"})

    assert answer.status_code == 413
    assert left_over(house) == 0


async def test_other_routes_keep_the_small_limit(play: Play) -> None:
    """A JSON body of two megabytes is refused although files may be larger."""
    answer = await play.ask(
        play.experts[0], "POST", f"{play.url}/score-sheets", content=bytes(2 * MEBIBYTE)
    )

    assert (answer.status_code, answer.json()["code"]) == (413, "marketplace.too_large")


async def test_a_form_is_not_a_file(play: Play, house: House) -> None:
    """A browser's multipart body would be read as a broken CSV: it is refused by its type."""
    url = f"/v1/bids/{play.bids['ours']}/submissions/benchmark"

    answer = await play.ask(play.solvers["ours"], "POST", url, files={"file": GOOD})

    assert (answer.status_code, answer.json()["code"]) == (415, "request.media_type")
    assert "text/csv" in answer.json()["detail"]
    assert left_over(house) == 0


async def test_an_upload_that_breaks_off_leaves_nothing(
    app: Litestar, play: Play, house: House
) -> None:
    """The client hangs up in the middle: that is no bug of ours, and no half file stays."""
    sent: list[dict[str, Any]] = []
    arriving = iter(
        [
            {"type": "http.request", "body": GOOD[:20], "more_body": True},
            {"type": "http.disconnect"},
        ]
    )

    async def receive() -> Any:
        return next(arriving)

    async def send(message: Any) -> None:
        sent.append(message)

    path = f"/v1/bids/{play.bids['ours']}/submissions/benchmark"
    headers = {"host": "jiebang.test"} | given.CSV | play.solvers["ours"].headers
    scope: Any = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(key.lower().encode(), value.encode()) for key, value in headers.items()],
        "client": ("127.0.0.1", 1),
        "server": ("jiebang.test", 80),
        "extensions": {},
    }
    await app(scope, receive, send)

    assert sent[0]["status"] == 400
    assert b"scoring.upload_broken_off" in sent[1]["body"]
    assert left_over(house) == 0
    assert await kept(play) == []
