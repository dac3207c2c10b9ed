"""The demo as its user runs it: a command, a folder, a JSON file; recomputed here by hand."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from tests.given import peers
from tests.postgres_server import PostgresServer, create_database

pytestmark = pytest.mark.long

REPOSITORY = Path(__file__).resolve().parents[2]
DOCUMENT = REPOSITORY / "docs" / "asyncapi.json"


def jiebang(*arguments: object, database_url: str = "") -> subprocess.CompletedProcess[str]:
    """Run the command as an installed user does."""
    environment = dict(os.environ) | {"MARKETPLACE_DATABASE_URL": database_url}
    return subprocess.run(
        [sys.executable, "-W", "error", "-m", "marketplace", *map(str, arguments)],
        cwd=REPOSITORY,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def play(folder: Path, *arguments: object, database_url: str = "") -> dict[str, Any]:
    """Play the demo into `folder` and read its result."""
    target = folder / "result.json"
    done = jiebang(
        "demo", "--data", folder, "--json", target, *arguments, database_url=database_url
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found: dict[str, Any] = json.loads(target.read_text(encoding="utf-8"))
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder in which the whole demo was played on SQLite."""
    folder = tmp_path_factory.mktemp("demo")
    play(folder)
    return folder


@pytest.fixture(scope="module")
def result(folder: Path) -> dict[str, Any]:
    """The result of that demo."""
    found: dict[str, Any] = json.loads((folder / "result.json").read_text(encoding="utf-8"))
    return found


@pytest.fixture(scope="module")
def postgres_url() -> Iterator[str]:
    """An empty database on a private PostgreSQL server."""
    server = PostgresServer()
    create_database(server, "demo")
    yield server.url("demo")
    server.stop()


def half_up(value: Fraction) -> Decimal:
    """Round points as the calls of the demo publish it: two places, halves up."""
    exact = Decimal(value.numerator) / Decimal(value.denominator)
    return exact.quantize(Decimal("0.01"), ROUND_HALF_UP)


class TestResult:
    """The JSON that other programs read."""

    def test_plays_a_tender_a_subsidy_and_a_company_posted_call(
        self, result: dict[str, Any]
    ) -> None:
        """Three legal tracks, at least six bids on each, the tender played to its end."""
        by_track = {call["track"]: call for call in result["calls"]}

        assert set(by_track) == {"procurement_tender", "subsidy", "private"}
        assert all(len(call["bids"]) >= 6 for call in result["calls"])
        assert by_track["procurement_tender"]["stage"] == "settled"
        assert by_track["private"]["benchmark"] == "real"

    def test_price_points_follow_from_the_quotes(self, result: dict[str, Any]) -> None:
        """The lowest evaluated price among those who stayed in, divided by one's own, times
        weight.
        """
        checked = 0
        for call in result["calls"]:
            weights = {
                one["code"]: one["weight_bps"]
                for one in call["criteria"]
                if one["kind"] == "price_low_first"
            }
            base = min(one["evaluated_price_fen"] for one in call["standings"])
            for one in call["standings"]:
                quote, deduction = one["quote_fen"], one["deduction_bps"]
                assert one["evaluated_price_fen"] * 10_000 == quote * (10_000 - deduction)
                for code, weight_bps in weights.items():
                    share = Fraction(base, one["evaluated_price_fen"])
                    expected = half_up(share * weight_bps / 100)
                    assert Decimal(one["points"][code]) == expected
                    checked += 1
        assert checked == 9

    def test_totals_and_ranks_follow_from_the_points(self, result: dict[str, Any]) -> None:
        """Totals are sums of rounded points, and nobody stands above a higher total."""
        for call in result["calls"]:
            totals = []
            for one in call["standings"]:
                total = sum(Decimal(value) for value in one["points"].values())
                assert total == Decimal(one["total"])
                totals.append(total)
            assert totals == sorted(totals, reverse=True)
            assert [one["rank"] for one in call["standings"]] == list(range(1, len(totals) + 1))

    def test_every_bid_is_ranked_or_excluded_with_a_reason(self, result: dict[str, Any]) -> None:
        """Nobody gets lost between the opening and the ranking."""
        for call in result["calls"]:
            opened = {bid["bidder"] for bid in call["bids"]}
            ranked = {one["bidder"] for one in call["standings"]}
            excluded = {one["bidder"] for one in call["excluded"]}
            assert ranked | excluded == opened
            assert not ranked & excluded
            assert all(one["reason"] for one in call["excluded"])

    def test_claims_are_split_by_the_terms_of_their_phase(self, result: dict[str, Any]) -> None:
        """One phase passed and bound by its ceiling, one failed without fault; no fen is lost."""
        outcomes = {claim["outcome"]: claim for claim in result["claims"]}

        assert set(outcomes) == {"passed", "failed_blameless"}
        for claim in result["claims"]:
            shared = min(claim["verified_fen"], claim["ceiling_fen"])
            gov = shared * claim["weights_bps"]["gov"] // 10_000
            poster = shared * claim["weights_bps"]["poster"] // 10_000
            assert claim["shares"]["gov"] == gov
            assert claim["shares"]["poster"] == poster
            assert sum(claim["shares"].values()) == claim["verified_fen"]
        assert outcomes["passed"]["bound_by"] == "ceiling"

    def test_every_event_of_the_story_arrived_by_retry(
        self, result: dict[str, Any], folder: Path
    ) -> None:
        """Each delivery took exactly two attempts, and no event after the seeds was told to
        nobody.
        """
        heard = result["deliveries"]
        with sqlite3.connect(folder / "jiebang.db") as database:
            first = database.execute(
                "SELECT min(position) FROM event JOIN webhook_delivery ON event_id = event.id"
            ).fetchone()[0]
            untold = database.execute(
                "SELECT type FROM event WHERE position >= ? AND type NOT LIKE 'webhook_%' AND NOT"
                " EXISTS (SELECT 1 FROM webhook_delivery d WHERE d.event_id = event.id"
                " AND d.state = 'delivered')",
                (first,),
            ).fetchall()
        database.close()

        assert untold == []
        assert heard["events"] > 200
        assert heard["attempts"] == 2 * heard["delivered"]

    @peers.needs(peers.WEBHOOKS)
    def test_every_event_is_what_the_published_document_says_of_its_type(
        self, folder: Path
    ) -> None:
        """All stored bytes of the story against docs/asyncapi.json; a figure less is found."""
        with sqlite3.connect(folder / "jiebang.db") as database:
            stored = [row for (row,) in database.execute("SELECT record FROM event")]
        database.close()
        told = b"\n".join(stored).decode()
        closed = next(json.loads(row) for row in stored if b'"scenario.closed"' in row)
        del closed["data"]["closed_at"]

        assert len({json.loads(row)["type"] for row in stored}) > 40
        assert peers.answer(peers.WEBHOOKS, "asyncapi.mjs", DOCUMENT, told=told) == []
        [found] = peers.answer(peers.WEBHOOKS, "asyncapi.mjs", DOCUMENT, told=json.dumps(closed))
        assert found["type"] == "scenario.closed"


class TestAgain:
    """Running it twice, elsewhere, or in pieces."""

    def test_a_second_run_changes_nothing(self, folder: Path) -> None:
        """The same folder played again gives the same bytes."""
        before = (folder / "result.json").read_bytes()

        play(folder)

        assert (folder / "result.json").read_bytes() == before

    def test_postgresql_gives_the_same_bytes(
        self, folder: Path, tmp_path: Path, postgres_url: str
    ) -> None:
        """Rankings, shares and deliveries do not depend on the database."""
        play(tmp_path, database_url=postgres_url)
        audit = jiebang("audit", "--data", tmp_path, database_url=postgres_url)

        ours = (folder / "result.json").read_text(encoding="utf-8")
        theirs = (tmp_path / "result.json").read_text(encoding="utf-8")
        assert theirs.replace(str(tmp_path), "") == ours.replace(str(folder), "")
        assert audit.returncode == 0, audit.stderr

    def test_stops_where_it_is_told_and_goes_on_from_there(self, tmp_path: Path) -> None:
        """Sealed tells nothing about bids; ranked, in the same folder, goes on."""
        sealed = play(tmp_path, "--until", "sealed")
        ranked = play(tmp_path, "--until", "ranked")

        assert [call["bids"] for call in sealed["calls"]] == [[], [], []]
        assert {call["stage"] for call in sealed["calls"]} == {"sealed"}
        assert {call["stage"] for call in ranked["calls"]} == {"ranked"}
        assert all(call["standings"] for call in ranked["calls"])


class TestCommands:
    """The other commands, on the folder of the demo."""

    def test_verify_recomputes_every_sheet(self, folder: Path, result: dict[str, Any]) -> None:
        """Each ranking follows from its sheet, offline."""
        for call in result["calls"]:
            done = jiebang("verify", "ranking", call["sheet"])
            assert done.returncode == 0, done.stdout

    def test_verify_finds_one_changed_figure(self, result: dict[str, Any], tmp_path: Path) -> None:
        """A mark changed after the fact is found, and where."""
        sheet = json.loads(Path(result["calls"][0]["sheet"]).read_text(encoding="utf-8"))
        bid = next(iter(sheet["sheet"]["bids"]))
        bid["quote_fen"] = bid["quote_fen"] - 100
        forged = tmp_path / "forged.json"
        forged.write_text(json.dumps(sheet, ensure_ascii=False), encoding="utf-8")

        done = jiebang("verify", "ranking", forged)

        assert done.returncode == 1
        assert "sheet" in done.stdout

    def test_the_ledger_is_clean(self, folder: Path) -> None:
        """Every promise of the ledger holds after the story."""
        done = jiebang("audit", "--data", folder)

        assert done.returncode == 0, done.stderr

    @pytest.mark.parametrize("command", ["migrate", "seed", "tick", "schema"])
    def test_running_a_command_twice_does_no_harm(
        self, folder: Path, tmp_path: Path, command: str
    ) -> None:
        """Twice the same answer; in a copy, for a tick goes on with the story that others read."""
        own = shutil.copytree(folder, tmp_path / "copy")
        first = jiebang(command, "--data", own)
        second = jiebang(command, "--data", own)

        assert (first.returncode, second.returncode) == (0, 0), first.stderr + second.stderr
        assert second.stdout == first.stdout or command == "tick"

    def test_a_new_installation_gets_one_administrator_key(self, tmp_path: Path) -> None:
        """Seeding an empty folder shows the first key once, never again."""
        first = jiebang("seed", "--data", tmp_path)
        second = jiebang("seed", "--data", tmp_path)

        assert "administrator key" in first.stdout, first.stderr
        assert "administrator key" not in second.stdout

    @pytest.mark.parametrize(
        ("setting", "value", "said"),
        [
            ("PORT", "eighty", "MARKETPLACE_PORT must be a whole number, not 'eighty'"),
            ("SECRET_KEY", "short", "MARKETPLACE_SECRET_KEY needs 32 characters or more"),
            (
                "DATABASE_URL",
                "postgresql://u:hidden@127.0.0.1/x",
                "MARKETPLACE_DATABASE_URL must begin with postgresql+asyncpg:// or"
                " sqlite+aiosqlite://",
            ),
            ("DATABASE_URL", "postgresql+asyncpg://u:hidden@127.0.0.1:1/x", "cannot use the"),
        ],
    )
    def test_a_wrong_setting_is_said_in_one_line(
        self, tmp_path: Path, setting: str, value: str, said: str
    ) -> None:
        """No traceback for a mistake in the environment, and no password in the answer."""
        done = subprocess.run(
            [sys.executable, "-m", "marketplace", "tick", "--data", str(tmp_path)],
            cwd=REPOSITORY,
            env=dict(os.environ) | {f"MARKETPLACE_{setting}": value},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

        assert done.returncode == 1
        assert done.stderr.startswith(f"Error: {said}")
        assert len(done.stderr.splitlines()) == 1
        assert "hidden" not in done.stderr + done.stdout
