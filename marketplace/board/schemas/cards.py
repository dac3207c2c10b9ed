"""How a card of the board is shown, with why it hangs where it hangs."""

import datetime as dt
from uuid import UUID

from marketplace.board.queries.search import Tier
from marketplace.board.rules import facets, standing
from marketplace.board.rules.matching import Match
from marketplace.board.rules.standing import Facts, Line, SortKey
from marketplace.board.tables import BoardCard
from marketplace.wire.shapes import BilingualOut, Out


class LineOut(Out, frozen=True, kw_only=True):
    """One fact and the points it gives."""

    fact: str
    points: str
    """Of 100, as a decimal."""
    of: str
    """The most this fact could give."""
    text: BilingualOut

    @classmethod
    def of_line(cls, line: Line) -> "LineOut":
        """Read one line."""
        return cls(
            fact=line.fact,
            points=_points(line.points_bps),
            of=_points(line.of_bps),
            text=BilingualOut(zh=line.zh, en=line.en),
        )


class MatchOut(Out, frozen=True, kw_only=True):
    """What a call and a solver have in common."""

    shared: list[str]
    """Words of the vocabulary, see `GET /v1/capabilities`."""
    wanted: int
    """How many words the call looks for, its domain included."""

    @classmethod
    def of(cls, match: Match) -> "MatchOut":
        """Read one match."""
        return cls(shared=list(match.shared), wanted=match.wanted)


class CardOut(Out, frozen=True, kw_only=True):
    """A published call as it hangs on the board."""

    scenario_id: UUID
    number: str
    state: str
    """As of now: a call whose deadline has passed is closed."""
    title: BilingualOut
    illustrative: bool
    """Invented for demonstration."""
    poster_id: UUID
    poster_name: BilingualOut
    poster_type: str
    track: str
    region: str
    domain: str
    ceiling_fen: int
    currency: str
    published_at: dt.datetime
    bid_deadline_at: dt.datetime
    data_access: list[str]
    wished_capabilities: list[str]
    """What the poster hopes solvers can do; a hint, no condition."""
    points: str
    """How ready the call is to be worked on, of 100, from published facts alone."""
    scheme: str
    """The version of the rules by which points were given."""
    explanation: list[LineOut]
    """Why it has these points."""
    match: MatchOut | None
    """What it has in common with the caller's declared capabilities; null for everybody else."""

    @classmethod
    def of(cls, card: BoardCard, *, now: dt.datetime, match: Match | None = None) -> "CardOut":
        """Read one card."""
        facts = Facts(
            data_access=facets.words(card.data_access),
            targets=card.targets,
            borne_by_others_bps=card.borne_by_others_bps,
        )
        due = card.is_open and now >= card.bid_deadline_at
        return cls(
            scenario_id=card.scenario_id,
            number=card.number,
            state="closed" if due else card.state,
            title=_both(card.title),
            illustrative=card.illustrative,
            poster_id=card.poster_id,
            poster_name=_both(card.poster_name),
            poster_type=card.poster_type,
            track=card.track,
            region=card.region,
            domain=card.domain,
            ceiling_fen=card.ceiling_fen,
            currency="CNY",
            published_at=card.published_at,
            bid_deadline_at=card.bid_deadline_at,
            data_access=list(facts.data_access),
            wished_capabilities=list(facets.words(card.wishes)),
            points=_points(card.points_bps),
            scheme=card.scheme,
            explanation=[LineOut.of_line(line) for line in standing.lines(facts)],
            match=None if match is None else MatchOut.of(match),
        )


class BoardOut(Out, frozen=True, kw_only=True):
    """One page of the board, and by what it is ordered."""

    sort: SortKey
    items: list[CardOut]
    next_cursor: str | None
    """Pass it as `cursor`, with the same `sort`; null: this was the last page."""


class HitOut(Out, frozen=True, kw_only=True):
    """A call that was found."""

    found_in: str
    """`title` when the title holds every word of the query; else `text`."""
    card: CardOut

    @classmethod
    def of(cls, tier: Tier, card: CardOut) -> "HitOut":
        """Put a card beside where it was found."""
        return cls(found_in=tier.name.lower(), card=card)


class SearchOut(Out, frozen=True, kw_only=True):
    """What was found, and by which words."""

    words: list[str]
    """What was looked for: simplified, folded, in words and pairs of characters; all must occur."""
    items: list[HitOut]
    next_cursor: str | None


def _points(bps: int) -> str:
    return f"{bps // 100}.{bps % 100:02d}"


def _both(text: dict[str, str]) -> BilingualOut:
    return BilingualOut(zh=text["zh"], en=text.get("en"))
