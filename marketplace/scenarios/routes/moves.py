"""The door to the moves of a call; each wants If-Match, so nobody moves what they have not read."""

from uuid import UUID

from litestar import Controller, Request, Response, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from marketplace.identity.rules import access
from marketplace.identity.rules.access import Actor
from marketplace.kit.clock import Clock
from marketplace.kit.database import WriteSession
from marketplace.scenarios.actions import amending, calls, drafting, publishing
from marketplace.scenarios.routes.calls import described
from marketplace.scenarios.schemas.calls import (
    ApproveIn,
    CancelIn,
    FailIn,
    PublishIn,
    ReturnIn,
    ScenarioOut,
    ScheduleIn,
    ShelveIn,
)
from marketplace.settings import Settings
from marketplace.wire.answers import expected_version
from marketplace.wire.idempotency import once

AnyRequest = Request[Actor, None, State]


class MoveController(Controller):
    """What can be done with a call, one address per verb."""

    path = "/v1/scenarios/{scenario_id:uuid}/actions"
    tags = ("scenarios",)

    @post("/sign-need", status_code=200, operation_id="scenarios_sign_need")
    @once()
    async def sign_need(
        self,
        request: AnyRequest,
        scenario_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
        clock: NamedDependency[Clock],
    ) -> Response[ScenarioOut]:
        """Confirm, as the end-user unit, that this is the need and these are the metrics."""
        access.signed_in(actor)
        row = await drafting.sign_need(
            writer,
            actor,
            scenario_id,
            expected_version=expected_version(request),
            now=clock.now(),
        )
        return await described(request, writer, row, clock)

    @post("/submit", status_code=200, operation_id="scenarios_submit")
    @once()
    async def submit(
        self,
        request: AnyRequest,
        scenario_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
        clock: NamedDependency[Clock],
    ) -> Response[ScenarioOut]:
        """Hand a draft to the bureau."""
        access.signed_in(actor)
        row = await drafting.submit(
            writer,
            actor,
            scenario_id,
            expected_version=expected_version(request),
            now=clock.now(),
        )
        return await described(request, writer, row, clock)

    @post("/accept", status_code=200, operation_id="scenarios_accept")
    @once()
    async def accept(
        self,
        request: AnyRequest,
        scenario_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
        clock: NamedDependency[Clock],
    ) -> Response[ScenarioOut]:
        """Take a submitted call into review."""
        access.signed_in(actor)
        row = await calls.accept(
            writer,
            actor,
            scenario_id,
            expected_version=expected_version(request),
            now=clock.now(),
        )
        return await described(request, writer, row, clock)

    @post("/return", status_code=200, operation_id="scenarios_return")
    @once()
    async def send_back(
        self,
        request: AnyRequest,
        scenario_id: FromPath[UUID],
        data: JSONBody[ReturnIn],
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
        clock: NamedDependency[Clock],
    ) -> Response[ScenarioOut]:
        """Return a call to its poster, with the reason."""
        access.signed_in(actor)
        row = await calls.send_back(
            writer,
            actor,
            scenario_id,
            reason=data.reason,
            expected_version=expected_version(request),
            now=clock.now(),
        )
        return await described(request, writer, row, clock)

    @post("/approve", status_code=200, operation_id="scenarios_approve")
    @once()
    async def approve(
        self,
        request: AnyRequest,
        scenario_id: FromPath[UUID],
        data: JSONBody[ApproveIn],
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
        clock: NamedDependency[Clock],
    ) -> Response[ScenarioOut]:
        """Approve a reviewed call and pin the rules it will run under."""
        access.signed_in(actor)
        row = await calls.approve(
            writer,
            actor,
            scenario_id,
            review=data.review.document(),
            expected_version=expected_version(request),
            now=clock.now(),
        )
        return await described(request, writer, row, clock)

    @post("/shelve", status_code=200, operation_id="scenarios_shelve")
    @once()
    async def shelve(
        self,
        request: AnyRequest,
        scenario_id: FromPath[UUID],
        data: JSONBody[ShelveIn],
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
        clock: NamedDependency[Clock],
    ) -> Response[ScenarioOut]:
        """Put an approved call aside until a date."""
        access.signed_in(actor)
        row = await calls.shelve(
            writer,
            actor,
            scenario_id,
            reason=data.reason,
            review_on=data.review_on,
            expected_version=expected_version(request),
            now=clock.now(),
        )
        return await described(request, writer, row, clock)

    @post("/revive", status_code=200, operation_id="scenarios_revive")
    @once()
    async def revive(
        self,
        request: AnyRequest,
        scenario_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
        clock: NamedDependency[Clock],
    ) -> Response[ScenarioOut]:
        """Take a shelved call up again."""
        access.signed_in(actor)
        row = await calls.revive(
            writer,
            actor,
            scenario_id,
            expected_version=expected_version(request),
            now=clock.now(),
        )
        return await described(request, writer, row, clock)

    @post("/publish", status_code=200, operation_id="scenarios_publish")
    @once()
    async def publish(
        self,
        request: AnyRequest,
        scenario_id: FromPath[UUID],
        data: JSONBody[PublishIn],
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
        clock: NamedDependency[Clock],
        settings: NamedDependency[Settings],
    ) -> Response[ScenarioOut]:
        """Put an approved call on the public list."""
        access.signed_in(actor)
        row = await publishing.publish(
            writer,
            actor,
            scenario_id,
            bid_deadline_at=data.bid_deadline_at,
            expected_version=expected_version(request),
            clock=clock,
            recovery=settings.recovery_keys,
        )
        return await described(request, writer, row, clock)

    @post("/schedule", status_code=200, operation_id="scenarios_schedule")
    @once()
    async def schedule(
        self,
        request: AnyRequest,
        scenario_id: FromPath[UUID],
        data: JSONBody[ScheduleIn],
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
        clock: NamedDependency[Clock],
    ) -> Response[ScenarioOut]:
        """Set the time at which an approved call is published by itself."""
        access.signed_in(actor)
        row = await publishing.schedule(
            writer,
            actor,
            scenario_id,
            publish_at=data.publish_at,
            bid_deadline_at=data.bid_deadline_at,
            expected_version=expected_version(request),
            clock=clock,
        )
        return await described(request, writer, row, clock)

    @post("/unschedule", status_code=200, operation_id="scenarios_unschedule")
    @once()
    async def unschedule(
        self,
        request: AnyRequest,
        scenario_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
        clock: NamedDependency[Clock],
    ) -> Response[ScenarioOut]:
        """Take a scheduled publication back."""
        access.signed_in(actor)
        row = await publishing.unschedule(
            writer,
            actor,
            scenario_id,
            expected_version=expected_version(request),
            now=clock.now(),
        )
        return await described(request, writer, row, clock)

    @post("/withdraw-amendment", status_code=200, operation_id="scenarios_withdraw_amendment")
    @once()
    async def withdraw_amendment(
        self,
        request: AnyRequest,
        scenario_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
        clock: NamedDependency[Clock],
    ) -> Response[ScenarioOut]:
        """Take a proposed amendment back, or turn it down."""
        access.signed_in(actor)
        row = await amending.withdraw(
            writer,
            actor,
            scenario_id,
            expected_version=expected_version(request),
            now=clock.now(),
        )
        return await described(request, writer, row, clock)

    @post("/cancel", status_code=200, operation_id="scenarios_cancel")
    @once()
    async def cancel(
        self,
        request: AnyRequest,
        scenario_id: FromPath[UUID],
        data: JSONBody[CancelIn],
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
        clock: NamedDependency[Clock],
    ) -> Response[ScenarioOut]:
        """Withdraw a call before its bids are opened."""
        access.signed_in(actor)
        row = await calls.cancel(
            writer,
            actor,
            scenario_id,
            reason=data.reason,
            note=data.note,
            expected_version=expected_version(request),
            now=clock.now(),
        )
        return await described(request, writer, row, clock)

    @post("/fail", status_code=200, operation_id="scenarios_fail")
    @once()
    async def fail(
        self,
        request: AnyRequest,
        scenario_id: FromPath[UUID],
        data: JSONBody[FailIn],
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
        clock: NamedDependency[Clock],
    ) -> Response[ScenarioOut]:
        """End a call that cannot lead to an award; a relaunch is a new call."""
        access.signed_in(actor)
        row = await calls.fail(
            writer,
            actor,
            scenario_id,
            reason=data.reason,
            note=data.note,
            expected_version=expected_version(request),
            now=clock.now(),
        )
        return await described(request, writer, row, clock)
