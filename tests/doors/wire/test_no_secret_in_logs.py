"""What is planted where a log could pick it up is not found in the log."""

import contextlib
import io
import json
import logging
from collections.abc import Callable, Iterator

import httpx
import pytest
import structlog
from litestar import Request, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from sqlalchemy import text

from marketplace.app import create_app
from marketplace.house import House
from marketplace.kit.database import WriteSession
from marketplace.kit.errors import Conflict
from marketplace.kit.logs import configure_logs, scrubbed
from tests.given.identity import someone

KEY = "jb_0123456789_fedcba9876543210fedcba9876543210"
SECRET = KEY.rsplit("_", maxsplit=1)[-1]
SIGNING = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
OFFER = "4837261905-fen-before-the-opening"
REDIS = "redis://:hunter2hunter2@cache.example:6379/0"


class TellsTooMuch(Conflict):
    """A refusal whose facts hold what they should not."""

    code = "marketplace.tells_too_much"
    title_zh = "说得太多。"


@get("/bug", sync_to_thread=False)
def bug(request: Request[None, None, State]) -> None:
    """Break with secrets in the locals, in the message and in the cause."""
    offer = OFFER
    header = request.headers.get("authorization")
    try:
        raise ConnectionError(f"cannot reach {REDIS} as {header}")
    except ConnectionError as down:
        raise RuntimeError(f"signing with {SIGNING} failed; {len(offer)}") from down


@post("/sql")
async def sql(writer: NamedDependency[WriteSession]) -> None:
    """Break in the database, with a secret among the parameters."""
    connection = await writer.connection()
    await connection.execute(text("INSERT INTO nowhere VALUES (:offer)"), {"offer": OFFER})


@get("/refused", sync_to_thread=False)
def refused() -> None:
    """Refuse with a secret among the facts, and log the refusal."""
    refusal = TellsTooMuch(token=SECRET, url=f"https://example.com/?access_token={SECRET}")
    structlog.get_logger("jiebang.tests").warning("refused", error=str(refusal), **refusal.facts)
    raise refusal


@pytest.fixture(params=[True, False], ids=["json", "terminal"])
def log(request: pytest.FixtureRequest) -> Iterator[Callable[[], str]]:
    """The log as it is written, in both forms."""
    written = io.StringIO()
    with contextlib.redirect_stderr(written):
        configure_logs(json_lines=request.param)
    yield written.getvalue
    configure_logs(json_lines=False)


async def test_of_requests(house: House, log: Callable[[], str]) -> None:
    """Headers, queries, bodies, bugs with their locals and causes, and parameters of SQL."""
    person = await someone(house.database)
    app = create_app(house)
    for handler in (bug, sql, refused):
        app.register(handler)
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://jiebang.test") as client:
        asked = [
            await client.get("/bug", headers=person.headers),
            await client.post("/sql", headers=person.headers),
            await client.get("/refused"),
            await client.get(f"/v1/calendars?token={SECRET}&x=1", headers=person.headers),
            await client.get("/v1/calendars", headers={"Authorization": f"Bearer {KEY}"}),
            await client.get("/v1/calendars", headers={"Cookie": f"session={SECRET}"}),
            await client.post("/v1/organizations", json={"name_zh": OFFER}, headers=person.headers),
        ]

    assert [answer.status_code for answer in asked] == [500, 500, 409, 200, 401, 200, 400]
    found = log()
    assert found.count("RuntimeError") and found.count("OperationalError")
    secrets = {person.key, person.key.split("_")[-1], SECRET, SIGNING, OFFER, "hunter2hunter2"}
    assert [secret for secret in secrets if secret in found] == []
    for answer in asked[:2]:
        assert [secret for secret in secrets if secret in answer.text] == []


def test_of_libraries(log: Callable[[], str]) -> None:
    """What a library warns of takes the same way out, its tracebacks too."""
    library = logging.getLogger("some.library")
    library.warning("retrying %s with %s", REDIS, {"Authorization": f"Bearer {KEY}"})
    try:
        raise ValueError(f"bad key {KEY}")
    except ValueError:
        library.exception("giving up")

    found = log()
    assert found.count("some.library") == 2 and "ValueError" in found
    assert SECRET not in found and "hunter2" not in found


def test_a_line_for_machines_is_one_line(log: Callable[[], str]) -> None:
    """A line break in a value does not begin a line that could be taken for another."""
    structlog.get_logger("jiebang.tests").info("heard", said='x\n{"event": "forged"}')

    found = log()
    if found.startswith("{"):
        assert json.loads(found)["event"] == "heard" and found.count("\n") == 1
    else:
        assert "\\n" in found and found.count("\n") == 1


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ({"a": [{"api_key": "x", "name": "y"}]}, {"a": [{"api_key": "…", "name": "y"}]}),
        (f"with {KEY}.", "with jb_0123456789_…."),
        (f"Authorization: Bearer {SECRET}", "Authorization: Bearer …"),
        ("/v1/x?cursor=3&api_key=abc&limit=2", "/v1/x?cursor=3&api_key=…&limit=2"),
        (b"whsec_abcdefgh", "b'whsec_…'"),
        (("a", 1, None, True), ["a", 1, None, True]),
        ("揭榜 2026-03-02 09:00 bid_submitted", "揭榜 2026-03-02 09:00 bid_submitted"),
        ("scenario.closed basic facts", "scenario.closed basic facts"),
    ],
)
def test_what_is_blanked_and_what_is_not(value: object, shown: object) -> None:
    """By name at any depth, by shape in any text; everything else stays readable."""
    assert scrubbed(value) == shown
