"""Amendments, proposed by the officer and confirmed by the approver."""

from typing import Any

import httpx

from marketplace.bids.actions import offering
from marketplace.kit.clock import Clock
from marketplace.kit.database import Database
from marketplace.scenarios.actions import amending
from marketplace.scenarios.tables import Scenario
from tests.given.identity import Someone
from tests.given.scenarios import Called, Cast, the_version


async def proposed(
    database: Database, clock: Clock, called: Called, content: dict[str, Any], note: str = "澄清"
) -> Scenario:
    """The call with an amendment that waits."""
    version = await the_version(database, called)
    async with database.writing() as session:
        row, _ = await amending.propose(
            session,
            called.cast.officer.actor,
            called.id,
            content=content,
            note=note,
            expected_version=version,
            clock=clock,
        )
    return row


async def amended(
    database: Database, clock: Clock, called: Called, content: dict[str, Any], note: str = "澄清"
) -> Scenario:
    """The call after an amendment."""
    await proposed(database, clock, called, content, note)
    version = await the_version(database, called)
    async with database.writing() as session:
        return await offering.confirm_amendment(
            session, called.cast.approver.actor, called.id, expected_version=version, clock=clock
        )


async def ask_to(
    client: httpx.AsyncClient, who: Someone, url: str, place: str, body: object = None
) -> httpx.Response:
    """Ask for something under the version of the call that was just read."""
    etag = (await client.get(url, headers=who.headers)).headers["etag"]
    return await client.post(f"{url}/{place}", json=body, headers=who.headers | {"If-Match": etag})


async def amend(
    client: httpx.AsyncClient, cast: Cast, url: str, content: object, **more: object
) -> httpx.Response:
    """Propose and confirm over HTTP: the answer of the confirmation, or of a refused proposal."""
    body = {"content": content, "note": "更正"} | more
    found = await ask_to(client, cast.officer, url, "amendments", body)
    if found.status_code != httpx.codes.CREATED:
        return found
    return await ask_to(client, cast.approver, url, "actions/confirm-amendment")
