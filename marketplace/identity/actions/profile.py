"""What the identity room can do: keep an organisation's own profile and its declarations.

The organisation's row is locked first, so that two edits of one version cannot both win.
"""

import datetime as dt
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.exc import IntegrityError
from sqlmodel import col

from marketplace.events import actions as events
from marketplace.events.rules.catalogue.organizations import (
    OrganizationProfileChanged,
    OrganizationSizeDeclared,
    OrganizationStartupDeclared,
)
from marketplace.identity.errors.organizations import (
    AlreadyRegistered,
    CreditCodeInvalid,
    KindNotYours,
    OrganizationUnknown,
)
from marketplace.identity.queries import organizations, profile
from marketplace.identity.rules import access, credentials
from marketplace.identity.rules.access import Actor, Permission
from marketplace.identity.rules.declarations import check_not_ahead
from marketplace.identity.tables.organizations import (
    NameChanges,
    Organization,
    OrganizationKind,
    SizeClass,
)
from marketplace.identity.tables.profile import SizeDeclaration, StartupDeclaration
from marketplace.kit.database import WriteSession
from marketplace.kit.days import day_of
from marketplace.kit.errors import Stale

VERIFIED_FIELDS = ("uscc", "name_zh", "name_en", "kind", "region")
"""What an officer compares with the register: a change of one undoes the verification."""
CONTACT_FIELDS = ("contact_name", "contact_phone", "contact_email")


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """Whom to ask, and how."""

    name: str | None = None
    phone: str | None = None
    email: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileEdit:
    """The whole profile as it is to be."""

    uscc: str
    name_zh: str
    name_en: str
    kind: OrganizationKind
    region: str
    contact: Contact

    def columns(self) -> dict[str, object]:
        """Name every column with its new value."""
        return {name: getattr(self, name) for name in VERIFIED_FIELDS} | {
            "contact_name": self.contact.name,
            "contact_phone": self.contact.phone,
            "contact_email": self.contact.email,
        }


async def change_profile(
    session: WriteSession,
    actor: Actor,
    organization_id: UUID,
    *,
    edit: ProfileEdit,
    expected_version: int,
    now: dt.datetime,
) -> Organization:
    """Replace the profile; a change of what was verified puts the verification back to pending.

    Refuses  OrganizationUnknown for anybody else's; CreditCodeInvalid; AlreadyRegistered;
             KindNotYours into government or out of it, for which bureau roles are given; Stale.
    """
    row = await own_organization(session, actor, organization_id)
    check_version(row, expected_version)
    await _check_edit(session, row, edit)
    changed = [name for name, value in edit.columns().items() if getattr(row, name) != value]
    if not changed:
        return row
    lost = row.verified_at is not None and bool(set(changed) & set(VERIFIED_FIELDS))
    row.uscc, row.kind, row.region = edit.uscc, edit.kind, edit.region
    row.name_zh, row.name_en = edit.name_zh, edit.name_en
    row.contact_name = edit.contact.name
    row.contact_phone, row.contact_email = edit.contact.phone, edit.contact.email
    if lost:
        row.verified_at, row.verified_by = None, None
    row.version += 1
    try:
        await session.flush()
    except IntegrityError as taken:
        # Somebody else took this code between the question and the write.
        raise AlreadyRegistered(uscc=edit.uscc) from taken
    if {"name_zh", "name_en"} & set(changed):
        await _count_new_name(session)
    said = OrganizationProfileChanged(
        organization_id=row.id, fields=tuple(sorted(changed)), verification_lost=lost
    )
    await events.record(session, said, by=actor.kind, now=now, organization_id=row.id)
    return row


async def _count_new_name(session: WriteSession) -> None:
    """Count a new name in the transaction that gives it; the row is held until that has ended.

    Held, so that the number and the names become visible in one order: a reader that finds the
    number of a later change has the names of all the earlier ones.
    """
    insert = sqlite_insert if session.get_bind().dialect.name == "sqlite" else postgres_insert
    connection = await session.connection()
    await connection.execute(
        insert(NameChanges)
        .values(id=organizations.NAME_CHANGES, number=1)
        .on_conflict_do_update(index_elements=["id"], set_={"number": col(NameChanges.number) + 1})
    )


async def declare_size(
    session: WriteSession,
    actor: Actor,
    organization_id: UUID,
    *,
    size_class: SizeClass,
    effective_from: dt.date,
    basis: str,
    now: dt.datetime,
) -> SizeDeclaration:
    """Declare the size of the enterprise from a day on; what was declared before stays.

    Refuses  OrganizationUnknown, DeclaredAhead.
    """
    row = await own_organization(session, actor, organization_id)
    row.version += 1
    return await add_size(
        session, actor, row, size_class=size_class, since=effective_from, basis=basis, now=now
    )


async def declare_startup(
    session: WriteSession,
    actor: Actor,
    organization_id: UUID,
    *,
    is_startup: bool,
    as_of: dt.date,
    basis: str,
    now: dt.datetime,
) -> StartupDeclaration:
    """Declare whether the enterprise was a startup from a day on; what was declared before stays.

    Refuses  OrganizationUnknown, DeclaredAhead.
    """
    row = await own_organization(session, actor, organization_id)
    row.version += 1
    return await add_startup(
        session, actor, row, is_startup=is_startup, since=as_of, basis=basis, now=now
    )


async def add_size(
    session: WriteSession,
    actor: Actor,
    row: Organization,
    *,
    size_class: SizeClass,
    since: dt.date,
    basis: str,
    now: dt.datetime,
) -> SizeDeclaration:
    """Write a declaration down for whoever was let through; the organisation shows the latest."""
    check_not_ahead(since, day_of(now))
    said_so = SizeDeclaration(
        organization_id=row.id,
        size_class=size_class,
        effective_from=since,
        basis=basis,
        declared_by=hand_of(actor),
        declared_at=now,
    )
    session.add(said_so)
    await session.flush()
    row.size_class = await profile.size_on(session, row.id, day_of(now))
    await session.flush()
    said = OrganizationSizeDeclared(
        organization_id=row.id,
        declaration_id=said_so.id,
        size_class=size_class.value,
        effective_from=str(since),
    )
    await events.record(session, said, by=actor.kind, now=now, organization_id=row.id)
    return said_so


async def add_startup(
    session: WriteSession,
    actor: Actor,
    row: Organization,
    *,
    is_startup: bool,
    since: dt.date,
    basis: str,
    now: dt.datetime,
) -> StartupDeclaration:
    """Write a declaration down for whoever was let through; the organisation shows the latest."""
    check_not_ahead(since, day_of(now))
    said_so = StartupDeclaration(
        organization_id=row.id,
        is_startup=is_startup,
        as_of=since,
        basis=basis,
        declared_by=hand_of(actor),
        declared_at=now,
    )
    session.add(said_so)
    await session.flush()
    row.is_startup = await profile.startup_on(session, row.id, day_of(now))
    await session.flush()
    said = OrganizationStartupDeclared(
        organization_id=row.id,
        declaration_id=said_so.id,
        is_startup=is_startup,
        as_of=str(since),
    )
    await events.record(session, said, by=actor.kind, now=now, organization_id=row.id)
    return said_so


async def own_organization(
    session: WriteSession, actor: Actor, organization_id: UUID
) -> Organization:
    """Lock the organisation that the actor may edit: their own, as its administrator.

    Refuses  NotPermitted; OrganizationUnknown for anybody else's.
    """
    access.require(actor, Permission.ORGANIZATIONS_EDIT)
    if not actor.is_system and actor.organization_id != organization_id:
        raise OrganizationUnknown(organization_id=str(organization_id))
    return await organizations.organization(session, organization_id, lock=True)


def check_version(row: Organization, expected: int) -> None:
    """Refuse a change of a profile that somebody else has changed."""
    if row.version != expected:
        raise Stale(version=row.version, expected=expected)


def hand_of(actor: Actor) -> UUID | None:
    """Name the person whose hand it was; the platform itself has none."""
    return None if actor.is_system else actor.person_id


async def _check_edit(session: WriteSession, row: Organization, edit: ProfileEdit) -> None:
    if not credentials.is_uscc(edit.uscc):
        raise CreditCodeInvalid(uscc=edit.uscc)
    known = await organizations.organization_by_uscc(session, edit.uscc)
    if known is not None and known.id != row.id:
        raise AlreadyRegistered(uscc=edit.uscc)
    government = OrganizationKind.GOVERNMENT
    if edit.kind is not row.kind and government in {edit.kind, row.kind}:
        raise KindNotYours(kind=row.kind.value)
