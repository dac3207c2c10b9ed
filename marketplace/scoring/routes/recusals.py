"""Recusal: ask that somebody does not judge, decide it, and see what is known of ties."""

from uuid import UUID

from litestar import Controller, Request, Response, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from marketplace.identity.rules import access
from marketplace.identity.rules.access import Actor
from marketplace.kit.clock import Clock
from marketplace.kit.database import ReadSession, WriteSession
from marketplace.kit.days import day_of
from marketplace.scenarios.queries import calls as scenarios
from marketplace.scoring.actions import recusals as actions
from marketplace.scoring.errors.rounds import NotOnPanel
from marketplace.scoring.queries import conflicts
from marketplace.scoring.queries import panels as queries
from marketplace.scoring.rules import visibility
from marketplace.scoring.schemas.panels import (
    ConflictOut,
    RecusalDecisionIn,
    RecusalRequestIn,
    RecusalRequestOut,
)
from marketplace.wire.answers import answer
from marketplace.wire.idempotency import once
from marketplace.wire.shapes import PageOut

AnyRequest = Request[Actor, None, State]


class RecusalController(Controller):
    """Requests about the judges of a call, whoever they are."""

    path = "/v1/scenarios/{scenario_id:uuid}"
    tags = ("scoring",)

    @post("/recusal-requests", operation_id="recusal_requests_file")
    @once()
    async def ask(
        self,
        request: AnyRequest,
        scenario_id: FromPath[UUID],
        data: JSONBody[RecusalRequestIn],
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
        clock: NamedDependency[Clock],
    ) -> Response[RecusalRequestOut]:
        """Ask in writing that a person does not judge; a judge declares an interest of their own.

        The answer never tells whether the person judges.
        """
        row = await actions.ask(
            writer, actor, scenario_id, name=data.name, reasons=data.reasons, now=clock.now()
        )
        return answer(request, RecusalRequestOut.of(row, decided=False), status=201)

    @get("/recusal-requests", operation_id="recusal_requests_list")
    async def list_requests(
        self,
        request: AnyRequest,
        scenario_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        reader: NamedDependency[ReadSession],
    ) -> Response[PageOut[RecusalRequestOut]]:
        """List what one has filed, or everything to those who organise and watch."""
        access.signed_in(actor)
        call = await scenarios.scenario_seen_by(reader, actor, scenario_id)
        rows, decided = await queries.recusals_seen_by(reader, actor, call)
        items = [RecusalRequestOut.of(row, decided=decided) for row in rows]
        return answer(request, PageOut(items=items, next_cursor=None))

    @get("/panel/conflicts", operation_id="panel_conflicts_list")
    async def list_conflicts(
        self,
        request: AnyRequest,
        scenario_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        reader: NamedDependency[ReadSession],
        clock: NamedDependency[Clock],
    ) -> Response[PageOut[ConflictOut]]:
        """List every tie of a judge who sits to an opened bidder, as known today."""
        access.signed_in(actor)
        row = await scenarios.scenario_seen_by(reader, actor, scenario_id)
        if not visibility.may_read_panel(actor.at(row.organizer_id)):
            raise NotOnPanel()
        labels = {one.person_id: one.label for one in await queries.present(reader, scenario_id)}
        parties = await conflicts.bidding_parties(reader, scenario_id)
        found = await conflicts.found(reader, labels, parties, on=day_of(clock.now()))
        items = [ConflictOut.of(one, labels[one.person_id]) for one in found]
        return answer(request, PageOut(items=items, next_cursor=None))


@post(
    "/v1/recusal-requests/{recusal_id:uuid}/actions/decide",
    status_code=200,
    operation_id="recusal_requests_decide",
    tags=["scoring"],
)
@once()
async def decide(
    request: AnyRequest,
    recusal_id: FromPath[UUID],
    data: JSONBody[RecusalDecisionIn],
    actor: NamedDependency[Actor],
    writer: NamedDependency[WriteSession],
    clock: NamedDependency[Clock],
) -> Response[RecusalRequestOut]:
    """Decide on a request and say who it is about; none of a recused judge's marks counts."""
    row = await actions.decide(
        writer,
        actor,
        recusal_id,
        accepted=data.accepted,
        person_id=data.person_id,
        decision=data.decision,
        now=clock.now(),
    )
    return answer(request, RecusalRequestOut.of(row, decided=True))
