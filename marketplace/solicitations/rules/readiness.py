"""How ready a proposal is: every fact as one exact number, and the sheet of a round.

The sheet is the same document as that of a ranking of bids, with proposals in the place of bids, so
the scoring core ranks it, explains it and verifies it; nothing of that is repeated here.
Source   docs/algorithms/readiness.md, with five proposals worked by hand.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from fractions import Fraction
from typing import Final

from marketplace.kit.money import BPS_WHOLE
from marketplace.scenarios.rules.content import Content
from marketplace.scenarios.rules.lifecycle import ScenarioState
from marketplace.scoring.rules import numbers
from marketplace.scoring.rules.explanations import Explanation
from marketplace.scoring.rules.ranking import Ranking, Standing
from marketplace.scoring.rules.sheet import ScoreSheet, SheetBid
from marketplace.solicitations.rules import data_readiness as data
from marketplace.solicitations.rules.data_readiness import Measured
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
    measured: Mapping[str, Measured] = field(default_factory=dict)
    """What was computed of the delivered data, by the code of the dataset."""


def values(
    one: Proposed, scheme: Scheme, published: Mapping[str, int], *, on: dt.date
) -> dict[Fact, Decimal]:
    """Compute every fact.

    Shape    `published` counts the calls opened in the year of the round, by domain; `on` is the
             day of the round.
    Units    data readiness 0..100; shares in percent; the rest are counts.
    """
    content, declaration = one.content, one.declaration
    quota_left = scheme.quota - published.get(content.domain, 0)
    return {
        Fact.DATA_READINESS: _rounded(data.data_readiness(content.datasets, one.measured, on=on)),
        Fact.MEASURABLE_TARGETS: Decimal(_measurable(content, declaration)),
        Fact.BUDGET_COVERED: _rounded(_budget_covered(content)),
        Fact.CO_FUNDING: _rounded(_co_funding(content)),
        Fact.REPLICABILITY: Decimal(declaration.replicable_units),
        Fact.END_USERS: Decimal(declaration.end_users),
        Fact.DOMAIN_QUOTA: Decimal(max(0, quota_left) if content.domain in scheme.domains else 0),
    }


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
    on: dt.date,
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
        bids=tuple(_row(one, scheme, published, on) for one in proposals),
    )


def _row(one: Proposed, scheme: Scheme, published: Mapping[str, int], on: dt.date) -> SheetBid:
    found = values(one, scheme, published, on=on)
    weighed = {criterion.code for criterion in scheme.rubric.criteria}
    return SheetBid(
        id=one.id,
        bidder=one.scenario_number,
        received_at=one.filed_at,
        formula_values={fact.value: value for fact, value in found.items() if fact in weighed},
        exclusion=NOT_SUBMITTED if one.state in WITH_POSTER else None,
    )


def explained(ranking: Ranking, proposals: Sequence[Proposed], *, on: dt.date) -> Ranking:
    """Let every ranked proposal say, dataset by dataset, where its data readiness comes from.

    Shape    words only: the digests of the ranking stay what they are.
    """
    by_id = {one.id: one for one in proposals}
    return replace(
        ranking,
        standings=tuple(_with_data(one, by_id[one.bid_id], on) for one in ranking.standings),
    )


def _with_data(standing: Standing, one: Proposed, on: dt.date) -> Standing:
    if Fact.DATA_READINESS not in standing.points:
        return standing
    lines = [
        data.words(dataset, one.measured.get(dataset.code), on=on)
        for dataset in one.content.datasets
    ]
    said = Explanation(
        zh=(*standing.explanation.zh, *(zh for zh, _ in lines)),
        en=(*standing.explanation.en, *(en for _, en in lines)),
    )
    return replace(standing, explanation=said)
