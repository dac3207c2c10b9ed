"""Read JSON that strangers wrote: a refusal names the place, what was expected, what was found."""

import datetime as dt
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from decimal import Decimal
from typing import Final, NoReturn, TypeVar

from marketplace.scoring.errors.rounds import DocumentUnreadable
from marketplace.scoring.rules import numbers

Value = TypeVar("Value")

SHOWN_LENGTH_MAX: Final = 80
TEXT_LENGTH_MAX: Final = 500
KEY_LENGTH_MAX: Final = 200
CODE_PATTERN: Final = re.compile(r"[a-z][a-z0-9_]{0,63}", re.ASCII)
_UNFIT_CHARACTERS: Final = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")


def shown(value: object) -> str:
    """Describe any value in a few characters: short scalars whole, the rest by kind and size.

    >>> shown("榜"), shown([1, 2]), shown(None), shown(10**30)
    ("'榜'", 'a list of 2', 'null', 'a whole number of 100 bits')
    """
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        # Writing out a huge int is slow, and refused by Python beyond 4300 digits.
        return (
            str(value)
            if value.bit_length() <= 64
            else f"a whole number of {value.bit_length()} bits"
        )
    if isinstance(value, str):
        # Cut before quoting: the text may be megabytes long.
        text = value[: SHOWN_LENGTH_MAX + 1]
        text = ascii(text) if _UNFIT_CHARACTERS.search(text) else repr(text)
        return short(text)
    if isinstance(value, Mapping):
        return f"an object of {len(value)}"
    if isinstance(value, Sequence):
        return f"a list of {len(value)}"
    return f"a {type(value).__name__}"


def short(text: str) -> str:
    """Cut a text of any length to what a refusal repeats."""
    return text if len(text) <= SHOWN_LENGTH_MAX else f"{text[:SHOWN_LENGTH_MAX]}…"


def escaped(key: str) -> str:
    """Escape one key for a JSON pointer; a key that could not be printed is shown in ASCII.

    Source   RFC 6901, section 3.

    >>> escaped("a/b~c")
    'a~1b~0c'
    """
    key = key[:KEY_LENGTH_MAX]
    if _UNFIT_CHARACTERS.search(key):
        key = ascii(key)[1:-1]
    return key.replace("~", "~0").replace("/", "~1")


def refuse(pointer: str, *, expected: str, found: object) -> NoReturn:
    """Say that the document is not readable at `pointer`."""
    raise DocumentUnreadable(pointer=pointer or "/", expected=expected, found=shown(found))


class Fields:
    """One JSON object, read field by field; fields that nobody knows are refused at once."""

    __slots__ = ("_fields", "pointer")

    def __init__(self, value: object, *, pointer: str, known: Collection[str]) -> None:
        if not isinstance(value, dict):
            refuse(pointer, expected="an object", found=value)
        self.pointer = pointer
        self._fields: dict[object, object] = value
        for key in value:
            if key not in known:
                refuse(self.at(str(key)), expected="no such field", found=value[key])
        for key in known:
            if key not in value:
                refuse(self.at(key), expected="a value", found=None)

    def at(self, key: str) -> str:
        """Point to one field."""
        return f"{self.pointer}/{escaped(key)}"

    def raw(self, key: str) -> object:
        """The value as it stands, for a reader of its own."""
        return self._fields[key]

    def text(self, key: str, *, length_max: int = TEXT_LENGTH_MAX) -> str:
        """A text of one line that is not empty."""
        return text_at(self.at(key), self.raw(key), length_max=length_max)

    def code(self, key: str) -> str:
        """A short name in lower case, such as `deploy_security`."""
        value = self.raw(key)
        if not isinstance(value, str) or not CODE_PATTERN.fullmatch(value):
            refuse(self.at(key), expected="a code of a-z, 0-9 and _", found=value)
        return value

    def choice(self, key: str, options: Collection[str]) -> str:
        """One of a closed set of words."""
        value = self.raw(key)
        if not isinstance(value, str) or value not in options:
            refuse(self.at(key), expected="one of " + ", ".join(sorted(options)), found=value)
        return value

    def whole(self, key: str, *, minimum: int, maximum: int) -> int:
        """A whole number within bounds; true, false and 1.0 are none."""
        value = self.raw(key)
        if type(value) is not int or not minimum <= value <= maximum:
            refuse(self.at(key), expected=f"a whole number {minimum}..{maximum}", found=value)
        return value

    def truth(self, key: str) -> bool:
        """True or false, nothing that merely looks like it."""
        value = self.raw(key)
        if not isinstance(value, bool):
            refuse(self.at(key), expected="true or false", found=value)
        return value

    def decimal(self, key: str) -> Decimal:
        """A plain decimal in a text, so that no reader turns it into a binary float."""
        return decimal_at(self.at(key), self.raw(key))

    def instant(self, key: str) -> str:
        """A moment with its offset, written anew in UTC."""
        value = self.raw(key)
        written = instant_utc(value) if isinstance(value, str) else None
        if written is None:
            refuse(self.at(key), expected="a time with its offset, as RFC 3339", found=value)
        return written

    def optional(self, key: str, read: Callable[[str], Value]) -> Value | None:
        """Null, or whatever `read` reads."""
        return None if self.raw(key) is None else read(key)

    def items(self, key: str, *, maximum: int) -> list[tuple[str, object]]:
        """The members of a list, each with its pointer."""
        return items_at(self.at(key), self.raw(key), maximum=maximum)

    def decimals(self, key: str, *, maximum: int) -> dict[str, Decimal]:
        """An object from codes to plain decimals."""
        value = self.raw(key)
        if not isinstance(value, dict) or len(value) > maximum:
            refuse(self.at(key), expected=f"an object of at most {maximum}", found=value)
        read: dict[str, Decimal] = {}
        for code in value:
            if not isinstance(code, str) or not CODE_PATTERN.fullmatch(code):
                refuse(self.at(key), expected="codes of a-z, 0-9 and _ as keys", found=code)
            read[code] = decimal_at(f"{self.at(key)}/{code}", value[code])
        return read


def text_at(pointer: str, value: object, *, length_max: int = TEXT_LENGTH_MAX) -> str:
    """Read a text of one line; nothing empty, no lone surrogates, no control characters."""
    if not isinstance(value, str) or not 1 <= len(value) <= length_max:
        refuse(pointer, expected=f"a text of 1..{length_max} characters", found=value)
    if _UNFIT_CHARACTERS.search(value):
        refuse(pointer, expected="a text without control characters", found=value)
    return value


def decimal_at(pointer: str, value: object) -> Decimal:
    """Read a plain decimal from a text."""
    read = numbers.parse(value) if isinstance(value, str) else None
    if read is None:
        refuse(pointer, expected="a plain decimal in a text, such as '12.50'", found=value)
    return read


def items_at(pointer: str, value: object, *, maximum: int) -> list[tuple[str, object]]:
    """Read a list of at most `maximum` members, each with its pointer."""
    if not isinstance(value, list) or len(value) > maximum:
        refuse(pointer, expected=f"a list of at most {maximum}", found=value)
    return [(f"{pointer}/{index}", item) for index, item in enumerate(value)]


def instant_utc(text: str) -> str | None:
    """Write a moment with an offset in UTC, always to the microsecond, so that texts sort as times.

    Shape    None when the text is no moment, or has no offset.

    >>> instant_utc("2026-05-01T17:00:00+08:00"), instant_utc("2026-05-01T17:00:00")
    ('2026-05-01T09:00:00.000000Z', None)
    """
    try:
        moment = dt.datetime.fromisoformat(text)
        if moment.tzinfo is None:
            return None
        moment = moment.astimezone(dt.UTC)
    except (ValueError, OverflowError):
        return None
    return moment.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"
