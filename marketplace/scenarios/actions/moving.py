"""What every move of a call shares: find it locked and fresh, check it, move it, tell of it."""

import datetime as dt
from uuid import UUID

from marketplace.events import actions as events
from marketplace.events.rules.catalogue.scenarios import ScenarioMoved
from marketplace.events.rules.envelope import Event
from marketplace.identity.rules import access
from marketplace.identity.rules.access import Actor, Permission
from marketplace.kit.database import WriteSession
from marketplace.kit.errors import Stale
from marketplace.kit.tables import Versioned
from marketplace.profiles import queries as profiles
from marketplace.profiles.rules.profile import RuleProfile
from marketplace.scenarios.actions.pinning import keep_card
from marketplace.scenarios.errors import LintFailed
from marketplace.scenarios.queries import calls as queries
from marketplace.scenarios.queries import siblings
from marketplace.scenarios.rules import lint as linting
from marketplace.scenarios.rules.lifecycle import FINAL_STATES, LIFECYCLE, ScenarioState
from marketplace.scenarios.tables import Scenario


async def row_to_move(
    session: WriteSession,
    actor: Actor,
    scenario_id: UUID,
    permission: Permission,
    expected_version: int,
) -> Scenario:
    """Lock the call for somebody who may ask for this, in the version they have read."""
    access.require(actor, permission)
    row = await queries.scenario(session, scenario_id, lock=True)
    access.require(actor.at(row.organizer_id), permission)
    check_fresh(row, expected_version)
    return row


def check_fresh(row: Versioned, expected_version: int) -> None:
    """Refuse a change that was decided on an older version."""
    if row.version != expected_version:
        raise Stale(version=row.version, expected=expected_version)


def person_of(actor: Actor) -> UUID | None:
    """Name the person behind an act; None where the platform itself acts."""
    return None if actor.is_system else actor.person_id


async def make_move(
    session: WriteSession,
    actor: Actor,
    row: Scenario,
    verb: str,
    *,
    reason: str | None = None,
    now: dt.datetime,
    silent: bool = False,
) -> Scenario:
    """Make one move of the table; `silent` where a public event of its own tells of it."""
    move = LIFECYCLE.check(row.state, verb)
    row.state = ScenarioState(move.target)
    row.version += 1
    if row.state in FINAL_STATES:
        row.final_status, row.final_at = row.state, now
    if silent:
        await session.flush()
        return row
    return await tell_move(session, actor, row, verb, reason=reason, now=now)


async def tell_move(
    session: WriteSession,
    actor: Actor,
    row: Scenario,
    verb: str,
    *,
    reason: str | None = None,
    now: dt.datetime,
) -> Scenario:
    """Tell the bureau that something was done to a call."""
    said = ScenarioMoved(scenario_id=row.id, verb=verb, state=row.state.value, reason=reason)
    return await tell(session, actor, row, said, now=now)


async def tell(
    session: WriteSession, actor: Actor, row: Scenario, said: Event, *, now: dt.datetime
) -> Scenario:
    """Record an event of a call, and let the board show what it tells of."""
    await session.flush()
    await keep_card(session, row)
    await events.record(
        session, said, by=actor.kind, now=now, organization_id=row.poster_id, scenario_id=row.id
    )
    return row


async def check_lint(
    session: WriteSession, row: Scenario, profile: RuleProfile, *, planned: linting.Planned | None
) -> None:
    """Refuse a call whose content in force breaks a rule that blocks."""
    calendar = await profiles.work_calendar(session) if planned else None
    content = await queries.content(session, row)
    others = await siblings.siblings(session, row)
    refuse_findings(
        linting.lint(content, profile, planned=planned, calendar=calendar, siblings=others)
    )


def refuse_findings(findings: tuple[linting.Finding, ...]) -> None:
    """Refuse with every finding that blocks, if one does."""
    blocking = linting.blocking(findings)
    if blocking:
        raise LintFailed(
            rules=sorted({finding.rule for finding in blocking}),
            findings=[
                {
                    "rule": finding.rule,
                    "pointer": finding.pointer,
                    "source": finding.source,
                    "message": {"zh": finding.message.zh, "en": finding.message.en},
                    "suggestion": {"zh": finding.suggestion.zh, "en": finding.suggestion.en},
                }
                for finding in blocking
            ],
        )
