"""What a call brings to the board, and how many points each of its facts is worth.

The points say how ready a call is to be worked on, from what it published alone: data that can be
reached, targets that can be measured, cost that is shared.  Who bids, follows or reads is no fact
here, so the order of the board can tell nobody that a bid exists.
"""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from marketplace.kit.money import BPS_WHOLE

SCHEME: Final = "board/1"
"""The version of the scheme.  Its weights are a design of this project, not taken from any rule."""

ACCESS_BPS: Final[dict[str, int]] = {
    "download": 4_000,
    "api": 4_000,
    "sandbox_only": 3_000,
    "enclave_only": 2_500,
    "hidden_test": 1_000,
}
"""Points for the easiest way to the data of a call; a way that is not known here gives none."""
TARGET_BPS: Final = 750
TARGETS_COUNTED_MAX: Final = 4
FUNDING_BPS: Final = 3_000
"""Points of a call whose cost others than the solver bear entirely."""

_ACCESS_WORDS: Final[dict[str, tuple[str, str]]] = {
    "download": ("下载", "download"),
    "api": ("接口", "an interface"),
    "sandbox_only": ("沙箱内使用", "a sandbox"),
    "enclave_only": ("数据专区内使用", "an enclave"),
    "hidden_test": ("仅供隐藏测试", "hidden tests only"),
}


class SortKey(StrEnum):
    """The orders the board can be read in; ties follow the order in which calls were pinned."""

    POINTS = "-points"
    """Most ready first."""
    NEWEST = "-published_at"
    DEADLINE = "bid_deadline_at"
    """Soonest to close first."""
    MONEY = "-ceiling_fen"
    """Largest budget first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The published facts that give points."""

    data_access: tuple[str, ...]
    """The ways to the data, one per dataset, each once."""
    targets: int
    """How many measurable conditions of acceptance the call names."""
    borne_by_others_bps: int
    """What government and poster bear of the cost when the pilot passes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One fact, the points it gives, the most it could give, and words."""

    fact: str
    points_bps: int
    of_bps: int
    zh: str
    en: str


def lines(facts: Facts) -> tuple[Line, ...]:
    """Give points for every fact, with the reason.

    Units    basis points: 10,000 are 100.00 points.

    >>> facts = Facts(data_access=("api",), targets=2, borne_by_others_bps=7_000)
    >>> [(line.fact, line.points_bps) for line in lines(facts)]
    [('data_access', 4000), ('targets', 1500), ('funding', 2100)]
    """
    return (_data(facts.data_access), _targets(facts.targets), _funding(facts.borne_by_others_bps))


def points_bps(facts: Facts) -> int:
    """Add up the points of a call: 0 to 10,000."""
    return sum(line.points_bps for line in lines(facts))


def _data(access: Collection[str]) -> Line:
    known = [way for way in ACCESS_BPS if way in access]
    best = max(known, key=ACCESS_BPS.__getitem__, default=None)
    zh, en = ("无可用数据", "none") if best is None else _ACCESS_WORDS[best]
    return Line(
        fact="data_access",
        points_bps=0 if best is None else ACCESS_BPS[best],
        of_bps=max(ACCESS_BPS.values()),
        zh=f"数据获取方式:{zh}",
        en=f"Way to the data: {en}",
    )


def _targets(count: int) -> Line:
    return Line(
        fact="targets",
        points_bps=min(count, TARGETS_COUNTED_MAX) * TARGET_BPS,
        of_bps=TARGETS_COUNTED_MAX * TARGET_BPS,
        zh=f"可量化验收指标 {count} 项(最多计 {TARGETS_COUNTED_MAX} 项)",
        en=f"{count} measurable targets, at most {TARGETS_COUNTED_MAX} count",
    )


def _funding(borne_bps: int) -> Line:
    percent = f"{borne_bps // 100}.{borne_bps % 100:02d}"
    return Line(
        fact="funding",
        points_bps=FUNDING_BPS * borne_bps // BPS_WHOLE,
        of_bps=FUNDING_BPS,
        zh=f"揭榜方以外承担试点费用的 {percent}%",
        en=f"Others than the solver bear {percent} % of the cost",
    )
