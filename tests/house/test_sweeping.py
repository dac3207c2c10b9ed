"""The sweep that looks for secrets finds one, in whatever form it was left."""

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from tests.given.sweeping import files, find, forms

MARKER: Final = "深海的鲸鱼 remembers 每一盏灯"

LEFT: Final[dict[str, Callable[[str], bytes]]] = {
    "as text": str.encode,
    "in UTF-16": lambda text: text.encode("utf-16-le"),
    "in GBK": lambda text: text.encode("gbk"),
    "in base64": lambda text: base64.b64encode(text.encode()),
    "in base64, one byte later": lambda text: base64.b64encode(b"x" + text.encode() + b"yz"),
    "in base64, two bytes later": lambda text: base64.b64encode(b"xy" + text.encode() + b"z"),
    "in base64url": lambda text: base64.urlsafe_b64encode(text.encode()),
    "in hexadecimal": lambda text: text.encode().hex().encode(),
    "escaped": lambda text: json.dumps({"x": text}).encode(),
    "escaped twice": lambda text: json.dumps(json.dumps({"x": text})).encode(),
}


@pytest.mark.parametrize("how", LEFT)
def test_a_secret_is_found_however_it_was_left(how: str) -> None:
    """Each way in which a program rewrites a text is one that is looked for."""
    place = b"before " + LEFT[how](MARKER) + b" after"

    assert find({"the secret": MARKER}, {"somewhere": place}) != []


def test_nothing_is_found_where_nothing_is() -> None:
    """A sweep that always found something would be switched off."""
    assert find({"the secret": MARKER}, {"somewhere": MARKER[:-1].encode()}) == []
    assert len(forms(MARKER)) > 12


def test_names_of_files_are_looked_at_as_well(tmp_path: Path) -> None:
    """A secret in a name is no better kept than one in a file."""
    (tmp_path / "inside").mkdir()
    (tmp_path / "inside" / f"{MARKER}.txt").write_bytes(b"")

    assert find({"the secret": MARKER}, dict(files(tmp_path))) != []
