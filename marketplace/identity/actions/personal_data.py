"""What the identity room can do: forget a person, as far as the law allows."""

import datetime as dt
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import delete
from sqlmodel import col

from marketplace.events import actions as events
from marketplace.events.rules.catalogue.identity import PersonErased
from marketplace.identity.actions import memberships
from marketplace.identity.errors.access import NotPermitted
from marketplace.identity.queries import experts, keys, personal_data
from marketplace.identity.queries import memberships as known_memberships
from marketplace.identity.rules import access, retention
from marketplace.identity.rules.access import Actor
from marketplace.identity.rules.retention import Kept
from marketplace.identity.tables.passwords import (
    Password,
    PasswordReset,
    RecoveryCode,
    SecondFactor,
)
from marketplace.identity.tables.people import Person
from marketplace.identity.tables.sessions import ExternalIdentity, PersonSession
from marketplace.kit.database import WriteSession
from marketplace.kit.days import day_of

FORGOTTEN = (Password, PasswordReset, RecoveryCode, SecondFactor, PersonSession, ExternalIdentity)
"""What proves who somebody is; nothing asks to keep it once nobody signs in with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    """What became of a person's data."""

    person_id: UUID
    erased: tuple[str, ...]
    kept: tuple[Kept, ...]
    """Records of what they did, which the law keeps; their name stays with them until then."""


async def erase(session: WriteSession, actor: Actor, *, now: dt.datetime) -> Erasure:
    """Forget the person who asks: memberships end, credentials are deleted, the name goes.

    Where records of a procurement name the person, the name stays readable in them for as long as
    they must be kept, and is taken away by `forget_due_names` afterwards.

    Refuses  NotPermitted for a key that was limited; LastAdministrator while others depend on them.
    """
    access.signed_in(actor)
    if actor.scopes is not None or actor.is_system:
        raise NotPermitted(permission="everything")
    person = await known_memberships.person_locked(session, actor.person_id)
    # Counted before anything is ended: the end of a membership names who ended it.
    records = await personal_data.records_naming(session, person.id)
    kept = retention.kept_records(records, on=day_of(now))
    for member, _ in await known_memberships.memberships_of(session, person.id):
        await memberships.leave(
            session,
            actor,
            member.organization_id,
            person.id,
            expected_version=member.version,
            now=now,
        )
    erased = await _forget_credentials(session, person.id)
    person.erased_at = now
    if kept:
        person.name_kept_until = max(one.until for one in kept)
    else:
        _forget_name(person)
        erased = ("person.name", *erased)
    await session.flush()
    said = PersonErased(person_id=person.id, name_kept_until=person.name_kept_until)
    await events.record(session, said, by=actor.kind, now=now)
    return Erasure(person_id=person.id, erased=erased, kept=kept)


async def forget_due_names(session: WriteSession, *, now: dt.datetime) -> int:
    """Take away the names that were only kept because the law asked for it; say how many."""
    due = await personal_data.names_due(session, on=day_of(now))
    for person in due:
        _forget_name(person)
    await session.flush()
    return len(due)


async def _forget_credentials(session: WriteSession, person_id: UUID) -> tuple[str, ...]:
    """Delete what proves who somebody is, and what they told of themselves as an expert."""
    gone = []
    for table in FORGOTTEN:
        column = col(table.person_id)
        done = await session.exec(delete(table).where(column == person_id))
        if done.rowcount:
            gone.append(str(table.__tablename__))
    for key in await keys.api_keys_of_person(session, person_id):
        key.name = ""
    profile = await personal_data.expert_profile_of(session, person_id)
    if profile is not None:
        # The employer stays: it is the ground on which a recusal was, or was not, declared.
        profile.specialities, profile.available = [], False
        gone.append("expert_profile.specialities")
    for tie in await experts.tie_rows(session, person_id):
        # What an interest consisted of is about other people, and decides nothing any more.
        if tie.sealed_detail is not None:
            tie.sealed_detail = None
            gone.append("expert_tie.sealed_detail")
    return tuple(gone)


def _forget_name(person: Person) -> None:
    person.name_zh, person.name_en = retention.ERASED_ZH, retention.ERASED_EN
    person.name_kept_until = None
