"""The ranking: oracle 1, methods, hard floors, minimum, ties, words; stories F07, F12, F13."""

from dataclasses import replace
from decimal import Decimal
from hashlib import sha256

import pytest

from marketplace.scoring.errors import rounds as errors
from marketplace.scoring.rules.criteria import Criterion, Direction, Formula, Kind
from marketplace.scoring.rules.explanations import HARD_FLOOR
from marketplace.scoring.rules.marks import Judge
from marketplace.scoring.rules.ranking import Ranking, rank
from marketplace.scoring.rules.rubric import Aggregation, Method, Rubric
from marketplace.scoring.rules.sheet import ScoreSheet, SheetBid
from tests.rules.scoring.boards import (
    MICRO_SHARE,
    SMALL_FIRM,
    benchmark,
    bid,
    full_sheet,
    marks_of,
    plan,
    price,
    rubric,
    sheet,
)

PRICE_AND_BENCHMARK = rubric(benchmark(8_000), price())


def places(ranking: Ranking) -> list[tuple[int, str]]:
    """Rank and bid, from first to last."""
    return [(standing.rank, standing.bid_id) for standing in ranking.standings]


def points_of(ranking: Ranking, code: str) -> dict[str, str]:
    """The points on one criterion by bid, as they are written."""
    return {standing.bid_id: f"{standing.points[code]:f}" for standing in ranking.standings}


def with_rules(*tie_breaks: str) -> Rubric:
    """Benchmark 80 and price 20 with these tie-breaks."""
    return replace(PRICE_AND_BENCHMARK, tie_breaks=tie_breaks)


def test_oracle_1_the_deduction_swaps_a_and_b() -> None:
    """With deductions A 17.66, B 18.69, C 20.00; without A 18.40, B 17.52, C 20.00."""
    with_deductions = rank(
        sheet(
            bid("A", 1_000_000),
            bid("B", 1_050_000, SMALL_FIRM),
            bid("C", 920_000, MICRO_SHARE),
            yardstick=PRICE_AND_BENCHMARK,
        )
    )
    without = rank(
        sheet(
            bid("A", 1_000_000),
            bid("B", 1_050_000),
            bid("C", 920_000),
            yardstick=PRICE_AND_BENCHMARK,
        )
    )

    assert points_of(with_deductions, "price") == {"A": "17.66", "B": "18.69", "C": "20.00"}
    assert points_of(without, "price") == {"A": "18.40", "B": "17.52", "C": "20.00"}
    assert places(with_deductions) == [(1, "C"), (2, "B"), (3, "A")]
    assert places(without) == [(1, "C"), (2, "A"), (3, "B")]
    assert with_deductions.price_base_fen == 88_320_000
    assert without.price_base_fen == 92_000_000


def test_deductions_are_for_evaluation_only() -> None:
    """The quote stays what it was, beside the rate and the evaluated price."""
    ranking = rank(sheet(bid("B", 1_050_000, SMALL_FIRM), yardstick=PRICE_AND_BENCHMARK))

    standing = ranking.standings[0]
    assert (standing.quote_fen, standing.deduction_bps) == (105_000_000, 1_000)
    assert standing.evaluated_price_fen == 94_500_000


def test_the_full_board_by_hand() -> None:
    """A, B and C of the algorithm page: 73.66, 78.69 and 86.20 points."""
    ranking = rank(full_sheet())

    assert points_of(ranking, "plan") == {"A": "34.00", "B": "30.00", "C": "26.20"}
    assert points_of(ranking, "benchmark") == {"A": "22.00", "B": "30.00", "C": "40.00"}
    assert points_of(ranking, "price") == {"A": "17.66", "B": "18.69", "C": "20.00"}
    assert {one.bid_id: f"{one.total:f}" for one in ranking.standings} == {
        "A": "73.66",
        "B": "78.69",
        "C": "86.20",
    }
    assert places(ranking) == [(1, "C"), (2, "B"), (3, "A")]
    assert [(out.bid_id, out.reason) for out in ranking.excluded] == [
        ("D", "abnormally_low_unproven")
    ]


def test_story_f13_excluding_the_low_bid_changes_everyones_price_points() -> None:
    """With D at 400,000 in, A has 8.00, B 7.62, C 8.70; once D is out, 18.40, 17.52, 20.00."""
    honest = (bid("A", 1_000_000), bid("B", 1_050_000), bid("C", 920_000))

    before = rank(sheet(*honest, bid("D", 400_000), yardstick=PRICE_AND_BENCHMARK))
    after = rank(
        sheet(
            *honest,
            bid("D", 400_000, exclusion="abnormally_low_unproven"),
            yardstick=PRICE_AND_BENCHMARK,
        )
    )

    assert points_of(before, "price") == {"A": "8.00", "B": "7.62", "C": "8.70", "D": "20.00"}
    assert points_of(after, "price") == {"A": "18.40", "B": "17.52", "C": "20.00"}
    assert after.price_base_fen == 92_000_000


@pytest.mark.parametrize("quote_yuan", [0, -1])
def test_story_f13_a_zero_quote_is_refused_unless_it_is_out(quote_yuan: int) -> None:
    """A zero quote is never ranked; excluded, it is kept on record and moves nothing."""
    honest = bid("A", 1_000_000)

    with pytest.raises(errors.QuoteNotPositive):
        rank(sheet(honest, bid("Z", quote_yuan), yardstick=PRICE_AND_BENCHMARK))
    ranking = rank(
        sheet(
            honest, bid("Z", quote_yuan, exclusion="non_responsive"), yardstick=PRICE_AND_BENCHMARK
        )
    )
    assert points_of(ranking, "price") == {"A": "20.00"}


def test_a_missed_hard_floor_excludes_and_the_prices_are_measured_anew() -> None:
    """The cheapest bid misses the floor: it is out, and the others are measured without it."""
    ranking = rank(
        sheet(
            bid("A", 1_000_000),
            bid("B", 1_050_000),
            bid("C", 400_000, accuracy="0.699999"),
            yardstick=PRICE_AND_BENCHMARK,
        )
    )

    assert points_of(ranking, "price") == {"A": "20.00", "B": "19.05"}
    assert [(out.bid_id, out.reason, out.criteria) for out in ranking.excluded] == [
        ("C", HARD_FLOOR, ("benchmark",))
    ]


def test_a_soft_floor_gives_no_points_and_excludes_nobody() -> None:
    """Below a floor that is not hard a bid stays in with nothing for that criterion."""
    yardstick = rubric(benchmark(8_000, hard_floor=False), price())

    ranking = rank(sheet(bid("A", 1_000_000, accuracy="0.50"), yardstick=yardstick))

    assert points_of(ranking, "benchmark") == {"A": "0.00"}
    assert not ranking.excluded


def test_a_formula_is_measured_against_bids_that_stayed_in() -> None:
    """The best declared figure of an excluded bid takes no points from the others."""
    cost = Criterion(
        code="cost",
        title_zh="单公里成本",
        title_en="Cost per kilometre",
        kind=Kind.OBJECTIVE_FORMULA,
        weight_bps=2_000,
        direction=Direction.LOWER,
        formula=Formula.RATIO_TO_BEST_LOW,
    )

    def offer(bid_id: str, figure: str, accuracy: str) -> SheetBid:
        declared = {"cost": Decimal(figure)}
        return replace(bid(bid_id, None, accuracy=accuracy), formula_values=declared)

    ranking = rank(
        sheet(
            offer("A", "8", "0.9"),
            offer("B", "6", "0.9"),
            offer("C", "1", "0.6"),
            yardstick=rubric(benchmark(8_000), cost),
        )
    )

    assert points_of(ranking, "cost") == {"A": "15.00", "B": "20.00"}
    assert ranking.price_base_fen is None


@pytest.mark.parametrize(("minimum", "goes_on"), [(3, False), (2, True), (1, True)])
def test_story_f07_fewer_than_the_minimum(minimum: int, goes_on: bool) -> None:
    """Two responsive bids: not enough for a minimum of three, enough for a minimum of two."""
    board = sheet(
        bid("A"),
        bid("B"),
        bid("C", exclusion="ineligible"),
        yardstick=PRICE_AND_BENCHMARK,
        minimum_bids=minimum,
    )

    if goes_on:
        assert len(rank(board).standings) == 2
        return
    with pytest.raises(errors.NotEnoughBids) as caught:
        rank(board)
    assert caught.value.facts == {"responsive": 2, "minimum": 3}


def test_story_f07_counts_after_the_hard_floor() -> None:
    """A bid that misses a floor does not count towards the minimum."""
    board = sheet(
        bid("A"),
        bid("B"),
        bid("C", accuracy="0.1"),
        yardstick=PRICE_AND_BENCHMARK,
        minimum_bids=3,
    )

    with pytest.raises(errors.NotEnoughBids):
        rank(board)


def test_a_board_without_bids_has_no_ranking() -> None:
    """Nobody is first among nobody."""
    with pytest.raises(errors.NotEnoughBids):
        rank(sheet(yardstick=PRICE_AND_BENCHMARK))


def test_the_lowest_evaluated_price_wins_where_that_is_the_method() -> None:
    """Among bids that pass the gate; one fen decides even where the rounded points are equal."""
    gate = replace(benchmark(), weight_bps=0)
    yardstick = rubric(gate, price(10_000), method=Method.LOWEST_PRICE)
    dear = replace(bid("A"), quote_fen=100_000_001)

    ranking = rank(sheet(dear, bid("B"), bid("C", 1, accuracy="0.1"), yardstick=yardstick))

    assert places(ranking) == [(1, "B"), (2, "A")]
    assert points_of(ranking, "price") == {"A": "100.00", "B": "100.00"}


def tied_board(*tie_breaks: str, draw_seed: str | None = None) -> ScoreSheet:
    """First T (lower price), then A, B, C with everything equal but ids, last Z."""
    return sheet(
        bid("Z", 1_000_000, accuracy="0.75"),
        bid("B", 1_000_000),
        bid("T", 800_000, accuracy="0.90"),
        bid("C", 1_000_000),
        bid("A", 1_000_000),
        yardstick=with_rules(*tie_breaks),
        draw_seed=draw_seed,
    )


def test_story_f12_an_exact_tie_shares_the_rank() -> None:
    """Without a rule left the ranks are 1, 2, 2, 2, 5, and the same on every run."""
    runs = {rank(tied_board("lower_evaluated_price")).digest() for _ in range(5)}
    ranking = rank(tied_board("lower_evaluated_price"))

    assert places(ranking) == [(1, "T"), (2, "A"), (2, "B"), (2, "C"), (5, "Z")]
    assert runs == {ranking.digest()}
    assert all(standing.tie_broken_by is None for standing in ranking.standings)


def test_story_f12_the_last_resort_is_a_draw_that_anybody_can_repeat() -> None:
    """The order is that of the SHA-256 of seed and id, computed here on its own."""
    seed = "closing index 3021.55"
    ranking = rank(tied_board("lower_evaluated_price", "witnessed_draw", draw_seed=seed))

    drawn = sorted("ABC", key=lambda name: sha256(f"{seed}:{name}".encode()).hexdigest())
    assert places(ranking) == [(1, "T"), (2, drawn[0]), (3, drawn[1]), (4, drawn[2]), (5, "Z")]
    assert [one.tie_broken_by for one in ranking.standings[1:4]] == ["witnessed_draw"] * 3


def test_another_seed_draws_another_order() -> None:
    """Over many seeds each of three tied bids is first about as often as the others."""
    firsts = [
        rank(tied_board("witnessed_draw", draw_seed=f"seed {number}")).standings[1].bid_id
        for number in range(120)
    ]

    assert all(firsts.count(name) > 20 for name in "ABC")


def test_a_draw_without_a_seed_is_refused_only_if_it_is_needed() -> None:
    """The seed is drawn in front of witnesses once a tie is known; the refusal names the bids."""
    lone = sheet(bid("A"), bid("B", 900_000), yardstick=with_rules("witnessed_draw"))

    assert places(rank(lone)) == [(1, "B"), (2, "A")]
    with pytest.raises(errors.DrawSeedMissing) as caught:
        rank(tied_board("witnessed_draw"))
    assert caught.value.facts == {"bids": ["A", "B", "C"]}


def test_tie_breaks_are_used_in_their_published_order() -> None:
    """Equal sums from different prices and benchmarks: whichever rule comes first decides."""
    # 20 + 40 against 16 + 44: the same sum by another way.
    cheap, able = bid("P", 800_000, accuracy="0.80"), bid("Q", 1_000_000, accuracy="0.81")
    by_price = with_rules("lower_evaluated_price", "higher_points_of:benchmark")
    by_benchmark = with_rules("higher_points_of:benchmark", "lower_evaluated_price")

    first = rank(sheet(cheap, able, yardstick=by_price))
    second = rank(sheet(cheap, able, yardstick=by_benchmark))

    assert {standing.total for standing in first.standings} == {Decimal("60.00")}
    assert places(first) == [(1, "P"), (2, "Q")]
    assert places(second) == [(1, "Q"), (2, "P")]
    assert first.standings[0].tie_broken_by == "lower_evaluated_price"
    assert second.standings[0].tie_broken_by == "higher_points_of:benchmark"


def test_the_earlier_receipt_is_earlier_in_time_and_not_in_text() -> None:
    """17:00 in Shanghai is before 09:30 in London, and half a second is half a second."""
    board = sheet(
        bid("A", received_at="2026-05-01T09:00:00.500000Z"),
        bid("B", received_at="2026-05-01T17:00:00+08:00"),
        bid("C", received_at="2026-05-01T09:30:00+00:00"),
        yardstick=with_rules("earlier_receipt"),
    )

    assert places(rank(board)) == [(1, "B"), (2, "A"), (3, "C")]


def test_what_is_decided_once_is_not_trimmed_away() -> None:
    """One mark for a fact stands, also where marks of opinion lose their ends."""
    fact = replace(plan(8_000), kind=Kind.OBJECTIVE_EXPERT)
    yardstick = rubric(fact, price(), aggregation=Aggregation.TRIMMED_MEAN, trim=1)
    judges = (Judge(label="J1"), Judge(label="J2"))

    board = sheet(
        bid("A", accuracy=None), yardstick=yardstick, judges=judges, marks=marks_of("J1", A="90")
    )

    assert points_of(rank(board), "plan") == {"A": "72.00"}


def test_marks_are_aggregated_as_published() -> None:
    """One panel, three rules: mean 70, trimmed mean 80, median 80 of 100, weight 80."""
    judges = tuple(Judge(label=f"J{at}") for at in range(5))
    marks = [
        mark
        for judge, value in zip(judges, ["10", "79", "80", "81", "100"], strict=True)
        for mark in marks_of(judge.label, A=value)
    ]

    def points(aggregation: Aggregation, trim: int = 0) -> str:
        yardstick = rubric(plan(8_000), price(), aggregation=aggregation, trim=trim)
        offer = bid("A", accuracy=None)
        board = sheet(offer, yardstick=yardstick, judges=judges, marks=tuple(marks))
        return points_of(rank(board), "plan")["A"]

    assert points(Aggregation.MEAN) == "56.00"
    assert points(Aggregation.TRIMMED_MEAN, 1) == "64.00"
    assert points(Aggregation.MEDIAN) == "64.00"
