"""Choosing passwords, forgetting them, and guessing those of others."""

import datetime as dt

import httpx
import pytest
from litestar import Litestar

from marketplace.identity.rules.access import Role
from marketplace.kit.clock import FixedClock
from marketplace.kit.database import Database
from tests.doors.identity.browsers import a_browser, sign_in, signed_in
from tests.given import identity as given
from tests.given.sign_ins import PASSWORD, a_password

LOGIN = "wang.wu@example.cn"
NEW = "another long sentence"


class TestChoosing:
    """PUT /v1/me/password."""

    async def test_the_first_one_comes_with_a_fresh_key(
        self, client: httpx.AsyncClient, database: Database
    ) -> None:
        """Whoever was just given a key chooses login and password, and signs in."""
        solver = await given.someone(database, Role.SOLVER)
        body = {"login": LOGIN, "new_password": PASSWORD}

        chosen = await client.put("/v1/me/password", json=body, headers=solver.headers)
        entered = await sign_in(client, LOGIN)

        assert chosen.status_code == 200, chosen.text
        assert chosen.json()["csrf_token"] is None
        assert entered.status_code == 201

    async def test_an_old_key_or_a_limited_one_sets_no_first_password(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """A key found in an old script must not become a way to sign in."""
        solver = await given.someone(database, Role.SOLVER)
        asked = {"name": "narrow", "scopes": ["bids:submit"]}
        narrow = await client.post("/v1/api-keys", json=asked, headers=solver.headers)
        limited = {"Authorization": f"Bearer {narrow.json()['key']}"}
        body = {"login": LOGIN, "new_password": PASSWORD}

        too_narrow = await client.put("/v1/me/password", json=body, headers=limited)
        clock.advance(dt.timedelta(days=2))
        too_old = await client.put("/v1/me/password", json=body, headers=solver.headers)

        assert too_narrow.json()["code"] == "identity.not_permitted"
        assert too_old.json()["code"] == "identity.proof_too_old"

    async def test_the_next_one_needs_the_one_before(
        self, client: httpx.AsyncClient, database: Database
    ) -> None:
        """A key alone changes no password that is there."""
        solver = await given.someone(database, Role.SOLVER)
        await a_password(database, solver.actor, LOGIN)
        wrong = "wrong horse battery staple"
        answers = [
            await client.put(
                "/v1/me/password", json={"new_password": NEW} | more, headers=solver.headers
            )
            for more in ({}, {"old_password": wrong}, {"old_password": PASSWORD})
        ]

        assert [answer.status_code for answer in answers] == [401, 401, 200]

    @pytest.mark.parametrize(
        ("password", "reason"),
        [
            ("only nine", "length"),
            ("x" * 201, "length"),
            ("Password2026!", "common"),
            ("1234567890", "common"),
            ("my name is wang.wu", "contains_login"),
        ],
    )
    async def test_what_would_be_guessed_first_is_refused(
        self, client: httpx.AsyncClient, database: Database, password: str, reason: str
    ) -> None:
        """The answer says what is wrong, and never repeats the password."""
        solver = await given.someone(database, Role.SOLVER)
        body = {"login": LOGIN, "new_password": password}

        answer = await client.put("/v1/me/password", json=body, headers=solver.headers)

        assert (answer.status_code, answer.json()["reason"]) == (422, reason)
        assert password not in answer.text

    async def test_a_login_belongs_to_one_person_however_it_is_typed(
        self, client: httpx.AsyncClient, database: Database
    ) -> None:
        """Full-width letters and capitals do not make a second one."""
        first = await given.someone(database, Role.SOLVER)
        await a_password(database, first.actor, LOGIN)
        second = await given.someone(database, Role.SOLVER)
        body = {"login": "WANG.WU@example.cn", "new_password": PASSWORD}

        answer = await client.put("/v1/me/password", json=body, headers=second.headers)

        assert (answer.status_code, answer.json()["code"]) == (409, "identity.login_taken")

    async def test_a_password_is_the_same_on_every_keyboard(
        self, client: httpx.AsyncClient, database: Database
    ) -> None:
        """Full-width and composed characters are written in one way before they are hashed."""
        solver = await given.someone(database, Role.SOLVER)
        await a_password(database, solver.actor, LOGIN, "café horse １２３ staple")

        answer = await sign_in(client, LOGIN, "cafe\u0301 horse 123 staple")

        assert answer.status_code == 201


class TestForgetting:
    """One-time tokens from an administrator."""

    @pytest.mark.postgres
    async def test_a_token_is_good_once_and_ends_every_session(
        self, app: Litestar, database: Database
    ) -> None:
        """The organisation's administrator hands it over; afterwards only the new one opens."""
        admin = await given.someone(database, Role.ORGANIZATION_ADMIN)
        own = admin.organization_id
        member = await given.someone(database, Role.SOLVER, organization_id=own)
        await a_password(database, member.actor, LOGIN)
        async with a_browser(app) as browser, a_browser(app) as other:
            await signed_in(browser, LOGIN)
            issued = await other.post(
                f"/v1/people/{member.actor.person_id}/password-resets",
                json={},
                headers=admin.headers,
            )
            body = {"token": issued.json()["token"], "new_password": NEW}
            answers = [
                await other.post("/v1/password-resets/actions/redeem", json=body) for _ in range(2)
            ]
            seen = await browser.get("/v1/me")
            entered = [await sign_in(other, LOGIN, one) for one in (PASSWORD, NEW)]

        assert issued.status_code == 201, issued.text
        assert issued.headers["cache-control"] == "no-store"
        assert [answer.status_code for answer in answers] == [200, 422]
        assert seen.status_code == 401
        assert [answer.status_code for answer in entered] == [401, 201]

    async def test_a_token_dies_after_a_day_and_when_another_one_is_issued(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """What lies about in a mailbox opens nothing."""
        admin = await given.someone(database, Role.PLATFORM_ADMIN)
        member = await given.someone(database, Role.SOLVER)
        url = f"/v1/people/{member.actor.person_id}/password-resets"
        tokens = [
            (await client.post(url, json={"login": LOGIN}, headers=admin.headers)).json()["token"]
            for _ in range(2)
        ]
        redeem = "/v1/password-resets/actions/redeem"

        replaced = await client.post(redeem, json={"token": tokens[0], "new_password": NEW})
        clock.advance(dt.timedelta(days=1))
        late = await client.post(redeem, json={"token": tokens[1], "new_password": NEW})

        assert [replaced.status_code, late.status_code] == [422, 422]
        assert {replaced.json()["code"], late.json()["code"]} == {"identity.reset_refused"}

    async def test_an_organization_resets_nobody_who_is_more_than_its_own(
        self, client: httpx.AsyncClient, database: Database
    ) -> None:
        """Otherwise its administrator could sign in as an officer, or as somebody elsewhere."""
        admin = await given.someone(database, Role.ORGANIZATION_ADMIN)
        own = admin.organization_id
        elsewhere = await given.someone(database, Role.SOLVER)
        both = await given.someone(database, Role.SOLVER, organization_id=own)
        other = elsewhere.organization_id
        await given.joins(database, both.actor.person_id, other, Role.SOLVER)
        powerful = await given.someone(database, Role.AUDITOR, organization_id=own)
        answers = [
            await client.post(
                f"/v1/people/{one.actor.person_id}/password-resets",
                json={"login": LOGIN},
                headers=admin.headers,
            )
            for one in (elsewhere, both, powerful)
        ]

        assert [answer.status_code for answer in answers] == [404, 404, 403]


class TestGuessing:
    """Wrong tries in a row."""

    @pytest.mark.postgres
    async def test_the_wait_grows_and_a_right_password_does_not_shorten_it(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """5 free tries, then 1, 2, 4, 8, 15, 15 minutes; inside the wait nothing is looked at."""
        solver = await given.someone(database, Role.SOLVER)
        await a_password(database, solver.actor, LOGIN)
        for _ in range(5):
            assert (await sign_in(client, LOGIN, "wrong one, always")).status_code == 401
        waits = []
        for _ in range(6):
            closed = await sign_in(client, LOGIN)
            assert (closed.status_code, closed.json()["code"]) == (429, "identity.tries_used_up")
            seconds = int(closed.headers["retry-after"])
            waits.append(seconds // 60)
            clock.advance(dt.timedelta(seconds=seconds))
            assert (await sign_in(client, LOGIN, "wrong one, always")).status_code == 401

        assert waits == [1, 2, 4, 8, 15, 15]

    async def test_unknown_logins_are_counted_in_the_same_way(
        self, client: httpx.AsyncClient, database: Database
    ) -> None:
        """The sixth try is told to wait, whether or not anybody has the login."""
        solver = await given.someone(database, Role.SOLVER)
        await a_password(database, solver.actor, LOGIN)
        told = {
            login: [(await sign_in(client, login, "wrong one, always")) for _ in range(7)]
            for login in (LOGIN, "nobody@example.cn")
        }

        known, unknown = told.values()
        assert [one.status_code for one in known] == [401] * 5 + [429] * 2
        assert [one.json() for one in known] == [one.json() for one in unknown]

    async def test_the_right_password_begins_the_count_anew(
        self, client: httpx.AsyncClient, database: Database
    ) -> None:
        """Four mistakes, a success, four mistakes: nobody is kept waiting."""
        solver = await given.someone(database, Role.SOLVER)
        await a_password(database, solver.actor, LOGIN)
        told = []
        for _ in range(2):
            for _ in range(4):
                told.append((await sign_in(client, LOGIN, "wrong one, always")).status_code)
            told.append((await sign_in(client, LOGIN)).status_code)

        assert told == [401, 401, 401, 401, 201] * 2

    async def test_the_old_password_cannot_be_guessed_with_a_stolen_key(
        self, client: httpx.AsyncClient, database: Database
    ) -> None:
        """Changing it counts like signing in."""
        solver = await given.someone(database, Role.SOLVER)
        await a_password(database, solver.actor, LOGIN)
        told = [
            (
                await client.put(
                    "/v1/me/password",
                    json={"old_password": f"guess number {number}", "new_password": NEW},
                    headers=solver.headers,
                )
            ).status_code
            for number in range(7)
        ]

        assert told == [401] * 5 + [429] * 2
