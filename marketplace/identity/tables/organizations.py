"""What the identity room remembers: organisations and their register."""

import datetime as dt
from enum import StrEnum
from uuid import UUID

from sqlmodel import Field

from marketplace.kit.tables import Versioned, text_enum


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
