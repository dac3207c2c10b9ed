"""The door to access: ask, decide, draw a token, certify deletion; who took what."""

import os
from uuid import UUID

from litestar import Controller, Request, Response, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from marketplace.datasets.actions import deleting, downloading
from marketplace.datasets.actions import lending as actions
from marketplace.datasets.queries import data, lending
from marketplace.datasets.schemas.lending import (
    AccessRequestIn,
    AccessRequestOut,
    CertificateOut,
    CertifyDeletionIn,
    DeletionsOut,
    DownloadOut,
    IssuedTokenOut,
    RefuseAccessIn,
)
from marketplace.identity.rules import access
from marketplace.identity.rules.access import Actor
from marketplace.kit.clock import Clock
from marketplace.kit.database import ReadSession, WriteSession
from marketplace.kit.paging import id_after, page_of
from marketplace.settings import Settings
from marketplace.wire.answers import answer, expected_version
from marketplace.wire.idempotency import once
from marketplace.wire.shapes import LIMIT_DEFAULT, Cursor, Limit, PageOut

AnyRequest = Request[Actor, None, State]


class VersionLendingController(Controller):
    """Who asked for a version, took it, and deleted it."""

    path = "/v1/datasets/{dataset_id:uuid}/versions/{number:int}"
    tags = ("datasets",)

    @post("/access-requests", operation_id="dataset_access_requests_create")
    @once()
    async def ask(
        self,
        request: AnyRequest,
        dataset_id: FromPath[UUID],
        number: FromPath[int],
        data: JSONBody[AccessRequestIn],
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
        clock: NamedDependency[Clock],
    ) -> Response[AccessRequestOut]:
        """Ask for a version on behalf of a verified solver, accepting its terms."""
        row = await actions.ask(
            writer,
            actor,
            dataset_id,
            number,
            purpose=data.purpose,
            terms_sha256=data.terms_sha256,
            now=clock.now(),
        )
        return answer(request, AccessRequestOut.of(row), version=row.version, status=201)

    @get("/access-requests", operation_id="dataset_access_requests_list")
    async def list_requests(
        self,
        request: AnyRequest,
        dataset_id: FromPath[UUID],
        number: FromPath[int],
        actor: NamedDependency[Actor],
        reader: NamedDependency[ReadSession],
        limit: Limit = LIMIT_DEFAULT,
        cursor: Cursor = None,
    ) -> Response[PageOut[AccessRequestOut]]:
        """List the requests for a version: its custodian sees all, everybody else their own."""
        access.signed_in(actor)
        found, version = await data.version_seen_by(reader, actor, dataset_id, number)
        rows = await lending.requests_seen_by(
            reader, actor, found.row, version, after=id_after(cursor), limit=limit + 1
        )
        items = [AccessRequestOut.of(row, organization.name_zh) for row, organization in rows]
        page = page_of(items, limit, "id")
        return answer(request, PageOut(items=page.items, next_cursor=page.next_cursor))

    @get("/downloads", operation_id="dataset_downloads_list")
    async def list_downloads(
        self,
        request: AnyRequest,
        dataset_id: FromPath[UUID],
        number: FromPath[int],
        actor: NamedDependency[Actor],
        reader: NamedDependency[ReadSession],
        limit: Limit = LIMIT_DEFAULT,
        cursor: Cursor = None,
    ) -> Response[PageOut[DownloadOut]]:
        """List the downloads of a version: its custodian sees all, everybody else their own."""
        access.signed_in(actor)
        found, version = await data.version_seen_by(reader, actor, dataset_id, number)
        rows = await lending.downloads_seen_by(
            reader, actor, found.row, version, after=id_after(cursor), limit=limit + 1
        )
        page = page_of([DownloadOut.of(row) for row in rows], limit, "id")
        return answer(request, PageOut(items=page.items, next_cursor=page.next_cursor))

    @post("/deletion-certificates", operation_id="dataset_deletions_certify")
    @once()
    async def certify(
        self,
        request: AnyRequest,
        dataset_id: FromPath[UUID],
        number: FromPath[int],
        data: JSONBody[CertifyDeletionIn],
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
        clock: NamedDependency[Clock],
    ) -> Response[CertificateOut]:
        """Sign that your organisation has deleted every copy of a version."""
        row = await deleting.certify(
            writer, actor, dataset_id, number, statement=data.statement, now=clock.now()
        )
        return answer(request, CertificateOut.of(row), status=201)

    @get("/deletion-certificates", operation_id="dataset_deletions_list")
    async def list_deletions(
        self,
        request: AnyRequest,
        dataset_id: FromPath[UUID],
        number: FromPath[int],
        actor: NamedDependency[Actor],
        reader: NamedDependency[ReadSession],
    ) -> Response[DeletionsOut]:
        """List who has certified deletion, and who took the version and has not."""
        access.signed_in(actor)
        found, version = await data.version_seen_by(reader, actor, dataset_id, number)
        lending.check_knows(actor, found.row)
        rows = await lending.certificates(reader, version.id)
        return answer(request, DeletionsOut.of(rows, await lending.takers(reader, version.id)))


class AccessRequestController(Controller):
    """One access request."""

    path = "/v1/dataset-access-requests/{request_id:uuid}"
    tags = ("datasets",)

    @get(operation_id="dataset_access_requests_get")
    async def get_request(
        self,
        request: AnyRequest,
        request_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        reader: NamedDependency[ReadSession],
    ) -> Response[AccessRequestOut]:
        """Show a request to its organisation, the custodian, auditors and supervisors."""
        access.signed_in(actor)
        row, _ = await lending.request_seen_by(reader, actor, request_id)
        return answer(request, AccessRequestOut.of(row), version=row.version)

    @post("/actions/approve", status_code=200, operation_id="dataset_access_requests_approve")
    @once()
    async def approve(
        self,
        request: AnyRequest,
        request_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
        clock: NamedDependency[Clock],
    ) -> Response[AccessRequestOut]:
        """Grant a request, as the custodian of the data."""
        access.signed_in(actor)
        row = await actions.decide(
            writer,
            actor,
            request_id,
            verb="approve",
            expected_version=expected_version(request),
            now=clock.now(),
        )
        return answer(request, AccessRequestOut.of(row), version=row.version)

    @post("/actions/refuse", status_code=200, operation_id="dataset_access_requests_refuse")
    @once()
    async def refuse(
        self,
        request: AnyRequest,
        request_id: FromPath[UUID],
        data: JSONBody[RefuseAccessIn],
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
        clock: NamedDependency[Clock],
    ) -> Response[AccessRequestOut]:
        """Refuse a request, with the reason."""
        access.signed_in(actor)
        row = await actions.decide(
            writer,
            actor,
            request_id,
            verb="refuse",
            reason=data.reason,
            expected_version=expected_version(request),
            now=clock.now(),
        )
        return answer(request, AccessRequestOut.of(row), version=row.version)

    @post("/actions/revoke", status_code=200, operation_id="dataset_access_requests_revoke")
    @once()
    async def revoke(
        self,
        request: AnyRequest,
        request_id: FromPath[UUID],
        data: JSONBody[RefuseAccessIn],
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
        clock: NamedDependency[Clock],
    ) -> Response[AccessRequestOut]:
        """Take an access back: its tokens fail with the next request."""
        access.signed_in(actor)
        row = await actions.decide(
            writer,
            actor,
            request_id,
            verb="revoke",
            reason=data.reason,
            expected_version=expected_version(request),
            now=clock.now(),
        )
        return answer(request, AccessRequestOut.of(row), version=row.version)

    @post("/actions/cancel", status_code=200, operation_id="dataset_access_requests_cancel")
    @once()
    async def cancel(
        self,
        request: AnyRequest,
        request_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
        clock: NamedDependency[Clock],
    ) -> Response[AccessRequestOut]:
        """Take back a request of your organisation that was not decided yet."""
        access.signed_in(actor)
        row = await actions.cancel(
            writer,
            actor,
            request_id,
            expected_version=expected_version(request),
            now=clock.now(),
        )
        return answer(request, AccessRequestOut.of(row), version=row.version)

    @post("/tokens", operation_id="dataset_tokens_issue")
    async def issue_token(
        self,
        request: AnyRequest,
        request_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
        settings: NamedDependency[Settings],
        clock: NamedDependency[Clock],
    ) -> Response[IssuedTokenOut]:
        """Draw a token for yourself; its secret is in this answer and nowhere else.

        Not repeatable under an Idempotency-Key: that would store the secret.
        """
        access.signed_in(actor)
        issued = await downloading.issue_token(
            writer,
            actor,
            request_id,
            entropy=os.urandom(24),
            days=settings.dataset_token_days,
            now=await clock.decisive(writer),
        )
        no_store = {"Cache-Control": "no-store"}
        return answer(request, IssuedTokenOut.of(issued), status=201, headers=no_store)
