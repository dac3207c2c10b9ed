"""The content of a call as a poster writes it: every field bounded, every error told at once."""

import datetime as dt
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from marketplace.scenarios.schemas.endpoints import EndpointTermsIn
from marketplace.scenarios.schemas.weights import DerivationIn
from marketplace.wire.shapes import (
    BilingualIn,
    Bps,
    Code,
    ColumnName,
    DecimalText,
    In,
    LongBilingualIn,
    ShortText,
    Truth,
    WholeFen,
    WholeNumber,
)

LIST_MAX = 50
PHASES_MAX = 12
LANES_MAX = 20
TRIM_MAX = 99
DOCUMENTS_MAX = 20
MEMBERS_MAX = 9

Line = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, min_length=1, max_length=500, pattern=r"^[^\x00-\x1f\x7f]+$"
    ),
]
"""A text of one line, for lists in which nothing else checks the characters."""
PhaseCode = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,31}$")]
MetricName = Annotated[
    str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,63}(:[0-9]{1,9}(\.[0-9]{1,9})?)?$")
]
"""A metric and its parameter, as in `recall_at_false_alarm_rate:0.05`."""
TieBreak = Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,32}(:[a-z][a-z0-9_]{0,31})?$")]


def _text(value: Decimal | None) -> str | None:
    """Write a decimal as it is kept: plain, with the places it came with."""
    return None if value is None else format(value, "f")


class DatasetIn(In):
    """One dataset the call opens, or keeps hidden for the test."""

    code: Code
    name: BilingualIn
    size: ShortText
    format: ShortText
    openness: Literal["unconditional", "conditional", "not_open"]
    access: Literal["download", "api", "sandbox_only", "hidden_test", "enclave_only"]
    personal_data: Truth
    legal_basis: ShortText
    licence: ShortText
    retention: ShortText | None = None
    """How long copies may be kept, and what happens to them then."""
    pipia: ShortText | None = None
    """The impact assessment, where personal data are used: its number and date."""

    def document(self) -> dict[str, Any]:
        """Write it as it is stored."""
        return self.model_dump(exclude={"name"}) | {"name": self.name.document()}


class AcceptanceIn(In):
    """One measurable condition of acceptance."""

    metric: MetricName
    op: Literal[">=", "<=", "=="]
    value: DecimalText
    method: Code

    def document(self) -> dict[str, Any]:
        """Write it as it is stored."""
        return self.model_dump(exclude={"value"}) | {"value": _text(self.value)}


class SourceIn(In):
    """Money that one funder has committed to one phase, and the paper that says so."""

    funder: Literal["gov", "poster"]
    phase: PhaseCode
    amount_fen: WholeFen
    reference: ShortText


class BudgetIn(In):
    """What the call may cost, where the money comes from, the highest price a bid may ask."""

    ceiling_fen: WholeFen
    max_price_fen: WholeFen | None = None
    min_price_fen: WholeFen | None = None
    """Only so that a draft can be told that the law forbids it."""
    eligible: list[Code] = Field(default_factory=list, max_length=LIST_MAX)
    """The kinds of cost that are shared."""
    sources: list[SourceIn] = Field(default_factory=list, max_length=LIST_MAX)
    method_approval: ShortText | None = None
    """The approval to buy without an open tender although the year's total asks for one."""


class BondsIn(In):
    """What a bidder or winner must deposit; nothing by default."""

    bid_fen: WholeFen = 0
    performance_bps: Bps = 0
    non_cash: Truth = True
    refund_days: Annotated[WholeNumber, Field(ge=1, le=365)] = 5


class OfferRequirementsIn(In):
    """What every offer must contain, and how far bidders may share the work."""

    price_sheet: Truth = False
    documents: list[Code] = Field(default_factory=list, max_length=DOCUMENTS_MAX)
    """Types of the documents that belong to every bid."""
    consortium_members_max: Annotated[WholeNumber, Field(ge=0, le=MEMBERS_MAX)] = 0
    """How many members a consortium may have besides its lead; zero: nobody bids together."""
    subcontract_max_bps: Bps = 0


class ExemptionIn(In):
    """A fair-competition exception that was granted: by which article, why, and until when."""

    article: ShortText
    reason: BilingualIn
    until: dt.date

    def document(self) -> dict[str, Any]:
        """Write it as it is stored."""
        return {
            "article": self.article,
            "reason": self.reason.document(),
            "until": self.until.isoformat(),
        }


class RaceIn(In):
    """How many solvers run in parallel, and when the slower ones leave."""

    stage1_solvers: Annotated[WholeNumber, Field(ge=1, le=LANES_MAX)] = 1
    final_solvers: Annotated[WholeNumber, Field(ge=1, le=LANES_MAX)] = 1
    eliminate_at: PhaseCode | None = None


class SharesIn(In):
    """Who bears how much of a phase; the three make 10,000."""

    gov: Bps
    poster: Bps
    solver: Bps


class PhaseIn(In):
    """One phase of the pilot."""

    code: PhaseCode
    title: BilingualIn
    ceiling_fen: WholeFen
    ok_bps: SharesIn
    """When the phase passes."""
    blameless_fail_bps: SharesIn
    """When it fails and nobody is at fault."""

    def document(self) -> dict[str, Any]:
        """Write it as it is stored."""
        return self.model_dump(exclude={"title"}) | {"title": self.title.document()}


class RoundingIn(In):
    """Where and how points are rounded."""

    scale: Annotated[WholeNumber, Field(ge=0, le=9)] = 2
    mode: Literal["HALF_UP"] = "HALF_UP"
    stage: Literal["PER_CRITERION"] = "PER_CRITERION"


class SchemeIn(In):
    """How points become an order."""

    method: Literal["comprehensive", "lowest_price", "topsis", "borda"]
    aggregation: Literal["mean", "trimmed_mean", "median", "calibrated"] = "mean"
    trim: Annotated[WholeNumber, Field(ge=0, le=TRIM_MAX)] = 0
    rounding: RoundingIn = RoundingIn()
    tie_breaks: list[TieBreak] = Field(default_factory=list, max_length=LIST_MAX)
    blind: Truth = False
    """Whether judges mark without knowing whose bid it is, until all of them have signed."""
    derivation: DerivationIn | None = None
    """The comparisons that the weights were derived from, where they were not typed in."""


class BenchmarkIn(In):
    """How files are taken for one automatic criterion."""

    feedback: Truth = False
    """Whether files are taken before the deadline and told their value on the public split."""
    public_share_bps: Annotated[Bps, Field(le=9_000)] = 0
    """How much of the hidden set is the public split; the rest decides."""
    daily_max: Annotated[WholeNumber, Field(ge=1, le=100)] = 10
    """Files of one bid in one phase on one day in Beijing."""
    total_max: Annotated[WholeNumber, Field(ge=1, le=1_000)] = 10
    """Files of one bid in one phase."""
    evaluation_hours: Annotated[WholeNumber, Field(ge=1, le=8_760)] | None = None
    """How long after the opening files are taken; null: until the ranking."""
    freeze_before_deadline_seconds: Annotated[WholeNumber, Field(ge=0, le=2_592_000)] = 0
    """How long before the end of the evaluation phase the board stands still."""
    leaderboard: Literal["after_opening", "after_result"] = "after_result"
    """When bidders see the board; before the opening nobody does, in a purchase not before the
    result."""
    selection: Literal["last", "best"] = "last"
    """Which file counts when the solver selects none."""
    slices: list[ColumnName] = Field(default_factory=list, max_length=5)
    """Columns of the hidden set by whose values the metric is told as well; not `id`, not
    `label`."""
    endpoint: EndpointTermsIn | None = None
    """Under which terms inference endpoints of solvers are called; null: files only."""
    calls_of: Code | None = None
    """The criterion whose calls are judged; for metrics of calls, such as `latency_percentile`."""


class CriterionIn(In):
    """One thing that is judged, and what turns its value into points."""

    code: Code
    title: BilingualIn
    kind: Literal[
        "subjective_expert",
        "objective_expert",
        "objective_auto",
        "objective_formula",
        "price_low_first",
    ]
    weight_bps: Bps
    scale_max: DecimalText | None = None
    metric: MetricName | None = None
    floor: DecimalText | None = None
    target: DecimalText | None = None
    hard_floor: Truth = False
    direction: Literal["higher", "lower"] = "higher"
    formula: Literal["ratio_to_best_low", "ratio_to_best_high", "linear_between"] | None = None
    rule: LongBilingualIn | None = None
    benchmark: BenchmarkIn | None = None
    """How files are taken; only for `objective_auto`."""

    def document(self) -> dict[str, Any]:
        """Write it as it is stored."""
        return self.model_dump(exclude={"title", "rule", "scale_max", "floor", "target"}) | {
            "title": self.title.document(),
            "rule": None if self.rule is None else self.rule.document(),
            "scale_max": _text(self.scale_max),
            "floor": _text(self.floor),
            "target": _text(self.target),
        }


class QualificationIn(In):
    """One condition a bidder must meet; never scored."""

    code: Code
    zh: ShortText
    en: ShortText | None = None


class ConstraintsIn(In):
    """Where and how the solution must run."""

    zh: list[Line] = Field(default_factory=list, max_length=LIST_MAX)
    en: list[Line] = Field(default_factory=list, max_length=LIST_MAX)


class ContentIn(In):
    """Everything a call says."""

    title: BilingualIn
    problem: LongBilingualIn
    domain: Code
    category: Literal["goods", "services"]
    constraints: ConstraintsIn = ConstraintsIn()
    datasets: list[DatasetIn] = Field(default_factory=list, max_length=LIST_MAX)
    no_dataset: Truth = False
    """States on purpose that there is none."""
    acceptance: list[AcceptanceIn] = Field(default_factory=list, max_length=LIST_MAX)
    budget: BudgetIn
    race: RaceIn = RaceIn()
    cost_share: Annotated[list[PhaseIn], Field(min_length=1, max_length=PHASES_MAX)]
    scoring: SchemeIn
    criteria: Annotated[list[CriterionIn], Field(min_length=1, max_length=LIST_MAX)]
    qualifications: Annotated[
        list[QualificationIn], Field(max_length=LIST_MAX, default_factory=list)
    ]
    bonds: BondsIn = BondsIn()
    offer_requirements: OfferRequirementsIn = OfferRequirementsIn()
    need_designers: list[ShortText] = Field(default_factory=list, max_length=LIST_MAX)
    """Firms that helped to design or specify the need, by name; they cannot bid on it."""
    competition_exemption: ExemptionIn | None = None
    illustrative: Truth = False
    """Invented for a demonstration."""
    name_source: ShortText | None = None
    """Where the name of the scenario was first published, if it was."""

    def document(self) -> dict[str, Any]:
        """Write the content as the rules read it."""
        return {
            "title": self.title.document(),
            "problem": self.problem.document(),
            "domain": self.domain,
            "category": self.category,
            "constraints": self.constraints.model_dump(),
            "datasets": [one.document() for one in self.datasets],
            "no_dataset": self.no_dataset,
            "acceptance": [one.document() for one in self.acceptance],
            "budget": self.budget.model_dump(),
            "race": self.race.model_dump(),
            "cost_share": [one.document() for one in self.cost_share],
            "scoring": self.scoring.model_dump(),
            "criteria": [one.document() for one in self.criteria],
            "qualifications": [one.model_dump() for one in self.qualifications],
            "bonds": self.bonds.model_dump(),
            "offer_requirements": self.offer_requirements.model_dump(),
            "need_designers": self.need_designers,
            "competition_exemption": (
                None
                if self.competition_exemption is None
                else self.competition_exemption.document()
            ),
            "illustrative": self.illustrative,
            "name_source": self.name_source,
        }
