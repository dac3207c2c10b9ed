"""Boards made ready to be changed in one thing, for the tests of certainty."""

from marketplace.scoring.rules import ranking
from marketplace.scoring.rules.certainty.order import Field
from marketplace.scoring.rules.marks import Judge
from marketplace.scoring.rules.sheet import ScoreSheet
from tests.rules.scoring.boards import (
    bid,
    marks_of,
    plan,
    rubric,
    sheet,
)

SEED = "closing index 3021.55"


def field_of(board: ScoreSheet) -> Field:
    """The bids of a board, ready to be changed."""
    bids = ranking.staying_in(board)
    return Field.of(
        ranking.assess(
            board.rubric, bids, given=ranking.given_to(board, bids), seed=board.draw_seed
        )
    )


def judged(marks: dict[str, dict[str, str]], **options: object) -> ScoreSheet:
    """A board of one plan, marked by several judges."""
    names = sorted(next(iter(marks.values())))
    return sheet(
        *(bid(name, None, accuracy=None) for name in names),
        yardstick=rubric(plan(10_000), **options),  # type: ignore[arg-type]
        judges=tuple(Judge(label=label) for label in marks),
        marks=tuple(mark for label, own in marks.items() for mark in marks_of(label, **own)),
    )
