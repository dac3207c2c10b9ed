"""What is said of capabilities, matchmaking and solicitations."""

import datetime as dt
from dataclasses import dataclass
from uuid import UUID

from marketplace.events.rules.envelope import Event, Visibility


@dataclass(frozen=True, slots=True, kw_only=True)
class CapabilitiesDeclared(Event):
    """An organisation said what it can do, and whether it wants to be recommended."""

    TYPE = "organization.capabilities_declared"
    SUBJECT = "organization_id"
    VISIBILITY = Visibility.OWNER

    organization_id: UUID
    codes: tuple[str, ...]
    recommendable: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchmakingAnnounced(Event):
    """A matchmaking event was announced; organisations may register."""

    TYPE = "matchmaking.announced"
    SUBJECT = "matchmaking_id"
    VISIBILITY = Visibility.PUBLIC

    matchmaking_id: UUID
    number: str
    title: dict[str, str]
    host_id: UUID
    starts_at: dt.datetime
    scenario_ids: tuple[UUID, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchmakingRegistered(Event):
    """An organisation registered for a matchmaking event; nobody else may hear it, because who
    comes to hear of an open call may bid on it.
    """

    TYPE = "matchmaking.registered"
    SUBJECT = "registration_id"
    VISIBILITY = Visibility.SEALED

    registration_id: UUID
    matchmaking_id: UUID
    withdrawn: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchmakingEnded(Event):
    """A matchmaking event was held or called off; says nothing about who came or how many."""

    TYPE = "matchmaking.ended"
    SUBJECT = "matchmaking_id"
    VISIBILITY = Visibility.PUBLIC

    matchmaking_id: UUID
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SolicitationAnnounced(Event):
    """Proposals for scenarios are invited until the window closes."""

    TYPE = "solicitation.announced"
    SUBJECT = "solicitation_id"
    VISIBILITY = Visibility.PUBLIC

    solicitation_id: UUID
    number: str
    title: dict[str, str]
    domains: tuple[str, ...]
    opens_at: dt.datetime
    closes_at: dt.datetime
    scheme: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalFiled(Event):
    """A draft was filed as a proposal, filed anew with other figures, or taken back."""

    TYPE = "proposal.filed"
    SUBJECT = "proposal_id"
    VISIBILITY = Visibility.OWNER

    proposal_id: UUID
    solicitation_id: UUID
    scenario_id: UUID
    withdrawn: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadinessRanked(Event):
    """The proposals of a solicitation were ranked; the digests pin the sheet and its result."""

    TYPE = "solicitation.ranked"
    SUBJECT = "solicitation_id"
    VISIBILITY = Visibility.INTERNAL

    solicitation_id: UUID
    round_number: int
    sheet_sha256: str
    standings_sha256: str
