"""Questions, as far as each side may know of them, and those who follow a call."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlmodel import col, func, select

from marketplace.identity.rules.access import Actor, Permission
from marketplace.kit.database import ReadSession
from marketplace.scenarios.errors import EnquiryUnknown
from marketplace.scenarios.rules.enquiries import (
    OPEN_ENQUIRIES,
    EnquiryState,
    answers,
    may_know_askers,
)
from marketplace.scenarios.tables import Enquiry, Follower, Scenario


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """What somebody may see of the questions about one call."""

    every: bool
    """All of them; otherwise those of their own organisation."""
    askers: bool
    """Also who asked."""


def sight_of(actor: Actor, call: Scenario) -> Sight:
    """Tell what an actor may see of the questions about a call."""
    actor = actor.at(call.organizer_id)
    askers = may_know_askers(actor)
    decides = actor.may(Permission.SCENARIOS_APPROVE)
    works = answers(actor, call.poster_id, call.end_user_id)
    return Sight(every=askers or decides or works, askers=askers)


async def enquiry(session: ReadSession, enquiry_id: UUID, *, lock: bool = False) -> Enquiry:
    """Find one question."""
    statement = select(Enquiry).where(Enquiry.id == enquiry_id)
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    row = (await session.exec(statement)).first()
    if row is None:
        raise EnquiryUnknown(enquiry_id=str(enquiry_id))
    return row


async def enquiries_seen_by(
    session: ReadSession, actor: Actor, call: Scenario, *, after: UUID, limit: int
) -> Sequence[Enquiry]:
    """List the questions about a call that the actor may see."""
    statement = (
        select(Enquiry)
        .where(Enquiry.scenario_id == call.id)
        .where(col(Enquiry.id) > after)
        .order_by(col(Enquiry.id))
        .limit(limit)
    )
    if not sight_of(actor, call).every:
        statement = statement.where(Enquiry.asker_id == actor.organization_id)
    return (await session.exec(statement)).all()


async def clarifications(
    session: ReadSession, scenario_id: UUID, *, after: int, limit: int
) -> Sequence[Enquiry]:
    """List what was published, in the order of publication."""
    found = await session.exec(
        select(Enquiry)
        .where(Enquiry.scenario_id == scenario_id)
        .where(Enquiry.state == EnquiryState.PUBLISHED)
        .where(col(Enquiry.number) > after)
        .order_by(col(Enquiry.number))
        .limit(limit)
    )
    return found.all()


async def published_so_far(session: ReadSession, scenario_id: UUID) -> int:
    """Count the clarifications of a call."""
    found = await session.exec(
        select(func.count())
        .where(Enquiry.scenario_id == scenario_id)
        .where(Enquiry.state == EnquiryState.PUBLISHED)
    )
    return found.one()


async def open_of(session: ReadSession, scenario_id: UUID, asker_id: UUID) -> int:
    """Count the questions of one organisation on one call that nobody has answered."""
    found = await session.exec(
        select(func.count())
        .where(Enquiry.scenario_id == scenario_id)
        .where(Enquiry.asker_id == asker_id)
        .where(col(Enquiry.state).in_(OPEN_ENQUIRIES))
    )
    return found.one()


async def following(session: ReadSession, actor: Actor, scenario_id: UUID) -> Follower | None:
    """Find whether the actor follows a call."""
    found = await session.exec(
        select(Follower)
        .where(Follower.scenario_id == scenario_id)
        .where(Follower.organization_id == actor.organization_id)
        .where(Follower.person_id == actor.person_id)
    )
    return found.first()


async def followers_of(session: ReadSession, scenario_id: UUID) -> Sequence[Follower]:
    """List those who follow a call, for telling them; shown to nobody."""
    found = await session.exec(
        select(Follower).where(Follower.scenario_id == scenario_id).order_by(col(Follower.id))
    )
    return found.all()
