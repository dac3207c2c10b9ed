"""Signing in with a password, and what a session may do, as a browser sees it."""

import asyncio
import datetime as dt

import httpx
import pytest
from litestar import Litestar

from marketplace.house import House
from marketplace.identity.rules.access import Role
from marketplace.kit.clock import FixedClock
from marketplace.kit.database import Database
from tests.doors.identity.browsers import (
    a_browser,
    an_app,
    in_production,
    sign_in,
    signed_in,
)
from tests.given import identity as given
from tests.given.sign_ins import PASSWORD, a_password

LOGIN = "zhang.san@example.cn"


@pytest.fixture
async def solver(database: Database) -> given.Someone:
    """A solver with a password."""
    solver = await given.someone(database, Role.SOLVER)
    await a_password(database, solver.actor, LOGIN)
    return solver


class TestSignIn:
    """POST /v1/sessions."""

    @pytest.mark.postgres
    async def test_a_cookie_speaks_for_its_person(
        self, app: Litestar, solver: given.Someone
    ) -> None:
        """After signing in the browser is the person, with the same rights as their key."""
        async with a_browser(app) as browser:
            answer = await sign_in(browser, "  Zhang.San@Example.CN ")
            me = await browser.get("/v1/me")
            with_key = await browser.get("/v1/me", headers=solver.headers)

        assert answer.status_code == 201, answer.text
        assert answer.headers["cache-control"] == "no-store"
        assert me.json() == with_key.json()

    async def test_in_production_the_cookie_is_for_this_host_over_tls(
        self, house: House, solver: given.Someone
    ) -> None:
        """`__Host-`, Secure, HttpOnly, SameSite=Lax, Path=/, no Domain; and the flow works."""
        async with a_browser(an_app(in_production(house)), "https") as browser:
            answer = await sign_in(browser, LOGIN)
            me = await browser.get("/v1/me")
            headers = {"X-CSRF-Token": answer.json()["csrf_token"]}
            out = await browser.post("/v1/sessions/current/actions/sign-out", headers=headers)
            after = await browser.get("/v1/me")

        name, _, attributes = answer.headers["set-cookie"].partition("=")
        assert name == "__Host-jiebang"
        assert {"HttpOnly", "Secure", "SameSite=lax", "Path=/"} <= set(attributes.split("; "))
        assert "Domain" not in attributes
        assert (me.status_code, out.status_code, after.status_code) == (200, 200, 401)

    async def test_in_development_the_cookie_works_without_tls(
        self, app: Litestar, solver: given.Someone
    ) -> None:
        """On http://127.0.0.1 a browser would refuse the prefix and the attribute."""
        async with a_browser(app) as browser:
            answer = await sign_in(browser, LOGIN)

        assert answer.headers["set-cookie"].startswith("jiebang=")
        assert "Secure" not in answer.headers["set-cookie"]
        assert "HttpOnly" in answer.headers["set-cookie"]

    async def test_a_wrong_password_and_an_unknown_login_look_the_same(
        self, app: Litestar, solver: given.Someone
    ) -> None:
        """Nobody learns from an answer which logins exist."""
        async with a_browser(app) as browser:
            wrong = await sign_in(browser, LOGIN, "wrong horse battery staple")
            unknown = await sign_in(browser, "nobody@example.cn")

        assert wrong.status_code == unknown.status_code == 401
        assert wrong.json() == unknown.json()
        assert wrong.json()["code"] == "identity.sign_in_refused"
        assert "set-cookie" not in wrong.headers

    async def test_another_site_cannot_sign_somebody_in(
        self, app: Litestar, solver: given.Someone
    ) -> None:
        """A form of another site would sign its visitor in as somebody else."""
        body = {"login": LOGIN, "password": PASSWORD}
        strange = [
            {"Origin": "https://evil.example"},
            {"Origin": "null"},
            {"Sec-Fetch-Site": "cross-site"},
            {"Sec-Fetch-Site": "same-site"},
        ]
        async with a_browser(app) as browser:
            answers = [await browser.post("/v1/sessions", json=body, headers=h) for h in strange]
            own = {"Origin": "http://jiebang.test", "Sec-Fetch-Site": "same-origin"}
            from_us = await browser.post("/v1/sessions", json=body, headers=own)

        assert {answer.status_code for answer in answers} == {403}
        assert {a.json()["code"] for a in answers} == {"identity.cross_site_refused"}
        assert from_us.status_code == 201


class TestFixation:
    """A token that somebody else knows never becomes a session."""

    async def test_a_token_that_was_brought_along_is_never_adopted(
        self, app: Litestar, solver: given.Someone
    ) -> None:
        """Who plants a cookie in a browser does not know the session that is opened there."""
        planted = "planted-by-somebody-who-waits"
        async with a_browser(app) as browser, a_browser(app) as attacker:
            browser.cookies.set("jiebang", planted, domain="jiebang.test")
            answer = await sign_in(browser, LOGIN)
            attacker.cookies.set("jiebang", planted, domain="jiebang.test")
            stolen = await attacker.get("/v1/me")

        assert answer.status_code == 201
        assert planted not in answer.headers["set-cookie"]
        assert stolen.status_code == 401

    async def test_every_change_of_rights_makes_the_old_token_worthless(
        self, app: Litestar, database: Database, solver: given.Someone
    ) -> None:
        """Sign-in, another organisation and a new password each bring a new token."""
        other = await given.an_organization(database)
        await given.joins(database, solver.actor.person_id, other, Role.POSTER)
        tokens = []
        async with a_browser(app) as browser, a_browser(app) as thief:
            headers = await signed_in(browser, LOGIN)
            tokens.append(browser.cookies["jiebang"])
            headers = await signed_in(browser, LOGIN)
            thief.cookies.set("jiebang", tokens[0], domain="jiebang.test")
            after_another_sign_in = await thief.get("/v1/me")
            thief.cookies.clear()
            tokens.append(browser.cookies["jiebang"])
            switched = await browser.post(
                "/v1/sessions/current/actions/act-for",
                json={"organization_id": str(other)},
                headers=headers,
            )
            tokens.append(browser.cookies["jiebang"])
            headers = {"X-CSRF-Token": switched.json()["csrf_token"]}
            changed = await browser.put(
                "/v1/me/password",
                json={"old_password": PASSWORD, "new_password": "another long sentence"},
                headers=headers,
            )
            me = await browser.get("/v1/me")
            stolen = []
            for token in tokens:
                thief.cookies.set("jiebang", token, domain="jiebang.test")
                stolen.append((await thief.get("/v1/me")).status_code)
                thief.cookies.clear()

        assert (switched.status_code, changed.status_code) == (200, 200), changed.text
        assert me.json()["organization_id"] == str(other)
        assert after_another_sign_in.status_code == 401
        assert stolen == [401, 401, 401]


class TestCrossSite:
    """Requests that a cookie speaks for."""

    async def test_a_write_without_the_proof_is_refused(
        self, app: Litestar, solver: given.Someone
    ) -> None:
        """The cookie alone, a wrong proof and the proof of another session change nothing."""
        async with a_browser(app) as browser, a_browser(app) as other:
            headers = await signed_in(browser, LOGIN)
            others = await signed_in(other, LOGIN)
            ask = {"name": "from a page"}
            without = await browser.post("/v1/api-keys", json=ask)
            wrong = await browser.post("/v1/api-keys", json=ask, headers={"X-CSRF-Token": "x"})
            foreign = await browser.post("/v1/api-keys", json=ask, headers=others)
            right = await browser.post("/v1/api-keys", json=ask, headers=headers)

        refused = [without, wrong, foreign]
        assert [answer.status_code for answer in refused] == [403, 403, 403]
        assert {a.json()["code"] for a in refused} == {"identity.cross_site_refused"}
        assert right.status_code == 201

    async def test_another_origin_is_refused_even_with_the_proof(
        self, app: Litestar, solver: given.Someone
    ) -> None:
        """What the browser says about the page counts as well as what the page knows."""
        async with a_browser(app) as browser:
            headers = await signed_in(browser, LOGIN)
            strange = [{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}]
            answers = [
                await browser.post("/v1/api-keys", json={"name": "x"}, headers=headers | more)
                for more in strange
            ]

        assert [answer.status_code for answer in answers] == [403, 403]

    async def test_a_repeat_under_an_idempotency_key_needs_the_proof_too(
        self, app: Litestar, solver: given.Someone
    ) -> None:
        """A stored answer is not handed to a request that could not have been made."""
        async with a_browser(app) as browser:
            headers = await signed_in(browser, LOGIN) | {"Idempotency-Key": "once"}
            issued = await browser.post("/v1/api-keys", json={"name": "k"}, headers=headers)
            url = f"/v1/api-keys/{issued.json()['id']}/actions/revoke"
            first = await browser.post(url, headers=headers)
            again = await browser.post(url, headers=headers)
            forged = await browser.post(url, headers={"Idempotency-Key": "once"})

        assert (first.status_code, again.status_code, forged.status_code) == (200, 200, 403)
        assert again.headers["idempotency-replayed"] == "true"

    async def test_a_key_needs_no_proof_and_wins_over_a_cookie(
        self, app: Litestar, database: Database, solver: given.Someone
    ) -> None:
        """No page of another site can send a key, so a request with one speaks for its owner."""
        other = await given.someone(database, Role.SOLVER)
        async with a_browser(app) as browser:
            await signed_in(browser, LOGIN)
            me = await browser.get("/v1/me", headers=other.headers)
            issued = await browser.post(
                "/v1/api-keys", json={"name": "by key"}, headers=other.headers
            )
            bad = await browser.get("/v1/me", headers={"Authorization": "Bearer nonsense"})

        assert me.json()["person_id"] == str(other.actor.person_id)
        assert issued.status_code == 201
        assert bad.status_code == 401


class TestEnds:
    """How sessions end."""

    async def test_a_stale_cookie_is_401_at_the_api_and_cleared_on_a_page(
        self, app: Litestar, solver: given.Someone
    ) -> None:
        """A page that everybody may read does not fail because of an old cookie."""
        async with a_browser(app) as browser:
            browser.cookies.set("jiebang", "long-gone", domain="jiebang.test")
            api = await browser.get("/v1/scenarios")
            page = await browser.get("/")

        assert (api.status_code, api.json()["code"]) == (401, "identity.session_ended")
        assert page.status_code == 200
        assert 'jiebang=""' in page.headers["set-cookie"]
        assert "Max-Age=0" in page.headers["set-cookie"]

    async def test_left_alone_it_ends_after_half_an_hour(
        self, app: Litestar, clock: FixedClock, solver: given.Someone
    ) -> None:
        """29 minutes of silence are fine, as often as you like; 30 are not."""
        async with a_browser(app) as browser:
            await signed_in(browser, LOGIN)
            seen = []
            for minutes in (29, 29, 30):
                clock.advance(dt.timedelta(minutes=minutes))
                seen.append((await browser.get("/v1/me")).status_code)

        assert seen == [200, 200, 401]

    async def test_after_twelve_hours_it_ends_whatever_happens(
        self, app: Litestar, clock: FixedClock, solver: given.Someone
    ) -> None:
        """Being busy does not keep a session alive for ever."""
        async with a_browser(app) as browser:
            await signed_in(browser, LOGIN)
            seen = []
            for _ in range(36):
                clock.advance(dt.timedelta(minutes=20))
                seen.append((await browser.get("/v1/me")).status_code)

        assert seen == [200] * 35 + [401]

    async def test_one_is_revoked_and_the_others_stay(
        self, app: Litestar, solver: given.Someone
    ) -> None:
        """A person ends the session of the laptop they lost, and sees that it is gone."""
        async with a_browser(app) as here, a_browser(app) as lost:
            headers = await signed_in(here, LOGIN)
            await signed_in(lost, LOGIN)
            listed = (await here.get("/v1/sessions")).json()["items"]
            (other,) = [item for item in listed if not item["current"]]
            url = f"/v1/sessions/{other['id']}/actions/revoke"
            ended = await here.post(url, headers=headers)
            left = (await here.get("/v1/sessions")).json()["items"]
            seen = [(await one.get("/v1/me")).status_code for one in (here, lost)]

        assert ended.status_code == 200
        assert [item["current"] for item in left] == [True]
        assert seen == [200, 401]

    async def test_signing_out_everywhere_ends_them_all(
        self, app: Litestar, solver: given.Someone
    ) -> None:
        """This one too."""
        async with a_browser(app) as here, a_browser(app) as there:
            headers = await signed_in(here, LOGIN)
            await signed_in(there, LOGIN)
            out = await here.post("/v1/sessions/actions/sign-out-everywhere", headers=headers)
            seen = [(await one.get("/v1/me")).status_code for one in (here, there)]

        # The jar of `here` no longer holds a cookie: the answer took it away.
        assert out.json() == {"ended": 2}
        assert seen == [401, 401]

    async def test_a_new_password_ends_the_other_sessions(
        self, app: Litestar, solver: given.Someone
    ) -> None:
        """Whoever else is signed in knew the old password."""
        async with a_browser(app) as here, a_browser(app) as there:
            headers = await signed_in(here, LOGIN)
            await signed_in(there, LOGIN)
            changed = await here.put(
                "/v1/me/password",
                json={"old_password": PASSWORD, "new_password": "another long sentence"},
                headers=headers,
            )
            seen = [(await one.get("/v1/me")).status_code for one in (here, there)]

        assert changed.status_code == 200, changed.text
        assert seen == [200, 401]

    async def test_nobody_acts_for_an_organization_they_do_not_belong_to(
        self, app: Litestar, database: Database, solver: given.Someone
    ) -> None:
        """A session acts for an organisation its person belongs to, or for none."""
        stranger = await given.an_organization(database)
        async with a_browser(app) as browser:
            headers = await signed_in(browser, LOGIN)
            refused = await browser.post(
                "/v1/sessions/current/actions/act-for",
                json={"organization_id": str(stranger)},
                headers=headers,
            )

        assert (refused.status_code, refused.json()["code"]) == (403, "identity.no_membership")


@pytest.mark.postgres
async def test_two_hundred_guesses_at_once_are_five(
    client: httpx.AsyncClient, house: House, solver: given.Someone
) -> None:
    """However many guesses begin together, five are looked at; the others are told to wait."""
    guesses = [sign_in(client, LOGIN, f"guess number {number}") for number in range(200)]
    answers = await asyncio.gather(*guesses)

    told = sorted(answer.status_code for answer in answers)
    assert told == [401] * 5 + [429] * 195
    closed = next(answer for answer in answers if answer.status_code == 429)
    assert 1 <= int(closed.headers["retry-after"]) <= 61
