"""What the identity room remembers: organisations and their register."""

import datetime as dt
from enum import StrEnum
from uuid import UUID

from sqlmodel import Field

from marketplace.kit.tables import Row, Versioned, text_enum


class OrganizationKind(StrEnum):
    """What an organisation is."""

    GOVERNMENT = "government"
    COMPANY = "company"
    UNIVERSITY = "university"
    RESEARCH_INSTITUTE = "research_institute"
    TEST_LAB = "test_lab"
    DATA_SOURCE_UNIT = "data_source_unit"


class SizeClass(StrEnum):
    """Enterprise size as declared; `none` for what is not an enterprise."""

    LARGE = "large"
    MEDIUM = "medium"
    SMALL = "small"
    MICRO = "micro"
    NONE = "none"


class Verification(StrEnum):
    """Whether a bureau officer has compared the profile as it stands with the register."""

    PENDING = "pending"
    VERIFIED = "verified"


class NameChanges(Row, table=True):
    """One row that counts how often an organisation was renamed.

    Whoever keeps what names stand in asks for this number in the same statement.
    """

    __tablename__ = "organization_name_changes"

    number: int


class Organization(Versioned, table=True):
    """A legal unit: the profile that is filled in once and read by every room."""

    __tablename__ = "organization"

    uscc: str = Field(max_length=18, unique=True)
    """Unified social credit code."""
    name_zh: str = Field(max_length=200)
    name_en: str = Field(max_length=200)
    kind: OrganizationKind = Field(sa_type=text_enum(OrganizationKind))
    size_class: SizeClass = Field(sa_type=text_enum(SizeClass))
    """The latest declared size; what counts on another day is in the history of declarations."""
    is_startup: bool = Field(default=False)
    """The latest declared startup status; rules ask the history with their own day."""
    region: str = Field(max_length=64)
    registered_at: dt.datetime
    verified_at: dt.datetime | None = Field(default=None)
    """When the profile as it stands was verified; null while that is pending."""
    verified_by: UUID | None = Field(default=None, foreign_key="person.id")
    contact_name: str | None = Field(default=None, max_length=100)
    """Whom to ask; no more of a person than is needed to reach them."""
    contact_phone: str | None = Field(default=None, max_length=32)
    contact_email: str | None = Field(default=None, max_length=200)

    @property
    def verification(self) -> Verification:
        """The state of its verification."""
        return Verification.PENDING if self.verified_at is None else Verification.VERIFIED
