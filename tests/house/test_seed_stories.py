"""The stories of the demo hold together, and their expected results follow from the rubrics.

The arithmetic is worked out here a second time, in fractions and without the service.
"""

import csv
import datetime as dt
import re
import runpy
import tomllib
from collections import Counter, defaultdict
from decimal import Decimal
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest

SEEDS: Final = Path(__file__).parents[2] / "seeds"
NAMES: Final = ("private", "subsidy", "tender")
POINTS_OF_A_FINDING: Final = {
    *("direction_of_reform", "no_prohibition_broken", "lawful_decision"),
    *("diligent_no_private_gain", "loss_mitigated"),
}
Seed = dict[str, Any]


@cache
def load(name: str) -> Seed:
    """Read one seed file."""
    return tomllib.loads((SEEDS / name).read_text(encoding="utf-8"))


def story_of(name: str) -> Seed:
    return load(f"stories/{name}.toml")


def call_of(story: Seed) -> Seed:
    rows = load("batch.toml")["scenarios"]
    return load(next(row["file"] for row in rows if row["code"] == story["scenario"]))


def organisation(code: str) -> Seed:
    rows = load("organisations.toml")["organisations"]
    return next(row for row in rows if row["code"] == code)


@cache
def column(name: str, field: str) -> dict[str, str]:
    """One column of a CSV file by its ids; a repeated id is a mistake of ours."""
    with (SEEDS / name).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    found = {row["id"]: row[field] for row in rows}
    assert len(found) == len(rows), name
    return found


def accuracy(truth: dict[str, str], said: dict[str, str]) -> Fraction:
    return Fraction(sum(said[row] == label for row, label in truth.items()), len(truth))


def macro_f1(truth: dict[str, str], said: dict[str, str]) -> Fraction:
    hits = Counter(label for row, label in truth.items() if said[row] == label)
    known, guessed = Counter(truth.values()), Counter(said.values())
    scores = (Fraction(2 * hits[digit], known[digit] + guessed[digit]) for digit in known)
    return sum(scores, Fraction(0)) / len(known)


def mae(truth: dict[str, str], said: dict[str, str]) -> Fraction:
    errors = (abs(Fraction(value) - Fraction(said[row])) for row, value in truth.items())
    return sum(errors, Fraction(0)) / len(truth)


def recall_at(truth: dict[str, str], said: dict[str, str], rate: Fraction) -> Fraction:
    """The largest recall over all thresholds whose false-alarm rate is at most `rate`."""
    steps: defaultdict[Fraction, Counter[str]] = defaultdict(Counter)
    for row, label in truth.items():
        steps[Fraction(said[row])][label] += 1
    total, seen, best = Counter(truth.values()), Counter[str](), Fraction(0)
    for score in sorted(steps, reverse=True):
        seen += steps[score]
        if Fraction(seen["0"], total["0"]) <= rate:
            best = Fraction(seen["1"], total["1"])
    return best


def measure(story: Seed, bid: Seed) -> Fraction:
    """The benchmark value of one bid, by the metric its call names."""
    bench = story["benchmark"]
    truth = column(bench["truth"], "label")
    said = column(bid["prediction"], bench["prediction_column"])
    assert set(said) == set(truth)
    name, _, parameter = bench["metric"].partition(":")
    if name == "recall_at_false_alarm_rate":
        return recall_at(truth, said, Fraction(parameter))
    return {"accuracy": accuracy, "mae": mae}[name](truth, said)


def evaluated_price(bid: Seed, *, deduct: bool) -> Fraction:
    off_bps = sum(item["bps"] for item in bid["deductions"]) if deduct else 0
    return Fraction(bid["quote_fen"] * (10_000 - off_bps), 10_000)


def panel_mark(marks: dict[str, str], scoring: Seed) -> Fraction:
    """The mean of the marks, without the `trim` highest and lowest."""
    trim = scoring.get("trim", 0)
    counted = sorted(map(Fraction, marks.values()))[trim : len(marks) - trim]
    return sum(counted, Fraction(0)) / len(counted)


def share(story: Seed, bid: Seed, item: Seed, *, deduct: bool) -> Fraction:
    """The part of a criterion's weight that a bid earns among the bids that stay in."""
    kind, code = item["kind"], item["code"]
    rivals = [other for other in story["bids"] if other["fate"] == "ranked"]
    if kind == "price_low_first":
        best = min(evaluated_price(other, deduct=deduct) for other in rivals)
        return best / evaluated_price(bid, deduct=deduct)
    if kind == "objective_formula":
        assert item["formula"] == "ratio_to_best_high"
        best = max(Fraction(other["figures"][code]) for other in rivals)
        return Fraction(bid["figures"][code]) / best
    if kind == "objective_auto":
        floor, target = Fraction(item["floor"]), Fraction(item["target"])
        return min(max((measure(story, bid) - floor) / (target - floor), Fraction(0)), Fraction(1))
    scale = Fraction(item["scale_max"])
    if kind == "objective_expert":
        return Fraction(bid["objective"][code]) / scale
    return panel_mark(bid["marks"][code], call_of(story)["scoring"]) / scale


def points(story: Seed, bid: Seed, *, deduct: bool = True) -> dict[str, Decimal]:
    """Points per criterion, each rounded half up to two places."""
    earned = {}
    for item in call_of(story)["criteria"]:
        cents = item["weight_bps"] * share(story, bid, item, deduct=deduct)
        earned[item["code"]] = (
            Decimal((2 * cents.numerator + cents.denominator) // (2 * cents.denominator)) / 100
        )
    return earned


def ranking(story: Seed, *, deduct: bool = True) -> list[str]:
    totals = {
        bid["label"]: sum(points(story, bid, deduct=deduct).values())
        for bid in story["bids"]
        if bid["fate"] == "ranked"
    }
    assert len(set(totals.values())) == len(totals)
    return sorted(totals, key=lambda label: -totals[label])


@pytest.mark.parametrize("name", NAMES)
def test_a_panel_may_sit(name: str) -> None:
    """An odd panel of known experts with one chair, none of whom lately worked for a bidder."""
    story = story_of(name)
    experts = {row["code"]: row for row in load("experts.toml")["experts"]}
    people = {row["code"]: row for row in load("people.toml")["people"]}
    seats = story["panel"]
    assert len(seats) % 2 == 1
    assert len(seats) >= 5
    assert len({seat["label"] for seat in seats}) == len({s["expert"] for s in seats}) == len(seats)
    chairs = [seat["expert"] for seat in seats if seat["chair"]]
    assert len(chairs) == 1
    assert any("panel_chair" in m["roles"] for m in people[chairs[0]]["memberships"])
    bidders = {bid["organisation"] for bid in story["bids"]}
    for seat in seats:
        expert = experts[seat["expert"]]
        employers = {f["organisation"] for f in expert.get("former_employers", [])}
        assert not (employers | {expert["employer"]}) & bidders


@pytest.mark.parametrize("name", NAMES)
def test_a_call_stays_open_long_enough(name: str) -> None:
    """Twenty days and more lie between publication and deadline, in the zone of the trade."""
    timeline = story_of(name)["timeline"]
    published, deadline = timeline["published_at"], timeline["bid_deadline_at"]
    assert deadline - published >= dt.timedelta(days=20)
    assert published.utcoffset() == deadline.utcoffset() == dt.timedelta(hours=8)


@pytest.mark.parametrize("name", NAMES)
def test_bids_are_complete_and_in_range(name: str) -> None:
    """Seven bidders, quotes in whole yuan, every judge's mark for every bid that was let in."""
    story, call = story_of(name), call_of(story_of(name))
    bids, judges = story["bids"], {seat["label"] for seat in story["panel"]}
    assert [bid["label"] for bid in bids] == list("ABCDEFG")
    assert len({bid["organisation"] for bid in bids}) == 7
    for bid in bids:
        size = organisation(bid["organisation"])["size_class"]
        assert bid["quote_fen"] > 0
        assert bid["quote_fen"] % 100 == 0
        small = name == "tender" and size in {"small", "micro"}
        assert bid["deductions"] == ([{"policy": "small_firm", "bps": 1000}] if small else [])
        if bid["fate"] == "ineligible":
            assert bid["failed_qualification"] in {q["code"] for q in call["qualifications"]}
            assert "marks" not in bid
            continue
        marks: dict[str, dict[str, str]] = bid["marks"]
        of_kind = {
            kind: {
                i["code"]: Decimal(i["scale_max"]) for i in call["criteria"] if i["kind"] == kind
            }
            for kind in ("subjective_expert", "objective_expert")
        }
        assert set(marks) == set(of_kind["subjective_expert"])
        assert set(bid["objective"]) == set(of_kind["objective_expert"])
        for code, given in marks.items():
            assert set(given) == judges
            scale = of_kind["subjective_expert"][code]
            assert all(0 <= Decimal(mark) <= scale for mark in given.values())
        for code, mark in bid["objective"].items():
            assert 0 <= Decimal(mark) <= of_kind["objective_expert"][code]


@pytest.mark.parametrize("name", NAMES)
def test_every_bid_meets_the_fate_its_figures_deserve(name: str) -> None:
    """Over the maximum price or below the hard floor is a matter of figures; each fate is told."""
    story = story_of(name)
    call = call_of(story)
    bench = next(i for i in call["criteria"] if i["code"] == story["benchmark"]["criterion"])
    assert bench["metric"] == story["benchmark"]["metric"]
    floor, lower = Fraction(bench["floor"]), bench["direction"] == "lower"
    for bid in story["bids"]:
        value = measure(story, bid)
        below = value > floor if lower else value < floor
        over = bid["quote_fen"] > call["budget"]["max_price_fen"]
        assert (bid["fate"] == "below_hard_floor") == below, bid["label"]
        assert (bid["fate"] == "over_maximum_price") == over, bid["label"]
        if name == "subsidy":
            own = 1 - Fraction(bid["quote_fen"], bid["total_cost_fen"])
            assert Fraction(bid["figures"]["cost_effect"]) == own
            assert bid["total_cost_fen"] <= call["budget"]["ceiling_fen"]
    fates = Counter(bid["fate"] for bid in story["bids"])
    told = {"ranked", "ineligible", "below_hard_floor"}
    assert set(fates) == (told | {"over_maximum_price"} if name == "tender" else told)
    assert fates["ranked"] >= 3


@pytest.mark.parametrize("name", NAMES)
def test_expected_results_follow_from_the_rubric(name: str) -> None:
    """Points, totals and order of a story are what its rubric makes of its marks and files."""
    story = story_of(name)
    expected = story["expected"]
    assert ranking(story) == expected["ranking"]
    for bid in story["bids"]:
        if bid["fate"] == "ranked":
            earned = points(story, bid)
            said = {code: Decimal(text) for code, text in expected["points"][bid["label"]].items()}
            assert said == {**earned, "total": sum(earned.values())}


def test_the_price_deduction_decides_the_tender() -> None:
    """Without the deduction for small firms another bid would come first."""
    story = story_of("tender")
    without = story["expected"]["ranking_without_deductions"]
    assert ranking(story, deduct=False) == without
    assert without[0] != story["expected"]["ranking"][0]


def test_the_pilot_settles_at_the_published_shares() -> None:
    """P1 passes with cost above its ceiling, P2 fails without fault; nobody loses a fen."""
    story = story_of("tender")
    pilot, phases = story["pilot"], {p["code"]: p for p in call_of(story)["cost_share"]}
    assert pilot["bid"] == story["expected"]["ranking"][0]
    outcomes = {phase["code"]: phase["outcome"] for phase in pilot["phases"]}
    assert outcomes == {"P1": "passed", "P2": "failed_blameless"}
    lines = [(c["phase"], line) for c in pilot["claims"] for line in c["lines"]]
    assert len({line["invoice"] for _, line in lines}) == len(lines)
    for _, line in lines:
        assert 0 < line["verified_fen"] <= line["claimed_fen"]
        assert line["category"] in call_of(story)["budget"]["eligible"]
        assert organisation(line["supplier"])
    for row in pilot["expected"]:
        phase = phases[row["phase"]]
        shares = phase["ok_bps" if outcomes[row["phase"]] == "passed" else "blameless_fail_bps"]
        verified = sum(line["verified_fen"] for code, line in lines if code == row["phase"])
        shared = min(verified, phase["ceiling_fen"])
        assert (row["verified_fen"], row["shared_fen"]) == (verified, shared)
        assert row["over_ceiling_fen"] == verified - shared
        parts = {f: Fraction(shared * bps, 10_000) for f, bps in shares.items()}
        assert {f: row[f"{f}_fen"] for f in shares} == parts
    assert any(row["over_ceiling_fen"] for row in pilot["expected"])


def test_the_finding_of_no_fault_is_complete() -> None:
    """All five points hold with evidence, and the decider is not the handler."""
    pilot = story_of("tender")["pilot"]
    assert set(pilot["finding"]) == POINTS_OF_A_FINDING
    assert all(a["holds"] and a["zh"] and a["en"] for a in pilot["finding"].values())
    assert pilot["decided_by"] != pilot["handled_by"]


@pytest.mark.parametrize("folder", ["fire_lane", "hall_replay"])
def test_the_synthetic_benchmarks_are_made_again_byte_for_byte(folder: str) -> None:
    """Running the script again gives the committed files, all of them."""
    base = SEEDS / "benchmarks" / folder
    made: dict[str, bytes] = runpy.run_path(str(base / "make.py"))["files"]()
    assert {str(p.relative_to(base)) for p in base.rglob("*.csv")} == set(made)
    assert all((base / name).read_bytes() == content for name, content in made.items())


@pytest.mark.parametrize("name", NAMES)
def test_the_readme_of_a_benchmark_tells_its_figures(name: str) -> None:
    """Each README says real or synthetic, and its table is what the files give."""
    story = story_of(name)
    bench = story["benchmark"]
    text = (SEEDS / bench["folder"] / "README.md").read_text(encoding="utf-8")
    assert ("(REAL data)" if bench["real"] else "(SYNTHETIC data)") in text.partition("\n")[0]
    table = re.findall(r"^\| (SLV-\d\d) \|.*?(\d\.\d{4})(?: \| (\d\.\d{4}))?", text, re.MULTILINE)
    said = {code: [figure for figure in figures if figure] for code, *figures in table}
    assert set(said) == {bid["organisation"] for bid in story["bids"]}
    for bid in story["bids"]:
        figures = [measure(story, bid)]
        if name == "private":
            files = (column(bench["truth"], "label"), column(bid["prediction"], "prediction"))
            figures.append(macro_f1(*files))
        assert said[bid["organisation"]] == [f"{float(figure):.4f}" for figure in figures]
