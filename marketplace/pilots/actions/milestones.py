"""Submit a phase for review and record how it ended."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from marketplace.awards.actions import awarding
from marketplace.events.rules.catalogue.pilots import PilotMilestoneResult, PilotMilestoneSubmitted
from marketplace.identity.rules import access, duties
from marketplace.identity.rules.access import Actor, Permission, Role
from marketplace.identity.rules.duties import Duty
from marketplace.kit.database import WriteSession
from marketplace.pilots import queries
from marketplace.pilots.actions.running import require_outsider, require_party, tell, to_state
from marketplace.pilots.errors import NotYourPart, PhaseOutOfOrder, StopNoticeMissing
from marketplace.pilots.rules.findings import Answer, Point, check_blameless
from marketplace.pilots.rules.lifecycle import OUTCOME_VERBS, PILOT, PhaseState
from marketplace.pilots.rules.settlement import Outcome
from marketplace.pilots.tables import Phase


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """How a phase ended, and the ground for it; a finding of no fault answers the five points."""

    outcome: Outcome
    ground: str
    answers: Mapping[Point, Answer] = field(default_factory=dict)
    stop_notice_on: dt.date | None = None
    """The day of the stop notice: later cost is not shared."""


async def submit_milestone(
    session: WriteSession,
    actor: Actor,
    pilot_id: UUID,
    *,
    report_sha256: str,
    now: dt.datetime,
) -> Phase:
    """Submit the running phase for review, with the digest of its report (P05)."""
    access.require(actor, Permission.PILOTS_RUN)
    row = await queries.pilot(session, pilot_id, lock=True)
    require_party(actor, row.solver_id)
    move = PILOT.check(row.state, "submit_milestone")
    phase = await _phase_in(session, pilot_id, PhaseState.RUNNING)
    phase.state, phase.submitted_at = PhaseState.IN_REVIEW, now
    phase.report_sha256 = report_sha256
    await to_state(session, row, move.target)
    said = PilotMilestoneSubmitted(pilot_id=row.id, phase=phase.code)
    await tell(session, actor, row, said, now=now)
    return phase


async def record_milestone(
    session: WriteSession,
    actor: Actor,
    pilot_id: UUID,
    *,
    verdict: Verdict,
    now: dt.datetime,
) -> Phase:
    """Record how the present phase ended: passed, or one of three ways in which it did not.

    A pass (P06) is recorded by a bureau officer.  That nobody was at fault (P11), that somebody
    was (P12), or that it was stopped (P10) is decided by an approver; a finding of no fault never
    by the pilot's handler, and only with all five points proven.

    Refuses  NotYourPart, OfTheSolver, SameHands, FindingIncomplete, StopNoticeMissing,
             PhaseOutOfOrder.
    """
    passed = verdict.outcome is Outcome.PASSED
    access.require(actor, Permission.PILOTS_RUN if passed else Permission.PILOTS_FIND)
    row = await queries.pilot(session, pilot_id, lock=True)
    if passed and not actor.has(Role.BUREAU_OFFICER):
        raise NotYourPart()
    await require_outsider(session, actor, row)
    if verdict.outcome is Outcome.FAILED_BLAMELESS:
        duties.require(actor, Duty.FINDER, {Duty.HANDLER: row.handler_id})
        check_blameless(verdict.answers)
    if (verdict.outcome is Outcome.STOPPED) is not (verdict.stop_notice_on is not None):
        raise StopNoticeMissing(outcome=verdict.outcome.value)
    move = PILOT.check(row.state, OUTCOME_VERBS[verdict.outcome])
    phase = await _phase_in(session, pilot_id, PhaseState.RUNNING, PhaseState.IN_REVIEW)
    phase.state, phase.outcome, phase.ended_at = PhaseState.ENDED, verdict.outcome, now
    phase.decided_by = awarding.person_of(actor)
    phase.ground, phase.stop_notice_on = verdict.ground, verdict.stop_notice_on
    if verdict.answers:
        phase.finding = {
            point.value: {"holds": answer.holds, "evidence": answer.evidence}
            for point, answer in verdict.answers.items()
        }
    if not passed:
        row.ended_at = now
    await to_state(session, row, move.target)
    said = PilotMilestoneResult(pilot_id=row.id, phase=phase.code, outcome=verdict.outcome.value)
    await tell(session, actor, row, said, now=now)
    return phase


async def _phase_in(session: WriteSession, pilot_id: UUID, *states: PhaseState) -> Phase:
    for phase in await queries.phases(session, pilot_id):
        if phase.state in states:
            return phase
    raise PhaseOutOfOrder(wanted=[state.value for state in states])
