"""Bank accounts: sealed at rest, bound to their row, shown in full to their own, with a trace."""

import logging

import pytest
from sqlmodel import col, select

from marketplace.events.tables import EventRow
from marketplace.house import House
from marketplace.identity.actions import bank_accounts
from marketplace.identity.actions import profile as own
from marketplace.identity.actions.bank_accounts import AccountNamed
from marketplace.identity.errors.access import NotPermitted
from marketplace.identity.errors.organizations import (
    AccountNumberUnfit,
    BankAccountUnknown,
    OrganizationUnknown,
)
from marketplace.identity.queries import profile
from marketplace.identity.rules.access import Role
from marketplace.identity.tables.profile import BankAccount
from marketplace.kit.errors import Stale
from marketplace.kit.secrets import CannotUnseal
from tests.conftest import START
from tests.given.identity import Someone, someone
from tests.given.traces import bytes_on_disk, everything

NUMBER = "6222837194650281937"
ACCOUNT = AccountNamed(bank_name="某银行(示例)", account_name="某公司(示例)", number=NUMBER)


async def set_account(
    house: House, admin: Someone, account: AccountNamed = ACCOUNT, *, version: int | None = None
) -> BankAccount:
    """The administrator states where the organisation is paid."""
    async with house.database.writing() as session:
        owner = await own.own_organization(session, admin.actor, admin.organization_id)
        _, row = await bank_accounts.set_bank_account(
            session,
            admin.actor,
            admin.organization_id,
            account=account,
            expected_version=owner.version if version is None else version,
            keeper=house.keeper,
            now=START,
        )
    return row


async def reveal(house: House, who: Someone, owner: Someone) -> str:
    """Somebody asks for the full number."""
    async with house.database.writing() as session:
        _, number = await bank_accounts.reveal_bank_account(
            session, who.actor, owner.organization_id, keeper=house.keeper, now=START
        )
    return number


@pytest.mark.postgres
async def test_the_number_stands_nowhere_in_the_database(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    """No row of any table has it, nor any event or log line; its own people read it in full."""
    admin = await someone(house.database, Role.ORGANIZATION_ADMIN)
    finance = await someone(house.database, Role.FINANCE, organization_id=admin.organization_id)

    with caplog.at_level(logging.DEBUG):
        row = await set_account(house, admin)
        shown = [await reveal(house, who, admin) for who in (admin, finance)]

    assert shown == [NUMBER, NUMBER]
    assert row.last_four == NUMBER[-4:]
    kept = repr(await everything(house.database))
    # All but the last four digits must be gone, in whatever pieces they were written.
    assert NUMBER not in kept
    assert NUMBER[:8] not in kept
    assert NUMBER[:8] not in caplog.text
    assert NUMBER[:8] not in repr(ACCOUNT)
    if house.database.is_sqlite:
        assert NUMBER[:8].encode() not in bytes_on_disk(house.database)


async def test_a_number_moved_to_another_row_does_not_open(house: House) -> None:
    """Whoever can write the database cannot have another organisation paid to a known account."""
    one = await someone(house.database, Role.ORGANIZATION_ADMIN)
    two = await someone(house.database, Role.ORGANIZATION_ADMIN)
    first, second = await set_account(house, one), await set_account(house, two)

    async with house.database.writing() as session:
        row = await profile.bank_account(session, two.organization_id)
        row.sealed_number = first.sealed_number
    with pytest.raises(CannotUnseal):
        await reveal(house, two, two)

    assert first.sealed_number != second.sealed_number


async def test_every_reading_and_every_change_is_said(house: House) -> None:
    """To the organisation itself and the bureau; who read it, and never what."""
    admin = await someone(house.database, Role.ORGANIZATION_ADMIN)
    await set_account(house, admin)
    await reveal(house, admin, admin)
    await set_account(house, admin)

    async with house.database.reading() as session:
        found = await session.exec(
            select(EventRow)
            .where(EventRow.organization_id == admin.organization_id)
            .where(col(EventRow.type).startswith("organization.bank_account"))
            .order_by(col(EventRow.position))
        )
        said = [(row.type, row.data) for row in found.all()]
    who = str(admin.organization_id)
    assert said == [
        ("organization.bank_account_changed", {"organization_id": who, "first": True}),
        (
            "organization.bank_account_revealed",
            {"organization_id": who, "person_id": str(admin.actor.person_id)},
        ),
        ("organization.bank_account_changed", {"organization_id": who, "first": False}),
    ]


async def test_the_number_is_shown_to_no_other_hands(house: House) -> None:
    """Another house's finance, the bureau, an ordinary member: refused, and nothing is said."""
    admin = await someone(house.database, Role.ORGANIZATION_ADMIN)
    await set_account(house, admin)
    for who, refusal in (
        (await someone(house.database, Role.FINANCE), OrganizationUnknown),
        (await someone(house.database, Role.ORGANIZATION_ADMIN), OrganizationUnknown),
        (await someone(house.database, Role.BUREAU_OFFICER), NotPermitted),
        (
            await someone(house.database, Role.SOLVER, organization_id=admin.organization_id),
            NotPermitted,
        ),
    ):
        with pytest.raises(refusal):
            await reveal(house, who, admin)


async def test_what_cannot_be_an_account_is_refused_without_repeating_it(house: House) -> None:
    """Too short, with letters, in other digits; under a stale version; and before there is one."""
    admin = await someone(house.database, Role.ORGANIZATION_ADMIN)
    with pytest.raises(BankAccountUnknown):
        await reveal(house, admin, admin)
    for number in ("1234567", "6222-8371-ABCD-0281", "６２２２８３７１９４６５", "9" * 31):
        wrong = AccountNamed(bank_name="某银行", account_name="某公司", number=number)
        with pytest.raises(AccountNumberUnfit) as refused:
            await set_account(house, admin, wrong)
        assert number not in str(refused.value)
    with pytest.raises(Stale):
        await set_account(house, admin, version=99)
