"""Play a call from draft to ranking."""

import datetime as dt
from decimal import Decimal
from typing import Any
from uuid import UUID

from marketplace.bids.actions import eligibility, offering, opening
from marketplace.bids.queries import bids
from marketplace.bids.rules.completeness import DECLARATIONS
from marketplace.bids.rules.lifecycle import BidState
from marketplace.bids.rules.offer import Deduction, Offer
from marketplace.bids.rules.statements import SME as SME_DECLARATION
from marketplace.bids.tables.bids import Bid
from marketplace.demo import custody, jury
from marketplace.demo.stage import Play, Stage, Story
from marketplace.identity.rules.access import Actor, Role
from marketplace.kit.database import WriteSession
from marketplace.scenarios.actions import calls, drafting, publishing
from marketplace.scenarios.queries import calls as scenarios
from marketplace.scenarios.rules.lifecycle import ScenarioState
from marketplace.scenarios.tables import Scenario
from marketplace.scoring.actions import (
    evaluation,
    marking,
    panels,
    rankings,
    recommending,
    submitting,
)
from marketplace.scoring.actions.values import measurer
from marketplace.scoring.jobs.measuring import Scorer
from marketplace.scoring.jobs.upkeep import tidy_boards
from marketplace.scoring.queries import rounds as scorings
from marketplace.scoring.rules import composition
from marketplace.scoring.rules.marks import GivenMark
from marketplace.scoring.tables.rounds import RoundReason

BEFORE_PUBLICATION = frozenset(
    {
        ScenarioState.DRAFT,
        ScenarioState.SUBMITTED,
        ScenarioState.UNDER_REVIEW,
        ScenarioState.APPROVED,
    }
)
REVIEW = {
    "feasibility_opinion": "示例:论证会认为需求真实、指标可测,同意发榜。",
    "fair_competition_review": "示例:未发现限定区域、所有制或特定经营者的内容。",
}
MINUTE = dt.timedelta(minutes=1)


async def publish(
    play: Play, code: str, *, published_at: dt.datetime, deadline_at: dt.datetime
) -> None:
    """Take a draft through signature, submission, review and approval onto the list."""
    play.at(published_at)
    while True:
        async with play.house.database.writing() as session:
            row = await scenarios.scenario(session, play.seeded.scenarios[code])
            if row.state not in BEFORE_PUBLICATION:
                return
            await _next_step(play, session, code, row, deadline_at)


async def _next_step(
    play: Play, session: WriteSession, code: str, row: Scenario, deadline_at: dt.datetime
) -> None:
    """Make the one move that a draft, a submitted, reviewed or approved call needs next."""
    document, now = play.seeded.documents[code], play.clock.now()
    author = play.seeded.actor_with(Role.POSTER, document["poster"])
    officer = play.seeded.actor_with(Role.BUREAU_OFFICER)
    approver = play.seeded.actor_with(Role.BUREAU_APPROVER)
    seen = {"expected_version": row.version}
    if row.state is ScenarioState.DRAFT and row.need_signed_at is None:
        user = play.seeded.actor_with(Role.POSTER, document["end_user"])
        await drafting.sign_need(session, user, row.id, **seen, now=now)
    elif row.state is ScenarioState.DRAFT:
        await drafting.submit(session, author, row.id, **seen, now=now)
    elif row.state is ScenarioState.SUBMITTED:
        await calls.accept(session, officer, row.id, **seen, now=now)
    elif row.state is ScenarioState.UNDER_REVIEW:
        await calls.approve(session, approver, row.id, review=REVIEW, **seen, now=now)
    else:
        await publishing.publish(
            session,
            approver,
            row.id,
            bid_deadline_at=deadline_at,
            expected_version=row.version,
            clock=play.clock,
            recovery=play.house.settings.recovery_keys,
        )
        play.say(f"发榜 published  {row.number}  {document['title']['zh']}")


async def seat(play: Play, story: Story) -> None:
    """Seat the panel and set the hidden set while nobody knows who bids."""
    scenario_id = play.seeded.scenarios[story.code]
    officer = play.seeded.actor_with(Role.BUREAU_OFFICER)
    async with play.house.database.writing() as session:
        call = await scenarios.call(session, scenario_id)
        named = not composition.is_drawn(call.profile)
        if named and not await scorings.seats(session, scenario_id):
            seats = [
                panels.Seat(
                    person_id=play.seeded.actors[seat["expert"]].person_id, chair=seat["chair"]
                )
                for seat in story.document["panel"]
            ]
            await panels.seat_panel(
                session,
                officer,
                scenario_id,
                seats=seats,
                reason="示例:该路径允许出题方自行选定专家。",
                now=play.clock.now(),
            )
    benchmark = story.document["benchmark"]
    content = (story.folder / benchmark["truth"]).read_bytes()
    async with play.house.database.reading() as reader:
        if await scorings.hidden_set(reader, scenario_id, benchmark["criterion"]) is not None:
            return
        _, criterion = await evaluation.truth_call(
            reader, officer, scenario_id, criterion=benchmark["criterion"]
        )
    stored = await play.house.storage.store_bytes(content)
    checked = await evaluation.check_truth(play.house.scorer, play.house.storage, criterion, stored)
    async with play.house.database.writing() as session:
        await evaluation.keep_truth(
            session,
            officer,
            scenario_id,
            criterion=benchmark["criterion"],
            checked=checked,
            now=play.clock.now(),
        )


async def seal_bids(play: Play, story: Story) -> None:
    """Let every bidder submit a sealed bid, one after the other, before the deadline."""
    scenario_id = play.seeded.scenarios[story.code]
    begin = story.deadline_at - dt.timedelta(days=2)
    sealed = 0
    for index, told in enumerate(story.document["bids"]):
        solver = play.seeded.actor_with(Role.SOLVER, told["organisation"])
        async with play.house.database.writing() as session:
            row = await scenarios.scenario(session, scenario_id)
            known = await bids.live_bid(session, scenario_id, solver.organization_id)
            if row.state is not ScenarioState.PUBLISHED or known is not None:
                continue
            play.at(begin + index * 47 * MINUTE)
            bid = await offering.create_bid(session, solver, scenario_id, clock=play.clock)
            await offering.submit_bid(
                session,
                solver,
                bid.id,
                verb="submit",
                offer=_offer(told),
                expected_version=bid.version,
                keeper=play.house.keeper,
                clock=play.clock,
            )
            sealed += 1
    if sealed:
        play.say(f"投标密封 sealed  {story.code}  (数量开标前保密 count secret until opening)")


def _offer(told: dict[str, Any]) -> Offer:
    deductions = tuple(
        Deduction(policy=one["policy"], bps=one["bps"]) for one in told["deductions"]
    )
    declared = {*DECLARATIONS} | ({SME_DECLARATION} if deductions else set())
    return Offer(
        quote_fen=told["quote_fen"],
        deductions=deductions,
        figures=told.get("figures", {}),
        declarations=frozenset(declared),
        summary="示例方案:不构成真实要约。",
    )


async def open_bids(play: Play, story: Story) -> None:
    """Open all timely bids with two people, then check every bidder's eligibility."""
    scenario_id = play.seeded.scenarios[story.code]
    officer = play.seeded.actor_with(Role.BUREAU_OFFICER)
    supervisor = play.seeded.actor_with(Role.SUPERVISOR)
    async with play.house.database.reading() as reader:
        row = await scenarios.scenario(reader, scenario_id)
        pending = row.state in {ScenarioState.PUBLISHED, ScenarioState.CLOSED}
        requested = await bids.opening(reader, scenario_id) is not None
    if pending:
        play.at(story.deadline_at + 5 * MINUTE)
        if not requested:
            brought = await custody.released(play, scenario_id, officer)
            async with play.house.database.writing() as session:
                await opening.request_opening(
                    session,
                    officer,
                    scenario_id,
                    brought=brought,
                    hands=custody.hands(play),
                    clock=play.clock,
                )
        brought = await custody.released(play, scenario_id, supervisor)
        async with play.house.database.writing() as session:
            await opening.witness_opening(
                session,
                supervisor,
                scenario_id,
                brought=brought,
                hands=custody.hands(play),
                clock=play.clock,
            )
        play.say(f"开标 opened     {row.number}  经办与监督双人到场 by officer and supervisor")
    await _check_eligibility(play, story, officer)


async def _check_eligibility(play: Play, story: Story, officer: Actor) -> None:
    document = play.seeded.documents[story.code]
    for told in story.document["bids"]:
        async with play.house.database.writing() as session:
            bid = await _bid_of(session, play, story, told["organisation"])
            if bid.state is not BidState.OPENED:
                continue
            findings = [
                eligibility.Finding(
                    code=one["code"],
                    passed=one["code"] != told.get("failed_qualification"),
                    reason=told["reason"]
                    if one["code"] == told.get("failed_qualification")
                    else None,
                )
                for one in document["qualifications"]
            ]
            await eligibility.check_eligibility(
                session, officer, bid.id, findings=findings, now=play.clock.now()
            )


async def evaluate(play: Play, story: Story) -> None:
    """Measure the prediction files, decide objective marks, take the panel's marks."""
    scenario_id = play.seeded.scenarios[story.code]
    async with play.house.database.reading() as reader:
        if await scorings.latest_round(reader, scenario_id) is not None:
            return
    play.at(story.deadline_at + dt.timedelta(days=1))
    ids = await _measure_files(play, story)
    play.at(story.deadline_at + dt.timedelta(days=2))
    await _decide_objective(play, story, ids)
    for label, judge in (await jury.judges(play, scenario_id)).items():
        await _mark(play, story, label, judge, ids)
    play.say(
        f"评审 marked     {story.code}  {len(story.document['panel'])} 位专家已签署 judges signed"
    )


async def _measure_files(play: Play, story: Story) -> dict[str, UUID]:
    """Submit every eligible bidder's predictions; say which bid belongs to which organisation."""
    criterion = story.document["benchmark"]["criterion"]
    ids: dict[str, UUID] = {}
    for told in story.document["bids"]:
        async with play.house.database.reading() as reader:
            bid = await _bid_of(reader, play, story, told["organisation"])
            known = await scorings.submissions_of(reader, bid.id)
        if bid.state in {BidState.INELIGIBLE, BidState.NON_RESPONSIVE}:
            continue
        ids[told["organisation"]] = bid.id
        if known:
            continue
        stored = await play.house.storage.store_bytes(
            (story.folder / told["prediction"]).read_bytes()
        )
        await submitting.take_file(
            play.house.database,
            play.seeded.actor_with(Role.SOLVER, told["organisation"]),
            bid.id,
            criterion=criterion,
            stored=stored,
            clock=play.clock,
        )
    measure = measurer(play.house.scorer, play.house.storage)
    scorer = Scorer(database=play.house.database, clock=play.clock, measure=measure)
    await scorer.work()
    play.say(f"测评 measured   {story.code}  {len(ids)} 份预测文件 prediction files")
    return ids


async def _decide_objective(play: Play, story: Story, ids: dict[str, UUID]) -> None:
    officer = play.seeded.actor_with(Role.BUREAU_OFFICER)
    async with play.house.database.writing() as session:
        wanted = []
        for told in story.document["bids"]:
            for criterion, value in told.get("objective", {}).items():
                if told["organisation"] not in ids:
                    continue
                bid_id = ids[told["organisation"]]
                if await scorings.objective_mark(session, bid_id, criterion) is None:
                    mark = GivenMark(bid_id=bid_id, criterion=criterion, value=Decimal(value))
                    wanted.append(mark)
        await marking.decide_objective(
            session, officer, play.seeded.scenarios[story.code], marks=wanted, now=play.clock.now()
        )


async def _mark(play: Play, story: Story, label: str, judge: Actor, ids: dict[str, UUID]) -> None:
    scenario_id = play.seeded.scenarios[story.code]
    given = [
        GivenMark(bid_id=ids[told["organisation"]], criterion=criterion, value=Decimal(by[label]))
        for told in story.document["bids"]
        if told["organisation"] in ids
        for criterion, by in told.get("marks", {}).items()
    ]
    async with play.house.database.writing() as session:
        known = await scorings.seat_of(session, scenario_id, judge.person_id)
        if known is not None and known.signed_at is None:
            await marking.record_marks(
                session, judge, scenario_id, marks=given, sign=True, now=play.clock.now()
            )


async def rank(play: Play, story: Story) -> None:
    """Let the chair compute the ranking round, and the panel report on it."""
    scenario_id = play.seeded.scenarios[story.code]
    chair = next(seat for seat in story.document["panel"] if seat["chair"])
    judges = await jury.judges(play, scenario_id)
    play.at(story.deadline_at + dt.timedelta(days=3))
    async with play.house.database.writing() as session:
        if await scorings.latest_round(session, scenario_id) is not None:
            return
        round_ = await rankings.rank_round(
            session,
            judges[chair["label"]],
            scenario_id,
            reason=RoundReason.FIRST,
            note=None,
            clock=play.clock,
        )
        await recommending.recommend(
            session, judges[chair["label"]], scenario_id, now=play.clock.now()
        )
    # Bids that were found non-responsive leave the board at the next tick, which a story plays.
    while await tidy_boards(play.house.database, play.clock):
        pass
    play.say(f"排名 ranked     {story.code}  {round_.summary['ranked']} 名 ranked")
    await jury.report(play, scenario_id, judges, chair=chair["label"])


async def _bid_of(session: Any, play: Play, story: Story, organization: str) -> Bid:
    """Find the opened bid of an organisation of the story."""
    solver_id = play.seeded.organizations[organization]
    for bid, _ in await bids.opened_bids(session, play.seeded.scenarios[story.code]):
        if bid.solver_id == solver_id:
            return bid
    raise LookupError(f"{organization} has no opened bid on {story.code}")


STEPS = {
    Stage.SEALED: (seat, seal_bids, jury.draw),
    Stage.OPENED: (open_bids,),
    Stage.RANKED: (evaluate, rank),
}
"""What is played to reach a stage, call by call."""
