"""What the identity room can answer: the expert pool and the ties of its experts."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from uuid import UUID

from sqlmodel import col, select

from marketplace.identity.errors.experts import ExpertUnknown, TieUnknown
from marketplace.identity.rules.access import Actor, Permission, Role
from marketplace.identity.rules.ties import Tie, TieKind
from marketplace.identity.tables.experts import ExpertTie
from marketplace.identity.tables.people import ExpertProfile, Member, Person
from marketplace.kit.database import ReadSession
from marketplace.kit.days import day_of

NIL = UUID(int=0)


def manages(actor: Actor) -> bool:
    """Tell whether the actor looks after the pool."""
    return actor.may(Permission.EXPERTS_MANAGE)


def reads_pool(actor: Actor) -> bool:
    """Tell whether the actor may read who is in the pool: who manages it, and auditors."""
    return manages(actor) or (actor.may(Permission.AUDIT_READ) and actor.has(Role.AUDITOR))


async def profile(session: ReadSession, person_id: UUID, *, lock: bool = False) -> ExpertProfile:
    """Find the profile of an expert."""
    statement = select(ExpertProfile).where(ExpertProfile.person_id == person_id)
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    row = (await session.exec(statement)).first()
    if row is None:
        raise ExpertUnknown(person_id=str(person_id))
    return row


async def is_expert(session: ReadSession, person_id: UUID) -> bool:
    """Tell whether a person is in the pool."""
    found = await session.exec(select(ExpertProfile.id).where(ExpertProfile.person_id == person_id))
    return found.first() is not None


async def profile_seen_by(session: ReadSession, actor: Actor, person_id: UUID) -> ExpertProfile:
    """Find a profile the actor may read: their own, or any for whoever looks after the pool."""
    if actor.person_id != person_id and not reads_pool(actor):
        raise ExpertUnknown(person_id=str(person_id))
    return await profile(session, person_id)


async def profiles(
    session: ReadSession, actor: Actor, *, after: UUID = NIL, limit: int | None = None
) -> Sequence[tuple[ExpertProfile, Person]]:
    """List the pool with names, by profile; an expert finds only themself."""
    statement = (
        select(ExpertProfile, Person)
        .where(ExpertProfile.person_id == Person.id)
        .where(col(ExpertProfile.id) > after)
    )
    if not reads_pool(actor):
        statement = statement.where(ExpertProfile.person_id == actor.person_id)
    found = await session.exec(statement.order_by(col(ExpertProfile.id)).limit(limit))
    return found.all()


async def whole_pool(session: ReadSession) -> Sequence[tuple[ExpertProfile, Person]]:
    """List every expert of the pool, by person: what a draw begins with."""
    found = await session.exec(
        select(ExpertProfile, Person)
        .where(ExpertProfile.person_id == Person.id)
        .order_by(col(ExpertProfile.person_id))
    )
    return found.all()


async def roles_of_all(
    session: ReadSession, people: Collection[UUID]
) -> dict[UUID, frozenset[Role]]:
    """Tell what roles people hold at present, wherever that is."""
    found = await session.exec(
        select(Member.person_id, Member.roles)
        .where(col(Member.person_id).in_(people))
        .where(col(Member.left_at).is_(None))
    )
    held: dict[UUID, set[Role]] = defaultdict(set)
    for person_id, roles in found.all():
        held[person_id].update(map(Role, roles))
    return {person_id: frozenset(roles) for person_id, roles in held.items()}


async def tie_rows(session: ReadSession, person_id: UUID) -> Sequence[ExpertTie]:
    """List what was declared and recorded about the ties of an expert."""
    found = await session.exec(
        select(ExpertTie).where(ExpertTie.person_id == person_id).order_by(col(ExpertTie.id))
    )
    return found.all()


async def tie_row(session: ReadSession, person_id: UUID, tie_id: UUID) -> ExpertTie:
    """Find one tie of an expert, locked until this transaction is over."""
    found = await session.exec(
        select(ExpertTie)
        .where(ExpertTie.id == tie_id)
        .where(ExpertTie.person_id == person_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    row = found.first()
    if row is None:
        raise TieUnknown(tie_id=str(tie_id))
    return row


async def ties_of(session: ReadSession, people: Collection[UUID]) -> dict[UUID, list[Tie]]:
    """Gather every tie of people: what was recorded, their employer, and their memberships.

    Shape    a membership that was left is an employment with its end: whoever worked for a bidder
             and had a key of it cannot leave that behind by leaving.
    """
    found: dict[UUID, list[Tie]] = defaultdict(list)
    recorded = await session.exec(select(ExpertTie).where(col(ExpertTie.person_id).in_(people)))
    for row in recorded.all():
        found[row.person_id].append(
            Tie(
                person_id=row.person_id,
                organization_id=row.organization_id,
                kind=row.kind,
                valid_from=row.valid_from,
                valid_to=row.valid_to,
            )
        )
    employers = await session.exec(
        select(ExpertProfile.person_id, ExpertProfile.employer_id).where(
            col(ExpertProfile.person_id).in_(people)
        )
    )
    for person_id, employer_id in employers.all():
        found[person_id].append(
            Tie(person_id=person_id, organization_id=employer_id, kind=TieKind.EMPLOYMENT)
        )
    joined = await session.exec(
        select(Member.person_id, Member.organization_id, Member.left_at).where(
            col(Member.person_id).in_(people)
        )
    )
    for person_id, organization_id, left_at in joined.all():
        found[person_id].append(
            Tie(
                person_id=person_id,
                organization_id=organization_id,
                kind=TieKind.EMPLOYMENT,
                valid_to=None if left_at is None else day_of(left_at),
            )
        )
    return dict(found)
