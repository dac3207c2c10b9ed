"""What a panel does over HTTP: it is drawn, elects its chair, and reports."""

import datetime as dt
from typing import Any, Protocol

from marketplace.identity.actions import experts as pool
from marketplace.identity.rules.access import SYSTEM, Role
from marketplace.identity.tables.organizations import OrganizationKind
from marketplace.kit.clock import FixedClock
from marketplace.kit.database import Database
from marketplace.profiles.rules.profile import Track
from tests.conftest import START
from tests.given.identity import Someone, an_organization, someone
from tests.given.scenarios import Cast

NAMED = frozenset({Track.PRIVATE, Track.COOPERATIVE_INNOVATION})
"""Tracks that let a panel be named; on all others it is drawn."""
WHY_NAMED = "项目技术复杂,自行选定专家(示例)"


class Play(Protocol):
    """As much of a play as these scenes need."""

    clock: FixedClock
    cast: Cast
    experts: tuple[Someone, ...]
    reserve: tuple[Someone, ...]

    @property
    def url(self) -> str:
        """The address of the call."""

    def seats(self) -> list[dict[str, object]]:
        """The request that seats every expert."""

    async def get(self, who: Someone, url: str) -> Any:
        """Read something that must be there."""

    async def do(self, who: Someone, url: str, body: object = None, **headers: str) -> Any:
        """Do something that must succeed."""


async def an_expert(database: Database, *roles: Role) -> Someone:
    """A person of the expert pool, employed by a university."""
    university = await an_organization(database, kind=OrganizationKind.UNIVERSITY)
    person = await someone(database, Role.EXPERT, *roles, organization_id=university)
    async with database.writing() as session:
        standing = pool.Standing(employer_id=university, specialities=["nlp"])
        await pool.register(session, SYSTEM, person.actor.person_id, standing=standing, now=START)
    return person


async def a_panel_to_be(database: Database, *, judges: int) -> tuple[Someone, ...]:
    """Experts who may sit together; the first chairs."""
    chair = await an_expert(database, Role.PANEL_CHAIR)
    return (chair, *[await an_expert(database) for _ in range(judges - 1)])


async def name_panel(play: Play) -> Any:
    """The officer names every expert, and says why they are not drawn."""
    body = {"seats": play.seats(), "reason": WHY_NAMED}
    return await play.do(play.cast.officer, f"{play.url}/panel", body)


async def draw_panel(play: Play, **plan: object) -> Any:
    """Officer and supervisor draw as many judges as there are experts, who elect the first."""
    draw = await open_draw_in_time(play, **({"size": len(play.experts)} | plan))
    await contribute(play, draw["id"])
    panel = await play.get(play.cast.officer, f"{play.url}/panel")
    known = {str(one.actor.person_id): one for one in (*play.experts, *play.reserve)}
    drawn = [seat["person_id"] for seat in panel["items"]]
    play.reserve = tuple(one for key, one in known.items() if key not in drawn)
    play.experts = tuple(known[one] for one in drawn)
    await elect(play, "J1")
    return await play.get(play.cast.officer, f"{play.url}/panel")


async def open_draw_in_time(play: Play, **plan: object) -> Any:
    """The officer freezes the pool, at the earliest an hour before the deadline."""
    closes_at = await _closes_at(play)
    play.clock.move_to(max(play.clock.at, closes_at - dt.timedelta(hours=1)))
    return await open_draw(play, **plan)


async def open_draw(play: Play, **plan: object) -> Any:
    """The officer freezes the pool for a review right after the deadline."""
    review_at = max(play.clock.at, await _closes_at(play)) + dt.timedelta(hours=1)
    body = {"review_at": review_at.isoformat()} | plan
    return await play.do(play.cast.officer, f"{play.url}/panel-draws", body)


async def _closes_at(play: Play) -> dt.datetime:
    call = await play.get(play.cast.officer, play.url)
    return dt.datetime.fromisoformat(call["deadlines"]["bid_deadline_at"])


async def contribute(play: Play, draw_id: str, contribution: str = "5e" * 32) -> Any:
    """The supervisor gives random bytes, and the judges are drawn."""
    url = f"/v1/panel-draws/{draw_id}/actions/contribute"
    return await play.do(play.cast.supervisor, url, {"contribution": contribution})


async def elect(play: Play, label: str) -> None:
    """Every judge who sits votes for one of them, until there is a majority."""
    for judge in play.experts:
        url = f"{play.url}/panel/chair-votes"
        if (await play.do(judge, url, {"label": label}))["chair"]:
            return


async def report(play: Play, **dissents: str) -> Any:
    """The chair closes the report and every judge signs it, or dissents by the label."""
    url = f"{play.url}/evaluation-report"
    await play.do(play.experts[0], url, {"text": {"zh": "评审报告(示例)"}})
    panel = await play.get(play.cast.officer, f"{play.url}/panel")
    labels = {seat["person_id"]: seat["label"] for seat in panel["items"]}
    for judge in play.experts:
        dissent = dissents.get(labels[str(judge.actor.person_id)])
        await play.do(judge, f"{url}/actions/sign", {"dissent": dissent})
    return await play.get(play.cast.approver, url)
