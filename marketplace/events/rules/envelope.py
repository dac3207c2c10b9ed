"""The shape of an event before it is a row: type, subject, visibility, documented fields."""

import dataclasses
import datetime as dt
from decimal import Decimal
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID


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
