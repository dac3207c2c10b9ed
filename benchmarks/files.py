"""Prediction files: a million rows against a Polars script, and ten thousand rows by the clock.

The script joins by id and takes the accuracy, nothing else.  Ours is what a worker does: it refuses
what is wrong, splits public from private rows, and measures both.
"""

import os
import random
from pathlib import Path
from typing import Any, Final

import polars as pl

from benchmarks.harness import SEED, Bench, Row, row_of, seconds
from marketplace.kit.workbench import Files, Shelf
from marketplace.scoring.rules import measuring

NAMES = (
    "file_of_a_million_rows",
    "files_measured_by_one_worker",
)
ROWS: Final = 1_000_000
SMALL: Final = 10_000
PER_SECOND: Final = 10
"""How many files of ten thousand rows are wanted in a second."""


def written(folder: Path, rows: int) -> dict[str, Path]:
    """Truth and predictions of this many rows, in different orders."""
    chance = random.Random(SEED)
    ids = [f"r{at}" for at in range(rows)]
    paths = {"truth": folder / f"truth{rows}.csv", "sent": folder / f"sent{rows}.csv"}
    for (name, path), column in zip(paths.items(), ("label", "prediction"), strict=True):
        chance.shuffle(ids)
        frame = pl.DataFrame({"id": ids, column: [chance.choice("abc") for _ in ids]})
        frame.write_csv(path)
        assert name in paths
    return paths


def measured(paths: dict[str, Path], shelf: Shelf) -> dict[str, Any]:
    """What a worker answers about a file."""
    files = Files({name: os.open(path, os.O_RDONLY) for name, path in paths.items()})
    task = {
        "kind": "measure",
        "metric": "accuracy",
        "truth_key": str(paths["truth"]),
        "public_share_bps": 3000,
        "split_key": bytes(16).hex(),
        "slices": [],
        "outcomes": False,
    }
    answer, _ = measuring.work(task, files, shelf)
    files.close()
    assert "refused" not in answer, answer
    return answer


def by_hand(paths: dict[str, Path], truth: pl.DataFrame) -> float:
    """The same join and metric, as one would write it."""
    sent = pl.read_csv(paths["sent"], infer_schema=False)
    both = truth.join(sent, on="id", how="inner", validate="1:1")
    found = both.select((pl.col("label") == pl.col("prediction")).mean()).item()
    assert both.height == truth.height
    return float(found)


async def rows(bench: Bench) -> list[Row]:
    """Both keep the truth between files, as a worker does."""
    paths = written(bench.folder, ROWS)
    truth = pl.read_csv(paths["truth"], infer_schema=False)
    shelf = Shelf()

    async def ours() -> object:
        return measured(paths, shelf)

    async def floor() -> object:
        return by_hand(paths, truth)

    small = written(bench.folder, SMALL)

    async def ten_thousand() -> object:
        return measured(small, shelf)

    await ten_thousand()
    rates = [(1 / await seconds(ten_thousand), float(PER_SECOND)) for _ in range(21)]
    return [
        await bench.compare("file_of_a_million_rows", ours, floor, goal=1.5, rounds=5),
        row_of("files_measured_by_one_worker", rates, goal=1.0, unit="1/s", better="higher"),
    ]
