"""Datasets, deliveries, files and uploads on the wire."""

import datetime as dt
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BeforeValidator, Field, StringConstraints

from marketplace.datasets.queries import data
from marketplace.datasets.rules.formats import Format
from marketplace.datasets.rules.lifecycle import SECRET_REASONS, VersionState, WithdrawalReason
from marketplace.datasets.rules.manifest import AccessMode, FieldType, Openness
from marketplace.datasets.tables.data import Dataset, DatasetFile, DatasetUpload, DatasetVersion
from marketplace.wire.shapes import (
    BilingualIn,
    Code,
    ColumnName,
    In,
    LongBilingualIn,
    LongText,
    Out,
    ShortText,
    WholeNumber,
)

FIELDS_MAX = 500
BYTES_ANNOUNCED_MAX = 10**15


def _truth(value: Any) -> Any:
    # Pydantic would take 1, "yes" and "off"; whoever means yes or no can write true or false.
    if not isinstance(value, bool):
        raise ValueError("must be true or false")
    return value


def _day(value: Any) -> Any:
    # Pydantic also takes bare numbers as seconds since 1970; nobody means that here.
    if not isinstance(value, str):
        raise ValueError("must be a date written as text, like 2026-03-02")
    return value


Truth = Annotated[bool, BeforeValidator(_truth)]
Day = Annotated[dt.date, BeforeValidator(_day)]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class DataFieldIn(In):
    """One field of the data."""

    name: ColumnName
    type: FieldType
    description: BilingualIn
    unit: ShortText | None = None
    personal: Truth = False
    """Whether it tells of a natural person."""

    def document(self) -> dict[str, Any]:
        """Write it as it is stored."""
        return self.model_dump(mode="json", exclude={"description"}) | {
            "description": self.description.document()
        }


class ImpactAssessmentIn(In):
    """The assessment of the impact on the people whose data these are."""

    document: ShortText
    """Number or digest of the report."""
    on: Day


class ProfileTaskIn(In):
    """What the profile of a file has to look at besides counting."""

    label_column: ColumnName | None = None
    paired_columns: Annotated[list[ColumnName], Field(min_length=2, max_length=2)] | None = None
    date_column: ColumnName | None = None


class ManifestIn(In):
    """Everything a dataset says of itself."""

    name: BilingualIn
    description: LongBilingualIn
    fields: list[DataFieldIn] = Field(default_factory=list, max_length=FIELDS_MAX)
    licence: ShortText
    legal_basis: ShortText
    provenance: LongText
    personal_data: Truth
    impact_assessment: ImpactAssessmentIn | None = None
    openness: Openness
    access: AccessMode
    terms: LongBilingualIn
    """What whoever takes the data accepts."""
    retain_until: Day | None = None
    """Last day on which anybody may hold a copy."""
    profile: ProfileTaskIn = ProfileTaskIn()
    illustrative: Truth = False
    """Invented for a demonstration."""

    def document(self) -> dict[str, Any]:
        """Write it as it is stored."""
        return self.model_dump(mode="json", exclude={"name", "description", "terms", "fields"}) | {
            "name": self.name.document(),
            "description": self.description.document(),
            "terms": self.terms.document(),
            "fields": [one.document() for one in self.fields],
        }


class DatasetIn(In):
    """A dataset of a call."""

    code: Code
    """As the content of the call names it."""
    source_id: UUID | None = None
    """The data-source unit; the poster itself unless named."""
    manifest: ManifestIn


class ReviseDatasetIn(In):
    """A new manifest for the versions to come."""

    manifest: ManifestIn


class PublishVersionIn(In):
    """What the custodian attests of the quality, and who has sampled it."""

    statement: LongText
    sampled_by: ShortText | None = None
    sample_report_sha256: Sha256 | None = None

    def document(self) -> dict[str, Any]:
        """Write it as it is stored."""
        return self.model_dump(mode="json")


class WithdrawVersionIn(In):
    """Why a version is withdrawn."""

    reason: WithdrawalReason


class UploadIn(In):
    """What an upload will bring."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=400)]
    format: Format
    size_bytes: Annotated[WholeNumber, Field(ge=1, le=BYTES_ANNOUNCED_MAX)]
    sha256: Sha256


class DatasetOut(Out, frozen=True, kw_only=True):
    """A dataset, with the manifest as it stands now."""

    id: str
    version: int
    scenario_id: str
    code: str
    poster_id: str
    source_id: str
    manifest: dict[str, Any]
    terms_sha256: str
    created_at: dt.datetime
    revised_at: dt.datetime

    @classmethod
    def of(cls, row: Dataset) -> "DatasetOut":
        """Describe a dataset."""
        return cls(
            id=str(row.id),
            version=row.version,
            scenario_id=str(row.scenario_id),
            code=row.code,
            poster_id=str(row.poster_id),
            source_id=str(row.source_id),
            manifest=row.manifest,
            terms_sha256=data.manifest_of(row).terms_sha256,
            created_at=row.created_at,
            revised_at=row.revised_at,
        )


class DatasetFileOut(Out, frozen=True, kw_only=True):
    """One file of a version, and what was computed of it."""

    id: str
    name: str
    format: str
    size_bytes: int
    sha256: str
    completed_at: dt.datetime
    profile_state: str
    profile_reason: dict[str, Any] | None
    profile: dict[str, Any] | None

    @classmethod
    def of(cls, row: DatasetFile) -> "DatasetFileOut":
        """Describe a file."""
        return cls(
            id=str(row.id),
            name=row.name,
            format=row.format.value,
            size_bytes=row.size_bytes,
            sha256=row.sha256,
            completed_at=row.completed_at,
            profile_state=row.profile_state.value,
            profile_reason=row.profile_reason,
            profile=row.profile,
        )


class DatasetVersionOut(Out, frozen=True, kw_only=True):
    """One delivery of a dataset."""

    dataset_id: str
    number: int
    version: int
    """For If-Match."""
    state: str
    sha256: str | None
    """Digest of manifest and files; null until sealed."""
    manifest: dict[str, Any] | None
    terms_sha256: str | None
    attestation: dict[str, Any] | None
    created_at: dt.datetime
    sealed_at: dt.datetime | None
    published_at: dt.datetime | None
    withdrawn_at: dt.datetime | None
    withdrawal_reason: str | None
    files: list[DatasetFileOut] | None
    """Null where the files are not told: of hidden and withdrawn data, to outsiders."""

    @classmethod
    def of(
        cls, dataset: Dataset, row: DatasetVersion, files: list[DatasetFileOut] | None, inside: bool
    ) -> "DatasetVersionOut":
        """Describe a version, for somebody who knows it from inside or not."""
        reason = row.withdrawal_reason
        told = reason if inside or reason not in SECRET_REASONS else None
        sealed = row.manifest is not None
        return cls(
            dataset_id=str(row.dataset_id),
            number=row.number,
            version=row.version,
            state=row.state.value,
            sha256=row.sha256,
            manifest=row.manifest,
            terms_sha256=data.manifest_of(dataset, row).terms_sha256 if sealed else None,
            attestation=row.attestation,
            created_at=row.created_at,
            sealed_at=row.sealed_at,
            published_at=row.published_at,
            withdrawn_at=row.withdrawn_at,
            withdrawal_reason=None if told is None else told.value,
            files=files if inside or _files_are_told(dataset, row) else None,
        )


def _files_are_told(dataset: Dataset, row: DatasetVersion) -> bool:
    manifest = data.manifest_of(dataset, row)
    hidden = manifest.access is AccessMode.HIDDEN_TEST or manifest.openness is Openness.NOT_OPEN
    return row.state is VersionState.PUBLISHED and not hidden


class UploadOut(Out, frozen=True, kw_only=True):
    """One file on its way."""

    id: str
    name: str
    format: str
    size_bytes: int
    sha256: str
    state: Literal["open", "completed", "aborted", "refused", "expired"]
    offset: int
    """Where the next part begins."""
    part_bytes_max: int
    file_id: str | None
    expires_at: dt.datetime

    @classmethod
    def of(cls, row: DatasetUpload, *, part_bytes_max: int, hours: int) -> "UploadOut":
        """Describe an upload."""
        state: Any = row.state.value
        return cls(
            id=str(row.id),
            name=row.name,
            format=row.format.value,
            size_bytes=row.size_bytes,
            sha256=row.sha256,
            state=state,
            offset=row.offset_bytes,
            part_bytes_max=part_bytes_max,
            file_id=None if row.file_id is None else str(row.file_id),
            expires_at=row.touched_at + dt.timedelta(hours=hours),
        )
