"""The lint, rule by rule: a call that breaks one rule and nothing else, and what it is told."""

import dataclasses
import datetime as dt
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from marketplace.profiles.rules.calendar import WorkCalendar
from marketplace.profiles.rules.profile import Track
from marketplace.scenarios.rules.content import content_from
from marketplace.scenarios.rules.lint import Finding, Planned, Sibling, blocking, lint
from tests.given.profiles import YEARS, a_calendar, a_profile
from tests.given.scenarios import a_content, seed_names, seed_track

CONSULTATION = "ns-01-emergency-early-warning"
TENDER = "ns-04-fire-lane-detection"
GRANT = "ns-07-road-inspection"
COOPERATIVE = "ns-10-offline-dispatch-agent"
CALENDAR = WorkCalendar(tuple(a_calendar(year) for year in YEARS))
PUBLISHED = dt.datetime(2026, 3, 2, 1, tzinfo=dt.UTC)
AMPLE = Planned(published_at=PUBLISHED, bid_deadline_at=PUBLISHED + dt.timedelta(days=40))
HASTY = Planned(published_at=PUBLISHED, bid_deadline_at=PUBLISHED + dt.timedelta(days=3))
ANOTHER = Sibling(
    number="NS-2026-B1-009",
    track=Track.PROCUREMENT_CONSULTATION,
    category="services",
    domain="emergency_management",
    ceiling_fen=50_000_000,
)
Change = Callable[[dict[str, Any]], None]


def put(path: str, value: object) -> Change:
    """Set one place of a content; the way there is written as a JSON pointer."""

    def change(content: dict[str, Any]) -> None:
        place: Any = content
        *folders, last = path.strip("/").split("/")
        for folder in folders:
            place = place[int(folder) if isinstance(place, list) else folder]
        place[int(last) if isinstance(place, list) else last] = value

    return change


def weigh(**weights_bps: int) -> Change:
    """Give some criteria other weights."""

    def change(content: dict[str, Any]) -> None:
        for one in content["criteria"]:
            one["weight_bps"] = weights_bps.get(one["code"], one["weight_bps"])

    return change


def qualify(zh: str, code: str = "one_more") -> Change:
    """Add a condition of eligibility."""
    return lambda content: content["qualifications"].append({"code": code, "zh": zh})


def drop_qualification(code: str) -> Change:
    """Leave out a condition of eligibility."""

    def change(content: dict[str, Any]) -> None:
        kept = [one for one in content["qualifications"] if one["code"] != code]
        content["qualifications"] = kept

    return change


def both(first: Change, second: Change) -> Change:
    """Make two changes."""

    def change(content: dict[str, Any]) -> None:
        first(content)
        second(content)

    return change


NO_DESIGNER = "not_designer_of_need"
EXCEPTION = {"article": "第12条", "reason": {"zh": "示例"}, "until": "2026-12-31"}

BREAKS: dict[str, tuple[str, str, Change, str]] = {
    "weights of 95": ("LINT-01", CONSULTATION, weigh(benchmark=3500), "/criteria"),
    "weights of 105": ("LINT-01", GRANT, weigh(benchmark=6000), "/criteria"),
    "a mark without a scale": (
        "LINT-01", CONSULTATION, put("/criteria/1/scale_max", None), "/criteria/1/scale_max",
    ),
    "price 5 on a service": (
        "LINT-02", CONSULTATION, weigh(price=500, benchmark=5000), "/criteria",
    ),
    "price 35 on a service": (
        "LINT-02", CONSULTATION, weigh(price=3500, benchmark=2000), "/criteria",
    ),
    "price 25 on goods": ("LINT-02", TENDER, weigh(price=2500, benchmark=4000), "/criteria"),
    "R&D plan of 45": ("LINT-02", COOPERATIVE, weigh(rd_plan=4500, price=3000), "/criteria"),
    "a gate that is scored": (
        "LINT-03", CONSULTATION, qualify("团队能力", code="team"), "/criteria/3",
    ),
    "registered place": (
        "LINT-04", CONSULTATION, qualify("注册地须在本市"), "/qualifications/4",
    ),
    "a brand": ("LINT-04", TENDER, put("/constraints/zh/0", "须采用华为芯片"), "/constraints/zh/0"),
    "a local branch, bought": (
        "LINT-04", TENDER, qualify("须在本区设立分公司"), "/qualifications/4",
    ),
    "years in business": ("LINT-05", CONSULTATION, qualify("成立满三年"), "/qualifications/4"),
    "registered capital, scored": (
        "LINT-05", GRANT, put("/criteria/3/rule", {"zh": "注册资本每满100万元得1分"}),
        "/criteria/3/rule",
    ),
    "a sales record": (
        "LINT-05", TENDER, qualify("須有同類產品銷售業績"), "/qualifications/4",
    ),
    "a local branch, granted": (
        "LINT-06", GRANT, qualify("须在本区设立子公司"), "/qualifications/4",
    ),
    "a named operator": (
        "LINT-06", GRANT, put("/constraints/zh/0", "仅支持示例智能科技有限公司"),
        "/constraints/zh/0",
    ),
    "an exception without an end": (
        "LINT-06", GRANT, put("/competition_exemption", EXCEPTION | {"until": "待定"}),
        "/competition_exemption/until",
    ),
    "an exception that is over": (
        "LINT-06", GRANT, put("/competition_exemption", EXCEPTION | {"until": "2026-03-01"}),
        "/competition_exemption/until",
    ),
    "the designer may bid": (
        "LINT-07", CONSULTATION,
        both(drop_qualification(NO_DESIGNER), put("/need_designers", ["示例咨询公司"])),
        "/qualifications",
    ),
    "a named designer of a grant": (
        "LINT-07", GRANT, put("/need_designers", ["示例咨询公司"]), "/qualifications",
    ),
    "a bid bond of 3 %": (
        "LINT-08", TENDER, put("/bonds", {"bid_fen": 4_500_000}), "/bonds/bid_fen",
    ),
    "a performance bond of 11 %": (
        "LINT-08", TENDER, put("/bonds", {"performance_bps": 1100}), "/bonds/performance_bps",
    ),
    "cash only": (
        "LINT-08", TENDER, put("/bonds", {"bid_fen": 100, "non_cash": False}), "/bonds/non_cash",
    ),
    "a bond kept for 6 days": (
        "LINT-08", TENDER, put("/bonds", {"bid_fen": 100, "refund_days": 6}), "/bonds/refund_days",
    ),
    "no maximum price": (
        "LINT-09", TENDER, put("/budget/max_price_fen", None), "/budget/max_price_fen",
    ),
    "a maximum above the budget": (
        "LINT-09", GRANT, put("/budget/max_price_fen", 72_000_001), "/budget/max_price_fen",
    ),
    "a minimum price": (
        "LINT-09", TENDER, put("/budget/min_price_fen", 1), "/budget/min_price_fen",
    ),
    "no retention": (
        "LINT-10", TENDER, put("/datasets/0/retention", None), "/datasets/0/retention",
    ),
    "no legal basis": (
        "LINT-10", GRANT, put("/datasets/0/legal_basis", " "), "/datasets/0/legal_basis",
    ),
    "no classification": (
        "LINT-10", TENDER, put("/datasets/0/openness", "secret"), "/datasets/0/openness",
    ),
    "no way of access": ("LINT-10", TENDER, put("/datasets/0/access", "ftp"), "/datasets/0/access"),
    "copies of what is not open": (
        "LINT-10", TENDER, put("/datasets/1/access", "download"), "/datasets/1/access",
    ),
    "personal data without assessment": (
        "LINT-10", CONSULTATION, put("/datasets/0/pipia", None), "/datasets/0/pipia",
    ),
    "personal data open to all": (
        "LINT-10", CONSULTATION, put("/datasets/0/openness", "unconditional"),
        "/datasets/0/openness",
    ),
    "a phase without money": (
        "LINT-12", TENDER, put("/budget/sources", []), "/cost_share/0/ceiling_fen",
    ),
    "a fen too little": (
        "LINT-12", TENDER, put("/budget/sources/0/amount_fen", 24_999_999),
        "/cost_share/0/ceiling_fen",
    ),
}  # fmt: skip


def findings_of(
    name: str,
    *changes: Change,
    planned: Planned | None = AMPLE,
    siblings: Sequence[Sibling] = (),
) -> tuple[Finding, ...]:
    """Check a shipped call after some changes, on its own track and with time enough."""
    document = a_content(name)
    for change in changes:
        change(document)
    content, profile = content_from(document), a_profile(seed_track(name))
    return lint(content, profile, planned=planned, calendar=CALENDAR, siblings=siblings)


@pytest.mark.parametrize("name", seed_names())
def test_a_shipped_call_breaks_no_rule_at_all(name: str) -> None:
    """Not even one that only asks for a review."""
    assert findings_of(name) == ()


@pytest.mark.parametrize("case", BREAKS)
def test_a_call_that_breaks_one_rule_is_told_so_and_nothing_else(case: str) -> None:
    """The rule, the field, the source, what is wrong and what would be right, in two languages."""
    rule, name, change, pointer = BREAKS[case]

    findings = findings_of(name, change)

    assert {finding.rule for finding in findings} == {rule}
    assert pointer in {finding.pointer for finding in findings}
    for finding in findings:
        assert finding.source
        assert finding.message.zh and finding.message.en
        assert finding.suggestion.zh and finding.suggestion.en


@pytest.mark.parametrize("case", BREAKS)
def test_it_blocks_a_purchase_and_asks_for_a_review_of_a_grant(case: str) -> None:
    """Only what makes a call meaningless on every track blocks a grant as well."""
    rule, name, change, _ = BREAKS[case]

    findings = findings_of(name, change)

    everywhere = rule == "LINT-01" or case == "a maximum above the budget"
    blocks = seed_track(name).is_procurement or everywhere
    assert bool(blocking(findings)) == blocks


def test_every_rule_from_1_to_13_is_broken_by_some_case() -> None:
    """LINT-11 and LINT-13 need more than the content, and have cases of their own below."""
    numbers = {int(rule.removeprefix("LINT-")) for rule, *_ in BREAKS.values()} | {11, 13}

    assert numbers == set(range(1, 14))


def test_a_purchase_that_is_silent_about_designers_is_only_to_be_looked_at() -> None:
    """Nobody is named, and the law shuts them out without the call's help."""
    findings = findings_of(CONSULTATION, drop_qualification(NO_DESIGNER))

    assert [(one.rule, one.severity) for one in findings] == [("LINT-07", "needs_review")]


def test_personal_data_without_an_assessment_block_a_grant_as_well() -> None:
    """The law on personal data knows no tracks; with the assessment named nothing is left."""
    personal = put("/datasets/1/personal_data", True)
    assessed = put("/datasets/1/pipia", "示例评估 2026-01-20")

    assert [one.pointer for one in blocking(findings_of(GRANT, personal))] == ["/datasets/1/pipia"]
    assert findings_of(GRANT, personal, assessed) == ()


class TestClocks:
    """LINT-11: how long the call is open."""

    @pytest.mark.parametrize("name", [CONSULTATION, TENDER, COOPERATIVE, GRANT])
    def test_a_window_that_is_too_short_blocks_on_every_track(self, name: str) -> None:
        """The earliest lawful day is in the message."""
        findings = findings_of(name, planned=HASTY)

        assert [finding.rule for finding in findings] == ["LINT-11"]
        assert blocking(findings) == findings
        assert "2026-03" in findings[0].suggestion.zh

    def test_is_not_asked_while_nothing_is_planned(self) -> None:
        """A draft has no dates yet."""
        assert findings_of(TENDER, planned=None) == ()


class TestSplitting:
    """LINT-13: purchases of one kind, cut in pieces."""

    def test_finds_two_that_make_more_than_the_threshold_together(self) -> None:
        """1.8 million and 0.5 million are more than 2 million; the other call is named."""
        findings = findings_of(CONSULTATION, siblings=[ANOTHER])

        assert [finding.rule for finding in findings] == ["LINT-13"]
        assert ANOTHER.number in findings[0].message.zh
        assert "2,300,000" in (findings[0].message.en or "")

    @pytest.mark.parametrize(
        "other",
        [
            {"ceiling_fen": 20_000_000},  # together exactly the threshold
            {"domain": "transport"},
            {"category": "goods"},
            {"track": Track.PROCUREMENT_TENDER},
            {"track": Track.SUBSIDY},
        ],
    )
    def test_lets_other_purchases_be(self, other: dict[str, Any]) -> None:
        """At the threshold, of another kind, by open tender, or no purchase at all."""
        alike = dataclasses.replace(ANOTHER, **other)

        assert findings_of(CONSULTATION, siblings=[alike]) == ()

    def test_takes_an_approval_for_an_answer(self) -> None:
        """The regulations except a total that was approved to be bought otherwise."""
        approved = put("/budget/method_approval", "示例财采〔2026〕1号")

        assert findings_of(CONSULTATION, approved, siblings=[ANOTHER]) == ()

    def test_does_not_ask_an_open_tender(self) -> None:
        """Whoever tenders openly avoids nothing."""
        assert findings_of(TENDER, siblings=[ANOTHER]) == ()


class TestExceptions:
    """What makes a hard rule give way."""

    def test_a_recorded_exception_allows_a_selective_grant_until_its_last_day(self) -> None:
        """Article 12 with an end date; on its last day it still holds."""
        local = qualify("须在本区设立子公司")
        until = put("/competition_exemption", EXCEPTION | {"until": "2026-03-02"})

        assert {one.rule for one in findings_of(GRANT, local)} == {"LINT-06"}
        assert findings_of(GRANT, local, until) == ()

    def test_it_allows_nothing_else(self) -> None:
        """Years in business stay a finding beside it."""
        exempt = put("/competition_exemption", EXCEPTION)

        findings = findings_of(GRANT, qualify("成立满三年"), exempt)

        assert {one.rule for one in findings} == {"LINT-05"}

    def test_bonds_at_their_limits_are_lawful(self) -> None:
        """Two percent of the budget, ten of the contract, five working days."""
        bonds = {"bid_fen": 3_000_000, "performance_bps": 1000, "refund_days": 5}

        assert findings_of(TENDER, put("/bonds", bonds)) == ()

    def test_the_larger_share_must_be_committed(self) -> None:
        """A funder who pays more for a failure than for a success is asked for the larger part."""
        shares = {"gov": 9000, "poster": 0, "solver": 1000}

        findings = findings_of(TENDER, put("/cost_share/0/blameless_fail_bps", shares))

        assert [finding.rule for finding in findings] == ["LINT-12"]
        assert "450,000" in (findings[0].message.en or "")

    def test_money_for_a_phase_that_is_not_there_is_a_mistake(self) -> None:
        """A typing error in a phase would leave the real one without money."""
        findings = findings_of(TENDER, put("/budget/sources/0/phase", "P9"))

        pointers = {finding.pointer for finding in findings}
        assert pointers == {"/cost_share/0/ceiling_fen", "/budget/sources/0"}


def test_content_that_was_stored_before_these_fields_can_still_be_read() -> None:
    """What is absent is as if nobody had said it."""
    document = a_content(TENDER)
    for dataset in document["datasets"]:
        del dataset["retention"]
    del document["budget"]["sources"]

    content = content_from(document)

    assert content.budget.sources == () == content.need_designers
    assert (content.bonds.bid_fen, content.bonds.non_cash) == (0, True)
    assert content.datasets[0].retention is None is content.competition_exemption
