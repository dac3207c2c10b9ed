"""The readiness scheme: versioned data that says which facts give how many points."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from marketplace.kit.errors import MarketplaceError
from marketplace.scoring.rules import numbers
from marketplace.scoring.rules import rubric as rubrics
from marketplace.scoring.rules.criteria import Criterion, Formula, Kind
from marketplace.scoring.rules.rubric import Method, Rubric
from marketplace.solicitations.errors import SchemeMalformed

YEAR_MAX: Final = 100_000


class Fact(StrEnum):
    """The facts a scheme may weigh; each has one way of being computed, in `readiness`."""

    DATA_READINESS = "data_readiness"
    MEASURABLE_TARGETS = "measurable_targets"
    BUDGET_COVERED = "budget_covered"
    CO_FUNDING = "co_funding"
    REPLICABILITY = "replicability"
    END_USERS = "end_users"
    DOMAIN_QUOTA = "domain_quota"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scheme:
    """One version of a scheme."""

    code: str
    version: int
    rubric: Rubric
    domains: tuple[str, ...]
    """The domains that share the yearly aim."""
    calls_per_year: int
    """How many calls are to be opened in a year over all domains."""
    unverified: bool
    """Weights and scales are somebody's design, not taken from a rule."""
    document: Mapping[str, Any]

    @property
    def quota(self) -> int:
        """The aim of one domain; what does not divide evenly is nobody's."""
        return self.calls_per_year // len(self.domains)


def scheme_from(document: Mapping[str, Any]) -> Scheme:
    """Read a scheme.

    Refuses  SchemeMalformed with the key that is missing or unfit, or with what the scoring core
             says of the rubric.
    """
    domains = _expect(document, "domains", list)
    if not domains or len(set(domains)) != len(domains):
        raise SchemeMalformed(key="domains", expected="different domains, at least one")
    per_year = _expect(document, "calls_per_year", int)
    if not len(domains) <= per_year <= YEAR_MAX:
        raise SchemeMalformed(key="calls_per_year", expected=f"{len(domains)}..{YEAR_MAX}")
    criteria = tuple(_criterion(item) for item in _expect(document, "criteria", list))
    rubric = Rubric(
        method=Method.COMPREHENSIVE,
        criteria=criteria,
        tie_breaks=tuple(_expect(document, "tie_breaks", list)),
    )
    try:
        rubrics.check(rubric)
    except MarketplaceError as unfit:
        raise SchemeMalformed(key="criteria", because=unfit.code) from unfit
    if any(rule in {"lower_evaluated_price", "witnessed_draw"} for rule in rubric.tie_breaks):
        raise SchemeMalformed(key="tie_breaks", expected="no price and no draw")
    return Scheme(
        code=_expect(document, "code", str),
        version=_expect(document, "version", int),
        rubric=rubric,
        domains=tuple(domains),
        calls_per_year=per_year,
        unverified=_expect(document, "unverified", bool),
        document=dict(document),
    )


def _criterion(item: Any) -> Criterion:
    if not isinstance(item, dict):
        raise SchemeMalformed(key="criteria", expected="tables")
    code = _expect(item, "code", str)
    if code not in set(Fact):
        raise SchemeMalformed(key="criteria", code=code, known=sorted(Fact))
    title = _expect(item, "title", dict)
    floor, target = (numbers.parse(_expect(item, name, str)) for name in ("floor", "target"))
    if floor is None or target is None:
        raise SchemeMalformed(key="criteria", code=code, expected="floor and target as decimals")
    return Criterion(
        code=code,
        title_zh=_expect(title, "zh", str),
        title_en=_expect(title, "en", str),
        kind=Kind.OBJECTIVE_FORMULA,
        formula=Formula.LINEAR_BETWEEN,
        weight_bps=_expect(item, "weight_bps", int),
        floor=floor,
        target=target,
    )


def _expect(document: Mapping[str, Any], key: str, kind: type) -> Any:
    value = document.get(key)
    # A bool is an int in Python; where a number is wanted, true is none.
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise SchemeMalformed(key=key, expected=kind.__name__)
    return value
