"""The terms of inference endpoints as a poster writes them."""

from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from marketplace.scenarios.rules.endpoint_terms import (
    BOUNDS,
    EXAMPLE_LENGTH_MAX,
    EndpointTerms,
    example_of,
)
from marketplace.wire.shapes import In, Truth, WholeNumber


def _is_input(text: str) -> str:
    if text and example_of(EndpointTerms(example=text)) is None:
        raise ValueError("must be one JSON object with fields other than id, written as text")
    return text


def _between(name: str) -> object:
    low, high = BOUNDS[name]
    return Field(ge=low, le=high)


Example = Annotated[
    str, StringConstraints(max_length=EXAMPLE_LENGTH_MAX), AfterValidator(_is_input)
]


class EndpointTermsIn(In):
    """How inference endpoints are called."""

    requests_per_second: Annotated[WholeNumber, _between("requests_per_second")] = 10
    concurrency: Annotated[WholeNumber, _between("concurrency")] = 4
    """Requests under way at a time."""
    seconds_per_request: Annotated[WholeNumber, _between("seconds_per_request")] = 10
    seconds_total: Annotated[WholeNumber, _between("seconds_total")] = 3_600
    """For all rows of one submission together."""
    rows_per_request: Annotated[WholeNumber, _between("rows_per_request")] = 1
    """Inputs sent in one request; one, where the time of each answer matters."""
    answer_bytes_max: Annotated[WholeNumber, _between("answer_bytes_max")] = 65_536
    """Of the answer to one request."""
    failures_share_max_bps: Annotated[WholeNumber, _between("failures_share_max_bps")] = 100
    """Share of the rows that may stay without a prediction; beyond it the submission fails."""
    retries_max: Annotated[WholeNumber, _between("retries_max")] = 1
    """Further tries of one request to which nothing was answered."""
    files: Truth = False
    """Whether prediction files are taken as well."""
    example: Example = ""
    """One public input, a JSON object written as text, with which endpoints are tried."""
