"""What the relations room can do: look at an organisation again when something depends on it.

A check that passes is kept as evidence in the transaction of what it allowed.  One that does not
pass takes that transaction with it, so the refusal itself carries everything that was found; an
officer can then keep the check by itself.
"""

import datetime as dt
from uuid import UUID

from sqlalchemy import update
from sqlmodel import col

from marketplace.identity.queries import organizations as identity
from marketplace.identity.queries import standing
from marketplace.identity.rules import access
from marketplace.identity.rules import standing as rules
from marketplace.identity.rules.access import Actor, Permission
from marketplace.kit.database import WriteSession
from marketplace.kit.days import day_of
from marketplace.relations import queries
from marketplace.relations.errors import ChainTooLong, RelatedParties
from marketplace.relations.rules.rechecks import Occasion
from marketplace.relations.rules.relations import Relation, steps_of
from marketplace.relations.tables import StandingCheck


async def recheck(
    session: WriteSession,
    actor: Actor,
    organization_id: UUID,
    *,
    occasion: Occasion,
    now: dt.datetime,
) -> StandingCheck:
    """Let pass whoever may take part today, and keep the evidence; stop everybody else.

    The rights are those of the action that asks.  A relation to the counterpart stops only where
    public money depends on it: two related parties may sign what they pay themselves.

    Refuses  OrganizationNotVerified, NotInGoodStanding with all that was found; RelatedParties with
             the proof, and ChainTooLong where the records allow no answer, for public money.
    """
    on = day_of(now)
    found = await standing.findings(session, organization_id, on=on)
    refused = rules.refusal(organization_id, found, on=on)
    if refused is not None:
        raise refused
    relation, answered = await _relation(session, organization_id, occasion, on)
    if occasion.public_money and relation is not None:
        raise RelatedParties(
            a=str(organization_id),
            b=str(occasion.counterpart_id),
            on=str(on),
            ground=relation.ground.value,
            path=steps_of(relation),
        )
    row = _row(actor, organization_id, occasion, found, relation, answered, now)
    session.add(row)
    await session.flush()
    return row


async def keep_check(
    session: WriteSession,
    actor: Actor,
    organization_id: UUID,
    *,
    occasion: Occasion,
    now: dt.datetime,
) -> StandingCheck:
    """Look at an organisation and keep what is found, whatever it is; nothing is stopped.

    Refuses  OrganizationUnknown for either organisation; TiedToItself.
    """
    access.require(actor, Permission.ORGANIZATIONS_VERIFY)
    if occasion.counterpart_id is not None:
        await identity.organization(session, occasion.counterpart_id)
    on = day_of(now)
    found = await standing.findings(session, organization_id, on=on)
    relation, answered = await _relation(session, organization_id, occasion, on)
    row = _row(actor, organization_id, occasion, found, relation, answered, now)
    session.add(row)
    await session.flush()
    return row


async def unseal(session: WriteSession, subject_type: str, subject_id: UUID) -> None:
    """Let the checks of a bid be read, now that it was opened."""
    await session.exec(
        update(StandingCheck)
        .where(col(StandingCheck.subject_type) == subject_type)
        .where(col(StandingCheck.subject_id) == subject_id)
        .values(sealed=False)
    )


async def _relation(
    session: WriteSession, organization_id: UUID, occasion: Occasion, on: dt.date
) -> tuple[Relation | None, bool]:
    """Ask for the relation, and say whether there is an answer at all.

    Refuses  ChainTooLong where public money depends on it: "not related" would be a guess.
    """
    if occasion.counterpart_id is None:
        return None, False
    try:
        return await queries.relation(
            session, organization_id, occasion.counterpart_id, on=on
        ), True
    except ChainTooLong:
        if occasion.public_money:
            raise
        # Records in disorder are no reason to refuse a bid.
        return None, False


def _row(
    actor: Actor,
    organization_id: UUID,
    occasion: Occasion,
    found: tuple[rules.Finding, ...],
    relation: Relation | None,
    answered: bool,
    now: dt.datetime,
) -> StandingCheck:
    return StandingCheck(
        organization_id=organization_id,
        stage=occasion.stage,
        subject_type=occasion.subject_type,
        subject_id=occasion.subject_id,
        on_day=day_of(now),
        findings=[one.document() for one in found],
        blocked=any(one.blocking for one in found),
        counterpart_id=occasion.counterpart_id,
        related=relation is not None if answered else None,
        ground=None if relation is None else relation.ground,
        path=[] if relation is None else steps_of(relation),
        sealed=occasion.sealed,
        checked_by=None if actor.is_system else actor.person_id,
        checked_at=now,
    )
