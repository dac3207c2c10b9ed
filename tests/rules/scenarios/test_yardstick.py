"""A yardstick that scoring could not use is found before the call is published."""

import datetime as dt
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marketplace.kit.errors import MarketplaceError
from marketplace.profiles.rules.profile import Track
from marketplace.scenarios.queries.calls import Call
from marketplace.scenarios.rules.content import Content, content_from
from marketplace.scenarios.rules.lifecycle import ScenarioState
from marketplace.scenarios.rules.lint import blocking, lint
from marketplace.scenarios.rules.yardstick import flaws
from marketplace.scoring.queries.rounds import rubric_of
from tests.given.profiles import a_profile
from tests.given.scenarios import FORMULA_CALL, a_content, seed_names, seed_track

Change = Callable[[dict[str, Any]], None]
NOWHERE = UUID(int=7)


def scoring_takes(content: Content) -> bool:
    """Whether the scoring room can make a rubric of this content."""
    call = Call(
        id=NOWHERE,
        number="NS-2026-T0-001",
        state=ScenarioState.PUBLISHED,
        track=Track.PRIVATE,
        organizer_id=NOWHERE,
        poster_id=NOWHERE,
        end_user_id=NOWHERE,
        author_id=None,
        content_version=1,
        content=content,
        profile=a_profile(Track.PRIVATE),
        closes_at=None,
        bid_deadline_at=dt.datetime(2026, 4, 1, tzinfo=dt.UTC),
        lockbox_id=None,
        panel_seated_at=None,
    )
    try:
        rubric_of(call)
    except MarketplaceError:
        return False
    return True


def on_criterion(place: int, **changes: object) -> Change:
    """Change fields of one criterion: 0 benchmark, 1 price, 2 plan (marked), 3 team (objective)."""

    def change(content: dict[str, Any]) -> None:
        content["criteria"][place] |= changes

    return change


def on_scheme(**changes: object) -> Change:
    """Change fields of the scheme."""

    def change(content: dict[str, Any]) -> None:
        content["scoring"] |= changes

    return change


BROKEN: dict[str, tuple[str, Change]] = {
    "no floor": ("/criteria/0/floor", on_criterion(0, floor=None)),
    "floor is no number": ("/criteria/0/floor", on_criterion(0, floor="1e-1")),
    "no target": ("/criteria/0/target", on_criterion(0, target=None)),
    "target equals floor": ("/criteria/0/target", on_criterion(0, target="0.80")),
    "target below floor": ("/criteria/0/target", on_criterion(0, target="0.70")),
    "no metric": ("/criteria/0/metric", on_criterion(0, metric=None)),
    "metric with blanks": ("/criteria/0/metric", on_criterion(0, metric="the accuracy")),
    "formula on a metric": ("/criteria/0/formula", on_criterion(0, formula="linear_between")),
    "unknown kind": ("/criteria/0/kind", on_criterion(0, kind="gut_feeling")),
    "price where more is better": ("/criteria/1/direction", on_criterion(1, direction="higher")),
    "floor of a price": ("/criteria/1/floor", on_criterion(1, floor="1")),
    "hard floor of a price": ("/criteria/1/hard_floor", on_criterion(1, hard_floor=True)),
    "marks without a scale": ("/criteria/2/scale_max", on_criterion(2, scale_max=None)),
    "scale of nothing": ("/criteria/2/scale_max", on_criterion(2, scale_max="0")),
    "marks where less is better": ("/criteria/2/direction", on_criterion(2, direction="lower")),
    "weight of nothing": ("/criteria/2/weight_bps", on_criterion(2, weight_bps=0)),
    "title of two lines": ("/criteria/2/title", on_criterion(2, title={"zh": "一\n二"})),
    "code in capitals": ("/criteria/2/code", on_criterion(2, code="PLAN")),
    "unknown aggregation": ("/scoring/aggregation", on_scheme(aggregation="mode")),
    "trim without trimming": ("/scoring/trim", on_scheme(trim=1)),
    "trimming nothing": ("/scoring/trim", on_scheme(aggregation="trimmed_mean", trim=0)),
    "coarse rounding": ("/scoring/rounding", on_scheme(rounding={"scale": 1})),
    "rounding down": ("/scoring/rounding", on_scheme(rounding={"mode": "FLOOR"})),
    "unknown method": ("/scoring/method", on_scheme(method="by_feeling")),
    "lowest price with points": ("/scoring/method", on_scheme(method="lowest_price")),
    "unknown tie-break": ("/scoring/tie_breaks/0", on_scheme(tie_breaks=["nicer_logo"])),
    "tie-break twice": (
        "/scoring/tie_breaks/1",
        on_scheme(tie_breaks=["witnessed_draw", "witnessed_draw"]),
    ),
    "tie-break by nobody": ("/scoring/tie_breaks/0", on_scheme(tie_breaks=["higher_points_of:x"])),
}

FIELDS = [
    *("kind", "weight_bps", "scale_max", "metric", "floor", "target", "hard_floor"),
    *("direction", "formula", "title"),
]
VALUES = [
    *(None, "", "x", "0", "-1", "0.9", "1e5", "100", "9" * 19, "1." + "1" * 19, True, False),
    *(0, 1, 10_000, "higher", "lower", "linear_between", "ratio_to_best_low", "accuracy"),
    *("accuracy:0.05", "objective_formula", "price_low_first", {"zh": "甲"}, {"zh": "\x07"}),
]


@pytest.mark.parametrize("name", seed_names())
def test_every_shipped_call_is_lawful_and_can_be_scored(name: str) -> None:
    """No shipped scenario has a finding that blocks on its own track, and scoring can use it."""
    content = content_from(a_content(name))

    findings = lint(content, a_profile(seed_track(name)))

    assert blocking(findings) == ()
    assert scoring_takes(content)


@pytest.mark.parametrize("name", BROKEN)
def test_finds_what_scoring_would_refuse(name: str) -> None:
    """Each contradiction has a finding that blocks and points at it; scoring does refuse it."""
    pointer, change = BROKEN[name]
    document = a_content()
    change(document)
    content = content_from(document)

    findings = lint(content, a_profile(Track.PRIVATE))

    assert pointer in {finding.pointer for finding in blocking(findings)}
    assert not scoring_takes(content)


@pytest.mark.parametrize(
    "slices", [["label"], ["district", "district"], [f"column {at}" for at in range(6)]]
)
def test_slices_by_the_answer_or_without_end_are_found(slices: list[str]) -> None:
    """A slice by the label would give it away; one named twice or a sixth tells nothing more."""
    document = a_content()
    on_criterion(0, benchmark={"slices": slices})(document)

    findings = lint(content_from(document), a_profile(Track.PRIVATE))

    assert "/criteria/0/benchmark" in {finding.pointer for finding in blocking(findings)}


ENDPOINT: dict[str, object] = {"endpoint": {}}


@pytest.mark.parametrize(
    "changes",
    [
        {"benchmark": {"endpoint": {"concurrency": 0}}},
        {"benchmark": {"endpoint": {"seconds_total": 10**6}}},
        {"benchmark": {"endpoint": {"example": "[]"}}},
        {"benchmark": {"endpoint": {"example": '{"id": 1, "x": 2}'}}},
        {"benchmark": {"calls_of": "accuracy"}},
        {"metric": "latency_percentile:0.95"},
        {"metric": "latency_percentile:0.95", "benchmark": {"calls_of": "nobody"}},
        {"metric": "latency_percentile:0.95", "benchmark": ENDPOINT},
    ],
)
def test_endpoints_that_nobody_could_call_are_found(changes: dict[str, Any]) -> None:
    """Limits out of bounds, an example that is none, calls that nobody makes."""
    document = a_content()
    on_criterion(0, **changes)(document)

    findings = lint(content_from(document), a_profile(Track.PRIVATE))

    assert "/criteria/0/benchmark" in {finding.pointer for finding in blocking(findings)}


def test_a_criterion_may_judge_the_calls_of_another() -> None:
    """As long as the other one calls endpoints and takes no files."""

    def flawed(**terms: object) -> bool:
        document = a_content()
        on_criterion(0, benchmark={"endpoint": terms})(document)
        first = document["criteria"][0]
        document["criteria"].append(
            first
            | {
                "code": "latency",
                "metric": "latency_percentile:0.95",
                "direction": "lower",
                "floor": "1000",
                "target": "10",
                "benchmark": {"calls_of": first["code"]},
            }
        )
        pointers = set(flaws(content_from(document)))
        return any("benchmark" in pointer for pointer in pointers)

    assert not flawed()
    assert flawed(files=True)


def test_a_lawful_lowest_price_call_gives_weight_to_the_price_alone() -> None:
    """Gates stay, with a hard floor and no weight; the price has all of it."""
    document = a_content()
    document["scoring"] = {"method": "lowest_price", "tie_breaks": ["witnessed_draw"]}
    document["criteria"] = document["criteria"][:2]
    on_criterion(0, weight_bps=0)(document)
    on_criterion(1, weight_bps=10_000)(document)
    content = content_from(document)

    assert list(flaws(content)) == []
    assert blocking(lint(content, a_profile(Track.PRIVATE))) == ()
    assert scoring_takes(content)


@settings(deadline=None, max_examples=250)
@given(
    place=st.integers(0, 3),
    field=st.sampled_from(FIELDS),
    value=st.sampled_from(VALUES),
)
def test_what_has_no_flaw_can_be_scored(place: int, field: str, value: object) -> None:
    """Whatever one field is changed to: without a finding that blocks, scoring can use it."""
    document = a_content(FORMULA_CALL)
    document["criteria"][place][field] = value
    try:
        content = content_from(document)
    except MarketplaceError:
        return

    if not blocking(lint(content, a_profile(Track.PRIVATE))):
        assert scoring_takes(content)


class TestChoices:
    """LINT-14 and LINT-15: what the track allows."""

    def test_a_tender_takes_the_mean_only(self) -> None:
        """Another aggregation blocks on a procurement track and is a hint on the private one."""
        content = content_from(a_content())
        document = content.to_document()
        document["scoring"]["aggregation"] = "median"
        median = content_from(document)

        tender = lint(median, a_profile(Track.PROCUREMENT_TENDER))
        private = lint(median, a_profile(Track.PRIVATE))

        assert ("LINT-14", "/scoring/aggregation") in {
            (f.rule, f.pointer) for f in blocking(tender)
        }
        assert blocking(private) == ()

    def test_a_race_has_no_more_lanes_than_awards(self) -> None:
        """Four solvers in parallel where three may be taken is a finding."""
        content = content_from(a_content(race={"stage1_solvers": 4}))

        findings = lint(content, a_profile(Track.PROCUREMENT_TENDER))

        assert "LINT-15" in {finding.rule for finding in blocking(findings)}


class TestContent:
    """What cannot even be read."""

    @pytest.mark.parametrize("name", ["criteria", "qualifications", "cost_share", "datasets"])
    def test_refuses_two_things_under_one_code(self, name: str) -> None:
        """A code names one thing: marks, answers and shares are given by code."""
        document = a_content()
        document[name].append(document[name][0])

        with pytest.raises(MarketplaceError) as refused:
            content_from(document)

        assert refused.value.code == "scenarios.content_unreadable"
        assert refused.value.facts["pointer"] == f"/{name}"
