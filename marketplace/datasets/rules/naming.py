"""Names of files: shown to people and saved on their machines, so they are plain."""

import re
import unicodedata
from typing import Final

from marketplace.datasets.errors import FileNameRefused

NAME_BYTES_MAX: Final = 200
_FORBIDDEN: Final = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|]')
_DEVICES: Final = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?")


def plain_name(name: str) -> str:
    """Give the name in its one form.

    Refuses  FileNameRefused with one word for: empty, too_long, folder_or_control, dots, blanks,
             hidden_characters, device.

    >>> plain_name("道路影像.csv")
    '道路影像.csv'
    """
    found = unicodedata.normalize("NFC", name)
    problem = _problem(found)
    if problem:
        raise FileNameRefused(problem=problem, received=found[:80])
    return found


def _problem(name: str) -> str | None:
    if not name:
        return "empty"
    if len(name.encode("utf-8", "replace")) > NAME_BYTES_MAX:
        return "too_long"
    if _FORBIDDEN.search(name):
        return "folder_or_control"
    if name.startswith(".") or name.endswith("."):
        return "dots"
    if name != name.strip():
        return "blanks"
    # Format characters turn the reading direction around: "gpj.exe" would show as "exe.jpg".
    if any(unicodedata.category(char) in {"Cf", "Cs", "Co", "Zl", "Zp"} for char in name):
        return "hidden_characters"
    return "device" if _DEVICES.fullmatch(name) else None
