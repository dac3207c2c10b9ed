"""The style of the house as a test: sizes, names, docstrings, and what no file may contain."""

import ast
import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Final

import pytest

from tests.house import source
from tests.house.source import Documented, Function, listing, text_of, tree_of

FILE_LINES_MAX: Final = 400
FUNCTION_LINES_MAX: Final = 70
LINE_LENGTH_MAX: Final = 100

WORDS: Final = {"errors", "rules", "tables", "queries", "actions", "schemas", "routes", "jobs"}
OTHER_WORDS: Final = {
    "identity/guards.py": "the porter: stands before every door and speaks Litestar",
    "identity/witness.py": "the witness: stands beside every door and speaks Litestar",
    "ledger/audit.py": "promises about money, checked from outside by people who trust no action",
}
"""Files of rooms that step outside the eight words, each with its one reason."""

TOP_LEVEL: Final = {
    *("marketplace", "migrations", "seeds", "tests", "docs", "benchmarks", ".ci"),
    *("pyproject.toml", "requirements.lock", "Dockerfile", "Makefile"),
    *("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "LICENSE"),
    *(".gitignore", ".dockerignore"),
}

# Every word is written in two halves, so that this file does not contain what it looks for.
INDEX_WORDS: Final = tuple(
    "".join(halves)
    for halves in (
        ("pypi", ".org"),
        ("python", "hosted.org"),
        ("index-url", " http"),
        ("index-url", "=http"),
        ("index_url", " ="),
        ("trusted", "-host"),
        ("/sim", "ple/"),
        ("artifact", "ory"),
        ("dev", "pi."),
        ("://mirr", "ors."),
    )
)
MACHINE_PATH: Final = re.compile(
    "|".join(
        "".join(halves)
        for halves in (
            ("(?<![A-Za-z0-9.])/wo", "rk/"),
            (r"\.\./sha", "red"),
            ("(?<![A-Za-z0-9.])/ro", "ot/"),
            ("(?<![A-Za-z0-9.])/ho", "me/"),
            ("/Us", "ers/"),
            (r"[A-Z]:\\Us", "ers"),
        )
    )
)
MARKS: Final = re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME|X" + r"XX)\b")
BARE_IGNORE: Final = re.compile(r"type:\s*ign" + r"ore(?!\[)")

CODE: Final = ("marketplace", "tests", "seeds", "benchmarks")
Rule = Callable[[], Iterator[str]]


def code_files() -> tuple[Path, ...]:
    """List the Python written by hand; versions of migrations are written by a tool."""
    return (*source.python_files(*CODE), Path("migrations/env.py"))


def long_files() -> Iterator[str]:
    """No Python file has more than 400 lines."""
    for path in code_files():
        count = len(text_of(path).splitlines())
        if count > FILE_LINES_MAX:
            yield f"{path}:{FILE_LINES_MAX + 1}: {count} lines"


def long_lines() -> Iterator[str]:
    """No line of Python has more than 100 characters."""
    for path in code_files():
        for number, line in enumerate(text_of(path).splitlines(), 1):
            if len(line) > LINE_LENGTH_MAX:
                yield f"{path}:{number}: {len(line)} characters"


def long_functions() -> Iterator[str]:
    """No function has more than 70 lines."""
    for path in code_files():
        for function in source.functions_of(path):
            count = (function.end_lineno or function.lineno) - function.lineno + 1
            if count > FUNCTION_LINES_MAX:
                yield f"{path}:{function.lineno}: {function.name} has {count} lines"


def postponed_annotations() -> Iterator[str]:
    """Tables and routes read their annotations while they are made, so none may be postponed."""
    for path in source.python_files("marketplace"):
        if not {"tables", "routes"} & set(path.with_suffix("").parts):
            continue
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.ImportFrom) and node.module == "__future__":
                yield f"{path}:{node.lineno}: from __future__ import …"


def undocumented() -> Iterator[str]:
    """Every module, public class and public function of the house says what it is for."""
    for path in source.python_files("marketplace"):
        if not ast.get_docstring(tree_of(path)):
            yield f"{path}:1: the module has no docstring"
        for node in _public(tree_of(path)):
            if not ast.get_docstring(node):
                yield f"{path}:{node.lineno}: {node.name} has no docstring"


def _public(parent: ast.Module | ast.ClassDef) -> Iterator[Documented]:
    for node in parent.body:
        if isinstance(node, Documented) and not node.name.startswith("_"):
            if any(_is_overload(decorator) for decorator in node.decorator_list):
                continue
            yield node
            if isinstance(node, ast.ClassDef):
                yield from _public(node)


def _is_overload(decorator: ast.expr) -> bool:
    return ast.unparse(decorator).rpartition(".")[2] in {"overload", "setter"}


def furnished_inits() -> Iterator[str]:
    """An `__init__.py` holds its docstring and nothing to import; the house's own has a version."""
    for path in source.python_files("marketplace"):
        if path.name != "__init__.py":
            continue
        allowed = 2 if len(path.parts) == 2 else 1
        for node in tree_of(path).body[allowed:]:
            yield f"{path}:{node.lineno}: {ast.unparse(node).splitlines()[0]}"


def strange_words() -> Iterator[str]:
    """A room is furnished with the eight words; a word is a file or a folder."""
    for path in source.python_files("marketplace"):
        room, *rest = path.parts[1:]
        if room not in source.rooms() or rest == ["__init__.py"]:
            continue
        if Path(rest[0]).stem not in WORDS and f"{room}/{rest[0]}" not in OTHER_WORDS:
            yield f"{path}:1: {rest[0]} is none of {sorted(WORDS)}"


def idle_exceptions() -> Iterator[str]:
    """An exception whose file is gone is struck from the list."""
    for name in OTHER_WORDS:
        if Path("marketplace", name) not in source.tracked():
            yield f"marketplace/{name}:1: listed in OTHER_WORDS, but not there"


def bare_ignores() -> Iterator[str]:
    """Whoever silences the type checker says which of its complaints."""
    yield from _lines(code_files(), BARE_IGNORE, "names no error")


def open_ends() -> Iterator[str]:
    """What is not done is in an issue, not in a comment."""
    yield from _lines(code_files(), MARKS, "an open end")


def index_hosts() -> Iterator[str]:
    """Where packages come from is the installer's business: no file names an index."""
    pattern = re.compile("|".join(map(re.escape, INDEX_WORDS)))
    yield from _lines(source.tracked(), pattern, "names a package index")


def machine_paths() -> Iterator[str]:
    """No file knows the machine it was written on."""
    yield from _lines(source.tracked(), MACHINE_PATH, "a path of one machine")


def _lines(paths: tuple[Path, ...], pattern: re.Pattern[str], what: str) -> Iterator[str]:
    for path in paths:
        text = text_of(path)
        if not pattern.search(text):
            continue
        for number, line in enumerate(text.splitlines(), 1):
            if found := pattern.search(line):
                yield f"{path}:{number}: {found.group()!r}: {what}"


def strange_top_level() -> Iterator[str]:
    """The top of the repository stays as short as it is."""
    for name in sorted({path.parts[0] for path in source.tracked()} - TOP_LEVEL):
        yield f"{name}:1: not among what the top level may hold"


def same_test_names() -> Iterator[str]:
    """Test files have names of their own: reports name a file without its folder."""
    places = defaultdict(list)
    for path in source.python_files("tests"):
        places[path.name].append(path)
    for paths in places.values():
        if len(paths) > 1 and paths[0].name.startswith("test_"):
            yield f"{paths[1]}:1: the same name as {paths[0]}"


def silent_tests() -> Iterator[str]:
    """A test states its promise in a docstring, and can fail."""
    for path, function in _tests():
        if not ast.get_docstring(function):
            yield f"{path}:{function.lineno}: {function.name} promises nothing (no docstring)"
        if not _calls_and_asserts(function) & _checking_helpers():
            yield f"{path}:{function.lineno}: {function.name} checks nothing"


def patched_tests() -> Iterator[str]:
    """Nothing is patched: time, entropy, database and transport are parameters."""
    forbidden = {"monkeypatch", "mock", "mocker", "unittest"}
    for path in source.python_files("tests"):
        for node in ast.walk(tree_of(path)):
            named = _names(node)
            if found := forbidden & named:
                yield f"{path}:{getattr(node, 'lineno', 1)}: {sorted(found)[0]}"


def _names(node: ast.AST) -> set[str]:
    if isinstance(node, ast.ImportFrom):
        return set((node.module or "").split("."))
    if isinstance(node, ast.Import):
        return {part for name in node.names for part in name.name.split(".")}
    return {node.arg} if isinstance(node, ast.arg) else set()


def _tests() -> Iterator[tuple[Path, Function]]:
    for path in source.python_files("tests"):
        if path.name.startswith("test_"):
            for function in source.functions_of(path):
                if function.name.startswith("test"):
                    yield path, function


def _called(call: ast.Call) -> str:
    function = call.func
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


@cache
def _checking_helpers() -> frozenset[str]:
    """Name what fails a test: pytest's own, and every helper of the tests that asserts."""
    names = {"raises", "warns", "fail", "assert"}
    calls = [
        (function.name, _calls_and_asserts(function))
        for path in source.python_files("tests")
        for function in source.functions_of(path)
    ]
    grown = True
    while grown:
        found = {name for name, called in calls if called & names} - names
        names |= found
        grown = bool(found)
    return frozenset(names)


def _calls_and_asserts(function: Function) -> frozenset[str]:
    nodes = list(ast.walk(function))
    called = {_called(node) for node in nodes if isinstance(node, ast.Call)}
    return frozenset(called | {"assert" for node in nodes if isinstance(node, ast.Assert)})


RULES: Final[tuple[Rule, ...]] = (
    long_files,
    long_lines,
    long_functions,
    postponed_annotations,
    undocumented,
    furnished_inits,
    strange_words,
    idle_exceptions,
    bare_ignores,
    open_ends,
    index_hosts,
    machine_paths,
    strange_top_level,
    same_test_names,
    silent_tests,
    patched_tests,
)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_house_is_tidy(rule: Rule) -> None:
    """Every rule of style holds in every file; all violations are shown at once."""
    violations = list(rule())

    assert not violations, f"{rule.__doc__} {listing(violations)}"


@pytest.mark.parametrize(
    ("pattern", "halves"),
    [
        (MACHINE_PATH, ("see /ho", "me/somebody/notes")),
        (MACHINE_PATH, ("from ../sha", "red/notes")),
        (MARKS, ("# TO", "DO: later")),
        (BARE_IGNORE, ("x = 1  # type: ign", "ore")),
    ],
)
def test_a_pattern_finds_what_it_looks_for(
    pattern: re.Pattern[str], halves: tuple[str, str]
) -> None:
    """A pattern that is broken would find nothing, and look like a tidy house."""
    assert pattern.search("".join(halves))


def test_what_silences_one_complaint_is_allowed() -> None:
    """Only a comment that names no complaint silences too much."""
    assert not BARE_IGNORE.search("x = 1  # type: ign" + "ore[arg-type]")
