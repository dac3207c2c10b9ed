"""What the identity room remembers."""

import datetime as dt
from enum import StrEnum
from uuid import UUID

from sqlalchemy import UniqueConstraint
from sqlmodel import Field

from marketplace.kit.tables import Row, Versioned, digest, json_document, text_enum


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


class Organization(Versioned, table=True):
    """A legal unit."""

    __tablename__ = "organization"

    uscc: str = Field(max_length=18, unique=True)
    """Unified social credit code."""
    name_zh: str = Field(max_length=200)
    name_en: str = Field(max_length=200)
    kind: OrganizationKind = Field(sa_type=text_enum(OrganizationKind))
    size_class: SizeClass = Field(sa_type=text_enum(SizeClass))
    is_startup: bool = Field(default=False)
    region: str = Field(max_length=64)
    registered_at: dt.datetime
    verified_at: dt.datetime | None = Field(default=None)
    verified_by: UUID | None = Field(default=None, foreign_key="person.id")
    blacklisted: bool = Field(default=False)
    """On the list of seriously dishonest parties: may neither post nor bid."""


class Person(Row, table=True):
    """A human being, with no more about them than the trade needs."""

    __tablename__ = "person"

    name_zh: str = Field(max_length=100)
    name_en: str = Field(max_length=100)
    registered_at: dt.datetime


class Member(Row, table=True):
    """A person's roles in one organisation."""

    __tablename__ = "member"
    __table_args__ = (UniqueConstraint("organization_id", "person_id"),)

    organization_id: UUID = Field(foreign_key="organization.id")
    person_id: UUID = Field(foreign_key="person.id", index=True)
    roles: list[str] = json_document()
    joined_at: dt.datetime
    left_at: dt.datetime | None = Field(default=None)


class ExpertProfile(Row, table=True):
    """What an expert knows, and who employs them: the ground of a draw and of recusal."""

    __tablename__ = "expert_profile"

    person_id: UUID = Field(foreign_key="person.id", unique=True)
    employer_id: UUID = Field(foreign_key="organization.id", index=True)
    specialities: list[str] = json_document()
    available: bool = Field(default=True)


class ApiKey(Row, table=True):
    """A machine credential of one person in one organisation; the secret itself is never stored."""

    __tablename__ = "api_key"

    organization_id: UUID = Field(foreign_key="organization.id", index=True)
    person_id: UUID = Field(foreign_key="person.id")
    name: str = Field(max_length=100)
    prefix: str = Field(max_length=16, unique=True)
    secret_sha256: str = digest()
    scopes: list[str] | None = json_document(default=None, nullable=True)
    """Permissions the key is limited to; null: all of the person's."""
    created_at: dt.datetime
    expires_at: dt.datetime | None = Field(default=None)
    revoked_at: dt.datetime | None = Field(default=None)
