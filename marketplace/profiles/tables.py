"""What this room remembers: versions of rule profiles and calendars, each written once.

A document is kept as the canonical bytes it was hashed from, so that what is served for ever is
what was loaded, byte for byte.
"""

import datetime as dt

from sqlalchemy import UniqueConstraint
from sqlmodel import Field

from marketplace.kit.tables import Row, digest, stored_bytes, text_enum
from marketplace.profiles.rules.profile import Track


class RuleProfileRow(Row, table=True):
    """One version of a rule profile."""

    __tablename__ = "rule_profile"
    __table_args__ = (UniqueConstraint("code", "version"),)

    code: str = Field(max_length=32)
    version: int
    track: Track = Field(sa_type=text_enum(Track), index=True)
    effective_from: dt.date
    document: bytes = stored_bytes()
    """Canonical JSON of the profile; never changed."""
    sha256: str = digest()
    active: bool = Field(default=True)
    """Whether new calls may be published under this version; pinned calls keep it either way."""
    loaded_at: dt.datetime


class CalendarYearRow(Row, table=True):
    """One edition of the working days of one year; the highest version is the one in use."""

    __tablename__ = "calendar_year"
    __table_args__ = (UniqueConstraint("year", "version"),)

    year: int
    version: int
    document: bytes = stored_bytes()
    """Canonical JSON of the calendar; never changed."""
    sha256: str = digest()
    loaded_at: dt.datetime
