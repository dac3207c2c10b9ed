"""How ready a proposal is: every fact as one exact number, and the sheet of a round.

The sheet is the same document as that of a ranking of bids, with proposals in the place of bids, so
the scoring core ranks it, explains it and verifies it; nothing of that is repeated here.
Source   docs/algorithms/readiness.md, with five proposals worked by hand.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Final

from marketplace.kit.money import BPS_WHOLE
from marketplace.scenarios.rules.content import Content, Dataset
from marketplace.scenarios.rules.lifecycle import ScenarioState
from marketplace.scoring.rules import numbers
from marketplace.scoring.rules.sheet import ScoreSheet, SheetBid
from marketplace.solicitations.rules.scheme import Fact, Scheme

PLACES: Final = 4
PROPOSABLE_STATES: Final = frozenset(
    {
        ScenarioState.DRAFT,
        ScenarioState.RETURNED,
        ScenarioState.SUBMITTED,
        ScenarioState.UNDER_REVIEW,
    }
)
"""States in which a scenario is still being prepared."""
NOT_SUBMITTED: Final = "not_submitted"
WITH_POSTER: Final = frozenset({ScenarioState.DRAFT, ScenarioState.RETURNED})

OPENNESS_POINTS: Final = {"unconditional": 40, "conditional": 25, "not_open": 0}
ACCESS_POINTS: Final = {
    "download": 30,
    "api": 30,
    "sandbox_only": 20,
    "enclave_only": 15,
    "hidden_test": 10,
}
BASIS_POINTS: Final = 15
"""For a stated legal basis."""
LICENCE_POINTS: Final = 15
"""For a stated licence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Declaration:
    """What a proposal states beside the content of its scenario."""

    process: str
    """The one process that is to change: a small cut, not a programme."""
    baselines: Mapping[str, str]
    """Today's value of a metric, by the metric's name; decimals as text."""
    end_users: int
    """How many people would work with it."""
    replicable_units: int
    """How many other units have the same process and could take it over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposed:
    """One proposal as a round sees it."""

    id: str
    scenario_number: str
    filed_at: str
    state: ScenarioState
    content: Content
    declaration: Declaration


def values(
    content: Content, declaration: Declaration, scheme: Scheme, published: Mapping[str, int]
) -> dict[Fact, Decimal]:
    """Compute every fact.

    Shape    `published` counts the calls opened in the year of the round, by domain.
    Units    data readiness 0..100; shares in percent; the rest are counts.
    """
    quota_left = scheme.quota - published.get(content.domain, 0)
    return {
        Fact.DATA_READINESS: _rounded(data_readiness(content.datasets)),
        Fact.MEASURABLE_TARGETS: Decimal(_measurable(content, declaration)),
        Fact.BUDGET_COVERED: _rounded(_budget_covered(content)),
        Fact.CO_FUNDING: _rounded(_co_funding(content)),
        Fact.REPLICABILITY: Decimal(declaration.replicable_units),
        Fact.END_USERS: Decimal(declaration.end_users),
        Fact.DOMAIN_QUOTA: Decimal(max(0, quota_left) if content.domain in scheme.domains else 0),
    }


def data_readiness(datasets: Sequence[Dataset]) -> Fraction:
    """The mean of what every dataset's manifest promises; none: 0.

    Units    points of 100: openness up to 40, way of access up to 30, legal basis 15, licence 15.
    """
    if not datasets:
        return Fraction(0)
    return Fraction(sum(map(_dataset_points, datasets)), len(datasets))


def _dataset_points(one: Dataset) -> int:
    return (
        OPENNESS_POINTS.get(one.openness, 0)
        + ACCESS_POINTS.get(one.access, 0)
        + (BASIS_POINTS if one.legal_basis.strip() else 0)
        + (LICENCE_POINTS if one.licence.strip() else 0)
    )


def _measurable(content: Content, declaration: Declaration) -> int:
    """Count the metrics that have both a target and a value of today."""
    return len({one.metric for one in content.acceptance} & set(declaration.baselines))


def _budget_covered(content: Content) -> Fraction:
    """The share of the budget that phases account for, in percent; more than all of it is none."""
    phases_fen = sum(phase.ceiling_fen for phase in content.cost_share)
    if not 0 < phases_fen <= content.budget.ceiling_fen:
        return Fraction(0)
    return Fraction(100 * phases_fen, content.budget.ceiling_fen)


def _co_funding(content: Content) -> Fraction:
    """The share that poster and solver bear when all phases pass, in percent of the phases."""
    phases_fen = sum(phase.ceiling_fen for phase in content.cost_share)
    if not phases_fen:
        return Fraction(0)
    private = sum(
        phase.ceiling_fen * (BPS_WHOLE - phase.ok_bps["gov"]) for phase in content.cost_share
    )
    return Fraction(100 * private, BPS_WHOLE * phases_fen)


def _rounded(value: Fraction) -> Decimal:
    return numbers.half_up(value, PLACES)


def sheet(
    proposals: Sequence[Proposed],
    scheme: Scheme,
    *,
    solicitation_number: str,
    round_number: int,
    published: Mapping[str, int],
    code_version: str,
) -> ScoreSheet:
    """Put everything a round is decided on into the one document the scoring core ranks.

    Shape    a proposal whose scenario still lies with its poster is listed, and not ranked.
    """
    return ScoreSheet(
        scenario_number=solicitation_number,
        round_number=round_number,
        profile_code=scheme.code,
        profile_version=scheme.version,
        code_version=code_version,
        rubric=scheme.rubric,
        bids=tuple(_row(one, scheme, published) for one in proposals),
    )


def _row(one: Proposed, scheme: Scheme, published: Mapping[str, int]) -> SheetBid:
    found = values(one.content, one.declaration, scheme, published)
    weighed = {criterion.code for criterion in scheme.rubric.criteria}
    return SheetBid(
        id=one.id,
        bidder=one.scenario_number,
        received_at=one.filed_at,
        formula_values={fact.value: value for fact, value in found.items() if fact in weighed},
        exclusion=NOT_SUBMITTED if one.state in WITH_POSTER else None,
    )
