"""What the scenarios room can answer: the other calls of a poster in the same year."""

from sqlmodel import col, select

from marketplace.kit.database import ReadSession
from marketplace.scenarios.rules.lifecycle import (
    PUBLIC_STATES,
    RELAUNCHABLE_STATES,
    ScenarioState,
)
from marketplace.scenarios.rules.lint import Sibling
from marketplace.scenarios.tables import Batch, Scenario, ScenarioVersion

BINDING_STATES = frozenset({ScenarioState.APPROVED}) | (PUBLIC_STATES - RELAUNCHABLE_STATES)
"""States in which a call binds money of its poster's year."""


async def siblings(session: ReadSession, row: Scenario) -> tuple[Sibling, ...]:
    """List the other live calls of the same poster in the same fiscal year, by number.

    The year is that of the batch; what is still a draft or has come to nothing binds no money.
    """
    year = select(Batch.year).where(Batch.id == row.batch_id).scalar_subquery()
    found = await session.exec(
        select(Scenario, ScenarioVersion)
        .where(ScenarioVersion.scenario_id == Scenario.id)
        .where(ScenarioVersion.number == Scenario.content_version)
        .where(col(Scenario.batch_id).in_(select(Batch.id).where(Batch.year == year)))
        .where(Scenario.poster_id == row.poster_id)
        .where(Scenario.id != row.id)
        .where(col(Scenario.state).in_(BINDING_STATES))
        .order_by(col(Scenario.number))
    )
    return tuple(
        Sibling(
            number=other.number,
            track=other.track,
            category=version.content["category"],
            domain=version.content["domain"],
            ceiling_fen=version.content["budget"]["ceiling_fen"],
        )
        for other, version in found.all()
    )
