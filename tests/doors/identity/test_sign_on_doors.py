"""Single sign-on against a real, certified OpenID provider, driven as a browser drives it."""

import contextlib
import dataclasses
import re
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx
import pytest
from litestar import Litestar

from marketplace.house import House
from marketplace.identity.rules.access import Role
from marketplace.kit.clock import SystemClock
from marketplace.kit.database import Database
from marketplace.kit.openid import OpenIdProvider
from tests.doors.identity.browsers import ENGLISH, an_app, signed_in
from tests.given import identity as given
from tests.given import peers
from tests.given.ports import free_port
from tests.given.sign_ins import a_password

PEER = peers.FOLDER / "oidc_provider"
OURS = "http://jiebang.test"
SECRET = "a secret of the tests, not of anybody"
ISSUED_BY = re.compile(r'action="([^"]+)"')

pytestmark = peers.needs(PEER)


@contextlib.contextmanager
def a_provider(*, code_seconds: int = 60) -> Iterator[str]:
    """A provider in a process of its own; its issuer."""
    port = free_port()
    command = ["node", "provider.mjs", str(port), f"{OURS}/v1/sessions/oidc/callback"]
    process = subprocess.Popen(
        [*command, str(code_seconds)], cwd=PEER, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith(b"listening"), line
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=10)
        assert process.stdout is not None
        process.stdout.close()


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    """One provider for all that follows."""
    with a_provider() as found:
        yield found


def staffed(house: House, issuer: str) -> Litestar:
    """An app whose staff sign in at this provider; in real time, as the provider is."""
    provider = OpenIdProvider(
        issuer=issuer, client_id="jiebang", client_secret=SECRET, insecure=True
    )
    settings = dataclasses.replace(house.settings, public_url=OURS)
    return an_app(
        dataclasses.replace(house, provider=provider, clock=SystemClock(), settings=settings)
    )


@contextlib.asynccontextmanager
async def a_browser(app: Litestar) -> AsyncIterator[httpx.AsyncClient]:
    """A client whose cookie jar knows both our site and the provider."""
    ours: Any = app
    mounts = {OURS: httpx.ASGITransport(app=ours, raise_app_exceptions=False)}
    async with httpx.AsyncClient(mounts=mounts, base_url=OURS, headers=ENGLISH) as browser:
        yield browser


async def at_the_provider(browser: httpx.AsyncClient, address: str, account: str) -> str:
    """Fill in the login and the consent form; the address that leads back to us."""
    answer = await browser.get(address)
    for _ in range(12):
        if answer.is_redirect:
            following = str(answer.next_request.url) if answer.next_request else ""
            if following.startswith(OURS):
                return following
            answer = await browser.get(following)
            continue
        assert answer.status_code == 200, answer.text
        found = ISSUED_BY.search(answer.text)
        assert found is not None, answer.text
        asks_who = 'value="login"' in answer.text
        form = {"prompt": "login", "login": account, "password": "any"}
        answer = await browser.post(
            found.group(1), data=form if asks_who else {"prompt": "consent"}
        )
    raise AssertionError("the provider never led back")


async def led_back(browser: httpx.AsyncClient, account: str, return_to: str = "/calls") -> str:
    """Begin with us, sign in at the provider, and stop before coming back."""
    begun = await browser.get("/v1/sessions/oidc/start", params={"return_to": return_to})
    assert begun.status_code == 303, begun.text
    return await at_the_provider(browser, begun.headers["location"], account)


def with_changes(address: str, **changes: str) -> str:
    """The same address with other parameters."""
    parts = urlsplit(address)
    return parts._replace(query=urlencode(dict(parse_qsl(parts.query)) | changes)).geturl()


@pytest.fixture
async def officer(database: Database, house: House, issuer: str) -> given.Someone:
    """An officer whose account at the provider an administrator linked."""
    officer = await given.someone(database, Role.BUREAU_OFFICER)
    admin = await given.someone(database, Role.PLATFORM_ADMIN)
    async with a_browser(staffed(house, issuer)) as browser:
        linked = await browser.post(
            f"/v1/people/{officer.actor.person_id}/external-identities",
            json={"issuer": issuer, "subject": "officer-7"},
            headers=admin.headers,
        )
    assert linked.status_code == 201, linked.text
    return officer


class TestSigningIn:
    """From our site to the provider and back."""

    @pytest.mark.postgres
    async def test_ends_signed_in_where_one_began(
        self, house: House, issuer: str, officer: given.Someone
    ) -> None:
        """Login and consent at the provider open a session here; ours is not asked for a code."""
        async with a_browser(staffed(house, issuer)) as browser:
            back = await led_back(browser, "officer-7")
            answer = await browser.get(back)
            me = await browser.get("/v1/me")
            current = await browser.get("/v1/sessions/current")

        assert answer.status_code == 303, answer.text
        assert answer.headers["location"] == "/calls"
        assert me.json()["person_id"] == str(officer.actor.person_id)
        assert current.json()["methods"] == ["single_sign_on"]
        assert current.json()["second_factor_missing"] is False

    async def test_an_account_that_nobody_linked_opens_nothing(
        self, house: House, issuer: str
    ) -> None:
        """No person is made by signing in."""
        async with a_browser(staffed(house, issuer)) as browser:
            answer = await browser.get(await led_back(browser, "a stranger"))
            me = await browser.get("/v1/me")

        assert (answer.status_code, answer.json()["code"]) == (403, "identity.identity_unlinked")
        assert me.status_code == 401

    async def test_an_answer_is_good_once(
        self, house: House, issuer: str, officer: given.Someone
    ) -> None:
        """Whoever reads the address in a history can do nothing with it, even with the cookie."""
        async with a_browser(staffed(house, issuer)) as browser:
            back = await led_back(browser, "officer-7")
            kept = browser.cookies["jiebang-sign-on"]
            first = await browser.get(back)
            without_cookie = await browser.get(back)
            browser.cookies.clear()
            browser.cookies.set("jiebang-sign-on", kept, domain="jiebang.test")
            with_cookie = await browser.get(back)

        assert first.status_code == 303
        assert without_cookie.json()["code"] == "identity.flow_refused"
        assert with_cookie.json()["code"] == "openid.sign_on_refused"

    async def test_an_answer_for_another_browser_is_refused(
        self, house: House, issuer: str, officer: given.Someone
    ) -> None:
        """An attacker cannot sign a victim in with the attacker's own answer."""
        app = staffed(house, issuer)
        async with a_browser(app) as attacker, a_browser(app) as victim:
            back = await led_back(attacker, "officer-7")
            await victim.get("/v1/sessions/oidc/start")
            foreign = await victim.get(back)
            nothing_begun = await attacker.get(with_changes(back, state="made-up"))

        assert (foreign.status_code, foreign.json()["reason"]) == (401, "state")
        assert (nothing_begun.status_code, nothing_begun.json()["reason"]) == (401, "state")

    async def test_an_answer_of_another_issuer_is_refused(
        self, house: House, issuer: str, officer: given.Someone
    ) -> None:
        """A provider that was mixed up with ours does not get our code."""
        async with a_browser(staffed(house, issuer)) as browser:
            back = await led_back(browser, "officer-7")
            answer = await browser.get(with_changes(back, iss="https://evil.example"))

        assert (answer.status_code, answer.json()["reason"]) == (401, "issuer")

    async def test_a_code_that_expired_is_refused(self, house: House) -> None:
        """The provider says no, and we say so."""
        with a_provider(code_seconds=1) as short:
            async with a_browser(staffed(house, short)) as browser:
                back = await led_back(browser, "officer-7")
                time.sleep(2.1)  # noqa: ASYNC251  # the provider's clock is the real one
                answer = await browser.get(back)

        assert (answer.status_code, answer.json()["reason"]) == (401, "code")

    async def test_a_provider_that_is_down_is_said_so_in_time(self, house: House) -> None:
        """503 with its own code, and not after a minute."""
        started = time.monotonic()
        async with a_browser(staffed(house, f"http://127.0.0.1:{free_port()}")) as browser:
            answer = await browser.get("/v1/sessions/oidc/start")

        assert answer.status_code == 503
        assert answer.json()["code"] == "openid.provider_unavailable"
        assert time.monotonic() - started < 8

    @pytest.mark.parametrize(
        "address", ["https://evil.example", "//evil.example", "/\\evil.example", "calls", "/a\tb"]
    )
    async def test_one_comes_back_to_this_site_only(
        self, house: House, issuer: str, address: str
    ) -> None:
        """No sign-on ends on a page of somebody else's."""
        async with a_browser(staffed(house, issuer)) as browser:
            answer = await browser.get("/v1/sessions/oidc/start", params={"return_to": address})

        assert (answer.status_code, answer.json()["code"]) == (
            422,
            "identity.address_not_local",
        )

    async def test_an_installation_without_a_provider_says_so(
        self, client: httpx.AsyncClient
    ) -> None:
        """409 instead of a broken redirect."""
        answer = await client.get("/v1/sessions/oidc/start")

        assert (answer.status_code, answer.json()["code"]) == (409, "identity.provider_missing")


class TestLinking:
    """How an account comes to belong to a person."""

    async def test_a_person_links_their_own_account(
        self, house: House, database: Database, issuer: str
    ) -> None:
        """Signed in with a password, one signs in at the provider too, and may use that next."""
        solver = await given.someone(database, Role.SOLVER)
        await a_password(database, solver.actor, "own.account")
        async with a_browser(staffed(house, issuer)) as browser:
            headers = await signed_in(browser, "own.account")
            begun = await browser.post(
                "/v1/me/external-identities/actions/start-link",
                json={"return_to": "/me"},
                headers=headers,
            )
            back = await at_the_provider(browser, begun.json()["address"], "solver-9")
            linked = await browser.get(back)
            browser.cookies.clear()
            await browser.get(await led_back(browser, "solver-9"))
            me = await browser.get("/v1/me")

        assert (linked.status_code, linked.headers["location"]) == (303, "/me")
        assert me.json()["person_id"] == str(solver.actor.person_id)

    async def test_a_link_that_began_in_another_session_is_refused(
        self, house: House, database: Database, issuer: str
    ) -> None:
        """Whoever signs in meanwhile does not get somebody else's account."""
        solver = await given.someone(database, Role.SOLVER)
        await a_password(database, solver.actor, "own.account")
        async with a_browser(staffed(house, issuer)) as browser:
            headers = await signed_in(browser, "own.account")
            begun = await browser.post(
                "/v1/me/external-identities/actions/start-link", json={}, headers=headers
            )
            back = await at_the_provider(browser, begun.json()["address"], "solver-9")
            await signed_in(browser, "own.account")
            answer = await browser.get(back)

        assert (answer.status_code, answer.json()["reason"]) == (401, "session")

    async def test_an_account_that_was_unlinked_opens_nothing(
        self, house: House, database: Database, issuer: str, officer: given.Someone
    ) -> None:
        """The administrator takes it away, and the next sign-on is refused."""
        admin = await given.someone(database, Role.PLATFORM_ADMIN)
        url = f"/v1/people/{officer.actor.person_id}/external-identities"
        async with a_browser(staffed(house, issuer)) as browser:
            (linked,) = (await browser.get(url, headers=admin.headers)).json()["items"]
            gone = await browser.post(f"{url}/{linked['id']}/actions/unlink", headers=admin.headers)
            answer = await browser.get(await led_back(browser, "officer-7"))

        assert gone.status_code == 200, gone.text
        assert answer.json()["code"] == "identity.identity_unlinked"

    async def test_an_account_belongs_to_one_person(
        self, house: House, database: Database, issuer: str, officer: given.Someone
    ) -> None:
        """The same account for a second person is refused."""
        admin = await given.someone(database, Role.PLATFORM_ADMIN)
        async with a_browser(staffed(house, issuer)) as browser:
            answer = await browser.post(
                f"/v1/people/{admin.actor.person_id}/external-identities",
                json={"issuer": issuer, "subject": "officer-7"},
                headers=admin.headers,
            )

        assert (answer.status_code, answer.json()["code"]) == (409, "identity.identity_linked")
