"""What is asked of the solicitations room and what it answers."""

import datetime as dt
from typing import Annotated, Any
from uuid import UUID

import msgspec
from pydantic import Field, StringConstraints

from marketplace.scenarios.tables import Scenario
from marketplace.solicitations.rules.readiness import Declaration
from marketplace.solicitations.tables import (
    Proposal,
    ReadinessRound,
    ReadinessScheme,
    Solicitation,
)
from marketplace.wire.shapes import (
    BilingualIn,
    BilingualOut,
    Code,
    DecimalText,
    In,
    LongBilingualIn,
    Moment,
    Out,
    ShortText,
    WholeNumber,
)

DOMAINS_MAX = 30
BASELINES_MAX = 50
COUNT_MAX = 1_000_000_000
SolicitationNumber = Annotated[
    str, StringConstraints(pattern=r"^[A-Z0-9]([A-Z0-9-]{0,38}[A-Z0-9])?$")
]
MetricName = Annotated[
    str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,63}(:[0-9]{1,9}(\.[0-9]{1,9})?)?$")
]
Count = Annotated[WholeNumber, Field(ge=0, le=COUNT_MAX)]


class SolicitationIn(In):
    """An invitation to propose scenarios."""

    number: SolicitationNumber
    title: BilingualIn
    notice: LongBilingualIn
    """What is invited, from whom and how."""
    domains: Annotated[list[Code], Field(min_length=1, max_length=DOMAINS_MAX)]
    opens_at: Moment
    closes_at: Moment
    scheme_code: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,63}$")]
    """The newest version of this readiness scheme is pinned."""


class SolicitationOut(Out, frozen=True, kw_only=True):
    """An invitation to propose scenarios."""

    id: UUID
    version: int
    number: str
    title: BilingualOut
    notice: BilingualOut
    domains: list[str]
    organizer_id: UUID
    opens_at: dt.datetime
    closes_at: dt.datetime
    scheme_code: str
    scheme_version: int
    announced_at: dt.datetime

    @classmethod
    def of(cls, row: Solicitation) -> "SolicitationOut":
        """Read one solicitation."""
        return cls(
            id=row.id,
            version=row.version,
            number=row.number,
            title=BilingualOut(zh=row.title["zh"], en=row.title.get("en")),
            notice=BilingualOut(zh=row.notice["zh"], en=row.notice.get("en")),
            domains=list(row.domains),
            organizer_id=row.organizer_id,
            opens_at=row.opens_at,
            closes_at=row.closes_at,
            scheme_code=row.scheme_code,
            scheme_version=row.scheme_version,
            announced_at=row.announced_at,
        )


class SchemeOut(Out, frozen=True, kw_only=True):
    """One version of a readiness scheme, as it was loaded."""

    code: str
    version: int
    sha256: str
    document: dict[str, Any]

    @classmethod
    def of(cls, row: ReadinessScheme) -> "SchemeOut":
        """Read one scheme."""
        return cls(
            code=row.code,
            version=row.number,
            sha256=row.document_sha256,
            document=msgspec.json.decode(row.document),
        )


class SchemesOut(Out, frozen=True, kw_only=True):
    """Every version of every scheme."""

    items: list[SchemeOut]


class DeclarationIn(In):
    """What a proposal states beside the content of its scenario."""

    process: ShortText
    """The one process that is to change."""
    baselines: Annotated[dict[MetricName, DecimalText], Field(max_length=BASELINES_MAX)]
    """Today's value of a metric of the acceptance, by its name."""
    end_users: Count
    """How many people would work with it."""
    replicable_units: Count
    """How many other units have the same process."""

    def declaration(self) -> Declaration:
        """Write it as the rules read it."""
        return Declaration(
            process=self.process,
            baselines={name: format(value, "f") for name, value in self.baselines.items()},
            end_users=self.end_users,
            replicable_units=self.replicable_units,
        )


class ProposalIn(In):
    """A scenario to file."""

    scenario_id: UUID
    declaration: DeclarationIn


class ProposalOut(Out, frozen=True, kw_only=True):
    """A proposal, with its own place once proposals were ranked."""

    id: UUID
    version: int
    solicitation_id: UUID
    scenario_id: UUID
    scenario_number: str
    scenario_state: str
    poster_id: UUID
    declaration: dict[str, Any]
    filed_at: dt.datetime
    withdrawn_at: dt.datetime | None
    place: dict[str, Any] | None
    """In the latest round, with points and the reason; null before, and in lists."""

    @classmethod
    def of(
        cls, row: Proposal, scenario: Scenario, place: dict[str, Any] | None = None
    ) -> "ProposalOut":
        """Read one proposal."""
        return cls(
            id=row.id,
            version=row.version,
            solicitation_id=row.solicitation_id,
            scenario_id=row.scenario_id,
            scenario_number=scenario.number,
            scenario_state=scenario.state.value,
            poster_id=row.poster_id,
            declaration=row.declaration,
            filed_at=row.filed_at,
            withdrawn_at=row.withdrawn_at,
            place=place,
        )


class ReadinessRoundOut(Out, frozen=True, kw_only=True):
    """One ranking of the proposals of a solicitation."""

    number: int
    ranked_at: dt.datetime
    sheet_sha256: str
    """Digest of everything it was decided on."""
    standings_sha256: str

    @classmethod
    def of(cls, row: ReadinessRound) -> "ReadinessRoundOut":
        """Read one round."""
        return cls(
            number=row.number,
            ranked_at=row.ranked_at,
            sheet_sha256=row.sheet_sha256,
            standings_sha256=row.standings_sha256,
        )
