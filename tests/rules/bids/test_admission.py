"""What is let into the seal can be ranked with all the others afterwards."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marketplace.bids.errors.bids import CallClosed, OfferNoLongerFits
from marketplace.bids.rules.admission import admit, check_open, check_still_fits
from marketplace.bids.rules.completeness import Bidder
from marketplace.bids.rules.offer import Deduction, Offer
from marketplace.kit.errors import MarketplaceError
from marketplace.profiles.rules.profile import Track
from marketplace.scenarios.rules.content import Content, content_from
from marketplace.scoring.rules import scales
from marketplace.scoring.rules.criteria import Criterion, Direction, Formula, Kind
from marketplace.scoring.rules.price import Deduction as TakenOff
from marketplace.scoring.rules.price import evaluated_price_fen
from tests.given.bids import an_offer
from tests.given.profiles import a_profile
from tests.given.scenarios import FORMULA_CALL, a_content

AT = dt.datetime(2026, 4, 1, 1, 0, tzinfo=dt.UTC)
MOMENT = dt.timedelta(microseconds=1)
SMALL = Deduction(policy="small_firm", bps=1000)


def a_call(name: str | None = None, **changes: object) -> Content:
    """A call with a price criterion, unless another seed is named."""
    return content_from(a_content(name, **changes) if name else a_content(**changes))


def unpriced(**scheme: object) -> Content:
    """A call without a price criterion."""
    document = a_content()
    document["criteria"].pop(1)
    document["criteria"][0]["weight_bps"] += 2000
    document["scoring"] |= {"tie_breaks": ["witnessed_draw"]} | scheme
    return content_from(document)


def refusal(
    offer: Offer,
    content: Content,
    *,
    track: Track = Track.PROCUREMENT_TENDER,
    size_class: str = "small",
) -> str | None:
    """The code of the refusal, or None for an offer that is admitted."""
    profile = a_profile(track)
    bidder = Bidder(size_class=size_class)
    return code_of(partial(admit, bidder=bidder, content=content, profile=profile), offer)


def code_of(check: Callable[..., None], *given: object) -> str | None:
    """The code with which a check refuses, or None."""
    try:
        check(*given)
    except MarketplaceError as refused:
        return refused.code
    return None


class TestTime:
    """The deadline is an instant: at that instant it is too late."""

    def test_a_moment_before_is_in_time(self) -> None:
        """The last microsecond counts."""
        assert check_open(AT, AT - MOMENT) is None  # type: ignore[func-returns-value]

    @pytest.mark.parametrize("late", [AT, AT + MOMENT])
    def test_refuses_at_the_deadline_and_after(self, late: dt.datetime) -> None:
        """Both times are told, so that the bidder can see by how much."""
        with pytest.raises(CallClosed) as refused:
            check_open(AT, late)

        assert refused.value.facts == {"bid_deadline_at": AT, "received_at": late}


class TestQuote:
    """F13: nothing is bought for nothing."""

    @pytest.mark.parametrize(
        ("quote_fen", "expected"),
        [(1, None), (0, "bids.quote_not_positive"), (None, "bids.quote_missing")],
    )
    def test_a_priced_call_needs_a_price(self, quote_fen: int | None, expected: str | None) -> None:
        """One fen is a price, zero is none."""
        assert refusal(an_offer(quote_fen=quote_fen), a_call()) == expected

    def test_a_price_above_the_maximum_is_taken_in(self) -> None:
        """Refusing it here would tell the price to whoever watches."""
        assert refusal(an_offer(quote_fen=60_000_000_01), a_call()) is None

    def test_a_tie_break_by_price_needs_a_price(self) -> None:
        """Without a price criterion, too: the tie would be broken by nothing."""
        offer = an_offer(quote_fen=None)

        assert refusal(offer, unpriced()) is None
        assert refusal(offer, unpriced(tie_breaks=["lower_evaluated_price"])) == (
            "bids.quote_missing"
        )

    def test_zero_is_an_answer_where_no_purchase_is_made(self) -> None:
        """The private track may take a free offer on a call that is not judged by price."""
        offer = an_offer(quote_fen=0)

        assert refusal(offer, unpriced(), track=Track.PRIVATE) is None
        assert refusal(offer, unpriced()) == "bids.quote_not_positive"


class TestDeclarations:
    """Every bidder signs the same, and who claims a deduction signs one more."""

    def test_names_what_is_missing(self) -> None:
        """The declarations of a firm that says nothing about its size are not enough."""
        offer = Offer(quote_fen=1, deductions=(SMALL,), declarations=frozenset({"integrity"}))

        with pytest.raises(MarketplaceError) as refused:
            admit(
                offer,
                content=a_call(),
                profile=a_profile(Track.PROCUREMENT_TENDER),
                bidder=Bidder(size_class="small"),
            )

        assert refused.value.facts["missing"] == ["interest", "related_party", "sme"]


class TestDeductions:
    """A deduction is for small firms, in the range of the rules, and once."""

    @pytest.mark.parametrize(
        ("deductions", "size_class", "track"),
        [
            ((SMALL,), "medium", Track.PROCUREMENT_TENDER),
            ((SMALL,), "small", Track.PRIVATE),
            ((Deduction(policy="small_firm", bps=999),), "small", Track.PROCUREMENT_TENDER),
            ((Deduction(policy="small_firm", bps=2001),), "micro", Track.PROCUREMENT_TENDER),
            ((Deduction(policy="friend", bps=1000),), "small", Track.PROCUREMENT_TENDER),
            ((SMALL, SMALL), "small", Track.PROCUREMENT_TENDER),
        ],
    )
    def test_refuses_what_the_rules_do_not_give(
        self, deductions: tuple[Deduction, ...], size_class: str, track: Track
    ) -> None:
        """Wrong size, wrong track, out of range, unknown, twice."""
        offer = an_offer(deductions=deductions)

        found = refusal(offer, a_call(), track=track, size_class=size_class)

        assert found == "bids.deduction_not_allowed"

    @settings(deadline=None, max_examples=100)
    @given(
        quote_fen=st.integers(1, 10**15),
        claims=st.lists(st.integers(0, 10_000), max_size=3),
    )
    def test_what_is_admitted_has_an_evaluated_price(
        self, quote_fen: int, claims: list[int]
    ) -> None:
        """No admitted offer stops the ranking by its price."""
        deductions = tuple(Deduction(policy="small_firm", bps=bps) for bps in claims)
        offer = an_offer(quote_fen=quote_fen, deductions=deductions)

        if refusal(offer, a_call()) is None:
            taken = [TakenOff(policy=one.policy, bps=one.bps) for one in deductions]
            assert 0 < evaluated_price_fen(quote_fen, taken) <= quote_fen


class TestFigures:
    """Declared figures: exactly those the call scores by formula, and usable ones."""

    def test_wants_exactly_the_figures_of_the_call(self) -> None:
        """None missing, none too many."""
        content = a_call(FORMULA_CALL)
        codes = [one.code for one in content.criteria if one.kind == "objective_formula"]
        figures = dict.fromkeys(codes, "12.5")

        assert codes
        assert refusal(an_offer(figures=figures), content) is None
        assert refusal(an_offer(), content) == "bids.figure_missing"
        assert refusal(an_offer(figures=figures | {"more": "1"}), content) == "bids.figure_missing"

    @settings(deadline=None, max_examples=150)
    @given(
        formula=st.sampled_from(list(Formula)),
        text=st.one_of(
            st.sampled_from(["0", "-0", "-1", "1e9", "NaN", "", "9" * 19, "0." + "1" * 19, "１"]),
            st.decimals(allow_nan=False, allow_infinity=False).map(lambda one: format(one, "f")),
        ),
    )
    def test_an_admitted_figure_fits_its_formula(self, formula: Formula, text: str) -> None:
        """One that no ratio can take would stop the ranking for everybody."""
        document = a_content(FORMULA_CALL)
        criterion = next(one for one in document["criteria"] if one["kind"] == "objective_formula")
        criterion["formula"] = formula.value
        offer = an_offer(figures={criterion["code"]: text})

        if refusal(offer, content_from(document)) is None:
            lower = formula is Formula.RATIO_TO_BEST_LOW
            scored = Criterion(
                code=criterion["code"],
                title_zh="数值",
                title_en="figure",
                kind=Kind.OBJECTIVE_FORMULA,
                weight_bps=1000,
                formula=formula,
                direction=Direction.LOWER if lower else Direction.HIGHER,
            )
            figures = {"one": Decimal(text), "other": Decimal("1")}
            best = scales.best_figure(scored, figures)
            assert (best is None) is (formula is Formula.LINEAR_BETWEEN)


class TestReconfirmation:
    """A sealed offer cannot be looked into: what it must contain is told by the two contents."""

    def test_stands_where_the_same_is_asked(self) -> None:
        """A clarified problem asks for nothing new."""
        same = a_call(problem={"zh": "澄清"})

        assert check_still_fits(a_call(), same) is None  # type: ignore[func-returns-value]

    def test_stands_where_less_is_asked(self) -> None:
        """A quote that nobody needs any more does no harm."""
        assert check_still_fits(a_call(), unpriced()) is None  # type: ignore[func-returns-value]

    def test_does_not_stand_where_a_quote_is_newly_asked(self) -> None:
        """It has none."""
        with pytest.raises(OfferNoLongerFits):
            check_still_fits(unpriced(), a_call())

    def test_does_not_stand_where_another_figure_is_asked(self) -> None:
        """Its figures are those of the old content."""
        document: dict[str, Any] = a_content(FORMULA_CALL)
        criterion = next(one for one in document["criteria"] if one["kind"] == "objective_formula")
        criterion["code"] = "another_figure"

        with pytest.raises(OfferNoLongerFits):
            check_still_fits(a_call(FORMULA_CALL), content_from(document))
