"""Hard exclusions: what the law has against a bidder, whoever checks it."""

from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.bids.rules import exclusions
from marketplace.bids.rules.exclusions import HardGround, Participant

OURS, THEIRS, OTHER = (UUID(int=number) for number in (1, 2, 3))
BOSS = UUID(int=99)


def participant(bid_id: UUID, *members: int, **facts: object) -> Participant:
    """A bid by organisations of these numbers, 100 times its own number unless told."""
    organizations = frozenset(UUID(int=one) for one in members or (bid_id.int * 100,))
    told: Any = {"names": [f"单位{bid_id.int}"]} | facts
    return Participant(bid_id=bid_id, organizations=organizations, **told)


def grounds(
    *participants: Participant, designers: tuple[str, ...] = (), **controlled: str
) -> dict[UUID, list[str]]:
    """What was found against each bid; pairs under control are written `o100_o200="ground"`."""
    pairs = {
        frozenset(UUID(int=int(one[1:])) for one in pair.split("_")): ground
        for pair, ground in controlled.items()
    }
    found: dict[UUID, list[str]] = {}
    for one in exclusions.find(participants, designers=designers, controlled=pairs):
        found.setdefault(one.bid_id, []).append(one.ground.value)
    return found


def test_one_head_over_two_bidders_puts_out_both() -> None:
    """Article 18 names no culprit: neither of the two takes part, and the third is not touched."""
    found = grounds(
        participant(OURS, unit_heads=frozenset({BOSS})),
        participant(THEIRS, unit_heads=frozenset({BOSS, UUID(int=98)})),
        participant(OTHER, unit_heads=frozenset({UUID(int=97)})),
    )

    assert found == {OURS: ["same_unit_head"], THEIRS: ["same_unit_head"]}


def test_a_chain_of_control_between_two_bids_puts_out_both() -> None:
    """The ground of the relation is kept; who controls whom is not told to either."""
    found = exclusions.find(
        [participant(OURS), participant(THEIRS), participant(OTHER)],
        designers=(),
        controlled={frozenset({UUID(int=100), UUID(int=200)}): "direct_control"},
    )

    assert [(one.bid_id, one.ground) for one in found] == [
        (OURS, HardGround.CONTROL_CHAIN),
        (THEIRS, HardGround.CONTROL_CHAIN),
    ]
    assert [one.facts for one in found] == [{"relation": "direct_control"}] * 2


def test_members_of_one_consortium_may_control_each_other() -> None:
    """The law asks about different suppliers of one purchase, not about one that bids jointly."""
    joint = participant(OURS, 100, 101)

    assert grounds(joint, participant(THEIRS), o100_o101="direct_control") == {}
    assert grounds(joint, participant(THEIRS), o101_o200="direct_control") == {
        OURS: ["control_chain"],
        THEIRS: ["control_chain"],
    }


def test_whoever_takes_part_twice_puts_out_both_bids() -> None:
    """Alone and as a member is twice."""
    found = grounds(participant(OURS, 100), participant(THEIRS, 200, 100), participant(OTHER))

    assert found == {OURS: ["double_participation"], THEIRS: ["double_participation"]}


@pytest.mark.parametrize(
    ("name", "told", "designed"),
    [
        ("某某(深圳)科技有限公司", "某某(深圳)科技有限公司", True),
        ("某某科技有限公司", " 某某 科技有限公司。", True),
        ("Example Labs", "EXAMPLE LABS", True),
        ("某某科技有限公司", "某某科技", False),
        ("某某科技", "某某科技有限公司", False),
        ("", "", False),
    ],
)
def test_a_designer_is_known_by_its_whole_name(name: str, told: str, designed: bool) -> None:
    """Width, case, spaces and brackets do not matter; a part of a name is another firm."""
    assert exclusions.is_designer([name], [told]) is designed


def test_bad_standing_counts_as_of_the_opening() -> None:
    """What the register said is kept as codes."""
    (found,) = exclusions.find(
        [participant(OURS, bad_standing=("blacklisted",))], designers=(), controlled={}
    )

    assert found.ground is HardGround.NOT_IN_GOOD_STANDING
    assert found.facts == {"findings": ["blacklisted"]}


def test_every_ground_has_words_in_both_languages() -> None:
    """A bidder is told in Chinese and in English, and no other bidder is named."""
    assert {ground: sorted(exclusions.WORDS[ground]) for ground in HardGround} == {
        ground: ["en", "zh"] for ground in HardGround
    }


@given(st.permutations(range(1, 6)), st.sets(st.tuples(st.integers(1, 5), st.integers(1, 5))))
def test_the_order_of_bids_decides_nothing(order: list[int], pairs: set[tuple[int, int]]) -> None:
    """The same bids in another order are put out for the same grounds, and only in pairs."""
    controlled = {
        frozenset({UUID(int=a * 100), UUID(int=b * 100)}): "direct_control"
        for a, b in pairs
        if a != b
    }
    straight = exclusions.find(
        [participant(UUID(int=one)) for one in range(1, 6)], designers=(), controlled=controlled
    )
    shuffled = exclusions.find(
        [participant(UUID(int=one)) for one in order], designers=(), controlled=controlled
    )

    assert straight == shuffled
    assert {one.bid_id.int for one in straight} == {
        number for a, b in pairs if a != b for number in (a, b)
    }
