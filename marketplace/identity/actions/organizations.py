"""What the identity room can do: organisations and their register."""

import datetime as dt
from dataclasses import dataclass
from uuid import UUID

from marketplace.events import actions as events
from marketplace.events.rules.catalogue.identity import (
    OrganizationRegistered,
    OrganizationVerified,
)
from marketplace.identity.actions.profile import add_size, add_startup
from marketplace.identity.errors.organizations import AlreadyRegistered, CreditCodeInvalid
from marketplace.identity.queries import organizations
from marketplace.identity.rules import access, credentials
from marketplace.identity.rules.access import Actor, Permission
from marketplace.identity.tables.organizations import Organization, OrganizationKind, SizeClass
from marketplace.kit.database import WriteSession
from marketplace.kit.days import day_of
from marketplace.kit.errors import Stale

STATED_AT_REGISTRATION = "登记时填报 stated at registration"
"""The basis of what a registration says about size and startup status."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganizationProfile:
    """What is filled in once and reused everywhere."""

    uscc: str
    name_zh: str
    name_en: str
    kind: OrganizationKind
    region: str
    size_class: SizeClass = SizeClass.NONE
    is_startup: bool = False


async def register_organization(
    session: WriteSession, actor: Actor, profile: OrganizationProfile, *, now: dt.datetime
) -> Organization:
    """Enter an organisation in the register, unverified."""
    access.require(actor, Permission.ORGANIZATIONS_REGISTER)
    if not credentials.is_uscc(profile.uscc):
        raise CreditCodeInvalid(uscc=profile.uscc)
    if await organizations.organization_by_uscc(session, profile.uscc) is not None:
        raise AlreadyRegistered(uscc=profile.uscc)
    row = Organization(
        uscc=profile.uscc,
        name_zh=profile.name_zh,
        name_en=profile.name_en,
        kind=profile.kind,
        size_class=SizeClass.NONE,
        is_startup=False,
        region=profile.region,
        registered_at=now,
    )
    session.add(row)
    await session.flush()
    said = OrganizationRegistered(organization_id=row.id, kind=row.kind)
    await events.record(session, said, by=actor.kind, now=now, organization_id=row.id)
    today, basis = day_of(now), STATED_AT_REGISTRATION
    if profile.size_class is not SizeClass.NONE:
        size = profile.size_class
        await add_size(session, actor, row, size_class=size, since=today, basis=basis, now=now)
    if profile.is_startup:
        await add_startup(session, actor, row, is_startup=True, since=today, basis=basis, now=now)
    return row


async def verify_organization(
    session: WriteSession,
    actor: Actor,
    organization_id: UUID,
    *,
    expected_version: int,
    now: dt.datetime,
) -> Organization:
    """Confirm that an organisation is what it says; only then may it post or bid."""
    access.require(actor, Permission.ORGANIZATIONS_VERIFY)
    row = await organizations.organization(session, organization_id, lock=True)
    if row.version != expected_version:
        raise Stale(version=row.version, expected=expected_version)
    if row.verified_at is None:
        row.verified_at = now
        row.verified_by = None if actor.is_system else actor.person_id
        row.version += 1
        said = OrganizationVerified(organization_id=row.id)
        await events.record(session, said, by=actor.kind, now=now, organization_id=row.id)
    await session.flush()
    return row
