"""What the identity room can answer: memberships with their history, and invitations."""

import datetime as dt
from collections.abc import Sequence
from typing import Any, TypeVar
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from marketplace.identity.errors.organizations import OrganizationUnknown
from marketplace.identity.errors.people import InvitationUnknown, PersonUnknown
from marketplace.identity.rules import credentials, invitations
from marketplace.identity.rules.access import Actor, Permission, Role
from marketplace.identity.rules.roles import Giving
from marketplace.identity.tables.memberships import Invitation, MembershipPeriod
from marketplace.identity.tables.organizations import Organization, OrganizationKind
from marketplace.identity.tables.people import Member, Person
from marketplace.kit.database import ReadSession

S = TypeVar("S", bound=SelectOfScalar[Any])


async def place(session: ReadSession, organization_id: UUID, *, lock: bool = False) -> Giving:
    """Describe an organisation to whoever wants to change who belongs to it.

    Shape    `lock` lets one at a time change the people of one organisation: the last
             administrator and the number of open invitations are decided by several rows.
    """
    statement = select(Organization).where(Organization.id == organization_id)
    if lock:
        statement = _locked(statement)
    row = (await session.exec(statement)).first()
    if row is None:
        raise OrganizationUnknown(organization_id=str(organization_id))
    people = await present(session, organization_id)
    return Giving(
        organization_id=row.id,
        is_government=row.kind is OrganizationKind.GOVERNMENT,
        is_test_lab=row.kind is OrganizationKind.TEST_LAB,
        has_administrator=any(Role.ORGANIZATION_ADMIN in roles for _, roles in people),
    )


async def present(
    session: ReadSession, organization_id: UUID
) -> Sequence[tuple[UUID, frozenset[Role]]]:
    """List who belongs to an organisation now, with their roles."""
    found = await session.exec(
        select(Member)
        .where(Member.organization_id == organization_id)
        .where(col(Member.left_at).is_(None))
        .execution_options(populate_existing=True)
    )
    return [(row.person_id, frozenset(map(Role, row.roles))) for row in found.all()]


async def person_locked(session: ReadSession, person_id: UUID) -> Person:
    """Find a person, and let one at a time change what they hold anywhere: roles of different
    organisations exclude each other.
    """
    row = (await session.exec(_locked(select(Person).where(Person.id == person_id)))).first()
    if row is None:
        raise PersonUnknown(person_id=str(person_id))
    return row


async def ever_member(
    session: ReadSession, organization_id: UUID, person_id: UUID, *, lock: bool = False
) -> Member | None:
    """Find a membership, present or past."""
    statement = (
        select(Member)
        .where(Member.organization_id == organization_id)
        .where(Member.person_id == person_id)
    )
    if lock:
        statement = _locked(statement)
    return (await session.exec(statement)).first()


async def member_seen_by(
    session: ReadSession, actor: Actor, organization_id: UUID, person_id: UUID
) -> tuple[Member, Person]:
    """Find a membership, present or past, of one's own organisation, of oneself, or, for those who
    may read organisations, of any.
    """
    insider = organization_id == actor.organization_id or person_id == actor.person_id
    row = await ever_member(session, organization_id, person_id)
    if row is None or not (insider or actor.may(Permission.ORGANIZATIONS_READ)):
        raise PersonUnknown(person_id=str(person_id))
    person = await session.get(Person, person_id)
    assert person is not None, "a member is a person"
    return row, person


async def periods_of(session: ReadSession, member_id: UUID) -> Sequence[MembershipPeriod]:
    """List which roles a member held when, oldest first."""
    found = await session.exec(
        select(MembershipPeriod)
        .where(MembershipPeriod.member_id == member_id)
        .order_by(col(MembershipPeriod.id))
    )
    return found.all()


async def open_period(session: ReadSession, member_id: UUID) -> MembershipPeriod | None:
    """Find the period that has not ended."""
    found = await session.exec(
        select(MembershipPeriod)
        .where(MembershipPeriod.member_id == member_id)
        .where(col(MembershipPeriod.ended_at).is_(None))
    )
    return found.first()


async def memberships_of(
    session: ReadSession, person_id: UUID
) -> Sequence[tuple[Member, Organization]]:
    """List the organisations a person belongs to now."""
    found = await session.exec(
        select(Member, Organization)
        .where(Member.person_id == person_id)
        .where(Member.organization_id == Organization.id)
        .where(col(Member.left_at).is_(None))
        .order_by(col(Member.id))
    )
    return found.all()


async def invitation_of_token(
    session: ReadSession, token: str, *, lock: bool = False
) -> Invitation:
    """Find the invitation a token belongs to; what is wrong with a wrong token is not told."""
    prefix, secret = invitations.split_token(token) or ("", "")
    statement = select(Invitation).where(Invitation.prefix == prefix)
    if lock:
        statement = _locked(statement)
    row = (await session.exec(statement)).first()
    # The comparison runs even for an unknown prefix: an answer must not tell which prefixes exist.
    matches = credentials.secret_matches(
        secret, row.secret_sha256 if row else credentials.hash_secret("")
    )
    if row is None or not matches:
        raise InvitationUnknown()
    return row


async def invitation(
    session: ReadSession, organization_id: UUID, invitation_id: UUID, *, lock: bool = False
) -> Invitation:
    """Find an invitation of an organisation."""
    statement = (
        select(Invitation)
        .where(Invitation.id == invitation_id)
        .where(Invitation.organization_id == organization_id)
    )
    if lock:
        statement = _locked(statement)
    row = (await session.exec(statement)).first()
    if row is None:
        raise InvitationUnknown(invitation_id=str(invitation_id))
    return row


async def invitations_of(
    session: ReadSession, organization_id: UUID, *, after: UUID, limit: int
) -> Sequence[Invitation]:
    """List the invitations of an organisation by id, ended ones included."""
    found = await session.exec(
        select(Invitation)
        .where(Invitation.organization_id == organization_id)
        .where(col(Invitation.id) > after)
        .order_by(col(Invitation.id))
        .limit(limit)
    )
    return found.all()


async def open_invitations(
    session: ReadSession, organization_id: UUID, *, now: dt.datetime
) -> Sequence[Invitation]:
    """List the invitations of an organisation that can still be accepted."""
    found = await session.exec(
        select(Invitation)
        .where(Invitation.organization_id == organization_id)
        .where(col(Invitation.accepted_at).is_(None))
        .where(col(Invitation.revoked_at).is_(None))
        .where(col(Invitation.expires_at) > now)
    )
    return found.all()


def _locked(statement: S) -> S:
    """Lock rows against each other's changes, not against rows that merely refer to them."""
    return statement.with_for_update(key_share=True).execution_options(populate_existing=True)
