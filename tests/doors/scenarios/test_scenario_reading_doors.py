"""Calls over HTTP: one call, its versions, its findings, as each caller may see them."""

import httpx

from marketplace.identity.rules.access import Role
from marketplace.kit.clock import FixedClock
from marketplace.kit.database import Database
from marketplace.kit.digests import digest_of
from tests.given import identity as people
from tests.given import scenarios as given
from tests.given.amending import amended


class TestRead:
    """GET /v1/scenarios/{id}."""

    async def test_a_draft_does_not_exist_for_strangers(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """404 for nobody and for other posters, with nothing that an unknown id would not say."""
        called = await given.a_draft(database, clock)
        stranger = await people.someone(database, Role.POSTER)
        unknown = "01890000-0000-7000-8000-000000000000"

        async def code(scenario_id: object, headers: dict[str, str]) -> tuple[int, str]:
            answer = await client.get(f"/v1/scenarios/{scenario_id}", headers=headers)
            return answer.status_code, answer.json()["code"]

        for headers in ({}, stranger.headers):
            for place in ("", "/versions"):
                assert await code(f"{called.id}{place}", headers) == (404, "scenarios.unknown")
            assert await code(unknown, headers) == (404, "scenarios.unknown")

    async def test_shows_when_it_closes_and_why(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """The deadline, its zone, the rule and calendar behind it, and a digest to check."""
        called = await given.a_published_call(database, clock)

        call = (await client.get(f"/v1/scenarios/{called.id}")).json()

        deadlines = call["deadlines"]
        assert deadlines["zone"] == "Asia/Shanghai"
        assert deadlines["bid_deadline_at"] == "2026-04-01T01:00:00Z"
        assert deadlines["basis"]["period"]["rule"] == "private@1/bid_window"
        assert deadlines["basis"]["calendar_versions"][0]["year"] == 2026
        assert call["profile"] == {"code": "private", "version": 1}
        bundle = {
            "number": call["number"],
            "content_version": call["content_version"],
            "content": call["content"],
            "profile": "private@1",
            "bid_deadline_at": "2026-04-01T01:00:00+00:00",
        }
        assert call["bundle_sha256"] == digest_of(bundle)

    async def test_answers_304_until_something_changes(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """The passing of the deadline is a change, with no job and no new version."""
        called = await given.a_published_call(database, clock)
        url = f"/v1/scenarios/{called.id}"
        etag = (await client.get(url)).headers["etag"]

        same = await client.get(url, headers={"If-None-Match": etag})
        clock.advance(given.WINDOW)
        later = await client.get(url, headers={"If-None-Match": etag})

        assert (same.status_code, same.content) == (304, b"")
        assert (later.status_code, later.json()["state"]) == (200, "closed")


class TestVersions:
    """GET /v1/scenarios/{id}/versions."""

    async def test_drafts_before_publication_stay_inside(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """The public sees what was published and each amendment; those inside see all."""
        cast = await given.a_cast(database)
        draft = await given.a_draft(database, clock, cast=cast)
        url = f"/v1/scenarios/{draft.id}"
        poster = cast.poster.headers
        etag = (await client.get(url, headers=poster)).headers["etag"]
        dearer = given.a_content()
        dearer["budget"]["ceiling_fen"] = 99_000_000
        await client.put(
            f"{url}/content", json={"content": dearer}, headers=poster | {"If-Match": etag}
        )
        await given.published(database, clock, draft)
        changed = dearer | {"problem": {"zh": "澄清后的问题"}}
        await amended(database, clock, draft, changed, "澄清现场条件")

        outside = (await client.get(f"{url}/versions")).json()["items"]
        inside = (await client.get(f"{url}/versions", headers=poster)).json()["items"]

        assert [item["number"] for item in inside] == [1, 2, 3]
        assert [(item["number"], item["note"]) for item in outside] == [
            (2, None),
            (3, "澄清现场条件"),
        ]
        assert all(item["sha256"] == digest_of(item["content"]) for item in inside)

    async def test_pages_by_number(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """A cursor continues; a made-up one is refused."""
        called = await given.a_draft(database, clock)
        url, poster = f"/v1/scenarios/{called.id}", called.cast.poster.headers
        etag = (await client.get(url, headers=poster)).headers["etag"]
        await client.put(
            f"{url}/content",
            json={"content": given.a_content()},
            headers=poster | {"If-Match": etag},
        )

        first = (await client.get(f"{url}/versions?limit=1", headers=poster)).json()
        query = f"limit=1&cursor={first['next_cursor']}"
        second = (await client.get(f"{url}/versions?{query}", headers=poster)).json()
        wrong = await client.get(f"{url}/versions?cursor=eHl6", headers=poster)

        assert [item["number"] for item in first["items"] + second["items"]] == [1, 2]
        assert second["next_cursor"] is None
        assert wrong.status_code == 400


class TestLint:
    """GET /v1/scenarios/{id}/lint."""

    async def test_says_what_is_broken_and_what_would_be_right(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """Weights of 95 block; each finding has its rule, place and source in both languages."""
        content = given.a_content()
        content["criteria"][0]["weight_bps"] -= 500
        called = await given.a_draft(database, clock, content=content)

        answer = await client.get(
            f"/v1/scenarios/{called.id}/lint", headers=called.cast.poster.headers
        )

        assert answer.status_code == 200, answer.text
        assert answer.json()["blocking"] is True
        finding = answer.json()["items"][0]
        assert (finding["rule"], finding["severity"]) == ("LINT-01", "error")
        assert finding["message"]["zh"] and finding["message"]["en"] and finding["source"]

    async def test_is_not_for_the_public(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """What the bureau has let pass is its own affair, and nobody signs in first."""
        called = await given.a_published_call(database, clock)
        stranger = await people.someone(database, Role.SOLVER)
        url = f"/v1/scenarios/{called.id}/lint"

        assert (await client.get(url)).status_code == 401
        assert (await client.get(url, headers=stranger.headers)).status_code == 403
        assert (await client.get(url, headers=called.cast.auditor.headers)).status_code == 200
