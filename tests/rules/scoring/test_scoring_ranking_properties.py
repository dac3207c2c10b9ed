"""What holds for every board, and agreement with a ranking written a second time by brute force."""

import random
from collections.abc import Callable
from dataclasses import replace
from decimal import ROUND_HALF_UP, Context, Decimal, localcontext
from hashlib import sha256

from hypothesis import given, settings
from hypothesis import strategies as st

from marketplace.kit.digests import canonical_json
from marketplace.kit.errors import MarketplaceError
from marketplace.scoring.errors.rounds import NotEnoughBids
from marketplace.scoring.rules.marks import Judge, Mark
from marketplace.scoring.rules.price import Deduction
from marketplace.scoring.rules.ranking import Ranking, rank
from marketplace.scoring.rules.rubric import Aggregation
from marketplace.scoring.rules.sheet import ScoreSheet
from tests.rules.scoring.boards import bid, boards, marks_of, rubric, sheet

BOARDS = 400


def output(board: ScoreSheet) -> bytes:
    """Everything that a ranking says, figures and words, as bytes."""
    ranking = rank(board)
    return canonical_json([ranking.to_document(), ranking.explanations_document()])


@st.composite
def shuffled_boards(draw: st.DrawFn) -> tuple[ScoreSheet, ScoreSheet]:
    """A board, and the same board gathered in another order."""
    board = draw(boards())
    bids = [
        replace(one, deductions=tuple(draw(st.permutations(one.deductions)))) for one in board.bids
    ]
    other = replace(
        board,
        bids=tuple(draw(st.permutations(bids))),
        judges=tuple(draw(st.permutations(board.judges))),
        marks=tuple(draw(st.permutations(board.marks))),
    )
    return board, other


@given(shuffled_boards())
@settings(deadline=None, max_examples=80)
def test_the_order_of_the_input_changes_no_byte(pair: tuple[ScoreSheet, ScoreSheet]) -> None:
    """Bids, deductions, judges and marks in any order give the same sheet and the same ranking."""
    board, other = pair

    assert board.digest() == other.digest()
    assert output(board) == output(other)


@given(boards())
@settings(deadline=None, max_examples=40)
def test_the_context_of_the_thread_changes_no_byte(board: ScoreSheet) -> None:
    """A Decimal context of three digits, set by somebody else, does not reach the ranking."""
    expected = output(board)

    with localcontext() as context:
        context.prec = 3
        assert output(board) == expected


@given(boards())
@settings(deadline=None, max_examples=80)
def test_totals_ranks_and_points_keep_their_promises(board: ScoreSheet) -> None:
    """Sums of rounded points, points within their weight, ranks 1, 2, 2, 4, order by total."""
    ranking = rank(board)
    weights = {one.code: Decimal(one.weight_bps) / 100 for one in board.rubric.criteria}
    totals = [standing.total for standing in ranking.standings]

    for at, standing in enumerate(ranking.standings):
        assert standing.total == sum(standing.points.values())
        assert all(0 <= value <= weights[code] for code, value in standing.points.items())
        assert standing.rank in (at + 1, ranking.standings[at - 1].rank)
    assert ranking.standings[0].rank == 1
    assert totals == sorted(totals, reverse=True)
    assert {one.bid_id for one in ranking.standings} | {one.bid_id for one in ranking.excluded} == {
        one.id for one in board.bids
    }


@given(boards())
@settings(deadline=None, max_examples=40)
def test_bids_that_are_out_move_nobody(board: ScoreSheet) -> None:
    """A ranking with its excluded bids is the ranking of the others alone."""
    staying = {standing.bid_id for standing in rank(board).standings}
    alone = replace(
        board,
        bids=tuple(one for one in board.bids if one.id in staying),
        marks=tuple(mark for mark in board.marks if mark.bid_id in staying),
    )

    assert rank(alone).standings == rank(board).standings


@given(boards())
@settings(deadline=None, max_examples=40)
def test_a_sheet_read_from_its_document_gives_the_same_ranking(board: ScoreSheet) -> None:
    """Whoever holds the document holds the ranking."""
    again = ScoreSheet.from_document(board.to_document())

    assert again.to_document() == board.to_document()
    assert output(again) == output(board)


def brute_force(board: ScoreSheet) -> list[tuple[int, str, Decimal]]:
    """Rank, bid and total, by plain division with many digits and by counting who is better.

    Written without a line of the code under test: sums by hand, one quantize per criterion, and a
    rank that is one plus the number of bids with a better key.
    """
    wide = Context(prec=60)
    cent = Decimal("0.01")
    open_bids = [
        one
        for one in board.bids
        if one.exclusion is None and one.metric_values["benchmark"] >= Decimal("0.70")
    ]
    prices = {}
    for one in open_bids:
        kept = 10_000 - sum(deduction.bps for deduction in one.deductions)
        exact = wide.divide(Decimal((one.quote_fen or 0) * kept), Decimal(10_000))
        prices[one.id] = int(exact.quantize(Decimal(1), ROUND_HALF_UP, wide))
    keys: dict[str, tuple[object, ...]] = {}
    totals = {}
    for one in open_bids:
        given_marks = sorted(mark.value for mark in board.marks if mark.bid_id == one.id)
        if board.rubric.aggregation == Aggregation.MEDIAN:
            low = given_marks[(len(given_marks) - 1) // 2]
            mark = wide.divide(low + given_marks[len(given_marks) // 2], Decimal(2))
        else:
            mark = wide.divide(sum(given_marks, Decimal(0)), Decimal(len(given_marks)))
        reached = wide.divide(one.metric_values["benchmark"] - Decimal("0.70"), Decimal("0.20"))
        ratio = wide.divide(Decimal(min(prices.values())), Decimal(prices[one.id]))
        exact_points = {
            "plan": wide.multiply(wide.divide(mark, Decimal(100)), Decimal(40)),
            "benchmark": wide.multiply(min(reached, Decimal(1)), Decimal(40)),
            "price": wide.multiply(ratio, Decimal(20)),
        }
        points = {
            code: value.quantize(cent, ROUND_HALF_UP, wide) for code, value in exact_points.items()
        }
        totals[one.id] = sum(points.values(), Decimal(0))
        rules: dict[str, object] = {
            "lower_evaluated_price": prices[one.id],
            "higher_points_of:benchmark": -points["benchmark"],
            "earlier_receipt": one.received_at,
            "witnessed_draw": sha256(f"{board.draw_seed}:{one.id}".encode()).hexdigest(),
        }
        keys[one.id] = (-totals[one.id], *(rules[rule] for rule in board.rubric.tie_breaks))
    ranked = [
        (1 + sum(other < keys[one.id] for other in keys.values()), one.id, totals[one.id])
        for one in open_bids
    ]
    return sorted(ranked)


def random_board(seed: int) -> ScoreSheet:
    """A board of up to twelve bids whose figures come from small sets, so that ties abound."""
    chance = random.Random(seed)
    ids = [f"B{at:02d}" for at in range(chance.randint(1, 12))]
    coarse = chance.random() < 0.6
    labels = [f"J{at}" for at in range(chance.randint(1, 2 if coarse else 7))]
    accuracies = ["0.80", "0.90"] if coarse else ["0.69", "0.70", "0.80", "0.8333333", "0.90", "1"]
    quotes = [800_000, 1_000_000] if coarse else list(range(700_000, 1_300_000, 7_919))
    rates = [()] if coarse else [(), (1_000,), (400,), (1_000, 2_000)]
    bids = [
        bid(
            bid_id,
            chance.choice(quotes),
            *(Deduction(policy=f"p{bps}", bps=bps) for bps in chance.choice(rates)),
            accuracy=chance.choice(accuracies),
            exclusion=chance.choice([None, None, None, None, "non_responsive"]),
            received_at=f"2026-05-01T09:00:0{chance.randint(0, 3 if coarse else 9)}Z",
        )
        for bid_id in ids
    ]
    marks: list[Mark] = []
    for label in labels:
        values = ["80", "90"] if coarse else [str(chance.randint(0, 1000) / 10) for _ in range(9)]
        marks += marks_of(label, **{bid_id: chance.choice(values) for bid_id in ids})
    rules = ["lower_evaluated_price", "higher_points_of:benchmark", "earlier_receipt"]
    tie_breaks = chance.sample([*rules, "witnessed_draw"], chance.randint(0, 3))
    return sheet(
        *bids,
        yardstick=rubric(
            tie_breaks=tuple(tie_breaks),
            aggregation=chance.choice([Aggregation.MEAN, Aggregation.MEDIAN]),
        ),
        judges=tuple(Judge(label=label) for label in labels),
        marks=tuple(marks),
        draw_seed=f"seed {seed}",
    )


def flat(ranking: Ranking) -> list[tuple[int, str, Decimal]]:
    """Rank, bid and total of every standing."""
    return [(one.rank, one.bid_id, one.total) for one in ranking.standings]


def outcome(compute: Callable[[], object]) -> object:
    """What a computation gives, or the code by which it refuses."""
    try:
        return compute()
    except MarketplaceError as refusal:
        return refusal.code


def test_agrees_with_brute_force_on_hundreds_of_boards() -> None:
    """Four hundred random boards, many with ties: the same ranks and totals, bid for bid."""
    shared = broken = 0
    for seed in range(BOARDS):
        board = random_board(seed)
        expected = brute_force(board)
        found = outcome(lambda board=board: flat(rank(board)))  # type: ignore[misc]

        assert found == (expected or NotEnoughBids.code), f"board {seed}"
        ranks = [place[0] for place in expected]
        shared += len(set(ranks)) < len(ranks)
        broken += len({place[2] for place in expected}) < len(set(ranks))

    # The boards must contain what they are meant to test.
    assert shared > 40
    assert broken > 40
