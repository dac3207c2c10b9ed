"""Batches over HTTP."""

import httpx

from marketplace.identity.rules.access import Role
from marketplace.kit.clock import FixedClock
from marketplace.kit.database import Database
from tests.given import identity as people
from tests.given import scenarios as calls
from tests.given.scenarios import a_batch

BATCH = {"number": "NS-2026-B1", "title": {"zh": "第一批", "en": "First batch"}, "year": 2026}


class TestCreate:
    """POST /v1/batches."""

    async def test_an_officer_opens_a_list(
        self, client: httpx.AsyncClient, database: Database
    ) -> None:
        """The organisation of the officer is its organizer unless another is named."""
        officer = await people.someone(database, Role.BUREAU_OFFICER)

        made = await client.post("/v1/batches", json=BATCH, headers=officer.headers)
        read = await client.get(f"/v1/batches/{made.json()['id']}")

        assert made.status_code == 201, made.text
        assert made.json()["organizer_id"] == str(officer.organization_id)
        assert read.json() == made.json()
        assert read.headers["etag"] == made.headers["etag"]

    async def test_a_number_is_given_once(
        self, client: httpx.AsyncClient, database: Database
    ) -> None:
        """A second batch of this number is a conflict."""
        officer = await people.someone(database, Role.BUREAU_OFFICER)
        await client.post("/v1/batches", json=BATCH, headers=officer.headers)

        again = await client.post("/v1/batches", json=BATCH, headers=officer.headers)

        assert (again.status_code, again.json()["code"]) == (409, "scenarios.batch_number_taken")

    async def test_is_for_officers(self, client: httpx.AsyncClient, database: Database) -> None:
        """A poster is refused, nobody is asked to sign in."""
        poster = await people.someone(database, Role.POSTER)

        as_poster = await client.post("/v1/batches", json=BATCH, headers=poster.headers)
        as_nobody = await client.post("/v1/batches", json=BATCH)

        assert (as_poster.status_code, as_nobody.status_code) == (403, 401)

    async def test_tells_every_wrong_field_at_once(
        self, client: httpx.AsyncClient, database: Database
    ) -> None:
        """A number in small letters, a year as text and no Chinese title are three errors."""
        officer = await people.someone(database, Role.BUREAU_OFFICER)
        wrong = {"number": "ns-1", "title": {"en": "First"}, "year": "2026"}

        answer = await client.post("/v1/batches", json=wrong, headers=officer.headers)

        pointers = {item["pointer"] for item in answer.json()["errors"]}
        assert (answer.status_code, pointers) == (400, {"/number", "/title/zh", "/year"})


class TestRead:
    """GET /v1/batches."""

    async def test_pages_are_public(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """Without signing in, pages of one hold every batch once."""
        made = [str(await a_batch(database, clock)) for _ in range(3)]
        seen, query = [], {"limit": "1"}

        while True:
            page = (await client.get("/v1/batches", params=query)).json()
            seen += [item["id"] for item in page["items"]]
            if page["next_cursor"] is None:
                break
            query["cursor"] = page["next_cursor"]

        assert seen == made

    async def test_an_unknown_batch_is_not_found(self, client: httpx.AsyncClient) -> None:
        """404 with the code of the refusal."""
        answer = await client.get("/v1/batches/01890000-0000-7000-8000-000000000000")

        assert (answer.status_code, answer.json()["code"]) == (404, "scenarios.batch_unknown")


class TestPublish:
    """POST /v1/batches/{id}/actions/publish, and the plan before it."""

    async def test_says_what_blocks_and_then_publishes_all(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """422 names the call that is not ready, with its number and the reason; then all go."""
        cast = await calls.a_cast(database)
        batch_id = await a_batch(database, clock, organizer_id=cast.officer.organization_id)
        ready = await calls.a_draft(database, clock, cast=cast, batch_id=batch_id)
        await calls.approved(database, clock, ready)
        draft = await calls.a_draft(database, clock, cast=cast, batch_id=batch_id)
        url, approver = f"/v1/batches/{batch_id}", cast.approver.headers
        body = {"bid_deadline_at": (clock.now() + calls.WINDOW).isoformat()}

        async def publish() -> httpx.Response:
            etag = (await client.get(url, headers=approver)).headers["etag"]
            return await client.post(
                f"{url}/actions/publish", json=body, headers=approver | {"If-Match": etag}
            )

        blocked = await publish()
        await calls.approved(database, clock, draft)
        done = await publish()

        assert (blocked.status_code, blocked.json()["code"]) == (422, "scenarios.batch_blocked")
        (one,) = blocked.json()["blocked"]
        assert (one["scenario_id"], one["state"]) == (str(draft.id), "draft")
        assert one["number"].endswith("-002") and one["title"]["zh"]
        assert done.status_code == 200, done.text
        assert [one["id"] for one in done.json()["published"]] == [str(ready.id), str(draft.id)]
        assert done.json()["batch"]["published_at"] == "2026-03-02T01:00:00Z"

    async def test_a_plan_is_public_and_counted(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """What the organiser plans stands beside what was published, against the yearly goal."""
        cast = await calls.a_cast(database)
        batch_id = await a_batch(database, clock, organizer_id=cast.officer.organization_id)
        url, officer = f"/v1/batches/{batch_id}", cast.officer.headers
        etag = (await client.get(url)).headers["etag"]
        plan = {"scenarios": 30, "by_domain": {"health": 12}, "planned_for": "2026-06-01"}

        planned = await client.put(f"{url}/plan", json=plan, headers=officer | {"If-Match": etag})
        stale = await client.put(f"{url}/plan", json=plan, headers=officer | {"If-Match": etag})
        seen = (await client.get(url)).json()
        year = (await client.get("/v1/batches/progress", params={"year": 2026})).json()

        assert (planned.status_code, stale.status_code) == (200, 412)
        assert (seen["planned_scenarios"], seen["planned_by_domain"]) == (30, {"health": 12})
        told = {"goal": 100, "goal_domains": 5, "planned": 30, "published": 0, "missing": 100}
        assert told.items() <= year.items()
