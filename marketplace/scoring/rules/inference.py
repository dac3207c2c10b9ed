"""Inference endpoints: which address may be registered, and how often one may be tried."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, fields
from decimal import Decimal
from typing import Final

from marketplace.scenarios.rules.endpoint_terms import EndpointTerms
from marketplace.scoring.rules.endpoints import Limits, charged_ms
from marketplace.scoring.rules.evidence import Failure, Outcome
from marketplace.scoring.rules.metrics import registry as metrics
from marketplace.scoring.rules.metrics.samples import Sample

ENDPOINTS_MAX: Final = 20
"""Of one bid, retired ones included: each is a row for ever."""
PROBES_MAX: Final = 20
"""Of all endpoints of one bid on one day in Beijing."""

MILLISECONDS: Final = "milliseconds"
"""The column of metrics of which each request has a figure; of the others each row has one."""

UNSENT: Final = frozenset(
    {
        *(Failure.TARGET_REFUSED, Failure.NAME_UNKNOWN, Failure.CONNECT_FAILED),
        *(Failure.CONNECT_TIMEOUT, Failure.TLS_FAILED),
    }
)
"""Ends of a request before its first byte could leave."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What goes with every request, so that an endpoint knows who asks."""

    name: str
    value: str = field(repr=False)
    """A secret of the solver."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where an endpoint is, and what it wants to be told with each request."""

    url: str
    header: Header | None = None


def limits_of(terms: EndpointTerms) -> Limits:
    """Read how endpoints are called from what was published.

    >>> limits_of(EndpointTerms(concurrency=2)).concurrency
    2
    """
    return Limits(**{one.name: getattr(terms, one.name) for one in fields(Limits)})


def value_of_calls(
    spec: str, outcomes: Sequence[Outcome], limits: Limits, *, rows_failed: int, rows: int
) -> Decimal:
    """Compute a metric of calls: of what each request took, or of how many rows failed.

    Refuses  MetricUnknown, MetricUndefined of no calls.
    """
    measure = metrics.find(spec)
    if measure.metric.column == MILLISECONDS:
        figures = [str(charged_ms(one, limits)) for one in outcomes]
    else:
        figures = ["1"] * rows_failed + ["0"] * (rows - rows_failed)
    ids = [str(place) for place in range(len(figures))]
    return measure.of(Sample.of(ids, ["0"] * len(figures), figures))


def reached(outcomes: Collection[Outcome]) -> bool:
    """Tell whether any hidden input may have arrived: then an attempt is spent.

    Whoever cannot be reached has learnt nothing, and may mend the address and try again.
    """
    return any(outcome.reason not in UNSENT for outcome in outcomes)
