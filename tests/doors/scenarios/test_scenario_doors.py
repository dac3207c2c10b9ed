"""Calls over HTTP: write a draft, read what you may."""

import datetime as dt
from typing import Any

import httpx
import pytest

from marketplace.identity.rules.access import Role
from marketplace.kit.clock import FixedClock
from marketplace.kit.database import Database
from marketplace.kit.digests import digest_of
from marketplace.profiles.rules.profile import Track
from tests.given import identity as people
from tests.given import scenarios as given
from tests.given.traces import everything


async def a_request(database: Database, clock: FixedClock, **changes: object) -> dict[str, Any]:
    """A draft as it is sent, for a new batch."""
    batch_id = await given.a_batch(database, clock)
    body = {"batch_id": str(batch_id), "track": "private", "content": given.a_content()}
    return body | changes


class TestDraft:
    """POST /v1/scenarios."""

    async def test_a_poster_begins_a_call(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """The answer has the number of the batch, version 1, and the next steps."""
        poster = await people.someone(database, Role.POSTER)
        request = await a_request(database, clock)

        answer = await client.post("/v1/scenarios", json=request, headers=poster.headers)

        call = answer.json()
        assert answer.status_code == 201, answer.text
        assert (call["state"], call["version"]) == ("draft", 1)
        assert call["number"].endswith("-001")
        assert call["poster"]["id"] == str(poster.organization_id) == call["end_user_id"]
        assert (call["poster_type"], call["deadlines"], call["profile"]) == ("company", None, None)
        assert call["content_sha256"] == digest_of(call["content"])
        assert answer.headers["etag"].startswith('"v1.')

    @pytest.mark.parametrize("name", given.seed_names())
    async def test_takes_every_shipped_content(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock, name: str
    ) -> None:
        """What ships is in the bounds of the wire, and comes back as it was sent."""
        poster = await people.someone(database, Role.POSTER)
        content = given.a_content(name)
        request = await a_request(database, clock, content=content)

        answer = await client.post("/v1/scenarios", json=request, headers=poster.headers)

        assert answer.status_code == 201, answer.text
        kept = answer.json()["content"]
        assert kept["criteria"][0]["floor"] == content["criteria"][0].get("floor")
        assert [one["weight_bps"] for one in kept["criteria"]] == [
            one["weight_bps"] for one in content["criteria"]
        ]

    async def test_tells_every_wrong_field_at_once(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """Floats for money, words outside a closed set, control characters, unknown fields."""
        poster = await people.someone(database, Role.POSTER)
        content = given.a_content()
        content["budget"]["ceiling_fen"] = 60_000_000.0
        content["criteria"][0]["weight_bps"] = True
        content["criteria"][1]["kind"] = "price"
        content["acceptance"][0]["value"] = 0.97
        content["constraints"]["zh"][0] = "a\x00"
        content["datasets"][0]["personal_data"] = "no"
        content["cost_share"][0]["ok_bps"]["nobody"] = 0
        content["colour"] = "red"
        request = await a_request(database, clock, content=content)

        answer = await client.post("/v1/scenarios", json=request, headers=poster.headers)

        assert answer.status_code == 400
        assert {item["pointer"] for item in answer.json()["errors"]} == {
            "/content/budget/ceiling_fen",
            "/content/criteria/0/weight_bps",
            "/content/criteria/1/kind",
            "/content/acceptance/0/value",
            "/content/constraints/zh/0",
            "/content/datasets/0/personal_data",
            "/content/cost_share/0/ok_bps/nobody",
            "/content/colour",
        }

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("criteria", []),
            ("cost_share", []),
            ("qualifications", [{"code": f"q{n}", "zh": "条件"} for n in range(51)]),
            ("title", {"zh": "长" * 201}),
            ("problem", {"zh": "长" * 20_001}),
            ("domain", "Space Travel"),
            ("race", {"stage1_solvers": 0}),
            ("scoring", {"method": "electre"}),
        ],
    )
    async def test_refuses_what_is_out_of_bounds(
        self,
        client: httpx.AsyncClient,
        database: Database,
        clock: FixedClock,
        field: str,
        value: object,
    ) -> None:
        """Every list, text and number has an end; beyond it is 400 with a pointer, never 500."""
        poster = await people.someone(database, Role.POSTER)
        request = await a_request(database, clock, content=given.a_content(**{field: value}))

        answer = await client.post("/v1/scenarios", json=request, headers=poster.headers)

        assert answer.status_code == 400, answer.text
        assert all(
            item["pointer"].startswith(f"/content/{field}") for item in answer.json()["errors"]
        )

    async def test_shares_that_make_no_whole_break_a_rule(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """Well formed, but 9,999 basis points: 422, and no draft is left behind."""
        poster = await people.someone(database, Role.POSTER)
        content = given.a_content()
        content["cost_share"][1]["ok_bps"]["gov"] -= 1
        request = await a_request(database, clock, content=content)
        before = await everything(database)

        answer = await client.post(
            "/v1/scenarios", json=request, headers=poster.headers | {"Idempotency-Key": "one"}
        )

        assert (answer.status_code, answer.json()["code"]) == (422, "scenarios.content_unreadable")
        assert answer.json()["pointer"] == "/cost_share/1/ok_bps"
        assert await everything(database) == before

    async def test_nobody_drafts_for_another_organization(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """403 for a poster, allowed for an officer of the bureau whose list it is."""
        poster = await people.someone(database, Role.POSTER)
        officer = await people.someone(database, Role.BUREAU_OFFICER)
        elsewhere = await people.someone(database, Role.BUREAU_OFFICER)
        other = await people.an_organization(database)
        batch_id = await given.a_batch(database, clock, organizer_id=officer.organization_id)
        request = await a_request(database, clock, poster_id=str(other), batch_id=str(batch_id))

        as_poster = await client.post("/v1/scenarios", json=request, headers=poster.headers)
        as_officer = await client.post("/v1/scenarios", json=request, headers=officer.headers)

        assert (as_poster.status_code, as_poster.json()["code"]) == (
            403,
            "scenarios.not_the_poster",
        )
        assert as_officer.status_code == 201
        refused = await client.post("/v1/scenarios", json=request, headers=elsewhere.headers)
        assert (refused.status_code, refused.json()["code"]) == (403, "identity.not_permitted")

    async def test_an_unverified_organization_poses_nothing(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """Verification comes first."""
        organization_id = await people.an_organization(database, verified=False)
        poster = await people.someone(database, Role.POSTER, organization_id=organization_id)
        request = await a_request(database, clock)

        answer = await client.post("/v1/scenarios", json=request, headers=poster.headers)

        assert answer.json()["code"] == "identity.organization_not_verified"

    async def test_takes_up_only_a_failed_call_of_its_own(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """A live call is refused, and another poster's draft does not even exist."""
        mine = await given.a_published_call(database, clock)
        hidden = await given.a_draft(database, clock)
        poster = mine.cast.poster
        live = await a_request(database, clock, supersedes_id=str(mine.id))
        unseen = await a_request(database, clock, supersedes_id=str(hidden.id))

        as_live = await client.post("/v1/scenarios", json=live, headers=poster.headers)
        as_unseen = await client.post("/v1/scenarios", json=unseen, headers=poster.headers)

        assert (as_live.status_code, as_live.json()["code"]) == (409, "scenarios.not_relaunchable")
        assert (as_unseen.status_code, as_unseen.json()["code"]) == (404, "scenarios.unknown")


class TestRevise:
    """PUT /v1/scenarios/{id}/content."""

    async def test_a_signature_does_not_survive_a_new_content(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """The end user signs what is handed in, not what was there before."""
        called = await given.a_draft(database, clock)
        url = f"/v1/scenarios/{called.id}"
        signer, poster = called.cast.end_user.headers, called.cast.poster.headers
        read = await client.get(url, headers=signer)
        signed = await client.post(
            f"{url}/actions/sign-need", headers=signer | {"If-Match": read.headers["etag"]}
        )

        revised = await client.put(
            f"{url}/content",
            json={"content": given.a_content(problem={"zh": "改写后的问题"})},
            headers=poster | {"If-Match": signed.headers["etag"]},
        )

        assert signed.json()["need_signed_at"] is not None
        assert revised.status_code == 200, revised.text
        assert revised.json()["need_signed_at"] is None
        assert (revised.json()["content_version"], revised.json()["version"]) == (2, 3)

    async def test_wants_the_version_and_a_draft(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """428 without If-Match, 412 when stale, 409 once it is handed in, 401 for nobody."""
        called = await given.a_submitted_call(database, clock)
        url, poster = f"/v1/scenarios/{called.id}", called.cast.poster.headers
        etag = (await client.get(url, headers=poster)).headers["etag"]
        body = {"content": given.a_content()}

        async def put(headers: dict[str, str]) -> int:
            return (await client.put(f"{url}/content", json=body, headers=headers)).status_code

        assert await put({}) == 401
        assert await put(poster) == 428
        assert await put(poster | {"If-Match": '"v1.0123456789abcdef"'}) == 412
        assert await put(poster | {"If-Match": etag}) == 409


class TestList:
    """GET /v1/scenarios."""

    async def test_drafts_are_for_those_inside(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """The public sees what is published; the poster and the bureau see the draft as well."""
        draft = await given.a_draft(database, clock)
        published = await given.a_published_call(database, clock)
        stranger = await people.someone(database, Role.POSTER)

        async def ids(headers: dict[str, str] | None = None) -> list[str]:
            answer = await client.get("/v1/scenarios", headers=headers or {})
            assert answer.status_code == 200, answer.text
            return [item["id"] for item in answer.json()["items"]]

        both = [str(draft.id), str(published.id)]
        assert await ids() == await ids(stranger.headers) == [str(published.id)]
        assert await ids(draft.cast.poster.headers) == both
        assert await ids(draft.cast.officer.headers) == both

    async def test_filters_by_state_as_it_is_now(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """A call past its deadline is among the closed ones although no job has run."""
        early = await given.a_published_call(database, clock, window=dt.timedelta(days=10))
        late = await given.a_published_call(database, clock, window=dt.timedelta(days=20))
        clock.advance(dt.timedelta(days=10))

        async def shown(query: str) -> list[tuple[str, str]]:
            items = (await client.get(f"/v1/scenarios?{query}")).json()["items"]
            return [(item["id"], item["state"]) for item in items]

        assert await shown("state=published") == [(str(late.id), "published")]
        assert await shown("state=closed") == [(str(early.id), "closed")]
        assert await shown("state=draft") == []

    async def test_filters_by_track_and_batch(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """Filters are joined, and pages keep them."""
        private = await given.a_published_call(database, clock)
        tender = await given.a_published_call(
            database, clock, track=Track.PROCUREMENT_TENDER, content=given.a_content()
        )
        batch = (await client.get(f"/v1/scenarios/{tender.id}")).json()["batch_id"]

        by_track = (await client.get("/v1/scenarios?track=private")).json()["items"]
        by_batch = (await client.get(f"/v1/scenarios?batch_id={batch}")).json()["items"]
        neither = await client.get(f"/v1/scenarios?track=private&batch_id={batch}")

        assert [item["id"] for item in by_track] == [str(private.id)]
        assert [item["id"] for item in by_batch] == [str(tender.id)]
        assert neither.json() == {"items": [], "next_cursor": None}

    @pytest.mark.parametrize(
        "query", ["state=open", "track=x", "batch_id=1", "cursor=!", "limit=0"]
    )
    async def test_refuses_made_up_filters(self, client: httpx.AsyncClient, query: str) -> None:
        """400, never 500 and never everything."""
        assert (await client.get(f"/v1/scenarios?{query}")).status_code == 400
