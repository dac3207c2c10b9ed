"""One pass over a file gives what each part of it gives by itself."""

import os
import random
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from marketplace.kit.workbench import Files, Shelf
from marketplace.scoring.rules import dealing, measuring, numbers, outcomes
from marketplace.scoring.rules.metrics import registry as metrics
from marketplace.scoring.rules.metrics.samples import Column, Sample
from marketplace.scoring.rules.row_groups import Statistic, value_of_mean
from marketplace.scoring.rules.splits import Split

KEY = bytes(range(16))
ROWS = 400
SPLIT = Split(public_share_bps=3000, key=KEY)


def work(folder: Path, truth: str, sent: str, **facts: Any) -> tuple[dict[str, Any], bytes]:
    """What a worker answers about two files."""
    named = {"truth": truth, "sent": sent}
    for name, text in named.items():
        (folder / name).write_text(text, encoding="utf-8")
    files = Files({name: os.open(folder / name, os.O_RDONLY) for name in named})
    task = {
        "kind": "measure",
        "truth_key": "one",
        "public_share_bps": 3000,
        "split_key": KEY.hex(),
        "slices": ["district", "season"],
        "outcomes": True,
    }
    answered = measuring.work(task | facts, files, Shelf())
    files.close()
    return answered


@pytest.mark.parametrize("spec", ["accuracy", "macro_f1", "mcc", "mae", "rmse", "spearman"])
def test_sides_and_slices_are_what_their_rows_give_alone(tmp_path: Path, spec: str) -> None:
    """Public, private, and every slice of each, against the metric on exactly those rows."""
    chance = random.Random(spec)
    ids = [f"r{at}" for at in range(ROWS)]
    truth = {one: chance.choice("123") for one in ids}
    said = {one: chance.choice("123") for one in ids}
    kinds = {one: (chance.choice("甲乙"), chance.choice("ab")) for one in ids}
    shuffled = chance.sample(ids, ROWS)
    answer, document = work(
        tmp_path,
        "id,label,district,season\n"
        + "".join(f"{one},{truth[one]},{','.join(kinds[one])}\n" for one in ids),
        "id,prediction\n" + "".join(f"{one},{said[one]}\n" for one in shuffled),
        metric=spec,
    )

    def alone(rows: list[str]) -> str:
        found = metrics.measure(
            spec,
            truth={one: truth[one] for one in rows},
            predicted={one: said[one] for one in rows},
        )
        return numbers.plain(found)

    public = dict(zip(ids, SPLIT.is_public(ids), strict=True))
    for side, told in answer["sides"].items():
        assert told["value"] == alone([one for one in ids if public[one] == (side == "public")])
    assert len(answer["slices"]) == 8
    for told in answer["slices"]:
        place = ["district", "season"].index(told["column"])
        rows = [
            one
            for one in ids
            if kinds[one][place] == told["slice"] and public[one] == (told["side"] == "public")
        ]
        assert (told["rows"], told["value"]) == (len(rows), alone(rows))
    assert bool(document) is (spec in {"accuracy", "mae", "rmse"})
    if document:
        told = outcomes.read(document)
        decisive = answer["sides"]["private"]
        assert told.rows == sum(dealing.sizes_of(told.rows)) == decisive["rows"]
        value = value_of_mean(Statistic(str(told.statistic)), told.mean())
        assert numbers.plain(value) == decisive["value"]


def test_outcomes_of_two_files_are_pairs(tmp_path: Path) -> None:
    """The same row is in the same group, whatever order the files were in."""
    truth = "id,label,district,season\n" + "".join(f"{one},1,d,s\n" for one in "abcdefgh")
    right, wrong = "id,prediction\n", "id,prediction\n"
    right += "".join(f"{one},1\n" for one in "hgfedcba")
    wrong += "".join(f"{one},{int(one != 'b')}\n" for one in "abcdefgh")
    facts = {"metric": "accuracy", "public_share_bps": 0, "split_key": ""}

    first = outcomes.read(work(tmp_path, truth, right, **facts)[1])
    second = outcomes.read(work(tmp_path, truth, wrong, **facts)[1])

    assert first.sums == (1,) * 8
    assert sorted(second.sums) == [0, *(1,) * 7]
    assert second.sums[dealing.dealt(8).group_of[1]] == 0
    assert second.mean() * 8 == 7


@pytest.mark.parametrize("kept", [False, True])
def test_a_quick_match_is_the_slow_one(kept: bool) -> None:
    """Over all rows, and over those that decide."""
    chance = random.Random(5)
    ids = [str(at) for at in range(ROWS)]
    meant, named = ([chance.choice("ab") for _ in ids] for _ in range(2))
    keep = [chance.random() < 0.5 for _ in ids] if kept else [True] * ROWS
    truth = pl.Series(meant)
    prepared = measuring.Prepared(
        pl.Series(ids), Column.of(ids), truth, Column.of(meant), [], {}, None
    )

    quick = prepared.sample(pl.Series(named)).kept(keep).matches()

    assert list(quick) == list(Sample.of(ids, meant, named).kept(keep).matches())
    assert 0 < sum(quick) < len(quick)


def test_the_share_of_public_rows_is_near_what_was_asked_for() -> None:
    """And another key makes another choice."""
    ids = [str(at) for at in range(20_000)]
    sides = SPLIT.is_public(ids)
    others = Split(public_share_bps=3000, key=KEY[::-1]).is_public(ids)

    assert 0.28 < sum(sides) / len(ids) < 0.32
    assert 0.07 < sum(a and b for a, b in zip(sides, others, strict=True)) / len(ids) < 0.11


def test_a_refusal_is_an_answer(tmp_path: Path) -> None:
    """What is wrong with the file leaves the worker as code and facts."""
    truth = "id,label,district,season\na,1,d,s\n"

    answer, _ = work(tmp_path, truth, "id,prediction\nb,1\n", metric="accuracy")

    assert answer["refused"] == "scoring.prediction_ids_differ"
    assert answer["facts"]["missing"] == ["a"]
    assert answer["facts"]["extra"] == ["b"]


def test_a_metric_of_endpoints_is_not_taken_from_a_file(tmp_path: Path) -> None:
    """A solver cannot state their own latency."""
    truth = "id,label,district,season\na,1,d,s\n"
    sent = "id,milliseconds\na,1\n"

    answer, _ = work(tmp_path, truth, sent, metric="latency_percentile:0.5")

    assert answer["refused"] == "scoring.metric_not_of_files"
