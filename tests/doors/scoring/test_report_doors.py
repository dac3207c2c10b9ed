"""The panel as a body over HTTP: its chair, its report, its dissents, a stop, and its silence."""

import datetime as dt
import re
from uuid import UUID, uuid4

import httpx
import pytest
from litestar import Litestar
from sqlmodel import col, select

from marketplace.awards.actions import awarding as awards
from marketplace.events.rules.envelope import Visibility
from marketplace.events.tables import EventRow
from marketplace.identity.rules.access import Role
from marketplace.kit.clock import FixedClock
from marketplace.kit.database import Database
from marketplace.kit.digests import digest_of
from marketplace.scoring.errors.panels import ReportMissing, ReportUnsigned
from marketplace.scoring.rules import reporting
from tests.given import panels as bench
from tests.given import scoring as given
from tests.given.identity import Someone, someone
from tests.given.scoring import Play

BLIND_MARKS = {"ours": "73.19", "theirs": "68.47"}
"""Figures that stand nowhere else."""


async def a_play(client: httpx.AsyncClient, database: Database, clock: FixedClock) -> Play:
    """Two opened bids before a panel of three that is judged by plan and price."""
    return await given.an_evaluating_play(client, database, clock, criteria=given.PLAN_AND_PRICE)


async def a_ranked_play(client: httpx.AsyncClient, database: Database, clock: FixedClock) -> Play:
    """The same, ranked."""
    play = await a_play(client, database, clock)
    await play.mark_all(ours="80", theirs="90")
    assert (await play.rank()).status_code == 201
    await play.recommend()
    return play


async def decided(play: Play, database: Database) -> None:
    """The approver decides for the first in rank."""
    async with database.writing() as session:
        await awards.decide_award(
            session,
            play.cast.approver.actor,
            UUID(play.scenario_id),
            UUID(play.bids["theirs"]),
            reason="综合得分第一",
            now=play.clock.now(),
        )


async def refused(play: Play, who: Someone, url: str, body: object = None) -> tuple[int, str]:
    """Status and code of a refusal."""
    answer = await play.ask(who, "POST", play.url + url, json=body or {})
    return answer.status_code, answer.json()["code"]


class TestReport:
    """/v1/scenarios/{id}/evaluation-report."""

    async def test_every_judge_signs_or_dissents_before_anything_is_decided(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """The dissent stands on the report with its reasons, and the decision may follow."""
        play = await a_ranked_play(client, database, clock)
        chair, second, third = play.experts
        url = f"{play.url}/evaluation-report"

        with pytest.raises(ReportMissing):
            await decided(play, database)
        await play.do(chair, url, {"text": {"zh": "推荐按名次"}})
        await play.do(chair, f"{url}/actions/sign")
        await play.do(second, f"{url}/actions/sign", {"dissent": "方案二的安全措施不足"})
        with pytest.raises(ReportUnsigned) as unsigned:
            await decided(play, database)
        twice = await refused(play, second, "/evaluation-report/actions/sign")
        await play.do(third, f"{url}/actions/sign")
        await decided(play, database)

        assert unsigned.value.facts == {"judges": ["J3"]}
        assert twice == (409, "scoring.report_signed")
        seen = await play.get(play.cast.auditor, url)
        said = [(one["judge"], one["consent"], one["dissent"]) for one in seen["signatures"]]
        assert said == [
            ("J1", "agreed", None),
            ("J2", "dissented", "方案二的安全措施不足"),
            ("J3", "agreed", None),
        ]
        assert seen["unsigned"] == []
        assert seen["document_sha256"] == digest_of(seen["document"])
        assert [one["rank"] for one in seen["document"]["ranked"]] == [1, 2]

    async def test_only_the_chair_closes_it_and_only_once(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """Not before the ranking; not a judge; not the officer."""
        play = await a_play(client, database, clock)
        body = {"text": {"zh": "报告"}}
        early = await refused(play, play.experts[0], "/evaluation-report", body)
        await play.mark_all(ours="80", theirs="90")
        await play.rank()

        judge = await refused(play, play.experts[1], "/evaluation-report", body)
        officer = await refused(play, play.cast.officer, "/evaluation-report", body)
        await play.do(play.experts[0], f"{play.url}/evaluation-report", body)
        twice = await refused(play, play.experts[0], "/evaluation-report", body)

        assert early == (404, "scoring.report_missing")
        assert judge == (403, "scoring.chair_needed")
        assert officer == (403, "identity.not_permitted")
        assert twice == (409, "scoring.report_closed")

    async def test_silence_counts_as_agreement_when_its_time_is_over(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """Not a minute before, and never written down by a judge."""
        play = await a_ranked_play(client, database, clock)
        await play.do(play.experts[0], f"{play.url}/evaluation-report", {"text": {"zh": "报告"}})
        for judge in play.experts[:2]:
            await play.do(judge, f"{play.url}/evaluation-report/actions/sign")
        silence, body = "/evaluation-report/actions/record-silence", {"label": "J3"}

        clock.advance(reporting.SILENCE_AFTER - dt.timedelta(minutes=1))
        early = await refused(play, play.cast.officer, silence, body)
        clock.advance(dt.timedelta(minutes=1))
        by_a_judge = await refused(play, play.experts[1], silence, body)
        seen = await play.do(play.cast.officer, play.url + silence, body)

        assert early == (409, "scoring.silence_too_early")
        assert by_a_judge == (403, "identity.not_permitted")
        assert (seen["signatures"][-1]["consent"], seen["unsigned"]) == ("silent", [])

    async def test_a_new_round_needs_a_new_report(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """What was signed under the former round says nothing about this one."""
        play = await a_ranked_play(client, database, clock)
        await bench.report(play)
        await play.rank("sum_error")

        with pytest.raises(ReportMissing) as missing:
            await decided(play, database)

        assert missing.value.code == "scoring.report_missing"


class TestStop:
    """A panel that holds the file to be against the law."""

    @pytest.mark.postgres
    async def test_nothing_goes_on_until_the_bureau_has_decided(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """The chair stops and explains; the bureau hears it and nobody else does."""
        play = await a_play(client, database, clock)
        chair, second, _ = play.experts
        why = {"explanation": "评审因素以注册地加分,违反条例第二十条"}

        by_a_judge = await refused(play, second, "/actions/stop-evaluation", why)
        await play.do(chair, f"{play.url}/actions/stop-evaluation", why)
        marks = {"marks": play.marks("plan", ours="80", theirs="90")}
        marking = await refused(play, second, "/score-sheets", marks)
        ranking = (await play.rank()).json()["code"]
        officer = await refused(
            play, play.cast.officer, "/actions/resume-evaluation", {"decision": "可继续"}
        )
        progress = await play.get(play.cast.officer, f"{play.url}/panel/progress")
        resumed = await play.do(
            play.cast.approver, f"{play.url}/actions/resume-evaluation", {"decision": "不违法"}
        )
        await play.mark_all(ours="80", theirs="90")
        again = await refused(
            play, play.cast.approver, "/actions/resume-evaluation", {"decision": "不违法"}
        )

        assert by_a_judge == (403, "scoring.chair_needed")
        assert marking == (409, "scoring.evaluation_stopped")
        assert ranking == "scoring.evaluation_stopped"
        assert officer == (403, "identity.not_permitted")
        assert (progress["stopped"], resumed["decision"]) == (True, "不违法")
        assert again == (409, "scoring.nothing_stopped")
        async with database.reading() as session:
            heard = await session.exec(
                select(EventRow.visibility).where(
                    col(EventRow.type).in_(["evaluation.stopped", "evaluation.resumed"])
                )
            )
        assert heard.all() == [Visibility.INTERNAL, Visibility.INTERNAL]


class TestDeclare:
    """A judge who declares an interest."""

    async def test_marks_nothing_more_until_somebody_else_has_decided(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """Refused, the judge goes on; accepted, they leave and none of their marks counts."""
        play = await a_play(client, database, clock)
        judge, other = play.experts[1], play.experts[2]
        for one in play.experts:
            await play.mark(one, ours="80", theirs="90", sign=one is not judge)
        requests = f"{play.url}/recusal-requests"
        words = {"name": "张三", "reasons": "我与一家投标人有往来"}

        filed = [await play.do(one, requests, words) for one in (judge, other)]
        waiting = await refused(play, judge, "/score-sheets", {"marks": [], "sign": True})
        unsettled = (await play.rank()).json()["code"]
        verdicts = {}
        for request, accepted in zip(filed, (False, True), strict=True):
            url = f"/v1/recusal-requests/{request['id']}/actions/decide"
            body = {"accepted": accepted, "decision": "已核实"}
            own = await play.ask(judge, "POST", url, json=body)
            verdicts[own.status_code] = own.json()["code"]
            await play.do(play.cast.officer, url, body)
        await play.do(judge, f"{play.url}/score-sheets", {"sign": True})
        panel = await play.get(play.cast.officer, f"{play.url}/panel")

        assert {one["kind"] for one in filed} == {"declaration"}
        assert waiting == (409, "scoring.recusal_pending")
        assert unsettled in {"scoring.sheets_unsigned", "scoring.recusal_pending"}
        assert verdicts == {403: "identity.not_permitted"}
        gone = {seat["label"]: seat["recusal_reason"] for seat in panel["items"]}
        assert gone == {"J1": None, "J2": None, "J3": "已核实"}


class TestConfidentiality:
    """Nobody knows another's marks before all have signed and the round is computed."""

    async def test_no_route_tells_a_mark_to_anybody_but_its_judge(
        self,
        app: Litestar,
        client: httpx.AsyncClient,
        database: Database,
        clock: FixedClock,
    ) -> None:
        """Every operation that reads, asked by everybody there is, searched for the figures."""
        play = await a_play(client, database, clock)
        judge = play.experts[1]
        await play.mark(judge, sign=True, **BLIND_MARKS)
        others = {
            "chair": play.experts[0],
            "third judge": play.experts[2],
            "officer": play.cast.officer,
            "approver": play.cast.approver,
            "auditor": play.cast.auditor,
            "supervisor": play.cast.supervisor,
            "poster": play.cast.poster,
            "bidder": play.solvers["ours"],
            "finance": await someone(database, Role.FINANCE),
        }
        known = {
            "scenario_id": play.scenario_id,
            "bid_id": play.bids["ours"],
            "organization_id": str(play.cast.poster.organization_id),
            "expert_id": str(judge.actor.person_id),
            "person_id": str(judge.actor.person_id),
            "criterion": "plan",
            "code": "private",
            "version": "1",
            "year": "2026",
        }
        found, asked = [], 0

        for path, item in app.openapi_schema.paths.items():  # type: ignore[union-attr]
            if item.get is None or path.startswith(("/schema", "/health")):
                continue
            url = re.sub(r"\{(\w+)\}", lambda one: known.get(one.group(1), str(uuid4())), path)
            # A stream that is not asked to end would be listened to for ever.
            url += "?once=true" if item.get.operation_id == "events_stream" else ""
            for name, who in others.items():
                answer = await play.ask(who, "GET", url)
                asked += 1
                if any(mark in answer.text for mark in BLIND_MARKS.values()):
                    found.append((name, path))
        own = await play.ask(judge, "GET", f"{play.url}/score-sheets")

        assert found == []
        assert asked > 300
        assert all(mark in own.text for mark in BLIND_MARKS.values())


class TestBlind:
    """A call that says that its judges do not know whose bid they mark."""

    @pytest.mark.postgres
    async def test_no_name_and_no_id_of_a_bid_until_all_have_signed(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """Pseudonyms that stay, that take marks, and that the bid's own id does not replace."""
        play = await given.an_evaluating_play(
            client,
            database,
            clock,
            criteria=given.weighed({"plan": 5000, "parameters": 2000, "price": 3000}),
            blind=True,
        )
        decided = {"marks": play.marks("parameters", ours="80", theirs="90")}
        await play.do(play.cast.officer, f"{play.url}/objective-marks", decided)
        sheets, first = f"{play.url}/score-sheets", play.experts[0]
        real = {*play.bids.values(), "某公司(示例)"}

        seen = [await play.ask(one, "GET", sheets) for one in play.experts]
        bids = seen[0].json()["bids"]
        by_id = await refused(play, first, "/score-sheets", {"marks": play.marks("plan", ours="1")})
        own, alias = next(iter(play.bids.values())), bids[0]["bid_id"]
        word = {"responsive": True, "reason_code": "fits", "reason": {"zh": "响应"}}
        early = await play.ask(first, "POST", sheets, json={"sign": True})
        by_own = await play.ask(first, "POST", f"/v1/bids/{own}/responsiveness", json=word)
        votes = [
            await play.ask(first, "POST", f"/v1/bids/{alias}/responsiveness", json=word)
            for _ in range(2)
        ]
        votes.append(await play.ask(first, "GET", f"/v1/bids/{alias}/responsiveness"))
        answers = []
        for judge in play.experts:
            marks = [{"bid_id": one["bid_id"], "criterion": "plan", "mark": "80"} for one in bids]
            answers.append(await play.ask(judge, "POST", sheets, json={"marks": marks}))
            answers.append(await play.ask(judge, "GET", sheets))
            last = judge is play.experts[-1]
            if not last:
                answers.append(await play.ask(judge, "POST", sheets, json={"sign": True}))
        await play.do(play.experts[-1], sheets, {"sign": True})
        after = await play.get(first, sheets)
        ranked = await play.rank()

        assert {tuple(one["bid_id"] for one in each.json()["bids"]) for each in seen} == {
            tuple(one["bid_id"] for one in bids)
        }
        assert [one["bidder"]["en"] for one in bids] == ["Bid 1 (anonymous)", "Bid 2 (anonymous)"]
        told = [
            (each.status_code, word)
            for each in (*seen, early, *votes, *answers)
            for word in real
            if word in each.text
        ]
        assert told == []
        assert {each.status_code for each in answers} == {200}
        assert (early.status_code, early.json()["code"]) == (409, "scoring.marks_missing")
        assert by_own.status_code == 404
        assert [each.status_code for each in votes] == [201, 409, 200]
        assert votes[0].json()["bid_id"] == alias
        assert by_id == (422, "scoring.mark_misplaced")
        assert {one["bid_id"] for one in after["bids"]} == set(play.bids.values())
        assert ranked.status_code == 201, ranked.text
        totals = {
            name: one["points"]["plan"]
            for name, one in (await play.standings(ranked.json()["id"])).items()
        }
        assert totals == {"ours": "40.00", "theirs": "40.00"}
