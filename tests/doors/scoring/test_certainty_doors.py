"""How sure a ranking is, over HTTP: who reads it, what stands in it, and that it can be checked."""

import datetime as dt
import io
import zipfile
from dataclasses import replace
from uuid import UUID

import httpx
import openpyxl
import pytest

from marketplace.awards.actions import awarding as awards
from marketplace.identity.rules.access import Role
from marketplace.kit.clock import FixedClock
from marketplace.kit.database import Database
from marketplace.kit.digests import sha256_hex
from marketplace.profiles.rules.profile import Track
from marketplace.scoring.actions import certainty as actions
from marketplace.scoring.jobs.upkeep import Statistician
from marketplace.scoring.rules import verification
from marketplace.scoring.rules.certainty.statement import state
from marketplace.scoring.rules.ranking import rank
from marketplace.scoring.schemas.workbook import workbook
from tests.given import panels as bench
from tests.given import scoring as given
from tests.given.identity import someone
from tests.given.scoring import Play
from tests.rules.scoring.boards import full_sheet

PARTS = (
    *("sensitivity", "plots/rank-intervals.svg", "plots/weight-margins.svg"),
    *("export.json", "export.xlsx"),
)
ROWS = 300
OF_PANEL = ("panel-statistics", "plots/judges.svg")


def rows_of(column: str, *wrong: int) -> bytes:
    """A file of rows that are all right but these."""
    lines = (f"r{at:03},{'no' if at in wrong else 'yes'}" for at in range(ROWS))
    return "\n".join([f"id,{column}", *lines, ""]).encode()


async def a_ranked_play(
    client: httpx.AsyncClient,
    database: Database,
    clock: FixedClock,
) -> tuple[Play, str]:
    """Two bids, marked by three judges who differ, ranked; with the address of the round."""
    names = {"ours": "70", "theirs": "90"}
    play = await given.an_evaluating_play(
        client,
        database,
        clock,
        criteria=given.PLAN_AND_PRICE,
        quotes_yuan=dict.fromkeys(names, 800_000),
    )
    for at, judge in enumerate(play.experts):
        marks = {name: str(int(mark) - 5 * at) for name, mark in names.items()}
        await play.mark(judge, sign=True, **marks)
    ranked = await play.rank()
    assert ranked.status_code == 201, ranked.text
    return play, f"/v1/ranking-rounds/{ranked.json()['id']}"


class TestSensitivity:
    """GET /v1/ranking-rounds/{id}/{sensitivity,panel-statistics}."""

    @pytest.mark.postgres
    async def test_is_pending_until_computed_and_never_changes_after(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """409 at first; then the stored bytes, whose digest the export tells, also after a tick."""
        play, url = await a_ranked_play(client, database, clock)
        approver = play.cast.approver
        statistician = Statistician(database=database, clock=clock)

        before = await play.ask(approver, "GET", f"{url}/sensitivity")
        worked = await statistician.work()
        first = await play.ask(approver, "GET", f"{url}/sensitivity")
        again = await statistician.work()
        second = await play.ask(approver, "GET", f"{url}/sensitivity")
        exported = await play.get(approver, f"{url}/export.json")

        assert (before.status_code, before.json()["code"]) == (409, "scoring.certainty_pending")
        assert (worked, again) == (1, 0)
        assert first.content == second.content
        assert "immutable" in first.headers["cache-control"]
        assert sha256_hex(first.content) == exported["sensitivity_digest"]
        stated = first.json()
        assert stated["rank_intervals"]["resamples"] == 1_000
        assert stated["rank_intervals"]["judges_resampled"] == 3
        assert stated["seed"] == exported["sheet"]["certainty"]["seed"]

    @pytest.mark.postgres
    async def test_says_which_neighbours_on_a_benchmark_cannot_be_told_apart(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """From the rows of the files that were measured: two differ by a row, the third by many."""
        wrong = {"sharp": range(20), "twin": range(10, 31), "dull": range(90)}
        play = await given.an_evaluating_play(
            client,
            database,
            clock,
            criteria=given.weighed({"benchmark": 4000, "plan": 3000, "price": 3000}),
            quotes_yuan=dict.fromkeys(wrong, 800_000),
        )
        await play.upload_truth(rows_of("label"))
        values = {
            name: (await play.measured(name, rows_of("prediction", *places)))["value"]
            for name, places in wrong.items()
        }
        await play.mark_all(**dict.fromkeys(wrong, "80"))
        ranked = await play.rank()
        url = f"/v1/ranking-rounds/{ranked.json()['id']}"
        await Statistician(database=database, clock=clock).work()

        exported = await play.get(play.cast.approver, f"{url}/export.json")
        [told] = exported["sensitivity"]["benchmarks"]
        names = {bid_id: name for name, bid_id in play.bids.items()}

        assert values == {"sharp": "0.933333333333", "twin": "0.93", "dull": "0.7"}
        assert (told["criterion"], told["rows"], told["groups"]) == ("benchmark", ROWS, ROWS)
        assert [
            (names[one["better"]], names[one["worse"]], one["distinguishable"])
            for one in told["neighbours"]
        ] == [("sharp", "twin", False), ("twin", "dull", True)]
        intervals = exported["sensitivity"]["rank_intervals"]
        assert intervals["benchmarks_resampled"] == ["benchmark"]
        assert verification.verify(exported).equal
        forged = exported["sheet"]["outcomes"]["benchmark"]["sums"][play.bids["twin"]]
        forged.append(forged.pop(forged.index("0")))
        assert not verification.verify(exported).equal

    @pytest.mark.postgres
    async def test_two_processes_that_compute_it_at_once_keep_it_once(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """The second finds what the first wrote, and nothing is written twice."""
        play, url = await a_ranked_play(client, database, clock)
        sheet = await play.ask(play.cast.approver, "GET", f"{url}/sheet")
        statement = actions.statement_of(sheet.content)
        round_id = UUID(url.rpartition("/")[2])

        kept = []
        for _ in range(2):
            async with database.writing() as session:
                row = await actions.keep(session, round_id, statement, now=clock.now())
                kept.append(row.id)

        assert kept[0] == kept[1]
        assert await Statistician(database=database, clock=clock).work() == 0

    async def test_the_export_verifies_offline_and_a_changed_one_does_not(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """The file as downloaded, by the bureau and by the poster, who is not told of judges."""
        play, url = await a_ranked_play(client, database, clock)
        await Statistician(database=database, clock=clock).work()

        whole = await play.ask(play.cast.approver, "GET", f"{url}/export.json")
        without = await play.ask(play.cast.poster, "GET", f"{url}/export.json")

        for answer in (whole, without):
            found = verification.verify(verification.parse(answer.content))
            assert found.equal, found.first_difference
            assert "attachment" in answer.headers["content-disposition"]
        assert "panel" in whole.json()
        assert "panel" not in without.json()
        forged = whole.json()
        forged["sensitivity"]["margins"]["first"] = ["somebody"]
        assert not verification.verify(forged).equal

    async def test_is_read_by_those_who_read_the_round_and_judges_by_fewer(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """Poster: everything but the judges.  Chair, bureau, auditor: all.  Others: nothing."""
        play, url = await a_ranked_play(client, database, clock)
        await Statistician(database=database, clock=clock).work()
        cast = play.cast
        other_chair = await bench.an_expert(database, Role.PANEL_CHAIR)
        inside = (cast.officer, cast.approver, cast.auditor, play.experts[0])
        outside = (
            *(play.experts[1], cast.supervisor, play.solvers["ours"], other_chair),
            *(await someone(database, Role.POSTER), await someone(database, Role.SOLVER)),
        )

        async def statuses(who: object, parts: tuple[str, ...]) -> set[int]:
            return {
                (await play.ask(who, "GET", f"{url}/{part}")).status_code  # type: ignore[arg-type]
                for part in parts
            }

        assert [await statuses(who, (*PARTS, *OF_PANEL)) for who in inside] == [{200}] * 4
        assert await statuses(cast.poster, PARTS) == {200}
        assert await statuses(cast.poster, OF_PANEL) == {404}
        assert [await statuses(who, (*PARTS, *OF_PANEL)) for who in outside] == [{404}] * 6
        unknown = await play.ask(cast.approver, "GET", f"{url}/plots/unknown.svg")
        assert unknown.status_code in {400, 404}

    async def test_a_bidder_learns_how_sure_their_own_place_is(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """After the decision: own interval, nothing of others, no drawing and no export."""
        play, url = await a_ranked_play(client, database, clock)
        await Statistician(database=database, clock=clock).work()
        await play.recommend()
        await bench.report(play)
        async with database.writing() as session:
            await awards.decide_award(
                session,
                play.cast.approver.actor,
                UUID(play.scenario_id),
                UUID(play.bids["theirs"]),
                reason="最高分",
                now=play.clock.now(),
            )

        own = await play.get(play.solvers["ours"], f"{url}/sensitivity")
        others = [
            (await play.ask(play.solvers["ours"], "GET", f"{url}/{part}")).status_code
            for part in (*PARTS[1:], *OF_PANEL)
        ]

        assert own == {
            "bid_id": play.bids["ours"],
            "rank": 2,
            "interval_90": [2, 2],
            "first_percent": "0.0",
            "resamples": 1_000,
        }
        assert set(others) == {404}


class TestFiles:
    """Drawings and the spreadsheet."""

    async def test_drawings_speak_the_language_of_the_reader(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """By Accept-Language, or by ?lang=; SVG that runs nothing."""
        play, url = await a_ranked_play(client, database, clock)
        await Statistician(database=database, clock=clock).work()
        plot = f"{url}/plots/rank-intervals.svg"

        chinese = await play.ask(
            play.cast.approver, "GET", plot, headers={"Accept-Language": "zh-CN"}
        )
        english = await play.ask(
            play.cast.approver, "GET", plot, headers={"Accept-Language": "en-GB"}
        )
        asked = await play.ask(play.cast.approver, "GET", f"{plot}?lang=en")

        assert "名次区间" in chinese.text
        assert "Rank intervals" in english.text
        assert asked.content == english.content
        assert chinese.headers["content-type"].startswith("image/svg+xml")
        assert "script" not in chinese.headers["content-security-policy"].replace(
            "script-src 'none'", ""
        )

    async def test_the_spreadsheet_holds_the_round_and_no_formula(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """Six sheets with the figures of the documents; names are texts; the same bytes twice."""
        play, url = await a_ranked_play(client, database, clock)
        await Statistician(database=database, clock=clock).work()
        approver = play.cast.approver

        first = await play.ask(approver, "GET", f"{url}/export.xlsx?lang=en")
        second = await play.ask(approver, "GET", f"{url}/export.xlsx?lang=en")
        chinese = await play.ask(approver, "GET", f"{url}/export.xlsx?lang=zh")
        standings = await play.get(approver, f"{url}/standings")

        assert first.content == second.content
        book = openpyxl.load_workbook(io.BytesIO(first.content))
        assert book.sheetnames == [
            *("Standings", "Points", "Marks", "Prices", "Certainty", "Digests")
        ]
        rows = list(book["Standings"].values)
        assert [row[1] for row in rows[1:]] == [one["bid_id"] for one in standings["standings"]]
        assert str(rows[1][4]) == standings["standings"][0]["total"].rstrip("0").rstrip(".")
        assert book["Marks"].max_row == 1 + 2 * 3
        assert "排名" in openpyxl.load_workbook(io.BytesIO(chinese.content)).sheetnames

    async def test_weights_from_comparisons_are_frozen_with_the_call_and_told_by_the_sheet(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """Derived at the door, written into a private call, and found again in the round."""
        play = await given.a_play(client, database, clock, "ours", "theirs")
        told = [{"a": "plan", "b": "price", "times": "3"}]
        derived = await play.do(
            play.cast.poster,
            "/v1/criteria-weights/ahp",
            {"criteria": ["plan", "price"], "comparisons": told},
        )
        weights = {one["code"]: one["weight_bps"] for one in derived["weights"]}
        content = given.a_content(given.weighed(weights))
        scheme = {"method": "topsis", "aggregation": "calibrated", "tie_breaks": []}
        content["scoring"] = scheme | {"derivation": {"comparisons": told}}
        await play.publish(content, Track.PRIVATE)
        await play.seat_panel()
        for name, quote in (("ours", 700_000), ("theirs", 900_000)):
            await play.bid(name, quote_yuan=quote)
        await play.open()
        await play.check("ours", "theirs")
        for at, judge in enumerate(play.experts):
            await play.mark(judge, ours=str(60 + at), theirs=str(90 - at))
        ranked = await play.rank()

        assert (derived["consistent"], weights) == (True, {"plan": 7_500, "price": 2_500})
        assert ranked.status_code == 201, ranked.text
        url = f"/v1/ranking-rounds/{ranked.json()['id']}"
        rubric = (await play.get(play.cast.approver, f"{url}/sheet"))["rubric"]
        assert (rubric["method"], rubric["aggregation"]) == ("topsis", "calibrated")
        assert rubric["weights"]["comparisons"] == told
        (first, _) = (await play.get(play.cast.approver, f"{url}/standings"))["standings"]
        assert first["bid_id"] == play.bids["theirs"]

    async def test_comparisons_that_contradict_each_other_need_a_reason(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """A over B over C over A: refused with the ratio; with a reason, computed all the same."""
        play = await given.a_play(client, database, clock)
        told = [
            {"a": "aa", "b": "bb", "times": "5"},
            {"a": "bb", "b": "cc", "times": "5"},
            {"a": "cc", "b": "aa", "times": "5"},
        ]
        body = {"criteria": ["aa", "bb", "cc"], "comparisons": told}
        url = "/v1/criteria-weights/ahp"

        refused = await play.ask(play.cast.poster, "POST", url, json=body)
        reasoned = await play.do(play.cast.poster, url, body | {"override_reason": "示例"})

        assert (refused.status_code, refused.json()["code"]) == (
            422,
            "scenarios.comparisons_inconsistent",
        )
        assert reasoned["consistent"] is False
        assert float(reasoned["consistency_ratio"]) > 0.1


def test_a_cell_that_looks_like_a_formula_is_a_text() -> None:
    """Names that begin with = + - or @ come back as they were written, and as strings."""
    wild = ['=HYPERLINK("http://evil")', "+1+1", "-2", "@SUM(A1)"]
    sheet = full_sheet()
    sheet = replace(
        sheet,
        bids=tuple(replace(one, bidder=name) for one, name in zip(sheet.bids, wild, strict=True)),
    )
    document, standings = sheet.to_document(), rank(sheet).to_document()
    content = workbook(
        {
            "sheet": document,
            "standings": standings,
            "sensitivity": state(sheet, rank(sheet)).sensitivity,
        },
        {},
        computed_at=dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC),
        english=False,
    )

    book = openpyxl.load_workbook(io.BytesIO(content))
    names = [row[2] for row in list(book["排名"].values)[1:4]]
    assert names == [wild[2], wild[1], wild[0]]
    assert {cell.data_type for cell in book["排名"]["C"][1:4]} == {"s"}
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        assert not any(b"<f>" in parts.read(name) for name in parts.namelist())
