"""Describe a dataset: under a code of its call, and never otherwise than the call does."""

import datetime as dt
from typing import Any
from uuid import UUID

from marketplace.datasets.actions import profiling
from marketplace.datasets.errors import (
    CallOver,
    CodeTaken,
    NotDescribed,
    NotTheCustodian,
)
from marketplace.datasets.queries import data
from marketplace.datasets.rules.manifest import Manifest, check_notice, manifest_from
from marketplace.datasets.tables.data import Dataset
from marketplace.events import actions as events
from marketplace.events.rules.catalogue.datasets import DatasetDescribed
from marketplace.identity.queries import standing as register
from marketplace.identity.rules import access
from marketplace.identity.rules.access import Actor, Permission
from marketplace.kit.database import ReadSession, WriteSession
from marketplace.kit.days import day_of
from marketplace.kit.errors import Stale
from marketplace.scenarios.errors import ScenarioUnknown
from marketplace.scenarios.queries import calls as scenarios
from marketplace.scenarios.rules.lifecycle import FINAL_STATES
from marketplace.scenarios.tables import Scenario


async def create(
    session: WriteSession,
    actor: Actor,
    scenario_id: UUID,
    *,
    code: str,
    source_id: UUID | None,
    manifest: dict[str, Any],
    now: dt.datetime,
) -> Dataset:
    """Describe a dataset of a call of the actor's own organisation.

    Refuses  NotTheCustodian for a call of somebody else, CallOver for one that has ended,
             NotDescribed and DiffersFromNotice where the call says something else, CodeTaken.
    """
    access.require(actor, Permission.DATASETS_DESCRIBE)
    call = await scenarios.scenario(session, scenario_id, lock=True)
    if not scenarios.may_see(actor, call):
        raise ScenarioUnknown(scenario_id=str(scenario_id))
    if not actor.is_system and actor.organization_id != call.poster_id:
        raise NotTheCustodian()
    read = manifest_from(manifest)
    await check_call(session, call, code, read)
    if await data.code_is_taken(session, scenario_id, code):
        raise CodeTaken(dataset_code=code)
    source = await register.organization_in_good_standing(
        session, source_id or call.poster_id, on=day_of(now)
    )
    row = Dataset(
        scenario_id=scenario_id,
        code=code,
        poster_id=call.poster_id,
        source_id=source.id,
        manifest=read.to_document(),
        created_by=None if actor.is_system else actor.person_id,
        created_at=now,
        revised_at=now,
    )
    session.add(row)
    return await _described(session, actor, row, now)


async def revise(
    session: WriteSession,
    actor: Actor,
    dataset_id: UUID,
    *,
    manifest: dict[str, Any],
    expected_version: int,
    now: dt.datetime,
) -> Dataset:
    """Replace the manifest for the versions to come; sealed ones keep theirs.

    Files of the open version are profiled anew where the manifest asks for something else.
    """
    row = await row_to_change(session, actor, dataset_id)
    if row.version != expected_version:
        raise Stale(version=row.version, expected=expected_version)
    before, read = manifest_from(row.manifest), manifest_from(manifest)
    await check_call(session, await scenarios.scenario(session, row.scenario_id), row.code, read)
    row.manifest = read.to_document()
    row.version += 1
    row.revised_at = now
    if (before.profile, before.fields) != (read.profile, read.fields):
        await profiling.queue_anew(session, row, now=now)
    return await _described(session, actor, row, now)


async def row_to_change(session: WriteSession, actor: Actor, dataset_id: UUID) -> Dataset:
    """Lock a dataset for somebody who may describe and deliver it.

    Refuses  DatasetUnknown for who may not know of it, NotTheCustodian for everybody else.
    """
    access.require(actor, Permission.DATASETS_DESCRIBE)
    found = await data.dataset_seen_by(session, actor, dataset_id, lock=True)
    if not data.describes(actor, found.row):
        raise NotTheCustodian()
    return found.row


async def check_call(session: ReadSession, call: Scenario, code: str, manifest: Manifest) -> None:
    """Refuse what the call, as it is in force, does not say."""
    if call.state in FINAL_STATES:
        raise CallOver(call_state=call.state.value)
    content = await scenarios.content(session, call)
    said = next((one for one in content.datasets if one.code == code), None)
    if said is None:
        raise NotDescribed(dataset_code=code, described=[one.code for one in content.datasets])
    check_notice(
        manifest, openness=said.openness, access=said.access, personal_data=said.personal_data
    )


async def _described(
    session: WriteSession, actor: Actor, row: Dataset, now: dt.datetime
) -> Dataset:
    await session.flush()
    said = DatasetDescribed(dataset_id=row.id, scenario_id=row.scenario_id, code=row.code)
    await events.record(
        session,
        said,
        by=actor.kind,
        now=now,
        organization_id=row.poster_id,
        scenario_id=row.scenario_id,
    )
    return row
