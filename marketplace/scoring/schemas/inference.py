"""Inference endpoints, hidden inputs and what endpoints answered, as they go over the wire."""

import datetime as dt
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from marketplace.kit.addresses import LENGTH_MAX
from marketplace.scoring.actions.probing import Probe
from marketplace.scoring.rules.evidence import TEXTS
from marketplace.scoring.rules.inference import Address, Header
from marketplace.scoring.tables.inference import HiddenInputs, InferenceEndpoint
from marketplace.wire.shapes import BilingualOut, In, Out


class HeaderIn(In):
    """A header that goes with every request."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    value: Annotated[str, StringConstraints(min_length=1, max_length=2048), Field(repr=False)]
    """Kept encrypted, sent to the endpoint, and never shown again."""


class InferenceEndpointIn(In):
    """Where a bid can be asked for predictions."""

    url: Annotated[str, StringConstraints(min_length=1, max_length=LENGTH_MAX)]
    """An https address that is reachable from the internet."""
    header: HeaderIn | None = None

    def address(self) -> Address:
        """Turn the request into the value that the action takes."""
        header = self.header
        return Address(
            url=self.url,
            header=None if header is None else Header(name=header.name, value=header.value),
        )


class InferenceEndpointOut(Out, frozen=True, kw_only=True):
    """An inference endpoint, without the value of its header."""

    id: UUID
    bid_id: UUID
    criterion: str
    url: str
    header_name: str | None
    registered_at: dt.datetime
    retired_at: dt.datetime | None
    probed_at: dt.datetime | None

    @classmethod
    def of(cls, row: InferenceEndpoint) -> "InferenceEndpointOut":
        """Read one endpoint, column by column."""
        return cls(**{name: getattr(row, name) for name in cls.__struct_fields__})


class HiddenInputsOut(Out, frozen=True, kw_only=True):
    """That inputs were set, without any of them."""

    id: UUID
    scenario_id: UUID
    criterion: str
    number: int
    hidden_set_id: UUID
    """Whose ids they have."""
    file_sha256: str
    """Of the canonical form in which they are kept."""
    rows: int
    uploaded_at: dt.datetime

    @classmethod
    def of(cls, row: HiddenInputs) -> "HiddenInputsOut":
        """Read one set of inputs, column by column."""
        return cls(**{name: getattr(row, name) for name in cls.__struct_fields__})


class ProbeOut(Out, frozen=True, kw_only=True):
    """What came of one trial."""

    request: str
    """The body that was sent; a submission is asked in the same form."""
    status: int | None
    """Null: no head of an answer came."""
    reason: str | None
    """Why there is no prediction; null: there is one."""
    title: BilingualOut | None
    """The same in words."""
    problem: str | None
    """What is wrong with an answer that could not be read."""
    duration_ms: int
    answer_bytes: int
    prediction: str | None
    """As it would be measured.  Nothing else of the answer is shown."""

    @classmethod
    def of(cls, found: Probe) -> "ProbeOut":
        """Read one trial."""
        told = found.outcome
        zh, en = ("", "") if told.reason is None else TEXTS[told.reason]
        return cls(
            request=found.request,
            status=told.status,
            reason=None if told.reason is None else told.reason.value,
            title=None if told.reason is None else BilingualOut(zh=zh, en=en),
            problem=None if told.problem is None else told.problem.value,
            duration_ms=told.duration_ms,
            answer_bytes=told.bytes,
            prediction=found.prediction,
        )
