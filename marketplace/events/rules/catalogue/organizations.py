"""What the identity room says about an organisation's profile and standing.

Never a bank account number, not even a part of it, and no contact of a person.
"""

from dataclasses import dataclass
from uuid import UUID

from marketplace.events.rules.envelope import Event, Visibility


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganizationProfileChanged(Event):
    """An organisation changed its profile; what had been verified must be verified again."""

    TYPE = "organization.profile_changed"
    SUBJECT = "organization_id"
    VISIBILITY = Visibility.OWNER

    organization_id: UUID
    fields: tuple[str, ...]
    """Names of what changed, without the values."""
    verification_lost: bool
    """Whether something that had been verified changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganizationSizeDeclared(Event):
    """An organisation declared its size from a day on."""

    TYPE = "organization.size_declared"
    SUBJECT = "organization_id"
    VISIBILITY = Visibility.OWNER

    organization_id: UUID
    declaration_id: UUID
    size_class: str
    effective_from: str
    """A day in Beijing, such as 2026-03-02."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganizationStartupDeclared(Event):
    """An organisation declared whether it was a startup from a day on."""

    TYPE = "organization.startup_declared"
    SUBJECT = "organization_id"
    VISIBILITY = Visibility.OWNER

    organization_id: UUID
    declaration_id: UUID
    is_startup: bool
    as_of: str
    """A day in Beijing, such as 2026-03-02."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganizationBankAccountChanged(Event):
    """An organisation changed where it is paid."""

    TYPE = "organization.bank_account_changed"
    SUBJECT = "organization_id"
    VISIBILITY = Visibility.OWNER

    organization_id: UUID
    first: bool
    """Whether there was none before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganizationBankAccountRevealed(Event):
    """Somebody of the organisation read its bank account number in full."""

    TYPE = "organization.bank_account_revealed"
    SUBJECT = "organization_id"
    VISIBILITY = Visibility.OWNER

    organization_id: UUID
    person_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganizationRegistrationRecorded(Event):
    """A bureau officer recorded what the company register says."""

    TYPE = "organization.registration_recorded"
    SUBJECT = "organization_id"
    VISIBILITY = Visibility.OWNER

    organization_id: UUID
    status: str
    effective_from: str
    """A day in Beijing, such as 2026-03-02."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganizationBlacklisted(Event):
    """An organisation was entered on the list of seriously dishonest parties."""

    TYPE = "organization.blacklisted"
    SUBJECT = "organization_id"
    VISIBILITY = Visibility.OWNER

    organization_id: UUID
    entry_id: UUID
    authority: str
    listed_from: str
    """A day in Beijing, such as 2026-03-02."""
    listed_until: str | None
    """The first day on which it runs out by itself; null: it does not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganizationBlacklistLifted(Event):
    """An entry on the list of seriously dishonest parties was lifted."""

    TYPE = "organization.blacklist_lifted"
    SUBJECT = "organization_id"
    VISIBILITY = Visibility.OWNER

    organization_id: UUID
    entry_id: UUID
    lifted_on: str
    """The first day on which it no longer counts."""
