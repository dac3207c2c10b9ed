"""Play the rest of a story: award, pilot, phases, claims, payment, close."""

import datetime as dt
import hashlib
from typing import Any
from uuid import UUID

from marketplace.awards import queries as awards
from marketplace.awards.actions import awarding
from marketplace.awards.rules.lifecycle import AwardState
from marketplace.awards.tables import Award
from marketplace.demo.stage import Play, Story
from marketplace.identity.rules.access import Role
from marketplace.kit.money import format_yuan
from marketplace.ledger import actions as ledger
from marketplace.pilots import queries as pilots
from marketplace.pilots.actions import claims, milestones, running
from marketplace.pilots.rules.claims import ClaimState
from marketplace.pilots.rules.findings import Answer, Point
from marketplace.pilots.rules.lifecycle import PhaseState, PilotState
from marketplace.pilots.rules.lines import Line
from marketplace.pilots.rules.settlement import Outcome
from marketplace.pilots.tables import Claim, Phase, Pilot
from marketplace.profiles import queries as profiles
from marketplace.profiles.rules.deadlines import deadline
from marketplace.scenarios.queries import calls as scenarios
from marketplace.scoring.queries import rounds as scorings

DAY = dt.timedelta(days=1)


async def award(play: Play, story: Story) -> None:
    """Give the award to the first place, announce it, and let the time for objections pass."""
    scenario_id = play.seeded.scenarios[story.code]
    approver, officer = _bureau(play)
    play.at(story.deadline_at + 5 * DAY)
    database = play.house.database
    async with database.writing() as session:
        row = await _award_of(session, scenario_id)
        if row is None:
            first = (await scorings.candidates(session, scenario_id))[0]
            row = await awarding.decide_award(
                session,
                approver,
                scenario_id,
                first.bid_id,
                reason="示例:综合得分第一,按名次顺序定榜。",
                now=play.clock.now(),
            )
            play.say(f"定榜 awarded    {story.code}  第一名 first place")
    async with database.writing() as session:
        if row.state is AwardState.DECIDED:
            call = await scenarios.call(session, scenario_id)
            calendar = await profiles.work_calendar(session)
            end = deadline(play.clock.now(), call.profile.period("publicity"), calendar)
            row = await awarding.announce_award(
                session, officer, row.id, publicity_until=end.at, now=play.clock.now()
            )
    async with database.writing() as session:
        if row.state is AwardState.IN_PUBLICITY:
            assert row.publicity_until is not None
            await awarding.confirm_award(session, officer, row.id, now=play.at(row.publicity_until))


async def settle(play: Play, story: Story) -> None:
    """Run the pilot phase by phase, settle its claims by outcome, and close it."""
    pilot_id = await _open_pilot(play, story)
    for told in story.document["pilot"]["phases"]:
        await _run_phase(play, story, pilot_id, told)
        for claim in story.document["pilot"]["claims"]:
            if claim["phase"] == told["code"]:
                await _settle_claim(play, story, pilot_id, claim)
    async with play.house.database.writing() as session:
        pilot = await pilots.pilot(session, pilot_id)
        if pilot.state is not PilotState.CLOSED:
            treasurer = play.seeded.actor_with(Role.FINANCE)
            now = play.at(play.clock.now() + 10 * DAY)
            await running.close_pilot(session, treasurer, pilot_id, now=now)
            play.say(f"结榜 closed     {pilot.number}  余额退回 what was left went back")


async def _open_pilot(play: Play, story: Story) -> UUID:
    """Bring the budgets in and open the pilot under a signed contract."""
    scenario_id = play.seeded.scenarios[story.code]
    document = play.seeded.documents[story.code]
    treasurer = play.seeded.actor_with(Role.FINANCE)
    bureau = play.seeded.actor_with(Role.BUREAU_OFFICER)
    async with play.house.database.writing() as session:
        known = await pilots.pilots_of(session, scenario_id)
        if known:
            return known[0].id
        now = play.at(story.deadline_at + 20 * DAY)
        funders = (bureau.organization_id, play.seeded.organizations[document["poster"]])
        for funder_id in funders:
            await ledger.appropriate(
                session,
                treasurer,
                funder_id,
                year=now.year,
                amount_fen=document["budget"]["ceiling_fen"],
                reference=f"示例预算批复/{story.code}/{funders.index(funder_id) + 1}",
                now=now,
            )
        row = await _award_of(session, scenario_id)
        assert row is not None
        contract = running.Contract(
            gov_id=bureau.organization_id,
            year=now.year,
            sha256=hashlib.sha256(f"{story.code}/contract".encode()).hexdigest(),
        )
        pilot = await running.open_pilot(
            session, play.seeded.actors["P-101"], row.id, contract=contract, clock=play.clock
        )
        play.say(f"试点 pilot      {pilot.number}  三方出资已预留 three funders committed")
        return pilot.id


async def _run_phase(play: Play, story: Story, pilot_id: UUID, told: dict[str, Any]) -> None:
    """Start a phase, let the solver report, and record how it ended."""
    approver, officer = _bureau(play)
    database = play.house.database
    async with database.writing() as session:
        pilot, phase = await _phase(session, pilot_id, told["code"])
        if phase.state is PhaseState.PLANNED:
            now = play.at(play.clock.now() + DAY)
            await running.start_phase(session, officer, pilot_id, phase.code, now=now)
    async with database.writing() as session:
        pilot, phase = await _phase(session, pilot_id, told["code"])
        if phase.state is PhaseState.RUNNING:
            solver = play.seeded.actor_with(Role.SOLVER, _winner(story))
            report = hashlib.sha256(told["summary"]["zh"].encode()).hexdigest()
            now = play.at(play.clock.now() + 42 * DAY)
            await milestones.submit_milestone(
                session, solver, pilot_id, report_sha256=report, now=now
            )
    async with database.writing() as session:
        pilot, phase = await _phase(session, pilot_id, told["code"])
        if phase.state is PhaseState.IN_REVIEW:
            passed = told["outcome"] == Outcome.PASSED
            await milestones.record_milestone(
                session,
                officer if passed else approver,
                pilot_id,
                verdict=_verdict(story, told),
                now=play.at(play.clock.now() + 3 * DAY),
            )
            play.say(f"阶段 phase      {pilot.number} {phase.code}  {told['outcome']}")


def _verdict(story: Story, told: dict[str, Any]) -> milestones.Verdict:
    outcome = Outcome(told["outcome"])
    answers = {}
    if outcome is Outcome.FAILED_BLAMELESS:
        finding = story.document["pilot"]["finding"]
        answers = {
            point: Answer(holds=finding[point.value]["holds"], evidence=finding[point.value]["zh"])
            for point in Point
        }
    return milestones.Verdict(outcome=outcome, ground=told["summary"]["zh"], answers=answers)


async def _settle_claim(play: Play, story: Story, pilot_id: UUID, told: dict[str, Any]) -> None:
    """Submit, verify, approve and pay one claim, each by other hands."""
    solver = play.seeded.actor_with(Role.SOLVER, _winner(story))
    verifier = play.seeded.actors[story.document["pilot"]["verified_by"]]
    approver, _ = _bureau(play)
    treasurer = play.seeded.actor_with(Role.FINANCE)
    row = await _claim(play, pilot_id, told)
    database = play.house.database
    if row is None:
        async with database.writing() as session:
            now = play.at(play.clock.now() + DAY)
            lines = [_line(one, now) for one in told["lines"]]
            row = await claims.submit_claim(
                session, solver, pilot_id, told["phase"], lines=lines, declared_true=True, now=now
            )
    if row.state is ClaimState.SUBMITTED:
        async with database.writing() as session:
            now = play.at(play.clock.now() + 5 * DAY)
            found = {one["invoice"]: one["verified_fen"] for one in told["lines"]}
            row = await claims.verify_claim(session, verifier, row.id, verified_fen=found, now=now)
    if row.state is ClaimState.VERIFIED:
        async with database.writing() as session:
            now = play.at(play.clock.now() + DAY)
            row = await claims.approve_claim(session, approver, row.id, now=now)
    if row.state is ClaimState.APPROVED and row.payable_fen:
        async with database.writing() as session:
            now = play.at(play.clock.now() + 2 * DAY)
            reference = f"ILL-BANK-{told['code']}"
            await claims.pay_claim(session, treasurer, row.id, bank_reference=reference, now=now)
        play.say(f"兑付 paid       {told['code']}  {format_yuan(row.payable_fen)} 元 yuan")


def _line(told: dict[str, Any], now: dt.datetime) -> Line:
    return Line(
        key=told["invoice"],
        category=told["category"],
        amount_fen=told["claimed_fen"],
        incurred_on=now.date() - 10 * DAY,
    )


async def _claim(play: Play, pilot_id: UUID, told: dict[str, Any]) -> Claim | None:
    """Find a claim that was submitted before, by its place in the story."""
    number = int(told["code"].removeprefix("C"))
    async with play.house.database.reading() as session:
        known = await pilots.claims_of(session, pilot_id)
    return next((row for row in known if row.number == number), None)


async def _award_of(session: Any, scenario_id: UUID) -> Award | None:
    known = await awards.awards_of(session, scenario_id)
    return known[0] if known else None


async def _phase(session: Any, pilot_id: UUID, code: str) -> tuple[Pilot, Phase]:
    return await pilots.pilot(session, pilot_id), await pilots.phase(session, pilot_id, code)


def _winner(story: Story) -> str:
    label = story.document["pilot"]["bid"]
    return str(next(one["organisation"] for one in story.document["bids"] if one["label"] == label))


def _bureau(play: Play) -> tuple[Any, Any]:
    """The approver and the officer of the bureau: never the same person."""
    approver = play.seeded.actor_with(Role.BUREAU_APPROVER)
    return approver, play.seeded.actor_with(Role.BUREAU_OFFICER)
