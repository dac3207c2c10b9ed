"""The tables of moves: complete, consistent, and no way around them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marketplace.kit.lifecycle import Lifecycle, MoveNotAllowed
from marketplace.pilots.errors import FindingIncomplete
from marketplace.pilots.rules.claims import CLAIM, CLAIM_ENDS, ClaimState
from marketplace.pilots.rules.findings import Answer, Point, check_blameless
from marketplace.pilots.rules.lifecycle import OUTCOME_VERBS, PILOT, PilotState
from marketplace.pilots.rules.settlement import Outcome

TABLES = [PILOT, CLAIM]
ALL_TRUE = {point: Answer(True, "minutes of the meeting") for point in Point}


@pytest.mark.parametrize(
    ("table", "prefix", "last"), [(PILOT, "P", 19), (CLAIM, "C", 18)], ids=["pilot", "claim"]
)
def test_no_move_of_the_trade_is_missing(table: Lifecycle, prefix: str, last: int) -> None:
    """Every numbered move is in the table; a letter marks the second half of one."""
    numbers = {int(move.id.removeprefix(prefix).rstrip("b")) for move in table.moves}

    assert numbers == set(range(1, last + 1))


@pytest.mark.parametrize("table", TABLES, ids=["pilot", "claim"])
def test_every_state_can_be_reached(table: Lifecycle) -> None:
    """Following the moves from the start reaches each state of the table."""
    reached = {table.initial().target}
    for _ in table.states:
        reached |= {move.target for move in table.moves if move.sources & reached}

    assert reached == {state.value for state in table.states}


@settings(deadline=None, max_examples=100)
@given(
    table=st.sampled_from(TABLES),
    verbs=st.lists(st.sampled_from(sorted({m.verb for t in TABLES for m in t.moves})), max_size=30),
)
def test_no_sequence_of_verbs_leaves_the_table(table: Lifecycle, verbs: list[str]) -> None:
    """A verb either makes a move of the table or is refused with what would be possible."""
    state = table.initial().target

    for verb in verbs:
        try:
            state = table.check(state, verb).target
        except MoveNotAllowed as refused:
            assert refused.facts["possible"] == sorted(table.verbs_from(state))
        assert state in {known.value for known in table.states}


def test_every_outcome_has_a_move() -> None:
    """However a phase ends, the pilot has a move for it out of the review."""
    for outcome in Outcome:
        PILOT.check(PilotState.MILESTONE_REVIEW, OUTCOME_VERBS[outcome])


def test_an_ended_claim_asks_for_nothing() -> None:
    """From the ends of a claim there is no way back to money, but recovery of what was paid."""
    for state in CLAIM_ENDS - {ClaimState.PAID}:
        assert not CLAIM.verbs_from(state)
    assert CLAIM.verbs_from(ClaimState.PAID) == {"order_recovery"}


@pytest.mark.parametrize("point", list(Point))
@pytest.mark.parametrize("answer", [None, Answer(False, "report"), Answer(True, "  ")])
def test_one_open_point_is_enough_to_refuse(point: Point, answer: Answer | None) -> None:
    """All five points pass; one missing, answered no, or without evidence is named."""
    check_blameless(ALL_TRUE)
    answers = {name: given for name, given in ALL_TRUE.items() if name is not point}
    if answer is not None:
        answers[point] = answer

    with pytest.raises(FindingIncomplete) as refused:
        check_blameless(answers)

    assert refused.value.facts["points"] == [point.value]
