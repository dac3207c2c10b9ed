"""Drawing judges: freeze the pool, bind the officer, take the supervisor's part."""

from typing import Any
from uuid import UUID

from litestar import Controller, Request, Response, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from marketplace.identity.rules import access
from marketplace.identity.rules.access import Actor
from marketplace.kit.clock import Clock
from marketplace.kit.database import ReadSession, WriteSession
from marketplace.kit.secrets import Keeper
from marketplace.scenarios.queries import calls as scenarios
from marketplace.scoring.actions import draws as actions
from marketplace.scoring.errors.panels import DrawUnknown
from marketplace.scoring.queries import panels as queries
from marketplace.scoring.schemas.panels import ContributionIn, GiveUpIn, PanelDrawIn, PanelDrawOut
from marketplace.scoring.tables.panels import PanelDraw
from marketplace.wire.answers import answer, answer_bytes
from marketplace.wire.idempotency import once
from marketplace.wire.shapes import PageOut

AnyRequest = Request[Actor, None, State]


class PanelDrawController(Controller):
    """The draws of a call; whom they name is told with the result, never before."""

    path = "/v1/scenarios/{scenario_id:uuid}/panel-draws"
    tags = ("scoring",)

    @post(operation_id="panel_draws_open")
    @once()
    async def open_draw(
        self,
        request: AnyRequest,
        scenario_id: FromPath[UUID],
        data: JSONBody[PanelDrawIn],
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
        keeper: NamedDependency[Keeper],
        clock: NamedDependency[Clock],
    ) -> Response[PanelDrawOut]:
        """Freeze who can be drawn, and bind the officer's side; nobody is drawn yet."""
        row = await actions.open_draw(
            writer, actor, scenario_id, plan=data.plan(), keeper=keeper, clock=clock
        )
        return answer(request, PanelDrawOut.of(row), status=201)

    @get(operation_id="panel_draws_list")
    async def list_draws(
        self,
        request: AnyRequest,
        scenario_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        reader: NamedDependency[ReadSession],
    ) -> Response[PageOut[PanelDrawOut]]:
        """List the draws of a call to those who organise and watch, given-up ones included."""
        access.signed_in(actor)
        call = await scenarios.scenario_seen_by(reader, actor, scenario_id)
        rows = await queries.draws_seen_by(reader, actor, call)
        return answer(
            request, PageOut(items=[PanelDrawOut.of(row) for row in rows], next_cursor=None)
        )


class DrawController(Controller):
    """One draw."""

    path = "/v1/panel-draws/{draw_id:uuid}"
    tags = ("scoring",)

    @post("/actions/contribute", status_code=200, operation_id="panel_draws_contribute")
    @once()
    async def contribute(
        self,
        request: AnyRequest,
        draw_id: FromPath[UUID],
        data: JSONBody[ContributionIn],
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
        keeper: NamedDependency[Keeper],
        clock: NamedDependency[Clock],
    ) -> Response[PanelDrawOut]:
        """Give the supervisor's random bytes: the judges are drawn and seated in this act."""
        row = await actions.contribute(
            writer, actor, draw_id, contribution=data.contribution, keeper=keeper, clock=clock
        )
        return answer(request, PanelDrawOut.of(row))

    @post("/actions/give-up", status_code=200, operation_id="panel_draws_give_up")
    @once()
    async def give_up(
        self,
        request: AnyRequest,
        draw_id: FromPath[UUID],
        data: JSONBody[GiveUpIn],
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
        clock: NamedDependency[Clock],
    ) -> Response[PanelDrawOut]:
        """Give a draw up while nobody knows how it would end."""
        row = await actions.give_up(writer, actor, draw_id, reason=data.reason, now=clock.now())
        return answer(request, PanelDrawOut.of(row))

    @get("/pool", operation_id="panel_draws_pool")
    async def get_pool(
        self,
        request: AnyRequest,
        draw_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        reader: NamedDependency[ReadSession],
    ) -> Response[dict[str, Any]]:
        """Serve the frozen pool byte for byte: who can be drawn, and why the others cannot."""
        row = await _seen(reader, actor, draw_id)
        return answer_bytes(request, row.pool)

    @get("/record", operation_id="panel_draws_record")
    async def get_record(
        self,
        request: AnyRequest,
        draw_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        reader: NamedDependency[ReadSession],
    ) -> Response[dict[str, Any]]:
        """Serve the witnessed record byte for byte, for `jiebang verify draw`."""
        row = await _seen(reader, actor, draw_id)
        if row.record is None:
            raise DrawUnknown(draw_id=str(draw_id))
        return answer_bytes(request, row.record)


async def _seen(reader: ReadSession, actor: Actor, draw_id: UUID) -> PanelDraw:
    """Find a draw for those who organise its call and those who watch."""
    access.signed_in(actor)
    row = await queries.draw(reader, draw_id)
    call = await scenarios.scenario(reader, row.scenario_id)
    await queries.draws_seen_by(reader, actor, call)
    return row
