"""The shape of an event before it is a row: type, subject, visibility, documented fields."""

import dataclasses
import datetime as dt
import inspect
import sys
from collections.abc import Iterator
from decimal import Decimal
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID

import msgspec


class Visibility(StrEnum):
    """Who may hear an event."""

    PUBLIC = "public"
    """Everybody."""
    PARTICIPANTS = "participants"
    """The poster, the bureau, and the solvers who take part."""
    OWNER = "owner"
    """The organisation it is about, and the bureau."""
    INTERNAL = "internal"
    """The bureau and auditors only."""
    SEALED = "sealed"
    """The organisation it is about and nobody else: not even the bureau may learn that a bid
    exists."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """The base of every statement; subclasses add their documented fields."""

    TYPE: ClassVar[str]
    SUBJECT: ClassVar[str]
    """The field that names the subject, whose sequence this event continues."""
    VISIBILITY: ClassVar[Visibility]
    VERSION: ClassVar[int] = 1

    @property
    def subject_id(self) -> UUID:
        """The thing this event is about."""
        subject = getattr(self, self.SUBJECT)
        assert isinstance(subject, UUID)
        return subject

    @property
    def subject_type(self) -> str:
        """The kind of thing, as in `scenario` for `scenario.published`."""
        return self.SUBJECT.removesuffix("_id")

    @classmethod
    def description(cls) -> str:
        """Say what happened, as its docstring does."""
        return " ".join((inspect.getdoc(cls) or "").partition("\n\n")[0].split())

    @classmethod
    def schema(cls) -> dict[str, Any]:
        """Describe the documented fields as JSON Schema."""
        (described,), parts = msgspec.json.schema_components(
            [cls], schema_hook=_any_json, ref_template="#/$defs/{name}"
        )
        own: dict[str, Any] = parts.pop(cls.__name__)
        assert described == {"$ref": f"#/$defs/{cls.__name__}"}
        return own | ({"$defs": parts} if parts else {})

    def body(self) -> dict[str, Any]:
        """Write the fields as JSON-able values; every value has one text form."""
        return {field.name: _plain(getattr(self, field.name)) for field in dataclasses.fields(self)}


def _plain(value: object) -> Any:
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if isinstance(value, UUID | Decimal | dt.date):
        return str(value)
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    return value


def _any_json(kind: type) -> dict[str, Any]:
    """Describe a field of which only the rules of its room say what may stand there."""
    if kind is object:
        return {"description": "Any JSON value."}
    # The word by which msgspec hears that a hook does not know a type; it refuses it by name then.
    raise NotImplementedError


def catalogue() -> list[type[Event]]:
    """List every kind of event that the loaded rooms can say, by type."""
    return sorted(set(_below(Event)), key=lambda one: one.TYPE)


def _below(kind: type[Event]) -> Iterator[type[Event]]:
    """Visit the classes below one.

    A dataclass with slots is made twice and the first one lingers: what its module holds counts.
    """
    for one in kind.__subclasses__():
        if getattr(sys.modules.get(one.__module__), one.__name__, None) is one:
            yield one
        yield from _below(one)
