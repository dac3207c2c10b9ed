"""The door of the webhook room."""

import datetime as dt
import os
from typing import Annotated
from uuid import UUID

from litestar import Controller, Request, Response, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter

from marketplace.identity.rules import access
from marketplace.identity.rules.access import Actor, Permission
from marketplace.kit.addresses import policy_for
from marketplace.kit.clock import Clock
from marketplace.kit.database import ReadSession, WriteSession
from marketplace.kit.paging import id_after, page_of
from marketplace.kit.secrets import Keeper
from marketplace.settings import Settings
from marketplace.webhooks.actions import endpoints as actions
from marketplace.webhooks.queries import keeping, owners
from marketplace.webhooks.rules.lifecycle import DeliveryState
from marketplace.webhooks.schemas import (
    DeliveryDetailOut,
    DeliveryOut,
    EndpointIn,
    EndpointOut,
    EndpointWithSecretOut,
    PaceIn,
    RetentionOut,
)
from marketplace.wire.answers import answer, expected_version
from marketplace.wire.idempotency import once
from marketplace.wire.shapes import LIMIT_DEFAULT, Cursor, Limit, PageOut

AnyRequest = Request[Actor, None, State]

ENTROPY_BYTES = 32
NO_STORE = {"Cache-Control": "no-store"}

StateFilter = Annotated[
    DeliveryState | None,
    QueryParameter(name="state", description="Only deliveries in this state."),
]


class WebhookEndpointController(Controller):
    """Addresses that are called when something happens."""

    path = "/v1/webhook-endpoints"
    tags = ("webhooks",)

    @post(operation_id="webhook_endpoints_register")
    async def register(
        self,
        request: AnyRequest,
        data: JSONBody[EndpointIn],
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
        clock: NamedDependency[Clock],
        keeper: NamedDependency[Keeper],
        settings: NamedDependency[Settings],
    ) -> Response[EndpointWithSecretOut]:
        """Register an address; its secret is in this answer and nowhere else.

        Not repeatable under an Idempotency-Key: that would store the secret.
        """
        made = await actions.register_endpoint(
            writer,
            actor,
            data.subscription(),
            keeper=keeper,
            reach=policy_for(development=settings.development),
            entropy=os.urandom(ENTROPY_BYTES),
            now=clock.now(),
        )
        out = EndpointWithSecretOut.of_secret(made)
        return answer(request, out, version=made.row.version, status=201, headers=NO_STORE)

    @get(operation_id="webhook_endpoints_list")
    async def list_endpoints(
        self,
        request: AnyRequest,
        actor: NamedDependency[Actor],
        reader: NamedDependency[ReadSession],
    ) -> Response[PageOut[EndpointOut]]:
        """List the endpoints of one's own organisation."""
        access.require(actor, Permission.WEBHOOKS_MANAGE)
        rows = await owners.endpoints_of(reader, actor.organization_id)
        items = [EndpointOut.of(row) for row in rows]
        return answer(request, PageOut(items=items, next_cursor=None))

    @get("/{endpoint_id:uuid}", operation_id="webhook_endpoints_get")
    async def get_endpoint(
        self,
        request: AnyRequest,
        endpoint_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        reader: NamedDependency[ReadSession],
    ) -> Response[EndpointOut]:
        """Show one endpoint of one's own organisation."""
        access.require(actor, Permission.WEBHOOKS_MANAGE)
        row = await owners.endpoint(reader, endpoint_id, organization_id=actor.organization_id)
        return answer(request, EndpointOut.of(row), version=row.version)

    @post(
        "/{endpoint_id:uuid}/actions/pause",
        status_code=200,
        operation_id="webhook_endpoints_pause",
    )
    @once()
    async def pause(
        self,
        request: AnyRequest,
        endpoint_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
        clock: NamedDependency[Clock],
    ) -> Response[EndpointOut]:
        """Stop the calls; what is owed is kept."""
        access.require(actor, Permission.WEBHOOKS_MANAGE)
        version = expected_version(request)
        row = await actions.pause(
            writer, actor, endpoint_id, expected_version=version, now=clock.now()
        )
        return answer(request, EndpointOut.of(row), version=row.version)

    @post(
        "/{endpoint_id:uuid}/actions/resume",
        status_code=200,
        operation_id="webhook_endpoints_resume",
    )
    @once()
    async def resume(
        self,
        request: AnyRequest,
        endpoint_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
        clock: NamedDependency[Clock],
    ) -> Response[EndpointOut]:
        """Call again after a pause or a failure; what is owed goes out."""
        access.require(actor, Permission.WEBHOOKS_MANAGE)
        version = expected_version(request)
        row = await actions.resume(
            writer, actor, endpoint_id, expected_version=version, now=clock.now()
        )
        return answer(request, EndpointOut.of(row), version=row.version)

    @post(
        "/{endpoint_id:uuid}/actions/set-pace",
        status_code=200,
        operation_id="webhook_endpoints_set_pace",
    )
    @once()
    async def set_pace(
        self,
        request: AnyRequest,
        endpoint_id: FromPath[UUID],
        data: JSONBody[PaceIn],
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
        clock: NamedDependency[Clock],
    ) -> Response[EndpointOut]:
        """Set how many requests may be under way, how many leave in a second, and in which order.

        With `ordered`, the next event of a subject is not sent before the one before it was
        delivered or given up.
        """
        access.require(actor, Permission.WEBHOOKS_MANAGE)
        version = expected_version(request)
        row = await actions.set_pace(
            writer, actor, endpoint_id, data.pace(), expected_version=version, now=clock.now()
        )
        return answer(request, EndpointOut.of(row), version=row.version)

    @post(
        "/{endpoint_id:uuid}/actions/rotate-secret",
        status_code=200,
        operation_id="webhook_endpoints_rotate_secret",
    )
    async def rotate_secret(
        self,
        request: AnyRequest,
        endpoint_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
        clock: NamedDependency[Clock],
        keeper: NamedDependency[Keeper],
    ) -> Response[EndpointWithSecretOut]:
        """Make a new secret, shown this once; for a day the old one signs as well."""
        access.require(actor, Permission.WEBHOOKS_MANAGE)
        made = await actions.rotate_secret(
            writer,
            actor,
            endpoint_id,
            expected_version=expected_version(request),
            keeper=keeper,
            entropy=os.urandom(ENTROPY_BYTES),
            now=await clock.decisive(writer),
        )
        out = EndpointWithSecretOut.of_secret(made)
        return answer(request, out, version=made.row.version, headers=NO_STORE)

    @post(
        "/{endpoint_id:uuid}/actions/ping",
        status_code=202,
        operation_id="webhook_endpoints_ping",
    )
    @once()
    async def ping(
        self,
        request: AnyRequest,
        endpoint_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
        clock: NamedDependency[Clock],
    ) -> Response[DeliveryOut]:
        """Send a test message; look at its delivery to see what came of it."""
        now = await clock.decisive(writer)
        row = await actions.ping(writer, actor, endpoint_id, now=now)
        return answer(request, DeliveryOut.of(row), status=202)

    @get("/{endpoint_id:uuid}/deliveries", operation_id="webhook_deliveries_list")
    async def list_deliveries(
        self,
        request: AnyRequest,
        endpoint_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        reader: NamedDependency[ReadSession],
        delivery_state: StateFilter = None,
        limit: Limit = LIMIT_DEFAULT,
        cursor: Cursor = None,
    ) -> Response[PageOut[DeliveryOut]]:
        """List what an endpoint was sent and is owed, newest first."""
        access.require(actor, Permission.WEBHOOKS_MANAGE)
        owned = await owners.endpoint(reader, endpoint_id, organization_id=actor.organization_id)
        rows = await owners.deliveries_of(
            reader, owned.id, state=delivery_state, before=id_after(cursor), limit=limit + 1
        )
        page = page_of(list(rows), limit, "id")
        items = [DeliveryOut.of(row) for row in page.items]
        return answer(request, PageOut(items=items, next_cursor=page.next_cursor))


class WebhookDeliveryController(Controller):
    """Single deliveries."""

    path = "/v1/deliveries"
    tags = ("webhooks",)

    @get("/{delivery_id:uuid}", operation_id="webhook_deliveries_get")
    async def get_delivery(
        self,
        request: AnyRequest,
        delivery_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        reader: NamedDependency[ReadSession],
    ) -> Response[DeliveryDetailOut]:
        """Show one delivery with the bytes that are sent and every attempt.

        The bytes are null if none arrived and the endpoint may not hear the event any more.
        """
        access.require(actor, Permission.WEBHOOKS_MANAGE)
        row = await owners.delivery(reader, delivery_id, organization_id=actor.organization_id)
        attempts = await owners.attempts_of(reader, [row.id])
        body = await owners.body_of(reader, row)
        return answer(request, DeliveryDetailOut.of(row, body, attempts[row.id]))

    @post(
        "/{delivery_id:uuid}/actions/resend",
        status_code=202,
        operation_id="webhook_deliveries_resend",
    )
    @once()
    async def resend(
        self,
        request: AnyRequest,
        delivery_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
        clock: NamedDependency[Clock],
    ) -> Response[DeliveryOut]:
        """Send a delivered or dead message again, with the same bytes and the same id."""
        now = await clock.decisive(writer)
        row = await actions.resend(writer, actor, delivery_id, now=now)
        return answer(request, DeliveryOut.of(row), status=202)


@get("/v1/webhook-retention", operation_id="webhook_retention_get", tags=["webhooks"])
async def get_retention(
    request: AnyRequest,
    actor: NamedDependency[Actor],
    reader: NamedDependency[ReadSession],
    clock: NamedDependency[Clock],
    settings: NamedDependency[Settings],
) -> Response[RetentionOut]:
    """Show how far back the delivery log goes, and how much of it was removed, over everybody."""
    access.require(actor, Permission.AUDIT_READ)
    days = settings.webhook_log_days
    now = await clock.decisive(reader)
    found = await keeping.kept(reader, before=now - dt.timedelta(days=days))
    return answer(request, RetentionOut.of(found, days=days))
