"""What the panel says: marks, and objective marks."""

from uuid import UUID

from litestar import Controller, Request, Response, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from marketplace.bids.queries import bids
from marketplace.identity.rules import access
from marketplace.identity.rules.access import Actor
from marketplace.kit.clock import Clock
from marketplace.kit.database import ReadSession, WriteSession
from marketplace.scenarios.queries import calls as scenarios
from marketplace.scoring.actions import marking
from marketplace.scoring.queries import blinding
from marketplace.scoring.queries import rounds as queries
from marketplace.scoring.schemas.rounds import (
    BidToMarkOut,
    MarkOut,
    MarksOut,
    ObjectiveMarksIn,
    ScoreSheetIn,
    ScoreSheetOut,
    ScoreSheetsOut,
)
from marketplace.wire.answers import answer
from marketplace.wire.idempotency import once

AnyRequest = Request[Actor, None, State]


class MarkingController(Controller):
    """The marks of a call."""

    path = "/v1/scenarios/{scenario_id:uuid}"
    tags = ("scoring",)

    @post("/score-sheets", status_code=200, operation_id="score_sheets_record")
    @once()
    async def record(
        self,
        request: AnyRequest,
        scenario_id: FromPath[UUID],
        data: JSONBody[ScoreSheetIn],
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
        clock: NamedDependency[Clock],
    ) -> Response[ScoreSheetOut]:
        """Write down one's own marks, in as many requests as one likes, then sign them for good."""
        hidden = await blinding.of_judge(writer, actor, scenario_id)
        with blinding.refusals_masked(hidden):
            seat = await marking.record_marks(
                writer,
                actor,
                scenario_id,
                marks=[one.value() for one in data.marks],
                sign=data.sign,
                now=clock.now(),
            )
        marks = await queries.marks_of_seat(writer, seat.id)
        aliases = await blinding.aliases(writer, await scenarios.call(writer, scenario_id))
        return answer(request, ScoreSheetOut.of(seat, marks, aliases))

    @get("/score-sheets", operation_id="score_sheets_list")
    async def list_sheets(
        self,
        request: AnyRequest,
        scenario_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        reader: NamedDependency[ReadSession],
    ) -> Response[ScoreSheetsOut]:
        """Show a judge their own sheet; to approver and auditor all of them, once ranked."""
        access.signed_in(actor)
        call = await scenarios.scenario_seen_by(reader, actor, scenario_id)
        sheets = await queries.sheets_seen_by(reader, actor, call)
        opened = await bids.opened_bids(reader, scenario_id)
        decided = await queries.objective_marks(reader, scenario_id)
        sits = await queries.seat_of(reader, scenario_id, actor.person_id) is not None
        published = await scenarios.call(reader, scenario_id)
        aliases = await blinding.aliases(reader, published) if sits else None
        shown = [BidToMarkOut.of(bid, bidder, aliases) for bid, bidder in opened]
        marked = [MarkOut.of(row, aliases) for row in decided]
        if aliases is not None:
            # The order of receipt would tell whose bid is which.
            shown.sort(key=lambda one: one.bid_id)
            marked.sort(key=lambda one: (one.bid_id, one.criterion))
        out = ScoreSheetsOut(
            items=[ScoreSheetOut.of(seat, marks, aliases) for seat, marks in sheets],
            bids=shown,
            objective_marks=marked,
        )
        return answer(request, out)

    @post("/objective-marks", operation_id="objective_marks_decide")
    @once()
    async def decide_objective(
        self,
        request: AnyRequest,
        scenario_id: FromPath[UUID],
        data: JSONBody[ObjectiveMarksIn],
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
        clock: NamedDependency[Clock],
    ) -> Response[MarksOut]:
        """Decide marks by the published tables, once and for every judge; answer with them all."""
        await marking.decide_objective(
            writer,
            actor,
            scenario_id,
            marks=[one.value() for one in data.marks],
            now=clock.now(),
        )
        rows = await queries.objective_marks(writer, scenario_id)
        return answer(request, MarksOut(items=[MarkOut.of(row) for row in rows]), status=201)
