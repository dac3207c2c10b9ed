"""No log line of a whole run holds what opens something, whatever goes wrong."""

import datetime as dt
import json
from urllib.parse import quote

import httpx
import pytest
from litestar import Litestar
from sqlalchemy import text

from marketplace.identity.rules import second_factor
from marketplace.identity.rules.access import Role
from marketplace.kit.clock import FixedClock
from marketplace.kit.database import Database
from tests.doors.identity.browsers import a_browser, enrolled, secret_of, sign_in
from tests.given import identity as given
from tests.given.sign_ins import PASSWORD, a_password
from tests.given.sweeping import logged

LOGIN = "zhao.liu@example.cn"
WRONG = "a wrong password that was typed"
NEW = "a new password that was chosen"


async def ask_in_every_way(
    browser: httpx.AsyncClient, headers: dict[str, str], secrets: list[str]
) -> list[int]:
    """Send every secret in a header, in a body, in an address, and where it does not belong."""
    told = []
    for secret in secrets:
        safe = quote(secret, safe="")
        told += [
            (await browser.get(f"/v1/scenarios/{safe}?cursor={safe}")).status_code,
            (await browser.get(f"/v1/scenarios?cursor={safe}", headers=headers)).status_code,
            (await browser.get("/v1/me", headers={"Authorization": f"Bearer {safe}"})).status_code,
            (await browser.post("/v1/sessions", json={"login": secret})).status_code,
            (await browser.post("/v1/sessions", json={"password": secret, "x": 1})).status_code,
            (await browser.post("/v1/sessions", content=secret.encode())).status_code,
            (
                await browser.post(
                    "/v1/api-keys", json={"name": secret * 50}, headers={"X-CSRF-Token": safe}
                )
            ).status_code,
        ]
    return told


async def test_no_secret_is_in_any_line(
    app: Litestar,
    database: Database,
    clock: FixedClock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Keys, passwords, tokens, codes, cookies: through successes, refusals and faults of ours."""
    solver = await given.someone(database, Role.SOLVER)
    admin = await given.someone(database, Role.PLATFORM_ADMIN)
    await a_password(database, solver.actor, LOGIN)
    reset_url = f"/v1/people/{solver.actor.person_id}/password-resets"
    with logged(caplog) as log:
        async with a_browser(app) as browser, a_browser(app) as stranger:
            opened = await sign_in(browser, LOGIN)
            first_cookie = browser.cookies["jiebang"]
            headers = {"X-CSRF-Token": opened.json()["csrf_token"]}
            secret, codes, headers = await enrolled(browser, headers, clock)
            clock.advance(dt.timedelta(minutes=1))
            code = second_factor.code_at(secret, clock.now())
            await sign_in(stranger, LOGIN, WRONG)
            await sign_in(stranger, LOGIN, code=code)
            issued = await stranger.post(reset_url, json={}, headers=admin.headers)
            secrets = [
                *(solver.key, admin.key, PASSWORD, WRONG, NEW, first_cookie),
                *(browser.cookies["jiebang"], stranger.cookies["jiebang"], headers["X-CSRF-Token"]),
                *(issued.json()["token"], codes[0], second_factor.shown_secret(secret)),
            ]
            told = await ask_in_every_way(stranger, headers, secrets)
            redeem = {"token": issued.json()["token"], "new_password": NEW}
            async with database.engine.begin() as connection:
                await connection.execute(text("ALTER TABLE person_session RENAME TO gone"))
                await connection.execute(text("ALTER TABLE api_key RENAME TO gone_too"))
            broken = [
                await stranger.post("/v1/password-resets/actions/redeem", json=redeem),
                await stranger.post("/v1/sessions", json={"login": LOGIN, "password": NEW}),
                await browser.get("/v1/me"),
                await stranger.get("/v1/me", headers=solver.headers),
            ]

    written = log.getvalue()
    assert {400, 401, 403} <= set(told)
    assert 500 in {answer.status_code for answer in broken}, [a.text for a in broken]
    assert written.count('"event": "request"') > 80
    assert "Traceback" in written or '"exc_type"' in written
    leaked = [one for one in secrets if one in written or json.dumps(one)[1:-1] in written]
    assert leaked == []
    assert code not in written
    assert secret_of(second_factor.shown_secret(secret)) == secret
