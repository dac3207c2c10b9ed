"""Memberships that begin, change, end and begin again, by the actions on a real database."""

import asyncio
import datetime as dt
import os
from uuid import UUID

import pytest

from marketplace.identity.actions import invitations, keys, memberships, people
from marketplace.identity.actions.invitations import Accepted, Newcomer
from marketplace.identity.errors.access import NotPermitted, RoleNotYours
from marketplace.identity.errors.keys import CredentialRefused
from marketplace.identity.errors.people import (
    AlreadyMember,
    InvitationUsed,
    LastAdministrator,
    OwnMembership,
    RolesIncompatible,
    TooManyInvitations,
)
from marketplace.identity.queries import keys as key_queries
from marketplace.identity.queries import memberships as queries
from marketplace.identity.rules.access import NOBODY, SYSTEM, Actor, Role
from marketplace.identity.tables.memberships import PeriodEnd
from marketplace.identity.tables.organizations import OrganizationKind
from marketplace.identity.tables.people import Member
from marketplace.kit.database import Database
from marketplace.kit.errors import MarketplaceError
from tests.conftest import START
from tests.given.identity import Someone, an_organization, someone

SOMEBODY_NEW = Newcomer(name_zh="王五", name_en="Wang Wu")
LATER = START + dt.timedelta(days=1)


async def token_for(
    database: Database, admin: Someone, *roles: Role, organization_id: UUID | None = None
) -> str:
    """An invitation into the administrator's organisation."""
    async with database.writing() as session:
        invited = await invitations.invite(
            session,
            admin.actor,
            organization_id or admin.organization_id,
            roles=frozenset(roles),
            note=None,
            days=7,
            open_max=3,
            entropy=os.urandom(24),
            now=START,
        )
    return invited.token


async def accepted(database: Database, actor: Actor, token: str) -> Accepted:
    """The token used, as oneself or as somebody new."""
    async with database.writing() as session:
        return await invitations.accept(
            session,
            actor,
            token,
            newcomer=SOMEBODY_NEW if actor.is_nobody else None,
            key_name=None if actor.is_nobody else "key",
            entropy=os.urandom(24),
            now=START,
        )


async def the_member(database: Database, organization_id: UUID, person_id: UUID) -> Member:
    """The membership as it stands."""
    async with database.reading() as session:
        row = await queries.ever_member(session, organization_id, person_id)
    assert row is not None
    return row


async def left(database: Database, actor: Actor, who: Someone, *, now: dt.datetime = LATER) -> None:
    """A membership ended."""
    row = await the_member(database, who.organization_id, who.actor.person_id)
    async with database.writing() as session:
        await memberships.leave(
            session,
            actor,
            who.organization_id,
            who.actor.person_id,
            expected_version=row.version,
            now=now,
        )


async def changed(
    database: Database, actor: Actor, organization_id: UUID, person_id: UUID, *roles: Role
) -> Member:
    """A member's roles replaced."""
    row = await the_member(database, organization_id, person_id)
    async with database.writing() as session:
        return await memberships.change_roles(
            session,
            actor,
            organization_id,
            person_id,
            roles=frozenset(roles),
            expected_version=row.version,
            now=LATER,
        )


async def opens(database: Database, key: str) -> Actor | None:
    """Who a key speaks for now, if anybody."""
    async with database.reading() as session:
        try:
            return await key_queries.actor_of_key(session, key, now=LATER)
        except CredentialRefused:
            return None


class TestAccept:
    """An invitation is for one use."""

    @pytest.mark.postgres
    async def test_two_who_accept_at_once_are_one_member(self, database: Database) -> None:
        """Five hold the same token and use it at the same moment: one joins, four are told why."""
        admin = await someone(database, Role.ORGANIZATION_ADMIN)
        token = await token_for(database, admin, Role.SOLVER)

        outcomes = await asyncio.gather(
            *(accepted(database, NOBODY, token) for _ in range(5)), return_exceptions=True
        )

        refused = [one for one in outcomes if isinstance(one, BaseException)]
        assert [type(one) for one in refused] == [InvitationUsed] * 4
        async with database.reading() as session:
            assert len(await queries.present(session, admin.organization_id)) == 2

    @pytest.mark.postgres
    async def test_one_person_does_not_slip_into_two_roles_at_once(
        self, database: Database
    ) -> None:
        """Expert here and finance there, accepted at the same moment: one of them only."""
        person = await someone(database, Role.POSTER)
        tokens = []
        for role, kind in (
            (Role.EXPERT, OrganizationKind.UNIVERSITY),
            (Role.FINANCE, OrganizationKind.GOVERNMENT),
        ):
            platform = Someone(actor=SYSTEM, key="")
            place = await an_organization(database, kind=kind)
            tokens.append(await token_for(database, platform, role, organization_id=place))

        outcomes = await asyncio.gather(
            *(accepted(database, person.actor, token) for token in tokens), return_exceptions=True
        )

        kinds = {type(one) for one in outcomes}
        assert kinds == {Accepted, RolesIncompatible}

    @pytest.mark.postgres
    async def test_no_more_invitations_wait_than_allowed(self, database: Database) -> None:
        """Of six sent at once three are there, and the others are refused with the number."""
        admin = await someone(database, Role.ORGANIZATION_ADMIN)

        outcomes = await asyncio.gather(
            *(token_for(database, admin, Role.SOLVER) for _ in range(6)), return_exceptions=True
        )

        refused = [one for one in outcomes if isinstance(one, TooManyInvitations)]
        assert [one.facts for one in refused] == [{"open": 3, "maximum": 3}] * 3

    async def test_one_person_acts_for_several_organizations(self, database: Database) -> None:
        """Whoever accepts signed in stays the same person; each key speaks for one organisation."""
        person = await someone(database, Role.POSTER)
        admin = await someone(database, Role.ORGANIZATION_ADMIN)
        joined = await accepted(
            database, person.actor, await token_for(database, admin, Role.SOLVER)
        )

        assert joined.person.id == person.actor.person_id
        assert joined.key is not None
        here, there = await opens(database, joined.key.key), await opens(database, person.key)
        assert here is not None
        assert there is not None
        assert (here.organization_id, here.roles) == (
            admin.organization_id,
            frozenset({Role.SOLVER}),
        )
        assert (there.organization_id, there.person_id) == (person.organization_id, here.person_id)
        async with database.reading() as session:
            found = await queries.memberships_of(session, person.actor.person_id)
        assert {row.organization_id for row, _ in found} == {
            person.organization_id,
            admin.organization_id,
        }

    async def test_what_an_administrator_sent_goes_with_them(self, database: Database) -> None:
        """An invitation does not outlive the right to send it."""
        admin = await someone(database, Role.ORGANIZATION_ADMIN)
        successor = await someone(
            database, Role.ORGANIZATION_ADMIN, organization_id=admin.organization_id
        )
        token = await token_for(database, admin, Role.SOLVER)
        await left(database, successor.actor, admin)

        with pytest.raises(MarketplaceError) as refused:
            await accepted(database, NOBODY, token)

        assert refused.value.code == "identity.invitation_revoked"


class TestLeave:
    """Whoever leaves can do nothing more, and what they did stays."""

    @pytest.mark.postgres
    async def test_keys_end_with_the_membership_and_do_not_rise_with_it(
        self, database: Database
    ) -> None:
        """Refused at the next request, and still refused after the person has come back."""
        admin = await someone(database, Role.ORGANIZATION_ADMIN)
        person = await someone(database, Role.SOLVER, organization_id=admin.organization_id)
        await left(database, admin.actor, person)
        gone = await opens(database, person.key)
        token = await token_for(database, admin, Role.FUNDER)
        back = await accepted(database, person.actor, token)

        assert gone is None
        assert await opens(database, person.key) is None
        assert back.key is not None
        assert await opens(database, back.key.key) is not None

    async def test_a_key_issued_while_they_left_does_not_rise_either(
        self, database: Database
    ) -> None:
        """Even a key that escaped the leaving is revoked before its person is back."""
        admin = await someone(database, Role.ORGANIZATION_ADMIN)
        person = await someone(database, Role.SOLVER, organization_id=admin.organization_id)
        async with database.writing() as session:
            late = await keys.issue_key(
                session,
                person.actor,
                person.organization_id,
                person.actor.person_id,
                name="late",
                scopes=None,
                expires_at=None,
                entropy=os.urandom(24),
                now=START,
            )
            await memberships.leave(
                session,
                person.actor,
                person.organization_id,
                person.actor.person_id,
                expected_version=1,
                now=LATER,
            )
            late.row.revoked_at = None
        await accepted(database, person.actor, await token_for(database, admin, Role.FUNDER))

        assert await opens(database, late.key) is None

    async def test_the_history_tells_who_held_what_when(self, database: Database) -> None:
        """Joined, changed, left, came back: four entries, of which one is open."""
        admin = await someone(database, Role.ORGANIZATION_ADMIN)
        person = await someone(database, Role.SOLVER, organization_id=admin.organization_id)
        who = person.actor.person_id
        await changed(database, admin.actor, admin.organization_id, who, Role.FUNDER)
        await left(database, person.actor, person)
        await accepted(database, person.actor, await token_for(database, admin, Role.POSTER))

        row = await the_member(database, admin.organization_id, who)
        async with database.reading() as session:
            told = await queries.periods_of(session, row.id)
        assert [(one.roles, one.ended_as) for one in told] == [
            (["solver"], PeriodEnd.ROLES_CHANGED),
            (["funder"], PeriodEnd.LEFT),
            (["poster"], None),
        ]
        assert [one.began_by for one in told] == [
            None,
            admin.actor.person_id,
            admin.actor.person_id,
        ]
        assert row.version == 4

    @pytest.mark.postgres
    async def test_two_last_administrators_do_not_leave_together(self, database: Database) -> None:
        """Each is there when the other asks; when both ask at once, one of them stays."""
        first = await someone(database, Role.ORGANIZATION_ADMIN)
        second = await someone(
            database, Role.ORGANIZATION_ADMIN, organization_id=first.organization_id
        )
        await someone(database, Role.SOLVER, organization_id=first.organization_id)

        outcomes = await asyncio.gather(
            left(database, first.actor, first),
            left(database, second.actor, second),
            return_exceptions=True,
        )

        assert sorted(type(one).__name__ for one in outcomes) == ["LastAdministrator", "NoneType"]

    async def test_the_last_administrator_keeps_the_role_too(self, database: Database) -> None:
        """Giving the role up is leaving by another door; alone they may go."""
        admin = await someone(database, Role.ORGANIZATION_ADMIN)
        member = await someone(database, Role.SOLVER, organization_id=admin.organization_id)
        who = (admin.organization_id, admin.actor.person_id)

        with pytest.raises(LastAdministrator):
            await changed(database, admin.actor, *who, Role.SOLVER)
        await left(database, member.actor, member)
        await left(database, admin.actor, admin)

        assert (await the_member(database, *who)).left_at == LATER


class TestAdding:
    """The bureau adds the first people of others, and nobody himself."""

    async def _added(
        self, database: Database, actor: Actor, organization_id: UUID, person_id: UUID, *roles: Role
    ) -> Member:
        async with database.writing() as session:
            return await people.add_member(
                session, actor, organization_id, person_id, roles=frozenset(roles), now=LATER
            )

    async def test_an_officer_adds_until_there_is_an_administrator(
        self, database: Database
    ) -> None:
        """The first administrator is brought in by the bureau, and then the bureau is out."""
        officer = await someone(database, Role.BUREAU_OFFICER)
        place = await an_organization(database)
        first, second = [(await someone(database, Role.POSTER)).actor.person_id for _ in range(2)]
        await self._added(database, officer.actor, place, first, Role.ORGANIZATION_ADMIN)

        with pytest.raises(NotPermitted):
            await self._added(database, officer.actor, place, second, Role.SOLVER)
        with pytest.raises(NotPermitted):
            await changed(database, officer.actor, place, first, Role.SOLVER)

    async def test_nobody_adds_himself(self, database: Database) -> None:
        """Not an officer, and not the platform's administrator."""
        place = await an_organization(database)
        for role in (Role.BUREAU_OFFICER, Role.PLATFORM_ADMIN):
            who = await someone(database, role, kind=OrganizationKind.GOVERNMENT)

            with pytest.raises(OwnMembership):
                await self._added(database, who.actor, place, who.actor.person_id, Role.FUNDER)

    async def test_an_administrator_takes_no_bureau_role_away(self, database: Database) -> None:
        """What the platform's administrator gave in a bureau, the bureau's cannot end."""
        place = await an_organization(database, kind=OrganizationKind.GOVERNMENT)
        admin = await someone(database, Role.ORGANIZATION_ADMIN, organization_id=place)
        auditor = await someone(database, Role.AUDITOR, organization_id=place)

        with pytest.raises(RoleNotYours):
            await changed(database, admin.actor, place, auditor.actor.person_id, Role.POSTER)
        with pytest.raises(RoleNotYours):
            await left(database, admin.actor, auditor)

    async def test_a_former_member_comes_back_by_adding_too(self, database: Database) -> None:
        """The row is taken up again; a present member is refused."""
        person = await someone(database, Role.SOLVER)
        await left(database, person.actor, person)
        where = (person.organization_id, person.actor.person_id)
        back = await self._added(database, SYSTEM, *where, Role.POSTER)

        assert (back.left_at, back.roles, back.version) == (None, ["poster"], 3)
        with pytest.raises(AlreadyMember):
            await self._added(database, SYSTEM, *where, Role.POSTER)


async def test_a_lost_role_is_lost_at_the_next_request(database: Database) -> None:
    """The same key, one request later, has the new roles."""
    platform = await someone(database, Role.PLATFORM_ADMIN, kind=OrganizationKind.GOVERNMENT)
    officer = await someone(database, Role.BUREAU_OFFICER)
    where = (officer.organization_id, officer.actor.person_id)
    await changed(database, platform.actor, *where, Role.BUREAU_APPROVER)

    now = await opens(database, officer.key)
    assert now is not None
    assert now.roles == frozenset({Role.BUREAU_APPROVER})
