"""What the identity room can do: look after the expert pool and record the ties of its experts."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from marketplace.events import actions as events
from marketplace.events.rules.catalogue.experts import ExpertChanged, ExpertTieRecorded
from marketplace.identity.actions.profile import hand_of
from marketplace.identity.errors.experts import (
    ExpertAlready,
    ExpertUnfit,
    ExpertUnknown,
    TieEnded,
    TieUnfit,
)
from marketplace.identity.queries import experts, organizations, people
from marketplace.identity.rules import access
from marketplace.identity.rules.access import Actor, Permission
from marketplace.identity.rules.roles import REGULATORS
from marketplace.identity.rules.ties import TieKind
from marketplace.identity.tables.experts import ExpertTie
from marketplace.identity.tables.people import ExpertProfile
from marketplace.kit.database import ReadSession, WriteSession
from marketplace.kit.days import day_of
from marketplace.kit.errors import Stale
from marketplace.kit.ids import new_id
from marketplace.kit.secrets import Keeper
from marketplace.kit.tables import sealed_context


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What the pool knows of an expert."""

    employer_id: UUID
    specialities: Sequence[str]
    region: str | None = None
    available: bool = True
    away_until: dt.date | None = None


async def register(
    session: WriteSession,
    actor: Actor,
    person_id: UUID,
    *,
    standing: Standing,
    now: dt.datetime,
) -> ExpertProfile:
    """Enter a person in the expert pool.

    Refuses  ExpertAlready; ExpertUnfit for whoever pays, audits, watches or hears complaints.
    """
    access.require(actor, Permission.EXPERTS_MANAGE)
    person = await people.person(session, person_id)
    if person.erased_at is not None:
        raise ExpertUnknown(person_id=str(person_id))
    for _, roles in await people.roles_of(session, person_id):
        if roles & REGULATORS:
            raise ExpertUnfit(person_id=str(person_id), roles=sorted(roles & REGULATORS))
    if await experts.is_expert(session, person_id):
        raise ExpertAlready(person_id=str(person_id))
    row = ExpertProfile(person_id=person_id, employer_id=standing.employer_id, specialities=[])
    session.add(row)
    return await _write(session, actor, row, standing, now=now)


async def change(
    session: WriteSession,
    actor: Actor,
    person_id: UUID,
    *,
    standing: Standing,
    expected_version: int,
    now: dt.datetime,
) -> ExpertProfile:
    """Replace what the pool knows of an expert; a former employer is recorded as a tie.

    Refuses  ExpertUnknown, Stale.
    """
    access.require(actor, Permission.EXPERTS_MANAGE)
    row = await experts.profile(session, person_id, lock=True)
    if row.version != expected_version:
        raise Stale(version=row.version, expected=expected_version)
    if row.employer_id != standing.employer_id:
        today = day_of(now)
        session.add(
            ExpertTie(
                person_id=person_id,
                organization_id=row.employer_id,
                kind=TieKind.EMPLOYMENT,
                valid_to=today,
                recorded_by=hand_of(actor),
                recorded_at=now,
                ended_by=hand_of(actor),
                ended_at=now,
            )
        )
    row.version += 1
    return await _write(session, actor, row, standing, now=now)


async def _write(
    session: WriteSession, actor: Actor, row: ExpertProfile, standing: Standing, *, now: dt.datetime
) -> ExpertProfile:
    await organizations.organization(session, standing.employer_id)
    row.employer_id = standing.employer_id
    row.specialities = sorted(set(standing.specialities))
    row.region = standing.region
    row.available, row.away_until = standing.available, standing.away_until
    await session.flush()
    said = ExpertChanged(person_id=row.person_id, version=row.version)
    await events.record(session, said, by=actor.kind, now=now)
    return row


@dataclass(frozen=True, slots=True, kw_only=True)
class TieFacts:
    """What is said about a tie."""

    organization_id: UUID
    kind: TieKind
    valid_from: dt.date | None = None
    """None where nobody knows when it began."""
    valid_to: dt.date | None = None
    detail: str | None = None
    """What a declared interest consists of; sealed."""


async def declare_tie(
    session: WriteSession,
    actor: Actor,
    person_id: UUID,
    *,
    facts: TieFacts,
    now: dt.datetime,
    keeper: Keeper | None = None,
) -> ExpertTie:
    """Record a tie: an expert declares their own, whoever looks after the pool records any.

    Shape    a `detail` needs the keeper, who seals it.
    Refuses  ExpertUnknown for somebody else's, TieUnfit.
    """
    await _own_or_managed(session, actor, person_id)
    await organizations.organization(session, facts.organization_id)
    if _backwards(facts.valid_from, facts.valid_to) or (
        facts.kind is TieKind.INTEREST and not facts.detail
    ):
        raise TieUnfit(kind=facts.kind.value)
    row_id = new_id()
    sealed = None
    if facts.detail is not None:
        assert keeper is not None
        context = sealed_context(ExpertTie, "sealed_detail", id=row_id)
        sealed = keeper.seal(facts.detail.encode(), context=context)
    row = ExpertTie(
        id=row_id,
        person_id=person_id,
        organization_id=facts.organization_id,
        kind=facts.kind,
        valid_from=facts.valid_from,
        valid_to=facts.valid_to,
        sealed_detail=sealed,
        recorded_by=hand_of(actor),
        recorded_at=now,
    )
    session.add(row)
    return await _told(session, actor, row, now=now)


async def end_tie(
    session: WriteSession,
    actor: Actor,
    person_id: UUID,
    tie_id: UUID,
    *,
    valid_to: dt.date,
    now: dt.datetime,
) -> ExpertTie:
    """Say that a tie has ended; it goes on counting for as long as the law looks back.

    Refuses  ExpertUnknown, TieUnknown, TieEnded, TieUnfit.
    """
    await _own_or_managed(session, actor, person_id)
    row = await experts.tie_row(session, person_id, tie_id)
    if row.valid_to is not None:
        raise TieEnded(tie_id=str(tie_id), valid_to=str(row.valid_to))
    if _backwards(row.valid_from, valid_to):
        raise TieUnfit(kind=row.kind.value)
    row.valid_to, row.ended_by, row.ended_at = valid_to, hand_of(actor), now
    return await _told(session, actor, row, now=now)


def detail_of(actor: Actor, row: ExpertTie, *, keeper: Keeper) -> str | None:
    """Read what a declared interest consists of: its expert may, and whoever decides on it."""
    if row.sealed_detail is None:
        return None
    if actor.person_id != row.person_id and not experts.manages(actor):
        return None
    context = sealed_context(ExpertTie, "sealed_detail", id=row.id)
    return keeper.unseal(row.sealed_detail, context=context).decode()


def _backwards(begin: dt.date | None, end: dt.date | None) -> bool:
    return begin is not None and end is not None and end < begin


async def _own_or_managed(session: ReadSession, actor: Actor, person_id: UUID) -> None:
    access.signed_in(actor)
    if actor.person_id != person_id and not experts.manages(actor):
        raise ExpertUnknown(person_id=str(person_id))
    await experts.profile(session, person_id)


async def _told(
    session: WriteSession, actor: Actor, row: ExpertTie, *, now: dt.datetime
) -> ExpertTie:
    await session.flush()
    said = ExpertTieRecorded(person_id=row.person_id, tie_id=row.id, kind=row.kind.value)
    await events.record(session, said, by=actor.kind, now=now)
    return row
