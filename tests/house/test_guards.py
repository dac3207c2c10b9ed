"""A guard that can be taken away unnoticed is none: each is removed here, and its test must fail.

The house is copied, one line is changed in the copy, and the named test is run there.
"""

import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from tests.house.source import ROOT

pytestmark = pytest.mark.long

COPIED: Final = ("marketplace", "migrations", "seeds", "tests", "pyproject.toml")
LEFT_OUT: Final = shutil.ignore_patterns("node_modules")
"""What was compiled goes along: only the changed file is older than its source."""
TOGETHER_MAX: Final = 2
"""Copies that are tested at the same time."""
SECONDS_MAX: Final = 240


WITHOUT: Final = ("-p", "no:hypothesispytest", "-p", "no:faker", "-p", "no:randomly")
"""Plugins that these tests do without: loading them takes a second each time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """One guard taken away, and the test that must notice."""

    guard: str
    file: str
    line: str
    """What stands there, once in the file."""
    instead: str
    test: str


REMOVALS: Final = (
    Removal(
        guard="another organisation's things do not exist for a stranger",
        file="marketplace/identity/routes/organizations.py",
        line="    if not own and not actor.may(Permission.ORGANIZATIONS_READ):",
        instead="    if False:",
        test="tests/doors/identity/test_identity_doors.py::TestRead",
    ),
    Removal(
        guard="unknown and protected fields are refused",
        file="marketplace/wire/shapes.py",
        line='    model_config = ConfigDict(extra="forbid", frozen=True)',
        instead='    model_config = ConfigDict(extra="ignore", frozen=True)',
        test="tests/doors/identity/test_identity_doors.py::TestRegister",
    ),
    Removal(
        guard="a refusal is written down",
        file="marketplace/app.py",
        line="        after_exception=[witness.refused],",
        instead="        after_exception=[],",
        test="tests/doors/identity/test_audit_doors.py::TestDenied",
    ),
    Removal(
        guard="an officer acts on the calls of the own bureau only",
        file="marketplace/identity/rules/access.py",
        line="        if self.organization_id == organizer_id or not self.roles & BUREAU_BOUND:",
        instead="        if True:",
        test="tests/doors/scenarios/test_scenario_doors.py::TestDraft",
    ),
    Removal(
        guard="a secret is compared in a time that does not tell where it differs",
        file="marketplace/identity/rules/credentials.py",
        line="    return hmac.compare_digest(hash_secret(secret), stored_sha256)",
        instead="    return hash_secret(secret) == stored_sha256",
        test="tests/house/test_secrets.py",
    ),
    Removal(
        guard="a request that a cookie speaks for proves where it comes from",
        file="marketplace/identity/guards.py",
        line="        _check_proof(lodge, connection, token)",
        instead="        pass",
        test="tests/doors/identity/test_session_doors.py::TestCrossSite",
    ),
    Removal(
        guard="a page of another site cannot act for its visitor",
        file="marketplace/identity/guards.py",
        line="        _check_own_page(lodge, connection)",
        instead="        pass",
        test="tests/doors/identity/test_session_doors.py::TestCrossSite",
    ),
    Removal(
        guard="a new right makes a new token",
        file="marketplace/identity/actions/sessions.py",
        line="    row.token_sha256 = sessions.token_hash(token)",
        instead="    pass",
        test="tests/doors/identity/test_session_doors.py::TestFixation",
    ),
    Removal(
        guard="a wrong try is counted",
        file="marketplace/identity/actions/tries.py",
        line="    row.failures += 1",
        instead="    pass",
        test="tests/doors/identity/test_session_doors.py",
    ),
    Removal(
        guard="a code of the authenticator is good once",
        file="marketplace/identity/rules/second_factor.py",
        line=" and step > last_step",
        instead="",
        test="tests/doors/identity/test_second_factor_doors.py::TestSigningIn",
    ),
    Removal(
        guard="what a fault knew of secrets stays out of the log",
        file="marketplace/kit/logs.py",
        line="show_locals=False",
        instead="show_locals=True",
        test="tests/journeys/test_nothing_leaks.py",
    ),
)


def test_every_guard_stands_where_it_is_looked_for() -> None:
    """The line is there, once; otherwise its removal would prove nothing."""
    for removal in REMOVALS:
        text = (ROOT / removal.file).read_text(encoding="utf-8")
        assert text.count(removal.line) == 1, f"{removal.file}: {removal.line}"


def test_without_its_guard_a_test_fails(tmp_path: Path) -> None:
    """Every removal is noticed by the test that is named for it."""
    with ThreadPoolExecutor(TOGETHER_MAX) as threads:
        places = [tmp_path / str(number) for number in range(len(REMOVALS))]
        results = list(threads.map(_tested_without, REMOVALS, places))

    unnoticed = [
        removal.guard for removal, failed in zip(REMOVALS, results, strict=True) if not failed
    ]
    assert unnoticed == []


def _tested_without(removal: Removal, place: Path) -> bool:
    """Run one test in a copy of the house that lacks one guard; tell whether it failed."""
    place.mkdir()
    for name in COPIED:
        source, target = ROOT / name, place / name
        if source.is_dir():
            shutil.copytree(source, target, ignore=LEFT_OUT)
        else:
            shutil.copy(source, target)
    changed = place / removal.file
    text = changed.read_text(encoding="utf-8")
    changed.write_text(text.replace(removal.line, removal.instead), encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "pytest",
        removal.test,
        "-q",
        "-x",
        "-n0",
        *WITHOUT,
    ]
    environment = {name: value for name, value in os.environ.items() if "PYTEST" not in name}
    done = subprocess.run(
        command,
        cwd=place,
        env=environment,
        capture_output=True,
        text=True,
        timeout=SECONDS_MAX,
        check=False,
    )
    # 1: tests ran and one failed. Anything else, such as a file that does not import, is no proof.
    assert done.returncode in {0, 1}, done.stdout[-2_000:] + done.stderr[-2_000:]
    return done.returncode == 1
