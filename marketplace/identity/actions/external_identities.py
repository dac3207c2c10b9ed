"""What the identity room can do: link accounts at the OpenID provider to people."""

import datetime as dt
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from marketplace.events import actions as events
from marketplace.events.rules.catalogue.credentials import (
    ExternalIdentityLinked,
    ExternalIdentityUnlinked,
)
from marketplace.identity.errors.sign_in import IdentityLinked
from marketplace.identity.queries import people, sessions
from marketplace.identity.rules import access
from marketplace.identity.rules.access import Actor, Permission
from marketplace.identity.tables.sessions import ExternalIdentity
from marketplace.kit.database import WriteSession


async def link(
    session: WriteSession,
    actor: Actor,
    person_id: UUID,
    *,
    issuer: str,
    subject: str,
    now: dt.datetime,
) -> ExternalIdentity:
    """Link an account to a person, as administrator."""
    access.require(actor, Permission.IDENTITIES_LINK)
    await people.person(session, person_id)
    return await link_account(session, actor, person_id, issuer=issuer, subject=subject, now=now)


async def link_account(
    session: WriteSession,
    actor: Actor,
    person_id: UUID,
    *,
    issuer: str,
    subject: str,
    now: dt.datetime,
) -> ExternalIdentity:
    """Keep the link; whoever calls knows that it may be made."""
    if await sessions.external_identity(session, issuer, subject) is not None:
        raise IdentityLinked()
    row = ExternalIdentity(
        person_id=person_id,
        issuer=issuer,
        subject=subject,
        linked_by=None if actor.is_system else actor.person_id,
        linked_at=now,
    )
    session.add(row)
    try:
        await session.flush()
    except IntegrityError as race:
        raise IdentityLinked() from race
    said = ExternalIdentityLinked(person_id=person_id, issuer=issuer, linked_by=actor.person_id)
    await events.record(
        session, said, by=actor.kind, now=now, organization_id=actor.organization_id
    )
    return row


async def unlink(
    session: WriteSession, actor: Actor, person_id: UUID, identity_id: UUID, *, now: dt.datetime
) -> ExternalIdentity:
    """Unlink an account, as administrator; the next sign-on with it is refused."""
    access.require(actor, Permission.IDENTITIES_LINK)
    row = await sessions.identity_of(session, person_id, identity_id)
    await session.delete(row)
    await session.flush()
    said = ExternalIdentityUnlinked(
        person_id=person_id, issuer=row.issuer, unlinked_by=actor.person_id
    )
    await events.record(
        session, said, by=actor.kind, now=now, organization_id=actor.organization_id
    )
    return row
