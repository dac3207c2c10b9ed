"""State machines as tables: no walk leaves the table, and every refusal says what is possible."""

from enum import StrEnum
from importlib import import_module

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marketplace.kit.lifecycle import Lifecycle, MoveNotAllowed, move

TABLES = {
    "scenario": import_module("marketplace.scenarios.rules.lifecycle").LIFECYCLE,
    "bid": import_module("marketplace.bids.rules.lifecycle").LIFECYCLE,
    "pilot": import_module("marketplace.pilots.rules.lifecycle").PILOT,
    "claim": import_module("marketplace.pilots.rules.claims").CLAIM,
    "award": import_module("marketplace.awards.rules.lifecycle").AWARD,
}


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
class TestEveryTable:
    """What holds for each state table of the house."""

    @settings(deadline=None, max_examples=60)
    @given(data=st.data())
    def test_no_walk_leaves_the_table(self, table: Lifecycle, data: st.DataObject) -> None:
        """From the first state, any sequence of verbs: a listed move, or a refusal that changes
        nothing.
        """
        state = table.initial().target
        verbs = sorted({one.verb for one in table.moves})
        for _ in range(20):
            verb = data.draw(st.sampled_from(verbs))
            try:
                found = table.check(state, verb)
            except MoveNotAllowed as refused:
                assert verb not in table.verbs_from(state)
                assert refused.facts["possible"] == sorted(table.verbs_from(state))
                continue
            assert state in found.sources and found.verb == verb
            state = found.target
            assert state in set(table.states)

    def test_every_state_can_be_reached(self, table: Lifecycle) -> None:
        """A state that nothing leads to would be a mistake of the table."""
        reached = {table.initial().target}
        while True:
            further = {one.target for one in table.moves if one.sources & reached}
            if further <= reached:
                break
            reached |= further

        assert reached == {state.value for state in table.states}

    def test_a_verb_leads_to_one_place_from_one_state(self, table: Lifecycle) -> None:
        """No two moves share a verb and a source: what happens is never a matter of chance."""
        pairs = [(source, one.verb) for one in table.moves for source in one.sources]

        assert len(pairs) == len(set(pairs))

    def test_every_move_says_who_may_ask(self, table: Lifecycle) -> None:
        """And its id begins with letters and ends with a number."""
        for one in table.moves:
            assert one.by
            assert one.id.rstrip("abcdef")[-1].isdigit()


class _Light(StrEnum):
    """Two states for a table that is wrong."""

    RED = "red"
    GREEN = "green"


class TestWrongTables:
    """A table that cannot be right is not accepted."""

    def test_refuses_a_state_nobody_declared(self) -> None:
        """A typing error in a target is found when the table is built."""
        with pytest.raises(ValueError, match="unknown states"):
            Lifecycle("light", _Light, (move("L1", "go", "red", "blue", by=["system"]),))

    def test_refuses_two_moves_with_one_id(self) -> None:
        """Ids are how documents refer to moves."""
        rows = (
            move("L1", "go", "red", "green", by=["system"]),
            move("L1", "stop", "green", "red", by=["system"]),
        )
        with pytest.raises(ValueError, match="share an id"):
            Lifecycle("light", _Light, rows)
