"""The door for files: in parts, resumable, streamed to the storage and never trusted.

Rights and place are checked before a byte is taken, and no transaction is open while bytes arrive.
"""

from contextlib import aclosing
from uuid import UUID

from litestar import Controller, Request, Response, get, head, post, put
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from marketplace.datasets.actions import uploading, versions
from marketplace.datasets.actions.uploading import Announced
from marketplace.datasets.errors import PartBrokenOff, PartTooLarge
from marketplace.datasets.queries import uploads
from marketplace.datasets.rules.digests import sha256_announced
from marketplace.datasets.schemas.data import DatasetFileOut, UploadIn, UploadOut
from marketplace.datasets.tables.data import DatasetUpload
from marketplace.identity.rules import access
from marketplace.identity.rules.access import Actor
from marketplace.kit.clock import Clock
from marketplace.kit.database import Database, ReadSession, WriteSession
from marketplace.kit.storage import Storage
from marketplace.settings import Settings
from marketplace.wire.answers import answer
from marketplace.wire.idempotency import once
from marketplace.wire.parts import PartUpload, chunks_of, place

AnyRequest = Request[Actor, None, State]


@post(
    "/v1/datasets/{dataset_id:uuid}/versions/{number:int}/uploads",
    operation_id="dataset_uploads_create",
    tags=["datasets"],
)
@once()
async def begin_upload(
    request: AnyRequest,
    dataset_id: FromPath[UUID],
    number: FromPath[int],
    data: JSONBody[UploadIn],
    actor: NamedDependency[Actor],
    writer: NamedDependency[WriteSession],
    settings: NamedDependency[Settings],
    clock: NamedDependency[Clock],
) -> Response[UploadOut]:
    """Begin the upload of one file into an open version; then send its parts."""
    announced = Announced(
        name=data.name, format=data.format, size_bytes=data.size_bytes, sha256=data.sha256
    )
    row = await uploading.begin(
        writer,
        actor,
        dataset_id,
        number,
        announced=announced,
        bytes_max=settings.dataset_file_bytes_max,
        files_max=settings.dataset_files_max,
        now=clock.now(),
    )
    location = {"Location": f"/v1/dataset-uploads/{row.id}"}
    return answer(request, _out(row, settings), status=201, headers=location)


class UploadController(Controller):
    """One file on its way."""

    path = "/v1/dataset-uploads/{upload_id:uuid}"
    tags = ("datasets",)

    @get(operation_id="dataset_uploads_get")
    async def get_upload(
        self,
        request: AnyRequest,
        upload_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        reader: NamedDependency[ReadSession],
        settings: NamedDependency[Settings],
    ) -> Response[UploadOut]:
        """Show how far an upload of your organisation has come."""
        access.signed_in(actor)
        row = await uploads.own_upload(reader, actor, upload_id)
        return answer(request, _out(row, settings), headers=_place(row))

    @head(operation_id="dataset_uploads_head")
    async def head_upload(
        self,
        upload_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        reader: NamedDependency[ReadSession],
    ) -> Response[None]:
        """Tell in a header where the next part begins."""
        access.signed_in(actor)
        row = await uploads.own_upload(reader, actor, upload_id)
        return Response(None, headers=_place(row) | {"Cache-Control": "no-store"})

    # The limit of JSON bodies is not for parts; `put_part` holds them to the one in the settings.
    @put(
        "/parts/{offset:int}",
        operation_id="dataset_uploads_put_part",
        operation_class=PartUpload,
        request_max_body_size=None,
    )
    async def put_part(
        self,
        request: AnyRequest,
        upload_id: FromPath[UUID],
        offset: FromPath[int],
        actor: NamedDependency[Actor],
        database: NamedDependency[Database],
        storage: NamedDependency[Storage],
        settings: NamedDependency[Settings],
        clock: NamedDependency[Clock],
    ) -> Response[UploadOut]:
        """Send the next part; sending it again is answered the same."""
        access.signed_in(actor)
        bytes_max = settings.dataset_part_bytes_max
        announced = request.content_length
        if announced is not None and announced > bytes_max:
            raise PartTooLarge(bytes_max=bytes_max, bytes=announced)
        async with aclosing(chunks_of(request, broken_off=PartBrokenOff)) as chunks:
            row = await uploading.put_part(
                database,
                storage,
                actor,
                upload_id,
                start=offset,
                sha256=sha256_announced(request.headers.get("content-digest")),
                chunks=chunks,
                bytes_max=bytes_max,
                clock=clock,
            )
        return answer(request, _out(row, settings), headers=_place(row))

    @post("/actions/complete", operation_id="dataset_uploads_complete")
    async def complete(
        self,
        request: AnyRequest,
        upload_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        database: NamedDependency[Database],
        storage: NamedDependency[Storage],
        clock: NamedDependency[Clock],
    ) -> Response[DatasetFileOut]:
        """Make one file of the parts; asked again, the answer is the same file."""
        access.signed_in(actor)
        row = await uploading.complete(database, storage, actor, upload_id, clock=clock)
        return answer(request, DatasetFileOut.of(row), status=201)

    @post("/actions/abort", status_code=200, operation_id="dataset_uploads_abort")
    async def abort(
        self,
        request: AnyRequest,
        upload_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        database: NamedDependency[Database],
        storage: NamedDependency[Storage],
        settings: NamedDependency[Settings],
    ) -> Response[UploadOut]:
        """Give an upload up; what had arrived of it is removed."""
        access.signed_in(actor)
        row = await uploading.abort(database, storage, actor, upload_id)
        return answer(request, _out(row, settings))


@post(
    "/v1/dataset-files/{file_id:uuid}/actions/remove",
    status_code=200,
    operation_id="dataset_files_remove",
    tags=["datasets"],
)
@once()
async def remove_file(
    request: AnyRequest,
    file_id: FromPath[UUID],
    actor: NamedDependency[Actor],
    writer: NamedDependency[WriteSession],
) -> Response[DatasetFileOut]:
    """Take a file out of a version that is not sealed yet."""
    row = await versions.remove_file(writer, actor, file_id)
    return answer(request, DatasetFileOut.of(row))


def _out(row: DatasetUpload, settings: Settings) -> UploadOut:
    return UploadOut.of(
        row,
        part_bytes_max=settings.dataset_part_bytes_max,
        hours=settings.dataset_upload_hours,
    )


def _place(row: DatasetUpload) -> dict[str, str]:
    return place(row.offset_bytes, row.size_bytes)
