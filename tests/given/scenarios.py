"""Calls at every stage, made by the scenarios room's own actions from the shipped seeds."""

import copy
import datetime as dt
import itertools
import tomllib
from collections.abc import Collection
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

from marketplace.identity.rules.access import SYSTEM, Role
from marketplace.identity.tables.organizations import OrganizationKind
from marketplace.kit.clock import Clock
from marketplace.kit.database import Database
from marketplace.profiles.rules.profile import Track
from marketplace.scenarios.actions import calls, drafting, publishing, suspending
from marketplace.scenarios.queries import calls as queries
from marketplace.scenarios.rules.content import Content
from marketplace.scenarios.rules.suspensions import Block, Cause
from marketplace.scenarios.tables import Suspension
from tests.given.custody import registered
from tests.given.identity import Someone, an_organization, someone
from tests.given.profiles import SEEDS, shipped_rules

REVIEW = {
    "feasibility_opinion": "可行:数据已具备,指标可测。",
    "fair_competition_review": "未发现排除、限制竞争的内容。",
}
PLAIN_CALL = "ns-11-water-meter-reading"
"""A company's call on the private track: price, benchmark, one mark, one objective mark."""
FORMULA_CALL = "ns-07-road-inspection"
"""A government call on the subsidy track without a price; bids declare a figure."""
WINDOW = dt.timedelta(days=30)
"""Longer than any track asks for."""

_numbered = itertools.count(1)
_CONTENT_KEYS = frozenset(one.name for one in fields(Content)) - {"name_source"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cast:
    """Who takes part on the side of the call: one person per duty."""

    poster: Someone
    end_user: Someone
    officer: Someone
    approver: Someone
    supervisor: Someone
    auditor: Someone


@dataclass(frozen=True, slots=True, kw_only=True)
class Called:
    """A call and its people."""

    id: UUID
    cast: Cast


@cache
def _seed(name: str) -> dict[str, Any]:
    return tomllib.loads((Path(SEEDS) / f"scenarios/{name}.toml").read_text(encoding="utf-8"))


def seed_names() -> list[str]:
    """Every shipped scenario."""
    return sorted(path.stem for path in (Path(SEEDS) / "scenarios").glob("*.toml"))


def seed_track(name: str) -> Track:
    """The legal track of a shipped scenario."""
    return Track(_seed(name)["track"])


def a_content(name: str = PLAIN_CALL, /, **changes: object) -> dict[str, Any]:
    """The content of a shipped scenario, with some top-level fields replaced."""
    content = {key: value for key, value in _seed(name).items() if key in _CONTENT_KEYS}
    return copy.deepcopy(content) | changes


async def a_cast(database: Database) -> Cast:
    """One person per duty, with custody keys; the poster's organisation has the need itself."""
    poster_id = await an_organization(database, name="某出题单位(示例)")
    bureau_id = await an_organization(
        database, name="某主管部门(示例)", kind=OrganizationKind.GOVERNMENT
    )
    cast = Cast(
        poster=await someone(database, Role.POSTER, organization_id=poster_id),
        end_user=await someone(database, Role.POSTER, organization_id=poster_id),
        officer=await someone(database, Role.BUREAU_OFFICER, organization_id=bureau_id),
        approver=await someone(database, Role.BUREAU_APPROVER, organization_id=bureau_id),
        supervisor=await someone(database, Role.SUPERVISOR, organization_id=bureau_id),
        auditor=await someone(database, Role.AUDITOR, organization_id=bureau_id),
    )
    await registered(database, bureau_id, cast.officer, cast.supervisor)
    return cast


async def a_batch(database: Database, clock: Clock, *, organizer_id: UUID | None = None) -> UUID:
    """An empty list for calls."""
    organizer_id = organizer_id or await an_organization(
        database, name="某主管部门(示例)", kind=OrganizationKind.GOVERNMENT
    )
    async with database.writing() as session:
        row = await drafting.create_batch(
            session,
            SYSTEM,
            number=f"NS-2026-T{next(_numbered)}",
            title={"zh": "测试批次", "en": "A batch for tests"},
            year=2026,
            organizer_id=organizer_id,
            now=clock.now(),
        )
    return row.id


async def a_draft(
    database: Database,
    clock: Clock,
    *,
    cast: Cast | None = None,
    track: Track = Track.PRIVATE,
    content: dict[str, Any] | None = None,
    batch_id: UUID | None = None,
) -> Called:
    """A draft that nobody has signed, with the rules loaded."""
    await shipped_rules(database)
    cast = cast or await a_cast(database)
    organizer_id = cast.officer.organization_id
    batch_id = batch_id or await a_batch(database, clock, organizer_id=organizer_id)
    async with database.writing() as session:
        row = await drafting.draft(
            session,
            cast.poster.actor,
            batch_id,
            poster_id=cast.poster.organization_id,
            end_user_id=cast.end_user.organization_id,
            track=track,
            content=content or a_content(),
            now=clock.now(),
        )
    return Called(id=row.id, cast=cast)


async def submitted(database: Database, clock: Clock, draft: Called) -> Called:
    """The draft signed, and laid before the bureau."""
    now, version = clock.now(), await the_version(database, draft)
    async with database.writing() as session:
        signer, poster = draft.cast.end_user.actor, draft.cast.poster.actor
        row = await drafting.sign_need(session, signer, draft.id, expected_version=version, now=now)
        await drafting.submit(session, poster, draft.id, expected_version=row.version, now=now)
    return draft


async def accepted(database: Database, clock: Clock, draft: Called) -> Called:
    """The draft under review."""
    await submitted(database, clock, draft)
    version = await the_version(database, draft)
    async with database.writing() as session:
        officer = draft.cast.officer.actor
        await calls.accept(session, officer, draft.id, expected_version=version, now=clock.now())
    return draft


async def approved(database: Database, clock: Clock, draft: Called) -> Called:
    """The draft approved: it only needs a date."""
    await accepted(database, clock, draft)
    now, version = clock.now(), await the_version(database, draft)
    async with database.writing() as session:
        approver = draft.cast.approver.actor
        await calls.approve(
            session, approver, draft.id, review=REVIEW, expected_version=version, now=now
        )
    return draft


async def published(
    database: Database,
    clock: Clock,
    draft: Called,
    *,
    window: dt.timedelta = WINDOW,
    recovery: Collection[bytes] = (),
) -> Called:
    """The draft open for bids from now on, for `window`."""
    await approved(database, clock, draft)
    version = await the_version(database, draft)
    async with database.writing() as session:
        await publishing.publish(
            session,
            draft.cast.approver.actor,
            draft.id,
            bid_deadline_at=clock.now() + window,
            expected_version=version,
            clock=clock,
            recovery=tuple(recovery),
        )
    return draft


async def a_submitted_call(
    database: Database, clock: Clock, *, content: dict[str, Any] | None = None
) -> Called:
    """A call whose need is signed and which lies before the bureau."""
    return await submitted(database, clock, await a_draft(database, clock, content=content))


async def an_accepted_call(
    database: Database,
    clock: Clock,
    *,
    track: Track = Track.PRIVATE,
    content: dict[str, Any] | None = None,
) -> Called:
    """A call under review."""
    draft = await a_draft(database, clock, track=track, content=content)
    return await accepted(database, clock, draft)


async def an_approved_call(
    database: Database,
    clock: Clock,
    *,
    track: Track = Track.PRIVATE,
    content: dict[str, Any] | None = None,
) -> Called:
    """A call that only needs a date."""
    draft = await a_draft(database, clock, track=track, content=content)
    return await approved(database, clock, draft)


async def a_published_call(
    database: Database,
    clock: Clock,
    *,
    cast: Cast | None = None,
    track: Track = Track.PRIVATE,
    content: dict[str, Any] | None = None,
    window: dt.timedelta = WINDOW,
    recovery: Collection[bytes] = (),
) -> Called:
    """A call that is open for bids from now on, for `window`."""
    draft = await a_draft(database, clock, cast=cast, track=track, content=content)
    return await published(database, clock, draft, window=window, recovery=recovery)


async def the_panel_seated(database: Database, clock: Clock, called: Called) -> None:
    """Let the call know that its panel is complete, without seating one."""
    async with database.writing() as session:
        row = await queries.scenario(session, called.id, lock=True)
        await calls.note_panel(session, row, now=clock.now())


async def the_version(database: Database, called: Called) -> int:
    """The present version of a call."""
    async with database.reading() as session:
        return (await queries.scenario(session, called.id)).version


async def scheduled(
    database: Database, clock: Clock, called: Called, *, ahead: dt.timedelta = dt.timedelta(days=7)
) -> dt.datetime:
    """The approved call set to be published by itself; the time at which it will be."""
    version, at = await the_version(database, called), clock.now() + ahead
    async with database.writing() as session:
        await publishing.schedule(
            session,
            called.cast.approver.actor,
            called.id,
            publish_at=at,
            bid_deadline_at=at + WINDOW,
            expected_version=version,
            clock=clock,
        )
    return at


async def suspended(
    database: Database,
    clock: Clock,
    called: Called,
    *,
    by: Someone | None = None,
    blocks: Collection[Block] = tuple(Block),
    until_at: dt.datetime | None = None,
) -> Suspension:
    """The call suspended, by the supervisor unless asked otherwise."""
    async with database.writing() as session:
        return await suspending.suspend(
            session,
            (by or called.cast.supervisor).actor,
            called.id,
            cause=Cause.COMPLAINT,
            reason="投诉处理(示例)",
            blocks=blocks,
            until_at=until_at,
            clock=clock,
        )


async def resumed(
    database: Database,
    clock: Clock,
    called: Called,
    order: Suspension,
    *,
    by: Someone | None = None,
) -> None:
    """The suspension lifted by whoever ordered it."""
    async with database.writing() as session:
        await suspending.lift(
            session,
            (by or called.cast.supervisor).actor,
            called.id,
            order.id,
            why="已处理(示例)",
            expected_version=order.version,
            clock=clock,
        )
