"""Keys that sort as numbers do, ranks with ties, and who sees a board when."""

import datetime as dt
import random
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as some

from marketplace.scenarios.rules.content import Benchmark
from marketplace.scoring.errors.submissions import ValueUnsortable
from marketplace.scoring.rules import boards
from marketplace.scoring.rules.boards import Behind, Entry, View, Window
from marketplace.scoring.rules.criteria import Direction
from marketplace.scoring.rules.submissions import Phase

NOW = dt.datetime(2026, 3, 2, 12, tzinfo=dt.UTC)
NUMBERS = some.decimals(
    min_value=-(10**18) + 1, max_value=10**18 - 1, allow_nan=False, allow_infinity=False, places=18
)


class TestSortKey:
    """A value as digits."""

    @given(some.tuples(NUMBERS, NUMBERS), some.sampled_from(Direction))
    def test_sorts_as_the_numbers_do_best_first(
        self, pair: tuple[Decimal, Decimal], direction: Direction
    ) -> None:
        """Better is less, equal is equal, for every pair, sign, size and direction."""
        one, other = pair
        keys = boards.sort_key(one, direction), boards.sort_key(other, direction)
        better = one > other if direction == Direction.HIGHER else one < other

        assert (keys[0] < keys[1]) == better
        assert (keys[0] == keys[1]) == (one == other)
        assert {len(key) for key in keys} == {44}
        assert all(key.isdigit() for key in keys)

    @pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity", "1e600", "1." + "1" * 50])
    def test_what_is_no_ordinary_number_has_no_key(self, text: str) -> None:
        """Nothing that cannot be ranked exactly is ranked first by accident."""
        with pytest.raises(ValueUnsortable):
            boards.sort_key(Decimal(text), Direction.LOWER)


class TestRanks:
    """1, 2, 2, 4."""

    def test_every_page_of_hundreds_of_boards_is_ranked_as_the_whole(self) -> None:
        """A page knows only what stands before it, and gives the ranks of the whole board."""
        chance = random.Random(34)
        for _ in range(400):
            keys = [str(chance.randrange(6)) for _ in range(chance.randrange(1, 25))]
            entries = [
                Entry(bid_id=UUID(int=at), key=key, received_at=NOW) for at, key in enumerate(keys)
            ]
            ordered = sorted(entries, key=lambda one: one.order)
            wanted = [1 + sum(other.key < one.key for other in entries) for one in ordered]
            limit = chance.randrange(1, 6)
            ranks: list[int] = []
            for start in range(0, len(ordered), limit):
                page = [one.key for one in ordered[start : start + limit]]
                behind = None
                if start:
                    key = ordered[start - 1].key
                    better = sum(one.key < key for one in ordered)
                    tied = sum(one.key == key for one in ordered)
                    behind = Behind(key, better=better, tied=tied)
                ranks += boards.page_ranks(page, behind=behind)

            assert ranks == wanted
            assert [rank for rank, _ in boards.ranked(entries)] == wanted

    def test_the_difference_names_every_team_that_moves_and_no_other(self) -> None:
        """Who keeps rank and value is not listed; who comes and who goes is."""

        def entry(bid: int, key: str) -> tuple[Entry, str]:
            return Entry(bid_id=UUID(int=bid), key=key, received_at=NOW), key

        moved = boards.difference(
            [entry(1, "a"), entry(2, "b"), entry(3, "c"), entry(4, "d")],
            [entry(1, "a"), entry(3, "b"), entry(2, "c"), entry(5, "e")],
        )

        assert [(one.bid_id.int, one.before, one.after) for one in moved] == [
            (3, 3, 2),
            (2, 2, 3),
            (5, None, 4),
            (4, 4, None),
        ]


def a_view(**changed: object) -> View:
    """A bidder of an opened call that is no purchase."""
    usual: dict[str, object] = {
        "phase": Phase.EVALUATION,
        "opened_at": NOW - dt.timedelta(hours=1),
        "told": False,
        "watches": False,
        "takes_part": True,
        "ends_at": NOW + dt.timedelta(hours=1),
    }
    return View(**(usual | changed))  # type: ignore[arg-type]


OPEN = Benchmark(leaderboard="after_opening")


class TestWindow:
    """What is to be seen of a board."""

    @pytest.mark.parametrize("benchmark", [OPEN, Benchmark(), Benchmark(feedback=True)])
    @pytest.mark.parametrize("phase", Phase)
    def test_before_the_opening_nobody_sees_anything(
        self, benchmark: Benchmark, phase: Phase
    ) -> None:
        """Not even who watches: a board would tell how many bid."""
        everybody = [
            a_view(opened_at=None, phase=phase, watches=watches, told=told, takes_part=True)
            for watches in (False, True)
            for told in (False, True)
        ]

        assert {boards.window(one, benchmark, NOW) for one in everybody} == {Window.NOTHING}

    @pytest.mark.parametrize(
        ("view", "benchmark", "expected"),
        [
            (a_view(), OPEN, Window.WHOLE),
            (a_view(), Benchmark(), Window.NOTHING),
            (a_view(watches=True), Benchmark(), Window.WHOLE),
            (a_view(told=True), Benchmark(), Window.WHOLE),
            (a_view(takes_part=False), OPEN, Window.NOTHING),
            (a_view(), Benchmark(leaderboard="after_opening", public_share_bps=3000),
             Window.NOTHING),
            (a_view(phase=Phase.FEEDBACK),
             Benchmark(leaderboard="after_opening", public_share_bps=3000), Window.WHOLE),
            (a_view(), Benchmark(leaderboard="after_opening", freeze_before_deadline_seconds=7200),
             Window.FROZEN),
            (a_view(), Benchmark(leaderboard="after_opening", freeze_before_deadline_seconds=60),
             Window.WHOLE),
        ],
    )  # fmt: skip
    def test_afterwards_as_it_was_published(
        self, view: View, benchmark: Benchmark, expected: Window
    ) -> None:
        """Who watches sees all; a bidder what the call says, and never the private split."""
        assert boards.window(view, benchmark, NOW) is expected
