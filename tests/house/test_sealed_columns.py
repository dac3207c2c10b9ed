"""What is sealed can be sealed again: every value of the keeper's goes into a declared column."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, TypeGuard

import pytest
from sqlalchemy import MetaData

from marketplace import registry
from marketplace.kit.rotation import sealed_columns
from marketplace.kit.tables import SEALED
from tests.house import source
from tests.house.source import Function, listing, tree_of

MADE: Final = 'sealed_context(Endpoint, "sealed_secret", id=1)'


def test_what_the_keeper_seals_goes_into_declared_columns() -> None:
    """Each call of `keeper.seal` takes its context from the declaration of the column into which
    its value goes; otherwise a new master key would not find the value, or not open it.
    """
    found = [fault for path in _files() for fault in faults_of(tree_of(path), str(path))]

    assert not found, listing(found)


def test_every_declared_column_is_sealed_somewhere() -> None:
    """A declaration that nothing fills, or that is filled by hand, is a mistake."""
    named = {place for path in _files() for place in _places_named(tree_of(path))}
    kinds = {kind.__tablename__: name for name, kind in _tables().items()}
    # A sealed value may be moved to another column of the same context without being opened.
    contexts = {
        (kinds[column.table.name], column.context): False for column in sealed_columns(_metadata())
    }
    for kind, column in named:
        info = _tables()[kind].metadata.tables[_tables()[kind].__tablename__].c[column].info
        contexts[(kind, info[SEALED])] = True

    assert [place for place, sealed in contexts.items() if not sealed] == []


def test_every_declared_context_names_columns_of_its_row() -> None:
    """A context that cannot be written from the row would end a rotation."""
    for column in sealed_columns(_metadata()):
        assert column.needed, f"{column}: the same context for every row"
        assert not any(needed.nullable for needed in column.needed), column
        assert column.table.c.id.primary_key


@pytest.mark.parametrize(
    "body",
    [
        'row.sealed_secret = keeper.seal(b"", context=f"endpoint/{row.id}")',
        f'c = {MADE}; row.url = keeper.seal(b"", context=c)',
        'row.url = keeper.seal(b"", context=sealed_context(Endpoint, "url", id=1))',
        f'c = {MADE}; send(keeper.seal(b"", context=c))',
        f'c = {MADE}; x = keeper.seal(b"", context=c); f(x)',
    ],
)
def test_a_value_that_would_be_lost_is_found(body: str) -> None:
    """A context made by hand, a column that is not declared, and a value that goes astray."""
    assert list(faults_of(ast.parse(f"def work(keeper, row):\n    {body}"), "here"))


def faults_of(tree: ast.Module, path: str) -> Iterator[str]:
    """Say what is wrong with the calls of `seal` in one file."""
    for function in (node for node in ast.walk(tree) if isinstance(node, Function)):
        for call in ast.walk(function):
            if not _is_seal(call):
                continue
            place = _place_of(_context(call), function, tree)
            if place is None:
                yield f"{path}:{call.lineno}: the context is not made by sealed_context(…)"
            elif not _is_declared(place):
                yield f"{path}:{call.lineno}: {place[0]}.{place[1]} is not declared as sealed"
            elif set(_targets(call, function)) != {place[1]}:
                yield f"{path}:{call.lineno}: the value does not go into {place[0]}.{place[1]}"


def _is_seal(node: ast.AST) -> TypeGuard[ast.Call]:
    """Tell a call of the keeper's `seal`; the bare function takes the key first and seals under
    other keys than the master key.
    """
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
        return False
    return node.func.attr == "seal" and "keeper" in ast.unparse(node.func.value)


def _context(call: ast.Call) -> ast.expr | None:
    return next((word.value for word in call.keywords if word.arg == "context"), None)


def _place_of(
    context: ast.expr | None, function: ast.AST, tree: ast.Module
) -> tuple[str, str] | None:
    """Follow a context to the `sealed_context(Table, "column", …)` that makes it."""
    match context:
        case ast.Call(func=ast.Name(id="sealed_context"), args=[ast.Name(id=kind), named]):
            return (kind, str(getattr(named, "value", "")))
        case ast.Call(func=ast.Name(id=name)):
            for made in (one for one in ast.walk(tree) if isinstance(one, Function)):
                if made.name == name and isinstance(made.body[-1], ast.Return):
                    return _place_of(made.body[-1].value, made, tree)
        case ast.Name(id=name):
            for node in ast.walk(function):
                if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == name:
                    return _place_of(node.value, function, tree)
    return None


def _targets(value: ast.AST, function: ast.AST) -> Iterator[str]:
    """Name the columns into which a value goes, also by way of one local name."""
    for node in ast.walk(function):
        match node:
            case ast.keyword(arg=str() as name, value=given) if given is value:
                yield name
            case ast.Assign(targets=[ast.Attribute(attr=name)], value=given) if given is value:
                yield name
            case ast.Dict(keys=keys, values=values) if value in values:
                yield str(getattr(keys[values.index(value)], "value", ""))
            case ast.Assign(targets=[ast.Name(id=name)], value=given) if given is value:
                for use in ast.walk(function):
                    if isinstance(use, ast.Name) and use.id == name and use is not node.targets[0]:
                        yield from _targets(use, function)


def _places_named(tree: ast.Module) -> Iterator[tuple[str, str]]:
    for function in (node for node in ast.walk(tree) if isinstance(node, Function)):
        for call in ast.walk(function):
            if _is_seal(call) and (place := _place_of(_context(call), function, tree)):
                yield place


def _is_declared(place: tuple[str, str]) -> bool:
    kind, column = place
    table = _metadata().tables[str(_tables()[kind].__tablename__)] if kind in _tables() else None
    return table is not None and column in table.c and SEALED in table.c[column].info


def _files() -> Iterator[Path]:
    return (path for path in source.python_files("marketplace") if path.parts[1] != "kit")


def _tables() -> dict[str, Any]:
    return {
        name: kind
        for module in registry.tables()
        for name, kind in vars(module).items()
        if isinstance(kind, type) and hasattr(kind, "__table__")
    }


def _metadata() -> MetaData:
    return registry.metadata()
