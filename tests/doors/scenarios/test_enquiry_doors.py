"""Questions, followers and suspensions over HTTP: who reads how much."""

import datetime as dt
from typing import Any
from uuid import UUID

import httpx
import pytest

from marketplace.identity.rules.access import Actor, Role
from marketplace.kit.clock import FixedClock
from marketplace.kit.database import Database
from marketplace.scenarios.rules.enquiries import may_know_askers
from marketplace.scenarios.rules.suspensions import Block
from tests.given import scenarios as given
from tests.given.identity import Someone, someone

QUESTION = {"question": "测试数据的采集年份?"}


async def asked(
    client: httpx.AsyncClient, called: given.Called, who: Someone
) -> tuple[str, dict[str, Any]]:
    """A question, and the address of it."""
    answer = await client.post(
        f"/v1/scenarios/{called.id}/enquiries", json=QUESTION, headers=who.headers
    )
    assert answer.status_code == 201, answer.text
    return f"/v1/enquiries/{answer.json()['id']}", answer.json()


async def move(
    client: httpx.AsyncClient, who: Someone, url: str, verb: str, body: object
) -> httpx.Response:
    """Make a move under the version just read."""
    etag = (await client.get(url, headers=who.headers)).headers["etag"]
    return await client.post(
        f"{url}/actions/{verb}", json=body, headers=who.headers | {"If-Match": etag}
    )


async def test_each_reader_sees_what_is_theirs(
    client: httpx.AsyncClient, database: Database, clock: FixedClock
) -> None:
    """The asker sees their own and themselves; who answers sees all and no asker; who watches sees
    both; a rival sees nothing, and not that there is anything.
    """
    called = await given.a_published_call(database, clock)
    asker, rival = [await someone(database, Role.SOLVER) for _ in range(2)]
    url, told = await asked(client, called, asker)
    me = {
        "organization_id": str(asker.organization_id),
        "person_id": str(asker.actor.person_id),
    }
    cast = called.cast
    readers = {
        "asker": (asker, me),
        "poster": (cast.poster, None),
        "officer": (cast.officer, None),
        "approver": (cast.approver, None),
        "supervisor": (cast.supervisor, me),
        "auditor": (cast.auditor, me),
    }

    for name, (who, shown) in readers.items():
        page = await client.get(f"/v1/scenarios/{called.id}/enquiries", headers=who.headers)
        one = await client.get(url, headers=who.headers)
        assert [item["asker"] for item in page.json()["items"]] == [shown], name
        assert (one.status_code, one.json()["asker"]) == (200, shown), name
    page = await client.get(f"/v1/scenarios/{called.id}/enquiries", headers=rival.headers)
    one = await client.get(url, headers=rival.headers)
    nobody = await client.get(f"/v1/scenarios/{called.id}/enquiries")

    assert told["reply_due_at"] == "2026-03-05T16:00:00Z"
    assert page.json() == {"items": [], "next_cursor": None}
    assert (one.status_code, one.json()["code"]) == (404, "scenarios.enquiry_unknown")
    assert nobody.status_code == 401


def test_whoever_watches_and_runs_calls_too_is_not_told_who_asked() -> None:
    """A supervisor who is also an officer would answer knowing the bidder; nobody is given both
    roles, and whoever had them from before would still not be told.
    """

    def holding(*roles: Role) -> Actor:
        return Actor(person_id=UUID(int=7), organization_id=UUID(int=8), roles=frozenset(roles))

    assert may_know_askers(holding(Role.SUPERVISOR))
    assert not may_know_askers(holding(Role.SUPERVISOR, Role.BUREAU_OFFICER))


async def test_the_public_reads_clarifications_and_nothing_of_what_waits(
    client: httpx.AsyncClient, database: Database, clock: FixedClock
) -> None:
    """Answers to the public are byte for byte the same with five questions waiting and with none;
    once one is published, everybody reads it without an id or a name.
    """
    calls = [await given.a_published_call(database, clock) for _ in range(2)]
    asker = await someone(database, Role.SOLVER)
    rival = await someone(database, Role.SOLVER)
    first, _ = await asked(client, calls[1], asker)
    for _ in range(4):
        await asked(client, calls[1], asker)

    seen = [
        [
            (await client.get(f"/v1/scenarios/{one.id}/{place}", headers=headers)).content
            for place in ("clarifications", "enquiries", "amendments", "suspensions")
            for headers in (rival.headers,)
        ]
        for one in calls
    ]
    versions = [
        (await client.get(f"/v1/scenarios/{one.id}")).headers["etag"].partition(".")[0]
        for one in calls
    ]
    cast = calls[1].cast
    hidden = (
        await move(client, cast.poster, first, "draft-answer", {"answer": "2024 年。"})
    ).json()
    own = (await client.get(first, headers=asker.headers)).json()
    await move(client, cast.officer, first, "publish", {"question": "数据是哪一年的?"})
    public = (await client.get(f"/v1/scenarios/{calls[1].id}/clarifications")).json()["items"]

    assert seen[0] == seen[1]
    assert versions[0] == versions[1]
    assert hidden["answer"] == "2024 年。"
    # Until it is for everybody, the asker does not know the answer either.
    assert (own["answer"], own["state"]) == (None, "asked")
    assert public == [
        {
            "number": 1,
            "question": "数据是哪一年的?",
            "answer": "2024 年。",
            "published_at": "2026-03-02T01:00:00Z",
            "content_version": 1,
            "amendment_id": None,
        }
    ]


async def test_an_overdue_question_says_so(
    client: httpx.AsyncClient, database: Database, clock: FixedClock
) -> None:
    """By the clock, before any job has run."""
    called = await given.a_published_call(database, clock)
    url, _ = await asked(client, called, await someone(database, Role.SOLVER))
    clock.move_to(dt.datetime(2026, 3, 5, 16, tzinfo=dt.UTC))

    seen = await client.get(url, headers=called.cast.poster.headers)

    assert seen.json()["overdue"] is True


async def test_following_is_private(
    client: httpx.AsyncClient, database: Database, clock: FixedClock
) -> None:
    """The call answers alike with a follower and without; unfollowing answers 204 twice."""
    called = await given.a_published_call(database, clock)
    fan = await someone(database, Role.SOLVER)
    url = f"/v1/scenarios/{called.id}"
    before = await client.get(url, headers=called.cast.officer.headers)

    followed = [
        await client.post(f"{url}/followers", headers=fan.headers, json={}) for _ in range(2)
    ]
    after = await client.get(url, headers=called.cast.officer.headers)
    left = [await client.delete(f"{url}/followers", headers=fan.headers) for _ in range(2)]

    assert [one.status_code for one in followed] == [201, 201]
    assert before.content == after.content
    assert [one.status_code for one in left] == [204, 204]


@pytest.mark.parametrize(
    "body",
    [
        {"cause": "complaint", "reason": "x", "blocks": []},
        {"cause": "boredom", "reason": "x", "blocks": ["signing"]},
        {"cause": "complaint", "blocks": ["signing"]},
        {"cause": "complaint", "reason": "x", "blocks": ["everything"]},
        {"cause": "complaint", "reason": "x", "blocks": ["signing"], "until_at": "2026-04-01"},
    ],
    ids=["nothing barred", "no such cause", "no reason", "no such move", "no zone"],
)
async def test_a_suspension_says_what_and_why(
    client: httpx.AsyncClient, database: Database, clock: FixedClock, body: dict[str, Any]
) -> None:
    """Whatever is missing or unknown is named."""
    called = await given.a_published_call(database, clock)

    answer = await client.post(
        f"/v1/scenarios/{called.id}/suspensions",
        json=body,
        headers=called.cast.supervisor.headers,
    )

    assert answer.status_code == 400, answer.text
    assert answer.json()["errors"]


async def test_lifting_wants_the_version_that_was_read(
    client: httpx.AsyncClient, database: Database, clock: FixedClock
) -> None:
    """Without If-Match 428, with an old one 412, twice 409, under another call 404."""
    called, other = [await given.a_published_call(database, clock) for _ in range(2)]
    order = await given.suspended(database, clock, called)
    headers = called.cast.supervisor.headers
    url = f"/v1/scenarios/{called.id}/suspensions/{order.id}"
    foreign = f"/v1/scenarios/{other.id}/suspensions/{order.id}"
    etag = (await client.get(url, headers=headers)).headers["etag"]
    old = {"If-Match": '"v9.0123456789abcdef"'}

    async def lift(address: str, more: dict[str, str]) -> int:
        answer = await client.post(
            f"{address}/actions/lift", json={"reason": "已处理"}, headers=headers | more
        )
        return answer.status_code

    codes = [
        await lift(url, {}),
        await lift(url, old),
        await lift(foreign, {"If-Match": etag}),
        await lift(url, {"If-Match": etag}),
    ]
    etag = (await client.get(url, headers=headers)).headers["etag"]

    assert codes == [428, 412, 404, 200]
    assert await lift(url, {"If-Match": etag}) == 409


async def test_what_is_offered_is_what_happens(
    client: httpx.AsyncClient, database: Database, clock: FixedClock
) -> None:
    """A question and a suspension name what their reader may do, and the reason of the rest."""
    called = await given.a_published_call(database, clock)
    cast = called.cast
    url, told = await asked(client, called, await someone(database, Role.SOLVER))
    order = await given.suspended(database, clock, called, blocks=(Block.SIGNING,))
    place = f"/v1/scenarios/{called.id}/suspensions/{order.id}"

    async def offered(who: Someone, address: str) -> tuple[list[str], dict[str, str]]:
        actions = (await client.get(address, headers=who.headers)).json()["actions"]
        return actions["allowed"], {one["action"]: one["code"] for one in actions["blocked"]}

    early = [await offered(who, url) for who in (cast.poster, cast.officer, cast.auditor)]
    await move(client, cast.officer, url, "draft-answer", {"answer": "2024 年。"})
    drafted = await offered(cast.officer, url)
    refused = await move(client, cast.officer, url, "publish", {})
    lifting = [await offered(who, place) for who in (cast.supervisor, cast.approver, cast.poster)]

    assert told["actions"] == {"allowed": [], "blocked": []}
    assert early == [(["draft_answer"], {}), (["draft_answer", "set_aside"], {}), ([], {})]
    assert drafted == (["draft_answer", "set_aside"], {"publish": "identity.same_hands"})
    assert refused.json()["code"] == "identity.same_hands"
    assert lifting == [(["lift"], {}), ([], {"lift": "scenarios.not_your_suspension"}), ([], {})]
