"""What the datasets room remembers: requests, tokens, downloads, deletions."""

import datetime as dt
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint, text
from sqlmodel import Field

from marketplace.datasets.rules.lifecycle import RequestState, RevocationReason
from marketplace.datasets.tables.data import byte_count
from marketplace.kit.tables import Row, Versioned, digest, stored_bytes, text_enum

_LIVE = text("state IN ('requested', 'approved')")


class AccessRequest(Versioned, table=True):
    """One organisation's wish for one version, under its terms."""

    __tablename__ = "dataset_access_request"
    __table_args__ = (
        Index(
            "uq_dataset_access_request_one_live",
            "version_id",
            "organization_id",
            unique=True,
            postgresql_where=_LIVE,
            sqlite_where=_LIVE,
        ),
    )

    version_id: UUID = Field(foreign_key="dataset_version.id")
    dataset_id: UUID = Field(foreign_key="dataset.id", index=True)
    organization_id: UUID = Field(foreign_key="organization.id", index=True)
    person_id: UUID = Field(foreign_key="person.id")
    """Who asked, and accepted the terms for the organisation."""
    purpose: str = Field(max_length=2000)
    terms_sha256: str = digest()
    state: RequestState = Field(sa_type=text_enum(RequestState))
    requested_at: dt.datetime
    decided_by: UUID | None = Field(default=None, foreign_key="person.id")
    decided_at: dt.datetime | None = Field(default=None)
    reason: str | None = Field(default=None, max_length=2000)
    """Why it was refused or revoked, for the organisation."""


class DatasetToken(Row, table=True):
    """What opens one version for one person of one organisation; the secret is never stored."""

    __tablename__ = "dataset_token"

    request_id: UUID = Field(foreign_key="dataset_access_request.id", index=True)
    version_id: UUID = Field(foreign_key="dataset_version.id", index=True)
    organization_id: UUID = Field(foreign_key="organization.id")
    person_id: UUID = Field(foreign_key="person.id")
    secret_sha256: str = digest(unique=True)
    issued_at: dt.datetime
    expires_at: dt.datetime
    revoked_at: dt.datetime | None = Field(default=None)
    revocation: RevocationReason | None = Field(default=None, sa_type=text_enum(RevocationReason))


class DatasetDownload(Row, table=True):
    """One answer with bytes of a file; written before the first of them leaves."""

    __tablename__ = "dataset_download"
    __table_args__ = (Index("ix_dataset_download_year", "dataset_id", "started_at"),)

    file_id: UUID = Field(foreign_key="dataset_file.id")
    version_id: UUID = Field(foreign_key="dataset_version.id", index=True)
    dataset_id: UUID = Field(foreign_key="dataset.id")
    organization_id: UUID = Field(foreign_key="organization.id", index=True)
    person_id: UUID = Field(foreign_key="person.id")
    token_id: UUID | None = Field(default=None, foreign_key="dataset_token.id")
    """Null for data that are open without condition."""
    first_byte: int = byte_count()
    last_byte: int = byte_count()
    sent_bytes: int | None = byte_count(default=None, nullable=True)
    """Null while it runs, and for ever if the server died: any byte of the range may have left."""
    started_at: dt.datetime
    ended_at: dt.datetime | None = Field(default=None)
    address_digest: str = digest()
    """Keyed digest of the address it went to: recognised by who has the key, guessed by nobody."""


class DeletionCertificate(Row, table=True):
    """One organisation's word, signed for by a person, that no copy of a version is left."""

    __tablename__ = "dataset_deletion_certificate"
    __table_args__ = (UniqueConstraint("version_id", "organization_id"),)

    version_id: UUID = Field(foreign_key="dataset_version.id")
    organization_id: UUID = Field(foreign_key="organization.id")
    signed_by: UUID = Field(foreign_key="person.id")
    document: bytes = stored_bytes()
    """The canonical document, as it was hashed."""
    sha256: str = digest()
    signed_at: dt.datetime
