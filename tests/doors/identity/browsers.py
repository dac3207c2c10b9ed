"""Browsers: clients with a cookie jar, at a house in production behind TLS or in development."""

import base64
import dataclasses
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
from litestar import Litestar

from marketplace.app import create_app
from marketplace.house import House
from marketplace.identity.rules import second_factor
from marketplace.kit.clock import FixedClock
from tests.given.sign_ins import PASSWORD

HOST = "jiebang.test"
ENGLISH = {"Accept-Language": "en"}


def in_production(house: House, **settings: object) -> House:
    """The same house with the settings of an installation that strangers can reach."""
    changes: dict[str, Any] = {"development": False} | settings
    return dataclasses.replace(house, settings=dataclasses.replace(house.settings, **changes))


@asynccontextmanager
async def a_browser(app: Litestar, scheme: str = "http") -> AsyncIterator[httpx.AsyncClient]:
    """A client that keeps cookies by the rules that its address asks for."""
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)  # type: ignore[arg-type]
    address = f"{scheme}://{HOST}"
    async with httpx.AsyncClient(transport=transport, base_url=address, headers=ENGLISH) as browser:
        yield browser


def an_app(house: House) -> Litestar:
    """An app of this house alone, whose settings are not those of the others."""
    return create_app(house)


async def sign_in(
    browser: httpx.AsyncClient, login: str, password: str = PASSWORD, **more: object
) -> httpx.Response:
    """Send the form of the sign-in page."""
    body = {"login": login, "password": password} | more
    return await browser.post("/v1/sessions", json=body)


async def signed_in(browser: httpx.AsyncClient, login: str) -> dict[str, str]:
    """Sign in, and have the header that later requests have to carry."""
    answer = await sign_in(browser, login)
    assert answer.status_code == 201, answer.text
    return {"X-CSRF-Token": answer.json()["csrf_token"]}


async def enrolled(
    browser: httpx.AsyncClient, headers: dict[str, str], clock: FixedClock
) -> tuple[bytes, list[str], dict[str, str]]:
    """Set a second factor up: its secret, the recovery codes, the header from now on."""
    begun = await browser.post("/v1/me/second-factor", headers=headers)
    assert begun.status_code == 201, begun.text
    secret = secret_of(begun.json()["secret"])
    code = second_factor.code_at(secret, clock.now())
    confirmed = await browser.post(
        "/v1/me/second-factor/actions/confirm", json={"code": code}, headers=headers
    )
    assert confirmed.status_code == 200, confirmed.text
    found = confirmed.json()
    return secret, found["recovery_codes"], {"X-CSRF-Token": found["session"]["csrf_token"]}


def secret_of(shown: str) -> bytes:
    """Read a secret as an authenticator does."""
    return base64.b32decode(shown + "=" * (-len(shown) % 8))
