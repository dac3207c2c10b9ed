"""Batches over HTTP."""

import httpx

from marketplace.identity.rules.access import Role
from marketplace.kit.clock import FixedClock
from marketplace.kit.database import Database
from tests.given import identity as people
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
