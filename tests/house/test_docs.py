"""The papers of the house tell of this house: made from the code, or checked against it."""

import dataclasses
import doctest
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import click
import pytest

from marketplace.cli import main as jiebang
from marketplace.events.rules.envelope import Event
from marketplace.kit.errors import MarketplaceError
from marketplace.kit.lifecycle import Lifecycle
from marketplace.settings import PREFIX, Settings
from marketplace.wire.problems import TITLES_OF_STATUS, status_of
from tests.house import pages, source
from tests.house.paper import REFRESH
from tests.house.source import ROOT, listing, text_of

CHINESE: Final = re.compile("[\u4e00-\u9fff]")
CODE: Final = re.compile(r"[a-z]+(?:_[a-z]+)*\.[a-z0-9]+(?:_[a-z0-9]+)*")
DECISION_LINES_MAX: Final = 40
DECISION_PARTS: Final = ("Context", "Decision", "Consequences", "Alternatives", "Where", "Test")

BORROWED_CODES: Final = {
    "funding.insufficient": "what is short is a funder's money; the ledger only finds it out",
}
"""Codes that do not begin with the room that raises them, each with the reason."""

LINK: Final = re.compile(r"\]\((?!https?:|mailto:|#)([^)#\s]+)")
PATH: Final = re.compile(
    r"`((?:marketplace|tests|docs|seeds|migrations|benchmarks)/[\w./-]*[\w/])`"
)
VARIABLE: Final = re.compile(rf"\b{PREFIX}([A-Z_]+[A-Z])\b")
COMMAND: Final = re.compile(r"(?:^\s*|`|\$ |bin/)jiebang ([a-z][a-z-]*)\b", re.MULTILINE)


TEST_NAME: Final = re.compile(r"`(test_[a-z0-9_]+)`")


def papers() -> list[Path]:
    """List every page of prose."""
    return [path for path in source.tracked() if path.suffix == ".md"]


@pytest.mark.parametrize("name", [name for name in pages.PAGES if name.endswith(".md")])
def test_a_made_page_is_what_the_code_says_today(name: str) -> None:
    """Settings, refusals, events and states are documented whole, because a program does it."""
    page = ROOT / "docs" / name

    written = page.read_text(encoding="utf-8") if page.exists() else ""
    up_to_date = written == pages.PAGES[name]()
    # A page against a page is a screenful of differences; what to do about it is one line.
    assert up_to_date, f"docs/{name} is not up to date: run `{REFRESH}`"


def test_every_setting_says_what_it_means() -> None:
    """Each field of the settings has a text under it; the page of settings is made of these."""
    told = pages.texts_under(Settings)

    assert [field.name for field in dataclasses.fields(Settings) if field.name not in told] == []


def test_no_two_refusals_share_a_code() -> None:
    """A client that tells refusals apart by their code can."""
    counted = Counter(kind.code for kind in pages.refusals())

    assert [code for code, count in counted.items() if count > 1] == []


def test_every_refusal_has_a_code_of_its_room() -> None:
    """A code names the room that refuses, then the fact; it is stated where the refusal is."""
    assert [bad for kind in pages.refusals() for bad in _faults_of_code(kind)] == []


def _faults_of_code(kind: type[MarketplaceError]) -> Iterator[str]:
    room = kind.__module__.split(".")[1]
    if "code" not in vars(kind) or not CODE.fullmatch(kind.code):
        yield f"{kind.__name__}: {kind.code!r} is not its own, or not of the form room.fact"
    own = kind.code.startswith(f"{room}.") or kind.code in BORROWED_CODES
    if room in source.rooms() and not own:
        yield f"{kind.__name__}: {kind.code!r} is raised in {room}"


def test_every_refusal_speaks_chinese_and_english() -> None:
    """Whoever is refused reads one sentence in Chinese and one in English."""
    assert [bad for kind in pages.refusals() for bad in _faults_of_title(kind)] == []


def _faults_of_title(kind: type[MarketplaceError]) -> Iterator[str]:
    if "title_zh" not in vars(kind) or not CHINESE.search(kind.title_zh):
        yield f"{kind.code}: title_zh has no Chinese"
    if not kind.__doc__ or not kind().title_en.endswith((".", "?")):
        yield f"{kind.code}: the docstring does not begin with one sentence on one line"
    if CHINESE.search(kind().title_en):
        yield f"{kind.code}: the English title is not English"


def test_every_refusal_has_a_status() -> None:
    """A refusal that is none of the kinds would be answered as a fault of ours."""
    without = [kind.code for kind in pages.refusals() if status_of(kind()) == 500]

    assert without == []


def test_the_framework_speaks_as_we_do() -> None:
    """What the framework refuses is told in both languages too, under one code for one meaning."""
    own = {kind.code: status_of(kind()) for kind in pages.refusals()}

    for status, (code, zh, en) in TITLES_OF_STATUS.items():
        assert CHINESE.search(zh)
        assert en.endswith(".")
        assert own.get(code, status) == status


def test_no_two_events_share_a_type() -> None:
    """A receiver that tells events apart by their type can."""
    counted = Counter(kind.TYPE for kind in pages.event_types())

    assert [name for name, count in counted.items() if count > 1] == []


def test_every_event_is_documented() -> None:
    """Each event says what happened, to whom, and names its subject among its fields."""
    assert [bad for kind in pages.event_types() for bad in _faults_of_event(kind)] == []


def _faults_of_event(kind: type[Event]) -> Iterator[str]:
    fields = {field.name for field in dataclasses.fields(kind)}
    if not CODE.fullmatch(kind.TYPE):
        yield f"{kind.__name__}: {kind.TYPE!r} is not of the form subject.happened"
    if kind.SUBJECT not in fields:
        yield f"{kind.TYPE}: the subject {kind.SUBJECT} is not a field"
    if not pages.first_line(kind).endswith("."):
        yield f"{kind.TYPE}: the docstring does not begin with a sentence"


@pytest.mark.parametrize("lifecycle", pages.lifecycles(), ids=lambda one: one.thing)
def test_every_state_can_be_reached(lifecycle: Lifecycle) -> None:
    """No state table has a state that nothing leads to, nor more than one beginning."""
    reached: set[str] = set()
    grown = True
    while grown:
        targets = {
            move.target for move in lifecycle.moves if not move.sources or move.sources & reached
        }
        grown = not targets <= reached
        reached |= targets

    assert [state.value for state in lifecycle.states if state.value not in reached] == []
    assert sum(not move.sources for move in lifecycle.moves) == 1


def test_examples_in_docstrings_are_true() -> None:
    """Whoever reads an example may trust it: all of them are run."""
    finder, runner = doctest.DocTestFinder(), doctest.DocTestRunner(verbose=False)
    wrong: list[str] = []
    told: list[str] = []
    for module in pages.modules():
        for example in finder.find(module, module.__name__):
            if runner.run(example, out=told.append).failed:
                wrong.append(example.name)

    assert not wrong, "".join(told)
    assert runner.tries > 50


def test_no_link_leads_nowhere() -> None:
    """A link from page to page leads to a page that is there."""
    broken = [
        f"{path}: {link}"
        for path in papers()
        for link in LINK.findall(text_of(path))
        if not (ROOT / path.parent / link).exists()
    ]

    assert not broken, listing(broken)


def test_no_page_names_what_is_not_there() -> None:
    """Files, tests, settings and commands that a page names exist."""
    tests = {
        function.name
        for path in source.python_files("tests")
        for function in source.functions_of(path)
    }
    settings = {field.name.upper() for field in dataclasses.fields(Settings)}
    assert isinstance(jiebang, click.Group)
    wrong = []
    for path in papers():
        text = text_of(path)
        wrong += [f"{path}: {name}" for name in PATH.findall(text) if not (ROOT / name).exists()]
        wrong += [f"{path}: {name}" for name in set(TEST_NAME.findall(text)) - tests]
        wrong += [f"{path}: {PREFIX}{name}" for name in set(VARIABLE.findall(text)) - settings]
        wrong += [
            f"{path}: jiebang {name}" for name in set(COMMAND.findall(text)) - set(jiebang.commands)
        ]

    assert not wrong, listing(wrong)


def test_decisions_are_short_and_whole() -> None:
    """A decision fits one screen and says why, instead of what, where, and which test holds it."""
    faults, numbers = [], defaultdict(list)
    for path in source.tracked():
        if path.parent != Path("docs/decisions"):
            continue
        text = text_of(path)
        numbers[path.name[:4]].append(path)
        if len(text.splitlines()) > DECISION_LINES_MAX:
            faults.append(f"{path}: more than {DECISION_LINES_MAX} lines")
        faults += [f"{path}: no {part}" for part in DECISION_PARTS if f"\n**{part}" not in text]
        if not re.search(r"^> .+", text, re.MULTILINE):
            faults.append(f"{path}: no sentence to quote")

    assert not faults, listing(faults)
    assert sorted(numbers) == [f"{number:04d}" for number in range(1, len(numbers) + 1)]
