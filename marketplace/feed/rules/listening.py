"""Places in the log that tell nothing, and what a listener asks for."""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from marketplace.events.rules import hearing
from marketplace.feed.errors import FilterUnusable, SubjectUnusable
from marketplace.kit.paging import CursorUnreadable

PURPOSE: Final = "event-place"
"""What the key of places is derived for."""
TYPES_MAX: Final = 20
NUMBER_BYTES: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What of all they may hear somebody wants to hear."""

    types: tuple[str, ...] = ()
    """Types and `prefix.*` patterns; none: all."""
    subject: tuple[str, UUID] | None = None
    scenario_id: UUID | None = None
    organization_id: UUID | None = None


def wish(
    *,
    types: Sequence[str],
    subject: str | None,
    scenario_id: UUID | None,
    organization_id: UUID | None,
) -> Wish:
    """Read what somebody asks for.

    Refuses  FilterUnusable, SubjectUnusable.
    """
    unusable = [one[:80] for one in types if not hearing.is_pattern(one)]
    if unusable or len(types) > TYPES_MAX:
        raise FilterUnusable(types=unusable[:TYPES_MAX], most=TYPES_MAX)
    return Wish(
        types=tuple(types),
        subject=None if subject is None else _subject(subject),
        scenario_id=scenario_id,
        organization_id=organization_id,
    )


def _subject(text: str) -> tuple[str, UUID]:
    kind, _, name = text.partition("/")
    try:
        return kind, UUID(name)
    except ValueError as unusable:
        raise SubjectUnusable(received=text[:100]) from unusable


def place_of(number: int, key: bytes) -> str:
    """Write a place in the log so that only whoever has the key can read it.

    Shape    the same number gives the same text; texts of neighbours have nothing in common.
    """
    sealed = AESSIV(key).encrypt(number.to_bytes(NUMBER_BYTES, "big"), None)
    return base64.urlsafe_b64encode(sealed).decode().rstrip("=")


def number_at(place: str, keys: Sequence[bytes]) -> int:
    """Read a place that was given out here; refuses CursorUnreadable for anything else."""
    try:
        sealed = base64.b64decode(place + "=" * (-len(place) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as broken:
        raise CursorUnreadable(cursor=place[:80]) from broken
    for key in keys:
        try:
            number = int.from_bytes(AESSIV(key).decrypt(sealed, None), "big")
        except (InvalidTag, ValueError):
            continue
        if place_of(number, key) == place:
            return number
    raise CursorUnreadable(cursor=place[:80])
