"""What the scoring room can answer about a panel: draws, recusals, the chair, the report."""

from collections.abc import Sequence
from uuid import UUID

from sqlmodel import and_, col, or_, select

from marketplace.identity.rules.access import Actor
from marketplace.identity.tables.people import Person
from marketplace.kit.database import ReadSession
from marketplace.scenarios.queries import calls as scenarios
from marketplace.scenarios.rules.lifecycle import ScenarioState
from marketplace.scenarios.tables import Scenario
from marketplace.scoring.errors.panels import (
    DrawUnknown,
    EvaluationStopped,
    PanelChangedSince,
    RecusalUnknown,
    ReportMissing,
    ReportUnsigned,
)
from marketplace.scoring.errors.rounds import NotOnPanel
from marketplace.scoring.queries import rounds
from marketplace.scoring.rules import visibility
from marketplace.scoring.tables.panels import (
    ChairVote,
    EvaluationReport,
    EvaluationStop,
    PanelDraw,
    RecusalKind,
    RecusalRequest,
    ReportSignature,
)
from marketplace.scoring.tables.rounds import PanelSeat, RankingRound


async def draws(session: ReadSession, scenario_id: UUID) -> Sequence[PanelDraw]:
    """List the draws of a call, oldest first."""
    found = await session.exec(
        select(PanelDraw)
        .where(PanelDraw.scenario_id == scenario_id)
        .order_by(col(PanelDraw.number))
    )
    return found.all()


async def draw(session: ReadSession, draw_id: UUID, *, lock: bool = False) -> PanelDraw:
    """Find one draw, locked for change on request."""
    statement = select(PanelDraw).where(PanelDraw.id == draw_id)
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    row = (await session.exec(statement)).first()
    if row is None:
        raise DrawUnknown(draw_id=str(draw_id))
    return row


async def draws_seen_by(session: ReadSession, actor: Actor, call: Scenario) -> Sequence[PanelDraw]:
    """List the draws of a call to those who organise and those who watch; to nobody else."""
    if not visibility.may_read_panel(actor.at(call.organizer_id)):
        raise DrawUnknown()
    return await draws(session, call.id)


async def recusal_request(
    session: ReadSession, request_id: UUID, *, lock: bool = False
) -> RecusalRequest:
    """Find one request, locked for change on request."""
    statement = select(RecusalRequest).where(RecusalRequest.id == request_id)
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    row = (await session.exec(statement)).first()
    if row is None:
        raise RecusalUnknown(request_id=str(request_id))
    return row


async def recusal_requests(session: ReadSession, scenario_id: UUID) -> Sequence[RecusalRequest]:
    """List the requests about a call, oldest first."""
    found = await session.exec(
        select(RecusalRequest)
        .where(RecusalRequest.scenario_id == scenario_id)
        .order_by(col(RecusalRequest.id))
    )
    return found.all()


async def recusals_seen_by(
    session: ReadSession, actor: Actor, call: Scenario
) -> tuple[Sequence[RecusalRequest], bool]:
    """List the requests the actor may read, and say whether they may read the decisions.

    Shape    everything to those who organise and watch; to anybody else what they filed, or their
             organisation did.  Until the result is told a decision would say who judges.
    """
    if visibility.may_read_panel(actor.at(call.organizer_id)):
        return await recusal_requests(session, call.id), True
    own = and_(
        col(RecusalRequest.kind) == RecusalKind.REQUEST,
        col(RecusalRequest.organization_id) == actor.organization_id,
    )
    found = await session.exec(
        select(RecusalRequest)
        .where(RecusalRequest.scenario_id == call.id)
        .where(or_(own, col(RecusalRequest.filed_by) == actor.person_id))
        .order_by(col(RecusalRequest.id))
    )
    return found.all(), call.state in visibility.TOLD_STATES


async def recused_people(session: ReadSession, scenario_id: UUID) -> frozenset[UUID]:
    """Name whoever must not judge a call by a decision."""
    return frozenset(
        row.person_id
        for row in await recusal_requests(session, scenario_id)
        if row.accepted and row.person_id is not None
    )


async def declaration_pending(session: ReadSession, scenario_id: UUID, person_id: UUID) -> bool:
    """Tell whether a judge has declared an interest on which nobody has decided."""
    found = await session.exec(
        select(RecusalRequest.id)
        .where(RecusalRequest.scenario_id == scenario_id)
        .where(RecusalRequest.filed_by == person_id)
        .where(col(RecusalRequest.kind) == RecusalKind.DECLARATION)
        .where(col(RecusalRequest.decided_at).is_(None))
    )
    return found.first() is not None


async def votes(session: ReadSession, scenario_id: UUID) -> Sequence[ChairVote]:
    """List whom each judge wants in the chair."""
    found = await session.exec(select(ChairVote).where(ChairVote.scenario_id == scenario_id))
    return found.all()


async def present(session: ReadSession, scenario_id: UUID) -> list[PanelSeat]:
    """List the judges who sit, in the order in which they were seated."""
    return [one for one in await rounds.seats(session, scenario_id) if one.recused_at is None]


async def told_with_result(
    session: ReadSession, actor: Actor, call: Scenario
) -> Sequence[tuple[PanelSeat, Person]]:
    """List who judged, with names, to everybody once the result is announced, if the track does.

    Shape    empty before that, and for those who read the whole panel anyhow.
    """
    if visibility.may_read_panel(actor.at(call.organizer_id)):
        return []
    if call.state not in visibility.ANNOUNCED_STATES:
        return []
    profile = (await scenarios.call(session, call.id)).profile
    name = "panel_names_published"
    if not profile.has(name) or not profile.flag(name):
        return []
    found = await session.exec(
        select(PanelSeat, Person)
        .where(PanelSeat.scenario_id == call.id)
        .where(PanelSeat.person_id == Person.id)
        .where(col(PanelSeat.recused_at).is_(None))
        .order_by(col(PanelSeat.id))
    )
    return found.all()


async def calls_judged(session: ReadSession, person_id: UUID) -> frozenset[UUID]:
    """Name the calls in evaluation on whose panel a person sits."""
    found = await session.exec(
        select(PanelSeat.scenario_id)
        .where(PanelSeat.person_id == person_id)
        .where(col(PanelSeat.recused_at).is_(None))
        .where(PanelSeat.scenario_id == Scenario.id)
        .where(Scenario.state == ScenarioState.EVALUATING)
    )
    return frozenset(found.all())


async def own_present_seat(session: ReadSession, actor: Actor, scenario_id: UUID) -> PanelSeat:
    """Find the seat of a judge who sits; anybody else is not on this panel."""
    seat = await rounds.seat_of(session, scenario_id, actor.person_id)
    if seat is None or seat.recused_at is not None:
        raise NotOnPanel()
    return seat


async def stop_in_force(
    session: ReadSession, scenario_id: UUID, *, lock: bool = False
) -> EvaluationStop | None:
    """Find the stop on which the bureau has not decided."""
    statement = (
        select(EvaluationStop)
        .where(EvaluationStop.scenario_id == scenario_id)
        .where(col(EvaluationStop.decided_at).is_(None))
    )
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    return (await session.exec(statement)).first()


async def refuse_if_stopped(session: ReadSession, scenario_id: UUID) -> None:
    """Refuse to go on while the panel has stopped."""
    stop = await stop_in_force(session, scenario_id)
    if stop is not None:
        raise EvaluationStopped(stopped_at=stop.stopped_at)


async def report_of(session: ReadSession, round_id: UUID) -> EvaluationReport | None:
    """Find the report about a round."""
    found = await session.exec(
        select(EvaluationReport).where(EvaluationReport.round_id == round_id)
    )
    return found.first()


async def latest_report(session: ReadSession, scenario_id: UUID) -> EvaluationReport:
    """Find the report about the round that counts."""
    last = await rounds.latest_round(session, scenario_id)
    report = None if last is None else await report_of(session, last.id)
    if report is None:
        raise ReportMissing(scenario_id=str(scenario_id))
    return report


async def report_seen_by(session: ReadSession, actor: Actor, call: Scenario) -> EvaluationReport:
    """Find the report for those who sign it, the bureau and auditors; there is none for others."""
    seat = await rounds.seat_of(session, call.id, actor.person_id)
    sits = seat is not None and seat.recused_at is None
    if not sits and not visibility.may_read_report(actor.at(call.organizer_id)):
        raise ReportMissing(scenario_id=str(call.id))
    return await latest_report(session, call.id)


async def signatures(session: ReadSession, report_id: UUID) -> Sequence[ReportSignature]:
    """List what the judges said to a report, in the order in which they did."""
    found = await session.exec(
        select(ReportSignature)
        .where(ReportSignature.report_id == report_id)
        .order_by(col(ReportSignature.id))
    )
    return found.all()


async def changed_since(session: ReadSession, last: RankingRound) -> list[str]:
    """Name the judges whose marks a round counted and who were recused since."""
    counted = set(last.summary.get("judges", ()))
    return [
        seat.label
        for seat in await rounds.seats(session, last.scenario_id)
        if seat.recused_at is not None and seat.label in counted
    ]


async def refuse_changed_panel(session: ReadSession, scenario_id: UUID) -> None:
    """Refuse to build on a ranking in which a judge counted who was recused since."""
    last = await rounds.latest_round(session, scenario_id)
    gone = [] if last is None else await changed_since(session, last)
    if gone:
        raise PanelChangedSince(judges=gone)


async def require_report(session: ReadSession, scenario_id: UUID) -> None:
    """Refuse a decision before the panel has reported on the round that counts, all of it.

    Refuses  EvaluationStopped; PanelChangedSince, ReportMissing, ReportUnsigned with the judges who
             have said nothing.
    """
    await refuse_if_stopped(session, scenario_id)
    await refuse_changed_panel(session, scenario_id)
    report = await latest_report(session, scenario_id)
    said = {one.seat_id for one in await signatures(session, report.id)}
    silent = [seat.label for seat in await present(session, scenario_id) if seat.id not in said]
    if silent:
        raise ReportUnsigned(judges=silent)
