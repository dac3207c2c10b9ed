"""What the identity room can do: keep where an organisation is paid, and show it to its own.

The number is encrypted under the master key and bound to its row: moved to another organisation's
row it does not open.  It is in no event, no log, no list and no refusal.
"""

import datetime as dt
from dataclasses import dataclass, field
from uuid import UUID

from marketplace.events import actions as events
from marketplace.events.rules.catalogue.organizations import (
    OrganizationBankAccountChanged,
    OrganizationBankAccountRevealed,
)
from marketplace.identity.actions.profile import check_version, hand_of, own_organization
from marketplace.identity.errors.organizations import OrganizationUnknown
from marketplace.identity.queries import profile
from marketplace.identity.rules import access, accounts
from marketplace.identity.rules.access import Actor, Permission
from marketplace.identity.tables.organizations import Organization
from marketplace.identity.tables.profile import BankAccount
from marketplace.kit.database import WriteSession
from marketplace.kit.ids import new_id
from marketplace.kit.secrets import Keeper
from marketplace.kit.tables import sealed_context


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountNamed:
    """A bank account as its owner states it; printing it does not show the number."""

    bank_name: str
    account_name: str
    number: str = field(repr=False)


async def set_bank_account(
    session: WriteSession,
    actor: Actor,
    organization_id: UUID,
    *,
    account: AccountNamed,
    expected_version: int,
    keeper: Keeper,
    now: dt.datetime,
) -> tuple[Organization, BankAccount]:
    """State where the organisation is paid; `expected_version` is the version of its profile.

    Refuses  OrganizationUnknown for anybody else's; Stale; AccountNumberUnfit.
    """
    owner = await own_organization(session, actor, organization_id)
    check_version(owner, expected_version)
    number = accounts.normal_number(account.number)
    known = await profile.find_bank_account(session, organization_id)
    row_id = new_id() if known is None else known.id
    context = sealed_context(
        BankAccount, "sealed_number", id=row_id, organization_id=organization_id
    )
    sealed = keeper.seal(number.encode(), context=context)
    row = known or BankAccount(
        id=row_id,
        organization_id=organization_id,
        bank_name=account.bank_name,
        account_name=account.account_name,
        sealed_number=sealed,
        last_four=accounts.last_digits(number),
        changed_at=now,
    )
    row.bank_name, row.account_name = account.bank_name, account.account_name
    row.sealed_number, row.last_four = sealed, accounts.last_digits(number)
    row.changed_by, row.changed_at = hand_of(actor), now
    session.add(row)
    owner.version += 1
    await session.flush()
    said = OrganizationBankAccountChanged(organization_id=organization_id, first=known is None)
    await events.record(session, said, by=actor.kind, now=now, organization_id=organization_id)
    return owner, row


async def reveal_bank_account(
    session: WriteSession,
    actor: Actor,
    organization_id: UUID,
    *,
    keeper: Keeper,
    now: dt.datetime,
) -> tuple[BankAccount, str]:
    """Show the number in full to the organisation's own administrator or finance, and say so.

    Shape    the row and its number; this writes, because reading a number leaves a trace.
    Refuses  OrganizationUnknown for anybody else's; BankAccountUnknown; CannotUnseal for a number
             that was moved here from another row.
    """
    access.require(actor, Permission.BANK_ACCOUNTS_REVEAL)
    if actor.organization_id != organization_id:
        raise OrganizationUnknown(organization_id=str(organization_id))
    row = await profile.bank_account(session, organization_id)
    context = sealed_context(
        BankAccount, "sealed_number", id=row.id, organization_id=organization_id
    )
    number = keeper.unseal(row.sealed_number, context=context).decode()
    said = OrganizationBankAccountRevealed(
        organization_id=organization_id, person_id=actor.person_id
    )
    await events.record(session, said, by=actor.kind, now=now, organization_id=organization_id)
    return row, number
