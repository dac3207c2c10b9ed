"""Open, run and close a pilot: commit the money, start phases in order, give back what is left."""

import datetime as dt
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from marketplace.awards import queries as awards
from marketplace.awards.actions import awarding
from marketplace.awards.rules.lifecycle import AwardState
from marketplace.events import actions as events
from marketplace.events.rules.catalogue.pilots import (
    PilotAcceptanceRequested,
    PilotAccepted,
    PilotClosed,
    PilotOpened,
    PilotPhaseStarted,
)
from marketplace.events.rules.envelope import Event
from marketplace.events.tables import EventRow
from marketplace.identity.queries import people
from marketplace.identity.queries import standing as identity
from marketplace.identity.rules import access, duties
from marketplace.identity.rules.access import Actor, Permission, Role
from marketplace.identity.rules.duties import Duty
from marketplace.kit.clock import Clock
from marketplace.kit.database import ReadSession, WriteSession
from marketplace.ledger import actions as ledger
from marketplace.ledger.rules.accounts import AccountKind, AccountName
from marketplace.ledger.rules.entries import Cause, entry_of
from marketplace.pilots import queries
from marketplace.pilots.actions.rechecks import recheck_contract
from marketplace.pilots.errors import (
    AwardNotStanding,
    ClaimsOpen,
    NotYourPart,
    OfTheSolver,
    PartiesNotDistinct,
    PhaseOutOfOrder,
    PhasesUnfinished,
    PhaseUnderfunded,
)
from marketplace.pilots.rules.lifecycle import PILOT, PhaseState, PilotState
from marketplace.pilots.rules.settlement import (
    PARTIES,
    SOLVER,
    Outcome,
    PhaseTerms,
    commitments_for,
)
from marketplace.pilots.tables import Phase, Pilot
from marketplace.profiles.rules.deadlines import local_date
from marketplace.scenarios.queries import calls as scenarios

ACCOUNTS = (AccountKind.RESERVED, AccountKind.PAYABLE, AccountKind.DISBURSED, AccountKind.BORNE)
"""Opened for every party and phase of a pilot."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """What was signed outside: whose purse the district's share comes from, in which year."""

    gov_id: UUID
    year: int
    sha256: str
    """Digest of the signed contract."""


async def open_pilot(
    session: WriteSession, actor: Actor, award_id: UUID, *, contract: Contract, clock: Clock
) -> Pilot:
    """Open a pilot from a standing award and commit every party's part of every phase (P01, P02).

    Refuses  AwardNotStanding; Suspended while a suspension bars signing; PartiesNotDistinct;
             FundsInsufficient, with what is left, when a funder's budget of the year does not cover
             its part; NotInGoodStanding for a party; RelatedParties where the terms promise public
             money.
    """
    access.require(actor, Permission.PILOTS_RUN)
    award = await awards.award(session, award_id)
    call = await scenarios.scenario(session, award.scenario_id)
    _require_bureau_or(actor.at(call.organizer_id), call.poster_id)
    if award.state is not AwardState.AWARDED:
        raise AwardNotStanding(award_id=str(award_id), state=award.state.value)
    if len({contract.gov_id, call.poster_id, award.solver_id}) < len(PARTIES):
        raise PartiesNotDistinct()
    now = await clock.decisive(session)
    await identity.organization_in_good_standing(session, contract.gov_id, on=local_date(now))
    documents = await scenarios.cost_share_terms(session, call.id)
    terms = [_terms(document) for document in documents]
    await recheck_contract(session, actor, award, call.poster_id, terms=terms, now=now)
    await awarding.sign(session, actor, award_id, clock=clock)
    drafted = PILOT.initial().target
    row = Pilot(
        number=f"{call.number}-P{award.slot}",
        award_id=award_id,
        scenario_id=call.id,
        gov_id=contract.gov_id,
        poster_id=call.poster_id,
        solver_id=award.solver_id,
        year=contract.year,
        state=PilotState(PILOT.check(drafted, "sign_all").target),
        handler_id=awarding.person_of(actor),
        contract_sha256=contract.sha256,
        opened_at=now,
    )
    session.add(row)
    await session.flush()
    phases = [_phase(row.id, at, document) for at, document in enumerate(documents)]
    session.add_all(phases)
    await session.flush()
    await _commit_funds(session, actor, row, phases, now=now)
    return row


async def start_phase(
    session: WriteSession, actor: Actor, pilot_id: UUID, code: str, *, now: dt.datetime
) -> Phase:
    """Start the next phase, if it is paid for (P04).

    Refuses  PhaseOutOfOrder unless every earlier phase passed and none is running;
             PhaseUnderfunded with what is missing below the ceiling.
    """
    access.require(actor, Permission.PILOTS_RUN)
    row = await queries.pilot(session, pilot_id, lock=True)
    _require_bureau_or(actor, row.poster_id)
    move = PILOT.check(row.state, "start_phase")
    wanted = await queries.phase(session, pilot_id, code)
    every = await queries.phases(session, pilot_id)
    ahead = {one.outcome for one in every if one.position < wanted.position}
    if wanted.state is not PhaseState.PLANNED or ahead - {Outcome.PASSED}:
        raise PhaseOutOfOrder(phase=code, state=wanted.state.value)
    committed_fen = sum((await queries.held(session, row, code, AccountKind.RESERVED)).values())
    if committed_fen < wanted.ceiling_fen:
        raise PhaseUnderfunded(
            phase=code, ceiling_fen=wanted.ceiling_fen, committed_fen=committed_fen
        )
    wanted.state, wanted.started_at = PhaseState.RUNNING, now
    await to_state(session, row, move.target)
    said = PilotPhaseStarted(pilot_id=row.id, phase=code, ceiling_fen=wanted.ceiling_fen)
    await tell(session, actor, row, said, now=now)
    return wanted


async def request_acceptance(
    session: WriteSession, actor: Actor, pilot_id: UUID, *, now: dt.datetime
) -> Pilot:
    """Ask the poster to accept the pilot, after every phase has passed (P14)."""
    access.require(actor, Permission.PILOTS_RUN)
    row = await queries.pilot(session, pilot_id, lock=True)
    require_party(actor, row.solver_id)
    move = PILOT.check(row.state, "request_acceptance")
    unfinished = [
        one.code
        for one in await queries.phases(session, pilot_id)
        if one.outcome is not Outcome.PASSED
    ]
    if unfinished:
        raise PhasesUnfinished(phases=unfinished)
    await to_state(session, row, move.target)
    await tell(session, actor, row, PilotAcceptanceRequested(pilot_id=row.id), now=now)
    return row


async def accept_pilot(
    session: WriteSession, actor: Actor, pilot_id: UUID, *, now: dt.datetime
) -> Pilot:
    """Accept the pilot for the poster (P15); whoever handles it may not.

    Refuses  NotYourPart, SameHands, OfTheSolver.
    """
    access.require(actor, Permission.PILOTS_RUN)
    row = await queries.pilot(session, pilot_id, lock=True)
    require_party(actor, row.poster_id)
    duties.require(actor, Duty.ACCEPTER, {Duty.HANDLER: row.handler_id})
    await require_outsider(session, actor, row)
    await to_state(session, row, PILOT.check(row.state, "accept").target)
    row.ended_at = now
    await tell(session, actor, row, PilotAccepted(pilot_id=row.id), now=now)
    return row


async def close_pilot(
    session: WriteSession, actor: Actor, pilot_id: UUID, *, now: dt.datetime
) -> Pilot:
    """Settle and close a pilot that has ended, and release what was committed and not used (P18).

    What is left goes back to the funder's budget of the same year; when that year is over it
    lapses.  The solver's own part goes back to the solver.

    Refuses  ClaimsOpen while a claim asks for something.
    """
    access.require(actor, Permission.LEDGER_POST)
    row = await queries.pilot(session, pilot_id, lock=True)
    ended = row.state
    settling = PILOT.check(ended, "settle").target
    waiting = await queries.open_claims(session, pilot_id)
    if waiting:
        raise ClaimsOpen(claims=[str(one.id) for one in waiting])
    row.final_state, row.closed_at = ended, now
    await to_state(session, row, PILOT.check(settling, "close").target)
    released = await queries.totals(session, row, AccountKind.RESERVED)
    said = await tell(
        session,
        actor,
        row,
        PilotClosed(
            pilot_id=row.id,
            final_state=ended.value,
            paid_fen=await queries.totals(session, row, AccountKind.DISBURSED),
            borne_fen=(await queries.totals(session, row, AccountKind.BORNE))[SOLVER],
            released_fen=released,
        ),
        now=now,
    )
    await _release(session, row, Cause(event_type=said.type, event_id=said.id), now=now)
    return row


async def to_state(session: WriteSession, row: Pilot, target: str) -> Pilot:
    """Write down the state a move of the table leads to."""
    row.state = PilotState(target)
    row.version += 1
    await session.flush()
    return row


async def tell(
    session: WriteSession, actor: Actor, row: Pilot, said: Event, *, now: dt.datetime
) -> EventRow:
    """Record an event of a pilot, to be heard by those who take part in its call."""
    return await events.record(
        session,
        said,
        by=actor.kind,
        now=now,
        organization_id=row.solver_id,
        scenario_id=row.scenario_id,
    )


def require_party(actor: Actor, organization_id: UUID) -> None:
    """Refuse whoever does not act for this organisation."""
    if actor.organization_id != organization_id:
        raise NotYourPart()


async def require_outsider(session: ReadSession, actor: Actor, row: Pilot) -> None:
    """Refuse whoever belongs or belonged to the solver, in whatever organisation they act now."""
    if actor.is_system:
        return
    if row.solver_id in await people.organizations_of(session, actor.person_id):
        raise OfTheSolver(pilot_id=str(row.id))


def _require_bureau_or(actor: Actor, organization_id: UUID) -> None:
    if not actor.has(Role.BUREAU_OFFICER):
        require_party(actor, organization_id)


def _terms(document: dict[str, Any]) -> PhaseTerms:
    return PhaseTerms(
        phase=document["code"],
        ceiling_fen=document["ceiling_fen"],
        ok_bps=document["ok_bps"],
        blameless_fail_bps=document["blameless_fail_bps"],
    )


def _phase(pilot_id: UUID, position: int, document: dict[str, Any]) -> Phase:
    terms = _terms(document)
    return Phase(
        pilot_id=pilot_id,
        position=position,
        code=terms.phase,
        title=document["title"],
        ceiling_fen=terms.ceiling_fen,
        ok_bps=dict(terms.ok_bps),
        blameless_fail_bps=dict(terms.blameless_fail_bps),
        state=PhaseState.PLANNED,
        cumulative_fen=dict.fromkeys(PARTIES, 0),
    )


async def _commit_funds(
    session: WriteSession, actor: Actor, row: Pilot, phases: list[Phase], *, now: dt.datetime
) -> None:
    """Reserve every party's part of every phase: the pool of a funder is touched once per pilot."""
    parts = {phase.code: commitments_for(queries.terms_of(phase)) for phase in phases}
    totals = {party: sum(part[party] for part in parts.values()) for party in PARTIES}
    said = await tell(
        session,
        actor,
        row,
        PilotOpened(
            pilot_id=row.id,
            scenario_id=row.scenario_id,
            number=row.number,
            phases=tuple(parts),
            committed_fen=totals,
        ),
        now=now,
    )
    for party in PARTIES:
        purses = {code: queries.purse(row, code, party) for code in parts}
        source = AccountName.of_pool(
            AccountKind.TREASURY if party == SOLVER else AccountKind.AVAILABLE,
            queries.owner_of(row, party),
            row.year,
        )
        names = [purse.account(kind) for purse in purses.values() for kind in ACCOUNTS]
        await ledger.open_accounts(session, [*names, source], now=now)
        if totals[party]:
            reserved = [
                (purse.account(AccountKind.RESERVED), parts[code][party])
                for code, purse in purses.items()
            ]
            cause = Cause(event_type=said.type, event_id=said.id)
            key = f"pilot:{row.id}:commit:{party}"
            entry = entry_of(key, cause, [*reserved, (source, -totals[party])])
            await ledger.post(session, entry, now=now)


async def _release(session: WriteSession, row: Pilot, cause: Cause, *, now: dt.datetime) -> None:
    year_is_over = local_date(now).year > row.year
    for party in PARTIES:
        if party == SOLVER:
            kind = AccountKind.TREASURY
        else:
            kind = AccountKind.LAPSED if year_is_over else AccountKind.AVAILABLE
        target = AccountName.of_pool(kind, queries.owner_of(row, party), row.year)
        await ledger.open_accounts(session, [target], now=now)
        amounts: list[tuple[AccountName, int]] = []
        for phase in await queries.phases(session, row.id):
            left = await queries.held(session, row, phase.code, AccountKind.RESERVED)
            if left[party]:
                name = queries.purse(row, phase.code, party).account(AccountKind.RESERVED)
                amounts += [(name, -left[party]), (target, left[party])]
        if amounts:
            key = f"pilot:{row.id}:release:{party}"
            await ledger.post(session, entry_of(key, cause, amounts), now=now)
