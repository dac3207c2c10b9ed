"""What the panel does as one: elect its chair, report on a round, sign it or dissent."""

import datetime as dt
from typing import Any
from uuid import UUID

import msgspec

from marketplace.events.rules.catalogue.scoring import ChairChosen, ReportClosed, ReportSigned
from marketplace.identity.rules import access
from marketplace.identity.rules.access import Actor, Permission
from marketplace.kit.clock import Clock
from marketplace.kit.database import WriteSession
from marketplace.kit.digests import canonical_json, sha256_hex
from marketplace.scenarios.queries import calls as scenarios
from marketplace.scenarios.queries.calls import Call
from marketplace.scoring.actions.marking import evaluating_call
from marketplace.scoring.actions.panels import CHANGING, check_hands, tell
from marketplace.scoring.errors.panels import (
    ChairElected,
    ChairNeeded,
    ChairUnfit,
    ReportMissing,
    SilenceTooEarly,
)
from marketplace.scoring.errors.panels import ReportClosed as ClosedBefore
from marketplace.scoring.errors.panels import (
    ReportSigned as SignedBefore,
)
from marketplace.scoring.errors.rounds import NotEvaluating, NotOnPanel
from marketplace.scoring.queries import panels as queries
from marketplace.scoring.queries import rounds
from marketplace.scoring.rules import reporting
from marketplace.scoring.rules.reporting import SILENCE_AFTER, Voter
from marketplace.scoring.tables.panels import (
    ChairVote,
    Consent,
    EvaluationReport,
    ReportSignature,
)
from marketplace.scoring.tables.rounds import PanelSeat, RankingRound


async def vote_for_chair(
    session: WriteSession, actor: Actor, scenario_id: UUID, label: str, *, now: dt.datetime
) -> PanelSeat | None:
    """Vote for one of the experts; who has more than half of the votes takes the chair.

    Shape    the chair, or None while nobody has a majority; a vote may be changed until then.
    Refuses  NotOnPanel for whoever does not sit; ChairElected; ChairUnfit for a representative.
    """
    access.require(actor, Permission.MARKS_RECORD)
    scenario = await scenarios.scenario(session, scenario_id, lock=True)
    if scenario.state not in CHANGING:
        raise NotEvaluating(state=scenario.state.value)
    own = await queries.own_present_seat(session, actor, scenario_id)
    present = await queries.present(session, scenario_id)
    if any(seat.is_chair for seat in present):
        raise ChairElected()
    wanted = next((seat for seat in present if seat.label == label), None)
    if wanted is None or not wanted.is_expert:
        raise ChairUnfit(judge=label)
    known = {vote.seat_id: vote for vote in await queries.votes(session, scenario_id)}
    vote = known.get(own.id)
    if vote is None:
        vote = ChairVote(
            scenario_id=scenario_id, seat_id=own.id, for_seat_id=wanted.id, voted_at=now
        )
        session.add(vote)
        known[own.id] = vote
    vote.for_seat_id, vote.voted_at = wanted.id, now
    await session.flush()
    voters = [
        Voter(seat_id=seat.id, votes_for=known[seat.id].for_seat_id if seat.id in known else None)
        for seat in present
    ]
    chosen = reporting.elected(voters)
    if chosen is None:
        return None
    chair = next(seat for seat in present if seat.id == chosen)
    chair.is_chair = True
    await session.flush()
    said = ChairChosen(
        scenario_id=scenario_id,
        judge=chair.label,
        votes=sum(voter.votes_for == chosen for voter in voters),
        seats=len(voters),
    )
    await tell(session, actor, await scenarios.call(session, scenario_id), said, now=now)
    return chair


async def close_report(
    session: WriteSession,
    actor: Actor,
    scenario_id: UUID,
    *,
    text: dict[str, str],
    clock: Clock,
) -> EvaluationReport:
    """Close the report about the round that counts, as its chair; every judge then signs it.

    Refuses  ChairNeeded; ReportMissing before the first round; PanelChangedSince; ReportClosed.
    """
    access.require(actor, Permission.MARKS_RECORD)
    call = await evaluating_call(session, scenario_id)
    own = await queries.own_present_seat(session, actor, scenario_id)
    if not own.is_chair:
        raise ChairNeeded()
    await queries.refuse_changed_panel(session, scenario_id)
    last = await rounds.latest_round(session, scenario_id)
    if last is None:
        raise ReportMissing(scenario_id=str(scenario_id))
    if await queries.report_of(session, last.id) is not None:
        raise ClosedBefore(round_id=str(last.id))
    now = await clock.decisive(session)
    document = canonical_json(await _document(session, call, last, text=text, now=now))
    row = EvaluationReport(
        scenario_id=scenario_id,
        round_id=last.id,
        document=document,
        document_sha256=sha256_hex(document),
        closed_by=actor.person_id,
        closed_at=now,
    )
    session.add(row)
    await session.flush()
    said = ReportClosed(
        scenario_id=scenario_id, round_id=last.id, document_sha256=row.document_sha256
    )
    await tell(session, actor, call, said, now=now)
    return row


async def _document(
    session: WriteSession,
    call: Call,
    last: RankingRound,
    *,
    text: dict[str, str],
    now: dt.datetime,
) -> dict[str, Any]:
    standings = msgspec.json.decode(last.standings)["standings"]
    return reporting.report_document(
        scenario_number=call.number,
        round_number=last.number,
        sheet_sha256=last.sheet_sha256,
        standings_sha256=last.standings_sha256,
        judges=[
            {
                "label": seat.label,
                "is_expert": seat.is_expert,
                "is_chair": seat.is_chair,
                "recused": seat.recused_at is not None,
                "sheet_sha256": seat.sheet_sha256,
            }
            for seat in await rounds.seats(session, call.id)
        ],
        ranked=[
            {"bid": one["bid_id"], "rank": one["rank"], "points": one["total"]} for one in standings
        ],
        text=text,
        closed_at=now,
    )


async def sign_report(
    session: WriteSession,
    actor: Actor,
    scenario_id: UUID,
    *,
    dissent: str | None,
    now: dt.datetime,
) -> ReportSignature:
    """Sign the report as a judge who sits, or dissent from it in writing and with reasons.

    Refuses  NotOnPanel, ReportMissing, PanelChangedSince, ReportSigned for a second word.
    """
    access.require(actor, Permission.MARKS_RECORD)
    call = await evaluating_call(session, scenario_id)
    own = await queries.own_present_seat(session, actor, scenario_id)
    consent = Consent.AGREED if dissent is None else Consent.DISSENTED
    return await _say(session, actor, call, own, consent, dissent=dissent, now=now)


async def record_silence(
    session: WriteSession, actor: Actor, scenario_id: UUID, label: str, *, clock: Clock
) -> ReportSignature:
    """Write down that a judge neither signed nor dissented in the time they had: they agree.

    Refuses  SameHands for a judge of this call; SilenceTooEarly by the database's clock; what
             `sign_report` refuses.
    Source   procurement regulations, article 41: silence counts as agreement.
    """
    access.require(actor, Permission.PANELS_SEAT)
    call = await evaluating_call(session, scenario_id, asked_by=(actor, Permission.PANELS_SEAT))
    await check_hands(session, actor, await scenarios.scenario(session, scenario_id), [])
    present = await queries.present(session, scenario_id)
    seat = next((one for one in present if one.label == label), None)
    if seat is None:
        raise NotOnPanel(judge=label)
    now = await clock.decisive(session)
    report = await queries.latest_report(session, scenario_id)
    if now < report.closed_at + SILENCE_AFTER:
        raise SilenceTooEarly(until=report.closed_at + SILENCE_AFTER)
    return await _say(session, actor, call, seat, Consent.SILENT, dissent=None, now=now)


async def _say(
    session: WriteSession,
    actor: Actor,
    call: Call,
    seat: PanelSeat,
    consent: Consent,
    *,
    dissent: str | None,
    now: dt.datetime,
) -> ReportSignature:
    await queries.refuse_changed_panel(session, call.id)
    report = await queries.latest_report(session, call.id)
    if any(one.seat_id == seat.id for one in await queries.signatures(session, report.id)):
        raise SignedBefore(judge=seat.label)
    row = ReportSignature(
        report_id=report.id,
        seat_id=seat.id,
        consent=consent,
        dissent=dissent,
        recorded_by=actor.person_id,
        recorded_at=now,
    )
    session.add(row)
    await session.flush()
    said = ReportSigned(
        scenario_id=call.id, round_id=report.round_id, judge=seat.label, consent=consent.value
    )
    await tell(session, actor, call, said, now=now)
    return row
