"""Put calls on the public list (SC07): by hand, at a set time, or a whole batch in one act."""

import datetime as dt
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from marketplace.custody.actions import lockboxes
from marketplace.custody.errors import CustodiansMissing
from marketplace.events.rules.catalogue.scenarios import ScenarioPublished
from marketplace.identity.rules import access, duties
from marketplace.identity.rules.access import Actor, Permission
from marketplace.identity.rules.duties import Duty
from marketplace.kit.clock import Clock
from marketplace.kit.database import WriteSession
from marketplace.kit.digests import digest_of
from marketplace.kit.errors import MarketplaceError
from marketplace.profiles import queries as profiles
from marketplace.profiles.rules.deadlines import Deadline, earliest_bid_deadline, local_date
from marketplace.scenarios.actions.moving import (
    check_fresh,
    check_lint,
    make_move,
    person_of,
    row_to_move,
    tell,
    tell_move,
)
from marketplace.scenarios.errors import (
    BatchBlocked,
    BatchEmpty,
    DeadlineTooEarly,
    NothingScheduled,
    PublicationInPast,
)
from marketplace.scenarios.queries import batches
from marketplace.scenarios.queries import calls as queries
from marketplace.scenarios.rules import lint as linting
from marketplace.scenarios.rules.lifecycle import LIFECYCLE, ScenarioState
from marketplace.scenarios.tables import Batch, Scenario

HAS_LOCKBOX = frozenset({ScenarioState.PUBLISHED, ScenarioState.CLOSED})
"""States in which a call needs a lockbox: it takes bids, or is to be opened."""


async def publish(
    session: WriteSession,
    actor: Actor,
    scenario_id: UUID,
    *,
    bid_deadline_at: dt.datetime,
    expected_version: int,
    clock: Clock,
    recovery: Sequence[bytes] = (),
) -> Scenario:
    """Put an approved call on the public list (SC07), with the lockbox for its bids.

    Shape    `recovery` are the public keys to which the third share of the lockbox is closed.
    Refuses  LintFailed, DeadlineTooEarly with the earliest lawful one, CalendarYearNotLoaded,
             CustodiansMissing.
    """
    row = await row_to_move(
        session, actor, scenario_id, Permission.SCENARIOS_APPROVE, expected_version
    )
    now = await clock.decisive(session)
    earliest = await _check(session, actor, row, bid_deadline_at, now=now)
    return await _put_online(session, actor, row, bid_deadline_at, earliest, recovery, now=now)


async def schedule(
    session: WriteSession,
    actor: Actor,
    scenario_id: UUID,
    *,
    publish_at: dt.datetime,
    bid_deadline_at: dt.datetime,
    expected_version: int,
    clock: Clock,
) -> Scenario:
    """Set the time at which an approved call is published by itself.

    The guards of the publication are asked now, as of that time, and again when it comes.
    """
    row = await row_to_move(
        session, actor, scenario_id, Permission.SCENARIOS_APPROVE, expected_version
    )
    now = await clock.decisive(session)
    LIFECYCLE.check(row.state, "publish")
    if publish_at <= now:
        raise PublicationInPast(publish_at=publish_at, now=now)
    await _check(session, actor, row, bid_deadline_at, now=publish_at)
    row.publish_at, row.publish_deadline_at, row.publish_note = publish_at, bid_deadline_at, None
    # Whoever sets the time publishes; the job that rings is nobody's hands.
    row.publisher_id = person_of(actor)
    row.version += 1
    return await tell_move(session, actor, row, "schedule", now=now)


async def unschedule(
    session: WriteSession,
    actor: Actor,
    scenario_id: UUID,
    *,
    expected_version: int,
    now: dt.datetime,
) -> Scenario:
    """Take a scheduled publication back, as long as it has not happened."""
    row = await row_to_move(
        session, actor, scenario_id, Permission.SCENARIOS_APPROVE, expected_version
    )
    LIFECYCLE.check(row.state, "publish")
    if row.publish_at is None:
        raise NothingScheduled()
    row.publish_at = row.publish_deadline_at = None
    row.version += 1
    return await tell_move(session, actor, row, "unschedule", now=now)


async def publish_if_due(
    session: WriteSession, row: Scenario, *, recovery: Sequence[bytes] = (), now: dt.datetime
) -> bool:
    """Publish a locked call whose time has come; if a guard fails it stays approved, with a note.

    The schedule is dropped either way: what was refused once is not tried again at every tick.
    """
    due = row.publish_at is not None and row.publish_at <= now
    if row.state is not ScenarioState.APPROVED or not due:
        return False
    bid_deadline_at = row.publish_deadline_at
    assert bid_deadline_at is not None
    try:
        earliest = await _check(session, access.SYSTEM, row, bid_deadline_at, now=now)
    except MarketplaceError as refusal:
        row.publish_at = row.publish_deadline_at = None
        row.publish_note = refusal.code
        row.version += 1
        await tell_move(
            session, access.SYSTEM, row, "publication_refused", reason=refusal.code, now=now
        )
        return False
    await _put_online(session, access.SYSTEM, row, bid_deadline_at, earliest, recovery, now=now)
    return True


async def publish_batch(
    session: WriteSession,
    actor: Actor,
    batch_id: UUID,
    *,
    bid_deadline_at: dt.datetime,
    expected_version: int,
    clock: Clock,
    recovery: Sequence[bytes] = (),
) -> tuple[Batch, Sequence[Scenario]]:
    """Publish every waiting call of a batch, or none; what was put aside stays aside.

    Refuses  BatchBlocked with every call that stands in the way and the code of the reason.
    """
    access.require(actor, Permission.SCENARIOS_APPROVE)
    batch = await batches.batch(session, batch_id, lock=True)
    access.require(actor.at(batch.organizer_id), Permission.SCENARIOS_APPROVE)
    check_fresh(batch, expected_version)
    waiting = await batches.waiting_in(session, batch_id)
    if not waiting:
        raise BatchEmpty(batch_id=str(batch_id))
    now = await clock.decisive(session)
    checked: list[tuple[Scenario, Deadline]] = []
    blocked: list[dict[str, Any]] = []
    for row in waiting:
        try:
            earliest = await _check(session, actor, row, bid_deadline_at, now=now)
        except MarketplaceError as refusal:
            blocked.append(_blocked(row, refusal))
        else:
            checked.append((row, earliest))
    if blocked:
        raise BatchBlocked(blocked=blocked)
    for row, earliest in checked:
        await _put_online(session, actor, row, bid_deadline_at, earliest, recovery, now=now)
    batch.published_at = now
    batch.version += 1
    await session.flush()
    return batch, waiting


def bundle_of(row: Scenario, content: dict[str, Any]) -> dict[str, Any]:
    """Everything that is published, in the form that is hashed."""
    assert row.bid_deadline_at is not None
    return {
        "number": row.number,
        "content_version": row.content_version,
        "content": content,
        "profile": f"{row.profile_code}@{row.profile_version}",
        "bid_deadline_at": row.bid_deadline_at.astimezone(dt.UTC).isoformat(),
    }


async def _check(
    session: WriteSession,
    actor: Actor,
    row: Scenario,
    bid_deadline_at: dt.datetime,
    *,
    now: dt.datetime,
) -> Deadline:
    """Ask every guard of a publication at `now`, changing nothing; tell the earliest deadline."""
    LIFECYCLE.check(row.state, "publish")
    duties.require(actor, Duty.APPROVER, await queries.hands_on(session, row))
    profile = await queries.profile_of(session, row, local_date(now))
    calendar = await profiles.work_calendar(session)
    earliest = earliest_bid_deadline(now, profile, calendar)
    if bid_deadline_at < earliest.at:
        raise DeadlineTooEarly(earliest_at=earliest.at, requested_at=bid_deadline_at)
    planned = linting.Planned(published_at=now, bid_deadline_at=bid_deadline_at)
    await check_lint(session, row, profile, planned=planned)
    await lockboxes.check_custodians(session, row.organizer_id)
    return earliest


async def furnish(
    session: WriteSession, row: Scenario, *, recovery: Sequence[bytes] = (), now: dt.datetime
) -> bool:
    """Give a locked call that was published before there were lockboxes one of its own.

    Shape    False where the bureau has no custodians yet: it is asked again by the next tick.
    """
    if row.state not in HAS_LOCKBOX or row.lockbox_id is not None:
        return False
    try:
        lockbox = await lockboxes.make_lockbox(
            session, row.organizer_id, recovery=recovery, now=now
        )
    except CustodiansMissing:
        return False
    row.lockbox_id = lockbox.id
    await session.flush()
    return True


async def _put_online(
    session: WriteSession,
    actor: Actor,
    row: Scenario,
    bid_deadline_at: dt.datetime,
    earliest: Deadline,
    recovery: Sequence[bytes],
    *,
    now: dt.datetime,
) -> Scenario:
    lockbox = await lockboxes.make_lockbox(session, row.organizer_id, recovery=recovery, now=now)
    row.lockbox_id = lockbox.id
    content = (await queries.version(session, row.id, row.content_version)).content
    row.published_at, row.bid_deadline_at = now, bid_deadline_at
    row.publish_at = row.publish_deadline_at = row.publish_note = None
    row.publisher_id = row.publisher_id if actor.is_system else actor.person_id
    row.deadline_basis = earliest.to_document()
    row.bundle_sha256 = digest_of(bundle_of(row, content))
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


def _blocked(row: Scenario, refusal: MarketplaceError) -> dict[str, Any]:
    return {
        "scenario_id": str(row.id),
        "number": row.number,
        "state": row.state.value,
        "code": refusal.code,
        "title": {"zh": refusal.title_zh, "en": refusal.title_en},
        "rules": refusal.facts.get("rules", []),
    }
