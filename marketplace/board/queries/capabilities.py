"""What the board can answer: the vocabulary, who can do what, and who suits whom."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlmodel import col, func, not_, select

from marketplace.board.queries import search
from marketplace.board.rules import facets
from marketplace.board.rules.matching import DOMAIN_PREFIX, Match, match, wanted_by
from marketplace.board.tables import BoardCard, CallWish, Capability, SolverListing, SolverTag
from marketplace.identity.queries import standing
from marketplace.identity.tables.organizations import Organization
from marketplace.kit.database import ReadSession

CONSIDERED_MAX: Final = 500
"""How many of the newest fitting calls, or solvers, one recommendation looks at."""
WISH_MARK: Final = "c:"
"""Before a capability among the tokens of a card."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FittingCall:
    """An open call and why it suits a solver."""

    card: BoardCard
    match: Match


@dataclass(frozen=True, slots=True, kw_only=True)
class FittingSolver:
    """A solver that wants to be recommended, and why it suits a call."""

    organization: Organization
    match: Match


async def vocabulary(session: ReadSession) -> Sequence[Capability]:
    """List the whole vocabulary by group and code."""
    found = await session.exec(
        select(Capability).order_by(col(Capability.group), col(Capability.code))
    )
    return found.all()


async def known_codes(session: ReadSession) -> frozenset[str]:
    """Name every word of the vocabulary."""
    return frozenset((await session.exec(select(Capability.code))).all())


async def listing(session: ReadSession, organization_id: UUID) -> SolverListing | None:
    """Find what an organisation has declared."""
    statement = select(SolverListing).where(SolverListing.organization_id == organization_id)
    fresh = statement.execution_options(populate_existing=True)
    return (await session.exec(fresh)).first()


async def lock_organization(session: ReadSession, organization_id: UUID) -> None:
    """Put declarations of one organisation in a line, the first one included."""
    await session.exec(
        select(Organization.id).where(Organization.id == organization_id).with_for_update()
    )


async def tags_of(session: ReadSession, organization_id: UUID) -> tuple[str, ...]:
    """Name what an organisation says it can do."""
    found = await session.exec(
        select(SolverTag.code)
        .where(SolverTag.organization_id == organization_id)
        .order_by(col(SolverTag.code))
    )
    return tuple(found.all())


async def wish(session: ReadSession, scenario_id: UUID, *, lock: bool = False) -> CallWish | None:
    """Find what a poster hopes solvers of a call can do."""
    statement = select(CallWish).where(CallWish.scenario_id == scenario_id)
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    return (await session.exec(statement)).first()


async def calls_for(
    session: ReadSession, organization_id: UUID, *, limit: int, now: dt.datetime
) -> list[FittingCall]:
    """Recommend open calls to a solver: most shared words first, then soonest to close."""
    offered = await tags_of(session, organization_id)
    if not offered:
        return []
    marked = [WISH_MARK + code for code in offered]
    fitting = []
    for card in await search.any_of(session, marked, limit=CONSIDERED_MAX):
        if not card.is_open or card.bid_deadline_at <= now:
            continue
        if card.poster_id == organization_id:
            continue
        shared = match(wanted_by(card.domain, facets.words(card.wishes)), offered)
        if shared is not None:
            fitting.append(FittingCall(card=card, match=shared))
    fitting.sort(
        key=lambda one: (-len(one.match.shared), one.card.bid_deadline_at, one.card.number)
    )
    return fitting[:limit]


async def solvers_for(
    session: ReadSession, card: BoardCard, *, on: dt.date, limit: int
) -> list[FittingSolver]:
    """Recommend solvers for a call: only who opted in and may take part on a day."""
    wanted = wanted_by(card.domain, facets.words(card.wishes))
    shared = func.count().label("shared")
    ranked = await session.exec(
        select(col(SolverTag.organization_id), shared)
        .join(Organization, col(Organization.id) == col(SolverTag.organization_id))
        .join(
            SolverListing,
            col(SolverListing.organization_id) == col(SolverTag.organization_id),
        )
        .where(col(SolverListing.recommendable).is_(True))
        .where(col(Organization.verified_at).is_not(None))
        .where(not_(standing.is_listed(on)))
        .where(col(Organization.id) != card.poster_id)
        .where(col(SolverTag.code).in_(sorted(wanted)))
        .group_by(col(SolverTag.organization_id))
        .order_by(shared.desc(), col(SolverTag.organization_id))
        .limit(limit)
    )
    fitting = []
    for organization_id, _ in ranked.all():
        if await standing.refusal(session, organization_id, on=on) is not None:
            continue
        organization = await session.get_one(Organization, organization_id)
        found = match(wanted, await tags_of(session, organization_id))
        if found is not None:
            fitting.append(FittingSolver(organization=organization, match=found))
    return fitting


def marks_of(domain: str, wishes: Sequence[str]) -> tuple[str, ...]:
    """The tokens by which a card is found for a solver."""
    return tuple(WISH_MARK + code for code in sorted({*wishes, DOMAIN_PREFIX + domain}))
