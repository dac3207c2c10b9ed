"""What the matching room can answer."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlmodel import col, or_, select

from marketplace.board.queries import search
from marketplace.board.rules import text
from marketplace.board.tables import BoardCard, BoardText
from marketplace.identity.rules.access import Actor, Permission
from marketplace.kit.database import ReadSession
from marketplace.matching.errors import MatchmakingUnknown
from marketplace.matching.rules.similarity import (
    Likened,
    common_phrases,
    comparable,
    liken,
)
from marketplace.matching.tables import (
    Matchmaking,
    MatchmakingCall,
    MatchmakingOutcome,
    MatchmakingRegistration,
)
from marketplace.scenarios.queries import calls as scenarios
from marketplace.scenarios.rules.content import Content, content_from
from marketplace.scenarios.rules.lifecycle import PUBLIC_STATES
from marketplace.scenarios.rules.wording import spoken
from marketplace.scenarios.tables import Scenario, ScenarioVersion

CONSIDERED_MAX: Final = 200
"""How many of the newest candidates of each kind one comparison looks at."""
SHOWN_MAX: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Similar:
    """A scenario that says much the same, with what proves it."""

    row: Scenario
    title_zh: str
    title_en: str | None
    likened: Likened
    same_domain: bool
    same_end_user: bool
    phrases: tuple[str, ...]
    """In the normal form in which they were compared."""


async def similar(session: ReadSession, actor: Actor, row: Scenario) -> list[Similar]:
    """Find scenarios like this one among those the actor may know of, most alike first.

    Shape    compared are the newest published calls of its domain and those that share a word of
             its title, and the newest drafts the actor may see: its own, or for the bureau all.
    """
    own = await scenarios.content(session, row)
    mine = await asyncio.to_thread(_tokens, own)
    found: list[tuple[Likened, UUID]] = []
    for scenario_id, tokens in await _published(session, own):
        likened = liken(mine, tokens)
        if likened is not None and scenario_id != row.id:
            found.append((likened, scenario_id))
    for scenario_id, content in await _drafts(session, actor, row):
        likened = liken(mine, await asyncio.to_thread(_tokens, content))
        if likened is not None:
            found.append((likened, scenario_id))
    found.sort(key=lambda one: (-one[0].shared_bps, one[1]))
    return [await _proved(session, row, own, *one) for one in found[:SHOWN_MAX]]


async def _published(session: ReadSession, own: Content) -> list[tuple[UUID, frozenset[str]]]:
    newest = await session.exec(
        select(BoardCard.position)
        .where(BoardCard.domain == own.domain)
        .order_by(col(BoardCard.published_at).desc(), col(BoardCard.position).desc())
        .limit(CONSIDERED_MAX)
    )
    of_title = comparable(text.tokens_of(own.title.zh))
    marked = [text.TITLE_MARK + token for token in of_title]
    named = await search.any_of(session, marked, limit=CONSIDERED_MAX) if marked else []
    positions = {*newest.all(), *(card.position for card in named)}
    rows = await session.exec(
        select(BoardCard.scenario_id, BoardText.tokens)
        .where(BoardText.position == BoardCard.position)
        .where(col(BoardCard.position).in_(positions))
    )
    return [(scenario_id, comparable(tokens)) for scenario_id, tokens in rows.all()]


async def _drafts(session: ReadSession, actor: Actor, row: Scenario) -> list[tuple[UUID, Content]]:
    statement = (
        select(Scenario.id, ScenarioVersion.content)
        .where(ScenarioVersion.scenario_id == Scenario.id)
        .where(ScenarioVersion.number == Scenario.content_version)
        .where(col(Scenario.state).not_in(PUBLIC_STATES))
        .where(Scenario.id != row.id)
    )
    if not actor.may(Permission.SCENARIOS_READ_ALL):
        statement = statement.where(
            or_(
                col(Scenario.poster_id) == actor.organization_id,
                col(Scenario.end_user_id) == actor.organization_id,
            )
        )
    rows = await session.exec(statement.order_by(col(Scenario.id).desc()).limit(CONSIDERED_MAX))
    return [(scenario_id, content_from(document)) for scenario_id, document in rows.all()]


async def _proved(
    session: ReadSession, row: Scenario, own: Content, likened: Likened, scenario_id: UUID
) -> Similar:
    other = await scenarios.scenario(session, scenario_id)
    version = await scenarios.version(session, other.id, other.content_version)
    content = content_from(version.content)
    return Similar(
        row=other,
        title_zh=version.title_zh,
        title_en=version.title_en,
        likened=likened,
        same_domain=content.domain == own.domain,
        same_end_user=other.end_user_id == row.end_user_id,
        phrases=await asyncio.to_thread(_phrases, own, content),
    )


def _tokens(content: Content) -> frozenset[str]:
    return comparable(text.tokens_of(" ".join(spoken(content))))


def _phrases(own: Content, other: Content) -> tuple[str, ...]:
    left, right = (text.normal_form(one.problem.zh) for one in (own, other))
    return common_phrases(left, right)


async def matchmaking(
    session: ReadSession, matchmaking_id: UUID, *, lock: bool = False
) -> Matchmaking:
    """Find one meeting, locked for change on request."""
    statement = select(Matchmaking).where(Matchmaking.id == matchmaking_id)
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    row = (await session.exec(statement)).first()
    if row is None:
        raise MatchmakingUnknown(matchmaking_id=str(matchmaking_id))
    return row


async def matchmaking_by_number(session: ReadSession, number: str) -> Matchmaking | None:
    """Find a meeting by its public number."""
    return (await session.exec(select(Matchmaking).where(Matchmaking.number == number))).first()


async def matchmakings(session: ReadSession, *, after: UUID, limit: int) -> Sequence[Matchmaking]:
    """List meetings in the order in which they were announced."""
    found = await session.exec(
        select(Matchmaking)
        .where(col(Matchmaking.id) > after)
        .order_by(col(Matchmaking.id))
        .limit(limit)
    )
    return found.all()


async def calls_of(session: ReadSession, matchmaking_id: UUID) -> tuple[UUID, ...]:
    """Name the calls a meeting is about."""
    found = await session.exec(
        select(MatchmakingCall.scenario_id)
        .where(MatchmakingCall.matchmaking_id == matchmaking_id)
        .order_by(col(MatchmakingCall.id))
    )
    return tuple(found.all())


async def registration(
    session: ReadSession, matchmaking_id: UUID, organization_id: UUID
) -> MatchmakingRegistration | None:
    """Find an organisation's registration, withdrawn or not."""
    found = await session.exec(
        select(MatchmakingRegistration)
        .where(MatchmakingRegistration.matchmaking_id == matchmaking_id)
        .where(MatchmakingRegistration.organization_id == organization_id)
    )
    return found.first()


async def registrations_seen_by(
    session: ReadSession, actor: Actor, row: Matchmaking, *, after: UUID, limit: int
) -> Sequence[MatchmakingRegistration]:
    """List who comes: everybody for the host, for all others only their own organisation."""
    statement = (
        select(MatchmakingRegistration)
        .where(MatchmakingRegistration.matchmaking_id == row.id)
        .where(col(MatchmakingRegistration.id) > after)
    )
    if actor.organization_id != row.host_id:
        statement = statement.where(
            MatchmakingRegistration.organization_id == actor.organization_id
        )
    found = await session.exec(statement.order_by(col(MatchmakingRegistration.id)).limit(limit))
    return found.all()


async def outcomes_seen_by(
    session: ReadSession, actor: Actor, row: Matchmaking, *, after: UUID, limit: int
) -> Sequence[MatchmakingOutcome]:
    """List what was noted: all of it for the host, for a poster what is noted for its own calls."""
    statement = (
        select(MatchmakingOutcome)
        .where(MatchmakingOutcome.matchmaking_id == row.id)
        .where(col(MatchmakingOutcome.id) > after)
    )
    if actor.organization_id != row.host_id:
        statement = statement.join(
            Scenario, col(Scenario.id) == col(MatchmakingOutcome.scenario_id)
        ).where(Scenario.poster_id == actor.organization_id)
    found = await session.exec(statement.order_by(col(MatchmakingOutcome.id)).limit(limit))
    return found.all()
