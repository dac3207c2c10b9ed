"""What the identity room can answer: whether an organisation may take part on a day."""

import datetime as dt
from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, or_
from sqlmodel import col, select

from marketplace.identity.errors.organizations import ListingUnknown
from marketplace.identity.queries import organizations
from marketplace.identity.rules import standing
from marketplace.identity.rules.declarations import Declared
from marketplace.identity.rules.standing import Finding, Listing, Record
from marketplace.identity.tables.organizations import Organization
from marketplace.identity.tables.standing import BlacklistEntry, RegistrationEntry
from marketplace.kit.database import ReadSession
from marketplace.kit.errors import MarketplaceError

NIL = UUID(int=0)


def listing_of(row: BlacklistEntry) -> Listing:
    """Read a stored entry as the value that the rules know."""
    return Listing(
        id=row.id,
        authority=row.authority,
        listed_from=row.listed_from,
        listed_until=row.listed_until,
        lifted_on=row.lifted_on,
    )


def is_listed(on: dt.date) -> ColumnElement[bool]:
    """Say, in a statement over `Organization`, that it is on the list of dishonest parties."""
    entry = BlacklistEntry
    holds = (
        select(entry.id)
        .where(col(entry.organization_id) == col(Organization.id))
        .where(col(entry.listed_from) <= on)
        .where(or_(col(entry.listed_until).is_(None), col(entry.listed_until) > on))
        .where(or_(col(entry.lifted_on).is_(None), col(entry.lifted_on) > on))
    )
    return holds.exists()


async def record(session: ReadSession, organization_id: UUID) -> Record:
    """Gather what the register knows of an organisation."""
    row = await organizations.organization(session, organization_id)
    registrations = await registration_entries(session, organization_id)
    listings = await blacklist_entries(session, organization_id)
    return Record(
        organization_id=organization_id,
        verified=row.verified_at is not None,
        registrations=[
            Declared(value=one.status, since=one.effective_from, recorded_at=one.recorded_at)
            for one in registrations
        ],
        listings=[listing_of(one) for one in listings],
    )


async def findings(
    session: ReadSession, organization_id: UUID, *, on: dt.date
) -> tuple[Finding, ...]:
    """Say everything that speaks against an organisation on a day, blocking or not."""
    return standing.findings_on(await record(session, organization_id), on)


async def refusal(
    session: ReadSession, organization_id: UUID, *, on: dt.date
) -> MarketplaceError | None:
    """Make the refusal for an organisation that may not take part on a day; None: it may."""
    return standing.refusal(organization_id, await findings(session, organization_id, on=on), on=on)


async def organization_in_good_standing(
    session: ReadSession, organization_id: UUID, *, on: dt.date
) -> Organization:
    """Find an organisation that may take part on a day.

    Refuses  OrganizationUnknown, OrganizationNotVerified, NotInGoodStanding.
    """
    refused = await refusal(session, organization_id, on=on)
    if refused is not None:
        raise refused
    return await organizations.organization(session, organization_id)


async def registration_entries(
    session: ReadSession, organization_id: UUID, *, after: UUID = NIL, limit: int | None = None
) -> Sequence[RegistrationEntry]:
    """List what the company register said, in the order of recording."""
    found = await session.exec(
        select(RegistrationEntry)
        .where(RegistrationEntry.organization_id == organization_id)
        .where(col(RegistrationEntry.id) > after)
        .order_by(col(RegistrationEntry.id))
        .limit(limit)
    )
    return found.all()


async def blacklist_entries(
    session: ReadSession, organization_id: UUID, *, after: UUID = NIL, limit: int | None = None
) -> Sequence[BlacklistEntry]:
    """List the entries of an organisation, lifted ones included, in the order of recording."""
    found = await session.exec(
        select(BlacklistEntry)
        .where(BlacklistEntry.organization_id == organization_id)
        .where(col(BlacklistEntry.id) > after)
        .order_by(col(BlacklistEntry.id))
        .limit(limit)
    )
    return found.all()


async def blacklist_entry_locked(
    session: ReadSession, organization_id: UUID, entry_id: UUID
) -> BlacklistEntry:
    """Find one entry of an organisation, locked until this transaction is over."""
    found = await session.exec(
        select(BlacklistEntry)
        .where(BlacklistEntry.id == entry_id)
        .where(BlacklistEntry.organization_id == organization_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    row = found.first()
    if row is None:
        raise ListingUnknown(entry_id=str(entry_id))
    return row


async def blacklisted(
    session: ReadSession, organization_ids: Collection[UUID], *, on: dt.date
) -> frozenset[UUID]:
    """Tell which of a page of organisations are on the list on a day."""
    until, lifted = col(BlacklistEntry.listed_until), col(BlacklistEntry.lifted_on)
    found = await session.exec(
        select(BlacklistEntry.organization_id)
        .where(col(BlacklistEntry.organization_id).in_(organization_ids))
        .where(col(BlacklistEntry.listed_from) <= on)
        .where(or_(until.is_(None), until > on))
        .where(or_(lifted.is_(None), lifted > on))
    )
    return frozenset(found.all())
