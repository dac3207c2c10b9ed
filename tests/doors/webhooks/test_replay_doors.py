"""Replays over HTTP: status, shape, problem code."""

import httpx
import pytest

from marketplace.house import House
from marketplace.identity.rules.access import Role
from marketplace.kit.outbound import Outbound
from marketplace.replays import jobs
from marketplace.webhooks import jobs as webhooks
from tests.given import identity as people
from tests.given import webhooks as given

FROM = {"from_at": "2026-03-02T09:00:00+08:00"}


async def an_owner(house: House) -> tuple[people.Someone, str]:
    """Somebody with an endpoint that was told of five events, and the address of its replays."""
    owner = await people.someone(house.database, Role.SOLVER)
    made = await given.an_endpoint(house, owner, "scenario.closed")
    for _ in range(5):
        await given.an_event(house)
    async with Outbound() as outbound:
        await webhooks.fan_out(given.a_courier(house, outbound))
    return owner, f"/v1/webhook-endpoints/{made.row.id}/replays"


@pytest.mark.postgres
async def test_a_replay_is_asked_for_watched_and_found_in_the_list(
    client: httpx.AsyncClient, house: House
) -> None:
    """202 with how much there is to do, then its progress until it is done."""
    owner, at = await an_owner(house)

    asked = await client.post(at, json=FROM, headers=owner.headers)
    assert asked.status_code == 202, asked.text
    made = asked.json()
    assert (made["state"], made["done"], made["total"]) == ("running", 0, 5)
    assert "number" not in asked.text and "read_up_to" not in asked.text
    await jobs.work_on(house.database, house.clock)

    one = await client.get(f"/v1/webhook-replays/{made['id']}", headers=owner.headers)
    listed = await client.get(at, headers=owner.headers)
    assert (one.json()["state"], one.json()["done"]) == ("done", 5)
    assert listed.json() == {"items": [one.json()], "next_cursor": None}


async def test_a_running_replay_is_cancelled_once(client: httpx.AsyncClient, house: House) -> None:
    """200, then 409; for a stranger it does not exist."""
    owner, at = await an_owner(house)
    stranger = await people.someone(house.database, Role.SOLVER)
    made = (await client.post(at, json=FROM, headers=owner.headers)).json()
    cancel = f"/v1/webhook-replays/{made['id']}/actions/cancel"

    answers = [
        await client.post(cancel, json={}, headers=who.headers) for who in (stranger, owner, owner)
    ]

    assert [one.status_code for one in answers] == [404, 200, 409]
    assert answers[0].json()["code"] == "replays.replay_not_found"
    assert answers[1].json()["state"] == "cancelled"
    assert answers[2].json()["code"] == "lifecycle.move_not_allowed"


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 422, "replays.range_unusable"),
        (FROM | {"to_at": FROM["from_at"]}, 422, "replays.range_unusable"),
        (FROM | {"event_types": ["*"]}, 422, "webhooks.event_type_unusable"),
        (
            {"from_event_id": "01890000-0000-7000-8000-000000000001"},
            404,
            "feed.event_unknown",
        ),
        ({"from_at": "yesterday"}, 400, None),
        (FROM | {"limit": 1}, 400, None),
    ],
)
async def test_what_cannot_be_replayed_is_refused_by_name(
    client: httpx.AsyncClient, house: House, body: dict[str, object], status: int, code: str | None
) -> None:
    """Before anything is stored."""
    owner, at = await an_owner(house)

    answer = await client.post(at, json=body, headers=owner.headers)

    assert answer.status_code == status, answer.text
    assert code is None or answer.json()["code"] == code
    assert (await client.get(at, headers=owner.headers)).json()["items"] == []
