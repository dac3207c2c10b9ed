"""What is said of a call names the call, or every bureau would hear it as belonging to none."""

import ast
from collections.abc import Iterator
from typing import Final

from tests.house.source import python_files, tree_of

ROOMS: Final = frozenset({"bids", "scoring", "awards", "pilots"})
"""Rooms in which nothing is said that belongs to no call."""


def recordings() -> Iterator[tuple[str, set[str | None]]]:
    """Where these rooms record an event, and what they name."""
    for path in python_files("marketplace"):
        if path.parts[1] in ROOMS:
            for node in ast.walk(tree_of(path)):
                if isinstance(node, ast.Call) and ast.unparse(node.func) == "events.record":
                    yield f"{path}:{node.lineno}", {one.arg for one in node.keywords}


def test_every_event_of_these_rooms_names_its_call() -> None:
    """Officers of other bureaus hear what names none."""
    found = dict(recordings())

    assert len(found) > 10
    assert [place for place, named in found.items() if "scenario_id" not in named] == []
