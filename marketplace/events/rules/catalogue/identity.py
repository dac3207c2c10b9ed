"""What the identity room says."""

import datetime as dt
from dataclasses import dataclass
from uuid import UUID

from marketplace.events.rules.envelope import Event, Visibility


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganizationRegistered(Event):
    """An organisation was entered in the register."""

    TYPE = "organization.registered"
    SUBJECT = "organization_id"
    VISIBILITY = Visibility.OWNER

    organization_id: UUID
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganizationVerified(Event):
    """A bureau officer verified an organisation's profile."""

    TYPE = "organization.verified"
    SUBJECT = "organization_id"
    VISIBILITY = Visibility.OWNER

    organization_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberJoined(Event):
    """A person was given roles in an organisation."""

    TYPE = "organization.member_joined"
    SUBJECT = "organization_id"
    VISIBILITY = Visibility.OWNER

    organization_id: UUID
    person_id: UUID
    roles: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonErased(Event):
    """A person asked to be forgotten; the name stays in records that the law keeps, until a day."""

    TYPE = "person.erased"
    SUBJECT = "person_id"
    VISIBILITY = Visibility.INTERNAL

    person_id: UUID
    name_kept_until: dt.date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKeyIssued(Event):
    """An API key was issued; its secret is shown once and never stored."""

    TYPE = "api_key.issued"
    SUBJECT = "api_key_id"
    VISIBILITY = Visibility.OWNER

    api_key_id: UUID
    organization_id: UUID
    person_id: UUID
    prefix: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKeyRevoked(Event):
    """An API key was revoked, effective at once."""

    TYPE = "api_key.revoked"
    SUBJECT = "api_key_id"
    VISIBILITY = Visibility.OWNER

    api_key_id: UUID
    organization_id: UUID
