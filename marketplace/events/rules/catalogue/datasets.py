"""What the datasets room says.

Who asks for data may be about to bid: whatever tells of a request, a token or a download goes to
the organisation it is about and to nobody else.
"""

import datetime as dt
from dataclasses import dataclass
from uuid import UUID

from marketplace.events.rules.envelope import Event, Visibility


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetDescribed(Event):
    """The manifest of a dataset was written or revised."""

    TYPE = "dataset.described"
    SUBJECT = "dataset_id"
    VISIBILITY = Visibility.INTERNAL

    dataset_id: UUID
    scenario_id: UUID
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetVersionSealed(Event):
    """Manifest and files of a delivery were fixed; the digest covers both."""

    TYPE = "dataset.version_sealed"
    SUBJECT = "dataset_id"
    VISIBILITY = Visibility.INTERNAL

    dataset_id: UUID
    number: int
    sha256: str
    files: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetVersionPublished(Event):
    """A delivery was opened, with its quality attested."""

    TYPE = "dataset.version_published"
    SUBJECT = "dataset_id"
    VISIBILITY = Visibility.PARTICIPANTS

    dataset_id: UUID
    number: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetVersionWithdrawn(Event):
    """A delivery was withdrawn from everybody at once; no reason where people are concerned."""

    TYPE = "dataset.version_withdrawn"
    SUBJECT = "dataset_id"
    VISIBILITY = Visibility.PUBLIC

    dataset_id: UUID
    scenario_id: UUID
    number: int
    withdrawn_at: dt.datetime
    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetVersionDiscarded(Event):
    """A delivery that the public never saw was withdrawn."""

    TYPE = "dataset.version_discarded"
    SUBJECT = "dataset_id"
    VISIBILITY = Visibility.INTERNAL

    dataset_id: UUID
    number: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetAccessRequested(Event):
    """Your organisation asked for a delivery, under its terms."""

    TYPE = "dataset_request.made"
    SUBJECT = "request_id"
    VISIBILITY = Visibility.SEALED

    request_id: UUID
    dataset_id: UUID
    number: int
    terms_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetAccessDecided(Event):
    """The request of your organisation was decided, cancelled or revoked."""

    TYPE = "dataset_request.decided"
    SUBJECT = "request_id"
    VISIBILITY = Visibility.SEALED

    request_id: UUID
    dataset_id: UUID
    state: str
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetNoticeGiven(Event):
    """A delivery your organisation took was withdrawn: stop using it, and certify its deletion."""

    TYPE = "dataset_notice.given"
    SUBJECT = "notice_id"
    VISIBILITY = Visibility.SEALED

    notice_id: UUID
    """A subject of its own: a sequence shared with others would tell how many they are."""
    version_id: UUID
    dataset_id: UUID
    number: int
    withdrawn_at: dt.datetime
    downloaded: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetDeletionCertified(Event):
    """Your organisation certified that no copy of a delivery is left."""

    TYPE = "dataset_certificate.signed"
    SUBJECT = "certificate_id"
    VISIBILITY = Visibility.SEALED

    certificate_id: UUID
    version_id: UUID
    dataset_id: UUID
    number: int
    sha256: str
