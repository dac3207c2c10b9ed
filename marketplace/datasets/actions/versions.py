"""Deliver a dataset: begin a version, seal it, publish it, and take it back from everybody."""

import datetime as dt
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from marketplace.datasets.actions import describing, lending
from marketplace.datasets.errors import (
    NotTheCustodian,
    ProfilesFailed,
    ProfilesPending,
    UploadsOpen,
    VersionEmpty,
    VersionOpen,
)
from marketplace.datasets.queries import data
from marketplace.datasets.queries import uploads as uploads_of
from marketplace.datasets.rules.lifecycle import (
    SECRET_REASONS,
    VERSIONS,
    ProfileState,
    VersionState,
    WithdrawalReason,
)
from marketplace.datasets.rules.manifest import Manifest, check_assessed
from marketplace.datasets.tables.data import Dataset, DatasetFile, DatasetVersion
from marketplace.events import actions as events
from marketplace.events.rules.catalogue.datasets import (
    DatasetVersionDiscarded,
    DatasetVersionPublished,
    DatasetVersionSealed,
    DatasetVersionWithdrawn,
)
from marketplace.events.rules.envelope import Event
from marketplace.identity.rules import access
from marketplace.identity.rules.access import Actor, Permission, Role
from marketplace.kit.database import WriteSession
from marketplace.kit.digests import digest_of
from marketplace.kit.errors import Stale
from marketplace.kit.lifecycle import MoveNotAllowed
from marketplace.profiles.rules.deadlines import local_date
from marketplace.scenarios.rules.lifecycle import PUBLIC_STATES


async def begin(
    session: WriteSession, actor: Actor, dataset_id: UUID, *, now: dt.datetime
) -> DatasetVersion:
    """Begin the next version; it takes files until it is sealed."""
    row = await describing.row_to_change(session, actor, dataset_id)
    already = await data.open_version(session, row.id)
    if already is not None:
        raise VersionOpen(number=already.number)
    row.versions_numbered += 1
    version = DatasetVersion(
        dataset_id=row.id,
        number=row.versions_numbered,
        state=VersionState.OPEN,
        created_by=None if actor.is_system else actor.person_id,
        created_at=now,
    )
    session.add(version)
    await session.flush()
    return version


async def seal(
    session: WriteSession,
    actor: Actor,
    dataset_id: UUID,
    number: int,
    *,
    expected_version: int,
    now: dt.datetime,
) -> DatasetVersion:
    """Fix manifest and files of a version for ever, under one digest.

    Refuses  VersionEmpty, UploadsOpen, ProfilesPending, ProfilesFailed with file and problem,
             ImpactAssessmentMissing for personal data.
    """
    row = await describing.row_to_change(session, actor, dataset_id)
    version = await _to_move(session, row, number, expected_version)
    VERSIONS.check(version.state, "seal")
    files = await data.files_of(session, version.id)
    uploads = await uploads_of.open_uploads(session, version.id)
    if uploads:
        raise UploadsOpen(uploads=[{"upload_id": str(one.id), "name": one.name} for one in uploads])
    _check_files(files)
    manifest = data.manifest_of(row)
    check_assessed(manifest, on=local_date(now))
    version.manifest = manifest.to_document()
    version.sha256 = _digest(row, version, manifest, files)
    version.sealed_by = None if actor.is_system else actor.person_id
    version.sealed_at = now
    _move(version, "seal")
    said = DatasetVersionSealed(
        dataset_id=row.id, number=number, sha256=version.sha256, files=len(files)
    )
    return await _tell(session, actor, row, version, said, now)


def _check_files(files: Sequence[DatasetFile]) -> None:
    if not files:
        raise VersionEmpty()
    pending = {ProfileState.QUEUED, ProfileState.RUNNING}
    waiting = [one.name for one in files if one.profile_state in pending]
    failed = [
        {"file_id": str(one.id), "name": one.name, **(one.profile_reason or {})}
        for one in files
        if one.profile_state is ProfileState.FAILED
    ]
    if failed:
        raise ProfilesFailed(files=failed)
    if waiting:
        raise ProfilesPending(files=waiting, retry_after_seconds=2)


def _digest(
    row: Dataset, version: DatasetVersion, manifest: Manifest, files: Sequence[DatasetFile]
) -> str:
    """Hash what was delivered: anybody with the files and the manifest can do it again."""
    return digest_of(
        {
            "dataset_id": str(row.id),
            "number": version.number,
            "manifest": manifest.to_document(),
            "files": [
                {
                    "name": one.name,
                    "format": one.format.value,
                    "size_bytes": one.size_bytes,
                    "sha256": one.sha256,
                }
                for one in files
            ],
        }
    )


async def publish(
    session: WriteSession,
    actor: Actor,
    dataset_id: UUID,
    number: int,
    *,
    attestation: dict[str, Any],
    expected_version: int,
    now: dt.datetime,
) -> DatasetVersion:
    """Open a sealed version, as its custodian who attests its quality.

    Refuses  NotTheCustodian, and whatever the call, as it is in force, says otherwise.
    """
    access.require(actor, Permission.DATASETS_DECIDE)
    found = await data.dataset_seen_by(session, actor, dataset_id, lock=True)
    row = found.row
    if not data.is_custodian(actor, row):
        raise NotTheCustodian()
    version = await _to_move(session, row, number, expected_version)
    VERSIONS.check(version.state, "publish")
    manifest = data.manifest_of(row, version)
    await describing.check_call(session, found.call, row.code, manifest)
    assert version.sha256 is not None
    version.attestation = attestation
    version.published_by = None if actor.is_system else actor.person_id
    version.published_at = now
    _move(version, "publish")
    said = DatasetVersionPublished(dataset_id=row.id, number=number, sha256=version.sha256)
    return await _tell(session, actor, row, version, said, now)


async def withdraw(
    session: WriteSession,
    actor: Actor,
    dataset_id: UUID,
    number: int,
    *,
    reason: WithdrawalReason,
    expected_version: int,
    now: dt.datetime,
) -> DatasetVersion:
    """Take a version back from everybody at once: every token dies with this transaction.

    Each organisation that was lent the version, or took it, is told by an event of its own; the
    bureau, which may do this, learns no name and no number from it.
    """
    access.require(actor, Permission.DATASETS_WITHDRAW)
    found = await data.dataset_seen_by(session, actor, dataset_id, lock=True)
    row = found.row
    bureau = actor.at(found.call.organizer_id).has(Role.BUREAU_OFFICER, Role.BUREAU_APPROVER)
    if not (bureau or data.is_custodian(actor, row)):
        raise NotTheCustodian()
    version = await _to_move(session, row, number, expected_version)
    VERSIONS.check(version.state, "withdraw")
    shown = version.state is VersionState.PUBLISHED and found.call.state in PUBLIC_STATES
    version.withdrawn_by = None if actor.is_system else actor.person_id
    version.withdrawn_at = now
    version.withdrawal_reason = reason
    _move(version, "withdraw")
    await session.flush()
    await lending.end_all(session, actor, row, version, now=now)
    said: Event = DatasetVersionDiscarded(dataset_id=row.id, number=number, reason=reason.value)
    if shown:
        said = DatasetVersionWithdrawn(
            dataset_id=row.id,
            scenario_id=row.scenario_id,
            number=number,
            withdrawn_at=now,
            reason=None if reason in SECRET_REASONS else reason.value,
        )
    return await _tell(session, actor, row, version, said, now)


async def remove_file(session: WriteSession, actor: Actor, file_id: UUID) -> DatasetFile:
    """Take a file out of an open version; its content goes with the next sweep."""
    access.require(actor, Permission.DATASETS_DESCRIBE)
    version = await data.version_by_id(session, (await data.file(session, file_id)).version_id)
    row = await describing.row_to_change(session, actor, version.dataset_id)
    version = await data.version(session, row.id, version.number, lock=True)
    check_open(version, "remove_file")
    gone = await data.file(session, file_id, lock=True)
    await session.delete(gone)
    await session.flush()
    return gone


def check_open(version: DatasetVersion, action: str) -> None:
    """Refuse to change the files of a version that takes none any more."""
    if version.state is not VersionState.OPEN:
        raise MoveNotAllowed(
            thing=VERSIONS.thing,
            state=version.state.value,
            action=action,
            possible=sorted(VERSIONS.verbs_from(version.state)),
        )


async def _to_move(
    session: WriteSession, row: Dataset, number: int, expected_version: int
) -> DatasetVersion:
    version = await data.version(session, row.id, number, lock=True)
    if version.version != expected_version:
        raise Stale(version=version.version, expected=expected_version)
    return version


def _move(version: DatasetVersion, verb: str) -> None:
    version.state = VersionState(VERSIONS.check(version.state, verb).target)
    version.version += 1


async def _tell(
    session: WriteSession,
    actor: Actor,
    row: Dataset,
    version: DatasetVersion,
    said: Event,
    now: dt.datetime,
) -> DatasetVersion:
    await session.flush()
    await events.record(
        session,
        said,
        by=actor.kind,
        now=now,
        organization_id=row.poster_id,
        scenario_id=row.scenario_id,
    )
    return version
