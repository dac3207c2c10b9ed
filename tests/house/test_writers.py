"""Who may write, and who may do the few things that are done in one place only."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

import pytest

from tests.house import rows, source
from tests.house.source import listing, tree_of

GUESTS: Final = {
    ("marketplace/wire/idempotency.py", "IdempotentAnswer"): (
        "stored answers belong to the wire, which has no actions: it knows no word of the trade"
    ),
    ("marketplace/webhooks/actions/endpoints.py", "EventRow"): (
        "a ping is for one endpoint: it is marked before the fan-out could tell the others"
    ),
}
"""Who writes rows without being the actions of their room, each with the reason."""

ONE_PLACE: Final[dict[str, dict[str, str]]] = {
    "commit": {"kit/database.py": "where a transaction ends, for doors and jobs alike"},
    "rollback": {
        "kit/database.py": "a COMMIT that failed leaves SQLite inside its transaction",
        "kit/one_trip.py": "the driver that SQLAlchemy calls; what is no transaction is left alone",
    },
    "begin_nested": {},
    "datetime.now": {"kit/clock.py": "the only caller of the system time"},
    "datetime.utcnow": {},
    "datetime.today": {},
    "date.today": {},
    "time.time": {},
    "time.time_ns": {"kit/ids.py": "ids sort by creation; no decision rests on them"},
    "float": {},
    "round": {
        "kit/outbound.py": "milliseconds of a log",
        "wire/middleware.py": "milliseconds of a log",
        "scoring/actions/asking.py": "milliseconds of an answer; from there on they are whole",
        "scoring/actions/calling.py": "milliseconds of a run; from there on they are whole",
        "scoring/rules/numbers.py": "of exact fractions only, halves to even, shown by a doctest",
    },
    "random.random": {},
    "random.Random": {},
    "uuid.uuid4": {"wire/middleware.py": "the id of a request that came without one"},
    "writing": {
        "wire/sessions.py": "the transaction of a request",
        "terminal.py": "what a command did is written down",
        "identity/witness.py": "a refusal is written down although its request is rolled back",
        "webhooks/jobs.py": "the transactions of a tick",
        "replays/jobs.py": "the transactions of a tick",
        "scenarios/jobs.py": "the transactions of a tick",
        "feed/jobs.py": "the transactions of a tick",
        "scoring/jobs/calling.py": "the transactions of a tick",
        "scoring/jobs/measuring.py": "the transactions of a tick",
        "scoring/jobs/upkeep.py": "the transactions of a tick",
        "bids/jobs/corrections.py": "the transactions of a tick",
        "bids/jobs/documents.py": "the transactions of a tick",
        "identity/jobs.py": "the transactions of a tick",
        "identity/actions/sign_in.py": "counts, thinks, writes: a refusal must not uncount a try",
        "identity/actions/passwords.py": "reads, thinks and writes: none is open while it hashes",
        "datasets/jobs.py": "the transactions of a tick",
        "datasets/actions/uploading.py": "none is open while bytes arrive",
        "datasets/actions/downloading.py": "none is open while bytes leave",
        "datasets/actions/sweeping.py": "one for each thing that is swept away",
        "bids/actions/documents.py": "none is open while bytes arrive or are removed",
        "signals/jobs.py": "the transactions of a tick",
        "scoring/actions/evaluation.py": "reads, thinks and writes: none is open while it thinks",
        "scoring/actions/submitting.py": "none is open while bytes arrive",
        "scoring/actions/conducting.py": "none is open while an endpoint is asked",
        "scoring/actions/probing.py": "none is open while an endpoint is tried",
        "scoring/actions/rankings.py": "reads, thinks and writes: none is open while it thinks",
        "kit/rotation.py": "a batch of values sealed again is a transaction; no row is looked into",
        "cli.py": "the transactions of a command",
        "cli_keys.py": "the transactions of a command",
        "demo": "the transactions of a story",
    },
    "eval": {},
    "exec": {},
    "print": {"cli.py": "the answers of commands", "client": "the answers of commands"},
}
"""Calls made in one place or in few, each with the reason; elsewhere they are parameters."""

ROWS_ARE_TOUCHED_BY: Final = {"add", "add_all", "merge", "delete", "flush", "refresh", "expunge"}


def test_only_the_actions_of_a_room_write_its_rows() -> None:
    """Rows are made and changed where their rules are checked: in the actions of their own room."""
    found = [
        str(write)
        for write in rows.writes()
        if not _is_own_action(write) and (str(write.path), write.table) not in GUESTS
    ]

    assert not found, listing(found)


def test_every_guest_still_writes() -> None:
    """An exception that is no longer used is struck from the list."""
    seen = {(str(write.path), write.table) for write in rows.writes()}

    assert sorted(GUESTS.keys() - seen) == []


def test_no_document_of_a_row_is_changed_in_place() -> None:
    """A JSON column changed in place is not saved: it is replaced whole."""
    found = [str(write) for write in rows.writes() if write.how == "changes in place"]

    assert not found, listing(found)


def test_only_actions_use_a_session_to_write() -> None:
    """Queries look, doors and jobs open transactions, and neither adds, flushes or deletes."""
    found = []
    for path in source.python_files("marketplace"):
        if "actions" in path.with_suffix("").parts or path.parts[1] == "kit":
            continue
        for name, line in calls_of(path):
            receiver, _, method = name.rpartition(".")
            if method in ROWS_ARE_TOUCHED_BY and receiver in {"session", "writer", "reader"}:
                found.append(f"{path}:{line}: {name}")

    assert not found, listing(found)


@pytest.mark.parametrize("name", ONE_PLACE)
def test_what_is_done_in_one_place_is_done_nowhere_else(name: str) -> None:
    """Transactions end, clocks are read and numbers lose exactness only where it is listed."""
    found = [
        f"{path}:{line}: {called}"
        for path in source.python_files("marketplace")
        if not _is_listed(path, ONE_PLACE[name])
        for called, line in calls_of(path)
        if _is_call_of(name, called)
    ]

    assert not found, listing(found)


def test_the_reader_of_rows_finds_what_it_is_for() -> None:
    """The rows of the busiest tables are found at work in their own rooms."""
    seen = {(write.table, write.how, _room(write.path)) for write in rows.writes()}

    assert {
        ("Scenario", "makes", "scenarios"),
        ("Scenario", "changes", "scenarios"),
        ("Bid", "changes", "bids"),
        ("Account", "writes by statement", "ledger"),
        ("EventRow", "makes", "events"),
    } <= seen


@cache
def calls_of(path: Path) -> tuple[tuple[str, int], ...]:
    """List the calls of a file as they are written, imported names in full."""
    return tuple(_calls(path))


def _calls(path: Path) -> Iterator[tuple[str, int]]:
    full = {
        name.asname or name.name: f"{node.module}.{name.name}"
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.ImportFrom)
        for name in node.names
    }
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Call):
            written = ast.unparse(node.func)
            first, dot, rest = written.partition(".")
            yield full.get(first, first) + dot + rest, node.lineno


def _is_call_of(name: str, called: str) -> bool:
    if "." in name:
        return called == name or called.endswith(f".{name}")
    builtin = name in {"float", "round", "eval", "exec", "print"}
    return called == name if builtin else called.endswith(f".{name}")


def _is_listed(path: Path, places: dict[str, str]) -> bool:
    inside = Path(*path.parts[1:])
    return any(inside == Path(place) or Path(place) in inside.parents for place in places)


def _is_own_action(write: rows.Write) -> bool:
    inside = write.path.with_suffix("").parts
    return inside[1:3] == (rows.owners()[write.table], "actions")


def _room(path: Path) -> str:
    return path.parts[1]
