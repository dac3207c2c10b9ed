"""Under which terms the service calls inference endpoints of solvers: published with the call.

A call that says nothing about endpoints takes files only.  One that does takes endpoints only,
unless it says that files are taken as well: whoever was asked the hidden inputs once could answer
them in a file, without having to be fast.
"""

import json
from dataclasses import dataclass
from typing import Any, Final

EXAMPLE_LENGTH_MAX: Final = 4_000
RESERVED: Final = frozenset({"id"})
"""Fields of an input that the service itself writes."""

CALL_METRICS: Final = frozenset({"latency_percentile", "endpoint_error_share"})
"""Metrics that tell how calls went: computed from those of another criterion, never from a file."""
BOUNDS: Final = {
    "requests_per_second": (1, 100),
    "concurrency": (1, 16),
    "seconds_per_request": (1, 60),
    "seconds_total": (1, 14_400),
    "rows_per_request": (1, 256),
    "answer_bytes_max": (1_024, 1_048_576),
    "failures_share_max_bps": (0, 5_000),
    "retries_max": (0, 3),
}
"""What each limit may be, both ends included; the caller's own bounds, see `scoring`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointTerms:
    """How an endpoint is called; what is not said has these values."""

    requests_per_second: int = 10
    concurrency: int = 4
    """Requests under way at a time."""
    seconds_per_request: int = 10
    """For each try, from the look-up of the name to the last byte."""
    seconds_total: int = 3_600
    """For all rows of one submission together."""
    rows_per_request: int = 1
    """Inputs sent in one request; one, where the time of each answer matters."""
    answer_bytes_max: int = 65_536
    """Of the answer to one request."""
    failures_share_max_bps: int = 100
    """Share of the rows that may stay without a prediction; beyond it the submission fails."""
    retries_max: int = 1
    """Further tries of one request to which nothing was answered."""
    files: bool = False
    """Whether prediction files are taken as well."""
    example: str = ""
    """One public input, a JSON object as text, with which endpoints are tried; empty: none."""


def fit(terms: EndpointTerms) -> bool:
    """Tell whether every limit is within its bounds and the example is one.

    >>> fit(EndpointTerms()), fit(EndpointTerms(concurrency=0)), fit(EndpointTerms(example="[]"))
    (True, False, False)
    """
    within = all(low <= getattr(terms, name) <= high for name, (low, high) in BOUNDS.items())
    return within and (not terms.example or example_of(terms) is not None)


def example_of(terms: EndpointTerms) -> dict[str, Any] | None:
    """Read the public input; None where there is none, or where it is none.

    >>> example_of(EndpointTerms(example='{"text": "路灯不亮"}'))
    {'text': '路灯不亮'}
    """
    if len(terms.example) > EXAMPLE_LENGTH_MAX:
        return None
    try:
        found = json.loads(terms.example, parse_constant=_constant)
    except (ValueError, RecursionError):
        return None
    fits = isinstance(found, dict) and found and not RESERVED & found.keys()
    return found if fits else None


def _constant(word: str) -> None:
    raise ValueError(word)
