"""Submit, verify, reject, approve and pay cost claims.

Four pairs of hands: one person submits, another verifies, a third approves, a fourth pays; and none
of the last three belongs, or ever belonged, to the solver.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from marketplace.awards.actions.awarding import person_of
from marketplace.events import actions as events
from marketplace.events.rules.catalogue.pilots import (
    ClaimApproved,
    ClaimPaid,
    ClaimRejected,
    ClaimSubmitted,
    ClaimVerified,
)
from marketplace.events.rules.envelope import Event
from marketplace.identity.rules import access, duties
from marketplace.identity.rules.access import Actor, Permission
from marketplace.identity.rules.duties import Duty
from marketplace.kit.database import WriteSession
from marketplace.kit.digests import canonical_json, sha256_hex
from marketplace.ledger import actions as ledger
from marketplace.ledger.rules.accounts import AccountKind, AccountName
from marketplace.ledger.rules.entries import Cause, entry_of
from marketplace.pilots import queries
from marketplace.pilots.actions.rechecks import recheck_filed, recheck_settled
from marketplace.pilots.actions.running import require_outsider, require_party
from marketplace.pilots.errors import (
    BankReferenceUsed,
    CostLineUsed,
    DeclarationMissing,
    NothingOwed,
    PhaseNotOpenForClaims,
    PhaseUndecided,
)
from marketplace.pilots.rules import lines as costs
from marketplace.pilots.rules.claims import CLAIM, ClaimState
from marketplace.pilots.rules.lifecycle import PhaseState, PilotState
from marketplace.pilots.rules.lines import Line
from marketplace.pilots.rules.settlement import (
    FUNDERS,
    SOLVER,
    ClaimFacts,
    Settlement,
    document_of,
    settle_phase,
)
from marketplace.pilots.tables import Claim, CostLine, Phase, Pilot

CLOSING = frozenset({PilotState.SETTLING, PilotState.CLOSED, PilotState.VOID})


async def submit_claim(
    session: WriteSession,
    actor: Actor,
    pilot_id: UUID,
    phase_code: str,
    *,
    lines: Sequence[Line],
    declared_true: bool,
    now: dt.datetime,
) -> Claim:
    """Claim cost of a phase, line by line, with a declaration that it is true (C01, C02).

    Refuses  LinesMalformed; DeclarationMissing; PhaseNotOpenForClaims; CostLineUsed with the lines
             that were claimed before, without telling by whom.
    """
    access.require(actor, Permission.CLAIMS_SUBMIT)
    pilot = await queries.pilot(session, pilot_id, lock=True)
    require_party(actor, pilot.solver_id)
    costs.check_lines(lines)
    if not declared_true:
        raise DeclarationMissing()
    phase = await queries.phase(session, pilot_id, phase_code)
    if phase.state is PhaseState.PLANNED or pilot.state in CLOSING:
        raise PhaseNotOpenForClaims(phase=phase_code, state=phase.state.value)
    keys = [costs.normal_key(line.key) for line in lines]
    used = await queries.keys_in_use(session, keys)
    if used:
        raise CostLineUsed(keys=list(used))
    row = Claim(
        pilot_id=pilot_id,
        phase_id=phase.id,
        number=await queries.claims_counted(session, pilot_id) + 1,
        state=ClaimState(CLAIM.check(CLAIM.initial().target, "submit").target),
        claimed_fen=sum(line.amount_fen for line in lines),
        submitted_by=person_of(actor),
        submitted_at=now,
    )
    session.add(row)
    await session.flush()
    session.add_all(_line_row(row.id, key, line) for key, line in zip(keys, lines, strict=True))
    try:
        await session.flush()
    except IntegrityError as taken:
        # Another solver took one of these keys between the question and the insert.
        raise CostLineUsed(keys=keys) from taken
    said = ClaimSubmitted(
        claim_id=row.id, pilot_id=pilot_id, phase=phase_code, claimed_fen=row.claimed_fen
    )
    await _tell(session, actor, pilot, said, now=now)
    return row


async def verify_claim(
    session: WriteSession,
    actor: Actor,
    claim_id: UUID,
    *,
    verified_fen: Mapping[str, int],
    now: dt.datetime,
) -> Claim:
    """Write down what was found for each line of a claim (C03, C05).

    Shape    `verified_fen` names every line by its key, at most at what was claimed.
    Refuses  SameHands for the submitter, OfTheSolver for the solver's people;
             VerifiedAboveClaimed with the lines that are wrong; NotInGoodStanding for the payee;
             RelatedParties where public money is promised.
    """
    access.require(actor, Permission.CLAIMS_VERIFY)
    pilot, row = await _locked(session, claim_id)
    await _require_other_hands(session, actor, Duty.VERIFIER, pilot, row)
    move = CLAIM.check(CLAIM.check(row.state, "accept").target, "verify")
    filed_for = await queries.phase_for_settling(session, row.phase_id)
    await recheck_filed(session, actor, pilot, row, filed_for, now)
    found = {costs.normal_key(key): amount for key, amount in verified_fen.items()}
    lines = await queries.lines_of(session, claim_id)
    row.verified_fen = costs.verified_total({line.key: line.claimed_fen for line in lines}, found)
    for line in lines:
        line.verified_fen = found[line.key]
    row.verified_by, row.verified_at = person_of(actor), now
    await _to_state(session, row, move.target)
    said = ClaimVerified(claim_id=row.id, pilot_id=pilot.id, verified_fen=row.verified_fen)
    await _tell(session, actor, pilot, said, now=now)
    return row


async def reject_claim(
    session: WriteSession, actor: Actor, claim_id: UUID, *, reason: str, now: dt.datetime
) -> Claim:
    """Reject a claim that was not verified; its cost lines are free again (C06)."""
    access.require(actor, Permission.CLAIMS_APPROVE)
    pilot, row = await _locked(session, claim_id)
    await _require_other_hands(session, actor, Duty.CLAIM_APPROVER, pilot, row)
    move = CLAIM.check(CLAIM.check(row.state, "accept").target, "reject")
    for line in await queries.lines_of(session, claim_id):
        line.taken_key = None
    row.rejected_reason = reason
    await _to_state(session, row, move.target)
    said = ClaimRejected(claim_id=row.id, pilot_id=pilot.id, reason=reason)
    await _tell(session, actor, pilot, said, now=now)
    return row


async def approve_claim(
    session: WriteSession, actor: Actor, claim_id: UUID, *, now: dt.datetime
) -> Claim:
    """Divide a verified claim by the outcome of its phase and move each party's share (C10).

    The settlement is stored as bytes with all its inputs.  The funders' shares become payable, what
    the solver bears is written down as borne.

    Refuses  SameHands for submitter and verifier; PhaseUndecided while the phase has no outcome;
             NotInGoodStanding for the payee; RelatedParties where a share is public money.
    """
    access.require(actor, Permission.CLAIMS_APPROVE)
    pilot, row = await _locked(session, claim_id)
    await _require_other_hands(session, actor, Duty.CLAIM_APPROVER, pilot, row)
    move = CLAIM.check(row.state, "approve")
    phase = await queries.phase_for_settling(session, row.phase_id)
    settled = await _settle(session, pilot, phase, row)
    shares = {share.funder: share.amount_fen for share in settled.shares}
    await recheck_settled(session, actor, pilot, row, shares, now)
    row.settlement = canonical_json(document_of(settled))
    row.settlement_sha256 = sha256_hex(row.settlement)
    row.payable_fen = settled.payable_fen
    row.approved_by, row.approved_at = person_of(actor), now
    after = settled.after()
    phase.settled_fen, phase.cumulative_fen = after.total_fen, dict(after.cumulative)
    await _to_state(session, row, move.target)
    said = ClaimApproved(
        claim_id=row.id,
        pilot_id=pilot.id,
        phase=phase.code,
        verified_fen=settled.facts.verified_fen,
        shares_fen=shares,
        solver_bears_fen=settled.solver_bears_fen,
        bound_by=settled.bound_by.value,
        settlement_sha256=row.settlement_sha256,
    )
    cause = await _tell(session, actor, pilot, said, now=now)
    await _move_shares(
        session, pilot, phase, settled, key=f"claim:{row.id}:approve", cause=cause, now=now
    )
    return row


async def pay_claim(
    session: WriteSession,
    actor: Actor,
    claim_id: UUID,
    *,
    bank_reference: str,
    now: dt.datetime,
) -> Claim:
    """Write down that the funders' shares were paid, one entry per funder (C12).

    Paying again under the same bank reference changes nothing.

    Refuses  SameHands for whoever had it in hand before; NothingOwed; BankReferenceUsed for
             another claim's; NotInGoodStanding for the payee; RelatedParties where a share is
             public money.
    """
    access.require(actor, Permission.LEDGER_POST)
    pilot, row = await _locked(session, claim_id)
    if row.state is ClaimState.PAID and row.bank_reference == bank_reference:
        return row
    await _require_other_hands(session, actor, Duty.PAYER, pilot, row)
    move = CLAIM.check(CLAIM.check(row.state, "order").target, "confirm")
    if not row.payable_fen:
        raise NothingOwed(claim_id=str(claim_id))
    if not bank_reference.strip() or await queries.bank_reference_used(session, bank_reference):
        raise BankReferenceUsed(bank_reference=bank_reference)
    shares = (await queries.settlement(session, claim_id))["shares_fen"]
    paid = {funder: shares[funder] for funder in FUNDERS if shares[funder]}
    await recheck_settled(session, actor, pilot, row, paid, now)
    row.bank_reference, row.paid_by, row.paid_at = bank_reference, person_of(actor), now
    await _to_state(session, row, move.target)
    said = ClaimPaid(
        claim_id=row.id, pilot_id=pilot.id, paid_fen=paid, bank_reference=bank_reference
    )
    cause = await _tell(session, actor, pilot, said, now=now)
    phase = await queries.phase_for_settling(session, row.phase_id)
    for funder, amount_fen in paid.items():
        purse = queries.purse(pilot, phase.code, funder)
        amounts = (
            (purse.account(AccountKind.PAYABLE), -amount_fen),
            (purse.account(AccountKind.DISBURSED), amount_fen),
        )
        entry = entry_of(f"claim:{row.id}:pay:{funder}", cause, amounts)
        await ledger.post(session, entry, now=now)
    return row


async def _settle(session: WriteSession, pilot: Pilot, phase: Phase, row: Claim) -> Settlement:
    if phase.outcome is None:
        raise PhaseUndecided(phase=phase.code, state=phase.state.value)
    assert row.verified_fen is not None, "a verified claim has a verified amount"
    left = await queries.held(session, pilot, phase.code, AccountKind.RESERVED)
    verified = [
        Line(
            key=line.key,
            category=line.category,
            amount_fen=line.verified_fen or 0,
            incurred_on=line.incurred_on,
            winding_down=line.winding_down,
        )
        for line in await queries.lines_of(session, row.id)
    ]
    return settle_phase(
        queries.terms_of(phase),
        phase.outcome,
        ClaimFacts(
            verified_fen=row.verified_fen,
            after_notice_fen=costs.after_notice(verified, phase.stop_notice_on),
        ),
        before=queries.before_of(phase),
        commitments={funder: left[funder] for funder in FUNDERS},
    )


async def _move_shares(
    session: WriteSession,
    pilot: Pilot,
    phase: Phase,
    settled: Settlement,
    *,
    key: str,
    cause: Cause,
    now: dt.datetime,
) -> None:
    """Post one entry: the funders' shares become payable, the rest is borne by the solver.

    The solver pays from what it had committed, and beyond that from its own pocket.
    """
    amounts: list[tuple[AccountName, int]] = []
    for funder in FUNDERS:
        purse = queries.purse(pilot, phase.code, funder)
        share_fen = settled.share_of(funder)
        amounts += [
            (purse.account(AccountKind.RESERVED), -share_fen),
            (purse.account(AccountKind.PAYABLE), share_fen),
        ]
    own = queries.purse(pilot, phase.code, SOLVER)
    left = await queries.held(session, pilot, phase.code, AccountKind.RESERVED)
    committed_fen = min(left[SOLVER], settled.solver_bears_fen)
    amounts += [
        (own.account(AccountKind.RESERVED), -committed_fen),
        (own.pool(AccountKind.TREASURY), committed_fen - settled.solver_bears_fen),
        (own.account(AccountKind.BORNE), settled.solver_bears_fen),
    ]
    await ledger.post(session, entry_of(key, cause, amounts), now=now)


async def _locked(session: WriteSession, claim_id: UUID) -> tuple[Pilot, Claim]:
    unlocked = await queries.claim(session, claim_id)
    pilot = await queries.pilot(session, unlocked.pilot_id, lock=True)
    return pilot, await queries.claim(session, claim_id, lock=True)


async def _require_other_hands(
    session: WriteSession, actor: Actor, duty: Duty, pilot: Pilot, row: Claim
) -> None:
    """Refuse whoever had this claim in hand before, and whoever is one of the solver's people."""
    done = {
        Duty.SUBMITTER: row.submitted_by,
        Duty.VERIFIER: row.verified_by,
        Duty.CLAIM_APPROVER: row.approved_by,
    }
    duties.require(actor, duty, done)
    await require_outsider(session, actor, pilot)


async def _to_state(session: WriteSession, row: Claim, target: str) -> None:
    row.state = ClaimState(target)
    row.version += 1
    await session.flush()


async def _tell(
    session: WriteSession, actor: Actor, pilot: Pilot, said: Event, *, now: dt.datetime
) -> Cause:
    row = await events.record(
        session,
        said,
        by=actor.kind,
        now=now,
        organization_id=pilot.solver_id,
        scenario_id=pilot.scenario_id,
    )
    return Cause(event_type=row.type, event_id=row.id)


def _line_row(claim_id: UUID, key: str, line: Line) -> CostLine:
    return CostLine(
        claim_id=claim_id,
        key=key,
        taken_key=key,
        category=line.category,
        incurred_on=line.incurred_on,
        winding_down=line.winding_down,
        claimed_fen=line.amount_fen,
    )
