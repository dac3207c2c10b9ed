"""What the identity room can do: witness what others do, and forget what need not be kept."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from sqlmodel import col, update

from marketplace.identity.queries import audit
from marketplace.identity.rules.access import Actor
from marketplace.identity.tables.audit import AuditEntry, KnownThing, Outcome
from marketplace.kit.database import WriteSession

ADDRESS_KEPT: Final = dt.timedelta(days=183)
"""How long an address is kept: six months, as the Cybersecurity Law asks of network logs
(article 21, from memory, unverified)."""

UNSEALED_AT_ONCE: Final = 500
"""Ids in one statement: databases bound them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """What happened at a door."""

    actor: Actor
    operation: str
    subject: dict[str, str] = field(default_factory=dict)
    outcome: Outcome = Outcome.PERFORMED
    code: str | None = None
    request_id: str | None = None
    address: str | None = None
    sealed_under: UUID | None = None
    """What the entry would give away; None: it may be read at once."""


async def witness(session: WriteSession, act: Act, *, now: dt.datetime) -> AuditEntry:
    """Write one act down.

    Shape    what was performed is written in the transaction of the act itself; what was refused in
             one of its own, because a refusal rolls everything else back.
    """
    who = act.actor
    sealed_under = act.sealed_under
    if sealed_under is not None and await audit.is_known(session, sealed_under):
        sealed_under = None
    known = not (who.is_nobody or who.is_system)
    row = AuditEntry(
        occurred_at=now,
        outcome=act.outcome,
        operation=act.operation,
        subject=act.subject,
        code=act.code,
        person_id=who.person_id if known else None,
        organization_id=who.organization_id if known and not who.must_enrol else None,
        roles=["system"] if who.is_system else sorted(role.value for role in who.roles),
        key_id=who.key_id,
        session_id=who.session_id,
        request_id=act.request_id,
        address=act.address,
        sealed_under=sealed_under,
        address_kept_until=None if act.address is None else now + ADDRESS_KEPT,
    )
    session.add(row)
    await session.flush()
    return row


async def unseal(session: WriteSession, things: Sequence[UUID]) -> None:
    """Let auditors read what was and will be done to these things: everybody may know of them.

    Shape    once for each thing.
    """
    session.add_all(KnownThing(thing=one) for one in things)
    for at in range(0, len(things), UNSEALED_AT_ONCE):
        await session.exec(
            update(AuditEntry)
            .where(col(AuditEntry.sealed_under).in_(things[at : at + UNSEALED_AT_ONCE]))
            .values(sealed_under=None)
        )


async def forget_addresses(session: WriteSession, *, now: dt.datetime) -> int:
    """Forget where requests came from once nothing asks to know it any longer; say how many."""
    statement = (
        update(AuditEntry)
        .where(col(AuditEntry.address_kept_until) <= now)
        .values(address=None, address_kept_until=None)
    )
    return (await session.exec(statement)).rowcount
