"""Ranking rounds over HTTP: computed, explained, proved, and told to each as far as is theirs."""

import asyncio
import json
from typing import Any
from uuid import UUID

import httpx
import pytest

from marketplace.awards.actions import awarding as awards
from marketplace.identity.rules.access import Role
from marketplace.kit.clock import FixedClock
from marketplace.kit.database import Database
from marketplace.kit.digests import sha256_hex
from marketplace.scoring.rules import verification
from tests.given import panels as bench
from tests.given import scoring as given
from tests.given.identity import someone
from tests.given.scoring import Play, labels

TOTALS = {
    # Nine right of ten is 0.8 of the way from 0.5 to 1; 80 and 70 of 100; the lowest price.
    "ours": {"benchmark": "32.00", "parameters": "8.00", "plan": "14.00", "price": "30.00"},
    # All right; 60 and 90 of 100; 800,000 over 900,000 of 30.
    "theirs": {"benchmark": "40.00", "parameters": "6.00", "plan": "18.00", "price": "26.67"},
}


async def a_signed_play(client: httpx.AsyncClient, database: Database, clock: FixedClock) -> Play:
    """Two bids, measured, decided, marked and signed; nothing is left but to rank them."""
    play = await given.an_evaluating_play(client, database, clock)
    await play.upload_truth()
    await play.measured("ours", labels(9))
    await play.measured("theirs", labels(10))
    decided = {"marks": play.marks("parameters", ours="80", theirs="60")}
    await play.do(play.cast.officer, f"{play.url}/objective-marks", decided)
    await play.mark_all(ours="70", theirs="90")
    return play


async def a_ranked_play(
    client: httpx.AsyncClient, database: Database, clock: FixedClock
) -> tuple[Play, str]:
    """The same, ranked; with the address of the round."""
    play = await a_signed_play(client, database, clock)
    ranked = await play.rank()
    assert ranked.status_code == 201, ranked.text
    return play, f"/v1/ranking-rounds/{ranked.json()['id']}"


async def decide(play: Play, database: Database, name: str) -> None:
    """The chair names candidates, the panel reports, and the approver gives one the award."""
    await play.recommend()
    await bench.report(play)
    async with database.writing() as session:
        await awards.decide_award(
            session,
            play.cast.approver.actor,
            UUID(play.scenario_id),
            UUID(play.bids[name]),
            reason="最高分",
            now=play.clock.now(),
        )


class TestRank:
    """POST /v1/scenarios/{id}/ranking-rounds."""

    @pytest.mark.postgres
    async def test_every_point_follows_from_the_published_rubric(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """Benchmark, objective mark, plan and price, each rounded once, then added."""
        play, url = await a_ranked_play(client, database, clock)

        standings = await play.standings(url.rpartition("/")[2])

        assert {name: one["points"] for name, one in standings.items()} == TOTALS
        assert [(name, one["rank"], one["total"]) for name, one in standings.items()] == [
            ("theirs", 1, "90.67"),
            ("ours", 2, "84.00"),
        ]

    @pytest.mark.postgres
    async def test_two_at_once_make_one_first_round(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """Chair and approver press the button together: one ranks, the other hears it is done."""
        play = await a_signed_play(client, database, clock)

        both = await asyncio.gather(play.rank(), play.rank(who=play.cast.approver))

        assert sorted(one.status_code for one in both) == [201, 422]
        refused = next(one for one in both if one.status_code == 422)
        assert refused.json()["code"] == "scoring.round_reason_needed"

    async def test_a_further_round_needs_a_reason_and_keeps_the_former(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """Not first again, not any word; the former stays readable and is marked superseded."""
        play, url = await a_ranked_play(client, database, clock)

        again = await play.rank()
        invented = await play.rank("better_result")
        second = await play.rank("sum_error")
        listed = await play.get(play.cast.officer, f"{play.url}/ranking-rounds")

        assert (again.status_code, again.json()["code"]) == (422, "scoring.round_reason_needed")
        assert "sum_error" in again.json()["allowed"]
        assert invented.status_code == 400
        assert second.status_code == 201, second.text
        found = [(one["number"], one["superseded_at"] is None) for one in listed["items"]]
        assert found == [(1, False), (2, True)]
        assert (await play.get(play.cast.officer, url))["number"] == 1

    async def test_is_for_this_chair_and_the_approver(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """Not for a judge, the officer, the poster, or the chair of another panel."""
        play = await a_signed_play(client, database, clock)
        other_chair = await bench.an_expert(database, Role.PANEL_CHAIR)

        answers = [
            await play.rank(who=who)
            for who in (play.experts[1], play.cast.officer, play.cast.poster, other_chair)
        ]

        assert [one.status_code for one in answers] == [403, 403, 403, 404]

    async def test_waits_for_every_signature_and_every_value(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """First the sheets, then the measured files: each refusal names what is missing."""
        play = await given.an_evaluating_play(client, database, clock)
        await play.upload_truth()
        await play.measured("ours", labels(9))
        await play.mark(play.experts[0], ours="70", theirs="90")

        unsigned = await play.rank()
        for judge in play.experts[1:]:
            await play.mark(judge, ours="70", theirs="90")
        unmeasured = await play.rank()
        await play.measured("theirs", labels(10))
        undecided = await play.rank()

        assert (unsigned.status_code, unsigned.json()["judges"]) == (409, ["J2", "J3"])
        assert (unmeasured.status_code, unmeasured.json()["code"]) == (409, "scoring.value_missing")
        assert unmeasured.json()["bid"] == play.bids["theirs"]
        assert (undecided.status_code, undecided.json()["code"]) == (409, "scoring.marks_missing")

    async def test_an_offer_for_nothing_is_ranked_where_no_price_is_judged(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """A private call for a plan alone: free, unpriced and paid offers stand side by side."""
        play = await given.an_evaluating_play(
            client,
            database,
            clock,
            quotes_yuan={"free": 0, "unpriced": None, "paid": 10},
            criteria=given.weighed({"plan": 10_000}),
        )
        await play.mark_all(free="70", unpriced="80", paid="90")

        ranked = await play.rank()

        assert ranked.status_code == 201, ranked.text
        standings = await play.standings(ranked.json()["id"])
        assert list(standings) == ["paid", "unpriced", "free"]


class TestProof:
    """GET /v1/ranking-rounds/{id}/{sheet,standings,explanation,document}."""

    @pytest.mark.postgres
    async def test_anybody_who_holds_the_document_can_compute_it_again(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """Sheet and standings are the stored bytes, their digests are told, and all fits."""
        play, url = await a_ranked_play(client, database, clock)
        approver = play.cast.approver

        round_ = await play.get(approver, url)
        sheet = await play.ask(approver, "GET", f"{url}/sheet")
        standings = await play.ask(approver, "GET", f"{url}/standings")
        document = await play.ask(approver, "GET", f"{url}/document")

        assert sha256_hex(sheet.content) == round_["sheet_sha256"]
        assert sha256_hex(standings.content) == round_["standings_sha256"]
        found = verification.verify(verification.parse(document.content))
        assert found.equal, found.first_difference
        assert found.sheet_digest == round_["sheet_sha256"]
        assert found.standings_digest == round_["standings_sha256"]

    async def test_one_digit_changed_anywhere_is_found(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """Whatever figure is touched, in the sheet or in the result, the place is named."""
        play, url = await a_ranked_play(client, database, clock)
        document = (await play.ask(play.cast.approver, "GET", f"{url}/document")).json()
        places = list(_digits(document))

        undetected = []
        for path, place in places:
            found = verification.verify(_changed(document, path, place))
            if found.equal or not (found.first_difference or "").startswith("/"):
                undetected.append((path, found))

        assert len(places) > 300
        assert not undetected

    async def test_is_served_from_the_cache_of_whoever_has_it(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """Immutable and private, under an ETag of the bytes; asked again it is a 304."""
        play, url = await a_ranked_play(client, database, clock)
        for part in ("sheet", "standings", "explanation", "document"):
            first = await play.ask(play.cast.auditor, "GET", f"{url}/{part}")
            again = await play.ask(
                play.cast.auditor,
                "GET",
                f"{url}/{part}",
                headers={"If-None-Match": first.headers["etag"]},
            )

            assert sha256_hex(first.content)[:16] in first.headers["etag"]
            assert "private" in first.headers["cache-control"]
            assert "immutable" in first.headers["cache-control"]
            assert (again.status_code, again.content) == (304, b"")


class TestSecrecy:
    """Who reads how much, and when."""

    async def test_the_evaluation_is_told_to_those_who_run_it(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """Bureau, auditor, chair and poster read all of it; nobody else knows that it exists."""
        play, url = await a_ranked_play(client, database, clock)
        cast = play.cast
        other_poster = await someone(database, Role.POSTER)
        other_chair = await bench.an_expert(database, Role.PANEL_CHAIR)
        parts = ("", "/standings", "/explanation", "/sheet", "/document")

        inside = (cast.officer, cast.approver, cast.auditor, cast.poster, play.experts[0])
        outside = (
            *(play.experts[1], cast.supervisor, play.solvers["ours"]),
            *(other_poster, other_chair, await someone(database, Role.SOLVER)),
        )
        seen = {
            (await play.ask(who, "GET", url + part)).status_code for who in inside for part in parts
        }
        hidden = {
            (answer.status_code, answer.json()["code"])
            for who in outside
            for part in parts
            for answer in [await play.ask(who, "GET", url + part)]
        }
        lists = {
            (await play.ask(who, "GET", f"{play.url}/ranking-rounds")).status_code
            for who in outside
        }

        assert seen == {200}
        assert hidden == {(404, "scoring.round_unknown")}
        assert lists == {404}
        assert (await client.get(url)).status_code == 401

    @pytest.mark.postgres
    async def test_a_bidder_learns_their_own_points_and_place_after_the_decision(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """Own points, rank and how many were ranked; nothing of the others, and never the sheet."""
        play, _ = await a_ranked_play(client, database, clock)
        second = (await play.rank("sum_error")).json()
        url, solver = f"/v1/ranking-rounds/{second['id']}", play.solvers["ours"]
        await decide(play, database, "theirs")

        (listed,) = (await play.get(solver, f"{play.url}/ranking-rounds"))["items"]
        own = await play.get(solver, f"{url}/standings")
        words = await play.ask(solver, "GET", f"{url}/explanation")
        closed = [await play.ask(solver, "GET", url + part) for part in ("/sheet", "/document")]

        assert (listed["id"], listed["note"]) == (second["id"], None)
        assert own == {
            "bid_id": play.bids["ours"],
            "ranked": 2,
            "rank": 2,
            "total": "84.00",
            "points": TOTALS["ours"],
            "exclusion": None,
        }
        assert words.json()["en"][0] == "Rank 2 of 2 with 84.00 points."
        assert play.bids["theirs"] not in words.text
        assert [one.status_code for one in closed] == [404, 404]

    async def test_a_bidder_who_was_excluded_learns_why(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """No rank, no points of others, and the reason as a code and in words."""
        play = await given.an_evaluating_play(
            client,
            database,
            clock,
            criteria=given.PLAN_AND_PRICE,
            quotes_yuan={"ours": 800_000, "over": 1_000_001},
        )
        await play.mark_all(ours="80", over="90")
        url = f"/v1/ranking-rounds/{(await play.rank()).json()['id']}"
        await decide(play, database, "ours")

        own = await play.get(play.solvers["over"], f"{url}/standings")
        words = await play.get(play.solvers["over"], f"{url}/explanation")

        assert (own["rank"], own["total"], own["points"]) == (None, None, {})
        assert own["exclusion"] == "over_maximum_price"
        assert words["zh"], words

    async def test_a_superseded_round_is_not_a_bidders(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """Only the round that counts is told; what it replaced might have said something else."""
        play, url = await a_ranked_play(client, database, clock)
        await play.rank("sum_error")
        await decide(play, database, "theirs")

        answer = await play.ask(play.solvers["ours"], "GET", f"{url}/standings")

        assert answer.status_code == 404


def _digits(value: Any, path: tuple[Any, ...] = ()) -> Any:
    """Yield every place in a document at which a digit stands."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _digits(item, (*path, key))
    elif isinstance(value, list):
        for at, item in enumerate(value):
            yield from _digits(item, (*path, at))
    elif not isinstance(value, bool) and value is not None:
        text = str(value)
        yield from ((path, at) for at, sign in enumerate(text) if sign.isdigit())


def _changed(document: dict[str, Any], path: tuple[Any, ...], place: int) -> dict[str, Any]:
    """Copy a document with one digit put up by one."""
    copy: dict[str, Any] = json.loads(json.dumps(document))
    *way, last = path
    inner: Any = copy
    for step in way:
        inner = inner[step]
    text = str(inner[last])
    text = text[:place] + str((int(text[place]) + 1) % 10) + text[place + 1 :]
    inner[last] = int(text) if isinstance(inner[last], int) else text
    return copy
