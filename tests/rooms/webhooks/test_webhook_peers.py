"""Deliveries as a receiver in JavaScript takes them, with the published library."""

import asyncio
import base64
import json
from typing import Any

import pytest

from marketplace.client.listen import serve_receiver
from marketplace.house import House
from marketplace.identity.rules.access import Role
from marketplace.kit.outbound import Outbound
from marketplace.webhooks import jobs
from marketplace.webhooks.actions import endpoints
from tests.given import peers
from tests.given import webhooks as given
from tests.given.identity import someone
from tests.given.webhooks import Heard

pytestmark = peers.needs(peers.WEBHOOKS)


def as_told(heard: Heard, secret: str, **changes: Any) -> dict[str, Any]:
    """One request as the peer is told of it."""
    body = base64.b64encode(changes.pop("body", heard.body)).decode()
    return {"secret": secret, "headers": heard.headers | changes, "body": body}


async def verdicts(*told: dict[str, Any]) -> Any:
    """The type of each event that the library accepted, None where it refused."""
    return await asyncio.to_thread(
        peers.answer, peers.WEBHOOKS, "verify.mjs", told=json.dumps(told)
    )


@pytest.mark.postgres
async def test_the_published_javascript_library_accepts_what_is_sent_and_nothing_else(
    house: House,
) -> None:
    """Under both secrets while one is rotated; not a changed byte, id or time, nor another key."""
    recorder = given.Recorder(204)
    async with serve_receiver(recorder) as url:
        owner = await someone(house.database, Role.SOLVER)
        made = await given.an_endpoint(house, owner, "scenario.closed", url=url)
        async with house.database.writing() as session:
            renewed = await endpoints.rotate_secret(
                session,
                owner.actor,
                made.row.id,
                expected_version=made.row.version,
                keeper=house.keeper,
                entropy=b"\x07" * 32,
                now=house.clock.now(),
            )
        await given.an_event(house)
        async with Outbound(given.LOCAL) as outbound:
            courier = given.a_courier(house, outbound)
            await jobs.fan_out(courier)
            await jobs.deliver(courier)
    [heard] = recorder.heard

    told = await verdicts(
        as_told(heard, made.secret),
        as_told(heard, renewed.secret),
        as_told(heard, renewed.secret, body=heard.body.replace(b"closed", b"Closed", 1)),
        as_told(heard, renewed.secret, **{"webhook-id": "another"}),
        as_told(heard, renewed.secret, **{"webhook-timestamp": "1"}),
        as_told(heard, "whsec_" + base64.b64encode(b"x" * 32).decode()),
    )

    assert told == ["scenario.closed", "scenario.closed", None, None, None, None]
