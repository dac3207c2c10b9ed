"""Review a call on the bureau's desk, and end or advance it once it is public."""

import datetime as dt
from uuid import UUID

from marketplace.events import actions as events
from marketplace.events.rules.catalogue.scenarios import (
    ScenarioCancelled,
    ScenarioCompleted,
    ScenarioFailed,
    ScenarioReviewDue,
)
from marketplace.identity.rules import access, duties
from marketplace.identity.rules.access import Actor, Permission
from marketplace.identity.rules.duties import Duty
from marketplace.kit.database import ReadSession, WriteSession
from marketplace.profiles.rules.deadlines import local_date
from marketplace.scenarios.actions.closing import close_if_due
from marketplace.scenarios.actions.moving import check_lint, make_move, row_to_move, tell
from marketplace.scenarios.errors import PanelNotSeated, ReviewDatePassed, ReviewIncomplete
from marketplace.scenarios.queries import calls as queries
from marketplace.scenarios.queries import siblings
from marketplace.scenarios.rules import lint as linting
from marketplace.scenarios.rules.lifecycle import (
    LIFECYCLE,
    CancelReason,
    FailReason,
    ScenarioState,
)
from marketplace.scenarios.tables import Scenario

REVIEW_NEEDS = ("feasibility_opinion", "fair_competition_review")


async def accept(
    session: WriteSession,
    actor: Actor,
    scenario_id: UUID,
    *,
    expected_version: int,
    now: dt.datetime,
) -> Scenario:
    """Take a submitted call into review (SC03); the officer may not be its author.

    An officer who reviewed it before it was returned is remembered: they may not approve it either.
    """
    row = await row_to_move(
        session, actor, scenario_id, Permission.SCENARIOS_REVIEW, expected_version
    )
    duties.require(actor, Duty.OFFICER, await queries.hands_on(session, row))
    if row.officer_id is not None:
        row.earlier_officers = [*(row.earlier_officers or []), str(row.officer_id)]
    row.officer_id = None if actor.is_system else actor.person_id
    return await make_move(session, actor, row, "accept", now=now)


async def send_back(
    session: WriteSession,
    actor: Actor,
    scenario_id: UUID,
    *,
    reason: str,
    expected_version: int,
    now: dt.datetime,
) -> Scenario:
    """Return a call to its poster with reasons (SC04)."""
    row = await row_to_move(
        session, actor, scenario_id, Permission.SCENARIOS_REVIEW, expected_version
    )
    row.bureau_note = reason
    return await make_move(session, actor, row, "return", reason=reason, now=now)


async def approve(
    session: WriteSession,
    actor: Actor,
    scenario_id: UUID,
    *,
    review: dict[str, str],
    expected_version: int,
    now: dt.datetime,
) -> Scenario:
    """Approve a reviewed call and pin the rules it will run under (SC05).

    Refuses  SameHands for the author or the officer, ReviewIncomplete, LintFailed with every
             finding that blocks.
    """
    row = await row_to_move(
        session, actor, scenario_id, Permission.SCENARIOS_APPROVE, expected_version
    )
    LIFECYCLE.check(row.state, "approve")
    duties.require(actor, Duty.APPROVER, await queries.hands_on(session, row))
    missing = [name for name in REVIEW_NEEDS if not review.get(name, "").strip()]
    if missing:
        raise ReviewIncomplete(missing=missing)
    profile = await queries.profile_of(session, row, local_date(now))
    await check_lint(session, row, profile, planned=None)
    row.profile_code, row.profile_version = profile.code, profile.version
    await events.describe_call(
        session,
        row.id,
        organizer_id=row.organizer_id,
        rule_profile=f"{profile.code}@{profile.version}",
    )
    row.review, row.ceiling_as_of = review, local_date(now)
    row.approver_id = None if actor.is_system else actor.person_id
    return await make_move(session, actor, row, "approve", now=now)


async def shelve(
    session: WriteSession,
    actor: Actor,
    scenario_id: UUID,
    *,
    reason: str,
    review_on: dt.date,
    expected_version: int,
    now: dt.datetime,
) -> Scenario:
    """Put an approved call aside until a date (SC06a); a scheduled publication is dropped."""
    row = await row_to_move(
        session, actor, scenario_id, Permission.SCENARIOS_APPROVE, expected_version
    )
    LIFECYCLE.check(row.state, "shelve")
    if review_on <= local_date(now):
        raise ReviewDatePassed(review_on=review_on, today=local_date(now))
    row.shelved_until, row.bureau_note, row.review_told_at = review_on, reason, None
    row.publish_at = row.publish_deadline_at = row.publish_note = None
    return await make_move(session, actor, row, "shelve", reason=reason, now=now)


async def revive(
    session: WriteSession,
    actor: Actor,
    scenario_id: UUID,
    *,
    expected_version: int,
    now: dt.datetime,
) -> Scenario:
    """Take a shelved call up again (SC06b), under the same pinned rules.

    The lint is run anew, and the cost ceiling is from now on in the prices of this day.
    """
    row = await row_to_move(
        session, actor, scenario_id, Permission.SCENARIOS_APPROVE, expected_version
    )
    LIFECYCLE.check(row.state, "revive")
    duties.require(actor, Duty.APPROVER, await queries.hands_on(session, row))
    profile = await queries.profile_of(session, row, local_date(now))
    await check_lint(session, row, profile, planned=None)
    row.shelved_until = row.bureau_note = row.review_told_at = None
    row.ceiling_as_of = local_date(now)
    return await make_move(session, actor, row, "revive", now=now)


async def cancel(
    session: WriteSession,
    actor: Actor,
    scenario_id: UUID,
    *,
    reason: CancelReason,
    note: str | None = None,
    expected_version: int,
    now: dt.datetime,
) -> Scenario:
    """Withdraw a call before its bids are opened (SC09).

    The event tells everybody, and those who hold money or data for the call to release it.
    """
    row = await row_to_move(
        session, actor, scenario_id, Permission.SCENARIOS_APPROVE, expected_version
    )
    row.final_reason, row.final_note = reason.value, note
    await make_move(session, actor, row, "cancel", now=now, silent=True)
    said = ScenarioCancelled(scenario_id=row.id, reason=reason.value, note=note)
    return await tell(session, actor, row, said, now=now)


async def fail(
    session: WriteSession,
    actor: Actor,
    scenario_id: UUID,
    *,
    reason: FailReason,
    note: str | None = None,
    expected_version: int,
    now: dt.datetime,
) -> Scenario:
    """End a call that cannot lead to an award (SC12), with the reasons to everybody.

    A relaunch is a new scenario.
    """
    row = await row_to_move(
        session, actor, scenario_id, Permission.SCENARIOS_APPROVE, expected_version
    )
    await close_if_due(session, row, now=now)
    return await fail_by(session, actor, row, "fail", reason=reason, note=note, now=now)


async def fail_by(
    session: WriteSession,
    actor: Actor,
    row: Scenario,
    verb: str,
    *,
    reason: FailReason,
    note: str | None,
    now: dt.datetime,
) -> Scenario:
    """End a locked call without an award by a move that another room decides (SC17c, SC19b)."""
    row.final_reason, row.final_note = reason.value, note
    await make_move(session, actor, row, verb, now=now, silent=True)
    said = ScenarioFailed(scenario_id=row.id, reason=reason.value, note=note)
    return await tell(session, actor, row, said, now=now)


async def complete(
    session: WriteSession, actor: Actor, row: Scenario, *, pilots: int, now: dt.datetime
) -> Scenario:
    """End a locked call whose pilots are all settled (SC20); only the pilots room calls this."""
    await make_move(session, actor, row, "complete", now=now, silent=True)
    said = ScenarioCompleted(scenario_id=row.id, pilots=pilots)
    return await tell(session, actor, row, said, now=now)


async def tell_review_due(session: WriteSession, row: Scenario, *, now: dt.datetime) -> bool:
    """Tell the bureau once that the review of a locked, shelved call is due."""
    on = row.shelved_until
    due = row.state is ScenarioState.SHELVED and on is not None and on <= local_date(now)
    if not due or row.review_told_at is not None or on is None:
        return False
    row.review_told_at = now
    said = ScenarioReviewDue(scenario_id=row.id, review_on=on)
    await tell(session, access.SYSTEM, row, said, now=now)
    return True


async def begin_evaluation(
    session: WriteSession, actor: Actor, row: Scenario, *, now: dt.datetime
) -> None:
    """Pass from closed to evaluating (SC11); only the opening of the bids calls this."""
    if row.panel_seated_at is None:
        raise PanelNotSeated()
    await make_move(session, actor, row, "open", now=now)


async def advance(
    session: WriteSession, actor: Actor, row: Scenario, verb: str, *, now: dt.datetime
) -> Scenario:
    """Make a later move (SC13 and on) for the room that decides it; the row must be locked."""
    return await make_move(session, actor, row, verb, now=now)


async def note_panel(session: WriteSession, row: Scenario, *, now: dt.datetime) -> None:
    """Write down that the panel is complete; the row must be locked."""
    row.panel_seated_at = now
    row.version += 1
    await session.flush()


async def lint(
    session: ReadSession, row: Scenario, *, now: dt.datetime
) -> tuple[linting.Finding, ...]:
    """Check a call as it stands, without deciding anything."""
    profile = await queries.profile_of(session, row, local_date(now))
    content = await queries.content(session, row)
    others = await siblings.siblings(session, row)
    return linting.lint(content, profile, siblings=others)
