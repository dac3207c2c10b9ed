"""What an event says of its own fields, for the documents that integrators read."""

import dataclasses
from typing import ClassVar
from uuid import UUID

import pytest

from marketplace.events.rules.envelope import Event, Visibility


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class _Said(Event):
    TYPE: ClassVar[str] = "test.described"
    SUBJECT: ClassVar[str] = "thing_id"
    VISIBILITY: ClassVar[Visibility] = Visibility.INTERNAL

    thing_id: UUID
    found: dict[str, object]


def test_a_field_of_any_shape_is_described_as_such() -> None:
    """Only the rules of its room say what may stand there; the document says that."""
    fields = _Said.schema()["properties"]

    assert fields["found"]["additionalProperties"] == {"description": "Any JSON value."}
    assert fields["thing_id"] == {"type": "string", "format": "uuid"}


def test_a_field_that_no_document_can_hold_is_a_mistake_in_the_catalogue() -> None:
    """It is found when the documents are made, and never described as something else."""

    @dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
    class Unsayable(_Said):
        """Says what JSON has no words for."""

        place: complex

    with pytest.raises(TypeError, match="complex"):
        Unsayable.schema()
