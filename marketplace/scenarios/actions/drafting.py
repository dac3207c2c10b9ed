"""Write a call: batches, drafts, the end user's signature, submission."""

import datetime as dt
from typing import Any
from uuid import UUID

from marketplace.events import actions as events
from marketplace.identity.queries import organizations as identity
from marketplace.identity.queries import standing as register
from marketplace.identity.rules import access, duties
from marketplace.identity.rules.access import Actor, Permission, Role
from marketplace.identity.rules.duties import Duty
from marketplace.identity.tables.organizations import OrganizationKind
from marketplace.kit.database import WriteSession
from marketplace.kit.days import day_of
from marketplace.kit.digests import digest_of
from marketplace.profiles.rules.profile import Track
from marketplace.scenarios.actions.moving import check_fresh, make_move, person_of, tell_move
from marketplace.scenarios.errors import (
    BatchNumberTaken,
    ContentUnreadable,
    NeedNotSigned,
    NotRelaunchable,
    NotTheEndUser,
    NotTheOrganizer,
    NotThePoster,
    ScenarioUnknown,
)
from marketplace.scenarios.queries import batches
from marketplace.scenarios.queries import calls as queries
from marketplace.scenarios.rules.content import Content, content_from
from marketplace.scenarios.rules.lifecycle import (
    LIFECYCLE,
    RELAUNCHABLE_STATES,
    ScenarioState,
    check_unlocked,
)
from marketplace.scenarios.tables import Batch, PosterType, Scenario, ScenarioVersion


async def create_batch(
    session: WriteSession,
    actor: Actor,
    *,
    number: str,
    title: dict[str, str],
    year: int,
    organizer_id: UUID,
    now: dt.datetime,
) -> Batch:
    """Open a list for calls."""
    access.require(actor, Permission.BATCHES_CREATE)
    await identity.organization(session, organizer_id)
    if await batches.batch_by_number(session, number) is not None:
        raise BatchNumberTaken(number=number)
    row = Batch(number=number, title=title, year=year, organizer_id=organizer_id, created_at=now)
    session.add(row)
    await session.flush()
    return row


async def plan_batch(
    session: WriteSession,
    actor: Actor,
    batch_id: UUID,
    *,
    scenarios: int | None,
    by_domain: dict[str, int],
    planned_for: dt.date | None,
    expected_version: int,
) -> Batch:
    """Say how many calls a batch is to publish, in which domains, and when.

    Refuses  NotTheOrganizer for an officer of another organisation.
    """
    access.require(actor, Permission.BATCHES_CREATE)
    row = await batches.batch(session, batch_id, lock=True)
    if row.organizer_id != actor.organization_id and not actor.is_system:
        raise NotTheOrganizer(organizer_id=str(row.organizer_id))
    check_fresh(row, expected_version)
    row.planned_scenarios, row.planned_by_domain = scenarios, by_domain or None
    row.planned_for = planned_for
    row.version += 1
    await session.flush()
    return row


async def draft(
    session: WriteSession,
    actor: Actor,
    batch_id: UUID,
    *,
    poster_id: UUID,
    end_user_id: UUID,
    track: Track,
    content: object,
    supersedes_id: UUID | None = None,
    now: dt.datetime,
) -> Scenario:
    """Begin a call (SC01).

    Refuses  NotThePoster for another organisation's call, except for a bureau officer;
             OrganizationNotVerified and NotInGoodStanding when poster or end user may not take
             part; NotRelaunchable when `supersedes_id` names a call of somebody else, or one that
             has not failed.
    """
    access.require(actor, Permission.SCENARIOS_DRAFT)
    written = content_from(content)
    officer = actor.is_system or actor.has(Role.BUREAU_OFFICER)
    if actor.organization_id != poster_id and not officer:
        raise NotThePoster(poster_id=str(poster_id))
    today = day_of(now)
    poster = await register.organization_in_good_standing(session, poster_id, on=today)
    await register.organization_in_good_standing(session, end_user_id, on=today)
    if supersedes_id is not None:
        earlier = await queries.scenario_seen_by(session, actor, supersedes_id)
        if earlier.poster_id != poster_id or earlier.state not in RELAUNCHABLE_STATES:
            raise NotRelaunchable(scenario_id=str(supersedes_id), state=earlier.state.value)
    batch = await batches.batch(session, batch_id, lock=True)
    # A bureau writes for posters in its own lists; a poster proposes for any list.
    access.require(actor.at(batch.organizer_id), Permission.SCENARIOS_DRAFT)
    batch.scenarios_numbered += 1
    government = poster.kind is OrganizationKind.GOVERNMENT
    row = Scenario(
        number=f"{batch.number}-{batch.scenarios_numbered:03d}",
        batch_id=batch.id,
        organizer_id=batch.organizer_id,
        state=ScenarioState(LIFECYCLE.initial().target),
        track=track,
        poster_type=PosterType.GOVERNMENT if government else PosterType.COMPANY,
        poster_id=poster_id,
        end_user_id=end_user_id,
        content_version=1,
        author_id=person_of(actor),
        supersedes_id=supersedes_id,
        created_at=now,
    )
    session.add(row)
    await session.flush()
    await events.describe_call(session, row.id, organizer_id=batch.organizer_id)
    await write_version(session, actor, row, written, note=None, now=now)
    return await tell_move(session, actor, row, "create", now=now)


async def revise(
    session: WriteSession,
    actor: Actor,
    scenario_id: UUID,
    *,
    content: object,
    expected_version: int,
    now: dt.datetime,
) -> Scenario:
    """Replace the content of a draft; a signature of the need does not survive it."""
    row = await _own_draft(session, actor, scenario_id, expected_version)
    check_unlocked(row.state, "revise")
    written = content_from(content)
    row.content_version += 1
    row.need_signed_at = None
    row.need_signed_by = None
    row.version += 1
    await write_version(session, actor, row, written, note=None, now=now)
    return row


async def sign_need(
    session: WriteSession,
    actor: Actor,
    scenario_id: UUID,
    *,
    expected_version: int,
    now: dt.datetime,
) -> Scenario:
    """Confirm, as the end-user unit, that this is the need and these are the metrics."""
    access.require(actor, Permission.SCENARIOS_DRAFT)
    row = await queries.scenario(session, scenario_id, lock=True)
    if not queries.may_see(actor, row):
        raise ScenarioUnknown(scenario_id=str(scenario_id))
    if actor.organization_id != row.end_user_id and not actor.is_system:
        raise NotTheEndUser(end_user_id=str(row.end_user_id))
    check_fresh(row, expected_version)
    check_unlocked(row.state, "sign_need")
    duties.require(actor, Duty.AUTHOR, await queries.hands_on(session, row))
    row.need_signed_by = person_of(actor)
    row.need_signed_at = now
    row.version += 1
    return await tell_move(session, actor, row, "sign_need", now=now)


async def submit(
    session: WriteSession,
    actor: Actor,
    scenario_id: UUID,
    *,
    expected_version: int,
    now: dt.datetime,
) -> Scenario:
    """Hand a draft to the bureau (SC02)."""
    row = await _own_draft(session, actor, scenario_id, expected_version)
    LIFECYCLE.check(row.state, "submit")
    if row.need_signed_at is None:
        raise NeedNotSigned(end_user_id=str(row.end_user_id))
    content = await queries.content(session, row)
    if not content.datasets and not content.no_dataset:
        raise ContentUnreadable(pointer="/datasets", expected="a dataset, or no_dataset = true")
    row.bureau_note = None
    row.submitted_by = person_of(actor)
    return await make_move(session, actor, row, "submit", now=now)


async def write_version(
    session: WriteSession,
    actor: Actor,
    row: Scenario,
    content: Content,
    *,
    note: str | None,
    now: dt.datetime,
) -> ScenarioVersion:
    """Write the content that `row.content_version` names."""
    document: dict[str, Any] = content.to_document()
    version = ScenarioVersion(
        scenario_id=row.id,
        number=row.content_version,
        content=document,
        sha256=digest_of(document),
        title_zh=content.title.zh,
        title_en=content.title.en,
        illustrative=content.illustrative,
        written_by=person_of(actor),
        written_at=now,
        note=note,
    )
    session.add(version)
    await session.flush()
    return version


async def _own_draft(
    session: WriteSession, actor: Actor, scenario_id: UUID, expected_version: int
) -> Scenario:
    access.require(actor, Permission.SCENARIOS_DRAFT)
    row = await queries.scenario(session, scenario_id, lock=True)
    if not queries.may_see(actor, row):
        raise ScenarioUnknown(scenario_id=str(scenario_id))
    if actor.organization_id != row.poster_id and person_of(actor) != row.author_id:
        raise NotThePoster(poster_id=str(row.poster_id))
    check_fresh(row, expected_version)
    duties.require(actor, Duty.AUTHOR, await queries.hands_on(session, row))
    return row
