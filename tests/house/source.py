"""The house as a text: which files it has, and what Python sees in them."""

import ast
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]

SERVICE_ROOMS: Final = {
    "kit": "tools that know no word of the trade are named by what they do",
    "wire": "how the house speaks HTTP is named by the parts of HTTP",
    "client": "runs at the other side: it imports the tools of kit alone and needs no such order",
    "demo": "tells a story over the other rooms' actions; it has no tables and no door",
    "web": "shows instead of deciding: it has pages where the others have actions",
}
"""Folders of `marketplace/` that are not furnished with the eight words, each with its reason."""

Function = ast.FunctionDef | ast.AsyncFunctionDef
Documented = Function | ast.ClassDef


@cache
def tracked() -> tuple[Path, ...]:
    """List every file that is, or is about to be, part of the project; relative to its root."""
    if (ROOT / ".git").exists():
        told = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
        names = {name for name in told.stdout.split("\0") if name}
        return tuple(sorted(Path(name) for name in names if (ROOT / name).is_file()))
    return tuple(sorted(path.relative_to(ROOT) for path in _walked(ROOT, _ignored())))


def _ignored() -> frozenset[str]:
    lines = (ROOT / ".gitignore").read_text().splitlines()
    return frozenset(line.strip().strip("/") for line in lines if line.strip())


def _walked(folder: Path, ignored: frozenset[str]) -> Iterator[Path]:
    for path in folder.iterdir():
        if any(path.match(pattern) for pattern in ignored):
            continue
        if path.is_dir():
            yield from _walked(path, ignored)
        else:
            yield path


@cache
def python_files(*folders: str) -> tuple[Path, ...]:
    """List the Python files under the folders given."""
    return tuple(
        path for path in tracked() if path.suffix == ".py" and path.parts[0] in set(folders)
    )


@cache
def text_of(path: Path) -> str:
    """Read one file of the project."""
    return (ROOT / path).read_text(encoding="utf-8")


@cache
def tree_of(path: Path) -> ast.Module:
    """Parse one Python file of the project."""
    return ast.parse(text_of(path), str(path))


def functions_of(path: Path) -> Iterator[Function]:
    """Visit every function of a file, nested ones too."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, Function):
            yield node


@cache
def rooms() -> tuple[str, ...]:
    """List the folders of the house that are rooms of the trade."""
    folders = {path.parts[1] for path in python_files("marketplace") if len(path.parts) > 2}
    return tuple(sorted(folders - SERVICE_ROOMS.keys()))


def module_name(path: Path) -> str:
    """Turn `marketplace/bids/tables.py` into `marketplace.bids.tables`."""
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def listing(violations: list[str]) -> str:
    """Write all violations of a rule at once, one to a line."""
    return "\n".join([f"{len(violations)} found:", *violations])
