"""The OpenAPI document is reviewed like code: a change of the wire is a change of a file."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any, Final

import pytest
from litestar import Litestar
from sqlmodel import SQLModel

from marketplace import registry
from marketplace.wire.openapi import document_text
from tests.house import pages
from tests.house.paper import REFRESH
from tests.house.source import ROOT, listing

METHODS: Final = ("get", "put", "post", "delete", "patch")
OPERATION_ID: Final = re.compile(r"[a-z]+(?:_[a-z0-9]+)+")
PROBLEM: Final = "application/problem+json"


def operations() -> Iterator[tuple[str, dict[str, Any]]]:
    """List every operation of the document under its method and path."""
    for path, item in pages.openapi_document()["paths"].items():
        for method in METHODS:
            if method in item:
                yield f"{method.upper()} {path}", item[method]


def missing(part: str) -> list[str]:
    """List the operations that lack a part."""
    return [name for name, operation in operations() if not operation.get(part)]


def test_the_document_is_the_one_that_was_reviewed() -> None:
    """What the wire looks like changes only together with docs/openapi.json."""
    page = ROOT / "docs" / "openapi.json"

    written = page.read_text(encoding="utf-8") if page.exists() else "{}"
    reviewed = written == pages.openapi()
    told = (
        "" if reviewed else "\n".join(_differences(json.loads(written), pages.openapi_document()))
    )
    assert reviewed, f"docs/openapi.json differs; review, then run `{REFRESH}`\n{told}"


def _differences(reviewed: dict[str, Any], now: dict[str, Any]) -> list[str]:
    parts = {"path": ("paths",), "schema": ("components", "schemas")}
    found = []
    for what, (first, *rest) in parts.items():
        before, after = reviewed.get(first, {}), now.get(first, {})
        for key in rest:
            before, after = before.get(key, {}), after.get(key, {})
        found += [f"  new {what}      {name}" for name in sorted(after.keys() - before.keys())]
        found += [f"  lost {what}     {name}" for name in sorted(before.keys() - after.keys())]
        both = sorted(before.keys() & after.keys())
        found += [f"  changed {what}  {name}" for name in both if before[name] != after[name]]
    return found or ["  outside of paths and schemas"]


def test_every_operation_has_a_name_of_its_own() -> None:
    """Generated clients name their functions after the operation: `subject_verb`, each once."""
    names = [operation.get("operationId", "") for _, operation in operations()]

    assert [name for name in names if not OPERATION_ID.fullmatch(name)] == []
    assert [name for name, count in Counter(names).items() if count > 1] == []


@pytest.mark.parametrize("part", ["tags", "summary", "description", "responses"])
def test_every_operation_says_what_it_does(part: str) -> None:
    """Whoever reads the document in a browser finds each operation in its room, with a sentence."""
    assert missing(part) == []


def test_every_operation_tells_how_it_refuses() -> None:
    """Refusals are problem documents, and the document says so instead of the framework's own."""
    silent = []
    for name, operation in operations():
        refused = [
            answer
            for status, answer in operation["responses"].items()
            if not status.startswith(("2", "3"))
        ]
        kinds = [sorted(_resolved(answer).get("content", {})) for answer in refused]
        if not kinds or any(kind != [PROBLEM] for kind in kinds):
            silent.append(f"{name}: {kinds}")

    assert not silent, listing(silent)


def _resolved(answer: dict[str, Any]) -> dict[str, Any]:
    """Follow a reference to the shared parts of the document."""
    found: Any = answer
    if "$ref" in answer:
        found = pages.openapi_document()
        for part in answer["$ref"].removeprefix("#/").split("/"):
            found = found[part]
    return dict(found)


def test_no_table_is_on_the_wire() -> None:
    """What is remembered and what is told are two things: no schema is a table."""
    schemas = pages.openapi_document()["components"]["schemas"]
    tables = [
        kind
        for module in registry.tables()
        for kind in vars(module).values()
        if isinstance(kind, type) and issubclass(kind, SQLModel) and hasattr(kind, "__table__")
    ]
    leaked = [
        kind.__name__
        for kind in tables
        if set(kind.model_fields) <= set(schemas.get(kind.__name__, {}).get("properties", {}))
    ]

    assert len(tables) > len(registry.ROOMS_WITH_TABLES)
    assert leaked == []


def test_every_route_is_in_the_document(app: Litestar) -> None:
    """Nothing is served beside the document, but for pages that people read."""
    told = {re.sub(r"\{(\w+)\}", "{}", path) for path in pages.openapi_document()["paths"]}

    served = {
        re.sub(r"\{\w+(?::\w+)?\}", "{}", route.path)
        for route in app.routes
        if route.path.startswith("/v1")
    }
    assert served
    assert sorted(served - told) == []


def test_the_document_does_not_depend_on_the_installation(app: Litestar) -> None:
    """Two servers with other settings describe the same wire."""
    assert document_text(app) == pages.openapi()
