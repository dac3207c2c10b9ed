"""Promises about money, checked from outside: each is a named query that must find nothing.

Run by `jiebang audit`, every night, and after every test that moved money.  Nothing here trusts
what the actions believe they did: sums are taken from the legs, digests are computed again, and
events are held against entries.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, func, not_, or_
from sqlmodel import col, select

from marketplace.events.tables import EventRow
from marketplace.kit.database import ReadSession
from marketplace.kit.errors import MarketplaceError
from marketplace.kit.money import CURRENCY
from marketplace.ledger.queries import name_of
from marketplace.ledger.rules.accounts import AccountKind
from marketplace.ledger.rules.entries import LEGS_MIN, MONEY_EVENTS, Cause, Entry, Leg
from marketplace.ledger.tables import Account, JournalEntry, LegRow


@dataclass(frozen=True, slots=True)
class Finding:
    """One broken promise: which, where, and the figures."""

    promise: str
    subject: str
    facts: dict[str, Any] = field(default_factory=dict)


async def audit(session: ReadSession) -> list[Finding]:
    """Check every promise of the ledger; an empty list is a clean ledger."""
    return [finding for check in CHECKS for finding in await check(session)]


async def entries_balance(session: ReadSession) -> list[Finding]:
    """Every entry has two or more legs, sums to zero, and is in the one currency."""
    total = func.coalesce(func.sum(LegRow.amount_fen), 0)
    legs = func.count(col(LegRow.id))
    wanted = (
        select(JournalEntry.id, JournalEntry.currency, total, legs)
        .outerjoin(LegRow, col(LegRow.entry_id) == JournalEntry.id)
        .group_by(col(JournalEntry.id), col(JournalEntry.currency))
        .having(or_(total != 0, legs < LEGS_MIN, col(JournalEntry.currency) != CURRENCY))
    )
    return [
        Finding("entries balance", str(entry_id), {"total_fen": int(sum_fen), "legs": count})
        for entry_id, _, sum_fen, count in (await session.exec(wanted)).all()
    ]


async def owners_keep_their_own(session: ReadSession) -> list[Finding]:
    """In every entry the legs of each owner and year sum to zero: money changes kind, not owner."""
    total = func.sum(LegRow.amount_fen)
    wanted = (
        select(LegRow.entry_id, Account.owner_id, Account.year, total)
        .where(LegRow.account_id == Account.id)
        .group_by(col(LegRow.entry_id), col(Account.owner_id), col(Account.year))
        .having(total != 0)
    )
    return [
        Finding(
            "owners keep their own",
            str(entry_id),
            {"owner": str(owner), "year": year, "total_fen": int(sum_fen)},
        )
        for entry_id, owner, year, sum_fen in (await session.exec(wanted)).all()
    ]


async def balances_match(session: ReadSession) -> list[Finding]:
    """The cached balance of every account is the sum of its legs."""
    total = func.coalesce(func.sum(LegRow.amount_fen), 0)
    wanted = (
        select(Account.code, Account.balance_fen, total)
        .outerjoin(LegRow, col(LegRow.account_id) == Account.id)
        .group_by(col(Account.id), col(Account.code), col(Account.balance_fen))
        .having(total != col(Account.balance_fen))
    )
    return [
        Finding("balances match", code, {"balance_fen": cached, "legs_fen": int(sum_fen)})
        for code, cached, sum_fen in (await session.exec(wanted)).all()
    ]


async def nothing_is_overdrawn(session: ReadSession) -> list[Finding]:
    """No account but a treasury is below zero, and every account that should be guarded is."""
    below = and_(col(Account.kind) != AccountKind.TREASURY, col(Account.balance_fen) < 0)
    open_door = and_(col(Account.kind) != AccountKind.TREASURY, not_(col(Account.guarded)))
    return await _accounts(session, "nothing is overdrawn", or_(below, open_door))


async def pools_add_up(session: ReadSession) -> list[Finding]:
    """Per owner and year: what was brought in is available, promised, owed, paid or gone."""
    brought_in = func.sum(Account.balance_fen)
    wanted = (
        select(Account.owner_id, Account.year, brought_in)
        .group_by(col(Account.owner_id), col(Account.year))
        .having(brought_in != 0)
    )
    return [
        Finding("pools add up", str(owner), {"year": year, "difference_fen": int(sum_fen)})
        for owner, year, sum_fen in (await session.exec(wanted)).all()
    ]


async def entries_have_their_cause(session: ReadSession) -> list[Finding]:
    """Every entry was caused by an event that exists and is of the type the entry names."""
    wanted = (
        select(JournalEntry.id, JournalEntry.cause_type)
        .outerjoin(EventRow, col(EventRow.id) == JournalEntry.cause_id)
        .where(or_(col(EventRow.id).is_(None), col(EventRow.type) != JournalEntry.cause_type))
    )
    return [
        Finding("entries have their cause", str(entry_id), {"cause_type": cause})
        for entry_id, cause in (await session.exec(wanted)).all()
    ]


async def money_events_have_an_entry(session: ReadSession) -> list[Finding]:
    """Every event that tells of money has an entry that moved it."""
    wanted = (
        select(EventRow.id, EventRow.type)
        .outerjoin(JournalEntry, col(JournalEntry.cause_id) == EventRow.id)
        .where(col(EventRow.type).in_(MONEY_EVENTS))
        .where(col(JournalEntry.id).is_(None))
    )
    return [
        Finding("money events have an entry", str(event_id), {"type": kind})
        for event_id, kind in (await session.exec(wanted)).all()
    ]


async def closed_pilots_hold_nothing(session: ReadSession) -> list[Finding]:
    """A pilot that is said to be closed has nothing reserved and nothing owed."""
    closed = select(EventRow.subject_id).where(EventRow.type == "pilot.closed")
    held = and_(
        col(Account.pilot_id).in_(closed),
        col(Account.kind).in_([AccountKind.RESERVED, AccountKind.PAYABLE]),
        col(Account.balance_fen) != 0,
    )
    return await _accounts(session, "closed pilots hold nothing", held)


async def entries_are_as_written(session: ReadSession) -> list[Finding]:
    """The digest of every entry, computed again from its rows, is the one stored with it."""
    wanted = (
        select(JournalEntry, LegRow.amount_fen, Account)
        .where(LegRow.entry_id == JournalEntry.id)
        .where(LegRow.account_id == Account.id)
        .order_by(col(JournalEntry.id))
    )
    rows: dict[Any, tuple[JournalEntry, list[tuple[Account, int]]]] = {}
    for row, amount_fen, account in (await session.exec(wanted)).all():
        rows.setdefault(row.id, (row, []))[1].append((account, amount_fen))
    return [
        Finding("entries are as written", str(row.id), {"key": row.key})
        for row, legs in rows.values()
        if not _is_as_written(row, legs)
    ]


CHECKS: Final[tuple[Callable[[ReadSession], Awaitable[list[Finding]]], ...]] = (
    entries_balance,
    owners_keep_their_own,
    balances_match,
    nothing_is_overdrawn,
    pools_add_up,
    entries_have_their_cause,
    money_events_have_an_entry,
    closed_pilots_hold_nothing,
    entries_are_as_written,
)
"""In the order in which they are reported."""


def _is_as_written(row: JournalEntry, legs: list[tuple[Account, int]]) -> bool:
    try:
        entry = Entry(
            key=row.key,
            cause=Cause(event_type=row.cause_type, event_id=row.cause_id),
            legs=tuple(Leg(name_of(account), amount_fen) for account, amount_fen in legs),
            reverses=row.reverses_id,
        )
    except MarketplaceError:
        # What can no longer be built as an entry was certainly not written as one.
        return False
    return entry.digest(posted_at=row.posted_at) == row.content_sha256


async def _accounts(
    session: ReadSession, promise: str, wrong: ColumnElement[bool]
) -> list[Finding]:
    found = await session.exec(select(Account.code, Account.balance_fen).where(wrong))
    return [
        Finding(promise, code, {"balance_fen": balance_fen}) for code, balance_fen in found.all()
    ]
