"""The whole log on its way out: written as it is stored, and checked against its own columns."""

import json
from collections.abc import AsyncIterator, Sequence

from marketplace.events import queries
from marketplace.events.rules.export import KIND, OWNERS, Finding
from marketplace.events.tables import EventCheckpoint, EventRow
from marketplace.kit import signing
from marketplace.kit.database import ReadSession
from marketplace.kit.digests import canonical_json, sha256_hex

EVENTS_AT_ONCE = 1_000
CANNOT_BE_READ = (LookupError, ValueError, TypeError, AttributeError)
"""What a driver or a column type raises for a value that was never written by us."""


async def export(session: ReadSession, *, keys: Sequence[bytes]) -> AsyncIterator[bytes]:
    """Write every numbered event and every checkpoint, a line at a time.

    Shape    `keys` are the public keys that ever signed checkpoints.
    """
    named = [{"key_id": signing.key_id(one), "public_key": signing.to_text(one)} for one in keys]
    yield _line({"kind": KIND, "keys": named})
    vouching = await _next_checkpoint(session, 0)
    async for row in _events(session):
        yield _line(
            {
                "number": row.number,
                "record": row.record.decode("utf-8", "backslashreplace"),
                "owner": {"salt": row.owner_salt.hex()}
                | {name: _text(getattr(row, name)) for name in OWNERS},
            }
        )
        if vouching is not None and row.number == vouching.last_event:
            yield _line(_checkpoint(vouching))
            vouching = await _next_checkpoint(session, vouching.number)
    while vouching is not None:
        # Its events are gone: the check of the file will say so.
        yield _line(_checkpoint(vouching))
        vouching = await _next_checkpoint(session, vouching.number)


async def contradictions(session: ReadSession) -> list[Finding]:
    """List the events whose columns do not say what their record says; `line` is the number."""
    unreadable: list[int] = []
    changed = [
        Finding(row.number or 0, "columns_changed", str(row.id))
        async for row in _events(session, unreadable)
        if not _agrees(row)
    ]
    return [*changed, *(Finding(number, "unreadable") for number in unreadable)]


def _agrees(row: EventRow) -> bool:
    try:
        told = json.loads(row.record)
    except ValueError:
        return False
    moment = row.occurred_at.isoformat(timespec="microseconds").replace("+00:00", "Z")
    columns = {
        "id": str(row.id),
        "type": row.type,
        "schemaversion": row.schema_version,
        "subject": f"{row.subject_type}/{row.subject_id}",
        "sequence": row.sequence,
        "visibility": row.visibility.value,
        "actor": row.actor,
        "time": moment,
        "previoushash": row.previous_sha256,
    }
    same = all(told.get(name) == value for name, value in columns.items())
    return same and row.sha256 == sha256_hex(row.record) and canonical_json(told) == row.record


async def _events(
    session: ReadSession, unreadable: list[int] | None = None
) -> AsyncIterator[EventRow]:
    """Visit every numbered event; one that cannot be read any more is named and left out."""
    after, last = 0, await queries.last_number(session)
    while after < last:
        until = min(after + EVENTS_AT_ONCE, last)
        try:
            rows = await queries.between(session, after + 1, until)
        except CANNOT_BE_READ:
            rows = await _one_by_one(session, after + 1, until, unreadable)
        for row in rows:
            if isinstance(row.record, bytes) and isinstance(row.owner_salt, bytes):
                yield row
            elif unreadable is not None:
                unreadable.append(row.number or 0)
        after = until
        session.expunge_all()


async def _one_by_one(
    session: ReadSession, first: int, last: int, unreadable: list[int] | None
) -> list[EventRow]:
    rows: list[EventRow] = []
    for number in range(first, last + 1):
        try:
            rows += await queries.between(session, number, number)
        except CANNOT_BE_READ:
            if unreadable is not None:
                unreadable.append(number)
    return rows


async def _next_checkpoint(session: ReadSession, after: int) -> EventCheckpoint | None:
    found = await queries.checkpoints_after(session, after, limit=1)
    return found[0] if found else None


def _checkpoint(row: EventCheckpoint) -> dict[str, object]:
    return {
        "checkpoint": row.document.decode(),
        "key_id": row.key_id,
        "signature": signing.to_text(row.signature),
        "first": row.first_event,
        "last": row.last_event,
        "fill_key": row.fill_key.hex(),
    }


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _line(document: dict[str, object]) -> bytes:
    return canonical_json(document) + b"\n"
