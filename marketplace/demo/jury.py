"""Draw a panel, and let it report."""

import datetime as dt
from uuid import UUID

from marketplace.demo.stage import Play, Story
from marketplace.identity.rules.access import Actor, Role
from marketplace.kit.secrets import new_key
from marketplace.scoring.actions import draws, reports
from marketplace.scoring.queries import panels
from marketplace.scoring.queries import rounds as scorings

HOUR = dt.timedelta(hours=1)


async def draw(play: Play, story: Story) -> None:
    """Draw the judges where the track has them drawn, shortly before the deadline."""
    scenario_id, house = play.seeded.scenarios[story.code], play.house
    officer = play.seeded.actor_with(Role.BUREAU_OFFICER)
    supervisor = play.seeded.actor_with(Role.SUPERVISOR)
    async with house.database.reading() as reader:
        if await scorings.seats(reader, scenario_id):
            return
    play.at(story.deadline_at - 2 * HOUR)
    came = [play.seeded.organizations[one["organisation"]] for one in story.document["bids"]]
    plan = draws.Plan(
        review_at=max(story.deadline_at, play.clock.now()) + dt.timedelta(days=2),
        size=len(story.document["panel"]),
        # Those who came to the meeting about the call; who has bid is not known to anybody yet.
        interested=frozenset(came),
    )
    async with house.database.writing() as session:
        draw = await draws.open_draw(
            session, officer, scenario_id, plan=plan, keeper=house.keeper, clock=play.clock
        )
    async with house.database.writing() as session:
        await draws.contribute(
            session,
            supervisor,
            draw.id,
            contribution=new_key().hex(),
            keeper=house.keeper,
            clock=play.clock,
        )
    chair = next(seat["label"] for seat in story.document["panel"] if seat["chair"])
    for judge in (await judges(play, scenario_id)).values():
        async with house.database.writing() as session:
            present = await panels.present(session, scenario_id)
            if not any(seat.is_chair for seat in present):
                await reports.vote_for_chair(
                    session, judge, scenario_id, chair, now=play.clock.now()
                )
    play.say(f"抽取专家 drawn  {story.code}  经办与监督各出随机数 by officer and supervisor")


async def judges(play: Play, scenario_id: UUID) -> dict[str, Actor]:
    """Name the judges of a call by the labels of their seats."""
    known = {actor.person_id: actor for actor in play.seeded.actors.values()}
    async with play.house.database.reading() as reader:
        return {
            seat.label: known[seat.person_id] for seat in await scorings.seats(reader, scenario_id)
        }


async def report(play: Play, scenario_id: UUID, seated: dict[str, Actor], *, chair: str) -> None:
    """Let the chair close the report about the ranking, and every judge sign it."""
    async with play.house.database.writing() as session:
        await reports.close_report(
            session,
            seated[chair],
            scenario_id,
            text={"zh": "示例:评审组按公布的办法独立评审,推荐按名次排序。"},
            clock=play.clock,
        )
    for judge in seated.values():
        async with play.house.database.writing() as session:
            await reports.sign_report(
                session, judge, scenario_id, dissent=None, now=play.clock.now()
            )
