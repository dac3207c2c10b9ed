"""Who judges: seat a panel, read it, let a judge go and seat another."""

from uuid import UUID

from litestar import Controller, Request, Response, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from marketplace.identity.queries import people as identity
from marketplace.identity.rules import access
from marketplace.identity.rules.access import Actor
from marketplace.kit.clock import Clock
from marketplace.kit.database import ReadSession, WriteSession
from marketplace.scenarios.queries import calls as scenarios
from marketplace.scoring.actions import panels as actions
from marketplace.scoring.queries import panels
from marketplace.scoring.queries import rounds as queries
from marketplace.scoring.schemas.rounds import PanelIn, RecusalIn, ReplacementIn, SeatOut
from marketplace.scoring.tables.rounds import PanelSeat
from marketplace.wire.answers import answer
from marketplace.wire.idempotency import once
from marketplace.wire.shapes import PageOut

AnyRequest = Request[Actor, None, State]


class PanelController(Controller):
    """The panel of a call; its names are told with the result, never before."""

    path = "/v1/scenarios/{scenario_id:uuid}/panel"
    tags = ("scoring",)

    @post(operation_id="panels_seat")
    @once()
    async def seat(
        self,
        request: AnyRequest,
        scenario_id: FromPath[UUID],
        data: JSONBody[PanelIn],
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
        clock: NamedDependency[Clock],
    ) -> Response[PageOut[SeatOut]]:
        """Seat the whole panel, before any bid is opened."""
        rows = await actions.seat_panel(
            writer, actor, scenario_id, seats=data.values(), reason=data.reason, now=clock.now()
        )
        items = [await _seat(writer, row) for row in rows]
        return answer(request, PageOut(items=items, next_cursor=None), status=201)

    @get(operation_id="panels_get")
    async def get_panel(
        self,
        request: AnyRequest,
        scenario_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        reader: NamedDependency[ReadSession],
    ) -> Response[PageOut[SeatOut]]:
        """Show the panel to those who organise and watch; a judge finds only their own seat.

        Everybody reads who judged with the result, where the legal track publishes it.
        """
        access.signed_in(actor)
        call = await scenarios.scenario_seen_by(reader, actor, scenario_id)
        found = await panels.told_with_result(reader, actor, call)
        found = found or await queries.seats_seen_by(reader, actor, call)
        items = [SeatOut.of(row, person) for row, person in found]
        return answer(request, PageOut(items=items, next_cursor=None))

    @post("/actions/recuse", status_code=200, operation_id="panels_recuse")
    @once()
    async def recuse(
        self,
        request: AnyRequest,
        scenario_id: FromPath[UUID],
        data: JSONBody[RecusalIn],
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
        clock: NamedDependency[Clock],
    ) -> Response[SeatOut]:
        """Let a judge go; none of their marks counts from now on."""
        row = await actions.recuse(
            writer, actor, scenario_id, data.label, reason=data.reason, now=clock.now()
        )
        return answer(request, await _seat(writer, row))

    @post("/actions/replace", operation_id="panels_replace")
    @once()
    async def replace(
        self,
        request: AnyRequest,
        scenario_id: FromPath[UUID],
        data: JSONBody[ReplacementIn],
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
        clock: NamedDependency[Clock],
    ) -> Response[SeatOut]:
        """Fill the empty seat of a recused judge; whoever takes it marks every bid anew."""
        row = await actions.replace(
            writer, actor, scenario_id, data.label, person_id=data.person_id, now=clock.now()
        )
        return answer(request, await _seat(writer, row), status=201)


async def _seat(session: ReadSession, row: PanelSeat) -> SeatOut:
    return SeatOut.of(row, await identity.person(session, row.person_id))
