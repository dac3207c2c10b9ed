"""The shapes of the identity room on the wire: the audit log."""

import datetime as dt
from typing import Any
from uuid import UUID

from marketplace.identity.tables.audit import AuditEntry, Outcome
from marketplace.wire.shapes import Out


class AuditEntryOut(Out, frozen=True, kw_only=True):
    """One act at one door."""

    id: UUID
    occurred_at: dt.datetime
    outcome: Outcome
    operation: str
    subject: dict[str, Any]
    code: str | None
    person_id: UUID | None
    organization_id: UUID | None
    roles: list[str]
    key_id: UUID | None
    session_id: UUID | None
    request_id: str | None
    address: str | None

    @classmethod
    def of(cls, row: AuditEntry) -> "AuditEntryOut":
        """Read one entry."""
        return cls(
            id=row.id,
            occurred_at=row.occurred_at,
            outcome=row.outcome,
            operation=row.operation,
            subject=row.subject,
            code=row.code,
            person_id=row.person_id,
            organization_id=row.organization_id,
            roles=row.roles,
            key_id=row.key_id,
            session_id=row.session_id,
            request_id=row.request_id,
            address=row.address,
        )
