"""What the solicitations room remembers."""

import datetime as dt
from typing import Any
from uuid import UUID

from sqlalchemy import UniqueConstraint
from sqlmodel import Field

from marketplace.kit.tables import Row, Versioned, digest, json_document, stored_bytes


class ReadinessScheme(Row, table=True):
    """One version of a readiness scheme, kept as the bytes it was loaded with."""

    __tablename__ = "readiness_scheme"
    __table_args__ = (UniqueConstraint("code", "number"),)

    code: str = Field(max_length=64)
    number: int
    """The version of the scheme."""
    document: bytes = stored_bytes()
    document_sha256: str = digest()
    loaded_at: dt.datetime


class Solicitation(Versioned, table=True):
    """An invitation to propose scenarios."""

    __tablename__ = "solicitation"

    number: str = Field(max_length=40, unique=True)
    title: dict[str, str] = json_document()
    notice: dict[str, str] = json_document()
    """What is invited, from whom and how, as published."""
    domains: list[str] = json_document()
    organizer_id: UUID = Field(foreign_key="organization.id")
    opens_at: dt.datetime
    closes_at: dt.datetime
    """At that instant it is too late."""
    scheme_code: str = Field(max_length=64)
    scheme_version: int
    """Pinned when announced: a later version of the scheme does not touch this solicitation."""
    announced_by: UUID | None = Field(default=None, foreign_key="person.id")
    announced_at: dt.datetime
    rounds_numbered: int = Field(default=0)


class Proposal(Versioned, table=True):
    """A scenario in preparation, filed under a solicitation."""

    __tablename__ = "proposal"
    __table_args__ = (UniqueConstraint("solicitation_id", "scenario_id"),)

    solicitation_id: UUID = Field(foreign_key="solicitation.id")
    scenario_id: UUID = Field(foreign_key="scenario.id", index=True)
    poster_id: UUID = Field(foreign_key="organization.id", index=True)
    declaration: dict[str, Any] = json_document()
    filed_by: UUID | None = Field(default=None, foreign_key="person.id")
    filed_at: dt.datetime
    """When it was first filed; a later correction does not lose the place in the queue."""
    withdrawn_at: dt.datetime | None = Field(default=None)


class ReadinessRound(Row, table=True):
    """One ranking of the proposals of a solicitation; written once."""

    __tablename__ = "readiness_round"
    __table_args__ = (UniqueConstraint("solicitation_id", "number"),)

    solicitation_id: UUID = Field(foreign_key="solicitation.id")
    number: int
    ranked_at: dt.datetime
    ranked_by: UUID | None = Field(default=None, foreign_key="person.id")
    sheet_sha256: str = digest()
    standings_sha256: str = digest()
    document: bytes = stored_bytes()
    """Sheet, standings and both digests, as `jiebang verify ranking` reads them."""
    explanations: bytes = stored_bytes()
