"""What the ledger can answer: balances, statements as of any time, the trial balance."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func
from sqlmodel import col, select

from marketplace.kit.database import ReadSession
from marketplace.ledger.errors import AccountUnknown, EntryUnknown
from marketplace.ledger.rules.accounts import AccountKind, AccountName, Scope
from marketplace.ledger.rules.entries import Cause, Entry, Leg
from marketplace.ledger.tables import Account, JournalEntry, LegRow


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementLine:
    """One movement on an account and the balance after it."""

    entry_id: UUID
    posted_at: dt.datetime
    cause_type: str
    cause_id: UUID
    amount_fen: int
    balance_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialLine:
    """The sum of all accounts of one kind, owner and year."""

    kind: AccountKind
    owner_id: UUID
    year: int
    total_fen: int


async def account(session: ReadSession, name: AccountName) -> Account:
    """Find one account."""
    row = (await session.exec(select(Account).where(Account.code == name.code))).first()
    if row is None:
        raise AccountUnknown(account=name.code)
    return row


async def balance_of(session: ReadSession, name: AccountName) -> int:
    """Say what is on an account now, in fen."""
    found = await session.exec(select(Account.balance_fen).where(Account.code == name.code))
    balance_fen = found.first()
    if balance_fen is None:
        raise AccountUnknown(account=name.code)
    return balance_fen


async def balances(session: ReadSession, names: Iterable[AccountName]) -> dict[AccountName, int]:
    """Say what is on several accounts now; one that was never opened holds nothing."""
    by_code = {name.code: name for name in names}
    found = await session.exec(
        select(Account.code, Account.balance_fen).where(col(Account.code).in_(by_code))
    )
    held = dict(found.all())
    return {name: held.get(code, 0) for code, name in by_code.items()}


async def accounts_of_pilot(session: ReadSession, pilot_id: UUID) -> Sequence[Account]:
    """List the accounts of one pilot by code."""
    found = await session.exec(
        select(Account).where(Account.pilot_id == pilot_id).order_by(col(Account.code))
    )
    return found.all()


async def statement(
    session: ReadSession, name: AccountName, *, as_of: dt.datetime | None = None
) -> tuple[StatementLine, ...]:
    """List the movements of an account, oldest first, with the balance after each.

    Shape    `as_of` leaves out what was posted later; the last balance is the one of that time.
    """
    owner = await account(session, name)
    wanted = (
        select(JournalEntry, LegRow.amount_fen)
        .where(LegRow.entry_id == JournalEntry.id)
        .where(LegRow.account_id == owner.id)
        .order_by(col(JournalEntry.posted_at), col(JournalEntry.id))
    )
    if as_of is not None:
        wanted = wanted.where(JournalEntry.posted_at <= as_of)
    lines: list[StatementLine] = []
    balance_fen = 0
    for entry, amount_fen in (await session.exec(wanted)).all():
        balance_fen += amount_fen
        lines.append(
            StatementLine(
                entry_id=entry.id,
                posted_at=entry.posted_at,
                cause_type=entry.cause_type,
                cause_id=entry.cause_id,
                amount_fen=amount_fen,
                balance_fen=balance_fen,
            )
        )
    return tuple(lines)


async def trial_balance(
    session: ReadSession, *, as_of: dt.datetime | None = None
) -> tuple[TrialLine, ...]:
    """Add up the journal by kind, owner and year; all totals together are zero.

    The sums are taken from the legs and not from the cached balances: a trial balance is there to
    check them.
    """
    wanted = (
        select(Account.kind, Account.owner_id, Account.year, func.sum(LegRow.amount_fen))
        .where(LegRow.account_id == Account.id)
        .where(LegRow.entry_id == JournalEntry.id)
        .group_by(col(Account.kind), col(Account.owner_id), col(Account.year))
        .order_by(col(Account.owner_id), col(Account.year), col(Account.kind))
    )
    if as_of is not None:
        wanted = wanted.where(JournalEntry.posted_at <= as_of)
    return tuple(
        TrialLine(kind=AccountKind(kind), owner_id=owner_id, year=year, total_fen=int(total))
        for kind, owner_id, year, total in (await session.exec(wanted)).all()
    )


async def entry_row(session: ReadSession, entry_id: UUID) -> JournalEntry:
    """Find one entry."""
    row = await session.get(JournalEntry, entry_id)
    if row is None:
        raise EntryUnknown(entry_id=str(entry_id))
    return row


async def entry_by_key(session: ReadSession, key: str) -> JournalEntry | None:
    """Find the entry that a key names, if any."""
    return (await session.exec(select(JournalEntry).where(JournalEntry.key == key))).first()


async def keys_starting(session: ReadSession, start: str) -> Sequence[str]:
    """List the keys of entries that begin with `start`."""
    wanted = select(JournalEntry.key).where(
        col(JournalEntry.key).startswith(start, autoescape=True)
    )
    return (await session.exec(wanted)).all()


async def reversal_of(session: ReadSession, entry_id: UUID) -> JournalEntry | None:
    """Find the entry that undid another, if any."""
    wanted = select(JournalEntry).where(JournalEntry.reverses_id == entry_id)
    return (await session.exec(wanted)).first()


async def entry(session: ReadSession, entry_id: UUID) -> Entry:
    """Rebuild an entry from its rows; one that was tampered with cannot be built."""
    row = await entry_row(session, entry_id)
    found = await session.exec(
        select(Account, LegRow.amount_fen)
        .where(LegRow.account_id == Account.id)
        .where(LegRow.entry_id == entry_id)
    )
    legs = tuple(Leg(name_of(held), amount_fen) for held, amount_fen in found.all())
    return Entry(
        key=row.key,
        cause=Cause(event_type=row.cause_type, event_id=row.cause_id),
        legs=legs,
        reverses=row.reverses_id,
    )


def name_of(row: Account) -> AccountName:
    """Name an account from its row."""
    scope = Scope(year=row.year, pilot=row.pilot_id, phase=row.phase)
    return AccountName(kind=row.kind, owner=row.owner_id, scope=scope)
