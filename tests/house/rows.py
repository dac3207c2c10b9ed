"""Follows rows of tables through the source: where one is made, and where one is changed.

A small type inference over the syntax tree. It knows what annotations, constructors and the return
types of the house's own functions say; a row that travels through an untyped container escapes it.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Final

from sqlmodel import SQLModel

from marketplace import registry
from tests.house import source
from tests.house.source import Function, module_name, tree_of

MANY: Final = {"Sequence", "list", "Iterable", "Iterator", "set", "frozenset", "AsyncIterator"}
WRITERS: Final = ("insert", "update", "delete")

Kind = str | tuple["Kind", ...] | list["Kind"] | None
"""What a value is: a row's class, a tuple of kinds, a list with the kind of its items, unknown."""


@dataclass(frozen=True, slots=True)
class Write:
    """One place where a row is made or changed."""

    path: Path
    line: int
    table: str
    how: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.how} a row of {self.table}"


@cache
def owners() -> dict[str, str]:
    """Name the room of every table class."""
    return {
        name: module.__name__.split(".")[1]
        for module in registry.tables()
        for name, kind in vars(module).items()
        if isinstance(kind, type) and issubclass(kind, SQLModel) and hasattr(kind, "__table__")
    }


def writes() -> Iterator[Write]:
    """Find every place in the house where a row is made or changed."""
    for path in source.python_files("marketplace"):
        for function in source.functions_of(path):
            yield from _Reader(path, _aliases(path)).read(function)


@cache
def _returns() -> dict[str, Kind]:
    """Tell what every function of the house returns, by its dotted name."""
    return {
        f"{module_name(path)}.{node.name}": kind_of_annotation(node.returns)
        for path in source.python_files("marketplace")
        for node in tree_of(path).body
        if isinstance(node, Function)
    }


@cache
def _aliases(path: Path) -> dict[str, str]:
    """Tell what each imported or defined name of a file stands for, dotted."""
    found: dict[str, str] = {}
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.ImportFrom):
            for name in node.names:
                found[name.asname or name.name] = f"{node.module}.{name.name}"
        elif isinstance(node, Function):
            found.setdefault(node.name, f"{module_name(path)}.{node.name}")
    return found


def kind_of_annotation(node: ast.expr | None) -> Kind:
    """Read an annotation as far as rows are concerned."""
    match node:
        case ast.Name(id=name):
            return name if name in owners() else None
        case ast.Constant(value=str() as text):
            return kind_of_annotation(ast.parse(text, mode="eval").body)
        case ast.BinOp(left=left, right=right):
            return kind_of_annotation(left) or kind_of_annotation(right)
        case ast.Subscript(value=ast.Name(id="tuple"), slice=ast.Tuple(elts=[one, ast.Constant()])):
            return [kind_of_annotation(one)]
        case ast.Subscript(value=ast.Name(id="tuple"), slice=ast.Tuple(elts=parts)):
            return tuple(kind_of_annotation(part) for part in parts)
        case ast.Subscript(value=ast.Name(id=outer), slice=inner) if outer in MANY:
            return [kind_of_annotation(inner)]
    return None


@dataclass(slots=True)
class _Reader:
    """Reads one function from top to bottom."""

    path: Path
    aliases: dict[str, str]
    known: dict[str, Kind] = field(default_factory=dict)

    def read(self, function: Function) -> Iterator[Write]:
        arguments = function.args
        for argument in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs):
            self.known[argument.arg] = kind_of_annotation(argument.annotation)
        # Twice: what a loop binds at its end is known at its beginning the second time.
        for _ in range(2):
            for node in ast.walk(function):
                self._learn(node)
        for node in ast.walk(function):
            yield from self._found(node)

    def _learn(self, node: ast.AST) -> None:
        match node:
            case ast.Assign(targets=targets, value=value):
                for target in targets:
                    self._bind(target, self._kind(value))
            case ast.AnnAssign(target=ast.Name(id=name), annotation=annotation):
                self.known[name] = kind_of_annotation(annotation)
            case ast.NamedExpr(target=target, value=value):
                self._bind(target, self._kind(value))
            case ast.For() | ast.AsyncFor() | ast.comprehension():
                many = self._kind(node.iter)
                self._bind(node.target, many[0] if isinstance(many, list) else None)

    def _bind(self, target: ast.expr, kind: Kind) -> None:
        match target:
            case ast.Name(id=name) if kind is not None:
                self.known[name] = kind
            case ast.Tuple(elts=parts) if isinstance(kind, tuple) and len(kind) == len(parts):
                for part, its in zip(parts, kind, strict=True):
                    self._bind(part, its)

    def _kind(self, node: ast.expr) -> Kind:
        match node:
            case ast.Await(value=inner):
                return self._kind(inner)
            case ast.Name(id=name):
                return self.known.get(name)
            case ast.Call(func=ast.Name(id="list" | "sorted" | "reversed"), args=[first, *_]):
                return self._kind(first)
            case ast.Call(func=called):
                dotted = self._dotted(called)
                made = dotted.rpartition(".")[2]
                return made if made in owners() else _returns().get(dotted)
            case ast.Subscript(value=value):
                many = self._kind(value)
                return many[0] if isinstance(many, list) else None
            case ast.IfExp(body=body, orelse=other):
                return self._kind(body) or self._kind(other)
        return None

    def _dotted(self, node: ast.expr) -> str:
        match node:
            case ast.Name(id=name):
                return self.aliases.get(name, name)
            case ast.Attribute(value=value, attr=name):
                return f"{self._dotted(value)}.{name}"
        return ""

    def _found(self, node: ast.AST) -> Iterator[Write]:
        match node:
            case ast.Call(func=called, args=arguments):
                dotted = self._dotted(called)
                name = dotted.rpartition(".")[2]
                if name in owners() and ".tables." in dotted:
                    yield Write(self.path, node.lineno, name, "makes")
                first = arguments[0] if arguments else None
                if name.endswith(WRITERS) and isinstance(first, ast.Name) and first.id in owners():
                    yield Write(self.path, node.lineno, first.id, "writes by statement")
            case ast.Assign(targets=targets):
                for target in targets:
                    yield from self._assigned(target)
            case ast.AugAssign(target=target) | ast.AnnAssign(target=target):
                yield from self._assigned(target)
            case ast.Delete(targets=targets):
                for target in targets:
                    yield from self._assigned(target)

    def _assigned(self, target: ast.expr) -> Iterator[Write]:
        match target:
            case ast.Tuple(elts=parts):
                for part in parts:
                    yield from self._assigned(part)
            case ast.Attribute(value=value):
                kind = self._kind(value)
                if isinstance(kind, str):
                    yield Write(self.path, target.lineno, kind, "changes")
            case ast.Subscript(value=ast.Attribute(value=value)):
                kind = self._kind(value)
                if isinstance(kind, str):
                    yield Write(self.path, target.lineno, kind, "changes in place")
