"""What the identity room says about how people sign in."""

from dataclasses import dataclass
from uuid import UUID

from marketplace.events.rules.envelope import Event, Visibility


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKeyRotated(Event):
    """An API key got a successor with the same rights; it dies itself when its grace is over."""

    TYPE = "api_key.rotated"
    SUBJECT = "api_key_id"
    VISIBILITY = Visibility.OWNER

    api_key_id: UUID
    organization_id: UUID
    successor_id: UUID
    grace_days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionOpened(Event):
    """A person signed in."""

    TYPE = "session.opened"
    SUBJECT = "session_id"
    VISIBILITY = Visibility.OWNER

    session_id: UUID
    organization_id: UUID
    person_id: UUID
    methods: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionEnded(Event):
    """A session was ended by its person, or because their password changed."""

    TYPE = "session.ended"
    SUBJECT = "session_id"
    VISIBILITY = Visibility.OWNER

    session_id: UUID
    organization_id: UUID
    person_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordChanged(Event):
    """A person has a new password; their other sessions have ended."""

    TYPE = "person.password_changed"
    SUBJECT = "person_id"
    VISIBILITY = Visibility.INTERNAL

    person_id: UUID
    by_reset: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordResetIssued(Event):
    """An administrator issued a one-time token for a new password."""

    TYPE = "person.password_reset_issued"
    SUBJECT = "person_id"
    VISIBILITY = Visibility.OWNER

    person_id: UUID
    issued_by: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondFactorEnabled(Event):
    """A person confirmed a second factor."""

    TYPE = "person.second_factor_enabled"
    SUBJECT = "person_id"
    VISIBILITY = Visibility.INTERNAL

    person_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondFactorDisabled(Event):
    """A person gave up their second factor."""

    TYPE = "person.second_factor_disabled"
    SUBJECT = "person_id"
    VISIBILITY = Visibility.INTERNAL

    person_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class ExternalIdentityLinked(Event):
    """An account at an OpenID provider was linked to a person."""

    TYPE = "person.external_identity_linked"
    SUBJECT = "person_id"
    VISIBILITY = Visibility.INTERNAL

    person_id: UUID
    issuer: str
    linked_by: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class ExternalIdentityUnlinked(Event):
    """An account at an OpenID provider no longer opens anything for a person."""

    TYPE = "person.external_identity_unlinked"
    SUBJECT = "person_id"
    VISIBILITY = Visibility.INTERNAL

    person_id: UUID
    issuer: str
    unlinked_by: UUID
