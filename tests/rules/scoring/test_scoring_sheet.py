"""The sheet: what it refuses, its one written form, and documents of unknown origin."""

import copy
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marketplace.kit.errors import MarketplaceError
from marketplace.scoring.errors import rounds as errors
from marketplace.scoring.rules import sheet as sheets
from marketplace.scoring.rules.marks import Judge
from marketplace.scoring.rules.price import Deduction
from marketplace.scoring.rules.sheet import ScoreSheet
from tests.rules.scoring.boards import (
    RECEIVED_AT,
    SMALL_FIRM,
    bid,
    full_sheet,
    leaves,
    plan,
    rubric,
    sheet,
)

FULL = full_sheet()
A = bid("A")


def test_a_sheet_survives_its_document() -> None:
    """Reading what was written gives the same document and the same digest."""
    again = ScoreSheet.from_document(FULL.to_document())

    assert again.to_document() == FULL.to_document()
    assert again.digest() == FULL.digest()
    assert len(FULL.digest()) == 64


def test_equal_figures_have_one_form() -> None:
    """0.80 and 0.8, one moment in two zones, deductions in another order: the same bytes."""
    one = bid("A", 1_000_000, SMALL_FIRM, Deduction(policy="domestic", bps=2_000))
    other = replace(
        one,
        metric_values={"benchmark": Decimal("0.8000")},
        deductions=one.deductions[::-1],
        received_at="2026-05-01T17:00:00.000+08:00",
    )

    assert sheet(one).digest() == sheet(other).digest()


UNFIT: list[tuple[ScoreSheet, type[MarketplaceError], dict[str, object]]] = [
    (sheet(A, A), errors.BidRepeated, {"bids": ["A"]}),
    (
        sheet(replace(A, metric_values={})),
        errors.ValueMissing,
        {"bid": "A", "criteria": ["benchmark"]},
    ),
    (sheet(bid("A", None)), errors.ValueMissing, {"bid": "A", "field": "quote_fen"}),
    (
        sheet(replace(A, formula_values={"x": Decimal(1)})),
        errors.ValueMisplaced,
        {"criterion": "x"},
    ),
    (sheet(bid("A", accuracy="NaN")), errors.ValueOutOfRange, {"value": "NaN"}),
    (sheet(bid("A", accuracy="-Infinity")), errors.ValueOutOfRange, {}),
    (sheet(bid("A", 0)), errors.QuoteNotPositive, {"quote_fen": 0}),
    (sheet(bid("A", 10**14)), errors.ValueOutOfRange, {"field": "quote_fen"}),
    (sheet(bid("A", 9, SMALL_FIRM, SMALL_FIRM)), errors.DeductionUnfit, {"total_bps": 2_000}),
    (sheet(bid("A", received_at="2026-05-01T09:00:00")), errors.DocumentUnreadable, {}),
    (sheet(bid("A", exclusion="Out of time")), errors.DocumentUnreadable, {}),
    (sheet(replace(A, bidder="")), errors.DocumentUnreadable, {"pointer": "/bids/A/bidder"}),
    (sheet(replace(A, id="a\n")), errors.DocumentUnreadable, {}),
    (replace(sheet(A), round_number=0), errors.DocumentUnreadable, {"pointer": "/round_number"}),
    (replace(sheet(A), minimum_bids=0), errors.DocumentUnreadable, {"pointer": "/minimum_bids"}),
    (replace(sheet(A), draw_seed=""), errors.DocumentUnreadable, {"pointer": "/draw_seed"}),
    (replace(sheet(A), judges=(Judge(label="J"),) * 100), errors.DocumentUnreadable, {}),
    (replace(sheet(A), judges=(Judge(label="J"),) * 2), errors.JudgeRepeated, {}),
    (sheet(A, yardstick=rubric(plan())), errors.WeightsDoNotAddUp, {"total_bps": 4_000}),
]


@pytest.mark.parametrize(("unfit", "refusal", "facts"), UNFIT)
def test_refuses_sheets_that_cannot_be_ranked(
    unfit: ScoreSheet, refusal: type[MarketplaceError], facts: dict[str, object]
) -> None:
    """Each defect has a refusal of its own, found before anything is computed."""
    with pytest.raises(refusal) as caught:
        sheets.check(unfit)

    assert facts.items() <= caught.value.facts.items()


def test_an_excluded_bid_may_lack_what_ranked_bids_need() -> None:
    """A bid that went out early has no metric value and no usable quote, and is still on record."""
    sheets.check(sheet(A, bid("B", 0, accuracy=None, exclusion="ineligible")))


def edited(edit: Callable[[Any], object]) -> dict[str, Any]:
    """The document of the full sheet after one change."""
    document: dict[str, Any] = copy.deepcopy(FULL.to_document())
    edit(document)
    return document


def setting(*path: str | int, to: object) -> Callable[[Any], object]:
    """Change the value at a path."""

    def edit(document: Any) -> None:
        for key in path[:-1]:
            document = document[key]
        document[path[-1]] = to

    return edit


UNREADABLE: list[tuple[Callable[[Any], object], str]] = [
    (setting("document", to="jiebang.sheet/3"), "/document"),
    (setting("round_number", to="1"), "/round_number"),
    (setting("round_number", to=True), "/round_number"),
    (setting("round_number", to=10**5000), "/round_number"),
    (setting("minimum_bids", to=0), "/minimum_bids"),
    (setting("scenario_number", to="x" * 10_000), "/scenario_number"),
    (setting("draw_seed", to=7), "/draw_seed"),
    (setting("surprise", to=1), "/surprise"),
    (lambda document: document.pop("judges"), "/judges"),
    (setting("rubric", to=None), "/rubric"),
    (setting("rubric", "criteria", 1, "floor", to=0.7), "/rubric/criteria/1/floor"),
    (setting("bids", to={"A": 1}), "/bids"),
    (setting("bids", 0, to="A"), "/bids/0"),
    (setting("bids", 1, "quote_fen", to=1.5), "/bids/1/quote_fen"),
    (setting("bids", 1, "quote_fen", to=10**16), "/bids/1/quote_fen"),
    (setting("bids", 1, "deductions", 0, "bps", to=10_000), "/bids/1/deductions/0/bps"),
    (setting("bids", 1, "deductions", 0, to=[]), "/bids/1/deductions/0"),
    (setting("bids", 0, "received_at", to="yesterday"), "/bids/0/received_at"),
    (setting("bids", 0, "received_at", to="0001-01-01T00:00:00+14:00"), "/bids/0/received_at"),
    (setting("bids", 0, "metric_values", to=[]), "/bids/0/metric_values"),
    (setting("bids", 0, "metric_values", "benchmark", to="NaN"), "/bids/0/metric_values/benchmark"),
    (setting("bids", 0, "metric_values", "Bench", to="1"), "/bids/0/metric_values"),
    (setting("bids", 0, "bidder", to="a\ud800"), "/bids/0/bidder"),
    (setting("judges", 0, "recused", to=0), "/judges/0/recused"),
    (setting("judges", to=[{"label": "J1"}]), "/judges/0/recused"),
    (setting("marks", to=[]), "/marks"),
    (setting("marks", "A", to=None), "/marks/A"),
    (setting("marks", "A", "plan", "J1", to=80), "/marks/A/plan/J1"),
    (setting("marks", "A", "plan", "J1", to="8e1"), "/marks/A/plan/J1"),
]


@pytest.mark.parametrize(("edit", "pointer"), UNREADABLE)
def test_points_to_the_place_that_cannot_be_read(
    edit: Callable[[Any], object], pointer: str
) -> None:
    """A document of unknown origin is refused with the JSON pointer of the bad place."""
    with pytest.raises(errors.DocumentUnreadable) as caught:
        ScoreSheet.from_document(edited(edit))

    assert caught.value.facts["pointer"] == pointer
    assert len(str(caught.value)) < 700


@pytest.mark.parametrize(
    ("edit", "refusal"),
    [
        (setting("bids", 1, "id", to="A"), errors.BidRepeated),
        (setting("bids", 0, "quote_fen", to=-5), errors.QuoteNotPositive),
        (setting("bids", 0, "quote_fen", to=None), errors.ValueMissing),
        (setting("marks", "A", "plan", "J1", to="100.5"), errors.MarkOutOfRange),
        (setting("marks", "A", "plan", "J9", to="80"), errors.MarkMisplaced),
        (setting("marks", "X", to={"plan": {"J1": "80"}}), errors.MarkMisplaced),
        (setting("rubric", "criteria", 0, "weight_bps", to=3_999), errors.WeightsDoNotAddUp),
        (setting("rubric", "tie_breaks", to=["coin"]), errors.TieBreakUnknown),
    ],
)
def test_a_readable_document_is_judged_by_its_content(
    edit: Callable[[Any], object], refusal: type[MarketplaceError]
) -> None:
    """Form first, then the same refusals as for a sheet built by code."""
    with pytest.raises(refusal):
        ScoreSheet.from_document(edited(edit))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=8,
)


@given(st.sampled_from(leaves(FULL.to_document())), json_values)
@settings(deadline=None, max_examples=250)
def test_any_json_at_any_place_is_read_or_refused(
    path: tuple[str | int, ...], value: object
) -> None:
    """No document ends in a traceback: there is a sheet or a refusal of ours."""
    try:
        read = ScoreSheet.from_document(edited(setting(*path, to=value)))
    except MarketplaceError as refusal:
        assert refusal.code.startswith("scoring.")
    else:
        assert read.digest()


@given(json_values)
@settings(deadline=None, max_examples=100)
def test_anything_that_is_no_sheet_is_refused(value: object) -> None:
    """Lists, numbers, nothing at all."""
    with pytest.raises(errors.DocumentUnreadable):
        ScoreSheet.from_document(value)


def test_the_moment_of_receipt_is_written_in_utc() -> None:
    """One form for one moment, to the microsecond, so that texts sort as times do."""
    document: Any = sheet(A).to_document()

    assert RECEIVED_AT == "2026-05-01T09:00:00Z"
    assert document["bids"][0]["received_at"] == "2026-05-01T09:00:00.000000Z"
