"""Reading values out of a seed file or a stored document; a refusal says where it is wrong."""

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from marketplace.kit.errors import Unacceptable

TEXT_MAX = 500
VERSION_MAX = 1_000_000
"""A bound that every database can hold; nobody publishes a million versions."""


@dataclass(frozen=True, slots=True)
class Reader:
    """One table of a document: typed fields, nothing unknown, every refusal with a JSON pointer.

    Dates may be TOML dates or ISO text, so that a seed file and its stored JSON form read alike.
    """

    document: object
    kind: type[Unacceptable]
    pointer: str = ""

    def only(self, *keys: str) -> None:
        """Refuse a field that nobody would read: it is a typing error, not a wish."""
        for key in self._table():
            if key not in keys:
                raise self.refusal("field_unknown", key)

    def integer(self, key: str) -> int:
        """Read a whole number; True is not one."""
        value = self._value(key)
        if type(value) is not int:
            raise self.refusal("not_a_whole_number", key)
        return value

    def flag(self, key: str) -> bool:
        """Read true or false."""
        value = self._value(key)
        if not isinstance(value, bool):
            raise self.refusal("not_true_or_false", key)
        return value

    def text(self, key: str) -> str:
        """Read a text that is not blank."""
        value = self._value(key)
        if not isinstance(value, str) or not value.strip() or len(value) > TEXT_MAX:
            raise self.refusal("not_a_text", key)
        return value

    def day(self, key: str) -> dt.date:
        """Read a date."""
        return self._day(self._value(key), key)

    def days(self, key: str) -> tuple[dt.date, ...]:
        """Read a list of dates; none, if the field is absent."""
        values = self._table().get(key, ())
        if not isinstance(values, list | tuple):
            raise self.refusal("not_a_list", key)
        return tuple(self._day(value, key) for value in values)

    def title(self, key: str) -> tuple[str, str]:
        """Read a title in Chinese and English."""
        title = self.part(key)
        title.only("zh", "en")
        return title.text("zh"), title.text("en")

    def part(self, key: str) -> "Reader":
        """Step into a table within this one."""
        return Reader(self._value(key), self.kind, f"{self.pointer}/{key}")

    def parts(self, key: str) -> "tuple[Reader, ...]":
        """Step into each table of a list."""
        values = self._value(key)
        if not isinstance(values, list | tuple):
            raise self.refusal("not_a_list", key)
        places = (f"{self.pointer}/{key}/{number}" for number in range(len(values)))
        return tuple(Reader(part, self.kind, at) for part, at in zip(values, places, strict=True))

    def named_parts(self) -> "Iterator[tuple[str, Reader]]":
        """Step into each table of this table of tables."""
        for key in self._table():
            yield key, self.part(key)

    def value(self, key: str) -> object:
        """Take a field as it is; the caller knows what it should be."""
        return self._value(key)

    def refusal(self, problem: str, key: str) -> Unacceptable:
        """Build the refusal that points at a field."""
        return self.kind(problem=problem, pointer=f"{self.pointer}/{key}")

    def _table(self) -> Mapping[str, object]:
        if not isinstance(self.document, Mapping):
            raise self.kind(problem="not_a_table", pointer=self.pointer)
        return self.document

    def _value(self, key: str) -> object:
        table = self._table()
        if key not in table:
            raise self.refusal("field_missing", key)
        return table[key]

    def _day(self, value: object, key: str) -> dt.date:
        if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
            return value
        try:
            return dt.date.fromisoformat(value if isinstance(value, str) else "")
        except ValueError:
            raise self.refusal("not_a_date", key) from None
