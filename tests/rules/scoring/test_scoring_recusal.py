"""A recused judge's marks never count, whatever they were and whenever the judge left."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from marketplace.scenarios.rules.content import content_from
from marketplace.scoring.rules import marks as judging
from marketplace.scoring.rules.marks import Judge, Mark
from marketplace.scoring.rules.rubric import published_rubric
from tests.given import scoring as given_scoring

BIDS = ("a", "b", "c")
CONTENT = content_from(given_scoring.a_content(given_scoring.PLAN_AND_PRICE))
RUBRIC = published_rubric(CONTENT.to_document())
VALUES = st.decimals(0, 100, places=2)


@given(
    kept=st.lists(st.lists(VALUES, min_size=3, max_size=3), min_size=3, max_size=3),
    gone=st.lists(st.tuples(st.sampled_from(BIDS), VALUES), max_size=3, unique_by=lambda m: m[0]),
)
def test_whatever_a_recused_judge_marked_before_leaving_changes_nothing(
    kept: list[list[Decimal]], gone: list[tuple[str, Decimal]]
) -> None:
    """None, some or all of the bids: what counts is what those who sit gave, and all of it."""
    judges = [Judge(label="J1"), Judge(label="J2"), Judge(label="J3", recused=True)]
    judges.append(Judge(label="J3-2"))
    seated = ("J1", "J2", "J3-2")
    marks = [
        Mark(judge=judge, bid_id=bid, criterion="plan", value=value)
        for judge, values in zip(seated, kept, strict=True)
        for bid, value in zip(BIDS, values, strict=True)
    ]
    void = [Mark(judge="J3", bid_id=bid, criterion="plan", value=value) for bid, value in gone]

    counted = judging.counted(RUBRIC, judges=judges, bid_ids=BIDS, marks=[*void, *marks])

    assert counted == {
        (bid, "plan"): tuple(sorted(values[at] for values in kept)) for at, bid in enumerate(BIDS)
    }
