"""Requests, tokens, downloads, certificates and usage on the wire."""

import datetime as dt
from collections.abc import Sequence
from typing import Annotated

from pydantic import StringConstraints

from marketplace.datasets.actions.downloading import IssuedToken
from marketplace.datasets.queries.lending import Usage
from marketplace.datasets.schemas.data import Sha256
from marketplace.datasets.tables.data import Dataset
from marketplace.datasets.tables.lending import (
    AccessRequest,
    DatasetDownload,
    DeletionCertificate,
)
from marketplace.wire.shapes import In, Out

Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2_000)]


class AccessRequestIn(In):
    """A request for a version, under its terms."""

    purpose: Reason
    terms_sha256: Sha256
    """The digest of the terms that are accepted."""


class RefuseAccessIn(In):
    """Why a request is refused, or an access revoked; the organisation reads it."""

    reason: Reason


class CertifyDeletionIn(In):
    """The word of an organisation that no copy is left."""

    statement: Reason


class AccessRequestOut(Out, frozen=True, kw_only=True):
    """A request and where it stands."""

    id: str
    version: int
    dataset_id: str
    organization_id: str
    organization: str | None
    """Null where the reader is the organisation itself."""
    person_id: str
    purpose: str
    terms_sha256: str
    state: str
    requested_at: dt.datetime
    decided_at: dt.datetime | None
    reason: str | None

    @classmethod
    def of(cls, row: AccessRequest, organization: str | None = None) -> "AccessRequestOut":
        """Describe a request."""
        return cls(
            id=str(row.id),
            version=row.version,
            dataset_id=str(row.dataset_id),
            organization_id=str(row.organization_id),
            organization=organization,
            person_id=str(row.person_id),
            purpose=row.purpose,
            terms_sha256=row.terms_sha256,
            state=row.state.value,
            requested_at=row.requested_at,
            decided_at=row.decided_at,
            reason=row.reason,
        )


class IssuedTokenOut(Out, frozen=True, kw_only=True):
    """A token, shown once."""

    id: str
    token: str
    """Send it as `Dataset-Token` with every download; it is shown here and never again."""
    expires_at: dt.datetime

    @classmethod
    def of(cls, issued: IssuedToken) -> "IssuedTokenOut":
        """Show a token."""
        return cls(id=str(issued.row.id), token=issued.token, expires_at=issued.row.expires_at)


class DownloadOut(Out, frozen=True, kw_only=True):
    """One answer with bytes of a file."""

    id: str
    file_id: str
    organization_id: str
    person_id: str
    token_id: str | None
    first_byte: int
    last_byte: int
    sent_bytes: int | None
    """Null: it runs, or the server died; any byte of the range may have left."""
    started_at: dt.datetime
    ended_at: dt.datetime | None
    address_digest: str

    @classmethod
    def of(cls, row: DatasetDownload) -> "DownloadOut":
        """Describe a download."""
        return cls(
            id=str(row.id),
            file_id=str(row.file_id),
            organization_id=str(row.organization_id),
            person_id=str(row.person_id),
            token_id=None if row.token_id is None else str(row.token_id),
            first_byte=row.first_byte,
            last_byte=row.last_byte,
            sent_bytes=row.sent_bytes,
            started_at=row.started_at,
            ended_at=row.ended_at,
            address_digest=row.address_digest,
        )


class CertificateOut(Out, frozen=True, kw_only=True):
    """One organisation's word that no copy of a version is left."""

    id: str
    organization_id: str
    signed_by: str
    document: str
    """The canonical document that was hashed."""
    sha256: str
    signed_at: dt.datetime

    @classmethod
    def of(cls, row: DeletionCertificate) -> "CertificateOut":
        """Describe a certificate."""
        return cls(
            id=str(row.id),
            organization_id=str(row.organization_id),
            signed_by=str(row.signed_by),
            document=row.document.decode(),
            sha256=row.sha256,
            signed_at=row.signed_at,
        )


class DeletionsOut(Out, frozen=True, kw_only=True):
    """Who has certified deletion, and who took the version and has not."""

    certificates: list[CertificateOut]
    outstanding: list[str]

    @classmethod
    def of(cls, rows: Sequence[DeletionCertificate], takers: Sequence[object]) -> "DeletionsOut":
        """Compare certificates with takers."""
        done = {row.organization_id for row in rows}
        return cls(
            certificates=[CertificateOut.of(row) for row in rows],
            outstanding=[str(one) for one in takers if one not in done],
        )


class UsageOut(Out, frozen=True, kw_only=True):
    """How much one dataset was shared in a year; its owners' own use does not count."""

    dataset_id: str
    organizations: int
    files: int
    """Files taken, each counted once per organisation."""
    requests: int
    sent_bytes: int

    @classmethod
    def of(cls, usage: Usage) -> "UsageOut":
        """Describe the sharing of a dataset."""
        return cls(
            dataset_id=str(usage.dataset_id),
            organizations=usage.organizations,
            files=usage.files,
            requests=usage.requests,
            sent_bytes=usage.sent_bytes,
        )

    @classmethod
    def none_of(cls, row: Dataset) -> "UsageOut":
        """Describe a dataset that nobody has taken."""
        return cls(dataset_id=str(row.id), organizations=0, files=0, requests=0, sent_bytes=0)


class YearOut(Out, frozen=True, kw_only=True):
    """The sharing of a calendar year in Shenzhen's time."""

    year: int
    since: dt.datetime
    until: dt.datetime
    items: list[UsageOut]
