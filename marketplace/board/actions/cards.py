"""Pin a card, keep it true, and let a poster say what it hopes for.

Only other rooms' actions call these, with the scenario row locked: two changes of one call can
never write its card at the same time.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from marketplace.board.queries import capabilities, cards
from marketplace.board.rules import facets, standing, text
from marketplace.board.rules.matching import check_known
from marketplace.board.rules.standing import Facts
from marketplace.board.tables import BoardCard, BoardText, CallWish
from marketplace.kit.database import WriteSession
from marketplace.kit.errors import Stale


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Everything a published call hangs out."""

    scenario_id: UUID
    number: str
    content_version: int
    state: str
    is_open: bool
    title: dict[str, str]
    body: str
    """All other published text, for the search."""
    poster_id: UUID
    poster_name: dict[str, str]
    poster_type: str
    track: str
    region: str
    domain: str
    ceiling_fen: int
    published_at: dt.datetime
    bid_deadline_at: dt.datetime
    facts: Facts
    illustrative: bool


async def pin(session: WriteSession, notice: Notice) -> BoardCard:
    """Hang a call on the board, or bring its card up to date; the same notice changes nothing."""
    card = await cards.card_of(session, notice.scenario_id)
    if card is None:
        wish = await capabilities.wish(session, notice.scenario_id)
        card = BoardCard(
            **_written(notice),
            scenario_id=notice.scenario_id,
            number=notice.number,
            wishes=facets.listed([] if wish is None else wish.codes),
            scheme=standing.SCHEME,
        )
        session.add(card)
        await session.flush()
        await _index(session, card, notice.body)
        return card
    told = card.content_version != notice.content_version
    for name, value in _written(notice).items():
        setattr(card, name, value)
    card.scheme = standing.SCHEME
    if told:
        await _index(session, card, notice.body)
    await session.flush()
    return card


async def move(
    session: WriteSession,
    card: BoardCard,
    *,
    state: str,
    is_open: bool,
    bid_deadline_at: dt.datetime,
) -> None:
    """Write down where a call stands whose content has not changed."""
    card.state, card.is_open, card.bid_deadline_at = state, is_open, bid_deadline_at
    await session.flush()


async def declare_wish(
    session: WriteSession,
    scenario_id: UUID,
    *,
    codes: list[str],
    expected_version: int,
    declared_by: UUID | None,
    now: dt.datetime,
) -> CallWish:
    """Say what solvers of a call should be able to do; published with the call, not before.

    Refuses  CapabilityUnknown, Stale; version 0 stands for a wish that was never declared.
    """
    known = check_known(codes, await capabilities.known_codes(session))
    row = await capabilities.wish(session, scenario_id, lock=True)
    present = 0 if row is None else row.version
    if present != expected_version:
        raise Stale(version=present, expected=expected_version)
    if row is None:
        row = CallWish(scenario_id=scenario_id, codes=[], declared_at=now)
    else:
        row.version += 1
    row.codes, row.declared_by, row.declared_at = list(known), declared_by, now
    session.add(row)
    card = await cards.card_of(session, scenario_id)
    if card is not None:
        card.wishes = facets.listed(known)
        await _mark(session, card)
    await session.flush()
    return row


def _written(notice: Notice) -> dict[str, Any]:
    return {
        "content_version": notice.content_version,
        "state": notice.state,
        "is_open": notice.is_open,
        "title": notice.title,
        "poster_id": notice.poster_id,
        "poster_name": notice.poster_name,
        "poster_type": notice.poster_type,
        "track": notice.track,
        "region": notice.region,
        "domain": notice.domain,
        "ceiling_fen": notice.ceiling_fen,
        "published_at": notice.published_at,
        "bid_deadline_at": notice.bid_deadline_at,
        "data_access": facets.listed(notice.facts.data_access),
        "targets": notice.facts.targets,
        "borne_by_others_bps": notice.facts.borne_by_others_bps,
        "points_bps": standing.points_bps(notice.facts),
        "illustrative": notice.illustrative,
    }


async def _index(session: WriteSession, card: BoardCard, body: str) -> None:
    """Write the tokens of a card's text anew."""
    assert card.position is not None
    names = " ".join(card.title.values())
    found = text.indexed(names, f"{card.number} {' '.join(card.poster_name.values())} {body}")
    marks = capabilities.marks_of(card.domain, facets.words(card.wishes))
    tokens = tuple(sorted({*found, *marks}))
    row = await session.get(BoardText, card.position)
    if row is None:
        session.add(BoardText(position=card.position, tokens=tokens))
    elif row.tokens != tokens:
        row.tokens = tokens
    await session.flush()


async def _mark(session: WriteSession, card: BoardCard) -> None:
    """Replace the marks of the wishes among the tokens, and nothing else."""
    row = await session.get(BoardText, card.position)
    assert row is not None
    of_text = (token for token in row.tokens if not token.startswith(capabilities.WISH_MARK))
    marks = capabilities.marks_of(card.domain, facets.words(card.wishes))
    row.tokens = tuple(sorted({*of_text, *marks}))
