"""Files that are measured: hidden sets and predictions, streamed to the storage and never trusted.

Rights and stage are checked before a byte is taken, no transaction is open while bytes arrive, and
a file that is refused, by whatever check, is removed again.
"""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from typing import ClassVar, Final
from uuid import UUID

from litestar import Controller, Request, Response, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.exceptions import HTTPException, InternalServerException
from litestar.openapi.spec import OpenAPIFormat, OpenAPIMediaType, OpenAPIType, RequestBody, Schema
from litestar.openapi.spec.operation import Operation
from litestar.params import FromPath

from marketplace.identity.rules.access import Actor
from marketplace.kit.clock import Clock
from marketplace.kit.database import Database
from marketplace.kit.executors import Executor
from marketplace.kit.storage import FileTooLarge, Storage, StoredFile
from marketplace.scoring.actions import evaluation, submitting
from marketplace.scoring.errors.rounds import UploadBrokenOff
from marketplace.scoring.routes.submissions import submission_out
from marketplace.scoring.schemas.inference import HiddenInputsOut
from marketplace.scoring.schemas.rounds import HiddenSetOut
from marketplace.scoring.schemas.submissions import SubmissionOut
from marketplace.settings import Settings
from marketplace.wire.answers import answer
from marketplace.wire.sealed_doors import SEALED_DOOR

AnyRequest = Request[Actor, None, State]

MEDIA_TYPES: Final = (
    *("text/csv", "application/gzip", "application/zstd", "application/octet-stream"),
    *("application/vnd.apache.parquet", "application/jsonl", "application/x-ndjson"),
)


@dataclass
class FileUpload(Operation):
    """Describes a body that is a file and not JSON."""

    TELLS: ClassVar[str] = (
        "CSV, Parquet or JSON Lines with `id` and the column asked for; UTF-8; plain, gzip or"
        " Zstandard."
    )

    def __post_init__(self) -> None:
        file = OpenAPIMediaType(schema=Schema(type=OpenAPIType.STRING, format=OpenAPIFormat.BINARY))
        self.request_body = RequestBody(
            content=dict.fromkeys(MEDIA_TYPES, file), required=True, description=self.TELLS
        )


@dataclass
class InputsUpload(FileUpload):
    """Describes a file of hidden inputs."""

    TELLS: ClassVar[str] = (
        "JSON Lines, an object with `id` and whatever an endpoint needs, or CSV, every column a"
        " text; UTF-8; plain, gzip or Zstandard."
    )


class HiddenSetController(Controller):
    """The true answers of benchmarks."""

    path = "/v1/scenarios/{scenario_id:uuid}/hidden-sets"
    tags = ("scoring",)

    # The limit of JSON bodies is not for files; `_arriving` holds them to the one in the settings.
    @post(
        "/{criterion:str}",
        operation_id="hidden_sets_upload",
        operation_class=FileUpload,
        request_max_body_size=None,
    )
    async def upload(
        self,
        request: AnyRequest,
        scenario_id: FromPath[UUID],
        criterion: FromPath[str],
        actor: NamedDependency[Actor],
        database: NamedDependency[Database],
        storage: NamedDependency[Storage],
        settings: NamedDependency[Settings],
        scorer: NamedDependency[Executor],
        clock: NamedDependency[Clock],
    ) -> Response[HiddenSetOut]:
        """Set the hidden set of a benchmark: `id,label`; where files may be there, it waits."""
        async with database.reading() as reader:
            await evaluation.truth_call(reader, actor, scenario_id, criterion=criterion)
        async with _arriving(request, storage, settings) as arrived:
            row = await evaluation.upload_truth(
                database,
                storage,
                actor,
                scenario_id,
                criterion=criterion,
                stored=arrived.file,
                scorer=scorer,
                clock=clock,
            )
            arrived.kept_as = row.file_name
        return answer(request, HiddenSetOut.of(row), status=201)


class HiddenInputsController(Controller):
    """What endpoints are asked."""

    path = "/v1/scenarios/{scenario_id:uuid}/hidden-inputs"
    tags = ("scoring",)

    @post(
        "/{criterion:str}",
        operation_id="hidden_inputs_upload",
        operation_class=InputsUpload,
        request_max_body_size=None,
    )
    async def upload(
        self,
        request: AnyRequest,
        scenario_id: FromPath[UUID],
        criterion: FromPath[str],
        actor: NamedDependency[Actor],
        database: NamedDependency[Database],
        storage: NamedDependency[Storage],
        settings: NamedDependency[Settings],
        scorer: NamedDependency[Executor],
        clock: NamedDependency[Clock],
    ) -> Response[HiddenInputsOut]:
        """Set the inputs that endpoints are asked, one for each row of the hidden set, by `id`.

        Nobody reads them again: endpoints are sent them under names that tell nothing.
        """
        async with database.reading() as reader:
            await evaluation.inputs_call(reader, actor, scenario_id, criterion=criterion)
        async with _arriving(request, storage, settings) as arrived:
            row = await evaluation.upload_inputs(
                database,
                storage,
                actor,
                scenario_id,
                criterion=criterion,
                stored=arrived.file,
                scorer=scorer,
                clock=clock,
            )
        return answer(request, HiddenInputsOut.of(row), status=201)


class BidSubmissionController(Controller):
    """The prediction files of one bid."""

    path = "/v1/bids/{bid_id:uuid}/submissions"
    tags = ("scoring",)
    opt = SEALED_DOOR

    @post(
        "/{criterion:str}",
        status_code=202,
        operation_id="submissions_upload",
        operation_class=FileUpload,
        request_max_body_size=None,
    )
    async def upload(
        self,
        request: AnyRequest,
        bid_id: FromPath[UUID],
        criterion: FromPath[str],
        actor: NamedDependency[Actor],
        database: NamedDependency[Database],
        storage: NamedDependency[Storage],
        settings: NamedDependency[Settings],
        clock: NamedDependency[Clock],
    ) -> Response[SubmissionOut]:
        """Queue a prediction file of one's own bid to be measured: `id,prediction` or `id,score`.

        It is taken whether or not a scorer is free.  Sending the same file again answers the same
        and counts once.
        """
        async with database.reading() as reader:
            await submitting.check_upload(reader, actor, bid_id, criterion=criterion, clock=clock)
        async with _arriving(request, storage, settings) as arrived:
            row = await submitting.take_file(
                database,
                actor,
                bid_id,
                criterion=criterion,
                stored=arrived.file,
                clock=clock,
            )
            arrived.kept_as = row.file_name
        async with database.reading() as reader:
            body = await submission_out(reader, actor, row)
        return answer(request, body, status=202)


@dataclass(slots=True)
class _Arrived:
    """A file in the storage, and the name under which a row refers to it; None while none does."""

    file: StoredFile
    kept_as: str | None = None


@asynccontextmanager
async def _arriving(
    request: AnyRequest, storage: Storage, settings: Settings
) -> AsyncIterator[_Arrived]:
    """Store the body as a file, and remove it again unless a row came to refer to it."""
    media_type, _ = request.content_type
    if media_type and media_type.lower() not in MEDIA_TYPES:
        raise HTTPException(status_code=415, detail=f"send one of {', '.join(MEDIA_TYPES)}")
    bytes_max = settings.upload_bytes_max
    announced = request.content_length
    if announced is not None and announced > bytes_max:
        raise FileTooLarge(bytes_max=bytes_max, bytes=announced)
    async with aclosing(_chunks(request)) as chunks:
        arrived = _Arrived(await storage.store(chunks, bytes_max=bytes_max))
    try:
        yield arrived
    finally:
        if arrived.kept_as != arrived.file.name:
            await storage.discard(arrived.file.name)


async def _chunks(request: AnyRequest) -> AsyncGenerator[bytes, None]:
    try:
        async with aclosing(request.stream()) as stream:
            async for chunk in stream:
                yield chunk
    except InternalServerException as gone:
        raise UploadBrokenOff() from gone
