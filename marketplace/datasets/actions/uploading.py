"""Take a file in parts, survive every interruption, and leave nothing half stored.

A part is written to the storage first and exists from the moment its row is committed; the whole
file likewise.  No session is open while bytes move.  What was decided on before is checked again
under the lock, so of two that do the same at once one does it, and the other finds it done.
"""

import asyncio
import datetime as dt
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from marketplace.datasets.actions import describing, profiling
from marketplace.datasets.actions.versions import check_open
from marketplace.datasets.errors import (
    FileDigestDiffers,
    FileNameTaken,
    PartBrokenOff,
    PartDigestDiffers,
    PartEmpty,
    PartMisplaced,
    PartTooLarge,
    TooManyFiles,
    UploadIncomplete,
    UploadOver,
)
from marketplace.datasets.queries import data, uploads
from marketplace.datasets.rules import formats
from marketplace.datasets.rules.formats import HEAD_BYTES, Format
from marketplace.datasets.rules.lifecycle import UploadState
from marketplace.datasets.rules.naming import plain_name
from marketplace.datasets.tables.data import DatasetFile, DatasetUpload, DatasetUploadPart
from marketplace.identity.rules import access
from marketplace.identity.rules.access import Actor, Permission
from marketplace.kit.clock import Clock
from marketplace.kit.database import Database, WriteSession
from marketplace.kit.errors import Unacceptable
from marketplace.kit.storage import FileMissing, FileTooLarge, Storage, StoredFile

SHELF: Final = "datasets"
"""The area of the storage in which everything of this room lies, and nothing else."""
WRITING_SECONDS_MAX: Final = 3_600
"""No part and no file takes longer to be written: what is older than twice that was left behind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Announced:
    """What an upload says that it will bring."""

    name: str
    format: Format
    size_bytes: int
    sha256: str


async def begin(
    session: WriteSession,
    actor: Actor,
    dataset_id: UUID,
    number: int,
    *,
    announced: Announced,
    bytes_max: int,
    files_max: int,
    now: dt.datetime,
) -> DatasetUpload:
    """Begin the upload of one file into an open version.

    Refuses  FileTooLarge before a byte was sent, FileNameRefused, FileNameTaken with what holds
             the name, TooManyFiles.
    """
    row = await describing.row_to_change(session, actor, dataset_id)
    version = await data.version(session, row.id, number, lock=True)
    check_open(version, "upload")
    name = plain_name(announced.name)
    if announced.size_bytes > bytes_max:
        raise FileTooLarge(bytes_max=bytes_max, bytes=announced.size_bytes)
    holder = await uploads.holder_of_name(session, version.id, name)
    if holder is not None:
        raise FileNameTaken(name=name, held_by=str(holder))
    if await uploads.files_counted(session, version.id) >= files_max:
        raise TooManyFiles(files_max=files_max)
    upload = DatasetUpload(
        version_id=version.id,
        organization_id=actor.organization_id,
        name=name,
        format=announced.format,
        size_bytes=announced.size_bytes,
        sha256=announced.sha256,
        state=UploadState.OPEN,
        created_by=None if actor.is_system else actor.person_id,
        created_at=now,
        touched_at=now,
    )
    session.add(upload)
    await session.flush()
    return upload


async def put_part(
    database: Database,
    storage: Storage,
    actor: Actor,
    upload_id: UUID,
    *,
    start: int,
    sha256: str,
    chunks: AsyncIterator[bytes],
    bytes_max: int,
    clock: Clock,
) -> DatasetUpload:
    """Take the next part; one that is here already is not taken again.

    Refuses  UploadOver, PartMisplaced with the offset at which to go on, PartTooLarge, PartEmpty,
             PartDigestDiffers, PartBrokenOff.
    """
    access.require(actor, Permission.DATASETS_DESCRIBE)
    async with database.reading() as reader:
        upload = await uploads.own_upload(reader, actor, upload_id)
        if await uploads.is_there(reader, upload.id, start=start, sha256=sha256):
            return upload
    _check_place(upload, start)
    room = min(bytes_max, upload.size_bytes - start)
    shelf = storage.within(SHELF)
    stored = await _written(shelf, chunks, room)
    kept = False
    try:
        if stored.size_bytes == 0:
            raise PartEmpty()
        if stored.sha256 != sha256:
            raise PartDigestDiffers(announced=sha256, received=stored.sha256, offset=start)
        async with database.writing() as writer:
            upload = await uploads.own_upload(writer, actor, upload_id, lock=True)
            if not await uploads.is_there(writer, upload.id, start=start, sha256=sha256):
                _check_place(upload, start)
                _keep_part(writer, upload, start, stored, now=clock.now())
                kept = True
    finally:
        if not kept:
            await shelf.discard(stored.name)
    return upload


def _keep_part(
    writer: WriteSession, upload: DatasetUpload, start: int, stored: StoredFile, *, now: dt.datetime
) -> None:
    writer.add(
        DatasetUploadPart(
            upload_id=upload.id,
            start_byte=start,
            size_bytes=stored.size_bytes,
            sha256=stored.sha256,
            stored_name=stored.name,
        )
    )
    upload.offset_bytes += stored.size_bytes
    upload.touched_at = now


def _check_place(upload: DatasetUpload, start: int) -> None:
    _check_under_way(upload)
    if start != upload.offset_bytes or start >= upload.size_bytes:
        raise PartMisplaced(offset=upload.offset_bytes, received=start, size=upload.size_bytes)


def _check_under_way(upload: DatasetUpload) -> None:
    if upload.state is not UploadState.OPEN:
        raise UploadOver(upload_state=upload.state.value)


async def _written(shelf: Storage, chunks: AsyncIterator[bytes], room: int) -> StoredFile:
    try:
        async with asyncio.timeout(WRITING_SECONDS_MAX):
            return await shelf.store(chunks, bytes_max=room)
    except FileTooLarge as beyond:
        raise PartTooLarge(bytes_max=room) from beyond
    except TimeoutError as slow:
        raise PartBrokenOff(seconds_max=WRITING_SECONDS_MAX) from slow


async def complete(
    database: Database, storage: Storage, actor: Actor, upload_id: UUID, *, clock: Clock
) -> DatasetFile:
    """Make one file of the parts; asked twice, it is done once and answered twice.

    Refuses  UploadIncomplete with the offset at which to go on.  FileDigestDiffers and
             FileNotItsFormat end the upload: it can never become what was announced.
    """
    access.require(actor, Permission.DATASETS_DESCRIBE)
    async with database.reading() as reader:
        upload = await uploads.own_upload(reader, actor, upload_id)
        if upload.state is UploadState.COMPLETED:
            return await uploads.completed(reader, actor, upload_id)
        parts = await uploads.parts_of(reader, upload.id)
    _check_under_way(upload)
    if upload.offset_bytes != upload.size_bytes:
        raise UploadIncomplete(offset=upload.offset_bytes, size=upload.size_bytes)
    shelf = storage.within(SHELF)
    try:
        async with asyncio.timeout(WRITING_SECONDS_MAX):
            stored = await shelf.store(_joined(shelf, parts), bytes_max=upload.size_bytes)
    except FileMissing:
        # Somebody else has completed it meanwhile, and removed the parts.
        async with database.reading() as reader:
            return await uploads.completed(reader, actor, upload_id)
    row = None
    try:
        try:
            await _check_whole(shelf, upload, stored)
        except Unacceptable:
            await _end(database, shelf, actor, upload_id, UploadState.REFUSED)
            raise
        async with database.writing() as writer:
            row = await _keep_file(writer, actor, upload_id, stored, now=clock.now())
    finally:
        if row is None or row.stored_name != stored.name:
            await shelf.discard(stored.name)
    for part in parts:
        await shelf.discard(part.stored_name)
    return row


async def _joined(
    shelf: Storage, parts: Sequence[DatasetUploadPart]
) -> AsyncGenerator[bytes, None]:
    for part in parts:
        async for piece in shelf.stream(part.stored_name):
            yield piece


async def _check_whole(shelf: Storage, upload: DatasetUpload, stored: StoredFile) -> None:
    if stored.sha256 != upload.sha256 or stored.size_bytes != upload.size_bytes:
        raise FileDigestDiffers(announced=upload.sha256, received=stored.sha256)
    head = b"".join([piece async for piece in shelf.stream(stored.name, length=HEAD_BYTES)])
    behind = max(0, stored.size_bytes - 8)
    tail = b"".join([piece async for piece in shelf.stream(stored.name, start=behind)])
    formats.check(upload.format, head, tail)


async def _keep_file(
    writer: WriteSession,
    actor: Actor,
    upload_id: UUID,
    stored: StoredFile,
    *,
    now: dt.datetime,
) -> DatasetFile:
    """Let the file exist, or find that somebody else was faster."""
    seen = await uploads.own_upload(writer, actor, upload_id)
    version = await data.version_by_id(writer, seen.version_id, lock=True)
    upload = await uploads.own_upload(writer, actor, upload_id, lock=True)
    if upload.state is UploadState.COMPLETED:
        return await uploads.completed(writer, actor, upload_id)
    _check_under_way(upload)
    check_open(version, "complete_upload")
    row = DatasetFile(
        version_id=version.id,
        name=upload.name,
        format=upload.format,
        size_bytes=stored.size_bytes,
        sha256=stored.sha256,
        stored_name=stored.name,
        completed_by=None if actor.is_system else actor.person_id,
        completed_at=now,
        profile_state=profiling.first_state(upload.format),
        profile_due_at=now,
    )
    writer.add(row)
    await _forget_parts(writer, upload.id)
    upload.state = UploadState.COMPLETED
    upload.file_id = row.id
    upload.touched_at = now
    await writer.flush()
    return row


async def abort(
    database: Database, storage: Storage, actor: Actor, upload_id: UUID
) -> DatasetUpload:
    """Give an upload up; what had arrived of it is removed."""
    access.require(actor, Permission.DATASETS_DESCRIBE)
    return await _end(database, storage.within(SHELF), actor, upload_id, UploadState.ABORTED)


async def _end(
    database: Database, shelf: Storage, actor: Actor, upload_id: UUID, state: UploadState
) -> DatasetUpload:
    async with database.writing() as writer:
        upload = await uploads.own_upload(writer, actor, upload_id, lock=True)
        _check_under_way(upload)
        names = await _forget_parts(writer, upload.id)
        upload.state = state
    for name in names:
        await shelf.discard(name)
    return upload


async def expire(session: WriteSession, upload_id: UUID, *, before: dt.datetime) -> list[str]:
    """End an upload to which nothing came for too long; name the parts to be removed."""
    upload = await uploads.any_upload(session, upload_id)
    if upload.state is not UploadState.OPEN or upload.touched_at >= before:
        return []
    names = await _forget_parts(session, upload.id)
    upload.state = UploadState.EXPIRED
    await session.flush()
    return names


async def _forget_parts(session: WriteSession, upload_id: UUID) -> list[str]:
    parts = await uploads.parts_of(session, upload_id)
    for part in parts:
        await session.delete(part)
    await session.flush()
    return [part.stored_name for part in parts]
