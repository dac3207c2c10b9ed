"""What the datasets room remembers: datasets, deliveries, files and uploads."""

import datetime as dt
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Index, UniqueConstraint, text
from sqlmodel import Field

from marketplace.datasets.rules.formats import Format
from marketplace.datasets.rules.lifecycle import (
    ProfileState,
    UploadState,
    VersionState,
    WithdrawalReason,
)
from marketplace.kit.tables import Row, Versioned, digest, json_document, text_enum

_ONE_OPEN = text("state = 'open'")


def byte_count(**options: Any) -> Any:
    """Declare a column of bytes counted or of a place in a file."""
    return Field(sa_type=BigInteger, **options)


class Dataset(Versioned, table=True):
    """What a call opens under one code."""

    __tablename__ = "dataset"
    __table_args__ = (UniqueConstraint("scenario_id", "code"),)

    scenario_id: UUID = Field(foreign_key="scenario.id")
    code: str = Field(max_length=32)
    """As the content of the call names it."""
    poster_id: UUID = Field(foreign_key="organization.id", index=True)
    source_id: UUID = Field(foreign_key="organization.id", index=True)
    """The data-source unit: the poster itself where it names no other."""
    manifest: dict[str, Any] = json_document()
    """As it stands now; each sealed version keeps its own."""
    versions_numbered: int = Field(default=0)
    created_by: UUID | None = Field(default=None, foreign_key="person.id")
    created_at: dt.datetime
    revised_at: dt.datetime


class DatasetVersion(Versioned, table=True):
    """One delivery of a dataset."""

    __tablename__ = "dataset_version"
    __table_args__ = (
        UniqueConstraint("dataset_id", "number"),
        Index(
            "uq_dataset_version_one_open",
            "dataset_id",
            unique=True,
            postgresql_where=_ONE_OPEN,
            sqlite_where=_ONE_OPEN,
        ),
    )

    dataset_id: UUID = Field(foreign_key="dataset.id")
    number: int
    state: VersionState = Field(sa_type=text_enum(VersionState))
    manifest: dict[str, Any] | None = json_document(default=None, nullable=True)
    """Fixed when sealed."""
    sha256: str | None = digest(default=None, nullable=True)
    """Digest of manifest and files, fixed when sealed."""
    attestation: dict[str, Any] | None = json_document(default=None, nullable=True)
    """What was attested of its quality when it was published."""
    created_by: UUID | None = Field(default=None, foreign_key="person.id")
    created_at: dt.datetime
    sealed_by: UUID | None = Field(default=None, foreign_key="person.id")
    sealed_at: dt.datetime | None = Field(default=None)
    published_by: UUID | None = Field(default=None, foreign_key="person.id")
    published_at: dt.datetime | None = Field(default=None)
    withdrawn_by: UUID | None = Field(default=None, foreign_key="person.id")
    withdrawn_at: dt.datetime | None = Field(default=None)
    withdrawal_reason: WithdrawalReason | None = Field(
        default=None, sa_type=text_enum(WithdrawalReason)
    )


class DatasetFile(Row, table=True):
    """One whole file of a version, and what was computed of it."""

    __tablename__ = "dataset_file"
    __table_args__ = (
        UniqueConstraint("version_id", "name"),
        Index("ix_dataset_file_profile", "profile_state", "profile_due_at"),
    )

    version_id: UUID = Field(foreign_key="dataset_version.id")
    name: str = Field(max_length=200)
    format: Format = Field(sa_type=text_enum(Format))
    size_bytes: int = byte_count()
    sha256: str = digest()
    stored_name: str = Field(max_length=36, unique=True)
    """Its name in the storage; never told."""
    completed_by: UUID | None = Field(default=None, foreign_key="person.id")
    completed_at: dt.datetime
    profile_state: ProfileState = Field(sa_type=text_enum(ProfileState))
    profile_attempts: int = Field(default=0)
    profile_due_at: dt.datetime
    """When to begin, or when a run that says nothing is taken for dead."""
    profile_reason: dict[str, Any] | None = json_document(default=None, nullable=True)
    """Why there is none: one word, and facts."""
    profile: dict[str, Any] | None = json_document(default=None, nullable=True)


class DatasetUpload(Row, table=True):
    """One file on its way, part by part."""

    __tablename__ = "dataset_upload"
    __table_args__ = (
        Index(
            "uq_dataset_upload_one_open",
            "version_id",
            "name",
            unique=True,
            postgresql_where=_ONE_OPEN,
            sqlite_where=_ONE_OPEN,
        ),
        Index("ix_dataset_upload_stale", "state", "touched_at"),
    )

    version_id: UUID = Field(foreign_key="dataset_version.id")
    organization_id: UUID = Field(foreign_key="organization.id")
    name: str = Field(max_length=200)
    format: Format = Field(sa_type=text_enum(Format))
    size_bytes: int = byte_count()
    """As announced."""
    sha256: str = digest()
    """As announced."""
    offset_bytes: int = byte_count(default=0)
    """How much has arrived; the next part begins here."""
    state: UploadState = Field(sa_type=text_enum(UploadState))
    file_id: UUID | None = Field(default=None)
    """What it became; no foreign key, for an open version's file may be removed again."""
    created_by: UUID | None = Field(default=None, foreign_key="person.id")
    created_at: dt.datetime
    touched_at: dt.datetime


class DatasetUploadPart(Row, table=True):
    """One part of an upload that has arrived."""

    __tablename__ = "dataset_upload_part"
    __table_args__ = (UniqueConstraint("upload_id", "start_byte"),)

    upload_id: UUID = Field(foreign_key="dataset_upload.id")
    start_byte: int = byte_count()
    size_bytes: int = byte_count()
    sha256: str = digest()
    stored_name: str = Field(max_length=36, unique=True)
