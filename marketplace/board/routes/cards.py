"""The door to the board and its search; both are public, and say the same to everybody."""

import datetime as dt
from typing import Annotated, Literal

from litestar import Controller, Request, Response, get
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import QueryParameter

from marketplace.board.queries import capabilities, search
from marketplace.board.queries import cards as queries
from marketplace.board.queries.cards import Filters
from marketplace.board.rules import facets
from marketplace.board.rules.matching import Match, match, wanted_by
from marketplace.board.rules.standing import SortKey
from marketplace.board.rules.text import QUERY_LENGTH_MAX, tokens_of_query
from marketplace.board.schemas.cards import BoardOut, CardOut, HitOut, SearchOut
from marketplace.board.tables import BoardCard
from marketplace.identity.rules.access import Actor
from marketplace.kit.clock import Clock
from marketplace.kit.database import ReadSession
from marketplace.kit.days import SHANGHAI
from marketplace.kit.money import FEN_MAX
from marketplace.profiles.rules.profile import Track
from marketplace.wire.answers import answer
from marketplace.wire.shapes import LIMIT_DEFAULT, Cursor, Limit

AnyRequest = Request[Actor, None, State]

Status = Annotated[
    Literal["open", "ended"],
    QueryParameter(description="Calls that take bids now, or all that no longer do."),
]
Sort = Annotated[SortKey, QueryParameter(description="The order; a minus means largest first.")]
ByCode = Annotated[str | None, QueryParameter(pattern="^[a-z][a-z0-9_]{0,47}$")]
ByRegion = Annotated[
    str | None, QueryParameter(max_length=64, description="The region of the poster, exactly.")
]
ByPosterType = Annotated[Literal["government", "company"] | None, QueryParameter()]
ByTrack = Annotated[Track | None, QueryParameter(description="The legal track.")]
ByAccess = Annotated[
    Literal["download", "api", "sandbox_only", "hidden_test", "enclave_only", "none"] | None,
    QueryParameter(description="A way to at least one dataset; `none`: calls without data."),
]
Fen = Annotated[int | None, QueryParameter(ge=0, le=FEN_MAX, description="Whole fen.")]
Day = Annotated[dt.date | None, QueryParameter(description="A day in Beijing, itself included.")]
Words = Annotated[
    str,
    QueryParameter(
        min_length=1,
        max_length=QUERY_LENGTH_MAX,
        description="Words and characters that must all occur; there are no operators.",
    ),
]


class BoardController(Controller):
    """The public list of calls: ranked, filtered, searched."""

    path = "/v1/scenario-board"
    tags = ("board",)

    @get(operation_id="scenario_board_list")
    async def list_board(
        self,
        request: AnyRequest,
        actor: NamedDependency[Actor],
        reader: NamedDependency[ReadSession],
        clock: NamedDependency[Clock],
        status: Status = "open",
        sort: Sort = SortKey.POINTS,
        domain: ByCode = None,
        region: ByRegion = None,
        poster_type: ByPosterType = None,
        track: ByTrack = None,
        data_access: ByAccess = None,
        capability: ByCode = None,
        ceiling_fen_min: Fen = None,
        ceiling_fen_max: Fen = None,
        deadline_from: Day = None,
        deadline_until: Day = None,
        limit: Limit = LIMIT_DEFAULT,
        cursor: Cursor = None,
    ) -> Response[BoardOut]:
        """List published calls in one order, each with why it has its points."""
        now = clock.now()
        filters = Filters(
            is_open=status == "open",
            domain=domain,
            region=region,
            poster_type=poster_type,
            track=None if track is None else track.value,
            ceiling_fen_min=ceiling_fen_min,
            ceiling_fen_max=ceiling_fen_max,
            deadline_from=_day(deadline_from),
            deadline_before=_day(deadline_until, after=1),
            data_access=data_access,
            wish=capability,
        )
        found = list(
            await queries.cards(reader, filters, sort=sort, cursor=cursor, limit=limit + 1, now=now)
        )
        offered = await _offered(reader, actor)
        shown = found[:limit]
        more = len(found) > limit
        body = BoardOut(
            sort=sort,
            items=[CardOut.of(card, now=now, match=_match(card, offered)) for card in shown],
            next_cursor=queries.cursor_behind(shown[-1], sort) if more else None,
        )
        return answer(request, body)

    @get("/search", operation_id="scenario_board_search")
    async def search_board(
        self,
        request: AnyRequest,
        q: Words,
        actor: NamedDependency[Actor],
        reader: NamedDependency[ReadSession],
        clock: NamedDependency[Clock],
        limit: Limit = LIMIT_DEFAULT,
        cursor: Cursor = None,
    ) -> Response[SearchOut]:
        """Find published calls by words, in Traditional or Simplified Chinese or in English."""
        now = clock.now()
        tokens = tokens_of_query(q)
        found = await search.hits(reader, tokens, cursor=cursor, limit=limit + 1)
        offered = await _offered(reader, actor)
        shown = found[:limit]
        items = [
            HitOut.of(hit.tier, CardOut.of(hit.card, now=now, match=_match(hit.card, offered)))
            for hit in shown
        ]
        following = search.cursor_behind(shown[-1]) if len(found) > limit else None
        return answer(request, SearchOut(words=list(tokens), items=items, next_cursor=following))


async def _offered(reader: ReadSession, actor: Actor) -> tuple[str, ...]:
    """What the caller's organisation says it can do; nothing for nobody."""
    if actor.is_nobody:
        return ()
    return await capabilities.tags_of(reader, actor.organization_id)


def _match(card: BoardCard, offered: tuple[str, ...]) -> Match | None:
    return match(wanted_by(card.domain, facets.words(card.wishes)), offered)


def _day(day: dt.date | None, *, after: int = 0) -> dt.datetime | None:
    """The first moment of a day in Beijing, or of a day after it."""
    if day is None or not 1900 <= day.year <= 2999:
        return None
    return dt.datetime.combine(day, dt.time(), SHANGHAI) + dt.timedelta(days=after)
