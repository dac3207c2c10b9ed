"""Inference endpoints of solvers: registered, tried, and submitted to be measured."""

import os
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from litestar import Controller, Request, Response, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.openapi.spec import (
    OpenAPIFormat,
    OpenAPIMediaType,
    OpenAPIResponse,
    OpenAPIType,
    Schema,
)
from litestar.openapi.spec.operation import Operation
from litestar.params import FromPath, JSONBody
from litestar.response import Stream

from marketplace.bids.queries import bids
from marketplace.datasets.rules.digests import digest_header
from marketplace.identity.rules import access
from marketplace.identity.rules.access import Actor, Permission
from marketplace.kit.addresses import policy_for
from marketplace.kit.clock import Clock
from marketplace.kit.database import Database, ReadSession, WriteSession
from marketplace.kit.secrets import Keeper
from marketplace.kit.storage import Storage
from marketplace.scoring.actions import probing, registering, running
from marketplace.scoring.actions.conducting import SHELF
from marketplace.scoring.queries import inference as queries
from marketplace.scoring.routes.submissions import submission_out
from marketplace.scoring.schemas.inference import (
    InferenceEndpointIn,
    InferenceEndpointOut,
    ProbeOut,
)
from marketplace.scoring.schemas.submissions import SubmissionOut
from marketplace.settings import Settings
from marketplace.wire.answers import answer
from marketplace.wire.idempotency import once
from marketplace.wire.sealed_doors import SEALED_DOOR, seal_under
from marketplace.wire.shapes import PageOut

ENTROPY_BYTES: Final = 32
LINES_TYPE: Final = "application/jsonl"
AnyRequest = Request[Actor, None, State]


class BidInferenceController(Controller):
    """The inference endpoints of one bid."""

    path = "/v1/bids/{bid_id:uuid}/inference-endpoints"
    tags = ("scoring",)

    @post("/{criterion:str}", operation_id="inference_endpoints_register", opt=SEALED_DOOR)
    async def register(
        self,
        request: AnyRequest,
        bid_id: FromPath[UUID],
        criterion: FromPath[str],
        data: JSONBody[InferenceEndpointIn],
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
        clock: NamedDependency[Clock],
        keeper: NamedDependency[Keeper],
        settings: NamedDependency[Settings],
    ) -> Response[InferenceEndpointOut]:
        """Register where one's own bid answers inputs of a benchmark; its header is never shown.

        The same address with the same header again answers the same.  Not repeatable under an
        Idempotency-Key: that would keep a digest of the header.
        """
        row = await registering.register(
            writer,
            actor,
            bid_id,
            criterion=criterion,
            address=data.address(),
            keeper=keeper,
            reach=policy_for(development=settings.development),
            clock=clock,
        )
        return answer(request, InferenceEndpointOut.of(row), status=201)

    @get(operation_id="inference_endpoints_list")
    async def list_endpoints(
        self,
        request: AnyRequest,
        bid_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        reader: NamedDependency[ReadSession],
    ) -> Response[PageOut[InferenceEndpointOut]]:
        """List the endpoints of one's own bid, oldest first; nobody else ever sees them."""
        access.require(actor, Permission.SUBMISSIONS_UPLOAD)
        bid = await bids.own_bid(reader, actor, bid_id)
        rows = await queries.endpoints_of(reader, bid.id)
        items = [InferenceEndpointOut.of(row) for row in rows]
        return answer(request, PageOut(items=items, next_cursor=None))


class InferenceEndpointController(Controller):
    """One inference endpoint of one's own."""

    path = "/v1/inference-endpoints/{inference_endpoint_id:uuid}"
    tags = ("scoring",)

    @get(operation_id="inference_endpoints_get")
    async def get_endpoint(
        self,
        request: AnyRequest,
        inference_endpoint_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        reader: NamedDependency[ReadSession],
    ) -> Response[InferenceEndpointOut]:
        """Show one endpoint of one's own bid."""
        access.require(actor, Permission.SUBMISSIONS_UPLOAD)
        row, _ = await queries.own_endpoint(reader, actor, inference_endpoint_id)
        return answer(request, InferenceEndpointOut.of(row))

    @post("/actions/probe", status_code=200, operation_id="inference_endpoints_probe")
    async def probe(
        self,
        request: AnyRequest,
        inference_endpoint_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        database: NamedDependency[Database],
        clock: NamedDependency[Clock],
        keeper: NamedDependency[Keeper],
        settings: NamedDependency[Settings],
    ) -> Response[ProbeOut]:
        """Call it once with the example that the call publishes, and say what came of it."""
        found = await probing.probe(
            database,
            actor,
            inference_endpoint_id,
            keeper=keeper,
            reach=policy_for(development=settings.development),
            clock=clock,
        )
        return answer(request, ProbeOut.of(found))

    @post(
        "/actions/submit",
        status_code=202,
        operation_id="inference_endpoints_submit",
        opt=SEALED_DOOR,
    )
    @once()
    async def submit(
        self,
        request: AnyRequest,
        inference_endpoint_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
        clock: NamedDependency[Clock],
        keeper: NamedDependency[Keeper],
    ) -> Response[SubmissionOut]:
        """Have it asked every hidden input, and its answers measured like a file.

        While it is being asked, asking again answers the same and counts once.
        """
        row = await running.submit(
            writer,
            actor,
            inference_endpoint_id,
            keeper=keeper,
            entropy=os.urandom(ENTROPY_BYTES),
            clock=clock,
        )
        seal_under(request, row.bid_id)
        return answer(request, await submission_out(writer, actor, row), status=202)

    @post(
        "/actions/retire",
        status_code=200,
        operation_id="inference_endpoints_retire",
        opt=SEALED_DOOR,
    )
    @once()
    async def retire(
        self,
        request: AnyRequest,
        inference_endpoint_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
        clock: NamedDependency[Clock],
    ) -> Response[InferenceEndpointOut]:
        """Submit nothing more with it; what was submitted goes on."""
        row = await registering.retire(writer, actor, inference_endpoint_id, clock=clock)
        seal_under(request, row.bid_id)
        return answer(request, InferenceEndpointOut.of(row))


@dataclass
class EvidenceDownload(Operation):
    """Describes an answer that is a file and not one JSON document."""

    def __post_init__(self) -> None:
        lines = OpenAPIMediaType(
            schema=Schema(type=OpenAPIType.STRING, format=OpenAPIFormat.BINARY)
        )
        assert self.responses is not None
        self.responses["200"] = OpenAPIResponse(
            description="One JSON line for each request, in the order in which they ended.",
            content={LINES_TYPE: lines},
        )


@get(
    "/v1/submissions/{submission_id:uuid}/evidence",
    operation_id="submissions_evidence",
    operation_class=EvidenceDownload,
    tags=["scoring"],
)
async def get_evidence(
    submission_id: FromPath[UUID],
    actor: NamedDependency[Actor],
    reader: NamedDependency[ReadSession],
    storage: NamedDependency[Storage],
) -> Response[Any]:
    """Download every answer of an endpoint as it came, once its bid is opened.

    To its bidder, the bureau, auditors and the poster of the call.  Rows have the names under which
    they were asked, and there are no hidden answers in it.
    """
    access.signed_in(actor)
    run = await queries.evidence_seen_by(reader, actor, submission_id)
    assert run.evidence_name is not None
    assert run.evidence_sha256 is not None
    return Stream(
        storage.within(SHELF).stream(run.evidence_name),
        headers={
            "ETag": f'"{run.evidence_sha256}"',
            "Content-Length": str(run.evidence_bytes),
            "Repr-Digest": digest_header(run.evidence_sha256),
            # Answers of strangers are saved and never shown.
            "Content-Disposition": f'attachment; filename="evidence-{submission_id}.jsonl"',
            "Content-Security-Policy": "sandbox; default-src 'none'",
            "Cache-Control": "private, no-store",
            "Vary": "Authorization, Cookie",
        },
        media_type=LINES_TYPE,
    )
