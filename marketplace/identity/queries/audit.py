"""What the identity room can answer: the audit log."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlmodel import col, select

from marketplace.identity.tables.audit import AuditEntry, KnownThing, Outcome
from marketplace.kit.database import ReadSession

NEWEST = UUID(int=2**128 - 1)
"""Above every real id: the list begins with the newest entry."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFilter:
    """Which entries are asked for; what is None does not narrow."""

    outcome: Outcome | None = None
    operation: str | None = None
    person_id: UUID | None = None
    organization_id: UUID | None = None
    since: dt.datetime | None = None
    until: dt.datetime | None = None


async def is_known(session: ReadSession, thing: UUID) -> bool:
    """Tell whether acts on a thing may be listed, because everybody may know of it."""
    found = await session.exec(select(KnownThing.id).where(KnownThing.thing == thing))
    return found.first() is not None


async def audit_entries(
    session: ReadSession, wanted: AuditFilter, *, before: UUID, limit: int
) -> Sequence[AuditEntry]:
    """List entries, newest first, below one id, without those that would tell who bids."""
    statement = select(AuditEntry).where(col(AuditEntry.id) < before)
    statement = statement.where(col(AuditEntry.sealed_under).is_(None))
    if wanted.outcome is not None:
        statement = statement.where(AuditEntry.outcome == wanted.outcome)
    if wanted.operation is not None:
        statement = statement.where(AuditEntry.operation == wanted.operation)
    if wanted.person_id is not None:
        statement = statement.where(AuditEntry.person_id == wanted.person_id)
    if wanted.organization_id is not None:
        statement = statement.where(AuditEntry.organization_id == wanted.organization_id)
    if wanted.since is not None:
        statement = statement.where(col(AuditEntry.occurred_at) >= wanted.since)
    if wanted.until is not None:
        statement = statement.where(col(AuditEntry.occurred_at) < wanted.until)
    return (await session.exec(statement.order_by(col(AuditEntry.id).desc()).limit(limit))).all()
