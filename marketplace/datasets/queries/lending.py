"""What the datasets room can answer: who asked, who was given, who took, who deleted.

Every answer here could tell who is about to bid, so each is for the organisation itself and for
those who `knows_borrowers` lets pass, and no number of them is told to anybody else.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select as core_select
from sqlmodel import col, distinct, func, select

from marketplace.datasets.errors import NotTheCustodian, RequestUnknown
from marketplace.datasets.queries import data
from marketplace.datasets.rules.lifecycle import LIVE_REQUESTS, RequestState
from marketplace.datasets.tables.data import Dataset, DatasetVersion
from marketplace.datasets.tables.lending import (
    AccessRequest,
    DatasetDownload,
    DatasetToken,
    DeletionCertificate,
)
from marketplace.identity.rules.access import Actor, Permission
from marketplace.identity.tables.organizations import Organization
from marketplace.kit.database import ReadSession
from marketplace.kit.days import SHANGHAI


async def request(session: ReadSession, request_id: UUID, *, lock: bool = False) -> AccessRequest:
    """Find one request."""
    statement = select(AccessRequest).where(AccessRequest.id == request_id)
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    row = (await session.exec(statement)).first()
    if row is None:
        raise RequestUnknown(request_id=str(request_id))
    return row


async def request_seen_by(
    session: ReadSession, actor: Actor, request_id: UUID
) -> tuple[AccessRequest, Dataset]:
    """Find a request of one's own organisation, or any as the custodian; no other exists."""
    row = await request(session, request_id)
    dataset = await data.dataset(session, row.dataset_id)
    if row.organization_id != actor.organization_id and not data.knows_borrowers(actor, dataset):
        raise RequestUnknown(request_id=str(request_id))
    return row, dataset


def check_own(actor: Actor, row: AccessRequest) -> None:
    """Refuse to do for another organisation what only it may do."""
    if row.organization_id != actor.organization_id:
        raise RequestUnknown(request_id=str(row.id))


async def requests_seen_by(
    session: ReadSession,
    actor: Actor,
    dataset: Dataset,
    version: DatasetVersion,
    *,
    after: UUID,
    limit: int,
) -> Sequence[tuple[AccessRequest, Organization]]:
    """List the requests for a version: all of them for its custodian, else one's own."""
    statement = (
        select(AccessRequest, Organization)
        .where(AccessRequest.version_id == version.id)
        .where(AccessRequest.organization_id == Organization.id)
        .where(col(AccessRequest.id) > after)
    )
    if not data.knows_borrowers(actor, dataset):
        statement = statement.where(AccessRequest.organization_id == actor.organization_id)
    return (await session.exec(statement.order_by(col(AccessRequest.id)).limit(limit))).all()


async def live_request(
    session: ReadSession, version_id: UUID, organization_id: UUID
) -> AccessRequest | None:
    """Find the request of an organisation that waits or holds."""
    found = await session.exec(
        select(AccessRequest)
        .where(AccessRequest.version_id == version_id)
        .where(AccessRequest.organization_id == organization_id)
        .where(col(AccessRequest.state).in_(LIVE_REQUESTS))
    )
    return found.first()


async def live_requests(session: ReadSession, version_id: UUID) -> Sequence[AccessRequest]:
    """List the requests that wait or hold, locked, in the order of their ids."""
    found = await session.exec(
        select(AccessRequest)
        .where(AccessRequest.version_id == version_id)
        .where(col(AccessRequest.state).in_(LIVE_REQUESTS))
        .order_by(col(AccessRequest.id))
        .with_for_update()
    )
    return found.all()


async def live_tokens(
    session: ReadSession,
    *,
    version_id: UUID | None = None,
    request_id: UUID | None = None,
    organization_id: UUID | None = None,
    person_id: UUID | None = None,
) -> Sequence[DatasetToken]:
    """List the tokens that were not revoked, locked; of whatever is named."""
    statement = select(DatasetToken).where(col(DatasetToken.revoked_at).is_(None))
    for column, value in (
        (DatasetToken.version_id, version_id),
        (DatasetToken.request_id, request_id),
        (DatasetToken.organization_id, organization_id),
        (DatasetToken.person_id, person_id),
    ):
        if value is not None:
            statement = statement.where(col(column) == value)
    ordered = statement.order_by(col(DatasetToken.id)).with_for_update()
    return (await session.exec(ordered)).all()


async def token(session: ReadSession, secret_sha256: str) -> DatasetToken | None:
    """Find a token by the digest of its secret; 192 random bits need no comparison in constant
    time.
    """
    found = await session.exec(
        select(DatasetToken).where(DatasetToken.secret_sha256 == secret_sha256)
    )
    return found.first()


async def token_lives(session: ReadSession, token_id: UUID) -> bool:
    """Tell whether a token was not revoked."""
    found = await session.exec(
        select(DatasetToken.id)
        .where(DatasetToken.id == token_id)
        .where(col(DatasetToken.revoked_at).is_(None))
    )
    return found.first() is not None


async def takers(session: ReadSession, version_id: UUID) -> Sequence[UUID]:
    """Name every organisation to which bytes of a version may have gone."""
    found = await session.exec(
        select(DatasetDownload.organization_id)
        .distinct()
        .where(DatasetDownload.version_id == version_id)
        .order_by(col(DatasetDownload.organization_id))
    )
    return found.all()


async def borrowers(session: ReadSession, version_id: UUID) -> Sequence[UUID]:
    """Name every organisation that took a version or may take it."""
    may = await session.exec(
        select(AccessRequest.organization_id)
        .where(AccessRequest.version_id == version_id)
        .where(AccessRequest.state == RequestState.APPROVED)
    )
    return sorted({*may.all(), *await takers(session, version_id)})


async def download(session: ReadSession, download_id: UUID) -> DatasetDownload:
    """Find one record of a download."""
    found = await session.exec(select(DatasetDownload).where(DatasetDownload.id == download_id))
    return found.one()


async def downloads_seen_by(
    session: ReadSession,
    actor: Actor,
    dataset: Dataset,
    version: DatasetVersion,
    *,
    after: UUID,
    limit: int,
) -> Sequence[DatasetDownload]:
    """List the downloads of a version: all of them for its custodian, else one's own."""
    statement = (
        select(DatasetDownload)
        .where(DatasetDownload.version_id == version.id)
        .where(col(DatasetDownload.id) > after)
    )
    if not data.knows_borrowers(actor, dataset):
        statement = statement.where(DatasetDownload.organization_id == actor.organization_id)
    return (await session.exec(statement.order_by(col(DatasetDownload.id)).limit(limit))).all()


def check_knows(actor: Actor, dataset: Dataset) -> None:
    """Refuse who may not know what of a dataset went to whom."""
    if not data.knows_borrowers(actor, dataset):
        raise NotTheCustodian()


def check_knows_of_source(actor: Actor, source_id: UUID) -> None:
    """Refuse who may not know what of a data-source unit's data went to whom."""
    judge = actor.has(*data.JUDGES)
    own = actor.organization_id == source_id and actor.may(Permission.DATASETS_DECIDE)
    if judge or not (own or actor.may(Permission.DATASETS_OVERSEE)):
        raise NotTheCustodian()


async def certificate(
    session: ReadSession, version_id: UUID, organization_id: UUID
) -> DeletionCertificate | None:
    """Find the certificate of an organisation."""
    found = await session.exec(
        select(DeletionCertificate)
        .where(DeletionCertificate.version_id == version_id)
        .where(DeletionCertificate.organization_id == organization_id)
    )
    return found.first()


async def certificates(session: ReadSession, version_id: UUID) -> Sequence[DeletionCertificate]:
    """List the certificates of a version."""
    found = await session.exec(
        select(DeletionCertificate)
        .where(DeletionCertificate.version_id == version_id)
        .order_by(col(DeletionCertificate.id))
    )
    return found.all()


def year_in_shenzhen(year: int) -> tuple[dt.datetime, dt.datetime]:
    """Tell when a calendar year begins and ends, as instants."""
    begins, ends = (dt.datetime(one, 1, 1, tzinfo=SHANGHAI) for one in (year, year + 1))
    return begins.astimezone(dt.UTC), ends.astimezone(dt.UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """How much a dataset was shared in a calendar year; its owners' own use does not count."""

    dataset_id: UUID
    organizations: int
    files: int
    """Files taken, each counted once per organisation: repeats and ranges do not add up."""
    requests: int
    sent_bytes: int


async def usage(
    session: ReadSession,
    *,
    since: dt.datetime,
    until: dt.datetime,
    dataset_id: UUID | None = None,
    source_id: UUID | None = None,
) -> Sequence[Usage]:
    """Count the sharing of one dataset, or of every dataset of a data-source unit."""
    pairs = _pairs(since, until, dataset_id, source_id).subquery()
    counted = (
        core_select(
            pairs.c.dataset_id,
            func.count(distinct(pairs.c.organization_id)),
            func.count(),
            func.sum(pairs.c.requests),
            func.sum(pairs.c.sent_bytes),
        )
        .group_by(pairs.c.dataset_id)
        .order_by(pairs.c.dataset_id)
    )
    found = await (await session.connection()).execute(counted)
    return [
        Usage(
            dataset_id=dataset,
            organizations=organizations,
            files=files,
            requests=int(requests),
            sent_bytes=int(sent_bytes),
        )
        for dataset, organizations, files, requests, sent_bytes in found.all()
    ]


def _pairs(
    since: dt.datetime, until: dt.datetime, dataset_id: UUID | None, source_id: UUID | None
) -> Any:
    """Select one line per organisation and file."""
    took = DatasetDownload
    statement: Any = (
        core_select(
            col(took.dataset_id),
            col(took.organization_id),
            col(took.file_id),
            func.count().label("requests"),
            func.sum(func.coalesce(col(took.sent_bytes), 0)).label("sent_bytes"),
        )
        .join(Dataset, col(Dataset.id) == col(took.dataset_id))
        .where(col(took.organization_id) != col(Dataset.poster_id))
        .where(col(took.organization_id) != col(Dataset.source_id))
        .where(col(took.started_at) >= since)
        .where(col(took.started_at) < until)
    )
    if dataset_id is not None:
        statement = statement.where(col(took.dataset_id) == dataset_id)
    if source_id is not None:
        statement = statement.where(col(Dataset.source_id) == source_id)
    return statement.group_by(col(took.dataset_id), col(took.organization_id), col(took.file_id))
