"""Drawing judges: fair, bound by both sides, computed again by anybody, lawful in its result."""

import dataclasses
import hashlib
import itertools
import json
import os
import subprocess
import sys
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.kit.digests import canonical_json
from marketplace.scoring.errors.panels import DrawDocumentUnfit, EntropyUnfit, PoolTooSmall
from marketplace.scoring.rules import draw as drawing
from marketplace.scoring.rules.draw import Eligible

DRAWS = int(os.environ.get("JIEBANG_SOAK_DRAWS", "20000"))
"""Seeded draws behind each claim of fairness."""
CHI_SQUARE_23, CHI_SQUARE_10 = 49.728, 29.588
"""What chi-square exceeds once in a thousand times, with 23 and with 10 degrees of freedom."""
SECRET, CONTRIBUTION = bytes(range(32)), bytes(range(32, 64))
KINDS = st.sets(st.sampled_from(["legal", "economics", "technical"]))


def seed(number: int) -> bytes:
    """A seed that nobody chose."""
    return hashlib.sha256(b"fair?" + number.to_bytes(4)).digest()


def a_pool(count: int, **changes: Any) -> dict[str, Any]:
    """A frozen pool of experts without kinds."""
    return {
        "form": drawing.POOL_FORM,
        "scenario": "NS-2026-B1-001",
        "draw": 1,
        "seats": 3,
        "required": [],
        "eligible": [{"expert": f"e{at}", "kinds": []} for at in range(count)],
        "ineligible": [],
        "representatives": [],
    } | changes


def a_record(**changes: Any) -> dict[str, Any]:
    """A whole record, as a file holds it."""
    record = drawing.record_of(
        a_pool(7, **changes), secret=SECRET, contribution=CONTRIBUTION, facts={"officer": "o"}
    )
    found: dict[str, Any] = json.loads(canonical_json(record))
    return found


class TestFairness:
    """`shuffled`: every order is as likely as every other."""

    def test_every_order_comes_as_often(self) -> None:
        """Of four experts all 24 orders, by a chi-square test on many seeds."""
        counts = Counter("".join(drawing.shuffled("abcd", seed(at))) for at in range(DRAWS))

        assert set(counts) == {"".join(one) for one in itertools.permutations("abcd")}
        expected = DRAWS / 24
        statistic = sum((found - expected) ** 2 / expected for found in counts.values())
        assert statistic < CHI_SQUARE_23

    def test_every_expert_is_seated_as_often(self) -> None:
        """Three of eleven, a number that no power of two divides by."""
        eligible = [Eligible(expert=f"e{at:02}") for at in range(11)]
        counts: Counter[str] = Counter()
        for at in range(DRAWS):
            counts.update(drawing.draw(eligible, seed(at), seats=3).seats)

        assert len(counts) == 11
        # Three of one draw are not independent: the variance is that of drawing without return.
        expected = DRAWS * 3 / 11
        statistic = sum((found - expected) ** 2 for found in counts.values())
        statistic /= DRAWS * (3 / 11) * (8 / 11) * (11 / 10)
        assert statistic < CHI_SQUARE_10

    def test_a_block_above_the_largest_multiple_is_thrown_away(self) -> None:
        """Without that, low places would come more often; here the first block is too high."""
        too_high = (1 << 256) - 1

        assert drawing._below(3, iter([too_high, 5])) == 2


class TestDraw:
    """`draw`: who sits, and who is in reserve."""

    @given(
        kinds=st.lists(KINDS, min_size=4, max_size=12),
        seats=st.integers(2, 6),
        required=st.sets(st.sampled_from(["legal", "economics"])),
        number=st.integers(0, 2**32 - 1),
    )
    def test_the_panel_is_whole_and_lawful_or_refused_with_what_is_missing(
        self, kinds: list[set[str]], seats: int, required: set[str], number: int
    ) -> None:
        """Nobody twice, nobody lost, every kind there; the order of the pool changes nothing."""
        eligible = [
            Eligible(expert=f"e{at}", kinds=frozenset(one & required))
            for at, one in enumerate(kinds)
        ]
        missing = sorted(
            kind for kind in required if not any(kind in one.kinds for one in eligible)
        )
        if missing or len(eligible) < seats + 1:
            with pytest.raises(PoolTooSmall) as refused:
                drawing.draw(eligible, seed(number), seats=seats, required=required)
            assert refused.value.facts["missing_kinds"] == missing
            assert refused.value.facts["short_by"] == max(0, seats + 1 - len(eligible))
            return

        drawn = drawing.draw(eligible, seed(number), seats=seats, required=required)

        assert drawn == drawing.draw(eligible[::-1], seed(number), seats=seats, required=required)
        assert len(drawn.seats) == seats
        assert sorted([*drawn.seats, *drawn.reserve]) == sorted(one.expert for one in eligible)
        by_name = {one.expert: one.kinds for one in eligible}
        assert required <= frozenset[str]().union(*(by_name[one] for one in drawn.seats))
        places = [drawn.order.index(one) for one in drawn.reserve]
        assert places == sorted(places)

    def test_a_pool_as_large_as_the_panel_is_no_draw(self) -> None:
        """Somebody must be left over; the refusal counts why others cannot be drawn."""
        eligible = [Eligible(expert=f"e{at}") for at in range(3)]

        with pytest.raises(PoolTooSmall) as refused:
            drawing.check_pool(eligible, seats=3, ineligible=["tied", "away", "tied"])

        assert refused.value.facts == {
            "needed": 4,
            "eligible": 3,
            "short_by": 1,
            "missing_kinds": [],
            "not_eligible": {"away": 1, "tied": 2},
        }


class TestSeed:
    """`seed_of`: neither side and no change of the pool leaves the result as it was."""

    def test_each_part_changes_the_seed(self) -> None:
        """The pool, the officer's secret and the supervisor's contribution."""
        pool = "ab" * 32
        seeds = {
            drawing.seed_of(pool, secret=SECRET, contribution=CONTRIBUTION),
            drawing.seed_of("ac" * 32, secret=SECRET, contribution=CONTRIBUTION),
            drawing.seed_of(pool, secret=CONTRIBUTION, contribution=CONTRIBUTION),
            drawing.seed_of(pool, secret=SECRET, contribution=SECRET),
            drawing.seed_of(pool, secret=CONTRIBUTION, contribution=SECRET),
        }

        assert len(seeds) == 5

    @pytest.mark.parametrize("text", ["", "00" * 31, "00" * 33, "zz" * 32, "AB" * 32])
    def test_what_a_side_gives_is_32_bytes_in_one_form(self, text: str) -> None:
        """Short, long, no hexadecimal, and a second way to write the same are refused."""
        with pytest.raises(EntropyUnfit):
            drawing.bytes_of(text)


class TestVerification:
    """`computed_again`: anybody can, with the file alone."""

    def test_another_process_computes_the_same_record(self) -> None:
        """A new interpreter with another hash seed gives the same bytes."""
        record = a_record(seats=3)
        program = (
            "import json, sys\n"
            "from marketplace.kit.digests import canonical_json\n"
            "from marketplace.scoring.rules import draw\n"
            "found = draw.computed_again(json.load(sys.stdin))\n"
            "sys.stdout.buffer.write(canonical_json(found))\n"
        )

        done = subprocess.run(
            [sys.executable, "-c", program],
            input=canonical_json(record),
            capture_output=True,
            check=True,
            env=os.environ | {"PYTHONHASHSEED": "12345"},
        )

        assert done.stdout == canonical_json(record)

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("seats", ["e0", "e1", "e2"]),
            ("commitment", "00" * 32),
            ("secret", "11" * 32),
            ("pool_sha256", "00" * 32),
        ],
    )
    def test_a_record_that_was_changed_is_not_what_is_computed(
        self, field: str, value: object
    ) -> None:
        """Other judges, another secret or commitment: each shows."""
        record = a_record()
        assert drawing.computed_again(record) == record

        changed = record | {field: value}

        assert drawing.computed_again(changed) != changed

    def test_an_expert_added_to_the_pool_shows(self) -> None:
        """The digest of the pool is in the seed and in the record."""
        record = a_record()
        grown = a_pool(8) | {"draw": 1}

        assert drawing.computed_again(record | {"pool": grown})["seed"] != record["seed"]

    @pytest.mark.parametrize(
        "document", [[], {}, {"form": "x"}, {"form": drawing.RECORD_FORM, "pool": 1, "facts": {}}]
    )
    def test_what_is_no_record_is_refused(self, document: object) -> None:
        """Never a traceback."""
        with pytest.raises(DrawDocumentUnfit):
            drawing.computed_again(document)

    def test_eligible_experts_cannot_be_changed(self) -> None:
        """Values of the rules are frozen."""
        with pytest.raises(dataclasses.FrozenInstanceError):
            Eligible(expert="e").expert = "f"  # type: ignore[misc]
