"""The table of the trade against the table of the code: ids, states, roles, guards, row by row."""

from dataclasses import dataclass, field

import pytest

from marketplace.bids.rules.hearings import HEARING, Ground
from marketplace.bids.rules.lifecycle import INVALIDATABLE, LIFECYCLE, BidState
from marketplace.identity.rules.access import Role
from marketplace.kit.lifecycle import Lifecycle, Move
from marketplace.scenarios.rules.lifecycle import LIFECYCLE as SCENARIO

LATER: dict[str, str] = {
    "scenario not suspended": "a suspension is an overlay: barred by its own table, SC21",
    "credit code valid": "no organisation is registered without one",
    "one live bid counting consortium membership": "kept where offers are taken in",
    "documents complete": "kept where offers are taken in",
    "bond if required": "kept where offers are taken in",
    "not panel": "separation of duties: whoever checks cannot judge, whoever judges cannot mark",
}
"""What the trade asks of a move and the table of moves does not, each with the reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row of the trade's table, and the moves of the code that make it."""

    id: str
    sources: tuple[str, ...]
    targets: tuple[str, ...]
    by: tuple[str, ...]
    guards: dict[str, str] = field(default_factory=dict)
    """What the trade asks for: the words of the code, or of LATER, that answer it."""
    parts: str = ""
    """Letters of the moves into which the code splits the row, because one move has one target."""
    more: tuple[str, ...] = ()
    """States from which the code makes this move and the trade does not say, each for a reason."""


def same(*guards: str) -> dict[str, str]:
    """Guards that the code names in the same words."""
    return dict(zip(guards, guards, strict=True))


def later(*guards: str) -> dict[str, str]:
    """Guards that hold elsewhere; LATER says where."""
    return {guard: guard for guard in guards}


OPENED = (
    *("opened", "eligible", "ineligible", "responsive", "non_responsive", "scored", "ranked"),
    *("candidate", "selected", "contracted", "not_selected", "revoked", "forfeited"),
)
SOLVER = ("solver",)
SYSTEM = ("system",)
DEADLINE = "before the deadline"
TRADE = (
    Row(id="B01", sources=(), targets=("draft",), by=SOLVER,
        guards=same("scenario published", "not a designer of this need")
        | {"not blacklisted": "organisation in good standing"}
        | later("scenario not suspended", "credit code valid")),
    Row(id="B02", sources=("draft",), targets=("submitted",), by=SOLVER,
        guards=same(DEADLINE, "declarations complete", "price above zero in procurement")
        | later("documents complete", "one live bid counting consortium membership",
                "bond if required")),
    # Superseded is the older version, not the bid: the bid stays submitted, with a new version.
    # A bid that waits for reconfirmation can be replaced as well, which confirms it.
    Row(id="B03", sources=("submitted",), targets=("submitted",), by=SOLVER,
        guards=same(DEADLINE), more=("needs_reconfirm",)),
    # A draft is withdrawn so that its organisation can begin another bid.
    Row(id="B04", sources=("submitted", "needs_reconfirm"), targets=("withdrawn",), by=SOLVER,
        guards=same(DEADLINE), more=("draft",)),
    Row(id="B05", sources=("submitted",), targets=("needs_reconfirm",), by=SYSTEM,
        guards=same("material amendment")),
    # A draft lapses at the opening as what was not confirmed does: it was never submitted.
    Row(id="B06", sources=("needs_reconfirm",), targets=("submitted", "lapsed"),
        by=("solver", "system"), parts="ab", guards=same(DEADLINE, "deadline passed"),
        more=("draft",)),
    Row(id="B07", sources=("submitted",), targets=("opened",), by=SYSTEM,
        guards=same("deadline passed")
        | {"two-person key release": "officer and supervisor together"}),
    Row(id="B08",
        sources=("opened", "eligible", "responsive", "scored", "ranked", "candidate"),
        targets=("revoked",), by=SOLVER, guards=same("after the deadline")),
    Row(id="B09", sources=("opened",), targets=("eligible", "ineligible"),
        by=("bureau_officer", "poster"), parts="ab",
        guards=same("reason per item")
        | {"hard exclusions": "hard exclusions cannot be overridden"}
        | later("not panel")),
    Row(id="B10", sources=("eligible",), targets=("responsive", "non_responsive"),
        by=("panel", "system"), parts="ab",
        # Responsive is left again for a price that is not explained or a majority that says so.
        more=("responsive",),
        guards=same("panel majority", "hard metrics met", "corrections confirmed")
        | {
            "substantive terms": "panel majority",
            "price at most the maximum": "price within the maximum",
            "abnormal-low explained": "low price explained",
        }),
    Row(id="B11", sources=("responsive",), targets=("scored",), by=SYSTEM,
        guards={"every seated judge signed every sheet": "every sheet signed"}),
    Row(id="B12", sources=("scored",), targets=("ranked",), by=SYSTEM, parts="a",
        guards=same("all responsive bids scored in the same round")),
    Row(id="B13", sources=("ranked",), targets=("candidate", "not_selected"),
        by=("panel_chair",), parts="ab",
        guards={"at most three, or the profile's": "at most the candidates of the profile"}),
    Row(id="B14", sources=("candidate",), targets=("selected",), by=("bureau_approver",),
        guards=same("rank order")),
    Row(id="B15", sources=("selected",), targets=("contracted",),
        by=("poster", "solver", "funder"),
        guards={"no signing block": "nothing bars signing"}),
    Row(id="B16", sources=("selected",), targets=("forfeited",),
        by=("solver", "system", "bureau_approver"),
        guards={
            "no justified cause, else release without sanction":
                "cause judged: justified or not",
            "thirty days": "declined by the winner, or the time to sign is over",
        }),
    Row(id="B17", sources=("candidate",), targets=("not_selected",), by=SYSTEM,
        guards=same("required contracts effective")),
    Row(id="B18", sources=OPENED, targets=("invalidated",),
        by=("review_body", "bureau_approver"),
        guards=same("evidence", "fraud, collusion, hidden relation or bribery")
        | {"hearing of the bidder": "bidder heard, or the time to answer is over"}),
)  # fmt: skip
BEYOND = {
    "B07b": "what a bidder's own client sealed can turn out to be no offer: it stops nobody else's",
    "B10c": "what needs no opinion leaves at the opening, before a mean is made of the quotes",
    "B10d": "a new hidden set, or a replaced judge, may end a rank: only in a new round",
    "B10e": "a new hidden set may lift a bid above the floor it was out for: only in a new round",
    "B10f": "the vote of a recused judge is void, and what it carried falls",
    "B09c": "a corrected price binds only whoever confirms it, checked for eligibility or not",
    "SC17": "an award that is void gives its bid back to the ranking, as the call's table has it",
    "B12b": "a new round ranks anew who was ranked, whatever was recommended since",
}
"""Moves that the table of the trade does not have, each with its reason."""


def moves_of(row: Row) -> list[Move]:
    """The moves of the code that make a row of the trade."""
    wanted = {f"{row.id}{letter}" for letter in row.parts} or {row.id}
    return [move for move in LIFECYCLE.moves if move.id in wanted]


@pytest.mark.parametrize("row", TRADE, ids=lambda row: row.id)
def test_a_row_of_the_trade_is_a_row_of_the_code(row: Row) -> None:
    """The same states and roles; every guard of the trade is in the code or has its reason."""
    moves = moves_of(row)
    named = {guard for move in moves for guard in move.guards}

    assert len(moves) == max(1, len(row.parts))
    assert {source for move in moves for source in move.sources} == {*row.sources, *row.more}
    assert {move.target for move in moves} == set(row.targets)
    assert {role for move in moves for role in move.by} == set(row.by)
    assert [guard for guard in row.guards.values() if guard not in named | LATER.keys()] == []


def test_the_code_has_no_other_moves() -> None:
    """What is neither in the table of the trade nor among those with a reason cannot happen."""
    known = {move.id for row in TRADE for move in moves_of(row)}

    assert known | BEYOND.keys() == {move.id for move in LIFECYCLE.moves}
    assert known.isdisjoint(BEYOND)
    assert [row.id for row in TRADE] == [f"B{number:02d}" for number in range(1, 19)]


def test_a_ranked_bid_leaves_in_four_ways_only() -> None:
    """Revoked, invalidated, passed over or fallen in a new round; nobody just puts it out."""
    out = {move.id: move.target for move in LIFECYCLE.moves if BidState.RANKED in move.sources}

    assert out == {
        "B08": "revoked",
        "B10d": "non_responsive",
        "B12b": "ranked",
        "B13a": "candidate",
        "B13b": "not_selected",
        "B18": "invalidated",
    }


def test_nothing_leads_out_of_an_invalid_bid() -> None:
    """Nor out of one that was never opened."""
    ends = (BidState.INVALIDATED, BidState.WITHDRAWN, BidState.LAPSED)

    assert [LIFECYCLE.verbs_from(state) for state in ends] == [frozenset()] * 3
    assert {state.value for state in INVALIDATABLE} == set(OPENED)


@pytest.mark.parametrize("table", [LIFECYCLE, HEARING], ids=["bid", "hearing"])
def test_every_state_can_be_reached_and_every_role_exists(table: Lifecycle) -> None:
    """Following the moves from the start reaches each state; nobody unknown may ask for one."""
    reached = {table.initial().target}
    for _ in table.states:
        reached |= {move.target for move in table.moves if move.sources & reached}
    roles = {role.value for role in Role} | {"system", "panel"}

    assert reached == {state.value for state in table.states}
    assert {role for move in table.moves for role in move.by} <= roles


def test_grounds_are_those_of_the_table() -> None:
    """Four reasons invalidate a bid, and a ranking changes through two moves of its call."""
    effects = next(move.effects for move in LIFECYCLE.moves if move.id == "B18")

    assert {one.value for one in Ground} == {"fraud", "collusion", "hidden_relation", "bribery"}
    assert "ranked again only by SC13 or SC17" in effects
    assert {"SC13", "SC17a"} <= {move.id for move in SCENARIO.moves}
