"""An export carries certainty and words of a round; none of it can be changed unseen."""

import copy
import json
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as Tree

import pytest

from marketplace.kit.digests import digest_of
from marketplace.scoring.rules.certainty.statement import state
from marketplace.scoring.rules.plots import canvas, judges, ranks, weights
from marketplace.scoring.rules.ranking import rank
from marketplace.scoring.rules.sampling import Sampling
from marketplace.scoring.rules.verification import export, parse, verify
from tests.rules.scoring.boards import full_sheet, leaves
from tests.rules.scoring.test_certainty_rounds import random_round

EXPORT: dict[str, Any] = export(
    replace(full_sheet(), certainty=Sampling(seed="seed 7", resamples=30, weight_draws=30))
)
FIRST = Path(__file__).with_name("first_version.json").read_bytes()
OF_CERTAINTY = [path for path in leaves(EXPORT) if path[0] in {"sensitivity", "panel"}]


def with_changed(path: tuple[str | int, ...]) -> dict[str, Any]:
    """The export with one value made another of its kind."""
    document = copy.deepcopy(EXPORT)
    inner: Any = document
    for key in path[:-1]:
        inner = inner[key]
    value = inner[path[-1]]
    if isinstance(value, bool):
        inner[path[-1]] = not value
    elif isinstance(value, int):
        inner[path[-1]] = value + 1
    elif isinstance(value, str):
        inner[path[-1]] = f"{value}0"
    else:
        del inner[path[-1]]
    return document


def test_a_true_export_is_equal_with_or_without_the_part_about_the_panel() -> None:
    """Whoever may not read about judges holds an export that verifies all the same."""
    without = {key: value for key, value in EXPORT.items() if not key.startswith("panel")}

    assert verify(EXPORT).equal
    assert verify(without).equal
    assert verify(EXPORT).sensitivity_digest == EXPORT["sensitivity_digest"]


def test_any_change_of_what_is_said_about_certainty_is_found() -> None:
    """Every figure of both documents, changed one after another."""
    undetected = [path for path in OF_CERTAINTY if verify(with_changed(path)).equal]

    assert len(OF_CERTAINTY) > 100
    assert undetected == []


@pytest.mark.parametrize("name", ["sensitivity", "panel"])
def test_a_forger_who_mends_the_digest_is_found_in_the_figures(name: str) -> None:
    """The figures follow from the sheet, whatever digest stands beside them."""
    document = copy.deepcopy(EXPORT)
    document[name]["bids"] = 99
    document[f"{name}_digest"] = digest_of(document[name])

    assert verify(document).first_difference == (
        f"/{name}/bids: the document says 99, computed is 3"
    )


def test_a_digest_without_its_document_is_a_difference() -> None:
    """Neither half may be taken away."""
    for name in ("sensitivity", "panel_digest", "explanations", "explanations_digest"):
        document = {key: value for key, value in EXPORT.items() if key != name}

        assert verify(document).first_difference is not None


def test_words_are_held_against_their_own_digest_only() -> None:
    """A better sentence with its digest verifies; a changed sentence alone does not."""
    better = copy.deepcopy(EXPORT)
    better["explanations"]["bids"]["A"]["zh"][0] = "另一种说法。"
    assert not verify(better).equal

    better["explanations_digest"] = digest_of(better["explanations"])
    assert verify(better).equal


def test_a_sheet_of_the_first_version_verifies_as_it_always_did() -> None:
    """A file written before certainty was stated: equal, and one changed digit is found."""
    document = parse(FIRST)
    assert json.loads(FIRST)["sheet"]["document"] == "jiebang.sheet/1"

    assert verify(document).equal
    changed = json.loads(FIRST)
    changed["sheet"]["marks"]["A"]["plan"]["J1"] = "81"
    assert not verify(changed).equal
    newer = json.loads(FIRST)
    newer["sheet"]["certainty"] = None
    assert not verify(newer).equal


class TestPlots:
    """Drawings made from the documents."""

    @pytest.mark.parametrize("english", [False, True])
    @pytest.mark.parametrize("seed", range(8))
    def test_is_whole_xml_without_script_and_always_the_same(
        self, seed: int, english: bool
    ) -> None:
        """Parsed as XML, nothing fetched, nothing run, the same bytes twice."""
        sheet = random_round(seed)
        found = rank(sheet)
        stated = state(sheet, found)
        standings = found.to_document()

        def drawn() -> list[bytes]:
            return [
                ranks.draw(standings, stated.sensitivity, english=english),
                weights.draw(sheet.to_document(), standings, stated.sensitivity, english=english),
                judges.draw(stated.panel, english=english),
            ]

        assert drawn() == drawn()
        for svg in drawn():
            names = {node.tag.rpartition("}")[2] for node in Tree.fromstring(svg).iter()}
            assert names <= {"svg", "title", "desc", "rect", "line", "circle", "text"}
            assert b"href" not in svg

    def test_a_name_that_is_markup_is_a_name(self) -> None:
        """A bidder called `<script>` is drawn, not run."""
        found = rank(full_sheet()).to_document()
        found["standings"][0]["bidder"] = '<script>alert("1")</script>'  # type: ignore[index]
        svg = ranks.draw(found, state(full_sheet(), rank(full_sheet())).sensitivity, english=True)

        assert b"<script>" not in svg
        assert b"&lt;script&gt;" in svg

    def test_texts_are_cut_and_broken_to_fit(self) -> None:
        """No line is wider than asked, and no Chinese line begins with a comma."""
        text = "重抽样一千次,颜色越深,落在该名次的次数越多;方框为中间九成区间。"
        lines = canvas.wrapped(text, 120)

        assert "".join(lines) == text
        assert all(canvas.width_of(line) <= 120 + 28 for line in lines)
        assert not any(line[0] in ",;。" for line in lines)
        assert canvas.fitted("Shenzhen Artificial Intelligence", 100).endswith("…")
        assert canvas.width_of(canvas.fitted("氐宿边缘感知科技有限公司", 100)) <= 100
