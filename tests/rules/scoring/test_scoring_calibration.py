"""Calibration: severity and spread of a judge are taken out, the order of a judge is kept."""

from decimal import Decimal
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from marketplace.scoring.rules import calibration
from marketplace.scoring.rules.marks import Judge
from marketplace.scoring.rules.ranking import rank
from marketplace.scoring.rules.rubric import Aggregation
from tests.rules.scoring.boards import bid, marks_of, plan, rubric, sheet

ONE_PLAN = rubric(plan(10_000), aggregation=Aggregation.CALIBRATED)


def given_by(**by_judge: dict[str, str]) -> dict[str, dict[str, Decimal]]:
    """Marks by bid and judge."""
    bids = {bid_id for own in by_judge.values() for bid_id in own}
    return {
        bid_id: {judge: Decimal(own[bid_id]) for judge, own in by_judge.items()} for bid_id in bids
    }


def test_two_judges_who_agree_but_for_severity_and_spread_give_the_same_marks() -> None:
    """J2 gives 20 less and spreads half as far: calibrated, both say the same."""
    found = calibration.calibrated(
        plan(),
        given_by(J1={"A": "90", "B": "70", "C": "80"}, J2={"A": "65", "B": "55", "C": "60"}),
    )

    assert found["A"]["J1"] == found["A"]["J2"]
    assert found["C"] == {"J1": Decimal(70), "J2": Decimal(70)}
    assert found["A"]["J1"] > found["C"]["J1"] > found["B"]["J1"]


def test_a_judge_who_gives_everybody_the_same_decides_nothing() -> None:
    """A spread of nought divides nothing: the panel's mean stands for all of their marks."""
    found = calibration.calibrated(
        plan(), given_by(J1={"A": "80", "B": "60"}, J2={"A": "50", "B": "50"})
    )

    assert found["A"]["J2"] == found["B"]["J2"] == Decimal(60)
    assert found["A"]["J1"] > found["B"]["J1"]


def test_the_severe_judge_of_one_bid_no_longer_decides() -> None:
    """By the mean the spreading judge decides; calibrated, the two who agree do."""
    marks = (
        *marks_of("J1", A="71", B="70"),
        *marks_of("J2", A="82", B="80"),
        *marks_of("J3", A="20", B="90"),
    )
    judges = tuple(Judge(label=label) for label in ("J1", "J2", "J3"))
    bids = (bid("A", None, accuracy=None), bid("B", None, accuracy=None))

    by_mean = sheet(*bids, yardstick=rubric(plan(10_000)), judges=judges, marks=marks)
    calibrated = sheet(*bids, yardstick=ONE_PLAN, judges=judges, marks=marks)

    assert [one.bid_id for one in rank(by_mean).standings] == ["B", "A"]
    assert [one.bid_id for one in rank(calibrated).standings] == ["A", "B"]
    words = rank(calibrated).standings[0].explanation
    assert "校准" in words.zh[1]
    assert "severity" in words.en[1]


@given(
    st.lists(st.lists(st.integers(0, 100), min_size=3, max_size=3), min_size=2, max_size=5),
)
@settings(deadline=None, max_examples=60)
def test_calibrated_marks_stay_on_their_scale_and_in_the_order_of_their_judge(
    rows: list[list[int]],
) -> None:
    """Within 0 to 100, never turning round what one judge thinks; means are those of the panel."""
    by_judge = {
        f"J{at}": {"ABC"[bid_at]: str(mark) for bid_at, mark in enumerate(row)}
        for at, row in enumerate(rows)
    }

    found = calibration.calibrated(plan(), given_by(**by_judge))

    for judge, own in by_judge.items():
        for a in "ABC":
            assert 0 <= found[a][judge] <= 100
            for b in "ABC":
                if int(own[a]) > int(own[b]):
                    assert found[a][judge] >= found[b][judge]


def test_the_root_of_the_spread_is_rounded_to_eighteen_places() -> None:
    """Marks 0, 0, 3: mean 1, spread the root of two."""
    assert calibration.mean_and_spread([Fraction(0), Fraction(0), Fraction(3)]) == (
        Fraction(1),
        Fraction(Decimal("1.414213562373095049")),
    )
