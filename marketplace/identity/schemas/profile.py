"""The shapes of the identity room on the wire: profile, declarations, bank account."""

import datetime as dt
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from marketplace.identity.actions.bank_accounts import AccountNamed
from marketplace.identity.actions.profile import Contact, ProfileEdit
from marketplace.identity.rules.accounts import masked
from marketplace.identity.tables.organizations import (
    Organization,
    OrganizationKind,
    SizeClass,
    Verification,
)
from marketplace.identity.tables.profile import (
    BASIS_LENGTH_MAX,
    BankAccount,
    SizeDeclaration,
    StartupDeclaration,
)
from marketplace.wire.shapes import BilingualIn, BilingualOut, In, Out, ShortText

Day = Annotated[dt.date, Field(ge=dt.date(1900, 1, 1), le=dt.date(2999, 12, 31))]
Basis = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=BASIS_LENGTH_MAX)
]
Phone = Annotated[str, StringConstraints(pattern=r"^\+?[0-9][0-9 -]{4,30}$")]
Email = Annotated[str, StringConstraints(pattern=r"^[^@\s]{1,100}@[^@\s]{1,99}$")]
AccountNumber = Annotated[str, StringConstraints(min_length=1, max_length=64)]


class ContactIn(In):
    """Whom to ask, and how; give no more than is needed."""

    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
    phone: Phone | None = None
    email: Email | None = None


class ProfileIn(In):
    """The whole profile as it is to be."""

    uscc: Annotated[str, Field(min_length=18, max_length=18)]
    name: BilingualIn
    kind: OrganizationKind
    region: Annotated[str, Field(min_length=1, max_length=64)]
    contact: ContactIn | None = None

    def edit(self) -> ProfileEdit:
        """Turn the request into the value the action takes."""
        contact = self.contact
        return ProfileEdit(
            uscc=self.uscc,
            name_zh=self.name.zh,
            name_en=self.name.en or self.name.zh,
            kind=self.kind,
            region=self.region,
            contact=Contact()
            if contact is None
            else Contact(name=contact.name, phone=contact.phone, email=contact.email),
        )


class SizeDeclarationIn(In):
    """A size to declare."""

    size_class: SizeClass
    effective_from: Day
    """The first day for which it is declared; not later than today."""
    basis: Basis
    """What it rests on: staff, turnover, the classification applied."""


class StartupDeclarationIn(In):
    """A startup status to declare."""

    is_startup: bool
    as_of: Day
    """The first day for which it is declared; not later than today."""
    basis: Basis


class BankAccountIn(In):
    """Where the organisation is paid."""

    bank_name: ShortText
    account_name: ShortText
    number: AccountNumber = Field(repr=False)
    """8 to 30 digits; spaces and hyphens are left out."""

    def account(self) -> AccountNamed:
        """Turn the request into the value the action takes."""
        return AccountNamed(
            bank_name=self.bank_name, account_name=self.account_name, number=self.number
        )


class ContactOut(Out, frozen=True, kw_only=True):
    """Whom to ask, and how."""

    name: str
    phone: str | None
    email: str | None


class ProfileOut(Out, frozen=True, kw_only=True):
    """The profile of an organisation, filled in once and used everywhere."""

    organization_id: UUID
    version: int
    uscc: str
    name: BilingualOut
    kind: OrganizationKind
    region: str
    size_class: SizeClass
    is_startup: bool
    verification: Verification
    """`pending` until an officer has verified the profile as it stands."""
    verified_at: dt.datetime | None
    contact: ContactOut | None

    @classmethod
    def of(cls, row: Organization) -> "ProfileOut":
        """Read one profile."""
        contact = None
        if row.contact_name is not None:
            contact = ContactOut(
                name=row.contact_name, phone=row.contact_phone, email=row.contact_email
            )
        return cls(
            organization_id=row.id,
            version=row.version,
            uscc=row.uscc,
            name=BilingualOut(zh=row.name_zh, en=row.name_en),
            kind=row.kind,
            region=row.region,
            size_class=row.size_class,
            is_startup=row.is_startup,
            verification=row.verification,
            verified_at=row.verified_at,
            contact=contact,
        )


class SizeDeclarationOut(Out, frozen=True, kw_only=True):
    """One declaration of size."""

    id: UUID
    size_class: SizeClass
    effective_from: dt.date
    basis: str
    declared_by: UUID | None
    declared_at: dt.datetime

    @classmethod
    def of(cls, row: SizeDeclaration) -> "SizeDeclarationOut":
        """Read one declaration."""
        return cls(
            id=row.id,
            size_class=row.size_class,
            effective_from=row.effective_from,
            basis=row.basis,
            declared_by=row.declared_by,
            declared_at=row.declared_at,
        )


class StartupDeclarationOut(Out, frozen=True, kw_only=True):
    """One declaration of startup status."""

    id: UUID
    is_startup: bool
    as_of: dt.date
    basis: str
    declared_by: UUID | None
    declared_at: dt.datetime

    @classmethod
    def of(cls, row: StartupDeclaration) -> "StartupDeclarationOut":
        """Read one declaration."""
        return cls(
            id=row.id,
            is_startup=row.is_startup,
            as_of=row.as_of,
            basis=row.basis,
            declared_by=row.declared_by,
            declared_at=row.declared_at,
        )


class BankAccountOut(Out, frozen=True, kw_only=True):
    """Where an organisation is paid, with the number masked."""

    organization_id: UUID
    bank_name: str
    account_name: str
    number_masked: str
    changed_at: dt.datetime

    @classmethod
    def of(cls, row: BankAccount) -> "BankAccountOut":
        """Read one account, all but the number."""
        return cls(
            organization_id=row.organization_id,
            bank_name=row.bank_name,
            account_name=row.account_name,
            number_masked=masked(row.last_four),
            changed_at=row.changed_at,
        )


class BankAccountRevealedOut(Out, frozen=True, kw_only=True):
    """Where an organisation is paid, with the number in full."""

    organization_id: UUID
    bank_name: str
    account_name: str
    number: str

    @classmethod
    def of(cls, row: BankAccount, number: str) -> "BankAccountRevealedOut":
        """Read one account together with its number."""
        return cls(
            organization_id=row.organization_id,
            bank_name=row.bank_name,
            account_name=row.account_name,
            number=number,
        )
