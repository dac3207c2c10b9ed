"""An open pilot of the emergency early-warning call, and short ways to take it further."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from marketplace.kit.clock import FixedClock
from marketplace.kit.database import Database
from marketplace.ledger import queries as ledger
from marketplace.ledger.rules.accounts import AccountKind, AccountName
from marketplace.pilots import queries
from marketplace.pilots.actions import claims, milestones, running
from marketplace.pilots.actions.milestones import Verdict
from marketplace.pilots.rules.findings import Answer, Point
from marketplace.pilots.rules.lines import Line
from marketplace.pilots.rules.settlement import Outcome
from marketplace.pilots.tables import Claim, Phase, Pilot
from tests.conftest import START
from tests.given.awards import People, RankedCall, a_ranked_call, a_standing_award
from tests.given.ledger import YEAR, a_funded_pool, promises_kept

DIGEST = "ab" * 32
BUDGET_FEN = 200_000_000
"""Two million yuan for each funder: enough for every phase."""
ALL_FIVE = {point: Answer(True, f"record of {point.value}") for point in Point}


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenPilot:
    """A pilot with its call, its people and a few abbreviations."""

    database: Database
    call: RankedCall
    award_id: UUID
    id: UUID

    @property
    def people(self) -> People:
        """Those who run it."""
        return self.call.people

    async def row(self) -> Pilot:
        """The pilot as it stands."""
        async with self.database.reading() as session:
            return await queries.pilot(session, self.id)

    async def held(self, phase: str, kind: AccountKind) -> list[int]:
        """What gov, poster and solver have on one kind of account in a phase."""
        async with self.database.reading() as session:
            pilot = await queries.pilot(session, self.id)
            return list((await queries.held(session, pilot, phase, kind)).values())

    async def pool(self, owner: UUID, kind: AccountKind = AccountKind.AVAILABLE) -> int:
        """What an owner has in its pool of the year."""
        async with self.database.reading() as session:
            return await ledger.balance_of(session, AccountName.of_pool(kind, owner, YEAR))

    async def start(self, phase: str) -> Phase:
        """Start a phase."""
        async with self.database.writing() as session:
            return await running.start_phase(
                session, self.people.officer.actor, self.id, phase, now=START
            )

    async def submit(self) -> Phase:
        """Submit the running phase for review."""
        async with self.database.writing() as session:
            return await milestones.submit_milestone(
                session, self.people.solvers[0].actor, self.id, report_sha256=DIGEST, now=START
            )

    async def end(
        self, outcome: Outcome, *, notice_on: dt.date | None = None, now: dt.datetime = START
    ) -> Phase:
        """Record how the present phase ended, by whoever may."""
        passed = outcome is Outcome.PASSED
        actor = (self.people.officer if passed else self.people.approver).actor
        answers = ALL_FIVE if outcome is Outcome.FAILED_BLAMELESS else {}
        verdict = Verdict(
            outcome=outcome, ground="report", answers=answers, stop_notice_on=notice_on
        )
        async with self.database.writing() as session:
            return await milestones.record_milestone(
                session, actor, self.id, verdict=verdict, now=now
            )

    async def run(self, phase: str, outcome: Outcome) -> None:
        """Start, submit and end a phase."""
        await self.start(phase)
        await self.submit()
        await self.end(outcome)

    async def claim(self, phase: str, *lines: Line) -> Claim:
        """Claim cost."""
        async with self.database.writing() as session:
            return await claims.submit_claim(
                session,
                self.people.solvers[0].actor,
                self.id,
                phase,
                lines=lines,
                declared_true=True,
                now=START,
            )

    async def verify(self, claim_id: UUID, found: Mapping[str, int]) -> Claim:
        """Verify a claim."""
        async with self.database.writing() as session:
            return await claims.verify_claim(
                session, self.people.officer.actor, claim_id, verified_fen=found, now=START
            )

    async def approve(self, claim_id: UUID) -> Claim:
        """Approve a claim."""
        async with self.database.writing() as session:
            return await claims.approve_claim(
                session, self.people.approver.actor, claim_id, now=START
            )

    async def pay(self, claim_id: UUID, reference: str = "bank-1") -> Claim:
        """Pay a claim."""
        async with self.database.writing() as session:
            return await claims.pay_claim(
                session,
                self.people.finance.actor,
                claim_id,
                bank_reference=reference,
                now=START,
            )

    async def close(self, *, now: dt.datetime = START) -> Pilot:
        """Close the pilot."""
        async with self.database.writing() as session:
            return await running.close_pilot(session, self.people.finance.actor, self.id, now=now)

    async def settled(self, phase: str, amount_fen: int, key: str = "FP-1") -> Claim:
        """Claim, verify and approve one line."""
        claim = await self.claim(phase, a_line(amount_fen, key))
        await self.verify(claim.id, {key: amount_fen})
        return await self.approve(claim.id)

    async def check(self) -> None:
        """Every promise about money holds."""
        await promises_kept(self.database)
        async with self.database.reading() as session:
            assert await queries.broken_promises(session) == []


def a_line(
    amount_fen: int, key: str = "FP-1", *, on: dt.date = START.date(), winding_down: bool = False
) -> Line:
    """One cost line."""
    return Line(
        key=key,
        category="compute",
        amount_fen=amount_fen,
        incurred_on=on,
        winding_down=winding_down,
    )


async def an_open_pilot(
    database: Database,
    clock: FixedClock,
    *,
    gov_fen: int = BUDGET_FEN,
    poster_fen: int = BUDGET_FEN,
    call: RankedCall | None = None,
) -> OpenPilot:
    """A pilot opened from the winner's award, with both funders' budgets as given."""
    call = call or await a_ranked_call(database)
    award = await a_standing_award(database, call, clock)
    await a_funded_pool(database, owner=call.gov_id, amount_fen=gov_fen)
    poster_id = call.people.poster.organization_id
    await a_funded_pool(database, owner=poster_id, amount_fen=poster_fen)
    contract = running.Contract(gov_id=call.gov_id, year=YEAR, sha256=DIGEST)
    async with database.writing() as session:
        pilot = await running.open_pilot(
            session, call.people.officer.actor, award.id, contract=contract, clock=clock
        )
    return OpenPilot(database=database, call=call, award_id=award.id, id=pilot.id)
