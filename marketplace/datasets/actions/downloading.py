"""Give a file out: decide, write it down, and only then let the first byte go.

The decision and its record are one transaction, and it holds the version: whoever withdraws it
waits for the record, so the list of who took what is whole.  While bytes flow the right is asked
for again every few megabytes, so a withdrawal also ends an answer that is under way.
"""

import datetime as dt
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from marketplace.datasets.actions.uploading import SHELF
from marketplace.datasets.errors import (
    AccessRefused,
    FileUnknown,
    NeverDownloadable,
    NotRequestable,
)
from marketplace.datasets.queries import data, lending
from marketplace.datasets.rules import ranges
from marketplace.datasets.rules.lifecycle import RequestState, RevocationReason, VersionState
from marketplace.datasets.rules.manifest import AccessMode, Manifest, Openness
from marketplace.datasets.rules.ranges import Span
from marketplace.datasets.tables.data import DatasetFile
from marketplace.datasets.tables.lending import DatasetDownload, DatasetToken
from marketplace.identity.queries import standing as register
from marketplace.identity.rules import access, credentials
from marketplace.identity.rules.access import Actor, Permission
from marketplace.kit.clock import Clock
from marketplace.kit.database import Database, ReadSession, WriteSession, undisturbed
from marketplace.kit.days import day_of
from marketplace.kit.storage import Storage
from marketplace.profiles.rules.deadlines import local_date

TOKEN_SCHEME: Final = "jbd_"  # noqa: S105  # how a token begins, no secret
TOKEN_LENGTH: Final = len(TOKEN_SCHEME) + 48
ASKED_AGAIN_EVERY: Final = 8 * 1024 * 1024
"""Bytes of an answer between two looks at whether the right to it still stands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedToken:
    """A token as it is shown once."""

    row: DatasetToken
    token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What was asked for, in the words of the request."""

    token: str | None
    range_header: str | None = None
    if_range: str | None = None
    if_none_match: str = ""
    address_digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Admitted:
    """A file that may go out, and which bytes of it."""

    file: DatasetFile
    span: Span | None
    """None: all of it, as an ordinary answer."""
    token_id: UUID | None
    download_id: UUID | None = None
    """None: the caller has these very bytes already, nothing leaves."""

    @property
    def first(self) -> int:
        """Where the answer begins."""
        return 0 if self.span is None else self.span.first

    @property
    def length(self) -> int:
        """How many bytes the answer has."""
        return self.file.size_bytes if self.span is None else self.span.length


def etag_of(file: DatasetFile) -> str:
    """Name the bytes of a file: its digest is the strongest validator there is."""
    return f'"{file.sha256}"'


async def issue_token(
    session: WriteSession,
    actor: Actor,
    request_id: UUID,
    *,
    entropy: bytes,
    days: int,
    now: dt.datetime,
) -> IssuedToken:
    """Draw a token for the asking person; an earlier one of theirs ends with it.

    Refuses  NotRequestable while the request is not approved, NeverDownloadable for data that are
             used elsewhere, AccessRefused after the last day on which a copy may be held.
    """
    access.require(actor, Permission.DATASETS_REQUEST)
    row, dataset = await lending.request_seen_by(session, actor, request_id)
    lending.check_own(actor, row)
    version = await data.version_by_id(session, row.version_id, share=True)
    row = await lending.request(session, request_id, lock=True)
    manifest = data.manifest_of(dataset, version)
    if row.state is not RequestState.APPROVED or version.state is not VersionState.PUBLISHED:
        raise NotRequestable(reason="not_approved", request_state=row.state.value)
    _check_mode(manifest)
    await register.organization_in_good_standing(session, actor.organization_id, on=day_of(now))
    for earlier in await lending.live_tokens(session, request_id=row.id, person_id=actor.person_id):
        earlier.revoked_at = now
        earlier.revocation = RevocationReason.REPLACED
    _check_retention(manifest, now)
    token = TOKEN_SCHEME + entropy.hex()
    issued = DatasetToken(
        request_id=row.id,
        version_id=version.id,
        organization_id=actor.organization_id,
        person_id=actor.person_id,
        secret_sha256=credentials.hash_secret(token),
        issued_at=now,
        expires_at=now + dt.timedelta(days=days),
    )
    session.add(issued)
    await session.flush()
    return IssuedToken(row=issued, token=token)


async def admit(
    session: ReadSession, actor: Actor, file_id: UUID, wanted: Wanted, *, now: dt.datetime
) -> Admitted:
    """Decide whether, and which bytes of, a file may go out now.

    Refuses  FileUnknown, NeverDownloadable whoever asks, RangeNotSatisfiable, AccessRefused with
             one word for: withdrawn, not_published, retention_over, no_token, token_unknown,
             token_revoked, token_expired.
    """
    access.signed_in(actor)
    file = await data.file(session, file_id)
    version = await data.version_by_id(session, file.version_id, share=True)
    found = await data.dataset_seen_by(session, actor, version.dataset_id)
    if version.state not in data.SHOWN_STATES and not data.knows_from_inside(actor, found):
        raise FileUnknown(file_id=str(file_id))
    manifest = data.manifest_of(found.row, version)
    _check_mode(manifest)
    if version.state is not VersionState.PUBLISHED:
        withdrawn = version.state is VersionState.WITHDRAWN
        raise AccessRefused(reason="withdrawn" if withdrawn else "not_published")
    _check_retention(manifest, now)
    token_id = None
    if manifest.openness is not Openness.UNCONDITIONAL:
        token_id = await _token(session, actor, version.id, wanted.token, now)
    span = ranges.asked(
        wanted.range_header, wanted.if_range, size=file.size_bytes, etag=etag_of(file)
    )
    return Admitted(file=file, span=span, token_id=token_id)


def _check_mode(manifest: Manifest) -> None:
    if manifest.access is not AccessMode.DOWNLOAD or manifest.openness is Openness.NOT_OPEN:
        raise NeverDownloadable(access=manifest.access.value)


def _check_retention(manifest: Manifest, now: dt.datetime) -> None:
    if manifest.retain_until is not None and local_date(now) > manifest.retain_until:
        raise AccessRefused(reason="retention_over", retain_until=manifest.retain_until)


async def _token(
    session: ReadSession, actor: Actor, version_id: UUID, token: str | None, now: dt.datetime
) -> UUID:
    if token is None:
        raise AccessRefused(reason="no_token")
    if len(token) != TOKEN_LENGTH:
        raise AccessRefused(reason="token_unknown")
    row = await lending.token(session, credentials.hash_secret(token))
    # A token of somebody else is as unknown as one that was made up.
    mine = row is not None and (row.version_id, row.organization_id, row.person_id) == (
        version_id,
        actor.organization_id,
        actor.person_id,
    )
    if row is None or not mine:
        raise AccessRefused(reason="token_unknown")
    if row.revoked_at is not None:
        raise AccessRefused(reason="token_revoked")
    if row.expires_at <= now:
        raise AccessRefused(reason="token_expired")
    await register.organization_in_good_standing(session, actor.organization_id, on=day_of(now))
    return row.id


async def begin(
    session: WriteSession, actor: Actor, file_id: UUID, wanted: Wanted, *, now: dt.datetime
) -> Admitted:
    """Decide, and write down that these bytes are about to leave."""
    admitted = await admit(session, actor, file_id, wanted, now=now)
    if etag_of(admitted.file) in {part.strip() for part in wanted.if_none_match.split(",")}:
        return admitted
    version = await data.version_by_id(session, admitted.file.version_id)
    row = DatasetDownload(
        file_id=admitted.file.id,
        version_id=version.id,
        dataset_id=version.dataset_id,
        organization_id=actor.organization_id,
        person_id=actor.person_id,
        token_id=admitted.token_id,
        first_byte=admitted.first,
        last_byte=admitted.first + admitted.length - 1,
        started_at=now,
        address_digest=wanted.address_digest,
    )
    session.add(row)
    await session.flush()
    return Admitted(
        file=admitted.file, span=admitted.span, token_id=admitted.token_id, download_id=row.id
    )


async def bytes_of(
    database: Database, storage: Storage, admitted: Admitted, *, clock: Clock
) -> AsyncGenerator[bytes, None]:
    """Let the bytes go, piece by piece, as long as the right to them stands; then note how many."""
    sent = unasked = 0
    source = storage.within(SHELF).stream(
        admitted.file.stored_name, start=admitted.first, length=admitted.length
    )
    try:
        async with aclosing(source) as pieces:
            async for piece in pieces:
                if unasked >= ASKED_AGAIN_EVERY:
                    unasked = 0
                    if not await undisturbed(_still_stands(database, admitted)):
                        return
                unasked += len(piece)
                sent += len(piece)
                yield piece
    finally:
        # A caller who hangs up cancels this very task: the note is written all the same.
        await undisturbed(_note(database, admitted, sent, clock))


async def _still_stands(database: Database, admitted: Admitted) -> bool:
    async with database.reading() as session:
        version = await data.version_by_id(session, admitted.file.version_id)
        if version.state is not VersionState.PUBLISHED:
            return False
        return admitted.token_id is None or await lending.token_lives(session, admitted.token_id)


async def _note(database: Database, admitted: Admitted, sent: int, clock: Clock) -> None:
    assert admitted.download_id is not None
    async with database.writing() as session:
        row = await lending.download(session, admitted.download_id)
        row.sent_bytes = sent
        row.ended_at = clock.now()
