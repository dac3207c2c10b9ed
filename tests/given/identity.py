"""Organisations, people and keys, made by the identity room's own actions."""

import itertools
import os
from dataclasses import dataclass
from uuid import UUID

from marketplace.identity.actions import keys, organizations, people
from marketplace.identity.queries import organizations as queries
from marketplace.identity.rules import credentials
from marketplace.identity.rules.access import SYSTEM, Actor, Role
from marketplace.identity.rules.roles import BUREAU_ROLES
from marketplace.identity.tables.organizations import OrganizationKind, SizeClass
from marketplace.kit.database import Database
from tests.conftest import START

_made = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Someone:
    """A person in an organisation, as an actor for actions and as a header for HTTP."""

    actor: Actor
    key: str

    @property
    def headers(self) -> dict[str, str]:
        """The header that says who is asking, in English so that tests can read the answers."""
        return {"Authorization": f"Bearer {self.key}", "Accept-Language": "en"}

    @property
    def organization_id(self) -> UUID:
        """Their organisation."""
        return self.actor.organization_id


def a_credit_code() -> str:
    """A valid code that no real organisation has: the region digits do not exist."""
    body = f"91999999{next(_made):09d}"
    return body + credentials.uscc_check_character(body)


async def an_organization(
    database: Database,
    *,
    name: str = "某公司(示例)",
    kind: OrganizationKind = OrganizationKind.COMPANY,
    size_class: SizeClass = SizeClass.SMALL,
    verified: bool = True,
) -> UUID:
    """An organisation, verified unless asked otherwise."""
    profile = organizations.OrganizationProfile(
        uscc=a_credit_code(),
        name_zh=name,
        name_en=f"Example {next(_made)}",
        kind=kind,
        region="440305",
        size_class=size_class,
    )
    async with database.writing() as session:
        row = await organizations.register_organization(session, SYSTEM, profile, now=START)
        if verified:
            await organizations.verify_organization(
                session, SYSTEM, row.id, expected_version=row.version, now=START
            )
    return row.id


async def someone(
    database: Database,
    *roles: Role,
    organization_id: UUID | None = None,
    kind: OrganizationKind | None = None,
    name: str = "张三",
) -> Someone:
    """A person with `roles` in an organisation (a new one unless given), and a key."""
    if organization_id is None:
        bureau = bool(set(roles) & BUREAU_ROLES)
        default = OrganizationKind.GOVERNMENT if bureau else OrganizationKind.COMPANY
        organization_id = await an_organization(database, kind=kind or default)
    async with database.writing() as session:
        person = await people.register_person(
            session, SYSTEM, name_zh=name, name_en=f"Person {next(_made)}", now=START
        )
        await people.add_member(
            session, SYSTEM, organization_id, person.id, roles=frozenset(roles), now=START
        )
        issued = await keys.issue_key(
            session,
            SYSTEM,
            organization_id,
            person.id,
            name="test",
            scopes=None,
            expires_at=None,
            entropy=os.urandom(24),
            now=START,
        )
    actor = Actor(
        person_id=person.id,
        organization_id=organization_id,
        roles=frozenset(roles),
        key_id=issued.row.id,
    )
    return Someone(actor=actor, key=issued.key)


async def credit_code_of(database: Database, who: Someone) -> str:
    """The unified social credit code of somebody's organisation."""
    async with database.reading() as session:
        return (await queries.organization(session, who.organization_id)).uscc


async def joins(database: Database, person_id: UUID, organization_id: UUID, *roles: Role) -> None:
    """A person takes roles in one more organisation."""
    async with database.writing() as session:
        await people.add_member(
            session, SYSTEM, organization_id, person_id, roles=frozenset(roles), now=START
        )


async def also(database: Database, who: Someone, *roles: Role, kind: OrganizationKind) -> Someone:
    """The same person in one more organisation, with a key for it."""
    organization_id = await an_organization(database, kind=kind)
    person_id = who.actor.person_id
    await joins(database, person_id, organization_id, *roles)
    async with database.writing() as session:
        issued = await keys.issue_key(
            session,
            SYSTEM,
            organization_id,
            person_id,
            name="test",
            scopes=None,
            expires_at=None,
            entropy=os.urandom(24),
            now=START,
        )
    actor = Actor(
        person_id=person_id,
        organization_id=organization_id,
        roles=frozenset(roles),
        key_id=issued.row.id,
    )
    return Someone(actor=actor, key=issued.key)
