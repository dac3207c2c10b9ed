"""A stage on which four people try to take one call and one claim as far as they get."""

import dataclasses
import datetime as dt
from pathlib import Path
from uuid import UUID

from sqlmodel import col, select

from marketplace.identity.actions import people
from marketplace.identity.errors.keys import CredentialRefused
from marketplace.identity.queries import keys
from marketplace.identity.rules.access import SYSTEM, Actor, Role
from marketplace.identity.tables.people import Member
from marketplace.kit.clock import FixedClock
from marketplace.kit.database import Database
from marketplace.pilots.rules.settlement import Outcome
from marketplace.scenarios.rules.lifecycle import ScenarioState
from tests.conftest import START
from tests.given.identity import an_organization
from tests.given.pilots import an_open_pilot
from tests.given.profiles import shipped_rules
from tests.given.scenarios import a_batch

PEOPLE = 4
POSTER, SOLVER, BUREAU = range(3)
ROLES: dict[int, list[frozenset[Role]]] = {
    POSTER: [frozenset({Role.POSTER})],
    SOLVER: [frozenset({Role.SOLVER})],
    BUREAU: [
        frozenset({Role.BUREAU_OFFICER, Role.BUREAU_APPROVER, Role.FINANCE}),
        frozenset({Role.BUREAU_OFFICER}),
        frozenset({Role.BUREAU_APPROVER, Role.FINANCE}),
    ],
}
LATER = START + dt.timedelta(hours=1)

_WRITING = [("author", "submit"), ("author", "sign"), ("author", "revise"), ("author", "submit")]
STEPS: dict[ScenarioState, list[tuple[str, str]]] = {
    ScenarioState.DRAFT: _WRITING,
    ScenarioState.RETURNED: _WRITING,
    ScenarioState.SUBMITTED: [("officer", "accept")],
    ScenarioState.UNDER_REVIEW: [("approver", "approve"), ("returner", "return")],
    ScenarioState.APPROVED: [("approver", "publish")],
    ScenarioState.PUBLISHED: [("amender", "amend")],
}
"""What may be tried in which state, and which duty it is."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A database with a pilot whose cost may be claimed, and ids to begin with."""

    path: Path
    places: tuple[UUID, ...]
    people: tuple[UUID, ...]
    batch_id: UUID
    pilot_id: UUID


async def set_up(path: Path) -> Stage:
    """Play a pilot until its first phase has passed, and let four people in."""
    database, clock = Database(f"sqlite+aiosqlite:///{path}"), FixedClock(START)
    await shipped_rules(database)
    pilot = await an_open_pilot(database, clock)
    await pilot.run("P0", Outcome.PASSED)
    poster_id = await an_organization(database)
    async with database.writing() as session:
        rows = [
            await people.register_person(
                session, SYSTEM, name_zh=f"甲{at}", name_en=f"Person {at}", now=START
            )
            for at in range(PEOPLE)
        ]
    stage = Stage(
        path=path,
        places=(poster_id, pilot.people.solvers[0].organization_id, pilot.call.gov_id),
        people=tuple(row.id for row in rows),
        batch_id=await a_batch(database, clock),
        pilot_id=pilot.id,
    )
    await database.close()
    return stage


@dataclasses.dataclass(slots=True)
class Held:
    """A key, and whether it ought to open anything."""

    text: str
    id: UUID
    person: int
    place: int
    alive: bool = True


async def actor_of(database: Database, held: Held) -> Actor | None:
    """Who a key speaks for now, if anybody."""
    async with database.reading() as session:
        try:
            return await keys.actor_of_key(session, held.text, now=LATER)
        except CredentialRefused:
            return None


async def present(database: Database) -> list[Member]:
    """Every present membership."""
    async with database.reading() as session:
        found = await session.exec(select(Member).where(col(Member.left_at).is_(None)))
        return list(found.all())
