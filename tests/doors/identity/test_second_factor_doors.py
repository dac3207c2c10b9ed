"""Setting a second factor up, signing in with it, and losing it."""

import datetime as dt

import pytest
from litestar import Litestar

from marketplace.identity.rules import second_factor
from marketplace.identity.rules.access import Role
from marketplace.identity.tables.organizations import OrganizationKind
from marketplace.kit.clock import FixedClock
from marketplace.kit.database import Database
from marketplace.kit.tables import metadata
from tests.doors.identity.browsers import a_browser, enrolled, sign_in, signed_in
from tests.given import identity as given
from tests.given.sign_ins import PASSWORD, a_password

LOGIN = "li.si@example.cn"
STEP = dt.timedelta(seconds=second_factor.STEP_SECONDS)


@pytest.fixture
async def officer(database: Database) -> given.Someone:
    """An officer with a password, whose role needs more than that."""
    officer = await given.someone(database, Role.BUREAU_OFFICER)
    await a_password(database, officer.actor, LOGIN)
    return officer


@pytest.fixture
async def solver(database: Database) -> given.Someone:
    """A solver with a password, who may have a second factor if they like."""
    solver = await given.someone(database, Role.SOLVER)
    await a_password(database, solver.actor, LOGIN)
    return solver


class TestWhoeverNeedsOne:
    """Roles that decide, pay, or see what others may not."""

    async def test_without_one_a_session_is_for_setting_one_up(
        self, app: Litestar, clock: FixedClock, officer: given.Someone
    ) -> None:
        """Before: nothing but enrolment, not even a key for oneself. After: everything."""
        async with a_browser(app) as browser:
            headers = await signed_in(browser, LOGIN)
            current = await browser.get("/v1/sessions/current")
            before = [
                await browser.get("/v1/me"),
                await browser.get("/v1/organizations"),
                await browser.post("/v1/api-keys", json={"name": "way out"}, headers=headers),
            ]
            _, _, headers = await enrolled(browser, headers, clock)
            after = await browser.get("/v1/me")

        assert current.json()["second_factor_missing"] is True
        assert {answer.status_code for answer in before} == {403}
        assert {a.json()["code"] for a in before} == {"identity.second_factor_missing"}
        assert after.json()["roles"] == ["bureau_officer"]

    async def test_a_role_given_later_counts_at_once(
        self, app: Litestar, database: Database
    ) -> None:
        """Acting for an organisation where one's role needs more is held up in the same way."""
        poster = await given.someone(database, Role.POSTER)
        await a_password(database, poster.actor, LOGIN)
        bureau = await given.an_organization(database, kind=OrganizationKind.GOVERNMENT)
        await given.joins(database, poster.actor.person_id, bureau, Role.BUREAU_OFFICER)
        async with a_browser(app) as browser:
            headers = await signed_in(browser, LOGIN)
            switched = await browser.post(
                "/v1/sessions/current/actions/act-for",
                json={"organization_id": str(bureau)},
                headers=headers,
            )
            me = await browser.get("/v1/me")

        assert switched.json()["second_factor_missing"] is True
        assert me.json()["code"] == "identity.second_factor_missing"


class TestSigningIn:
    """With a password and a code."""

    @pytest.mark.postgres
    async def test_the_code_is_asked_for_and_good_once(
        self, app: Litestar, clock: FixedClock, solver: given.Someone
    ) -> None:
        """Without a code, with a wrong one, with the right one, and with the same one again."""
        async with a_browser(app) as browser:
            headers = await signed_in(browser, LOGIN)
            secret, _, _ = await enrolled(browser, headers, clock)
            clock.advance(STEP * 2)
            code = second_factor.code_at(secret, clock.now())
            wrong = f"{(int(code) + 1) % 1_000_000:06d}"
            answers = [
                await sign_in(browser, LOGIN),
                await sign_in(browser, LOGIN, code=wrong),
                await sign_in(browser, LOGIN, code=code),
                await sign_in(browser, LOGIN, code=code),
            ]
            clock.advance(STEP)
            replayed = await sign_in(browser, LOGIN, code=code)

        codes = [answer.json().get("code") for answer in answers]
        assert [answer.status_code for answer in answers] == [401, 401, 201, 401]
        assert codes[0] == "identity.second_factor_required"
        assert codes[1] == codes[3] == replayed.json()["code"] == "identity.code_refused"
        assert answers[2].json()["methods"] == ["password", "totp"]

    async def test_the_code_that_confirmed_it_does_not_sign_in(
        self, app: Litestar, clock: FixedClock, solver: given.Someone
    ) -> None:
        """A code seen over the shoulder at enrolment is used up."""
        async with a_browser(app) as browser:
            headers = await signed_in(browser, LOGIN)
            secret, _, _ = await enrolled(browser, headers, clock)
            code = second_factor.code_at(secret, clock.now())
            answer = await sign_in(browser, LOGIN, code=code)

        assert answer.json()["code"] == "identity.code_refused"

    async def test_wrong_codes_close_the_login_like_wrong_passwords(
        self, app: Litestar, clock: FixedClock, solver: given.Someone
    ) -> None:
        """Asking for the code in between, which is no wrong try, does not begin the count anew."""
        async with a_browser(app) as browser:
            headers = await signed_in(browser, LOGIN)
            await enrolled(browser, headers, clock)
            told = []
            for _ in range(6):
                told.append((await sign_in(browser, LOGIN)).status_code)
                told.append((await sign_in(browser, LOGIN, code="000000")).status_code)

        assert told == [401] * 10 + [429] * 2

    async def test_a_recovery_code_is_good_once(
        self, app: Litestar, clock: FixedClock, solver: given.Someone
    ) -> None:
        """On the day the authenticator is lost, however it is typed."""
        async with a_browser(app) as browser:
            headers = await signed_in(browser, LOGIN)
            _, codes, _ = await enrolled(browser, headers, clock)
            first = await sign_in(browser, LOGIN, code=codes[3].upper().replace("-", " "))
            again = await sign_in(browser, LOGIN, code=codes[3])
            left = await browser.get("/v1/me/second-factor")

        assert len(set(codes)) == 10
        assert first.json()["methods"] == ["password", "recovery_code"]
        assert again.json()["code"] == "identity.code_refused"
        assert left.json()["recovery_codes_left"] == 9

    async def test_what_a_session_knew_before_is_not_enough_afterwards(
        self, app: Litestar, clock: FixedClock, solver: given.Someone
    ) -> None:
        """Confirming a second factor ends the sessions that only knew the password."""
        async with a_browser(app) as here, a_browser(app) as there:
            headers = await signed_in(here, LOGIN)
            await signed_in(there, LOGIN)
            old = here.cookies["jiebang"]
            await enrolled(here, headers, clock)
            seen = [(await one.get("/v1/me")).status_code for one in (here, there)]
            new = here.cookies["jiebang"]

        assert seen == [200, 401]
        assert new != old


class TestGivingItUp:
    """POST /v1/me/second-factor/actions/disable."""

    async def test_needs_the_password_and_a_code(
        self, app: Litestar, clock: FixedClock, solver: given.Someone
    ) -> None:
        """Who finds a browser open cannot take the second factor off."""
        url = "/v1/me/second-factor/actions/disable"
        async with a_browser(app) as browser:
            headers = await signed_in(browser, LOGIN)
            _, codes, headers = await enrolled(browser, headers, clock)
            wrongs = [
                {"password": "wrong horse battery staple", "code": codes[0]},
                {"password": PASSWORD, "code": "000000"},
            ]
            refused = [await browser.post(url, json=one, headers=headers) for one in wrongs]
            right = {"password": PASSWORD, "code": codes[0]}
            done = await browser.post(url, json=right, headers=headers)
            state = await browser.get("/v1/me/second-factor")
            again = await sign_in(browser, LOGIN)

        assert [answer.status_code for answer in refused] == [401, 401]
        assert done.status_code == 200, done.text
        assert state.json() == {"enabled": False, "confirmed_at": None, "recovery_codes_left": 0}
        assert again.status_code == 201


async def test_nothing_of_it_lies_readable_in_the_database(
    app: Litestar, clock: FixedClock, database: Database, solver: given.Someone
) -> None:
    """Neither password, nor session, nor secret, nor recovery code is in any row."""
    async with a_browser(app) as browser:
        headers = await signed_in(browser, LOGIN)
        secret, codes, _ = await enrolled(browser, headers, clock)
        token = browser.cookies["jiebang"]
    async with database.reading() as session:
        connection = await session.connection()
        rows = [
            repr((await connection.execute(table.select())).all())
            for table in metadata.sorted_tables
        ]

    written = "\n".join(rows)
    plain = [PASSWORD, token, repr(secret)[2:-1], secret.hex(), *codes]
    assert [one for one in plain if one in written] == []
    assert "$argon2id$" in written
