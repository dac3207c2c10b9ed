"""What somebody hears: the log from a place on, less what is not theirs to know."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement
from sqlmodel import and_, col, or_, select

from marketplace.events import queries as events
from marketplace.events.rules import checkpoints, merkle
from marketplace.events.rules.envelope import Visibility
from marketplace.events.rules.hearing import Hearer
from marketplace.events.tables import EventCheckpoint, EventRow
from marketplace.feed.errors import CheckpointUnknown, EventUnknown, NotVouchedForYet
from marketplace.feed.rules.listening import Wish
from marketplace.kit.database import ReadSession


@dataclass(frozen=True, slots=True)
class Told:
    """One event on its way out: the bytes that were hashed, and where it stands."""

    number: int
    type: str
    record: bytes


@dataclass(frozen=True, slots=True)
class Heard:
    """What was heard, and up to where the log was read for it."""

    told: Sequence[Told]
    read_up_to: int


async def heard(
    session: ReadSession, hearer: Hearer, wish: Wish, *, after: int, limit: int
) -> Heard:
    """Read the log from a place on, as far as it is numbered.

    Every number up to the last one that was given belongs to a committed event: whatever is said
    later stands behind it.  So a reader may go on from there although nothing was for them.
    """
    last = await events.last_number(session)
    if last <= after:
        return Heard((), after)
    found = await session.exec(
        select(EventRow.number, EventRow.type, EventRow.record)
        .where(col(EventRow.number) > after)
        .where(col(EventRow.number) <= last)
        .where(await may_hear(session, hearer))
        .where(*_wanted(wish))
        .order_by(col(EventRow.number))
        .limit(limit)
    )
    told = [Told(number or 0, kind, record) for number, kind, record in found.all()]
    return Heard(told, told[-1].number if len(told) == limit else last)


async def may_hear(session: ReadSession, hearer: Hearer) -> ColumnElement[bool]:
    """Say in SQL what `hearing.may_hear` says at this moment; a test compares the two."""
    visibility, own = col(EventRow.visibility), col(EventRow.organization_id)
    mine = own == hearer.organization_id
    not_sealed = visibility != Visibility.SEALED
    taking_part = await events.calls_told_of(session, hearer.organization_id)
    may = [
        visibility == Visibility.PUBLIC,
        and_(
            mine,
            visibility.in_([Visibility.PARTICIPANTS, Visibility.OWNER, Visibility.SEALED]),
        ),
        and_(visibility == Visibility.PARTICIPANTS, col(EventRow.scenario_id).in_(taking_part)),
    ]
    if hearer.hears_all:
        may.append(not_sealed)
    if hearer.hears_bureau:
        organizer = col(EventRow.organizer_id)
        own_call = or_(organizer.is_(None), organizer == hearer.organization_id)
        may.append(and_(not_sealed, own_call))
    return or_(*may)


def of_types(types: Sequence[str]) -> list[ColumnElement[bool]]:
    """Say in SQL what `hearing.wants` says: nothing where every type is wanted."""
    if not types:
        return []
    kind = col(EventRow.type)
    return [
        or_(
            *(
                kind.startswith(one[:-1], autoescape=True) if one.endswith(".*") else kind == one
                for one in types
            )
        )
    ]


def _wanted(wish: Wish) -> list[ColumnElement[bool]]:
    wanted = of_types(wish.types)
    if wish.subject is not None:
        kind_of, subject_id = wish.subject
        wanted.append(col(EventRow.subject_id) == subject_id)
        wanted.append(col(EventRow.subject_type) == kind_of)
    if wish.scenario_id is not None:
        wanted.append(col(EventRow.scenario_id) == wish.scenario_id)
    if wish.organization_id is not None:
        wanted.append(col(EventRow.organization_id) == wish.organization_id)
    return wanted


async def event_heard_by(session: ReadSession, hearer: Hearer, event_id: UUID) -> EventRow:
    """Find an event that the hearer may hear; any other does not exist for them."""
    found = await session.exec(
        select(EventRow).where(EventRow.id == event_id).where(await may_hear(session, hearer))
    )
    row = found.first()
    if row is None:
        raise EventUnknown(event_id=str(event_id))
    return row


@dataclass(frozen=True, slots=True)
class Proof:
    """What shows that an event stands in a checkpoint."""

    event: EventRow
    index: int
    leaves: int
    path: Sequence[bytes]
    checkpoint: EventCheckpoint


async def proof(session: ReadSession, hearer: Hearer, event_id: UUID) -> Proof:
    """Find the way from an event to the root of its checkpoint.

    Refuses  EventUnknown, NotVouchedForYet.
    """
    row = await event_heard_by(session, hearer, event_id)
    over = None
    if row.number is not None:
        over = await events.checkpoint_over(session, row.number)
    if over is None:
        raise NotVouchedForYet(event_id=str(event_id))
    said = await events.digests(session, over.first_event, over.last_event)
    leaves = await asyncio.to_thread(checkpoints.leaves_of, said, over.fill_key)
    index = leaves.index(merkle.leaf_hash(bytes.fromhex(row.sha256)))
    path = await asyncio.to_thread(merkle.proof_of, leaves, index)
    return Proof(row, index, len(leaves), path, over)


async def checkpoint(session: ReadSession, number: int | None) -> EventCheckpoint:
    """Find a checkpoint by its number, or the latest."""
    if number is None:
        row = await events.latest_checkpoint(session)
    else:
        found = await events.checkpoints_after(session, number - 1, limit=1)
        row = found[0] if found and found[0].number == number else None
    if row is None:
        raise CheckpointUnknown(number=number)
    return row
