"""What is asked of a list of calls, and how far a year has come."""

import datetime as dt
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from marketplace.scenarios.rules.progress import Progress
from marketplace.scenarios.tables import Batch, Scenario
from marketplace.wire.shapes import BilingualIn, BilingualOut, Code, In, Moment, Out, WholeNumber

BatchNumber = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]([A-Z0-9-]{0,38}[A-Z0-9])?$")]
Year = Annotated[WholeNumber, Field(ge=2000, le=2999)]
Planned = Annotated[WholeNumber, Field(ge=0, le=10_000)]
DOMAINS_MAX = 50


class BatchIn(In):
    """A list for calls."""

    number: BatchNumber
    """Readable and public, as in `NS-2026-B1`; the numbers of its calls begin with it."""
    title: BilingualIn
    year: Year
    organizer_id: UUID | None = None
    """Who publishes the batch; without it, the organisation of the caller."""


class BatchPlanIn(In):
    """What a batch is meant to become."""

    scenarios: Planned | None = None
    """How many calls it is to publish."""
    by_domain: Annotated[dict[Code, Planned], Field(max_length=DOMAINS_MAX)] = Field(
        default_factory=dict
    )
    """How many of them in which domain."""
    planned_for: dt.date | None = None
    """When it is to be published."""


class BatchPublishIn(In):
    """When the calls of a batch close."""

    bid_deadline_at: Moment


class BatchOut(Out, frozen=True, kw_only=True):
    """A list of calls that are published together."""

    id: UUID
    version: int
    number: str
    title: BilingualOut
    year: int
    organizer_id: UUID
    planned_scenarios: int | None
    planned_by_domain: dict[str, int]
    planned_for: dt.date | None
    published_at: dt.datetime | None
    """When it was last published as a whole."""
    created_at: dt.datetime

    @classmethod
    def of(cls, row: Batch) -> "BatchOut":
        """Read one batch."""
        return cls(
            id=row.id,
            version=row.version,
            number=row.number,
            title=BilingualOut(zh=row.title["zh"], en=row.title.get("en")),
            year=row.year,
            organizer_id=row.organizer_id,
            planned_scenarios=row.planned_scenarios,
            planned_by_domain=row.planned_by_domain or {},
            planned_for=row.planned_for,
            published_at=row.published_at,
            created_at=row.created_at,
        )


class PublishedOut(Out, frozen=True, kw_only=True):
    """One call that was published with its batch."""

    id: UUID
    number: str
    bid_deadline_at: dt.datetime | None


class BatchPublishedOut(Out, frozen=True, kw_only=True):
    """A batch that was published, with its calls."""

    batch: BatchOut
    published: list[PublishedOut]

    @classmethod
    def of(cls, row: Batch, calls: list[Scenario]) -> "BatchPublishedOut":
        """Read a published batch."""
        return cls(
            batch=BatchOut.of(row),
            published=[
                PublishedOut(id=one.id, number=one.number, bid_deadline_at=one.bid_deadline_at)
                for one in calls
            ],
        )


class DomainOut(Out, frozen=True, kw_only=True):
    """What became of the calls of one domain."""

    domain: str
    published: int
    running: int
    ended: dict[str, int]


class ProgressOut(Out, frozen=True, kw_only=True):
    """Calls published in a calendar year, Beijing time, against the programme's goal."""

    year: int
    goal: int
    goal_domains: int
    """Among how many domains the programme means to spread them."""
    planned: int
    """What the organisers of the year's batches have planned."""
    published: int
    missing: int
    domains: list[DomainOut]

    @classmethod
    def of(cls, found: Progress) -> "ProgressOut":
        """Read a year."""
        return cls(
            year=found.year,
            goal=found.goal,
            goal_domains=found.goal_domains,
            planned=found.planned,
            published=found.published,
            missing=found.missing,
            domains=[
                DomainOut(
                    domain=one.domain,
                    published=one.published,
                    running=one.running,
                    ended=dict(one.ended),
                )
                for one in found.domains
            ],
        )
