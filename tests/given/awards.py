"""A call whose bids are ranked, and the people who take it further.

The rows up to the ranking are written directly: how a call gets there is told by the tests of the
rooms below.
"""

import tomllib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlmodel import select

from marketplace.awards.actions import awarding as awards
from marketplace.awards.actions import forfeits
from marketplace.awards.tables import Award
from marketplace.bids.rules.lifecycle import BidState
from marketplace.bids.tables.bids import Bid
from marketplace.identity.rules.access import Role
from marketplace.identity.tables.organizations import OrganizationKind
from marketplace.kit.clock import FixedClock
from marketplace.kit.database import Database, WriteSession
from marketplace.kit.digests import canonical_json, digest_of, sha256_hex
from marketplace.profiles.rules.profile import Track
from marketplace.scenarios.rules.content import Content, content_from
from marketplace.scenarios.rules.lifecycle import ScenarioState
from marketplace.scenarios.tables import Batch, PosterType, Scenario, ScenarioVersion
from marketplace.scoring.tables.panels import Consent, EvaluationReport, ReportSignature
from marketplace.scoring.tables.rounds import PanelSeat, RankingRound, RoundReason
from tests.conftest import START
from tests.given.identity import Someone, a_credit_code, an_organization, someone

SEED = Path(__file__).parents[2] / "seeds/scenarios/ns-01-emergency-early-warning.toml"
QUOTES_FEN = (150_000_000, 160_000_000, 155_000_000)
"""Of the winner, the runner-up and the third."""


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """Everybody a pilot needs, each with one duty."""

    officer: Someone
    approver: Someone
    other_approver: Someone
    finance: Someone
    judge: Someone
    poster: Someone
    solvers: tuple[Someone, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RankedCall:
    """A call in evaluation with three ranked bids."""

    id: UUID
    gov_id: UUID
    bids: tuple[UUID, ...]
    people: People


async def a_ranked_call(
    database: Database,
    *,
    final_solvers: int = 1,
    poster_kind: OrganizationKind = OrganizationKind.GOVERNMENT,
    public_share: bool = True,
    gov_id: UUID | None = None,
) -> RankedCall:
    """The emergency early-warning call, evaluated, with as many slots as asked for.

    Without a public share the solver bears what the district would have paid.
    """
    gov_id = gov_id or await an_organization(
        database, kind=OrganizationKind.GOVERNMENT, name="某区(示例)"
    )
    people = People(
        officer=await someone(database, Role.BUREAU_OFFICER, organization_id=gov_id),
        approver=await someone(database, Role.BUREAU_APPROVER, organization_id=gov_id),
        other_approver=await someone(database, Role.BUREAU_APPROVER, organization_id=gov_id),
        finance=await someone(database, Role.FINANCE, organization_id=gov_id),
        judge=await someone(database, Role.BUREAU_APPROVER, Role.EXPERT, organization_id=gov_id),
        poster=await someone(database, Role.POSTER, kind=poster_kind),
        solvers=tuple([await someone(database, Role.SOLVER) for _ in QUOTES_FEN]),
    )
    content = seed_content() | {
        "race": {"stage1_solvers": final_solvers, "final_solvers": final_solvers}
    }
    if not public_share:
        content["cost_share"] = [_without_district(phase) for phase in content["cost_share"]]
    async with database.writing() as session:
        call = await _call(session, gov_id, people, content_from(content).to_document())
        bids = [
            await _bid(session, call.id, solver, quote_fen)
            for solver, quote_fen in zip(people.solvers, QUOTES_FEN, strict=True)
        ]
        await _ranking(session, call.id, bids, people)
    return RankedCall(id=call.id, gov_id=gov_id, bids=tuple(bid.id for bid in bids), people=people)


def _without_district(phase: dict[str, Any]) -> dict[str, Any]:
    moved = {
        name: shares | {"gov": 0, "solver": shares["solver"] + shares["gov"]}
        for name, shares in phase.items()
        if name in {"ok_bps", "blameless_fail_bps"}
    }
    return phase | moved


async def forfeited(
    database: Database,
    clock: FixedClock,
    call: RankedCall,
    award: Award,
    *,
    justified: bool = False,
) -> Award:
    """An award that its winner declined, and that was taken back."""
    winner = call.people.solvers[call.bids.index(award.bid_id)]
    async with database.writing() as session:
        await forfeits.decline_award(
            session, winner.actor, award.bid_id, reason="无力承接", clock=clock
        )
    async with database.writing() as session:
        return await forfeits.forfeit_award(
            session,
            call.people.approver.actor,
            award.id,
            justified=justified,
            reason="不签约",
            clock=clock,
        )


async def a_standing_award(database: Database, call: RankedCall, clock: FixedClock) -> Award:
    """The first in rank, decided, announced and confirmed; the clock is after the objections."""
    people = call.people
    async with database.writing() as session:
        award = await awards.decide_award(
            session, people.approver.actor, call.id, call.bids[0], reason="best", now=clock.now()
        )
        await awards.announce_award(
            session, people.officer.actor, award.id, publicity_until=clock.now(), now=clock.now()
        )
        return await awards.confirm_award(session, people.officer.actor, award.id, now=clock.now())


def seed_content() -> dict[str, Any]:
    """The content of the seeded call, as it stands in its file."""
    document = tomllib.loads(SEED.read_text(encoding="utf-8"))
    named = {field.name for field in fields(Content)}
    return {name: value for name, value in document.items() if name in named - {"name_source"}}


async def _call(
    session: WriteSession, gov_id: UUID, people: People, content: dict[str, Any]
) -> Scenario:
    number = a_credit_code()
    batch = Batch(
        number=f"NS-{number}",
        title={"zh": "第一批(示例)"},
        year=START.year,
        organizer_id=gov_id,
        created_at=START,
    )
    session.add(batch)
    await session.flush()
    call = Scenario(
        number=f"NS-{number}-001",
        batch_id=batch.id,
        organizer_id=gov_id,
        state=ScenarioState.EVALUATING,
        track=Track.PROCUREMENT_CONSULTATION,
        poster_type=PosterType.GOVERNMENT,
        poster_id=people.poster.organization_id,
        end_user_id=people.poster.organization_id,
        content_version=1,
        published_at=START,
        bid_deadline_at=START,
        created_at=START,
    )
    session.add(call)
    await session.flush()
    version = ScenarioVersion(
        scenario_id=call.id,
        number=1,
        content=content,
        sha256=digest_of(content),
        title_zh=content["title"]["zh"],
        written_at=START,
    )
    seat = PanelSeat(
        scenario_id=call.id,
        person_id=people.judge.actor.person_id,
        label="J1",
        is_expert=True,
        is_chair=True,
        seated_at=START,
    )
    session.add_all([version, seat])
    await session.flush()
    return call


async def _bid(session: WriteSession, call_id: UUID, solver: Someone, quote_fen: int) -> Bid:
    bid = Bid(
        scenario_id=call_id,
        solver_id=solver.organization_id,
        author_id=solver.actor.person_id,
        state=BidState.CANDIDATE,
        content_number=1,
        created_at=START,
        submitted_at=START,
        quote_fen=quote_fen,
        offer={},
    )
    session.add(bid)
    await session.flush()
    return bid


async def _ranking(session: WriteSession, call_id: UUID, bids: list[Bid], people: People) -> None:
    standings = canonical_json(
        {
            "standings": [
                {"bid_id": str(bid.id), "rank": at + 1, "quote_fen": bid.quote_fen}
                for at, bid in enumerate(bids)
            ]
        }
    )
    sheet = canonical_json({})
    last = RankingRound(
        scenario_id=call_id,
        number=1,
        reason=RoundReason.FIRST,
        sheet=sheet,
        sheet_sha256=sha256_hex(sheet),
        standings=standings,
        standings_sha256=sha256_hex(standings),
        explanations=sheet,
        summary={"judges": ["J1"]},
        computed_by=people.approver.actor.person_id,
        computed_at=START,
    )
    session.add(last)
    await session.flush()
    await _report(session, last, people.judge)


async def _report(session: WriteSession, last: RankingRound, judge: Someone) -> None:
    report = EvaluationReport(
        scenario_id=last.scenario_id,
        round_id=last.id,
        document=canonical_json({}),
        document_sha256=digest_of({}),
        closed_by=judge.actor.person_id,
        closed_at=START,
    )
    session.add(report)
    await session.flush()
    found = await session.exec(
        select(PanelSeat.id).where(PanelSeat.scenario_id == last.scenario_id)
    )
    signature = ReportSignature(
        report_id=report.id,
        seat_id=found.one(),
        consent=Consent.AGREED,
        recorded_by=judge.actor.person_id,
        recorded_at=START,
    )
    session.add(signature)
    await session.flush()
