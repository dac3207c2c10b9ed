"""What a dataset says of itself: one frozen document, read strictly, free of contradictions."""

import datetime as dt
from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

import msgspec

from marketplace.datasets.errors import (
    DiffersFromNotice,
    ImpactAssessmentMissing,
    ManifestContradicts,
    ManifestUnreadable,
)
from marketplace.kit.digests import digest_of


class Openness(StrEnum):
    """How far public data are opened."""

    UNCONDITIONAL = "unconditional"
    CONDITIONAL = "conditional"
    NOT_OPEN = "not_open"


class AccessMode(StrEnum):
    """How data reach whoever may use them."""

    DOWNLOAD = "download"
    API = "api"
    SANDBOX_ONLY = "sandbox_only"
    HIDDEN_TEST = "hidden_test"


class FieldType(StrEnum):
    """What the values of a field are."""

    TEXT = "text"
    INTEGER = "integer"
    DECIMAL = "decimal"
    BOOLEAN = "boolean"
    DATE = "date"
    DATETIME = "datetime"
    IMAGE = "image"
    AUDIO = "audio"
    VIDEO = "video"
    GEOMETRY = "geometry"
    OTHER = "other"


KEPT_INSIDE: Final = frozenset({AccessMode.SANDBOX_ONLY, AccessMode.HIDDEN_TEST})
"""Modes in which no byte leaves the platform."""

AS_IN_THE_NOTICE: Final = {"enclave_only": AccessMode.SANDBOX_ONLY.value}
"""Words of older calls for the same mode."""


@dataclass(frozen=True, slots=True)
class Text:
    """A text in Chinese and, where it exists, in English."""

    zh: str
    en: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DataField:
    """One field of the data."""

    name: str
    type: FieldType
    description: Text
    unit: str | None = None
    personal: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ImpactAssessment:
    """The assessment of the impact on the people whose data these are."""

    document: str
    """Number or digest of the report."""
    on: dt.date


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileTask:
    """What the profile of a file has to look at besides counting."""

    label_column: str | None = None
    paired_columns: tuple[str, str] | None = None
    date_column: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """Everything a dataset says of itself."""

    name: Text
    description: Text
    fields: tuple[DataField, ...]
    licence: str
    legal_basis: str
    provenance: str
    personal_data: bool
    openness: Openness
    access: AccessMode
    terms: Text
    retain_until: dt.date | None = None
    """Last day on which anybody may hold a copy."""
    impact_assessment: ImpactAssessment | None = None
    profile: ProfileTask = field(default_factory=ProfileTask)
    illustrative: bool = False
    """Invented for demonstration; whoever shows the data says so."""

    def to_document(self) -> dict[str, Any]:
        """Write the manifest as JSON values in its one form."""
        document = msgspec.to_builtins(self)
        assert isinstance(document, dict)
        return document

    @property
    def terms_sha256(self) -> str:
        """What whoever accepts the terms has to name."""
        return digest_of(msgspec.to_builtins(self.terms))


def manifest_from(document: object) -> Manifest:
    """Read a manifest of any origin.

    Refuses  ManifestUnreadable with the path of the first wrong field, ManifestContradicts with
             every contradiction at once.
    """
    try:
        manifest = msgspec.convert(document, Manifest, strict=True)
    except msgspec.ValidationError as unreadable:
        raise ManifestUnreadable(detail=str(unreadable)) from unreadable
    found = contradictions(manifest)
    if found:
        raise ManifestContradicts(contradictions=list(found))
    return manifest


def contradictions(manifest: Manifest) -> tuple[str, ...]:
    """Name what cannot be true together, in one word each."""
    names = Counter(one.name for one in manifest.fields)
    known = set(names)
    task = manifest.profile
    asked = {task.label_column, task.date_column, *(task.paired_columns or ())} - {None}
    inside = manifest.access in KEPT_INSIDE
    found = {
        "field_named_twice": any(count > 1 for count in names.values()),
        "personal_field_without_flag": not manifest.personal_data
        and any(one.personal for one in manifest.fields),
        "personal_data_unconditional": manifest.personal_data
        and manifest.openness is Openness.UNCONDITIONAL,
        "unconditional_kept_inside": manifest.openness is Openness.UNCONDITIONAL and inside,
        "not_open_given_away": manifest.openness is Openness.NOT_OPEN and not inside,
        "hidden_test_opened": manifest.access is AccessMode.HIDDEN_TEST
        and manifest.openness is not Openness.NOT_OPEN,
        "profile_of_unknown_field": bool(known) and not asked <= known,
        "pair_of_one": task.paired_columns is not None and len(set(task.paired_columns)) == 1,
    }
    return tuple(name for name, holds in found.items() if holds)


def check_notice(manifest: Manifest, *, openness: str, access: str, personal_data: bool) -> None:
    """Refuse a manifest that promises something else than the call does."""
    said = {
        "openness": openness,
        "access": AS_IN_THE_NOTICE.get(access, access),
        "personal_data": personal_data,
    }
    found = {
        "openness": manifest.openness.value,
        "access": manifest.access.value,
        "personal_data": manifest.personal_data,
    }
    differences = {
        name: {"notice": said[name], "manifest": found[name]}
        for name in said
        if said[name] != found[name]
    }
    if differences:
        raise DiffersFromNotice(differences=differences)


def check_assessed(manifest: Manifest, *, on: dt.date) -> None:
    """Refuse personal data whose impact was not assessed by `on`."""
    if not manifest.personal_data:
        return
    assessment = manifest.impact_assessment
    if assessment is None or assessment.on > on:
        raise ImpactAssessmentMissing(
            assessed_on=None if assessment is None else assessment.on, today=on
        )
