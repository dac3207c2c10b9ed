"""The sweep that looks for secrets finds one, in whatever form it was left."""

import base64
import json
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from tests.given.sweeping import Marker, files, find, forms

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


FEN: Final = 730_651_948_017
WRITTEN: Final[dict[str, bytes]] = {
    "in fen": b"730651948017",
    "in fen, separated": b"730,651,948,017",
    "in yuan": b"7306519480.17",
    "in yuan, separated": b"7,306,519,480.17",
    "in ten thousand yuan": b"730651.948017",
    "in words": "柒拾叁亿零陆佰伍拾壹万玖仟肆佰捌拾元零壹角柒分".encode(),
    "in UTF-16": "730651948017".encode("utf-16-le"),
    "in base64": base64.b64encode(b'{"quote_fen":730651948017}'),
    "as SQLite keeps a number": FEN.to_bytes(6, "big"),
    "as PostgreSQL keeps a number": FEN.to_bytes(8, "little"),
    "as a float": struct.pack("<d", FEN),
}


@pytest.mark.parametrize("how", WRITTEN)
@pytest.mark.parametrize("marker", [FEN, range(730_651_948_011, 730_651_948_021)])
def test_an_amount_is_found_however_it_is_written(how: str, marker: Marker) -> None:
    """One amount, or any amount of a range."""
    places = {"somewhere": b"before " + WRITTEN[how] + b" after"}

    assert find({"the amount": marker}, places) != []
    assert find({"another": 530_651_948_017}, places) == []


def test_nothing_is_found_where_nothing_is() -> None:
    """A sweep that always found something would be switched off."""
    assert find({"the secret": MARKER}, {"somewhere": MARKER[:-1].encode()}) == []
    assert len(forms(MARKER)) > 12


def test_names_of_files_are_looked_at_as_well(tmp_path: Path) -> None:
    """A secret in a name is no better kept than one in a file."""
    (tmp_path / "inside").mkdir()
    (tmp_path / "inside" / f"{MARKER}.txt").write_bytes(b"")

    assert find({"the secret": MARKER}, dict(files(tmp_path))) != []
