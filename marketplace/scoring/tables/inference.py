"""What is remembered of inference endpoints: addresses, hidden inputs, and what was answered."""

import datetime as dt
from typing import Any
from uuid import UUID

from sqlalchemy import UniqueConstraint
from sqlmodel import Field

from marketplace.kit.tables import Row, digest, json_document, sealed


class InferenceEndpoint(Row, table=True):
    """An address of a solver that answers inputs; never changed, so a run is of what was meant."""

    __tablename__ = "inference_endpoint"

    bid_id: UUID = Field(foreign_key="bid.id", index=True)
    criterion: str = Field(max_length=64)
    url: str = Field(max_length=2048)
    header_name: str | None = Field(default=None, max_length=64)
    """A header that goes with every request; null: none does."""
    sealed_header_value: bytes | None = sealed(
        context="inference_endpoint/{id}/header", default=None, nullable=True
    )
    registered_by: UUID = Field(foreign_key="person.id")
    registered_at: dt.datetime
    retired_at: dt.datetime | None = Field(default=None)
    """Since when nothing new is sent there."""
    probe_day: str | None = Field(default=None, max_length=10)
    """The day in Beijing on which it was tried last."""
    probes: int = Field(default=0)
    """How often it was tried on that day."""
    probed_at: dt.datetime | None = Field(default=None)


class HiddenInputs(Row, table=True):
    """The inputs that belong to a hidden set, one for each of its rows; no solver ever reads it."""

    __tablename__ = "hidden_inputs"
    __table_args__ = (UniqueConstraint("scenario_id", "criterion", "number"),)

    scenario_id: UUID = Field(foreign_key="scenario.id")
    criterion: str = Field(max_length=64)
    number: int
    hidden_set_id: UUID = Field(foreign_key="hidden_set.id")
    """Whose ids they were compared with."""
    file_name: str = Field(max_length=64)
    """Name in the storage; never told."""
    file_sha256: str = digest()
    rows: int
    uploaded_by: UUID | None = Field(default=None, foreign_key="person.id")
    uploaded_at: dt.datetime


class EndpointRun(Row, table=True):
    """The calls that one submission consists of: once, under what was published, and its figures.

    A measuring anew reads the file that was made of the answers: nothing is ever asked twice.
    """

    __tablename__ = "endpoint_run"

    submission_id: UUID = Field(foreign_key="submission.id", unique=True)
    endpoint_id: UUID = Field(foreign_key="inference_endpoint.id", index=True)
    hidden_inputs_id: UUID = Field(foreign_key="hidden_inputs.id")
    limits: dict[str, Any] = json_document()
    """As the call had published them when this was submitted."""
    sealed_seed: bytes = sealed(context="endpoint_run/{id}/seed")
    """Of the order and of the names under which inputs are sent: the same after a crash."""
    called_at: dt.datetime | None = Field(default=None)
    """When calling began; null: it has not."""
    reached: bool = Field(default=False)
    """Whether hidden inputs may have arrived somewhere: then the attempt is spent."""
    busy_ms: int = Field(default=0)
    """How long was called in all, pauses between workers left out."""
    ended_at: dt.datetime | None = Field(default=None)
    summary: dict[str, Any] | None = json_document(default=None, nullable=True)
    """Latencies, failures and requests, once all calls are made."""
    evidence_name: str | None = Field(default=None, max_length=64)
    """Every answer as it came, in one file of the storage."""
    evidence_sha256: str | None = digest(default=None, nullable=True)
    evidence_bytes: int | None = Field(default=None)


class EndpointAnswers(Row, table=True):
    """Some answers of a run that is under way, kept so that a crash loses none of them."""

    __tablename__ = "endpoint_answers"
    __table_args__ = (UniqueConstraint("run_id", "number"),)

    run_id: UUID = Field(foreign_key="endpoint_run.id")
    number: int
    file_name: str = Field(max_length=64)
