"""The shapes of the identity room on the wire: what is known of a person, and what is forgotten."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, Literal
from uuid import UUID

from marketplace.identity.actions.personal_data import Erasure
from marketplace.identity.rules.retention import Kept
from marketplace.identity.tables.people import Person
from marketplace.wire.problems import plain
from marketplace.wire.shapes import BilingualOut, In, Out


class EraseIn(In):
    """That it is meant: there is no way back."""

    understood: Literal[True]


class KeptOut(Out, frozen=True, kw_only=True):
    """Records that must be kept although they name the person."""

    what: str
    """Table and column."""
    count: int
    source: str
    until: dt.date

    @classmethod
    def of(cls, kept: Kept) -> "KeptOut":
        """Read one kind of record."""
        return cls(what=kept.what, count=kept.count, source=kept.source, until=kept.until)


class PersonalDataOut(Out, frozen=True, kw_only=True):
    """Everything that is known of a person."""

    person_id: UUID
    name: BilingualOut
    registered_at: dt.datetime
    about: dict[str, list[dict[str, Any]]]
    """Rows about the person, by table; digests of secrets and encrypted bytes are left out."""
    named_in: dict[str, int]
    """How often other records name the person, by table and column."""
    kept: list[KeptOut]
    """What of that would stay after an erasure, for how long, and why."""

    @classmethod
    def of(
        cls,
        person: Person,
        about: Mapping[str, Sequence[Mapping[str, Any]]],
        named_in: Mapping[str, int],
        kept: Sequence[Kept],
    ) -> "PersonalDataOut":
        """Put the parts together."""
        return cls(
            person_id=person.id,
            name=BilingualOut(zh=person.name_zh, en=person.name_en),
            registered_at=person.registered_at,
            about={name: [plain(dict(row)) for row in rows] for name, rows in about.items()},
            named_in=dict(named_in),
            kept=[KeptOut.of(one) for one in kept],
        )


class ErasureOut(Out, frozen=True, kw_only=True):
    """What was forgotten, and what must be kept."""

    person_id: UUID
    erased: list[str]
    kept: list[KeptOut]

    @classmethod
    def of(cls, done: Erasure) -> "ErasureOut":
        """Read what was done."""
        return cls(
            person_id=done.person_id,
            erased=list(done.erased),
            kept=[KeptOut.of(one) for one in done.kept],
        )
