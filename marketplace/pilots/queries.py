"""What the pilots room can answer.

Locks, where asked for, are taken in this order: pilot, phase, claim, then the ledger's accounts.
"""

import json
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlmodel import col, func, select

from marketplace.kit.database import ReadSession
from marketplace.kit.digests import canonical_json, sha256_hex
from marketplace.kit.errors import MarketplaceError
from marketplace.ledger import queries as ledger
from marketplace.ledger.audit import Finding
from marketplace.ledger.rules.accounts import AccountKind, Purse, Scope
from marketplace.pilots.errors import ClaimUnknown, PhaseUnknown, PilotUnknown
from marketplace.pilots.rules.claims import CLAIM_ENDS, ClaimState
from marketplace.pilots.rules.settlement import (
    FUNDERS,
    GOV,
    PARTIES,
    POSTER,
    SOLVER,
    Before,
    PhaseTerms,
    Settlement,
    document_of,
    recompute,
)
from marketplace.pilots.tables import Claim, CostLine, Phase, Pilot


async def pilot(session: ReadSession, pilot_id: UUID, *, lock: bool = False) -> Pilot:
    """Find one pilot, locked for change on request."""
    statement = select(Pilot).where(Pilot.id == pilot_id)
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    row = (await session.exec(statement)).first()
    if row is None:
        raise PilotUnknown(pilot_id=str(pilot_id))
    return row


async def pilots_of(session: ReadSession, scenario_id: UUID) -> Sequence[Pilot]:
    """List the pilots of a call."""
    found = await session.exec(
        select(Pilot).where(Pilot.scenario_id == scenario_id).order_by(col(Pilot.id))
    )
    return found.all()


async def phases(session: ReadSession, pilot_id: UUID) -> Sequence[Phase]:
    """List the phases of a pilot, in order."""
    found = await session.exec(
        select(Phase).where(Phase.pilot_id == pilot_id).order_by(col(Phase.position))
    )
    return found.all()


async def phase(session: ReadSession, pilot_id: UUID, code: str) -> Phase:
    """Find one phase by its code."""
    wanted = select(Phase).where(Phase.pilot_id == pilot_id).where(Phase.code == code)
    row = (await session.exec(wanted)).first()
    if row is None:
        raise PhaseUnknown(pilot_id=str(pilot_id), phase=code)
    return row


async def phase_for_settling(session: ReadSession, phase_id: UUID) -> Phase:
    """Find the phase of a claim and lock it: its running totals are about to change."""
    statement = select(Phase).where(Phase.id == phase_id)
    statement = statement.with_for_update().execution_options(populate_existing=True)
    return (await session.exec(statement)).one()


async def claim(session: ReadSession, claim_id: UUID, *, lock: bool = False) -> Claim:
    """Find one claim, locked for change on request."""
    statement = select(Claim).where(Claim.id == claim_id)
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    row = (await session.exec(statement)).first()
    if row is None:
        raise ClaimUnknown(claim_id=str(claim_id))
    return row


async def claims_of(session: ReadSession, pilot_id: UUID) -> Sequence[Claim]:
    """List the claims of a pilot, in the order in which they were made."""
    found = await session.exec(
        select(Claim).where(Claim.pilot_id == pilot_id).order_by(col(Claim.number))
    )
    return found.all()


async def claims_counted(session: ReadSession, pilot_id: UUID) -> int:
    """Count the claims of a pilot."""
    found = await session.exec(
        select(func.count()).select_from(Claim).where(Claim.pilot_id == pilot_id)
    )
    return found.one()


async def open_claims(session: ReadSession, pilot_id: UUID) -> Sequence[Claim]:
    """List the claims that still ask for something; approved with nothing owed is settled."""
    return [
        row
        for row in await claims_of(session, pilot_id)
        if row.state not in CLAIM_ENDS
        and not (row.state is ClaimState.APPROVED and row.payable_fen == 0)
    ]


async def lines_of(session: ReadSession, claim_id: UUID) -> Sequence[CostLine]:
    """List the cost lines of a claim."""
    found = await session.exec(
        select(CostLine).where(CostLine.claim_id == claim_id).order_by(col(CostLine.key))
    )
    return found.all()


async def keys_in_use(session: ReadSession, keys: Sequence[str]) -> Sequence[str]:
    """Tell which of these cost lines a living claim has taken, anywhere on the platform."""
    found = await session.exec(select(CostLine.taken_key).where(col(CostLine.taken_key).in_(keys)))
    return sorted(key for key in found.all() if key is not None)


async def bank_reference_used(session: ReadSession, reference: str) -> bool:
    """Tell whether a bank reference has paid a claim."""
    found = await session.exec(select(Claim.id).where(Claim.bank_reference == reference))
    return found.first() is not None


async def settlement(session: ReadSession, claim_id: UUID) -> dict[str, Any]:
    """Read the stored settlement of an approved claim: what to hand to `recompute`."""
    row = await claim(session, claim_id)
    if row.settlement is None:
        raise ClaimUnknown(claim_id=str(claim_id), state=row.state.value)
    document: dict[str, Any] = json.loads(row.settlement)
    return document


def owner_of(row: Pilot, party: str) -> UUID:
    """Name the organisation that is a party of a pilot."""
    return {GOV: row.gov_id, POSTER: row.poster_id, SOLVER: row.solver_id}[party]


def purse(row: Pilot, phase_code: str, party: str) -> Purse:
    """Name the accounts of one party in one phase."""
    scope = Scope(year=row.year, pilot=row.id, phase=phase_code)
    return Purse(owner=owner_of(row, party), scope=scope)


def terms_of(row: Phase) -> PhaseTerms:
    """Read the signed terms of a phase."""
    return PhaseTerms(
        phase=row.code,
        ceiling_fen=row.ceiling_fen,
        ok_bps=row.ok_bps,
        blameless_fail_bps=row.blameless_fail_bps,
    )


def before_of(row: Phase) -> Before:
    """Read what a phase has settled so far."""
    return Before(total_fen=row.settled_fen, cumulative=row.cumulative_fen)


async def held(
    session: ReadSession, row: Pilot, phase_code: str, kind: AccountKind
) -> dict[str, int]:
    """Say what each party has on an account of one kind in one phase."""
    names = {party: purse(row, phase_code, party).account(kind) for party in PARTIES}
    amounts = await ledger.balances(session, names.values())
    return {party: amounts[name] for party, name in names.items()}


async def totals(session: ReadSession, row: Pilot, kind: AccountKind) -> dict[str, int]:
    """Say what each party has on its accounts of one kind over the whole pilot."""
    accounts = await ledger.accounts_of_pilot(session, row.id)
    return {
        party: sum(
            account.balance_fen
            for account in accounts
            if account.kind is kind and account.owner_id == owner_of(row, party)
        )
        for party in PARTIES
    }


async def broken_promises(session: ReadSession) -> list[Finding]:
    """Check what the ledger alone cannot know: claims against their settlements and their entries.

    Every approved claim computes again to its stored bytes; its parts add up to its verified cost,
    and its lines to the same; it moved money once, and once per funder when it was paid; the claims
    of a phase continue one another, and its running totals are those of the last.
    """
    found = await session.exec(
        select(Claim, Phase)
        .where(Claim.phase_id == Phase.id)
        .where(col(Claim.settlement).is_not(None))
        .order_by(col(Claim.id))
    )
    findings: list[Finding] = []
    settled: dict[UUID, tuple[Phase, list[Settlement]]] = {}
    for row, phase_row in found.all():
        again = _computed_again(row)
        if again is None:
            findings.append(Finding("claims compute again", str(row.id), {}))
        else:
            findings += await _claim_findings(session, row, again)
            settled.setdefault(phase_row.id, (phase_row, []))[1].append(again)
    for phase_row, chain in settled.values():
        if not _continues(phase_row, chain):
            findings.append(Finding("claims continue one another", str(phase_row.id), {}))
    return findings


def _computed_again(row: Claim) -> Settlement | None:
    """Settle a claim again from its stored bytes, or None when they are not what that gives."""
    try:
        again = recompute(json.loads(row.settlement or b""))
    except (MarketplaceError, ValueError, KeyError, TypeError):
        return None
    return again if canonical_json(document_of(again)) == row.settlement else None


def _continues(row: Phase, chain: list[Settlement]) -> bool:
    """Tell whether each claim began where the one before it ended, up to the phase's totals.

    The order is taken from the totals themselves: claims approved at the same time have no other.
    """
    at = Before()
    for one in sorted(chain, key=lambda one: (one.before.total_fen, one.base_fen)):
        if one.before != at:
            return False
        at = one.after()
    return at == before_of(row)


async def _claim_findings(session: ReadSession, row: Claim, settled: Settlement) -> list[Finding]:
    lines_fen = sum(line.verified_fen or 0 for line in await lines_of(session, row.id))
    whole_fen = settled.payable_fen + settled.solver_bears_fen
    due = {f"claim:{row.id}:approve"}
    if row.state is ClaimState.PAID:
        due |= {f"claim:{row.id}:pay:{funder}" for funder in FUNDERS if settled.share_of(funder)}
    posted = await ledger.keys_starting(session, f"claim:{row.id}:")
    facts = {
        "claims add up": whole_fen == row.verified_fen == lines_fen,
        "claims move money once": set(posted) == due,
        "claims are as digested": sha256_hex(row.settlement or b"") == row.settlement_sha256,
    }
    return [Finding(promise, str(row.id), {}) for promise, kept in facts.items() if not kept]
