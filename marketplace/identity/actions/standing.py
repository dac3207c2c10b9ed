"""What the identity room can do: record registration status and the list of dishonest parties."""

import datetime as dt
from dataclasses import dataclass
from uuid import UUID

from marketplace.events import actions as events
from marketplace.events.rules.catalogue.organizations import (
    OrganizationBlacklisted,
    OrganizationBlacklistLifted,
    OrganizationRegistrationRecorded,
)
from marketplace.identity.actions.profile import hand_of
from marketplace.identity.errors.organizations import ListingLifted
from marketplace.identity.queries import organizations, standing
from marketplace.identity.rules import access
from marketplace.identity.rules.access import Actor, Permission
from marketplace.identity.rules.declarations import check_not_ahead
from marketplace.identity.rules.standing import RegistrationStatus, check_listing
from marketplace.identity.tables.standing import BlacklistEntry, RegistrationEntry
from marketplace.kit.database import WriteSession
from marketplace.kit.days import day_of


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingFacts:
    """What is written about a listing outside."""

    listed_from: dt.date
    listed_until: dt.date | None = None
    authority: str
    reason: str
    source: str


async def record_registration(
    session: WriteSession,
    actor: Actor,
    organization_id: UUID,
    *,
    status: RegistrationStatus,
    effective_from: dt.date,
    source: str,
    now: dt.datetime,
) -> RegistrationEntry:
    """Record what the company register says from a day on; what it said before stays.

    Refuses  OrganizationUnknown, DeclaredAhead.
    """
    access.require(actor, Permission.ORGANIZATIONS_VERIFY)
    await organizations.organization(session, organization_id)
    check_not_ahead(effective_from, day_of(now))
    row = RegistrationEntry(
        organization_id=organization_id,
        status=status,
        effective_from=effective_from,
        source=source,
        recorded_by=hand_of(actor),
        recorded_at=now,
    )
    session.add(row)
    await session.flush()
    said = OrganizationRegistrationRecorded(
        organization_id=organization_id, status=status.value, effective_from=str(effective_from)
    )
    await events.record(session, said, by=actor.kind, now=now, organization_id=organization_id)
    return row


async def blacklist(
    session: WriteSession,
    actor: Actor,
    organization_id: UUID,
    *,
    listing: ListingFacts,
    now: dt.datetime,
) -> BlacklistEntry:
    """Enter an organisation on the list of seriously dishonest parties, with who decided it.

    Refuses  OrganizationUnknown, ListingMisdated.
    """
    access.require(actor, Permission.ORGANIZATIONS_SANCTION)
    await organizations.organization(session, organization_id)
    row = BlacklistEntry(
        organization_id=organization_id,
        listed_from=listing.listed_from,
        listed_until=listing.listed_until,
        authority=listing.authority,
        reason=listing.reason,
        source=listing.source,
        recorded_by=hand_of(actor),
        recorded_at=now,
    )
    check_listing(standing.listing_of(row))
    session.add(row)
    await session.flush()
    until = listing.listed_until
    said = OrganizationBlacklisted(
        organization_id=organization_id,
        entry_id=row.id,
        authority=row.authority,
        listed_from=str(row.listed_from),
        listed_until=None if until is None else str(until),
    )
    await events.record(session, said, by=actor.kind, now=now, organization_id=organization_id)
    return row


async def lift_blacklist(
    session: WriteSession,
    actor: Actor,
    organization_id: UUID,
    entry_id: UUID,
    *,
    lifted_on: dt.date,
    reason: str,
    now: dt.datetime,
) -> BlacklistEntry:
    """Lift an entry; `lifted_on` is the first day on which it no longer counts.

    Refuses  ListingUnknown; ListingLifted for a second time; ListingMisdated.
    """
    access.require(actor, Permission.ORGANIZATIONS_SANCTION)
    row = await standing.blacklist_entry_locked(session, organization_id, entry_id)
    if row.lifted_on is not None:
        raise ListingLifted(entry_id=str(entry_id), lifted_on=str(row.lifted_on))
    row.lifted_on = lifted_on
    check_listing(standing.listing_of(row))
    row.lift_reason, row.lifted_by, row.lifted_at = reason, hand_of(actor), now
    await session.flush()
    said = OrganizationBlacklistLifted(
        organization_id=organization_id, entry_id=row.id, lifted_on=str(lifted_on)
    )
    await events.record(session, said, by=actor.kind, now=now, organization_id=organization_id)
    return row
