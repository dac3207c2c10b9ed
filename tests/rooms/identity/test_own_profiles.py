"""Profiles: who may change them, what that undoes, and that of two edits one wins."""

import asyncio
import dataclasses
import datetime as dt
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import select

from marketplace.events.tables import EventRow
from marketplace.identity.actions import organizations, profile
from marketplace.identity.actions.profile import Contact, ProfileEdit
from marketplace.identity.errors.access import NotPermitted
from marketplace.identity.errors.organizations import (
    AlreadyRegistered,
    CreditCodeInvalid,
    DeclaredAhead,
    KindNotYours,
    OrganizationUnknown,
)
from marketplace.identity.queries import organizations as known
from marketplace.identity.queries import profile as history
from marketplace.identity.rules.access import Role
from marketplace.identity.tables.organizations import (
    Organization,
    OrganizationKind,
    SizeClass,
    Verification,
)
from marketplace.kit.database import Database
from marketplace.kit.errors import Stale
from tests.conftest import START
from tests.given.identity import Someone, a_credit_code, an_organization, someone

DAY = START.date()


async def as_it_stands(database: Database, organization_id: UUID) -> tuple[ProfileEdit, int]:
    """An edit that changes nothing, and the present version."""
    async with database.reading() as session:
        row = await known.organization(session, organization_id)
    edit = ProfileEdit(
        uscc=row.uscc,
        name_zh=row.name_zh,
        name_en=row.name_en,
        kind=row.kind,
        region=row.region,
        contact=Contact(name=row.contact_name, phone=row.contact_phone, email=row.contact_email),
    )
    return edit, row.version


async def change(database: Database, admin: Someone, **changes: Any) -> Organization:
    """The administrator changes the profile as it stands."""
    edit, version = await as_it_stands(database, admin.organization_id)
    async with database.writing() as session:
        return await profile.change_profile(
            session,
            admin.actor,
            admin.organization_id,
            edit=dataclasses.replace(edit, **changes),
            expected_version=version,
            now=START,
        )


@pytest.mark.parametrize(
    "changes",
    [
        {"name_zh": "改名公司(示例)"},
        {"name_en": "Renamed"},
        {"region": "440306"},
        {"kind": OrganizationKind.TEST_LAB},
        {"uscc": a_credit_code()},
    ],
    ids=lambda changes: next(iter(changes)),
)
async def test_a_change_of_what_was_verified_makes_it_pending_again(
    database: Database, changes: dict[str, Any]
) -> None:
    """Each compared field alone undoes the verification, and the officer verifies again."""
    admin = await someone(database, Role.ORGANIZATION_ADMIN)
    officer = await someone(database, Role.BUREAU_OFFICER)

    row = await change(database, admin, **changes)
    assert (row.verification, row.verified_by) == (Verification.PENDING, None)

    async with database.writing() as session:
        row = await organizations.verify_organization(
            session, officer.actor, row.id, expected_version=row.version, now=START
        )
    assert row.verification is Verification.VERIFIED


async def test_a_change_of_the_contact_is_harmless(database: Database) -> None:
    """The verification stays; the event names the fields and tells no person."""
    admin = await someone(database, Role.ORGANIZATION_ADMIN)
    contact = Contact(name="王某(示例)", phone="0755 0000 0000", email="a@example.com")

    row = await change(database, admin, contact=contact)

    assert row.verification is Verification.VERIFIED
    async with database.reading() as session:
        found = await session.exec(
            select(EventRow).where(EventRow.type == "organization.profile_changed")
        )
        said = found.one()
    assert said.data["fields"] == ["contact_email", "contact_name", "contact_phone"]
    assert said.data["verification_lost"] is False
    assert "王某" not in str(said.data)


async def test_an_edit_that_changes_nothing_says_nothing(database: Database) -> None:
    """The version stays, so that nobody else's reading becomes stale for nothing."""
    admin = await someone(database, Role.ORGANIZATION_ADMIN)
    _, before = await as_it_stands(database, admin.organization_id)

    row = await change(database, admin)

    assert row.version == before


@pytest.mark.postgres
async def test_of_edits_at_once_exactly_one_wins(database: Database) -> None:
    """All read one version; the first is written, the others are told to read again."""
    admin = await someone(database, Role.ORGANIZATION_ADMIN)
    edit, version = await as_it_stands(database, admin.organization_id)

    async def try_once(region: str) -> str:
        async with database.writing() as session:
            row = await profile.change_profile(
                session,
                admin.actor,
                admin.organization_id,
                edit=dataclasses.replace(edit, region=region),
                expected_version=version,
                now=START,
            )
            return row.region

    regions = [f"44030{digit}" for digit in range(5, 9)][1:]
    answers = await asyncio.gather(*map(try_once, regions), return_exceptions=True)

    won = [one for one in answers if isinstance(one, str)]
    lost = [one for one in answers if isinstance(one, Stale)]
    assert (len(won), len(lost)) == (1, len(regions) - 1)
    after, version_after = await as_it_stands(database, admin.organization_id)
    assert (after.region, version_after) == (won[0], version + 1)


@pytest.mark.postgres
async def test_an_edit_and_a_verification_of_one_version_do_not_both_pass(
    database: Database,
) -> None:
    """Nobody is verified under a name that the officer has not seen."""
    organization_id = await an_organization(database, verified=False)
    admin = await someone(database, Role.ORGANIZATION_ADMIN, organization_id=organization_id)
    officer = await someone(database, Role.BUREAU_OFFICER)
    edit, version = await as_it_stands(database, organization_id)

    async def rename() -> Organization:
        async with database.writing() as session:
            return await profile.change_profile(
                session,
                admin.actor,
                organization_id,
                edit=dataclasses.replace(edit, name_zh="另一家(示例)"),
                expected_version=version,
                now=START,
            )

    async def verify() -> Organization:
        async with database.writing() as session:
            return await organizations.verify_organization(
                session, officer.actor, organization_id, expected_version=version, now=START
            )

    answers = await asyncio.gather(rename(), verify(), return_exceptions=True)

    assert sorted(type(one).__name__ for one in answers) == ["Organization", "Stale"]


@pytest.mark.postgres
async def test_of_two_that_take_one_credit_code_at_once_one_gets_it(database: Database) -> None:
    """Both find it free; the constraint decides, and the other is told that it is taken."""
    admins = [await someone(database, Role.ORGANIZATION_ADMIN) for _ in range(2)]
    code = a_credit_code()

    answers = await asyncio.gather(
        *(change(database, admin, uscc=code) for admin in admins), return_exceptions=True
    )

    assert sorted(type(one).__name__ for one in answers) == ["AlreadyRegistered", "Organization"]


async def test_only_the_own_administrator_changes_a_profile(database: Database) -> None:
    """An officer, a solver of the house and another house's administrator are all refused."""
    solver = await someone(database, Role.SOLVER)
    officer = await someone(database, Role.BUREAU_OFFICER)
    stranger = await someone(database, Role.ORGANIZATION_ADMIN)
    edit, version = await as_it_stands(database, solver.organization_id)

    for who, refusal in (
        (solver, NotPermitted),
        (officer, NotPermitted),
        (stranger, OrganizationUnknown),
    ):
        async with database.writing() as session:
            with pytest.raises(refusal):
                await profile.change_profile(
                    session,
                    who.actor,
                    solver.organization_id,
                    edit=edit,
                    expected_version=version,
                    now=START,
                )
            with pytest.raises(refusal):
                await profile.declare_size(
                    session,
                    who.actor,
                    solver.organization_id,
                    size_class=SizeClass.MICRO,
                    effective_from=DAY,
                    basis="示例",
                    now=START,
                )


async def test_what_the_register_could_not_hold_is_refused(database: Database) -> None:
    """A wrong code, somebody else's code, and becoming a government body."""
    admin = await someone(database, Role.ORGANIZATION_ADMIN)
    other = await as_it_stands(database, await an_organization(database))

    with pytest.raises(CreditCodeInvalid):
        await change(database, admin, uscc="0" * 17 + "1")
    with pytest.raises(AlreadyRegistered):
        await change(database, admin, uscc=other[0].uscc)
    with pytest.raises(KindNotYours):
        await change(database, admin, kind=OrganizationKind.GOVERNMENT)


@pytest.mark.postgres
async def test_the_size_of_a_day_is_what_was_declared_for_it(database: Database) -> None:
    """Grown since; the earlier day keeps its size, and the organisation shows the present one."""
    admin = await someone(database, Role.ORGANIZATION_ADMIN)
    who = admin.organization_id
    year_ago = DAY - dt.timedelta(days=365)

    async with database.writing() as session:
        for size, since in ((SizeClass.MICRO, year_ago), (SizeClass.MEDIUM, DAY)):
            await profile.declare_size(
                session,
                admin.actor,
                who,
                size_class=size,
                effective_from=since,
                basis="从业人员与营业收入(示例)",
                now=START + dt.timedelta(minutes=1),
            )
        with pytest.raises(DeclaredAhead):
            await profile.declare_startup(
                session,
                admin.actor,
                who,
                is_startup=True,
                as_of=DAY + dt.timedelta(days=1),
                basis="示例",
                now=START,
            )

    async with database.reading() as session:
        row = await known.organization(session, who)
        sizes = [await history.size_on(session, who, day) for day in (year_ago, DAY)]
        before = await history.size_on(session, who, year_ago - dt.timedelta(days=1))
        declared = await history.size_declarations(session, who)
    assert sizes == [SizeClass.MICRO, SizeClass.MEDIUM]
    assert (before, row.size_class) == (SizeClass.NONE, SizeClass.MEDIUM)
    assert declared[-1].declared_by == admin.actor.person_id


@pytest.mark.postgres
async def test_startup_status_follows_the_day_that_is_asked_for(database: Database) -> None:
    """F18 in the database: the same history, two days, two answers."""
    admin = await someone(database, Role.ORGANIZATION_ADMIN)
    who = admin.organization_id
    since, lost = DAY - dt.timedelta(days=300), DAY - dt.timedelta(days=30)

    async with database.writing() as session:
        for is_startup, as_of in ((True, since), (False, lost)):
            await profile.declare_startup(
                session,
                admin.actor,
                who,
                is_startup=is_startup,
                as_of=as_of,
                basis="示例",
                now=START,
            )

    async with database.reading() as session:
        answers = [
            await history.startup_on(session, who, day)
            for day in (since - dt.timedelta(days=1), since, lost, DAY)
        ]
    assert answers == [False, True, False, False]
