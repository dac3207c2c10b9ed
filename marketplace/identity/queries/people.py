"""What the identity room can answer: people, memberships, experts."""

from collections.abc import Sequence
from uuid import UUID

from sqlmodel import col, select

from marketplace.identity.errors.people import PersonUnknown
from marketplace.identity.rules.access import Role
from marketplace.identity.tables.people import ExpertProfile, Member, Person
from marketplace.kit.database import ReadSession


async def member(session: ReadSession, organization_id: UUID, person_id: UUID) -> Member:
    """Find a present membership."""
    found = await session.exec(
        select(Member)
        .where(Member.organization_id == organization_id)
        .where(Member.person_id == person_id)
        .where(col(Member.left_at).is_(None))
    )
    row = found.first()
    if row is None:
        raise PersonUnknown(person_id=str(person_id))
    return row


async def members_with_names(
    session: ReadSession, organization_id: UUID
) -> Sequence[tuple[Member, Person]]:
    """List the present members of an organisation with their names."""
    found = await session.exec(
        select(Member, Person)
        .where(Member.organization_id == organization_id)
        .where(Member.person_id == Person.id)
        .where(col(Member.left_at).is_(None))
        .order_by(col(Member.id))
    )
    return found.all()


async def person(session: ReadSession, person_id: UUID) -> Person:
    """Find one person."""
    row = await session.get(Person, person_id)
    if row is None:
        raise PersonUnknown(person_id=str(person_id))
    return row


async def expert_profile(session: ReadSession, person_id: UUID) -> ExpertProfile:
    """Find a person's expert profile."""
    found = await session.exec(select(ExpertProfile).where(ExpertProfile.person_id == person_id))
    row = found.first()
    if row is None:
        raise PersonUnknown(person_id=str(person_id))
    return row


async def organizations_of(session: ReadSession, person_id: UUID) -> frozenset[UUID]:
    """Name every organisation a person belongs to or is employed by: the ground of recusal."""
    memberships = await session.exec(
        select(Member.organization_id).where(Member.person_id == person_id)
    )
    employers = await session.exec(
        select(ExpertProfile.employer_id).where(ExpertProfile.person_id == person_id)
    )
    return frozenset(memberships.all()) | frozenset(employers.all())


async def roles_of(session: ReadSession, person_id: UUID) -> Sequence[tuple[UUID, frozenset[Role]]]:
    """List a person's present roles, organisation by organisation."""
    found = await session.exec(
        select(Member)
        .where(Member.person_id == person_id)
        .where(col(Member.left_at).is_(None))
        .order_by(col(Member.id))
    )
    return [(row.organization_id, frozenset(map(Role, row.roles))) for row in found.all()]
