"""Review, publish and run a call: from the bureau's desk to the public list and off it again."""

import datetime as dt
from typing import Any
from uuid import UUID

from marketplace.events.rules.catalogue.scenarios import (
    ScenarioAmended,
    ScenarioCancelled,
    ScenarioClosed,
    ScenarioFailed,
    ScenarioPublished,
)
from marketplace.identity.rules import access, duties
from marketplace.identity.rules.access import Actor, Permission
from marketplace.identity.rules.duties import Duty
from marketplace.kit.clock import Clock
from marketplace.kit.database import ReadSession, WriteSession
from marketplace.kit.digests import digest_of
from marketplace.profiles import queries as profiles
from marketplace.profiles.rules.deadlines import amended_closing, earliest_bid_deadline, local_date
from marketplace.scenarios import queries
from marketplace.scenarios.actions.drafting import write_version
from marketplace.scenarios.actions.moving import (
    check_lint,
    make_move,
    refuse_findings,
    row_to_move,
    tell,
)
from marketplace.scenarios.errors import (
    DeadlinePassed,
    DeadlineTooEarly,
    FrozenField,
    NothingChanged,
    PanelNotSeated,
    ReviewIncomplete,
)
from marketplace.scenarios.rules import content as contents
from marketplace.scenarios.rules import lint as linting
from marketplace.scenarios.rules.lifecycle import (
    LIFECYCLE,
    CancelReason,
    FailReason,
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
    row.review = review
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
    """Put an approved call aside until a date (SC06)."""
    row = await row_to_move(
        session, actor, scenario_id, Permission.SCENARIOS_APPROVE, expected_version
    )
    row.shelved_until, row.bureau_note = review_on, reason
    return await make_move(session, actor, row, "shelve", reason=reason, now=now)


async def revive(
    session: WriteSession,
    actor: Actor,
    scenario_id: UUID,
    *,
    expected_version: int,
    now: dt.datetime,
) -> Scenario:
    """Take a shelved call up again (SC06), under the same pinned rules."""
    row = await row_to_move(
        session, actor, scenario_id, Permission.SCENARIOS_APPROVE, expected_version
    )
    LIFECYCLE.check(row.state, "revive")
    duties.require(actor, Duty.APPROVER, await queries.hands_on(session, row))
    profile = await queries.profile_of(session, row, local_date(now))
    await check_lint(session, row, profile, planned=None)
    row.shelved_until = row.bureau_note = None
    return await make_move(session, actor, row, "revive", now=now)


async def publish(
    session: WriteSession,
    actor: Actor,
    scenario_id: UUID,
    *,
    bid_deadline_at: dt.datetime,
    expected_version: int,
    clock: Clock,
) -> Scenario:
    """Put an approved call on the public list (SC07).

    Refuses  LintFailed, DeadlineTooEarly with the earliest lawful one, CalendarYearNotLoaded.
    """
    row = await row_to_move(
        session, actor, scenario_id, Permission.SCENARIOS_APPROVE, expected_version
    )
    LIFECYCLE.check(row.state, "publish")
    duties.require(actor, Duty.APPROVER, await queries.hands_on(session, row))
    now = await clock.decisive(session)
    profile = await queries.profile_of(session, row, local_date(now))
    calendar = await profiles.work_calendar(session)
    earliest = earliest_bid_deadline(now, profile, calendar)
    if bid_deadline_at < earliest.at:
        raise DeadlineTooEarly(earliest_at=earliest.at, requested_at=bid_deadline_at)
    planned = linting.Planned(published_at=now, bid_deadline_at=bid_deadline_at)
    await check_lint(session, row, profile, planned=planned)
    content = (await queries.version(session, row.id, row.content_version)).content
    row.published_at, row.bid_deadline_at = now, bid_deadline_at
    row.publisher_id = None if actor.is_system else actor.person_id
    row.deadline_basis = earliest.to_document()
    row.bundle_sha256 = digest_of(_bundle(row, content))
    await make_move(session, actor, row, "publish", now=now, silent=True)
    said = ScenarioPublished(
        scenario_id=row.id,
        number=row.number,
        title={name: text for name, text in content["title"].items() if text},
        track=row.track.value,
        bid_deadline_at=bid_deadline_at,
        bundle_sha256=row.bundle_sha256,
    )
    return await tell(session, actor, row, said, now=now)


def _bundle(row: Scenario, content: dict[str, Any]) -> dict[str, Any]:
    """Everything that is published, in the form that is hashed."""
    assert row.bid_deadline_at is not None
    return {
        "number": row.number,
        "content_version": row.content_version,
        "content": content,
        "profile": f"{row.profile_code}@{row.profile_version}",
        "bid_deadline_at": row.bid_deadline_at.astimezone(dt.UTC).isoformat(),
    }


async def amend(
    session: WriteSession,
    actor: Actor,
    scenario_id: UUID,
    *,
    content: object,
    note: str,
    expected_version: int,
    clock: Clock,
) -> tuple[Scenario, bool]:
    """Change a published call before its deadline (SC08); say whether the change is material.

    Shape    a material change moves the deadline to the profile's lead time at least; whoever
             calls this must then ask the bidders to reconfirm.
    Refuses  SameHands for the author and the approver, DeadlinePassed, FrozenField for subject
             matter and eligibility, LintFailed.
    """
    row = await row_to_move(
        session, actor, scenario_id, Permission.SCENARIOS_REVIEW, expected_version
    )
    now = await clock.decisive(session)
    LIFECYCLE.check(row.state, "amend")
    duties.require(actor, Duty.AMENDER, await queries.hands_on(session, row))
    assert row.bid_deadline_at is not None
    if now >= row.bid_deadline_at:
        raise DeadlinePassed(bid_deadline_at=row.bid_deadline_at)
    old, new = await queries.content(session, row), contents.content_from(content)
    changed = contents.changed_fields(old, new)
    if not changed:
        raise NothingChanged()
    frozen = [name for name in changed if name in contents.FROZEN_WHEN_PUBLISHED]
    if frozen:
        raise FrozenField(fields=frozen)
    profile = await queries.profile_of(session, row, local_date(now))
    refuse_findings(linting.lint(new, profile, siblings=await queries.siblings(session, row)))
    material = contents.is_material(changed)
    if material:
        calendar = await profiles.work_calendar(session)
        closing = amended_closing(row.bid_deadline_at, now, profile, calendar)
        row.bid_deadline_at = closing.at
        if closing.required is not None:
            row.deadline_basis = closing.required.to_document()
    row.content_version += 1
    row.version += 1
    await write_version(session, actor, row, new, note=note, now=now)
    row.bundle_sha256 = digest_of(_bundle(row, new.to_document()))
    said = ScenarioAmended(
        scenario_id=row.id,
        content_version=row.content_version,
        changed=changed,
        material=material,
        bid_deadline_at=row.bid_deadline_at,
    )
    return await tell(session, actor, row, said, now=now), material


async def cancel(
    session: WriteSession,
    actor: Actor,
    scenario_id: UUID,
    *,
    reason: CancelReason,
    expected_version: int,
    now: dt.datetime,
) -> Scenario:
    """Withdraw a call before its bids are opened (SC09)."""
    row = await row_to_move(
        session, actor, scenario_id, Permission.SCENARIOS_APPROVE, expected_version
    )
    row.final_reason = reason.value
    await make_move(session, actor, row, "cancel", now=now, silent=True)
    said = ScenarioCancelled(scenario_id=row.id, reason=reason.value)
    return await tell(session, actor, row, said, now=now)


async def fail(
    session: WriteSession,
    actor: Actor,
    scenario_id: UUID,
    *,
    reason: FailReason,
    expected_version: int,
    now: dt.datetime,
) -> Scenario:
    """End a call that cannot lead to an award (SC12); a relaunch is a new scenario."""
    row = await row_to_move(
        session, actor, scenario_id, Permission.SCENARIOS_APPROVE, expected_version
    )
    await close_if_due(session, row, now=now)
    row.final_reason = reason.value
    await make_move(session, actor, row, "fail", now=now, silent=True)
    said = ScenarioFailed(scenario_id=row.id, reason=reason.value)
    return await tell(session, actor, row, said, now=now)


async def close_if_due(session: WriteSession, row: Scenario, *, now: dt.datetime) -> bool:
    """Write down that the deadline has passed (SC10), if it has; the row must be locked."""
    if queries.state_at(row, now) is row.state:
        return False
    row.closed_at = row.bid_deadline_at
    await make_move(session, access.SYSTEM, row, "close", now=now, silent=True)
    assert row.bid_deadline_at is not None
    said = ScenarioClosed(scenario_id=row.id, closed_at=row.bid_deadline_at)
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
    content, siblings = await queries.content(session, row), await queries.siblings(session, row)
    return linting.lint(content, profile, siblings=siblings)
