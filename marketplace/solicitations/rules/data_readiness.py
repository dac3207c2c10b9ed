"""How ready data are: what a dataset promises, and what was measured of the files delivered for it.

A promise alone is worth 70 of 100 points.  The other 30 are for what the platform itself counted in
the files of the newest version that can no longer be changed, so they cannot be claimed.
Source   docs/algorithms/readiness.md, with five proposals worked by hand.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

from marketplace.kit.money import BPS_WHOLE
from marketplace.scenarios.rules.content import Dataset
from marketplace.scoring.rules import numbers

OPENNESS_POINTS: Final = {"unconditional": 30, "conditional": 20, "not_open": 0}
ACCESS_POINTS: Final = {
    "download": 20,
    "api": 20,
    "sandbox_only": 15,
    "enclave_only": 10,
    "hidden_test": 5,
}
BASIS_POINTS: Final = 10
"""For a stated legal basis."""
LICENCE_POINTS: Final = 10
"""For a stated licence."""
PROMISE_POINTS: Final = 70
MEASURE_POINTS: Final = 10
"""For each of the three measures: completeness, labels, freshness."""
MEASURED_POINTS: Final = 3 * MEASURE_POINTS
FRESH_DAYS: Final = 365
WORDS_PLACES: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What was computed of the files of one version of a dataset, taken together row by row."""

    completeness: Fraction
    """The share of values that are there, 0..1, as a mean over the rows."""
    label_coverage: Fraction | None = None
    """The share of rows with a label, 0..1; None where the manifest names no label column."""
    dated: bool = False
    """Whether the manifest names a date column."""
    newest_on: dt.date | None = None
    """The newest date found; None also where the date column holds none."""


def measured_from(profiles: Sequence[Mapping[str, Any]], *, dated: bool) -> Measured | None:
    """Take the profiles of the files of one version together; no rows: None.

    Shape    profiles as `datasets.rules.profile` writes them, in any order.
    """
    rows = sum(one["rows"] for one in profiles)
    if not rows:
        return None
    coverages = [(one["label_coverage_bps"], one["rows"]) for one in profiles]
    labelled = None
    if all(bps is not None for bps, _ in coverages):
        labelled = Fraction(sum(bps * count for bps, count in coverages), BPS_WHOLE * rows)
    days = [day for one in profiles if (day := _day(one["newest_on"])) is not None]
    return Measured(
        completeness=sum((_filled_rows(one) for one in profiles), Fraction(0)) / rows,
        label_coverage=labelled,
        dated=dated,
        newest_on=max(days, default=None),
    )


def _filled_rows(profile: Mapping[str, Any]) -> Fraction:
    """Count the rows of a file, each by the share of its values that are there."""
    columns = profile["columns"]
    if not columns:
        return Fraction(0)
    rows, missing = Fraction(profile["rows"]), sum(column["missing"] for column in columns)
    return rows - Fraction(missing, len(columns))


def _day(text: str | None) -> dt.date | None:
    try:
        return None if text is None else dt.date.fromisoformat(text)
    except ValueError:
        # A profile knows a date by its form; the 31st of February has it and is no day.
        return None


def promised_points(one: Dataset) -> int:
    """Value what a dataset's manifest promises, 0..70."""
    return (
        OPENNESS_POINTS.get(one.openness, 0)
        + ACCESS_POINTS.get(one.access, 0)
        + (BASIS_POINTS if one.legal_basis.strip() else 0)
        + (LICENCE_POINTS if one.licence.strip() else 0)
    )


def measured_points(found: Measured | None, *, on: dt.date) -> Fraction:
    """Value what was measured, 0..30; nothing measured: 0.

    Units    ten points each for completeness, labels and freshness on the day of the ranking.  What
             the manifest names no column for cannot be told, and follows completeness.
    """
    if found is None:
        return Fraction(0)
    labels = found.completeness if found.label_coverage is None else found.label_coverage
    fresh = Fraction(_is_fresh(found.newest_on, on)) if found.dated else found.completeness
    return MEASURE_POINTS * (found.completeness + labels + fresh)


def _is_fresh(newest_on: dt.date | None, on: dt.date) -> bool:
    # A day still to come proves nothing of when the data were taken.
    return newest_on is not None and 0 <= (on - newest_on).days <= FRESH_DAYS


def data_readiness(
    datasets: Sequence[Dataset], measured: Mapping[str, Measured], *, on: dt.date
) -> Fraction:
    """Take the mean over the datasets of what each promises and what was measured of it; none: 0.

    Shape    `measured` by the code of the dataset; what the content does not name does not count.
    Units    points of 100.
    """
    if not datasets:
        return Fraction(0)
    points = (
        promised_points(one) + measured_points(measured.get(one.code), on=on) for one in datasets
    )
    return sum(points, Fraction(0)) / len(datasets)


def words(one: Dataset, found: Measured | None, *, on: dt.date) -> tuple[str, str]:
    """Say in Chinese and English what one dataset was given, and for what."""
    promised = promised_points(one)
    zh = f"数据集 {one.code}:承诺得 {promised} 分(满分 {PROMISE_POINTS})"
    en = f"Dataset {one.code}: {promised} of {PROMISE_POINTS} for what is promised"
    if found is None:
        return (
            f"{zh};没有已封存或已发布并完成剖析的数据,实测得 0 分(满分 {MEASURED_POINTS})。",
            f"{en}; no sealed or published data with a profile, so nothing measured: "
            f"0 of {MEASURED_POINTS}.",
        )
    points = _shown(measured_points(found, on=on))
    full = _percent(found.completeness)
    zh = f"{zh};实测得 {points} 分(满分 {MEASURED_POINTS}):完整率 {full}%"
    en = f"{en}; {points} of {MEASURED_POINTS} for what was measured: {full} % of values are there"
    if found.label_coverage is not None:
        share = _percent(found.label_coverage)
        zh, en = f"{zh},标注率 {share}%", f"{en}, {share} % of rows are labelled"
    if found.dated:
        newest = found.newest_on
        zh = f"{zh},最新日期 {'无' if newest is None else newest.isoformat()}"
        en = f"{en}, newest date {'none' if newest is None else newest.isoformat()}"
    return f"{zh}。", f"{en}."


def _percent(share: Fraction) -> str:
    return _shown(100 * share)


def _shown(value: Fraction) -> str:
    return numbers.plain(numbers.half_up(value, WORDS_PLACES))
