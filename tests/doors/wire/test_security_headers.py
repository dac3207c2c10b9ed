"""What every answer tells a browser, whatever the answer is."""

import base64
import dataclasses
import hashlib
import json
import re

import httpx
import pytest
from litestar import Litestar, get

from marketplace.app import create_app
from marketplace.house import House
from marketplace.wire.headers import API_POLICY
from tests.given.identity import someone

ALWAYS = {
    "content-security-policy": API_POLICY,
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}
INLINE = re.compile(r"<(script|style)(?: type='[^']*')?>(.*?)</\1>", re.DOTALL)
OUTSIDE = re.compile(r"(?:src|href)=['\"](?:https?:)?//")


@get("/bug", sync_to_thread=False)
def bug() -> None:
    """Break."""
    raise RuntimeError("a fault of ours")


def check_headers(answer: httpx.Response) -> None:
    """Every header is there, once."""
    for name, value in ALWAYS.items():
        assert answer.headers.get_list(name) == [value], name
    assert "camera=()" in answer.headers["permissions-policy"]
    assert re.fullmatch(r"[A-Za-z0-9._-]{1,64}", answer.headers["x-request-id"])
    assert answer.headers["cache-control"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v1/calendars", 200),
        ("GET", "/health/live", 200),
        ("GET", "/schema/openapi.json", 200),
        ("GET", "/schema-assets/swagger-ui.css", 200),
        ("OPTIONS", "/v1/scenarios", 204),
        ("GET", "/v1/me", 401),
        ("GET", "/v1/nowhere", 404),
        ("GET", "/v1/bids/not-an-id", 404),
        ("DELETE", "/v1/scenarios", 405),
        ("POST", "/v1/organizations", 400),
    ],
)
async def test_every_answer_has_them(
    client: httpx.AsyncClient, method: str, path: str, status: int
) -> None:
    """Also what no route takes, and what is refused before anything is done."""
    answer = await client.request(method, path)

    assert answer.status_code == status, answer.text
    check_headers(answer)
    if status >= 400:
        assert answer.headers["cache-control"] == "no-store"


async def test_an_answer_without_a_body_has_them(client: httpx.AsyncClient) -> None:
    """304 is an answer like any other."""
    first = await client.get("/v1/calendars")
    again = await client.get("/v1/calendars", headers={"If-None-Match": first.headers["etag"]})

    assert again.status_code == 304
    check_headers(again)


async def test_a_body_that_is_too_large_has_them(house: House, client: httpx.AsyncClient) -> None:
    """413 too, although the body was not read to its end."""
    solver = await someone(house.database)
    answer = await client.post(
        "/v1/organizations", content=b"x" * 1_100_000, headers=solver.headers
    )

    assert answer.status_code == 413
    check_headers(answer)


async def test_a_fault_of_ours_has_them(house: House) -> None:
    """500 too, and a wrong key, and a second identity that somebody tries to give to a request."""
    app = create_app(house)
    app.register(bug)
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://jiebang.test") as client:
        broken = await client.get("/bug", headers={"X-Request-Id": "bad\tid"})
        refused = await client.get("/v1/scenarios", headers={"Authorization": "Bearer nonsense"})

    assert (broken.status_code, refused.status_code) == (500, 401)
    for answer in (broken, refused):
        check_headers(answer)
    assert broken.headers["x-request-id"] != "bad\tid"


@pytest.mark.parametrize(("development", "told"), [(True, None), (False, "max-age=31536000")])
async def test_only_in_production_a_browser_is_bound_to_tls(
    house: House, development: bool, told: str | None
) -> None:
    """On a developer's machine it would lock the browser out of every other local server."""
    settings = dataclasses.replace(house.settings, development=development)
    app = create_app(dataclasses.replace(house, settings=settings))
    transport = httpx.ASGITransport(app=app)  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://jiebang.test") as client:
        for path in ("/health/live", "/v1/nowhere"):
            answer = await client.get(path)
            assert answer.headers.get("strict-transport-security") == told


class TestPages:
    """The two pages, which need a policy of their own."""

    @pytest.mark.parametrize("path", ["/", "/schema"])
    async def test_allow_exactly_what_stands_in_them(
        self, client: httpx.AsyncClient, path: str
    ) -> None:
        """Every script and style in the page is allowed by its digest, and nothing else inline."""
        page = await client.get(path)
        policy = page.headers["content-security-policy"]
        sources = dict(part.split(" ", 1) for part in policy.split("; "))
        found = INLINE.findall(page.text)

        assert "unsafe" not in policy and "*" not in policy and "http" not in policy
        assert sources["default-src"] == sources["frame-ancestors"] == "'none'"
        assert found and page.text.count("<style") + page.text.count("<script>") <= len(found) + 1
        for kind, text in found:
            digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
            assert f"'sha256-{digest}'" in sources[f"{kind}-src"]
        assert " style=" not in page.text and " onclick=" not in page.text

    @pytest.mark.parametrize("path", ["/", "/schema"])
    async def test_load_nothing_from_elsewhere(self, client: httpx.AsyncClient, path: str) -> None:
        """A bureau's network often reaches no other host; and no other host should hear of it."""
        page = await client.get(path)
        assert OUTSIDE.findall(page.text) == []

    async def test_the_documentation_page_offers_no_sign_in_elsewhere(
        self, client: httpx.AsyncClient
    ) -> None:
        """The page for the way back from another site's sign-in is not there."""
        assert (await client.get("/schema/oauth2-redirect.html")).status_code == 404


async def test_every_operation_has_a_limit_on_its_body(app: Litestar) -> None:
    """Two kinds of routes: JSON under the one limit, and files, which are listed here."""
    streamed = {
        str(handler.operation_id)
        for route in app.routes
        for handler in getattr(route, "route_handlers", ())
        if handler.resolve_request_max_body_size() is None
    }
    document = json.loads((await _document(app)).text)
    files = {
        operation["operationId"]
        for item in document["paths"].values()
        for operation in item.values()
        if "application/json"
        not in operation.get("requestBody", {}).get("content", {"application/json": 0})
    }

    assert streamed == files != set()


async def _document(app: Litestar) -> httpx.Response:
    transport = httpx.ASGITransport(app=app)  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://jiebang.test") as client:
        return await client.get("/schema/openapi.json")
