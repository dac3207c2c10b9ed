"""What the datasets room can answer: datasets, deliveries, files, uploads."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement
from sqlmodel import and_, col, or_, select
from sqlmodel.sql.expression import SelectOfScalar

from marketplace.datasets.errors import (
    DatasetUnknown,
    FileUnknown,
    VersionUnknown,
)
from marketplace.datasets.rules.lifecycle import ProfileState, VersionState
from marketplace.datasets.rules.manifest import Manifest, manifest_from
from marketplace.datasets.tables.data import (
    Dataset,
    DatasetFile,
    DatasetVersion,
)
from marketplace.identity.rules.access import Actor, Permission, Role
from marketplace.kit.database import ReadSession
from marketplace.scenarios.errors import ScenarioUnknown
from marketplace.scenarios.queries import calls as scenarios
from marketplace.scenarios.tables import Scenario

SHOWN_STATES = frozenset({VersionState.PUBLISHED, VersionState.WITHDRAWN})
"""States in which whoever may read the call may know of a version."""

Held = SelectOfScalar[DatasetVersion]

NUMBERS_END = 10**9
"""A number that no integer column holds is no version, and would break the statement."""

JUDGES = (Role.BUREAU_OFFICER, Role.BUREAU_APPROVER, Role.EXPERT, Role.PANEL_CHAIR)
"""Whoever prepares or judges the bids may not learn who asked for data, in whatever second role."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A dataset with the call it belongs to."""

    row: Dataset
    call: Scenario


def belongs_to(actor: Actor, row: Dataset) -> bool:
    """Tell whether the actor speaks for the poster or for the data-source unit."""
    return actor.is_system or actor.organization_id in {row.poster_id, row.source_id}


def describes(actor: Actor, row: Dataset) -> bool:
    """Tell whether the actor may describe and deliver this dataset."""
    return actor.may(Permission.DATASETS_DESCRIBE) and belongs_to(actor, row)


def is_custodian(actor: Actor, row: Dataset) -> bool:
    """Tell whether the actor decides who gets this dataset, and may know who asked."""
    return (
        actor.may(Permission.DATASETS_DECIDE) and belongs_to(actor, row) and not actor.has(*JUDGES)
    )


def knows_borrowers(actor: Actor, row: Dataset) -> bool:
    """Tell whether the actor may know who asked for, and took, this dataset."""
    overseer = actor.may(Permission.DATASETS_OVERSEE) and not actor.has(*JUDGES)
    return overseer or is_custodian(actor, row)


def knows_from_inside(actor: Actor, found: Found) -> bool:
    """Tell whether the actor may know of what is not published yet."""
    return belongs_to(actor, found.row) or scenarios.knows_from_inside(actor, found.call)


def manifest_of(row: Dataset, version: DatasetVersion | None = None) -> Manifest:
    """Read the manifest: the one a version was sealed with, else the one that stands now."""
    sealed = None if version is None else version.manifest
    return manifest_from(row.manifest if sealed is None else sealed)


async def dataset(session: ReadSession, dataset_id: UUID, *, lock: bool = False) -> Dataset:
    """Find one dataset, locked for change on request."""
    statement = select(Dataset).where(Dataset.id == dataset_id)
    if lock:
        # Not against rows that merely refer to it: a download, which holds the version and then
        # names the dataset, would stand in a circle with a withdrawal, which goes the other way.
        statement = statement.with_for_update(key_share=True).execution_options(
            populate_existing=True
        )
    row = (await session.exec(statement)).first()
    if row is None:
        raise DatasetUnknown(dataset_id=str(dataset_id))
    return row


async def dataset_seen_by(
    session: ReadSession, actor: Actor, dataset_id: UUID, *, lock: bool = False
) -> Found:
    """Find one dataset of a call the actor may know of; any other does not exist for them."""
    row = await dataset(session, dataset_id, lock=lock)
    call = await scenarios.scenario(session, row.scenario_id)
    if not (scenarios.may_see(actor, call) or belongs_to(actor, row)):
        raise DatasetUnknown(dataset_id=str(dataset_id))
    return Found(row=row, call=call)


async def datasets_of(
    session: ReadSession, actor: Actor, scenario_id: UUID, *, after: UUID, limit: int
) -> Sequence[Dataset]:
    """List the datasets of a call the actor may know of; the data-source unit sees its own."""
    statement = (
        select(Dataset).where(Dataset.scenario_id == scenario_id).where(col(Dataset.id) > after)
    )
    call = await scenarios.scenario(session, scenario_id)
    if not scenarios.may_see(actor, call):
        statement = statement.where(col(Dataset.source_id) == actor.organization_id)
    rows = (await session.exec(statement.order_by(col(Dataset.id)).limit(limit))).all()
    if not rows and not scenarios.may_see(actor, call):
        raise ScenarioUnknown(scenario_id=str(scenario_id))
    return rows


async def code_is_taken(session: ReadSession, scenario_id: UUID, code: str) -> bool:
    """Tell whether a call has a dataset under this code."""
    found = await session.exec(
        select(Dataset.id).where(Dataset.scenario_id == scenario_id).where(Dataset.code == code)
    )
    return found.first() is not None


def _held(statement: Held, share: bool) -> Held:
    """Hold a version: against every change, or shared with others who only need it to stay."""
    return statement.with_for_update(read=share, key_share=not share).execution_options(
        populate_existing=True
    )


async def version(
    session: ReadSession, dataset_id: UUID, number: int, *, lock: bool = False, share: bool = False
) -> DatasetVersion:
    """Find one version; `share` keeps it from being withdrawn until the transaction ends."""
    if number >= NUMBERS_END:
        raise VersionUnknown(dataset_id=str(dataset_id), number=number)
    statement = (
        select(DatasetVersion)
        .where(DatasetVersion.dataset_id == dataset_id)
        .where(DatasetVersion.number == number)
    )
    if lock or share:
        statement = _held(statement, share)
    row = (await session.exec(statement)).first()
    if row is None:
        raise VersionUnknown(dataset_id=str(dataset_id), number=number)
    return row


async def version_by_id(
    session: ReadSession, version_id: UUID, *, lock: bool = False, share: bool = False
) -> DatasetVersion:
    """Find one version by its id."""
    statement = select(DatasetVersion).where(DatasetVersion.id == version_id)
    if lock or share:
        statement = _held(statement, share)
    row = (await session.exec(statement)).first()
    if row is None:
        raise VersionUnknown(version_id=str(version_id))
    return row


async def version_seen_by(
    session: ReadSession, actor: Actor, dataset_id: UUID, number: int
) -> tuple[Found, DatasetVersion]:
    """Find one version the actor may know of."""
    found = await dataset_seen_by(session, actor, dataset_id)
    row = await version(session, dataset_id, number)
    if row.state not in SHOWN_STATES and not knows_from_inside(actor, found):
        raise VersionUnknown(dataset_id=str(dataset_id), number=number)
    return found, row


async def versions_of(
    session: ReadSession, actor: Actor, found: Found, *, after: int, limit: int
) -> Sequence[DatasetVersion]:
    """List the versions of a dataset the actor may know of, oldest first."""
    statement = (
        select(DatasetVersion)
        .where(DatasetVersion.dataset_id == found.row.id)
        .where(col(DatasetVersion.number) > after)
    )
    if not knows_from_inside(actor, found):
        statement = statement.where(col(DatasetVersion.state).in_(SHOWN_STATES))
    return (await session.exec(statement.order_by(col(DatasetVersion.number)).limit(limit))).all()


async def open_version(session: ReadSession, dataset_id: UUID) -> DatasetVersion | None:
    """Find the version that still takes files."""
    found = await session.exec(
        select(DatasetVersion)
        .where(DatasetVersion.dataset_id == dataset_id)
        .where(DatasetVersion.state == VersionState.OPEN)
    )
    return found.first()


async def files_of(session: ReadSession, version_id: UUID) -> Sequence[DatasetFile]:
    """List the files of a version by name."""
    found = await session.exec(
        select(DatasetFile)
        .where(DatasetFile.version_id == version_id)
        .order_by(col(DatasetFile.name))
    )
    return found.all()


async def file(session: ReadSession, file_id: UUID, *, lock: bool = False) -> DatasetFile:
    """Find one file."""
    statement = select(DatasetFile).where(DatasetFile.id == file_id)
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    row = (await session.exec(statement)).first()
    if row is None:
        raise FileUnknown(file_id=str(file_id))
    return row


async def file_if_there(session: ReadSession, file_id: UUID) -> DatasetFile | None:
    """Find one file, locked; None when it was removed meanwhile."""
    found = await session.exec(
        select(DatasetFile)
        .where(DatasetFile.id == file_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return found.first()


async def profile_due(session: ReadSession, now: dt.datetime) -> DatasetFile | None:
    """Find a file whose profile is to be computed, or whose computer has died."""
    found = await session.exec(
        select(DatasetFile)
        .where(_is_due(now))
        .order_by(col(DatasetFile.profile_due_at))
        .limit(1)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    )
    return found.first()


def _is_due(now: dt.datetime) -> ColumnElement[bool]:
    waiting = or_(
        col(DatasetFile.profile_state) == ProfileState.QUEUED,
        col(DatasetFile.profile_state) == ProfileState.RUNNING,
    )
    return and_(waiting, col(DatasetFile.profile_due_at) <= now)
