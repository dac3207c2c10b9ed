"""What a dataset promises and what was measured of it, worked by hand at every edge."""

import datetime as dt
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.solicitations.rules import data_readiness as data
from marketplace.solicitations.rules.data_readiness import Measured, measured_from
from tests.given.readiness import (
    HIDDEN,
    IN_TWO_FILES,
    OPEN,
    TODAY,
    a_profile,
    a_scenario,
    delivered,
)

FULL = Measured(completeness=Fraction(1))


@st.composite
def profiles(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Some files of one version, all with a label or none."""
    labelled = draw(st.booleans())
    return [
        a_profile(
            rows := draw(st.integers(1, 1_000)),
            draw(st.integers(1, 5)),
            missing=draw(st.integers(0, rows)),
            label_bps=draw(st.integers(0, 10_000)) if labelled else None,
            newest_on=draw(st.sampled_from([None, "2024-02-29", "2026-03-31", "2026-02-31"])),
        )
        for _ in range(draw(st.integers(1, 4)))
    ]


@pytest.mark.parametrize(
    ("newest_on", "points"),
    [
        ("2025-03-31", 20),
        ("2025-04-01", 30),
        ("2026-04-01", 30),
        ("2026-04-02", 20),
        ("9999-12-31", 20),
        ("2026-02-31", 20),
        ("0000-01-01", 20),
        (None, 20),
    ],
)
def test_fresh_are_data_of_the_last_365_days(newest_on: str | None, points: int) -> None:
    """Both ends count; a day to come, one that no calendar has, or none at all is not fresh."""
    found = measured_from([a_profile(10, 2, missing=0, newest_on=newest_on)], dated=True)

    assert data.measured_points(found, on=TODAY) == points


def test_what_names_no_column_follows_completeness() -> None:
    """Half of the values missing gives half of all three; a label column without labels gives none
    of its ten.
    """
    half = a_profile(4, 1, missing=2)
    empty_labels = a_profile(4, 1, missing=2, label_bps=0)

    assert data.measured_points(measured_from([half], dated=False), on=TODAY) == 15
    assert data.measured_points(measured_from([empty_labels], dated=False), on=TODAY) == 10


def test_nothing_measured_is_worth_nothing_and_costs_nothing_else() -> None:
    """No profile, no rows, rows without a single column: the promise alone is left."""
    no_columns = a_profile(3, 0, missing=0)

    assert measured_from([], dated=True) is None
    assert data.measured_points(None, on=TODAY) == 0
    assert data.measured_points(measured_from([no_columns], dated=True), on=TODAY) == 0
    content = a_scenario("utilities", [OPEN, HIDDEN], gov_bps=0)
    assert data.data_readiness(content.datasets, {}, on=TODAY) == Fraction(70 + 25, 2)


def test_data_of_another_code_do_not_count() -> None:
    """What was delivered for a dataset that the content does not name any more is nobody's."""
    content = a_scenario("utilities", [OPEN], gov_bps=0)

    assert data.data_readiness(content.datasets, delivered(HIDDEN, *IN_TWO_FILES), on=TODAY) == 70
    assert data.data_readiness(content.datasets, {OPEN["code"]: FULL}, on=TODAY) == 100
    assert data.data_readiness((), {OPEN["code"]: FULL}, on=TODAY) == 0


@given(profiles(), st.booleans())
def test_measured_points_stay_within_their_thirty(files: list[dict[str, Any]], dated: bool) -> None:
    """Whatever was counted, exactly, and in whatever order the files are read."""
    found = measured_from(files, dated=dated)
    points = data.measured_points(found, on=TODAY)

    assert isinstance(points, Fraction)
    assert 0 <= points <= data.MEASURED_POINTS
    assert measured_from(files[::-1], dated=dated) == found


@given(profiles(), st.booleans())
def test_more_missing_values_never_pay(files: list[dict[str, Any]], dated: bool) -> None:
    """With every value of one column gone, a delivery is worth no more than before."""
    worse = [
        file | {"columns": [column | {"missing": file["rows"]} for column in file["columns"]]}
        for file in files
    ]
    before, after = (
        data.measured_points(measured_from(one, dated=dated), on=TODAY) for one in (files, worse)
    )

    assert after <= before


@given(profiles(), st.booleans(), st.integers(2, 5))
def test_a_delivery_is_worth_the_same_in_one_file_and_in_several(
    files: list[dict[str, Any]], dated: bool, times: int
) -> None:
    """The same files several times over have the same shares."""
    assert measured_from(files * times, dated=dated) == measured_from(files, dated=dated)


def test_the_day_of_the_ranking_decides_and_not_the_day_of_asking() -> None:
    """One day later the same delivery has lost its ten points for freshness."""
    (found,) = delivered(OPEN, *IN_TWO_FILES, dated=True).values()
    later = TODAY + dt.timedelta(days=1)

    assert data.measured_points(found, on=TODAY) == Fraction("25.25")
    assert data.measured_points(found, on=later) == Fraction("15.25")
