"""Marks over HTTP: exact, complete, one's own, and nobody else's business until all have signed."""

import httpx
import pytest

from marketplace.identity.rules.access import Role
from marketplace.kit.clock import FixedClock
from marketplace.kit.database import Database
from tests.given import panels as bench
from tests.given import scoring as given
from tests.given.identity import someone
from tests.given.scoring import Play

PARAMETERS = given.weighed({"parameters": 3000, "plan": 4000, "price": 3000})


async def a_play(
    client: httpx.AsyncClient, database: Database, clock: FixedClock, *, checked: bool = True
) -> Play:
    """Two opened bids that are judged by plan, parameters and price."""
    return await given.an_evaluating_play(
        client, database, clock, criteria=PARAMETERS, checked=checked
    )


async def marked(play: Play, *marks: object, sign: bool = False) -> httpx.Response:
    """What the second judge hears who sends these marks."""
    body = {"marks": list(marks), "sign": sign}
    return await play.ask(play.experts[1], "POST", f"{play.url}/score-sheets", json=body)


class TestRecord:
    """POST /v1/scenarios/{id}/score-sheets."""

    @pytest.mark.postgres
    async def test_marks_may_be_mended_until_they_are_signed(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """Part by part, then changed, then signed, and from then on fixed."""
        play = await a_play(client, database, clock)

        await marked(play, *play.marks("plan", ours="70"))
        early = await marked(play, sign=True)
        await marked(play, *play.marks("plan", ours="85.50", theirs="90"))
        signed = await marked(play, sign=True)
        late = await marked(play, *play.marks("plan", ours="99"))

        assert (early.status_code, early.json()["code"]) == (409, "scoring.marks_missing")
        assert early.json()["missing"] == [{"bid": play.bids["theirs"], "criterion": "plan"}]
        assert signed.status_code == 200, signed.text
        assert signed.json()["signed_at"] is not None
        marks = {one["bid_id"]: one["mark"] for one in signed.json()["marks"]}
        assert marks == {play.bids["ours"]: "85.5", play.bids["theirs"]: "90"}
        assert (late.status_code, late.json()["code"]) == (409, "scoring.sheet_signed")

    @pytest.mark.parametrize(
        ("mark", "status", "code"),
        [
            (85.5, 400, "request.malformed"),
            (True, 400, "request.malformed"),
            ("NaN", 400, "request.malformed"),
            ("Infinity", 400, "request.malformed"),
            ("eighty", 400, "request.malformed"),
            ("1" * 41, 400, "request.malformed"),
            ("-1", 422, "scoring.mark_out_of_range"),
            ("100.01", 422, "scoring.mark_out_of_range"),
            ("85." + "1" * 19, 422, "scoring.value_out_of_range"),
        ],
    )
    async def test_a_mark_is_an_exact_number_on_its_scale(
        self,
        client: httpx.AsyncClient,
        database: Database,
        clock: FixedClock,
        mark: object,
        status: int,
        code: str,
    ) -> None:
        """No floats, no words, nothing below zero or above the scale, no endless decimals."""
        play = await a_play(client, database, clock)

        answer = await marked(
            play, {"bid_id": play.bids["ours"], "criterion": "plan", "mark": mark}
        )

        assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text

    async def test_a_mark_belongs_to_a_bid_and_a_criterion_of_the_call(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """Another bid, a criterion of another kind, or one place twice: nothing is written."""
        play = await a_play(client, database, clock)
        plan, parameters = play.marks("plan", ours="80"), play.marks("parameters", ours="80")
        elsewhere = plan[0] | {"bid_id": play.scenario_id}

        answers = [
            await marked(play, *plan, elsewhere),
            await marked(play, *plan, *parameters),
            await marked(play, *plan, *plan),
        ]

        assert [(one.status_code, one.json()["code"]) for one in answers] == [
            (422, "scoring.mark_misplaced"),
            (422, "scoring.criterion_unknown"),
            (422, "scoring.mark_repeated"),
        ]
        sheets = await play.get(play.experts[1], f"{play.url}/score-sheets")
        assert sheets["items"][0]["marks"] == []

    async def test_a_judge_of_the_bidders_own_house_must_go(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """F02: seated before anybody knew who bids; neither mark nor responsiveness is theirs."""
        play = await given.a_published_play(client, database, clock, criteria=given.PLAN_AND_PRICE)
        await play.seat_panel()
        university = play.experts[0].organization_id
        play.solvers["ours"] = await someone(database, Role.SOLVER, organization_id=university)
        await play.bid("ours", quote_yuan=800_000)
        await play.open()
        await play.check("ours")
        body = {"marks": play.marks("plan", ours="100"), "sign": True}
        word = {"responsive": True, "reason_code": "fine", "reason": {"zh": "可以"}}
        judge, bid = play.experts[0], f"/v1/bids/{play.bids['ours']}"

        answers = [
            await play.ask(judge, "POST", f"{play.url}/score-sheets", json=body),
            await play.ask(judge, "POST", f"{bid}/responsiveness", json=word),
        ]

        assert {(one.status_code, one.json()["code"]) for one in answers} == {
            (409, "scoring.judge_conflicted")
        }

    async def test_nobody_signs_while_eligibility_is_open(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """A bid found eligible later would lack marks that a signed sheet cannot take."""
        play = await a_play(client, database, clock, checked=False)
        await play.check("ours")

        early = await marked(play, *play.marks("plan", ours="80"), sign=True)
        await play.check(ineligible=["theirs"])
        signed = await marked(play, *play.marks("plan", ours="80"), sign=True)

        assert (early.status_code, early.json()["code"]) == (409, "scoring.eligibility_pending")
        assert early.json()["bids"] == [play.bids["theirs"]]
        assert signed.status_code == 200, signed.text

    async def test_only_the_panel_of_this_call_marks(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """An expert of another panel finds none here; who is no expert may not ask."""
        play = await a_play(client, database, clock)
        other = await bench.an_expert(database)
        url, body = f"{play.url}/score-sheets", {"marks": play.marks("plan", ours="1")}

        answers = [
            await play.ask(who, "POST", url, json=body)
            for who in (other, play.cast.officer, play.solvers["ours"])
        ]

        assert [one.status_code for one in answers] == [404, 403, 403]


class TestRead:
    """GET /v1/scenarios/{id}/score-sheets."""

    async def test_nobody_sees_anothers_marks_before_all_have_signed(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """Each judge sees one sheet; approver and auditor see who signed, and marks when ranked."""
        play = await a_play(client, database, clock)
        url = f"{play.url}/score-sheets"
        chair, second, third = play.experts
        await play.mark(chair, ours="80", theirs="90")
        await play.mark(second, ours="81", theirs="91", sign=False)

        own = await play.get(second, url)
        before = [await play.get(who, url) for who in (play.cast.approver, play.cast.auditor)]
        await play.mark(second, ours="81", theirs="91")
        await play.mark(third, ours="82", theirs="92")
        signed_by_all = await play.get(play.cast.auditor, url)
        decided = {"marks": play.marks("parameters", ours="80", theirs="90")}
        await play.do(play.cast.officer, f"{play.url}/objective-marks", decided)
        await play.rank()
        after = await play.get(play.cast.auditor, url)
        still_own = await play.get(chair, url)

        assert [one["judge"] for one in own["items"]] == ["J2"]
        assert [one["mark"] for one in own["items"][0]["marks"]] == ["81", "91"]
        for seen in before:
            signed = [(one["judge"], one["signed_at"] is not None) for one in seen["items"]]
            assert signed == [("J1", True), ("J2", False), ("J3", False)]
            assert [one["marks"] for one in seen["items"]] == [None, None, None]
        assert [one["marks"] for one in signed_by_all["items"]] == [None, None, None]
        assert [len(one["marks"]) for one in after["items"]] == [2, 2, 2]
        assert [one["judge"] for one in still_own["items"]] == ["J1"]

    async def test_a_judge_finds_the_bids_and_no_prices(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """Who bids and what they say; points for the price come from the service alone."""
        play = await a_play(client, database, clock)

        sheets = await play.ask(play.experts[2], "GET", f"{play.url}/score-sheets")

        assert {one["bid_id"] for one in sheets.json()["bids"]} == set(play.bids.values())
        assert all(one["summary"] for one in sheets.json()["bids"])
        assert "quote" not in sheets.text
        assert "80000000" not in sheets.text

    async def test_everybody_else_finds_no_panel(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """Officer, poster and bidders read no sheets, signed or not."""
        play = await a_play(client, database, clock)
        others = (play.cast.officer, play.cast.poster, play.solvers["ours"], play.cast.supervisor)

        answers = [await play.ask(who, "GET", f"{play.url}/score-sheets") for who in others]
        nobody = await client.get(f"{play.url}/score-sheets")

        assert [one.status_code for one in answers] == [404, 404, 404, 404]
        assert nobody.status_code == 401


class TestObjectiveMarks:
    """POST /v1/scenarios/{id}/objective-marks."""

    @pytest.mark.postgres
    async def test_are_decided_once_and_shown_to_every_judge(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """The officer decides; a second word on the same place is refused, and changes nothing."""
        play = await a_play(client, database, clock)
        url, officer = f"{play.url}/objective-marks", play.cast.officer

        first = await play.do(officer, url, {"marks": play.marks("parameters", ours="84")})
        again = await play.ask(
            officer,
            "POST",
            url,
            json={"marks": play.marks("parameters", theirs="92", ours="85")},
        )
        wrong = await play.ask(
            officer, "POST", url, json={"marks": play.marks("plan", theirs="92")}
        )
        judge = await play.ask(
            play.experts[1], "POST", url, json={"marks": play.marks("parameters", theirs="9")}
        )

        assert [one["mark"] for one in first["items"]] == ["84"]
        assert (again.status_code, again.json()["code"]) == (409, "scoring.decided_already")
        assert (wrong.status_code, wrong.json()["code"]) == (422, "scoring.criterion_unknown")
        assert judge.status_code == 403
        shown = await play.get(play.experts[1], f"{play.url}/score-sheets")
        assert shown["objective_marks"] == first["items"]


class TestResponsiveness:
    """POST /v1/bids/{id}/responsiveness."""

    @pytest.mark.parametrize(
        "changes",
        [
            {"responsive": "no"},
            {"responsive": 0},
            {"reason_code": "Not A Code"},
            {"reason": {"zh": " "}},
            {"reason": None},
        ],
    )
    async def test_a_vote_is_yes_or_no_with_a_code_and_a_reason(
        self,
        client: httpx.AsyncClient,
        database: Database,
        clock: FixedClock,
        changes: dict[str, object],
    ) -> None:
        """Nothing is read into a word, and a vote without a reason is none."""
        play = await a_play(client, database, clock)
        url = f"/v1/bids/{play.bids['ours']}/responsiveness"
        out = {
            "responsive": False,
            "reason_code": "terms_not_met",
            "reason": {"zh": "未响应实质性条款", "en": "A substantive term is not met"},
        }

        loose = await play.ask(play.experts[0], "POST", url, json=out | changes)
        told = await play.get(play.experts[0], url)

        assert loose.status_code == 400
        assert (told["cast"], told["votes"]) == (0, [])
