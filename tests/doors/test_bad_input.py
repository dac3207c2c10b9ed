"""Bad input of every kind: a precise problem document, no change, and nothing of our inside."""

import json

import httpx
import pytest

from marketplace.kit.clock import FixedClock
from marketplace.kit.database import Database
from marketplace.kit.ids import new_id
from marketplace.profiles.rules.profile import Track
from tests.doors.test_strangers import snapshot
from tests.given import scoring as given

INSIDE = ("Traceback", "sqlalchemy", "sqlite3", "asyncpg", "SELECT ", "/marketplace/", "litestar")
OFFER = {"quote_fen": 80_000_000, "declarations": given.DECLARATIONS, "summary": "方案"}


async def a_begun_bid(
    client: httpx.AsyncClient, database: Database, clock: FixedClock
) -> tuple[given.Play, str, dict[str, str]]:
    """A published call and a bid without content; the address and headers for submitting it."""
    play = await given.a_play(client, database, clock, "ours")
    await play.publish(given.a_content(given.EVERYTHING), Track.PROCUREMENT_TENDER)
    begun = await play.do(play.solvers["ours"], f"{play.url}/bids")
    url = f"/v1/bids/{begun['id']}"
    etag = (await play.ask(play.solvers["ours"], "GET", url)).headers["etag"]
    headers = play.solvers["ours"].headers | {"If-Match": etag, "Idempotency-Key": "offer-1"}
    return play, f"{url}/actions/submit", headers


def check_problem(answer: httpx.Response, status: int) -> dict[str, object]:
    """What every refusal looks like."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert not any(word in answer.text for word in INSIDE), answer.text
    found: dict[str, object] = answer.json()
    assert found["status"] == status
    assert str(found["type"]).endswith(str(found["code"]))
    assert found["title"] and found["instance"]
    return found


MALFORMED: dict[str, tuple[dict[str, object], str]] = {
    "text for money": ({"quote_fen": "80000000"}, "/quote_fen"),
    "a float for money": ({"quote_fen": 80_000_000.0}, "/quote_fen"),
    "a boolean for money": ({"quote_fen": True}, "/quote_fen"),
    "negative money": ({"quote_fen": -1}, "/quote_fen"),
    "more money than there is": ({"quote_fen": 10**18}, "/quote_fen"),
    "an unknown field": ({"quote_yuan": 1}, "/quote_yuan"),
    "too long a text": ({"summary": "榜" * 100_001}, "/summary"),
    "a list for a text": ({"summary": ["方案"]}, "/summary"),
    "a rate above the whole": (
        {"deductions": [{"policy": "small_firm", "bps": 10_001}]},
        "/deductions/0/bps",
    ),
    "a float in a decimal": ({"figures": {"team": 1.5}}, "/figures/team"),
    "not a number in a decimal": ({"figures": {"team": "NaN"}}, "/figures/team"),
    "infinity in a decimal": ({"figures": {"team": "Infinity"}}, "/figures/team"),
}


class TestOffers:
    """What a bidder may send by mistake."""

    async def test_every_malformed_field_is_pointed_at(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """400 with a JSON pointer to the field, for each kind of mistake."""
        _, url, headers = await a_begun_bid(client, database, clock)
        before = await snapshot(database)

        for mistake, (change, pointer) in MALFORMED.items():
            answer = await client.post(url, json=OFFER | change, headers=headers)
            found = check_problem(answer, 400)
            pointers = {item["pointer"] for item in found["errors"]}  # type: ignore[attr-defined]
            assert pointers == {pointer}, mistake

        assert await snapshot(database) == before

    async def test_says_in_chinese_what_is_wrong_with_each_field(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """Not one English word for a reader of Chinese, for every kind of mistake above."""
        _, url, headers = await a_begun_bid(client, database, clock)
        headers["Accept-Language"] = "zh-CN"

        for mistake, (change, _) in MALFORMED.items():
            answer = await client.post(url, json=OFFER | change, headers=headers)
            (found,) = answer.json()["errors"]
            assert any("\u4e00" <= char <= "\u9fff" for char in found["detail"]), mistake
            assert " or " not in found["detail"], mistake

    @pytest.mark.parametrize(
        "body",
        [b"", b"{", b"[]", b'"offer"', b"null", b'{"quote_fen": NaN}', b"\xff\xfe", b"{}" * 2],
    )
    async def test_a_body_that_is_no_json_object_is_malformed(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock, body: bytes
    ) -> None:
        """Truncated, of another type, not UTF-8, with NaN: 400 each time."""
        _, url, headers = await a_begun_bid(client, database, clock)

        answer = await client.post(
            url, content=body, headers=headers | {"Content-Type": "application/json"}
        )

        check_problem(answer, 400)

    async def test_a_deeply_nested_body_is_refused_in_time(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """A hundred thousand brackets exhaust nobody's stack."""
        _, url, headers = await a_begun_bid(client, database, clock)
        body = b'{"summary":' + b"[" * 100_000 + b"]" * 100_000 + b"}"

        answer = await client.post(
            url, content=body, headers=headers | {"Content-Type": "application/json"}
        )

        check_problem(answer, 400)

    async def test_a_body_beyond_the_limit_is_too_large(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """413 before anything is parsed."""
        _, url, headers = await a_begun_bid(client, database, clock)
        body = json.dumps(OFFER | {"summary": "x" * 1_100_000}).encode()

        answer = await client.post(
            url, content=body, headers=headers | {"Content-Type": "application/json"}
        )

        check_problem(answer, 413)

    async def test_a_zero_quote_is_against_a_rule(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """Well formed, and still not a purchase: 422."""
        _, url, headers = await a_begun_bid(client, database, clock)

        answer = await client.post(url, json=OFFER | {"quote_fen": 0}, headers=headers)

        assert check_problem(answer, 422)["code"] == "bids.quote_not_positive"

    async def test_a_repeatable_request_needs_its_key(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """Submitting a bid without an Idempotency-Key is refused, and says so."""
        _, url, headers = await a_begun_bid(client, database, clock)
        del headers["Idempotency-Key"]

        answer = await client.post(url, json=OFFER, headers=headers)

        assert check_problem(answer, 400)["code"] == "wire.idempotency_key_missing"


class TestAddresses:
    """Ids and methods that were made up."""

    @pytest.mark.parametrize("language", ["zh-CN", "en"])
    @pytest.mark.parametrize(
        ("path", "status"),
        [
            ("/v1/bids/{id}", 404),
            ("/v1/scenarios/{id}", 404),
            ("/v1/ranking-rounds/{id}/sheet", 404),
            ("/v1/bids/not-an-id", 404),
            ("/v1/calendars/99999999999999999999", 404),
            ("/v1/rule-profiles/%00", 404),
            ("/v1/nowhere", 404),
        ],
    )
    async def test_what_is_not_there_is_not_found(
        self,
        client: httpx.AsyncClient,
        database: Database,
        clock: FixedClock,
        path: str,
        status: int,
        language: str,
    ) -> None:
        """404 in the language of the caller, whether the id is foreign, malformed or absurd."""
        play = await given.a_play(client, database, clock, "ours")
        headers = play.solvers["ours"].headers | {"Accept-Language": language}

        answer = await client.get(path.format(id=new_id()), headers=headers)

        title = str(check_problem(answer, status)["title"])
        assert title.isascii() is (language == "en")

    async def test_a_method_that_is_not_offered_is_named(self, client: httpx.AsyncClient) -> None:
        """405 with what is allowed."""
        answer = await client.delete("/v1/scenarios")

        check_problem(answer, 405)
        assert "GET" in answer.headers["allow"]

    @pytest.mark.parametrize(
        "credential", ["Bearer nonsense", "Bearer " + "x" * 9000, "Basic dTpw", "Bearer jb_a_b", ""]
    )
    async def test_a_wrong_credential_is_refused_even_where_none_is_needed(
        self, client: httpx.AsyncClient, credential: str
    ) -> None:
        """Whoever sends a key means it to be checked."""
        answer = await client.get("/v1/scenarios", headers={"Authorization": credential})

        assert check_problem(answer, 401)["code"] == "identity.credential_refused"
