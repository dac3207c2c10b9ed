"""Change a published call (SC08): an officer proposes, an approver confirms.

What the change means is judged by the fields that changed, not by what anybody ticked.
"""

import datetime as dt
from uuid import UUID

from marketplace.events.rules.catalogue.scenarios import ScenarioAmended
from marketplace.identity.rules import duties
from marketplace.identity.rules.access import Actor, Permission
from marketplace.identity.rules.duties import Duty
from marketplace.kit.clock import Clock
from marketplace.kit.database import WriteSession
from marketplace.kit.digests import digest_of
from marketplace.profiles import queries as profiles
from marketplace.profiles.rules.deadlines import amended_closing, local_date
from marketplace.scenarios.actions.closing import read_clock, tell_shift
from marketplace.scenarios.actions.drafting import write_version
from marketplace.scenarios.actions.moving import (
    person_of,
    refuse_findings,
    row_to_move,
    tell,
    tell_move,
)
from marketplace.scenarios.actions.publishing import bundle_of
from marketplace.scenarios.errors import (
    AmendmentOutdated,
    AmendmentWaiting,
    DeadlinePassed,
    FrozenField,
    NoAmendmentWaiting,
    NothingChanged,
)
from marketplace.scenarios.queries import amendments, siblings
from marketplace.scenarios.queries import calls as queries
from marketplace.scenarios.rules import content as contents
from marketplace.scenarios.rules import lint as linting
from marketplace.scenarios.rules.amendments import AMENDMENT, AmendmentState
from marketplace.scenarios.rules.content import Content
from marketplace.scenarios.rules.lifecycle import LIFECYCLE
from marketplace.scenarios.tables import Amendment, Scenario


async def propose(
    session: WriteSession,
    actor: Actor,
    scenario_id: UUID,
    *,
    content: object,
    note: str,
    claimed_material: bool | None = None,
    expected_version: int,
    clock: Clock,
) -> tuple[Scenario, Amendment]:
    """Propose the whole new content of a published call (SC08a); nothing changes yet.

    Refuses  DeadlinePassed, AmendmentWaiting, NothingChanged, FrozenField for subject matter and
             eligibility, LintFailed.
    """
    row = await row_to_move(
        session, actor, scenario_id, Permission.SCENARIOS_REVIEW, expected_version
    )
    now = await clock.decisive(session)
    _check_open(row, now)
    duties.require(actor, Duty.AMENDER, await queries.hands_on(session, row))
    waiting = await amendments.waiting(session, row.id)
    if waiting is not None:
        raise AmendmentWaiting(amendment_id=str(waiting.id))
    new = contents.content_from(content)
    changed = await _check_change(session, row, new, now=now)
    found = Amendment(
        scenario_id=row.id,
        state=AmendmentState(AMENDMENT.initial().target),
        open_mark=1,
        based_on=row.content_version,
        content=new.to_document(),
        note=note,
        changed=list(changed),
        material=contents.is_material(changed),
        claimed_material=claimed_material,
        proposed_by=person_of(actor),
        proposed_at=now,
    )
    session.add(found)
    row.version += 1
    await tell_move(session, actor, row, "propose_amendment", now=now)
    return row, found


async def withdraw(
    session: WriteSession,
    actor: Actor,
    scenario_id: UUID,
    *,
    expected_version: int,
    now: dt.datetime,
) -> Scenario:
    """Take the proposed amendment back, or turn it down (SC08c)."""
    decides = actor.may(Permission.SCENARIOS_APPROVE)
    permission = Permission.SCENARIOS_APPROVE if decides else Permission.SCENARIOS_REVIEW
    row = await row_to_move(session, actor, scenario_id, permission, expected_version)
    found = await _waiting(session, row)
    await _decide(session, actor, found, "withdraw", now=now)
    row.version += 1
    return await tell_move(session, actor, row, "withdraw_amendment", now=now)


async def confirm(
    session: WriteSession,
    actor: Actor,
    scenario_id: UUID,
    *,
    expected_version: int,
    clock: Clock,
) -> tuple[Scenario, bool]:
    """Make the proposed amendment part of the call (SC08b); say whether it is material.

    Shape    a material change moves the deadline to the profile's lead time at least, counted from
             now; whoever calls this must then ask the bidders to reconfirm.
    Refuses  SameHands for whoever proposed it, DeadlinePassed, AmendmentOutdated, and again
             everything that a proposal is refused for.
    """
    row = await row_to_move(
        session, actor, scenario_id, Permission.SCENARIOS_APPROVE, expected_version
    )
    now = await clock.decisive(session)
    LIFECYCLE.check(row.state, "amend")
    found = await _waiting(session, row)
    duties.require(actor, Duty.AMENDMENT_APPROVER, {Duty.AMENDER: found.proposed_by})
    _check_open(row, now)
    if found.based_on != row.content_version:
        raise AmendmentOutdated(based_on=found.based_on, content_version=row.content_version)
    new = contents.content_from(found.content)
    changed = await _check_change(session, row, new, now=now)
    material = contents.is_material(changed)
    row.content_version += 1
    row.version += 1
    found.content_version, found.changed, found.material = (
        row.content_version,
        list(changed),
        material,
    )
    await _decide(session, actor, found, "confirm", now=now)
    await write_version(session, actor, row, new, note=found.note, now=now)
    if material:
        await _give_time(session, row, now=now)
    row.bundle_sha256 = digest_of(bundle_of(row, new.to_document()))
    assert row.bid_deadline_at is not None
    said = ScenarioAmended(
        scenario_id=row.id,
        content_version=row.content_version,
        changed=changed,
        material=material,
        bid_deadline_at=row.bid_deadline_at,
    )
    return await tell(session, actor, row, said, now=now), material


async def _give_time(session: WriteSession, row: Scenario, *, now: dt.datetime) -> None:
    """Move the deadline to the lead time that the profile asks for, if it is nearer than that."""
    assert row.bid_deadline_at is not None
    # Time that was suspended and is over belongs into the deadline before it is compared.
    await read_clock(session, row, now=now)
    old = row.bid_deadline_at
    profile = await queries.profile_of(session, row, local_date(now))
    calendar = await profiles.work_calendar(session)
    closing = amended_closing(old, now, profile, calendar)
    if closing.required is not None:
        shifts = (row.deadline_basis or {}).get("shifts")
        kept = {} if shifts is None else {"shifts": shifts}
        row.deadline_basis = closing.required.to_document() | kept
    if closing.extended and closing.required is not None:
        row.bid_deadline_at = closing.at
        await read_clock(session, row, now=now)
        await tell_shift(session, row, old, rule=closing.required.period.rule, now=now)


def _check_open(row: Scenario, now: dt.datetime) -> None:
    LIFECYCLE.check(row.state, "amend")
    closes_at = queries.closing_at(row)
    if closes_at is not None and now >= closes_at:
        raise DeadlinePassed(bid_deadline_at=closes_at)


async def _check_change(
    session: WriteSession, row: Scenario, new: Content, *, now: dt.datetime
) -> tuple[str, ...]:
    """Name the fields that change, and refuse a change that may not be made."""
    changed = contents.changed_fields(await queries.content(session, row), new)
    if not changed:
        raise NothingChanged()
    frozen = [name for name in changed if name in contents.FROZEN_WHEN_PUBLISHED]
    if frozen:
        raise FrozenField(fields=frozen)
    profile = await queries.profile_of(session, row, local_date(now))
    refuse_findings(linting.lint(new, profile, siblings=await siblings.siblings(session, row)))
    return changed


async def _waiting(session: WriteSession, row: Scenario) -> Amendment:
    found = await amendments.waiting(session, row.id)
    if found is None:
        raise NoAmendmentWaiting()
    return found


async def _decide(
    session: WriteSession, actor: Actor, found: Amendment, verb: str, *, now: dt.datetime
) -> None:
    found.state = AmendmentState(AMENDMENT.check(found.state, verb).target)
    found.open_mark = None
    found.decided_by, found.decided_at = person_of(actor), now
    found.version += 1
    await session.flush()
