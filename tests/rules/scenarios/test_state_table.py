"""The table of the trade against the tables of the code: ids, states, roles, guards, row by row."""

from dataclasses import dataclass, field
from itertools import pairwise

import pytest

from marketplace.identity.rules.access import Role
from marketplace.kit.lifecycle import Lifecycle, Move
from marketplace.scenarios.rules.amendments import AMENDMENT
from marketplace.scenarios.rules.enquiries import ENQUIRY
from marketplace.scenarios.rules.lifecycle import (
    FINAL_STATES,
    LIFECYCLE,
    LIVE_STATES,
    PUBLIC_STATES,
    ScenarioState,
)
from marketplace.scenarios.rules.suspensions import SUSPENSION

TABLES = [LIFECYCLE, SUSPENSION, AMENDMENT, ENQUIRY]
NAMES = [table.thing for table in TABLES]

LINT = "no lint error"
LATER: dict[str, str] = {
    "abnormal-low, related-party and blacklist checks clean": "checked where bids are found",
    "report signed by all": "a ranking needs every sheet signed: the scoring room refuses before",
    "at most 5 working days since the report": "a clock of the profile that is shown, not a bar",
    "at most 2 working days": "a clock of the profile that is shown, not a bar",
    "expert names included where required": "part of the notice, not of the move",
    "no protest blocks signing": "a protest bars signing by a suspension: SC18, `not suspended`",
    "closeout and usage report": "documents of the close-out are not kept yet",
    "data deletion certificates": "kept with the datasets",
    "eligible bids at least the profile's minimum": "found after the opening: SC12, by a person",
    "dataset access live": "kept with the datasets",
    "budget still reserved": "money is reserved with the contract: phase funds before phase start",
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


def same(*guards: str) -> dict[str, str]:
    """Guards that the code names in the same words."""
    return dict(zip(guards, guards, strict=True))


def later(*guards: str) -> dict[str, str]:
    """Guards that hold elsewhere or not yet; LATER says which."""
    return {guard: guard for guard in guards}


BUREAU = ("bureau_officer", "bureau_approver")
APPROVER = ("bureau_approver",)
REVIEWER = ("bureau_approver", "review_body")
TRADE = (
    Row(id="SC01", sources=(), targets=("draft",), by=("poster", "bureau_officer"),
        guards=dict.fromkeys(
            ("organisation verified", "organisation not blacklisted"),
            "organisation in good standing",
        )),
    Row(id="SC02", sources=("draft", "returned"), targets=("submitted",), by=("poster",),
        guards=same("end user signed need and metrics", "dataset or explicit none")
        | {"mandatory fields": "content complete"}),
    Row(id="SC03", sources=("submitted",), targets=("under_review",), by=("bureau_officer",)),
    Row(id="SC04", sources=("under_review",), targets=("returned",), by=("bureau_officer",),
        guards={"reasons": "reason given"}),
    Row(id="SC05", sources=("under_review",), targets=("approved",), by=APPROVER,
        guards=same("feasibility opinion", "fair-competition review", LINT, "track chosen")
        | {
            "approver differs from author and officer": "approver is not author or officer",
            "impact assessment if personal data": LINT,
            "budget committed for every phase ceiling": "phase ceilings within budget",
        }),
    # One row of the trade, two directions: a shelves, b revives.
    Row(id="SC06", sources=("approved", "shelved"), targets=("shelved", "approved"), by=APPROVER,
        parts="ab", guards=same("lint re-run")
        | {"reason": "reason given", "review date": "review date given"}),
    Row(id="SC07", sources=("approved",), targets=("published",), by=("bureau_approver", "system"),
        guards=same("lint re-run", "calendar loaded", "clocks at least the profile's minima")
        | later("dataset access live", "budget still reserved")),
    Row(id="SC08", sources=("published",), targets=("published",), by=BUREAU,
        guards={
            "now before the deadline": "before the deadline",
            "subject matter and eligibility may not change":
                "subject matter and eligibility unchanged",
            "officer and approver": "proposed by one person, confirmed by another",
        }),
    Row(id="SC09", sources=("published", "closed"), targets=("cancelled",), by=APPROVER,
        guards=same("reason from the closed list", "not after award")),
    Row(id="SC10", sources=("published",), targets=("closed",), by=("system",),
        guards=same("deadline reached", "not suspended")),
    Row(id="SC11", sources=("closed",), targets=("evaluating",),
        by=("bureau_officer", "supervisor"),
        guards=same("panel complete", "opening record", "two different people")
        | later("eligible bids at least the profile's minimum")),
    Row(id="SC12", sources=("closed", "evaluating"), targets=("failed",), by=APPROVER,
        guards=same("reason from the closed list")),
    Row(id="SC13", sources=("evaluating",), targets=("evaluating",),
        by=("panel_chair", "bureau_approver"), guards=same("reason from the closed list")),
    Row(id="SC14", sources=("evaluating",), targets=("decided",), by=APPROVER,
        guards=same("decider not on the panel", "rank order respected")
        | later("report signed by all", "at most 5 working days since the report",
                "abnormal-low, related-party and blacklist checks clean")),
    Row(id="SC15", sources=("decided",), targets=("in_publicity",), by=("bureau_officer",),
        guards=later("at most 2 working days", "expert names included where required")),
    Row(id="SC16", sources=("in_publicity",), targets=("awarded",), by=("system",),
        guards={"period over": "publicity period over"} | later("no protest blocks signing")),
    # The outcome of a protest decides the target: a evaluates again, b passes on, c voids.
    Row(id="SC17", sources=("in_publicity", "awarded"),
        targets=("evaluating", "decided", "failed"), by=REVIEWER, parts="abc",
        guards=same("decision text")),
    Row(id="SC18", sources=("awarded",), targets=("in_pilot",), by=("system",),
        guards={"required number of contracts effective": "contract effective"}),
    # a passes to the next in rank, b fails; a person chooses, with a reason.
    Row(id="SC19", sources=("awarded",), targets=("decided", "failed"), by=APPROVER, parts="ab",
        guards=same("winner forfeited or invalid", "next willing candidate exists")),
    Row(id="SC20", sources=("in_pilot",), targets=("completed",), by=APPROVER,
        guards={
            "all pilots and claims terminal": "all pilots and claims terminal",
            "ledger balanced": "nothing left reserved",
        } | later("closeout and usage report", "data deletion certificates")),
)  # fmt: skip
"""SC21 is no row: a suspension is an overlay with a table of its own, tested below."""


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
    assert {source for move in moves for source in move.sources} == set(row.sources)
    assert {move.target for move in moves} == set(row.targets)
    assert all(move.by == row.by for move in moves)
    assert [guard for guard in row.guards.values() if guard not in named | LATER.keys()] == []


def test_the_code_has_no_other_moves() -> None:
    """What is not in the table of the trade cannot happen."""
    known = {move.id for row in TRADE for move in moves_of(row)}

    assert known == {move.id for move in LIFECYCLE.moves}
    assert [row.id for row in TRADE] == [f"SC{number:02d}" for number in range(1, 21)]


def test_a_suspension_is_an_overlay_by_three_authorities() -> None:
    """SC21: it has a table of its own, names who may order it, and moves no scenario."""
    ids = [move.id for move in SUSPENSION.moves]
    suspend = SUSPENSION.initial()

    assert ids == ["SC21a", "SC21b", "SC21c"]
    assert set(suspend.by) == {"review_body", "supervisor", "bureau_approver"}
    assert {"cause", "scope"} <= set(suspend.guards)
    assert LIVE_STATES == PUBLIC_STATES - FINAL_STATES
    assert "suspended" not in {state.value for state in ScenarioState}


@pytest.mark.parametrize("table", TABLES, ids=NAMES)
def test_every_state_can_be_reached_and_every_role_exists(table: Lifecycle) -> None:
    """Following the moves from the start reaches each state; nobody unknown may ask for one."""
    reached = {table.initial().target}
    for _ in table.states:
        reached |= {move.target for move in table.moves if move.sources & reached}
    roles = {role.value for role in Role} | {"system"}

    assert reached == {state.value for state in table.states}
    assert {role for move in table.moves for role in move.by} <= roles


def test_nothing_leads_out_of_an_end() -> None:
    """A completed, cancelled or failed call stays what it is; a relaunch is another call."""
    assert all(not LIFECYCLE.verbs_from(state) for state in FINAL_STATES)


def test_the_long_way_is_open() -> None:
    """From draft to completed, state by state, each step is a move of the table."""
    way = [
        ScenarioState(state)
        for state in (
            *("draft", "submitted", "under_review", "approved", "published", "closed"),
            *("evaluating", "decided", "in_publicity", "awarded", "in_pilot", "completed"),
        )
    ]
    steps = {(source, move.target) for move in LIFECYCLE.moves for source in move.sources}

    assert [step for step in pairwise(way) if step not in steps] == []
