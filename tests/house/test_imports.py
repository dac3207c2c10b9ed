"""Who may lean on whom: the import contracts of pyproject.toml, and what they cannot say."""

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from tests.house import source
from tests.house.source import ROOT, listing, module_name, tree_of

OUTSIDE_THE_STOREYS: Final = {
    "__init__": "the package itself, with the map of the house",
    "__main__": "hands over to the command line",
    "client": "runs at the other side and imports nothing of the server",
}

DIALLERS: Final = {
    "marketplace.kit.dialling": "checks each address at the moment of connecting",
    "marketplace.kit.outbound": "the one checked dialler: trusts no certificates but its own",
    "marketplace.kit.openid": "asks the one provider that the installation's settings name",
    "marketplace.kit.workers": "speaks with its own children, over pairs of sockets that it makes",
    "marketplace.kit.workbench": "speaks with its parent, over the socket it was born with",
    "marketplace.client": "speaks to this house from outside",
    "marketplace.demo": "plays the part of somebody outside who calls and is called",
    "marketplace.cli": "asks the server it has started whether it is up",
}
"""Who may open connections of their own, each with the reason."""

CONNECTIONS: Final = {
    *("httpx", "httpcore", "socket", "ssl", "http", "aiohttp", "requests", "urllib3", "smtplib"),
    "aiohappyeyeballs",
    *("ftplib", "urllib.request"),
}


def storeys() -> list[str]:
    """Read the first contract: every part of the house, the highest first."""
    document: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())
    (contract,) = [
        one
        for one in document["tool"]["importlinter"]["contracts"]
        if one["name"].startswith("Storeys")
    ]
    return [name for layer in contract["layers"] for name in re.findall(r"[\w.]+", layer)]


def imported(path: Path) -> Iterator[tuple[int, str]]:
    """List what a file imports: `from a import b` counts as `a` and as `a.b`."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            for name in node.names:
                yield node.lineno, name.name
        elif isinstance(node, ast.ImportFrom):
            yield node.lineno, "." * node.level + (node.module or "")
            for name in node.names:
                yield node.lineno, f"{node.module}.{name.name}"


def lies_in(module: str, parents: set[str] | dict[str, str]) -> bool:
    """Tell whether a module is one of the parents or inside one."""
    return any(module == parent or module.startswith(f"{parent}.") for parent in parents)


def test_every_import_contract_is_kept() -> None:
    """All of them hold; what breaks one is shown with file and line."""
    # In a process of its own: the linter silences every logger of the one it runs in.
    linter = Path(sys.executable).with_name("lint-imports")
    ran = subprocess.run(
        [linter, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "0 broken" in ran.stdout


SHARED_WITH_CLIENTS: Final = {
    "marketplace.client",
    "marketplace.kit.envelopes",
    "marketplace.kit.signing",
    "marketplace.kit.digests",
    "marketplace.kit.errors",
}
"""What the client may import of the house."""


def test_every_part_of_the_house_has_a_storey() -> None:
    """A new room is put into the order of the storeys, or its imports would go unchecked."""
    parts = {Path(*path.parts[:2]).stem for path in source.python_files("marketplace")}

    placed = {name.removeprefix("marketplace.") for name in storeys()}
    assert sorted(parts - placed - OUTSIDE_THE_STOREYS.keys()) == []


def test_the_client_imports_no_room_of_the_server() -> None:
    """Whoever writes a client can copy ours: it stands on published libraries, and on the tools on
    which both sides must agree to the byte.
    """
    found = [
        f"{path}:{line}: {name}"
        for path in source.python_files("marketplace")
        if path.parts[1] == "client"
        for line, name in imported(path)
        if lies_in(name, {"marketplace"})
        and name != "marketplace.kit"
        and not lies_in(name, SHARED_WITH_CLIENTS)
    ]

    assert not found, listing(found)


def test_only_the_dialler_opens_connections() -> None:
    """Whatever leaves the house leaves by the one door that checks where it goes."""
    found = [
        f"{path}:{line}: {name}"
        for path in source.python_files("marketplace")
        if not lies_in(module_name(path), DIALLERS)
        for line, name in imported(path)
        if lies_in(name, CONNECTIONS)
    ]

    assert not found, listing(found)


def test_every_import_is_absolute() -> None:
    """An import says the whole way, so that it can be found by searching."""
    found = [
        f"{path}:{line}: {name}"
        for path in source.python_files("marketplace", "tests", "migrations")
        for line, name in imported(path)
        if name.startswith(".")
    ]

    assert not found, listing(found)


def test_nothing_of_the_tests_is_used_by_the_house() -> None:
    """The house runs without its tests and without the tools of those who build it."""
    outside = {"tests", "pytest", "hypothesis", "sklearn", "migrations", "seeds", "benchmarks"}
    found = [
        f"{path}:{line}: {name}"
        for path in source.python_files("marketplace")
        for line, name in imported(path)
        if lies_in(name, outside)
    ]

    assert not found, listing(found)
