"""The bases of what comes in (Pydantic, all errors at once) and goes out (msgspec, cheap)."""

import datetime as dt
import re
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, Generic, TypeVar

import msgspec
from litestar.params import QueryParameter
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    StringConstraints,
    WithJsonSchema,
    model_validator,
)

from marketplace.kit.money import FEN_MAX
from marketplace.kit.paging import PAGE_LIMIT_DEFAULT, PAGE_LIMIT_MAX

T = TypeVar("T")

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
DECIMAL_TEXT_MAX = 40


class In(BaseModel):
    """The base of every request body: unknown fields are errors, values are frozen."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _storable(cls, data: Any) -> Any:
        """Refuse text that no database can keep, before any field is looked at."""
        if isinstance(data, dict):
            for value in data.values():
                if isinstance(value, str) and _UNSTORABLE.search(value):
                    raise ValueError("text may not contain NUL or unpaired surrogates")
        return data


class Out(msgspec.Struct, frozen=True, kw_only=True):
    """The base of every answer: filled from column selects, never from table rows."""


class PageOut(Out, Generic[T], frozen=True, kw_only=True):
    """One page of a list."""

    items: list[T]
    next_cursor: str | None
    """Pass it as `cursor` to get the next page; null: this was the last."""


def _whole(value: Any) -> Any:
    # bool is an int and 5.0 == 5 in Python; in a sum of money neither is what was meant.
    if type(value) is not int:
        raise ValueError("must be a whole number written without quotes, point or exponent")
    return value


def _decimal(value: Any) -> Any:
    if not isinstance(value, str) or len(value) > DECIMAL_TEXT_MAX:
        raise ValueError('must be a decimal number written as text, like "87.50"')
    try:
        number = Decimal(value)
    except InvalidOperation as broken:
        raise ValueError('must be a decimal number written as text, like "87.50"') from broken
    if not number.is_finite() or abs(number.adjusted()) > DECIMAL_TEXT_MAX:
        raise ValueError("must be a finite number of ordinary size")
    return number


def _utc(value: dt.datetime) -> dt.datetime:
    # The first and the last day that datetime knows overflow when they are moved to UTC.
    if not 1900 <= value.year <= 2999:
        raise ValueError("must be a time between the years 1900 and 2999")
    return value.astimezone(dt.UTC)


def _truth(value: Any) -> Any:
    # Pydantic would take 1, "yes" and "off"; whoever means yes or no can write true or false.
    if not isinstance(value, bool):
        raise ValueError("must be true or false")
    return value


def _written(value: Any) -> Any:
    # Pydantic also takes bare numbers as seconds since 1970; nobody means that here.
    if not isinstance(value, str):
        raise ValueError("must be a time written as text, like 2026-03-02T09:00:00+08:00")
    return value


WholeNumber = Annotated[int, BeforeValidator(_whole)]
"""A whole number; no floats, no booleans, no text."""

WholeFen = Annotated[int, BeforeValidator(_whole), Field(ge=0, le=FEN_MAX)]
"""Money: whole fen, not negative."""

Truth = Annotated[bool, BeforeValidator(_truth)]
"""Yes or no, written as true or false."""

Bps = Annotated[int, BeforeValidator(_whole), Field(ge=0, le=10_000)]
"""A rate or weight in basis points: 10,000 is the whole."""

DecimalText = Annotated[
    Decimal,
    BeforeValidator(_decimal),
    PlainSerializer(str),
    WithJsonSchema(
        {"type": "string", "pattern": r"^-?\d+(\.\d+)?$", "maxLength": DECIMAL_TEXT_MAX}
    ),
]
"""An exact number, written as text so that no JSON reader turns it into a float."""

Moment = Annotated[AwareDatetime, BeforeValidator(_written), AfterValidator(_utc)]
"""A time with its offset, kept in UTC."""

ShortText = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
LongText = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=20_000)]
Code = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,31}$")]
"""A short machine name."""

ColumnName = Annotated[
    str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")
]
"""The name of a column of a table of data."""

Limit = Annotated[int, QueryParameter(ge=1, le=PAGE_LIMIT_MAX, description="Items per page.")]
Cursor = Annotated[
    str | None, QueryParameter(max_length=512, description="`next_cursor` of the page before.")
]
LIMIT_DEFAULT = PAGE_LIMIT_DEFAULT


class BilingualIn(In):
    """A text in Chinese and, where it exists, in English."""

    zh: ShortText
    en: ShortText | None = None

    def document(self) -> dict[str, str]:
        """Write it as it is stored."""
        return {"zh": self.zh} | ({} if self.en is None else {"en": self.en})


class LongBilingualIn(In):
    """A long text in Chinese and, where it exists, in English."""

    zh: LongText
    en: LongText | None = None

    def document(self) -> dict[str, str]:
        """Write it as it is stored."""
        return {"zh": self.zh} | ({} if self.en is None else {"en": self.en})


class BilingualOut(Out, frozen=True, kw_only=True, omit_defaults=True):
    """A text in Chinese and, where it exists, in English."""

    zh: str
    en: str | None = None


class BlockedOut(Out, frozen=True, kw_only=True):
    """An action that is not possible now, and the first reason why."""

    action: str
    code: str
    title: str


class ActionsOut(Out, frozen=True, kw_only=True):
    """What this caller may do with this thing now."""

    allowed: list[str]
    blocked: list[BlockedOut]
