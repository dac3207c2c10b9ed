"""Settle one claim of a pilot phase: what counts, who bears what, and which limit decided.

Cast.  `PhaseTerms` is what was published and signed.  `Outcome` is how the phase ended; it
chooses the shares. `ClaimFacts` is what was verified.  `Before` is what this phase has settled
already.  The answer, a `Settlement`, can be written as a document from which anybody can
compute it again; see `recompute`.

The parties of a phase are named by class: the district (`gov`), the `poster` and the `solver`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from marketplace.kit.money import BPS_WHOLE
from marketplace.pilots.errors import RuleUnknown, TermsMalformed
from marketplace.pilots.rules.cost_sharing import RULE, FunderWeight, Share, Split, split

GOV: Final = "gov"
POSTER: Final = "poster"
SOLVER: Final = "solver"
PARTIES: Final = (GOV, POSTER, SOLVER)
"""In the order of priority."""
FUNDERS: Final = (GOV, POSTER)
"""The parties whose money is paid out; the solver bears its part itself."""


class Outcome(StrEnum):
    """How a phase ended."""

    PASSED = "passed"
    FAILED_BLAMELESS = "failed_blameless"
    FAILED_BY_FAULT = "failed_by_fault"
    STOPPED = "stopped"


class Bound(StrEnum):
    """Which limit decided how much of a claim is shared."""

    VERIFIED = "verified"
    """None: the whole verified cost is shared."""
    CEILING = "ceiling"
    """What is left below the ceiling of the phase."""
    STOP_NOTICE = "stop_notice"
    """Cost after the stop notice is the solver's, winding down excepted."""
    COMMITMENT = "commitment"
    """What a funder has left of its commitment."""
    FAULT = "fault"
    """The solver was at fault: the public share is nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseTerms:
    """The signed cost-sharing term of one phase; each set of shares adds up to 10 000."""

    phase: str
    ceiling_fen: int
    ok_bps: Mapping[str, int]
    blameless_fail_bps: Mapping[str, int]

    def __post_init__(self) -> None:
        for shares in (self.ok_bps, self.blameless_fail_bps):
            if (
                set(shares) != set(PARTIES)
                or min(shares.values()) < 0
                or sum(shares.values()) != BPS_WHOLE
            ):
                raise TermsMalformed(phase=self.phase, shares_bps=dict(shares))
        if self.ceiling_fen < 0:
            raise TermsMalformed(phase=self.phase, ceiling_fen=self.ceiling_fen)

    def shares_for(self, outcome: Outcome) -> Mapping[str, int]:
        """Find the shares that an outcome calls for.

        A phase that was stopped settles what was spent in time at the contract's shares: nobody
        failed.
        """
        if outcome is Outcome.FAILED_BY_FAULT:
            return {GOV: 0, POSTER: 0, SOLVER: BPS_WHOLE}
        return self.blameless_fail_bps if outcome is Outcome.FAILED_BLAMELESS else self.ok_bps


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimFacts:
    """What a verifier found: the actual cost, and how much of it arose after a stop notice.

    `after_notice_fen` leaves out the cost of winding down, which stays eligible.
    """

    verified_fen: int
    after_notice_fen: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """What earlier claims of the phase settled: shared cost, and what each party bore of it."""

    total_fen: int = 0
    cumulative: Mapping[str, int] = field(default_factory=lambda: dict.fromkeys(PARTIES, 0))


@dataclass(frozen=True, slots=True)
class Limit:
    """One limit that was looked at, with its figure."""

    name: str
    amount_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """One claim settled.

    The shares add up to `base_fen`; with `over_ceiling_fen` and `after_notice_fen`, which are
    the solver's, to the verified cost.  `recoverable` is what a funder advanced beyond its
    share.
    """

    rule: str
    outcome: Outcome
    terms: PhaseTerms
    facts: ClaimFacts
    before: Before
    weights: tuple[FunderWeight, ...]
    commitments: Mapping[str, int]
    advances: Mapping[str, int]
    base_fen: int
    over_ceiling_fen: int
    shares: tuple[Share, ...]
    recoverable: tuple[Share, ...]
    limits: tuple[Limit, ...]
    bound_by: Bound

    def share_of(self, party: str) -> int:
        """Find what one party bears of the shared cost."""
        return next(share.amount_fen for share in self.shares if share.funder == party)

    @property
    def solver_bears_fen(self) -> int:
        """All the solver carries: its share, and what no limit let in."""
        return self.share_of(SOLVER) + self.over_ceiling_fen + self.facts.after_notice_fen

    @property
    def payable_fen(self) -> int:
        """All that is paid to the solver."""
        return sum(self.share_of(funder) for funder in FUNDERS)

    def after(self) -> Before:
        """Carry the running totals on to the next claim of the phase."""
        cumulative = {
            share.funder: self.before.cumulative.get(share.funder, 0) + share.amount_fen
            for share in self.shares
        }
        return Before(total_fen=self.before.total_fen + self.base_fen, cumulative=cumulative)


def settle_phase(
    terms: PhaseTerms,
    outcome: Outcome,
    facts: ClaimFacts,
    *,
    before: Before,
    commitments: Mapping[str, int],
    advances: Mapping[str, int] | None = None,
) -> Settlement:
    """Divide the verified cost of one claim as the outcome of its phase demands.

    Shape    shares for gov, poster and solver, in that order; they add up to the shared part
             exactly.
    Units    whole fen.  `commitments` is what each funder can still pay in this phase; what it
             cannot, the solver bears.  `advances` is what each funder has paid ahead of this
             claim.
    Rule     verified cost, less cost after a stop notice, up to what is left below the phase's
             ceiling, is shared by the outcome's weights; the rest is the solver's.
    Refuses  TermsMalformed for negative amounts or more late cost than verified cost.

    >>> terms = PhaseTerms(
    ...     phase="P1",
    ...     ceiling_fen=90_000_000,
    ...     ok_bps={"gov": 5000, "poster": 2000, "solver": 3000},
    ...     blameless_fail_bps={"gov": 4000, "poster": 1000, "solver": 5000},
    ... )
    >>> funds = {"gov": 45_000_000, "poster": 18_000_000}
    >>> facts = ClaimFacts(verified_fen=100_000_000)
    >>> done = settle_phase(terms, Outcome.PASSED, facts, before=Before(), commitments=funds)
    >>> [share.amount_fen for share in done.shares], done.over_ceiling_fen, done.bound_by.value
    ([45000000, 18000000, 27000000], 10000000, 'ceiling')
    """
    if not 0 <= facts.after_notice_fen <= facts.verified_fen or set(commitments) != set(FUNDERS):
        raise TermsMalformed(
            verified_fen=facts.verified_fen, after_notice_fen=facts.after_notice_fen
        )
    if facts.after_notice_fen and outcome is not Outcome.STOPPED:
        raise TermsMalformed(outcome=outcome.value, after_notice_fen=facts.after_notice_fen)
    eligible_fen = facts.verified_fen - facts.after_notice_fen
    room_fen = max(0, terms.ceiling_fen - before.total_fen)
    base_fen = min(eligible_fen, room_fen)
    weights = _weights(terms.shares_for(outcome))
    divided = split(
        base_fen,
        weights,
        cumulative=before.cumulative,
        total_before_fen=before.total_fen,
        caps=commitments,
        fallback=(SOLVER,),
    )
    return Settlement(
        rule=RULE,
        outcome=outcome,
        terms=terms,
        facts=facts,
        before=before,
        weights=weights,
        commitments=commitments,
        advances=advances or {},
        base_fen=base_fen,
        over_ceiling_fen=eligible_fen - base_fen,
        shares=divided.shares,
        recoverable=_recoverable(advances or {}, divided),
        limits=_limits(facts, eligible_fen, room_fen, commitments),
        bound_by=_bound_by(outcome, facts, base_fen, divided),
    )


def document_of(settlement: Settlement) -> dict[str, Any]:
    """Write a settlement as a JSON-able value: every input, every result, and the rule."""
    return {
        "rule": settlement.rule,
        "inputs": {
            "outcome": settlement.outcome.value,
            "terms": {
                "phase": settlement.terms.phase,
                "ceiling_fen": settlement.terms.ceiling_fen,
                "ok_bps": dict(settlement.terms.ok_bps),
                "blameless_fail_bps": dict(settlement.terms.blameless_fail_bps),
            },
            "verified_fen": settlement.facts.verified_fen,
            "after_notice_fen": settlement.facts.after_notice_fen,
            "total_before_fen": settlement.before.total_fen,
            "cumulative_fen": dict(settlement.before.cumulative),
            "commitments_fen": dict(settlement.commitments),
            "advances_fen": dict(settlement.advances),
        },
        "weights": [
            [party.funder, party.weight_bps, party.priority] for party in settlement.weights
        ],
        "total_fen": settlement.before.total_fen + settlement.base_fen,
        "base_fen": settlement.base_fen,
        "over_ceiling_fen": settlement.over_ceiling_fen,
        "shares_fen": _amounts(settlement.shares),
        "solver_bears_fen": settlement.solver_bears_fen,
        "recoverable_fen": _amounts(settlement.recoverable),
        "limits": [[limit.name, limit.amount_fen] for limit in settlement.limits],
        "bound_by": settlement.bound_by.value,
    }


def recompute(document: Mapping[str, Any]) -> Settlement:
    """Settle a stored claim again, from its own inputs and by the rule it was settled with.

    The document of the answer is equal to `document`, byte for byte in canonical form, or
    somebody changed it.
    """
    if document["rule"] != RULE:
        raise RuleUnknown(rule=str(document["rule"]), known=[RULE])
    inputs = document["inputs"]
    return settle_phase(
        PhaseTerms(**inputs["terms"]),
        Outcome(inputs["outcome"]),
        ClaimFacts(
            verified_fen=inputs["verified_fen"], after_notice_fen=inputs["after_notice_fen"]
        ),
        before=Before(total_fen=inputs["total_before_fen"], cumulative=inputs["cumulative_fen"]),
        commitments=inputs["commitments_fen"],
        advances=inputs["advances_fen"],
    )


def commitments_for(terms: PhaseTerms) -> dict[str, int]:
    """Say what each party must commit before a phase starts, enough for every outcome.

    Shape    one amount per party; together they cover the ceiling.
    Units    whole fen; a funder commits the larger of its two shares of the ceiling, rounded
             up, because its running total may be a fen above the exact share between two
             claims.  The solver commits the rest.
    """
    amounts = {
        funder: -(
            -terms.ceiling_fen
            * max(terms.ok_bps[funder], terms.blameless_fail_bps[funder])
            // BPS_WHOLE
        )
        for funder in FUNDERS
    }
    return {**amounts, SOLVER: max(0, terms.ceiling_fen - sum(amounts.values()))}


def _weights(shares_bps: Mapping[str, int]) -> tuple[FunderWeight, ...]:
    return tuple(
        FunderWeight(funder=party, weight_bps=shares_bps[party], priority=place)
        for place, party in enumerate(PARTIES)
    )


def _amounts(shares: Sequence[Share]) -> dict[str, int]:
    return {share.funder: share.amount_fen for share in shares}


def _recoverable(advances: Mapping[str, int], divided: Split) -> tuple[Share, ...]:
    return tuple(
        Share(funder, max(0, advances.get(funder, 0) - divided.of(funder))) for funder in FUNDERS
    )


def _limits(
    facts: ClaimFacts, eligible_fen: int, room_fen: int, commitments: Mapping[str, int]
) -> tuple[Limit, ...]:
    return (
        Limit(Bound.VERIFIED, facts.verified_fen),
        Limit(Bound.STOP_NOTICE, eligible_fen),
        Limit(Bound.CEILING, room_fen),
        *(Limit(f"{Bound.COMMITMENT}:{funder}", commitments[funder]) for funder in FUNDERS),
    )


def _bound_by(outcome: Outcome, facts: ClaimFacts, base_fen: int, divided: Split) -> Bound:
    """Name the last limit that took something away, in the order in which they apply."""
    if outcome is Outcome.FAILED_BY_FAULT:
        return Bound.FAULT
    if divided.capped:
        return Bound.COMMITMENT
    if base_fen < facts.verified_fen - facts.after_notice_fen:
        return Bound.CEILING
    return Bound.STOP_NOTICE if facts.after_notice_fen else Bound.VERIFIED
