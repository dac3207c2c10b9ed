"""API keys that are watched and rotated."""

import asyncio
import datetime as dt

import httpx
import pytest

from marketplace.house import House
from marketplace.identity.actions import people
from marketplace.identity.rules.access import SYSTEM, Role
from marketplace.kit.clock import FixedClock
from marketplace.kit.database import Database
from marketplace.scheduler import note_uses
from tests.conftest import START
from tests.given import identity as given


async def used_at(client: httpx.AsyncClient, someone: given.Someone) -> str | None:
    """When a key was last used, as the list of keys shows it."""
    listed = (await client.get("/v1/api-keys", headers=someone.headers)).json()["items"]
    (found,) = [item for item in listed if item["id"] == str(someone.actor.key_id)]
    return str(found["last_used_at"]) if found["last_used_at"] else None


async def test_what_the_porter_refuses_is_answered_like_everything_else(
    client: httpx.AsyncClient,
) -> None:
    """A wrong key, too, gets a request id and the headers of every answer."""
    wrong = {"Authorization": "Bearer nonsense", "X-Request-Id": "asked-1"}

    answer = await client.get("/v1/me", headers=wrong)

    assert answer.status_code == 401
    assert answer.headers["x-request-id"] == "asked-1"
    assert answer.headers["x-content-type-options"] == "nosniff"


def bearer(answer: httpx.Response) -> dict[str, str]:
    """The header of a key that was just issued."""
    return {"Authorization": f"Bearer {answer.json()['key']}"}


class TestUses:
    """When a key was last used."""

    @pytest.mark.postgres
    async def test_a_use_is_written_down_with_the_next_tick(
        self, client: httpx.AsyncClient, house: House, clock: FixedClock, database: Database
    ) -> None:
        """Noted when it happens, written by the job, shown in the list."""
        solver = await given.someone(database, Role.SOLVER)
        first = await used_at(client, solver)

        clock.advance(dt.timedelta(minutes=3))
        await client.get("/v1/me", headers=solver.headers)
        written = await note_uses(house)

        assert first is None
        assert written == 1
        assert await used_at(client, solver) == "2026-03-02T01:03:00Z"

    async def test_it_is_written_at_most_once_a_minute_and_at_the_end(
        self, client: httpx.AsyncClient, house: House, clock: FixedClock, database: Database
    ) -> None:
        """A busy key costs one write a minute; what is left is written at shutdown."""
        solver = await given.someone(database, Role.SOLVER)
        written = []
        for _ in range(9):
            await client.get("/v1/me", headers=solver.headers)
            written.append(await note_uses(house))
            clock.advance(dt.timedelta(seconds=20))
        await client.get("/v1/me", headers=solver.headers)
        clock.advance(dt.timedelta(seconds=-10))
        at_the_end = await note_uses(house, everything=True)

        assert written == [1, 0, 0] * 3
        assert at_the_end == 1

    async def test_a_request_does_not_wait_for_it(
        self, client: httpx.AsyncClient, house: House, database: Database
    ) -> None:
        """While somebody else writes, a key still reads, and its use is not lost."""
        solver = await given.someone(database, Role.SOLVER)
        async with database.writing() as session:
            await session.connection()
            answer = await asyncio.wait_for(client.get("/v1/me", headers=solver.headers), 2)

        assert answer.status_code == 200
        assert await note_uses(house) == 1


class TestRotate:
    """POST /v1/api-keys/{id}/actions/rotate."""

    @pytest.mark.postgres
    async def test_the_old_secret_is_good_for_the_grace_and_then_dead(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """Two days in which both work; the new one has the same rights and no less life."""
        solver = await given.someone(database, Role.SOLVER)
        asked = {"name": "ci", "scopes": ["bids:submit"], "expires_at": "2026-06-01T00:00:00Z"}
        issued = await client.post("/v1/api-keys", json=asked, headers=solver.headers)
        url = f"/v1/api-keys/{issued.json()['id']}/actions/rotate"
        rotated = await client.post(url, json={"grace_days": 2}, headers=bearer(issued))
        keys = [bearer(issued), bearer(rotated)]
        seen = []
        for seconds in (0, 2 * 86_400 - 1, 1):
            clock.advance(dt.timedelta(seconds=seconds))
            seen.append([(await client.get("/v1/me", headers=key)).status_code for key in keys])

        assert rotated.status_code == 201, rotated.text
        assert rotated.headers["cache-control"] == "no-store"
        assert seen == [[200, 200], [200, 200], [401, 200]]
        same = ("scopes", "expires_at", "name", "person_id", "organization_id")
        assert [rotated.json()[name] for name in same] == [issued.json()[name] for name in same]

    async def test_without_grace_the_old_secret_is_dead_at_once(
        self, client: httpx.AsyncClient, database: Database
    ) -> None:
        """For a key that somebody has seen."""
        solver = await given.someone(database, Role.SOLVER)
        url = f"/v1/api-keys/{solver.actor.key_id}/actions/rotate"

        rotated = await client.post(url, json={"grace_days": 0}, headers=solver.headers)

        assert (await client.get("/v1/me", headers=solver.headers)).status_code == 401
        assert (await client.get("/v1/me", headers=bearer(rotated))).status_code == 200

    async def test_the_answer_is_not_kept_for_repeats(
        self, client: httpx.AsyncClient, database: Database
    ) -> None:
        """A stored answer would be a stored secret: the repeat is refused, not replayed."""
        solver = await given.someone(database, Role.SOLVER)
        url = f"/v1/api-keys/{solver.actor.key_id}/actions/rotate"
        headers = solver.headers | {"Idempotency-Key": "again"}
        answers = [
            await client.post(url, json={"grace_days": 1}, headers=headers) for _ in range(2)
        ]

        assert [answer.status_code for answer in answers] == [201, 409]
        assert answers[1].json()["code"] == "identity.key_not_live"

    @pytest.mark.postgres
    async def test_two_rotations_at_once_make_one_successor(
        self, client: httpx.AsyncClient, database: Database
    ) -> None:
        """The second one finds that the key has a successor."""
        solver = await given.someone(database, Role.SOLVER)
        url = f"/v1/api-keys/{solver.actor.key_id}/actions/rotate"
        answers = await asyncio.gather(
            *(client.post(url, json={"grace_days": 1}, headers=solver.headers) for _ in range(4))
        )

        assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]

    async def test_a_limited_key_gets_no_wider_successor(
        self, client: httpx.AsyncClient, database: Database
    ) -> None:
        """A key for webhooks cannot become its person's unlimited one."""
        solver = await given.someone(database, Role.SOLVER)
        asked = {"name": "narrow", "scopes": ["webhooks:manage"]}
        narrow = await client.post("/v1/api-keys", json=asked, headers=solver.headers)
        url = f"/v1/api-keys/{solver.actor.key_id}/actions/rotate"

        answer = await client.post(url, json={"grace_days": 1}, headers=bearer(narrow))

        assert (answer.status_code, answer.json()["code"]) == (422, "identity.scope_too_wide")

    async def test_revoking_the_successor_revokes_what_it_replaced(
        self, client: httpx.AsyncClient, database: Database
    ) -> None:
        """A key in its grace must not outlive the one that took its place."""
        solver = await given.someone(database, Role.SOLVER)
        url = f"/v1/api-keys/{solver.actor.key_id}/actions/rotate"
        rotated = await client.post(url, json={"grace_days": 7}, headers=solver.headers)
        revoke = f"/v1/api-keys/{rotated.json()['id']}/actions/revoke"
        await client.post(revoke, headers=bearer(rotated))

        keys = [solver.headers, bearer(rotated)]
        seen = [(await client.get("/v1/me", headers=key)).status_code for key in keys]
        assert seen == [401, 401]

    @pytest.mark.parametrize("days", [-1, 8, 1.5, "1", True])
    async def test_the_grace_is_a_whole_number_of_days_up_to_a_week(
        self, client: httpx.AsyncClient, database: Database, days: object
    ) -> None:
        """Anything else is malformed."""
        solver = await given.someone(database, Role.SOLVER)
        url = f"/v1/api-keys/{solver.actor.key_id}/actions/rotate"

        answer = await client.post(url, json={"grace_days": days}, headers=solver.headers)

        assert answer.status_code == 400


class TestOfOthers:
    """An administrator's hands on keys of others."""

    @pytest.mark.postgres
    async def test_the_first_key_may_be_given_and_no_second_one(
        self, client: httpx.AsyncClient, database: Database
    ) -> None:
        """Whoever could make keys for anybody at any time would have everybody's hands."""
        admin = await given.someone(database, Role.PLATFORM_ADMIN)
        organization_id = await given.an_organization(database)
        async with database.writing() as session:
            person = await people.register_person(
                session, SYSTEM, name_zh="新人", name_en="New", now=START
            )
        await given.joins(database, person.id, organization_id, Role.SOLVER)
        asked = {
            "name": "first",
            "person_id": str(person.id),
            "organization_id": str(organization_id),
        }

        first = await client.post("/v1/api-keys", json=asked, headers=admin.headers)
        second = await client.post("/v1/api-keys", json=asked, headers=admin.headers)

        assert first.status_code == 201, first.text
        assert (second.status_code, second.json()["code"]) == (409, "identity.person_has_keys")

    async def test_an_administrator_revokes_and_does_not_rotate(
        self, client: httpx.AsyncClient, database: Database
    ) -> None:
        """The successor of a key belongs into the hands of its person only."""
        admin = await given.someone(database, Role.PLATFORM_ADMIN)
        solver = await given.someone(database, Role.SOLVER)
        url = f"/v1/api-keys/{solver.actor.key_id}/actions"

        rotated = await client.post(f"{url}/rotate", json={"grace_days": 1}, headers=admin.headers)
        revoked = await client.post(f"{url}/revoke", headers=admin.headers)

        assert (rotated.status_code, rotated.json()["code"]) == (403, "identity.not_permitted")
        assert revoked.status_code == 200
