"""The results that are kept are those of the benchmarks that there are."""

import importlib
from pathlib import Path
from typing import Final

import msgspec

from benchmarks.__main__ import LATEST, MODULES
from benchmarks.harness import Row, row_of

FIELDS: Final = {
    *("name", "database", "ratio", "goal", "better", "ours", "floor", "unit", "rounds", "spread")
}


class Results(msgspec.Struct, forbid_unknown_fields=True):
    """The whole file."""

    machine: dict[str, object]
    seconds: int
    rows: list[Row]


def test_the_results_have_their_form() -> None:
    """Every row is complete, its database known, its rounds counted, no name twice."""
    found = msgspec.json.decode(LATEST.read_bytes(), type=Results)

    assert {"cores", "python", "load", "seed", "board_entries"} <= set(found.machine)
    assert found.rows
    assert set(Row.__dataclass_fields__) == FIELDS
    assert {row.database for row in found.rows} == {"sqlite", "postgres", "none"}
    assert all(row.rounds >= 1 and row.spread >= 0 and row.floor > 0 for row in found.rows)
    places = [(row.name, row.database) for row in found.rows]
    assert len(set(places)) == len(places)


def test_every_named_benchmark_is_in_the_results() -> None:
    """A module that is added is run before it is merged; a name that is gone leaves the file."""
    found = msgspec.json.decode(LATEST.read_bytes(), type=Results)
    named = {
        name for module in MODULES for name in importlib.import_module(f"benchmarks.{module}").NAMES
    }

    assert {row.name for row in found.rows} == named


def test_every_module_of_the_folder_is_run() -> None:
    """No benchmark lies about unused."""
    folder = Path(LATEST).parent.parent
    there = {path.stem for path in folder.glob("*.py")} - {
        "__init__",
        "__main__",
        "harness",
        "seeding",
        "sink",
        "bad_sink",
    }

    assert there == set(MODULES)


def test_a_row_holds_medians_and_says_whether_its_goal_was_met() -> None:
    """Ratios of the rounds, not the ratio of the medians; both directions."""
    row = row_of("x", [(1.0, 2.0), (3.0, 1.0), (2.0, 2.0)], goal=1.0, unit="s")

    assert (row.ratio, row.ours, row.floor, row.spread) == (1.0, 2.0, 2.0, 2.5)
    assert row.passed
    assert not row_of("x", [(3.0, 2.0)], goal=1.0, unit="s").passed
    assert row_of("x", [(3.0, 2.0)], goal=1.0, unit="s", better="higher").passed
