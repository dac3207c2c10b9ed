"""The doors of board, matching and solicitations: status, shape, problem code."""

import datetime as dt
import json
from decimal import Decimal
from typing import Any

import httpx
import pytest

from marketplace.identity.rules.access import Role
from marketplace.kit.clock import FixedClock
from marketplace.kit.database import Database
from tests.given.board import DECLARATION, MEETING, SOLICITATION, the_words
from tests.given.identity import Someone, someone
from tests.given.scenarios import a_content, a_draft, a_published_call, submitted

BOARD = "/v1/scenario-board"


async def put(
    client: httpx.AsyncClient, who: Someone, path: str, body: dict[str, Any]
) -> httpx.Response:
    """Read a thing, then replace it in the version that was read."""
    read = await client.get(path, headers=who.headers)
    headers = who.headers | {"If-Match": read.headers["ETag"]}
    return await client.put(path, headers=headers, json=body)


class TestBoard:
    """The public list."""

    @pytest.mark.parametrize(
        ("path", "query"),
        [
            (BOARD, {"sort": "followers"}),
            (BOARD, {"sort": "points_bps; DROP TABLE board_card"}),
            (BOARD, {"limit": "201"}),
            (BOARD, {"status": "draft"}),
            (BOARD, {"domain": "health' OR '1'='1"}),
            (BOARD, {"cursor": "made-up"}),
            (BOARD, {"ceiling_fen_min": "-1"}),
            (BOARD, {"deadline_from": "soon"}),
            (f"{BOARD}/search", {}),
            (f"{BOARD}/search", {"q": "x" * 10_000}),
            (f"{BOARD}/search", {"q": "x" * 201}),
            (f"{BOARD}/search", {"q": "预警", "cursor": "made-up"}),
        ],
    )
    async def test_what_is_malformed_is_refused(
        self, client: httpx.AsyncClient, path: str, query: dict[str, str]
    ) -> None:
        """Orders come from a list, bounds are bounds, and ten thousand characters are too many."""
        answer = await client.get(path, params=query)

        assert answer.status_code in {400, 422}, answer.text
        assert answer.headers["Content-Type"].startswith("application/problem+json")

    async def test_a_query_of_punctuation_says_so(self, client: httpx.AsyncClient) -> None:
        """It is well formed and finds nothing to look for."""
        answer = await client.get(f"{BOARD}/search", params={"q": '"*"'})

        assert (answer.status_code, answer.json()["code"]) == (422, "board.nothing_to_search")

    async def test_pages_and_reasons(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """Every page but the last has a cursor; reasons add up to the points of the card."""
        for _ in range(3):
            await a_published_call(database, clock)
        seen, cursor = [], None
        while True:
            query = {"limit": "1", "sort": "bid_deadline_at"}
            page = await client.get(BOARD, params=query | ({"cursor": cursor} if cursor else {}))
            seen += page.json()["items"]
            cursor = page.json()["next_cursor"]
            if cursor is None:
                break

        assert len({card["number"] for card in seen}) == len(seen) == 3
        for card in seen:
            points = sum(Decimal(line["points"]) for line in card["explanation"])
            assert points == Decimal(card["points"])
            assert card["match"] is None

    async def test_a_solver_sees_what_it_shares_and_only_that_differs(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """The match is the one thing on the board that depends on who asks."""
        await the_words(database)
        await a_published_call(database, clock)
        solver = await someone(database, Role.SOLVER)
        path = f"/v1/organizations/{solver.organization_id}/capabilities"
        declared = await put(
            client, solver, path, {"codes": ["domain_utilities"], "recommendable": False}
        )
        assert declared.status_code == 200, declared.text

        (mine,) = (await client.get(BOARD, headers=solver.headers)).json()["items"]
        (anybodys,) = (await client.get(BOARD)).json()["items"]
        assert mine.pop("match") == {"shared": ["domain_utilities"], "wanted": 1}
        assert anybodys.pop("match") is None
        assert mine == anybodys
        fitting = path.replace("capabilities", "recommended-calls")
        calls = await client.get(fitting, headers=solver.headers)
        assert [one["match"]["shared"] for one in calls.json()["items"]] == [["domain_utilities"]]

    async def test_who_did_not_opt_in_is_not_shown(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """What an organisation declared for itself is unknown to others."""
        await the_words(database)
        solver, other = await someone(database, Role.SOLVER), await someone(database, Role.SOLVER)
        path = f"/v1/organizations/{solver.organization_id}/capabilities"
        for recommendable, status in ((False, 404), (True, 200)):
            await put(client, solver, path, {"codes": ["speech"], "recommendable": recommendable})
            assert (await client.get(path, headers=other.headers)).status_code == status


async def test_hints_name_the_phrases_they_rest_on(
    client: httpx.AsyncClient, database: Database, clock: FixedClock
) -> None:
    """A copy of a public call is told to be likely the same, and why."""
    public = await a_published_call(database, clock)
    draft = await a_draft(database, clock)

    answer = await client.get(
        f"/v1/scenarios/{draft.id}/similar", headers=draft.cast.poster.headers
    )

    (hint,) = answer.json()["items"]
    assert hint["scenario_id"] == str(public.id)
    assert (hint["likeness"], hint["same_domain"]) == ("likely_duplicate", True)
    assert hint["phrases"]


async def test_a_meeting_over_http(
    client: httpx.AsyncClient, database: Database, clock: FixedClock
) -> None:
    """Announced, come to, and no answer to anybody else says that somebody comes."""
    called = await a_published_call(database, clock)
    host, solver = called.cast.officer, await someone(database, Role.SOLVER)
    body = MEETING | {"number": "NS-2026-D1", "scenario_ids": [str(called.id)]}
    made = await client.post("/v1/matchmakings", headers=host.headers, json=body)
    assert made.status_code == 201, made.text
    path = f"/v1/matchmakings/{made.json()['id']}"
    before = [(await client.get(path)).content, (await client.get("/v1/matchmakings")).content]

    joined = await client.post(f"{path}/actions/register", headers=solver.headers, json={})

    assert joined.status_code == 200
    assert before == [
        (await client.get(path)).content,
        (await client.get("/v1/matchmakings")).content,
    ]
    seen = await client.get(f"{path}/registrations", headers=called.cast.poster.headers)
    assert seen.json()["items"] == []


async def test_a_proposal_over_http(
    client: httpx.AsyncClient, database: Database, clock: FixedClock
) -> None:
    """Filed, ranked, and told its own place in words."""
    await the_words(database)
    draft = await submitted(
        database, clock, await a_draft(database, clock, content=a_content(domain="utilities"))
    )
    poster, officer = draft.cast.poster, draft.cast.officer
    made = await client.post(
        "/v1/solicitations",
        headers=officer.headers,
        json=SOLICITATION | {"number": "NS-2026-D2", "closes_at": "2026-03-03T09:00:00+08:00"},
    )
    assert made.status_code == 201, made.text
    path = f"/v1/solicitations/{made.json()['id']}"
    proposal = await client.post(
        f"{path}/proposals",
        headers=poster.headers,
        json={"scenario_id": str(draft.id), "declaration": DECLARATION},
    )
    assert proposal.status_code == 201, proposal.text
    early = await client.post(f"{path}/rounds", headers=officer.headers, json={})
    assert (early.status_code, early.json()["code"]) == (409, "solicitations.window_still_open")
    clock.advance(dt.timedelta(days=2))
    ranked = await client.post(f"{path}/rounds", headers=officer.headers, json={})
    assert ranked.status_code == 201, ranked.text

    shown = await client.get(f"/v1/proposals/{proposal.json()['id']}", headers=poster.headers)
    assert shown.json()["place"]["rank"] == 1
    words = shown.json()["place"]["explanation"]["zh"]
    assert words[0].startswith("第 1 名")
    assert "没有已封存或已发布并完成剖析的数据" in words[-1]
    document = await client.get(f"{path}/rounds/1/document", headers=officer.headers)
    assert json.loads(document.content)["sheet_digest"] == ranked.json()["sheet_sha256"]
    missing = await client.get(f"{path}/rounds/99999999999/document", headers=officer.headers)
    assert missing.status_code == 404
