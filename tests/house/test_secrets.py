"""Secrets are compared in a time that tells nothing, and by one function wherever it happens."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from marketplace.identity.rules import credentials, second_factor, sessions
from tests.house import source
from tests.house.source import listing, tree_of

GUARDED: Final = ("marketplace/identity", "marketplace/kit", "marketplace/wire")
"""Where secrets are looked at."""

SECRET: Final = re.compile(
    r"(?:^|_)(?:secret|token|csrf|nonce|password|verifier|sha256|hash|hashed|signature|state|code)"
    r"(?:$|_)"
)
NOT_SECRET: Final = {
    "status_code": "a number of HTTP",
    "argon2_hash": "tells whether a row changed meanwhile; nobody outside can choose either side",
    "request_sha256": "tells two requests apart; not a secret",
    "login_sha256": "finds the tries of a login; not a secret",
    "token_type": "a word of OAuth",
}
"""Names that look like a secret, each with the reason why they are none here."""


def comparisons(path: Path) -> Iterator[tuple[int, str]]:
    """List what is compared with == and != outside of a query's WHERE."""
    inside_where = {
        id(found)
        for call in ast.walk(tree_of(path))
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and call.func.attr == "where"
        for argument in call.args
        for found in ast.walk(argument)
    }
    for node in ast.walk(tree_of(path)):
        if not isinstance(node, ast.Compare) or id(node) in inside_where:
            continue
        if any(isinstance(operator, ast.Eq | ast.NotEq) for operator in node.ops):
            for side in (node.left, *node.comparators):
                yield node.lineno, _name(side)


def _name(side: ast.expr) -> str:
    """The last word of what is compared, or of the function that made it."""
    while isinstance(side, ast.Call | ast.Await | ast.Subscript):
        if isinstance(side, ast.Subscript):
            if isinstance(side.slice, ast.Constant) and isinstance(side.slice.value, str):
                return side.slice.value
            side = side.value
        else:
            side = side.func if isinstance(side, ast.Call) else side.value
    if isinstance(side, ast.Attribute):
        return side.attr
    return side.id if isinstance(side, ast.Name) else ""


def test_no_secret_is_compared_by_equality() -> None:
    """== stops at the first difference, so its time tells how much of a guess was right."""
    found = [
        f"{path}:{line}: {name}"
        for path in source.python_files("marketplace")
        if str(path).startswith(GUARDED)
        for line, name in comparisons(path)
        if SECRET.search(name) and name not in NOT_SECRET
    ]

    assert not found, listing(found)


def test_whatever_matches_a_secret_uses_the_one_comparison() -> None:
    """Each function whose name says that it compares secrets calls `hmac.compare_digest`."""
    matching = [
        function
        for path in source.python_files("marketplace")
        if "rules" in path.parts and str(path).startswith(GUARDED)
        for function in source.functions_of(path)
        if function.name.endswith("_matches") or function.name == "accepted_step"
    ]
    without = [
        function.name
        for function in matching
        if "hmac.compare_digest(" not in ast.unparse(function)
    ]

    assert {one.name for one in matching} >= {
        "secret_matches",
        "token_matches",
        "csrf_matches",
        "recovery_matches",
        "accepted_step",
    }
    assert without == []


def test_each_comparison_tells_right_from_wrong() -> None:
    """A comparison that always says yes would be just as quick for every guess."""
    stored = credentials.hash_secret("right")
    token, key = "a token", bytes(32)
    proof = sessions.csrf_token(key, token)

    assert credentials.secret_matches("right", stored)
    assert not credentials.secret_matches("wrong", stored)
    assert sessions.token_matches(token, sessions.token_hash(token))
    assert not sessions.token_matches("another", sessions.token_hash(token))
    assert sessions.csrf_matches(key, token, proof)
    assert not sessions.csrf_matches(key, token, proof[:-1])
    assert not sessions.csrf_matches(key, token, "证明")
    assert not sessions.csrf_matches(bytes(31) + b"x", token, proof)
    recovery = second_factor.recovery_hash("abcd-efgh")
    assert second_factor.recovery_matches("ABCD EFGH", recovery)
    assert not second_factor.recovery_matches("abcd-efgi", recovery)


def test_the_reader_of_comparisons_finds_what_it_is_for() -> None:
    """What a careless change would look like is seen."""
    tree = ast.parse("if row.token_sha256 == hashed(token) or answer['state'] != state: pass")
    names = [
        _name(side)
        for node in ast.walk(tree)
        if isinstance(node, ast.Compare)
        for side in (node.left, *node.comparators)
    ]

    assert [name for name in names if SECRET.search(name)] == [
        "token_sha256",
        "hashed",
        "state",
        "state",
    ]
