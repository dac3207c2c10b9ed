"""Scenarios and deliveries of data as a ranking by readiness sees them, without a database."""

import datetime as dt
from typing import Any

from marketplace.scenarios.rules.content import Content, content_from
from marketplace.solicitations.rules.data_readiness import Measured, measured_from
from tests.given.scenarios import a_content

TODAY = dt.date(2026, 4, 1)
"""The day of the ranking."""


def a_dataset(openness: str, access: str, *, legal_basis: str = "公共数据") -> dict[str, Any]:
    """A dataset with a licence."""
    return {
        "code": f"d_{openness}_{access}",
        "name": {"zh": "数据"},
        "size": "1",
        "format": "csv",
        "openness": openness,
        "access": access,
        "personal_data": False,
        "legal_basis": legal_basis,
        "licence": "仅限本榜单使用",
    }


def a_scenario(
    domain: str, datasets: list[dict[str, Any]], *, gov_bps: int, phase_fen: int = 100_000
) -> Content:
    """A scenario of 1,000 yuan in one phase, with two measurable targets."""
    shares = {"gov": gov_bps, "poster": 10_000 - gov_bps, "solver": 0}
    return content_from(
        a_content(
            domain=domain,
            datasets=datasets,
            no_dataset=not datasets,
            budget={"ceiling_fen": 100_000},
            cost_share=[
                {
                    "code": "P1",
                    "title": {"zh": "试点"},
                    "ceiling_fen": phase_fen,
                    "ok_bps": shares,
                    "blameless_fail_bps": shares,
                }
            ],
            acceptance=[
                {"metric": name, "op": ">=", "value": "0.9", "method": "hidden_test"}
                for name in ("recall", "precision")
            ],
        )
    )


OPEN = a_dataset("unconditional", "download")
SANDBOX = a_dataset("conditional", "sandbox_only")
HIDDEN = a_dataset("not_open", "hidden_test")
BASELINES = {"recall": "0.6", "precision": "0.5"}
NO_BASIS = a_dataset("conditional", "sandbox_only", legal_basis=" ")


def a_profile(
    rows: int,
    columns: int,
    *,
    missing: int,
    label_bps: int | None = None,
    newest_on: str | None = None,
) -> dict[str, Any]:
    """The profile of a file that lacks some values in its last column."""
    names = [f"c{number}" for number in range(columns)]
    return {
        "rows": rows,
        "columns": [
            {"name": name, "type": "text", "missing": missing if name == names[-1] else 0}
            for name in names
        ],
        "label_coverage_bps": label_bps,
        "paired_bps": None,
        "newest_on": newest_on,
        "undeclared_columns": [],
        "absent_columns": [],
    }


def delivered(
    dataset: dict[str, Any], *profiles: dict[str, Any], dated: bool = False
) -> dict[str, Measured]:
    """What was measured of the files of one dataset."""
    found = measured_from(profiles, dated=dated)
    assert found is not None
    return {dataset["code"]: found}


IN_TWO_FILES = (
    a_profile(300, 4, missing=120, label_bps=8_000, newest_on="2025-03-31"),
    a_profile(100, 2, missing=80, label_bps=4_000, newest_on="2025-04-01"),
)
