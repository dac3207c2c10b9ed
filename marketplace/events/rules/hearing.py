"""Who may hear an event, and who wants to: visibility first, the subscriber's filter second.

Nobody hears more than their organisation may read, judged at the time of telling.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import assert_never
from uuid import UUID

from marketplace.events.rules.envelope import Visibility

_PATTERN = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*(\.\*)?")
PATTERN_LENGTH_MAX = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Hearer:
    """Somebody who listens, as far as rights are concerned."""

    organization_id: UUID
    hears_all: bool = False
    """Has the right to read every event that is not sealed: auditors and the platform."""
    hears_bureau: bool = False
    """Has it for the calls that their own organisation organises, and for what belongs to no call:
    the bureau's officers and approvers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """An event, as far as rights are concerned."""

    visibility: Visibility
    organization_id: UUID | None
    """Whose event it is."""
    organizer_id: UUID | None = None
    """The bureau that organises the call it belongs to; None outside calls."""
    participants: frozenset[UUID] = frozenset()
    """The organisations that take part in the call it belongs to."""


def may_hear(hearer: Hearer, said: Said) -> bool:
    """Tell whether an event may be told to a hearer.

    >>> me, you = UUID(int=1), UUID(int=2)
    >>> mine = Said(visibility=Visibility.OWNER, organization_id=me)
    >>> may_hear(Hearer(organization_id=me), mine), may_hear(Hearer(organization_id=you), mine)
    (True, False)
    """
    if said.visibility is Visibility.SEALED:
        return hearer.organization_id == said.organization_id
    if hearer.hears_all:
        return True
    if hearer.hears_bureau and said.organizer_id in {None, hearer.organization_id}:
        return True
    match said.visibility:
        case Visibility.PUBLIC:
            return True
        case Visibility.PARTICIPANTS:
            owner = {said.organization_id} if said.organization_id else frozenset[UUID]()
            return hearer.organization_id in said.participants | owner
        case Visibility.OWNER:
            return hearer.organization_id == said.organization_id
        case Visibility.INTERNAL:
            return False
        case _:
            assert_never(said.visibility)


def wants(patterns: Sequence[str], event_type: str) -> bool:
    """Tell whether a filter takes an event type: none takes all, `bid.*` takes what begins so.

    >>> wants([], "bid.submitted"), wants(["bid.*"], "bid.submitted"), wants(["bid"], "bid.moved")
    (True, True, False)
    """
    if not patterns:
        return True
    return any(
        event_type.startswith(pattern[:-1]) if pattern.endswith(".*") else event_type == pattern
        for pattern in patterns
    )


def is_pattern(text: str) -> bool:
    """Tell whether a text can stand in a filter: a dotted type, or a prefix that ends in `.*`."""
    return len(text) <= PATTERN_LENGTH_MAX and _PATTERN.fullmatch(text) is not None
