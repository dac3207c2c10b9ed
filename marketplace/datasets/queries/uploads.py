"""What the datasets room can answer: uploads, and what lies in the storage for them."""

import datetime as dt
from collections.abc import Sequence
from uuid import UUID

from sqlmodel import col, func, select

from marketplace.datasets.errors import FileUnknown, UploadOver, UploadUnknown
from marketplace.datasets.rules.lifecycle import UploadState
from marketplace.datasets.tables.data import DatasetFile, DatasetUpload, DatasetUploadPart
from marketplace.identity.rules.access import Actor, Permission
from marketplace.kit.database import ReadSession

BYTES_END = 10**18
"""A place that no column of bytes holds is in no file, and would break the statement."""


async def holder_of_name(session: ReadSession, version_id: UUID, name: str) -> UUID | None:
    """Find the upload that holds a name, or the file that bears it."""
    arrived = await session.exec(
        select(DatasetFile.id)
        .where(DatasetFile.version_id == version_id)
        .where(DatasetFile.name == name)
    )
    coming = await session.exec(
        select(DatasetUpload.id)
        .where(DatasetUpload.version_id == version_id)
        .where(DatasetUpload.name == name)
        .where(DatasetUpload.state == UploadState.OPEN)
    )
    return arrived.first() or coming.first()


async def files_counted(session: ReadSession, version_id: UUID) -> int:
    """Count the files of a version, with those on their way."""
    arrived = await session.exec(
        select(func.count()).where(col(DatasetFile.version_id) == version_id)
    )
    coming = await session.exec(
        select(func.count())
        .where(col(DatasetUpload.version_id) == version_id)
        .where(col(DatasetUpload.state) == UploadState.OPEN)
    )
    return arrived.one() + coming.one()


async def own_upload(
    session: ReadSession, actor: Actor, upload_id: UUID, *, lock: bool = False
) -> DatasetUpload:
    """Find an upload of the actor's own organisation; any other does not exist."""
    statement = (
        select(DatasetUpload)
        .where(DatasetUpload.id == upload_id)
        .where(DatasetUpload.organization_id == actor.organization_id)
    )
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    row = (await session.exec(statement)).first()
    if row is None or not actor.may(Permission.DATASETS_DESCRIBE):
        raise UploadUnknown(upload_id=str(upload_id))
    return row


async def completed(session: ReadSession, actor: Actor, upload_id: UUID) -> DatasetFile:
    """Find the file that an upload became."""
    upload = await own_upload(session, actor, upload_id)
    if upload.state is not UploadState.COMPLETED or upload.file_id is None:
        raise UploadOver(upload_state=upload.state.value)
    row = await session.get(DatasetFile, upload.file_id)
    if row is None:
        raise FileUnknown(file_id=str(upload.file_id))
    return row


async def open_uploads(session: ReadSession, version_id: UUID) -> Sequence[DatasetUpload]:
    """List the uploads of a version that are under way."""
    found = await session.exec(
        select(DatasetUpload)
        .where(DatasetUpload.version_id == version_id)
        .where(DatasetUpload.state == UploadState.OPEN)
        .order_by(col(DatasetUpload.id))
    )
    return found.all()


async def stale_uploads(session: ReadSession, before: dt.datetime) -> Sequence[UUID]:
    """List open uploads to which nothing came since."""
    found = await session.exec(
        select(DatasetUpload.id)
        .where(DatasetUpload.state == UploadState.OPEN)
        .where(col(DatasetUpload.touched_at) < before)
    )
    return found.all()


async def any_upload(session: ReadSession, upload_id: UUID) -> DatasetUpload:
    """Find one upload, locked, whoever's it is; for the sweep."""
    found = await session.exec(
        select(DatasetUpload)
        .where(DatasetUpload.id == upload_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return found.one()


async def is_there(session: ReadSession, upload_id: UUID, *, start: int, sha256: str) -> bool:
    """Tell whether this very part has arrived already."""
    if start >= BYTES_END:
        return False
    found = await session.exec(
        select(DatasetUploadPart.id)
        .where(DatasetUploadPart.upload_id == upload_id)
        .where(DatasetUploadPart.start_byte == start)
        .where(DatasetUploadPart.sha256 == sha256)
    )
    return found.first() is not None


async def parts_of(session: ReadSession, upload_id: UUID) -> Sequence[DatasetUploadPart]:
    """List the parts that have arrived, in order."""
    found = await session.exec(
        select(DatasetUploadPart)
        .where(DatasetUploadPart.upload_id == upload_id)
        .order_by(col(DatasetUploadPart.start_byte))
    )
    return found.all()


async def known_names(session: ReadSession, names: Sequence[str]) -> frozenset[str]:
    """Tell which of these stored files a row refers to."""
    files = await session.exec(
        select(DatasetFile.stored_name).where(col(DatasetFile.stored_name).in_(names))
    )
    parts = await session.exec(
        select(DatasetUploadPart.stored_name).where(col(DatasetUploadPart.stored_name).in_(names))
    )
    return frozenset(files.all()) | frozenset(parts.all())


async def every_name(session: ReadSession) -> frozenset[str]:
    """Name every stored file a row refers to."""
    files = await session.exec(select(DatasetFile.stored_name))
    parts = await session.exec(select(DatasetUploadPart.stored_name))
    return frozenset(files.all()) | frozenset(parts.all())
