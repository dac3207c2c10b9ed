"""The shipped vocabulary is whole, and the shipped declarations and wishes use its words."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from marketplace.board.errors import CapabilityUnknown, VocabularyMalformed
from marketplace.board.rules import facets
from marketplace.board.rules.matching import (
    DOMAIN_PREFIX,
    CapabilityGroup,
    check_known,
    match,
    wanted_by,
    word_from,
)
from tests.given.profiles import SEEDS
from tests.given.scenarios import a_content, seed_names


def shipped(name: str) -> dict[str, Any]:
    """One file of the seeds."""
    return tomllib.loads((Path(SEEDS) / name).read_text(encoding="utf-8"))


def test_every_group_and_every_domain_of_a_scenario_has_a_word() -> None:
    """Otherwise a call of that domain could not look for those who know it."""
    words = [word_from(one) for one in shipped("vocabulary/capabilities.toml")["capabilities"]]
    codes = {word.code for word in words}

    assert len(codes) == len(words)
    assert {word.group for word in words} == set(CapabilityGroup)
    assert {DOMAIN_PREFIX + a_content(name)["domain"] for name in seed_names()} <= codes


def test_shipped_listings_and_wishes_use_known_words() -> None:
    """A word that is not in the vocabulary would stop the loading of the seeds."""
    known = {one["code"] for one in shipped("vocabulary/capabilities.toml")["capabilities"]}
    board = shipped("board.toml")

    for entry in [*board["listings"], *board["wishes"]]:
        assert check_known(entry["codes"], known)


@pytest.mark.parametrize(
    "change",
    [
        {"code": ""},
        {"group": "fame"},
        {"name": {"zh": "只有中文"}},
        {"name": "speech"},
        {"code": "domain_speech"},
        {"group": "domain"},
    ],
)
def test_half_a_word_is_refused(change: dict[str, Any]) -> None:
    """Code, group and both names; only domains are called domains."""
    whole = {"code": "speech", "group": "base_technology", "name": {"zh": "语音", "en": "Speech"}}

    with pytest.raises(VocabularyMalformed):
        word_from(whole | change)


def test_a_match_needs_a_shared_word_and_names_all_of_them() -> None:
    """Nothing shared is no match, whatever else a solver can do."""
    wanted = wanted_by("health", ["speech", "optimisation"])

    assert match(wanted, ["compute_rental"]) is None
    found = match(wanted, ["optimisation", "domain_health", "compute_rental"])
    assert found is not None
    assert (found.shared, found.wanted) == (("domain_health", "optimisation"), 3)
    with pytest.raises(CapabilityUnknown):
        check_known(["fame"], wanted)


@pytest.mark.parametrize("words", [[], ["api"], ["download", "api", "api"]])
def test_words_in_one_column_come_back_sorted_and_once(words: list[str]) -> None:
    """What is listed can be read, and a filter finds a whole word only."""
    column = facets.listed(words)

    assert facets.words(column) == tuple(sorted(set(words)))
    assert all(f",{word}," in column for word in words)
    assert ",ap," not in column
