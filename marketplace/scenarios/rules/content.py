"""What a call says: one frozen document, read strictly, written in one form only."""

from collections import Counter
from dataclasses import dataclass, field, fields
from typing import Any, Final

import msgspec

from marketplace.kit.money import BPS_WHOLE
from marketplace.scenarios.errors import ContentUnreadable
from marketplace.scenarios.rules.endpoint_terms import EndpointTerms
from marketplace.scenarios.rules.pairwise import Derivation

FUNDERS: Final = ("gov", "poster", "solver")
CODED: Final = ("datasets", "cost_share", "criteria", "qualifications")
"""Lists in which a code names exactly one thing."""


@dataclass(frozen=True, slots=True)
class Text:
    """A text in Chinese and, where it exists, in English."""

    zh: str
    en: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """One dataset the call opens, or keeps hidden for the test."""

    code: str
    name: Text
    size: str
    format: str
    openness: str
    access: str
    personal_data: bool
    legal_basis: str
    licence: str
    retention: str | None = None
    """How long copies may be kept, and what happens to them then."""
    pipia: str | None = None
    """The impact assessment, where personal data are used: its number and date."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Acceptance:
    """One measurable condition of acceptance; `value` is a decimal written as text."""

    metric: str
    op: str
    value: str
    method: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Money that one funder has committed to one phase, and the paper that says so."""

    funder: str
    phase: str
    amount_fen: int
    reference: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What the call may cost, where the money comes from, the highest price a bid may ask."""

    ceiling_fen: int
    max_price_fen: int | None = None
    min_price_fen: int | None = None
    eligible: tuple[str, ...] = ()
    sources: tuple[Source, ...] = ()
    method_approval: str | None = None
    """The approval to buy without an open tender although the year's total asks for one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bonds:
    """What a bidder or winner must deposit; nothing by default."""

    bid_fen: int = 0
    performance_bps: int = 0
    non_cash: bool = True
    """Whether a guarantee or an insurance is as good as cash."""
    refund_days: int = 5
    """Within how many days a bond is given back, counted as the track counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferRequirements:
    """What every offer must contain, and how far bidders may share the work; nothing by default."""

    price_sheet: bool = False
    documents: tuple[str, ...] = ()
    """Types of the documents that belong to every bid."""
    consortium_members_max: int = 0
    """How many members a consortium may have besides its lead; zero: nobody bids together."""
    subcontract_max_bps: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Exemption:
    """A fair-competition exception that was granted: by which article, why, and until when."""

    article: str
    reason: Text
    until: str
    """The last day, as in 2026-12-31."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Race:
    """How many solvers run in parallel, and when the slower ones leave."""

    stage1_solvers: int = 1
    final_solvers: int = 1
    eliminate_at: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """One phase of the pilot: its ceiling, and who bears how much of it.

    Shape    each funder's share when the phase passes, and when it fails without fault.
    """

    code: str
    title: Text
    ceiling_fen: int
    ok_bps: dict[str, int]
    blameless_fail_bps: dict[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rounding:
    """Where and how points are rounded."""

    scale: int = 2
    mode: str = "HALF_UP"
    stage: str = "PER_CRITERION"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scheme:
    """How points become an order."""

    method: str
    aggregation: str = "mean"
    trim: int = 0
    rounding: Rounding = field(default_factory=Rounding)
    tie_breaks: tuple[str, ...] = ()
    blind: bool = False
    """Whether judges mark without knowing whose bid it is."""
    derivation: Derivation | None = None
    """The comparisons that the weights were derived from; None where they were typed in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Benchmark:
    """How files are taken for one automatic criterion; what is not said has these values."""

    feedback: bool = False
    """Whether files are taken before the bid deadline and told their value on the public split."""
    public_share_bps: int = 0
    """How much of the hidden set is the public split; the rest decides."""
    daily_max: int = 10
    """Files of one bid in one phase on one day in Beijing."""
    total_max: int = 10
    """Files of one bid in one phase: enough to mend mistakes, too few to probe the hidden set."""
    evaluation_hours: int | None = None
    """How long after the opening files are taken; None: until the ranking."""
    freeze_before_deadline_seconds: int = 0
    """How long before the end of the evaluation phase the board stands still."""
    leaderboard: str = "after_result"
    """When bidders see the board: `after_opening` or `after_result`; before the opening never."""
    selection: str = "last"
    """Which file counts when the solver selects none: `last` or `best`."""
    slices: tuple[str, ...] = ()
    """Columns of the hidden set, a district for instance, for whose values the metric is told."""
    endpoint: EndpointTerms | None = None
    """Under which terms inference endpoints are called; None: files only."""
    calls_of: str | None = None
    """The criterion of whose calls this one tells how they went, such as how long they took; for
    metrics of calls, and for no others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Criterion:
    """One thing that is judged; `rule` quantifies it.  Numbers are decimals written as text."""

    code: str
    title: Text
    kind: str
    weight_bps: int
    scale_max: str | None = None
    metric: str | None = None
    floor: str | None = None
    target: str | None = None
    hard_floor: bool = False
    direction: str = "higher"
    formula: str | None = None
    rule: Text | None = None
    benchmark: Benchmark | None = None
    """How files are taken; only for what is measured automatically."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Qualification:
    """One condition a bidder must meet; never scored."""

    code: str
    zh: str
    en: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Constraints:
    """Where and how the solution must run."""

    zh: tuple[str, ...] = ()
    en: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """Everything a call says.  `no_dataset` states on purpose that there is none."""

    title: Text
    problem: Text
    domain: str
    category: str
    budget: Budget
    cost_share: tuple[Phase, ...]
    scoring: Scheme
    criteria: tuple[Criterion, ...]
    constraints: Constraints = field(default_factory=Constraints)
    datasets: tuple[Dataset, ...] = ()
    no_dataset: bool = False
    acceptance: tuple[Acceptance, ...] = ()
    race: Race = field(default_factory=Race)
    qualifications: tuple[Qualification, ...] = ()
    bonds: Bonds = field(default_factory=Bonds)
    offer_requirements: OfferRequirements = field(default_factory=OfferRequirements)
    need_designers: tuple[str, ...] = ()
    """Firms that helped to design or specify the need, by name; they cannot bid on it."""
    competition_exemption: Exemption | None = None
    illustrative: bool = False
    name_source: str | None = None

    def to_document(self) -> dict[str, Any]:
        """Write the content as JSON values in its one form."""
        document = msgspec.to_builtins(self)
        assert isinstance(document, dict)
        return document


FROZEN_WHEN_PUBLISHED: Final = ("title", "domain", "category", "qualifications")
"""Subject matter and eligibility: a published call that changes these is another call."""

IMMATERIAL: Final = ("illustrative", "name_source")
"""Fields whose change cannot affect a bid; every other change is material."""


def content_from(document: object) -> Content:
    """Read a content document of any origin.

    Refuses  ContentUnreadable with the path of the first field that is missing or of the wrong
             type, for two things under one code, and for shares that do not make a whole.
    """
    try:
        content = msgspec.convert(document, Content, strict=True)
    except msgspec.ValidationError as unreadable:
        raise ContentUnreadable(detail=str(unreadable)) from unreadable
    _check_codes(content)
    _check_shares(content)
    return content


def _check_codes(content: Content) -> None:
    """Refuse a code that names two things: marks and answers are given by code."""
    for name in CODED:
        seen = Counter(one.code for one in getattr(content, name))
        twice = sorted(code for code, count in seen.items() if count > 1)
        if twice:
            raise ContentUnreadable(pointer=f"/{name}", codes_given_twice=twice)


def _check_shares(content: Content) -> None:
    for index, phase in enumerate(content.cost_share):
        for name in ("ok_bps", "blameless_fail_bps"):
            shares = getattr(phase, name)
            if set(shares) != set(FUNDERS) or min(shares.values()) < 0:
                raise ContentUnreadable(
                    pointer=f"/cost_share/{index}/{name}", expected=list(FUNDERS)
                )
            if sum(shares.values()) != BPS_WHOLE:
                raise ContentUnreadable(
                    pointer=f"/cost_share/{index}/{name}",
                    sum_bps=sum(shares.values()),
                    expected_bps=BPS_WHOLE,
                )


def changed_fields(old: Content, new: Content) -> tuple[str, ...]:
    """Name the top-level fields in which two contents differ."""
    return tuple(
        one.name for one in fields(Content) if getattr(old, one.name) != getattr(new, one.name)
    )


def is_material(changed: tuple[str, ...]) -> bool:
    """Tell whether a change may affect how bids are written.

    Decided by the fields that changed, not by a tick box.
    """
    return any(name not in IMMATERIAL for name in changed)
