"""What the panel does as one: its chair, its progress, its report, and a stop."""

from uuid import UUID

from litestar import Controller, Request, Response, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from marketplace.identity.rules import access
from marketplace.identity.rules.access import Actor
from marketplace.kit.clock import Clock
from marketplace.kit.database import ReadSession, WriteSession
from marketplace.scenarios.queries import calls as scenarios
from marketplace.scoring.actions import reports as actions
from marketplace.scoring.actions import stopping
from marketplace.scoring.errors.rounds import NotOnPanel
from marketplace.scoring.queries import panels as queries
from marketplace.scoring.queries import reserves, rounds
from marketplace.scoring.rules import visibility
from marketplace.scoring.schemas.panels import (
    ChairOut,
    ChairVoteIn,
    ProgressOut,
    ReportIn,
    ReportOut,
    ReportSignIn,
    ResumeIn,
    SilenceIn,
    StopIn,
    StopOut,
)
from marketplace.scoring.tables.panels import EvaluationReport
from marketplace.wire.answers import answer
from marketplace.wire.idempotency import once

AnyRequest = Request[Actor, None, State]


class EvaluationController(Controller):
    """The panel of a call as a body."""

    path = "/v1/scenarios/{scenario_id:uuid}"
    tags = ("scoring",)

    @post("/panel/chair-votes", status_code=200, operation_id="panel_chair_vote")
    @once()
    async def vote(
        self,
        request: AnyRequest,
        scenario_id: FromPath[UUID],
        data: JSONBody[ChairVoteIn],
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
        clock: NamedDependency[Clock],
    ) -> Response[ChairOut]:
        """Vote for the chair as a judge who sits; more than half of the votes elect an expert."""
        seat = await actions.vote_for_chair(writer, actor, scenario_id, data.label, now=clock.now())
        return answer(request, ChairOut.of(seat))

    @get("/panel/progress", operation_id="panels_progress")
    async def progress(
        self,
        request: AnyRequest,
        scenario_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        reader: NamedDependency[ReadSession],
    ) -> Response[ProgressOut]:
        """Count who has signed; what anybody marked is told to nobody before the round."""
        access.signed_in(actor)
        row = await scenarios.scenario_seen_by(reader, actor, scenario_id)
        seat = await rounds.seat_of(reader, scenario_id, actor.person_id)
        if seat is None and not visibility.may_read_panel(actor.at(row.organizer_id)):
            raise NotOnPanel()
        present = await queries.present(reader, scenario_id)
        out = ProgressOut(
            judges=len(present),
            signed=sum(one.signed_at is not None for one in present),
            seats_empty=len(await reserves.empty_seats(reader, scenario_id)),
            has_chair=any(one.is_chair for one in present),
            stopped=await queries.stop_in_force(reader, scenario_id) is not None,
        )
        return answer(request, out)

    @post("/evaluation-report", operation_id="evaluation_reports_close")
    @once()
    async def close(
        self,
        request: AnyRequest,
        scenario_id: FromPath[UUID],
        data: JSONBody[ReportIn],
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
        clock: NamedDependency[Clock],
    ) -> Response[ReportOut]:
        """Close the report about the round that counts, as its chair."""
        row = await actions.close_report(
            writer, actor, scenario_id, text=data.text.document(), clock=clock
        )
        return answer(request, await _report(writer, row), status=201)

    @get("/evaluation-report", operation_id="evaluation_reports_get")
    async def get_report(
        self,
        request: AnyRequest,
        scenario_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        reader: NamedDependency[ReadSession],
    ) -> Response[ReportOut]:
        """Show the report with its signatures and dissents to its judges, bureau and auditors."""
        access.signed_in(actor)
        call = await scenarios.scenario_seen_by(reader, actor, scenario_id)
        row = await queries.report_seen_by(reader, actor, call)
        return answer(request, await _report(reader, row))

    @post(
        "/evaluation-report/actions/sign",
        status_code=200,
        operation_id="evaluation_reports_sign",
    )
    @once()
    async def sign(
        self,
        request: AnyRequest,
        scenario_id: FromPath[UUID],
        data: JSONBody[ReportSignIn],
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
        clock: NamedDependency[Clock],
    ) -> Response[ReportOut]:
        """Sign the report as a judge who sits, or dissent from it with reasons."""
        await actions.sign_report(writer, actor, scenario_id, dissent=data.dissent, now=clock.now())
        row = await queries.latest_report(writer, scenario_id)
        return answer(request, await _report(writer, row))

    @post(
        "/evaluation-report/actions/record-silence",
        status_code=200,
        operation_id="evaluation_reports_record_silence",
    )
    @once()
    async def record_silence(
        self,
        request: AnyRequest,
        scenario_id: FromPath[UUID],
        data: JSONBody[SilenceIn],
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
        clock: NamedDependency[Clock],
    ) -> Response[ReportOut]:
        """Write down that a judge neither signed nor dissented in time: they agree."""
        await actions.record_silence(writer, actor, scenario_id, data.label, clock=clock)
        row = await queries.latest_report(writer, scenario_id)
        return answer(request, await _report(writer, row))

    @post("/actions/stop-evaluation", status_code=200, operation_id="evaluations_stop")
    @once()
    async def stop(
        self,
        request: AnyRequest,
        scenario_id: FromPath[UUID],
        data: JSONBody[StopIn],
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
        clock: NamedDependency[Clock],
    ) -> Response[StopOut]:
        """Stop as chair for the panel, because the file is against the law, and explain."""
        row = await stopping.stop(
            writer, actor, scenario_id, explanation=data.explanation, now=clock.now()
        )
        return answer(request, StopOut.of(row))

    @post("/actions/resume-evaluation", status_code=200, operation_id="evaluations_resume")
    @once()
    async def resume(
        self,
        request: AnyRequest,
        scenario_id: FromPath[UUID],
        data: JSONBody[ResumeIn],
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
        clock: NamedDependency[Clock],
    ) -> Response[StopOut]:
        """Let the panel go on, as approver, and say why; the other way is that the call fails."""
        row = await stopping.resume(
            writer, actor, scenario_id, decision=data.decision, now=clock.now()
        )
        return answer(request, StopOut.of(row))


async def _report(session: ReadSession, row: EvaluationReport) -> ReportOut:
    signed = await queries.signatures(session, row.id)
    return ReportOut.of(row, signed, await rounds.seats(session, row.scenario_id))
