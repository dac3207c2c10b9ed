"""What keeps a bidder out by law, whoever checks it: hard exclusions.

They are computed, shown as items of the eligibility check, and cannot be answered otherwise by
anybody; the panel has no word in them.

Source   政府采购法实施条例 (implementing regulation of the Government Procurement Law), article 18:
         suppliers with one unit head, or with direct control or management of one by the other, do
         not take part in one purchase, and whoever designed the need does not bid for it;
         政府采购法 22; 财库〔2016〕125号 (unverified) for the lists of dishonest parties.
"""

import itertools
import re
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final
from uuid import UUID


class HardGround(StrEnum):
    """Why the law keeps a bidder out."""

    SAME_UNIT_HEAD = "same_unit_head"
    CONTROL_CHAIN = "control_chain"
    NEED_DESIGNER = "need_designer"
    NOT_IN_GOOD_STANDING = "not_in_good_standing"
    DOUBLE_PARTICIPATION = "double_participation"


WORDS: Final[dict[HardGround, dict[str, str]]] = {
    HardGround.SAME_UNIT_HEAD: {
        "zh": "与本榜单另一投标人的单位负责人为同一人",
        "en": "Another bidder of this call has the same unit head",
    },
    HardGround.CONTROL_CHAIN: {
        "zh": "与本榜单另一投标人存在控股或管理关系",
        "en": "This bidder and another one of this call stand on one chain of control",
    },
    HardGround.NEED_DESIGNER: {
        "zh": "参与过本榜单需求的设计或编制",
        "en": "This bidder took part in designing the need of this call",
    },
    HardGround.NOT_IN_GOOD_STANDING: {
        "zh": "开标当日不具备参加资格(失信名单、登记状态或核验状态)",
        "en": "On the day of the opening this bidder was not in good standing",
    },
    HardGround.DOUBLE_PARTICIPATION: {
        "zh": "同一单位在本榜单参加了不止一份投标",
        "en": "One organisation takes part in more than one bid of this call",
    },
}
"""Every ground in the words that are sent to the bidder."""

_SPACES = re.compile(r"[\s()()【】\[\]·,,.。]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Participant:
    """One opened bid, as far as the law asks who takes part in it."""

    bid_id: UUID
    organizations: frozenset[UUID]
    """The bidder and every member of its consortium."""
    names: Collection[str]
    """Their names and credit codes."""
    unit_heads: frozenset[UUID] = frozenset()
    """The parties that head one of them on the day of the opening."""
    bad_standing: tuple[str, ...] = ()
    """What the register said against one of them on that day, as codes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Excluded:
    """One ground against one bid, with what proves it."""

    bid_id: UUID
    ground: HardGround
    facts: Mapping[str, Any] = field(default_factory=dict)


def find(
    participants: Collection[Participant],
    *,
    designers: Collection[str],
    controlled: Mapping[frozenset[UUID], str],
) -> tuple[Excluded, ...]:
    """Find every hard exclusion among the bids of one call.

    Shape    `controlled` names pairs of organisations on one chain of control, with its ground; a
             pair inside one bid, the members of one consortium, is nobody's concern here.  Each
             ground once per bid, sorted by bid and ground; what binds two bids puts out both.

    >>> one = Participant(bid_id=UUID(int=1), organizations=frozenset({UUID(int=7)}), names=["甲"])
    >>> two = Participant(bid_id=UUID(int=2), organizations=frozenset({UUID(int=8)}), names=["乙"])
    >>> [found.ground.value for found in find([one, two], designers=["乙"], controlled={})]
    ['need_designer']
    """
    found: dict[tuple[UUID, HardGround], Excluded] = {}

    def add(bid_id: UUID, ground: HardGround, **facts: Any) -> None:
        one = Excluded(bid_id=bid_id, ground=ground, facts=facts)
        found.setdefault((bid_id, ground), one)

    for one in participants:
        if one.bad_standing:
            add(one.bid_id, HardGround.NOT_IN_GOOD_STANDING, findings=list(one.bad_standing))
        if is_designer(one.names, designers):
            add(one.bid_id, HardGround.NEED_DESIGNER)
    for one, two in itertools.combinations(participants, 2):
        both = (one.bid_id, two.bid_id)
        if one.organizations & two.organizations:
            for bid_id in both:
                add(bid_id, HardGround.DOUBLE_PARTICIPATION)
        if one.unit_heads & two.unit_heads:
            for bid_id in both:
                add(bid_id, HardGround.SAME_UNIT_HEAD)
        for a, b in itertools.product(one.organizations, two.organizations):
            ground = controlled.get(frozenset({a, b}))
            if ground is not None:
                for bid_id in both:
                    add(bid_id, HardGround.CONTROL_CHAIN, relation=ground)
    order = list(HardGround)
    return tuple(sorted(found.values(), key=lambda it: (it.bid_id, order.index(it.ground))))


def is_designer(names: Collection[str], designers: Collection[str]) -> bool:
    """Tell whether one of `names` is among those whom the call names as designers of its need.

    Width, case, spaces and brackets do not matter: 某某(深圳)公司 is 某某(深圳)公司.

    >>> is_designer(["某某(深圳)有限公司"], ["某某(深圳)有限公司 "])
    True
    """
    told = {_folded(one) for one in designers}
    return any(_folded(name) in told for name in names if name.strip())


def _folded(name: str) -> str:
    return _SPACES.sub("", unicodedata.normalize("NFKC", name)).casefold()
