"""What the ledger can do: open accounts, post, reverse.  The only door through which money moves.

`post` is called by the actions of other rooms, which have checked who may; it takes no actor.
"""

import datetime as dt
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from sqlalchemy import not_, or_, update
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlmodel import col

from marketplace.events import actions as events
from marketplace.events.rules.catalogue.pilots import PoolFunded
from marketplace.identity.queries import standing as identity
from marketplace.identity.rules import access
from marketplace.identity.rules.access import Actor, Permission
from marketplace.kit.database import WriteSession
from marketplace.kit.days import day_of
from marketplace.kit.money import CURRENCY
from marketplace.ledger import queries
from marketplace.ledger.errors import (
    AlreadyReversed,
    EntryMalformed,
    FundsInsufficient,
    KeyReused,
)
from marketplace.ledger.rules import entries
from marketplace.ledger.rules.accounts import AccountKind, AccountName, lock_order
from marketplace.ledger.rules.entries import Cause, Entry, Leg
from marketplace.ledger.tables import Account, JournalEntry, LegRow


async def open_accounts(
    session: WriteSession, names: Iterable[AccountName], *, now: dt.datetime
) -> None:
    """Open accounts that do not exist yet; those that do are left as they are."""
    for name in lock_order(set(names)):
        row = Account(
            code=name.code,
            kind=name.kind,
            owner_id=name.owner,
            year=name.scope.year,
            pilot_id=name.scope.pilot,
            phase=name.scope.phase,
            guarded=name.guarded,
            opened_at=now,
        )
        await _insert_unless_there(session, row, unique="code")


async def post(session: WriteSession, entry: Entry, *, now: dt.datetime) -> JournalEntry:
    """Write an entry into the journal and move the balances.

    Repeating an entry under its key changes nothing and answers with the first.

    Refuses  FundsInsufficient with what is left, when a guarded account would fall below zero;
             KeyReused when the key names another entry; AccountUnknown.
    """
    row = JournalEntry(
        key=entry.key,
        cause_type=entry.cause.event_type,
        cause_id=entry.cause.event_id,
        currency=CURRENCY,
        reverses_id=entry.reverses,
        content_sha256=entry.digest(posted_at=now),
        posted_at=now,
    )
    if not await _insert_unless_there(session, row, unique="key"):
        return await _same_entry_or_refuse(session, entry)
    for leg in entry.legs:
        account_id = await _move(session, leg)
        session.add(LegRow(entry_id=row.id, account_id=account_id, amount_fen=leg.amount_fen))
    await session.flush()
    return await queries.entry_row(session, row.id)


async def reverse(
    session: WriteSession, entry_id: UUID, *, cause: Cause, now: dt.datetime
) -> JournalEntry:
    """Undo an entry by its mirror image; the original stays.

    Refuses  AlreadyReversed, unless it is the same reversal again; FundsInsufficient when the money
             has moved on.
    """
    original = await queries.entry(session, entry_id)
    earlier = await queries.reversal_of(session, entry_id)
    if earlier is not None and earlier.cause_id != cause.event_id:
        raise AlreadyReversed(entry_id=str(entry_id), reversed_by=str(earlier.id))
    return await post(session, entries.reverse(original, entry_id=entry_id, cause=cause), now=now)


async def appropriate(
    session: WriteSession,
    actor: Actor,
    funder_id: UUID,
    *,
    year: int,
    amount_fen: int,
    reference: str,
    now: dt.datetime,
) -> JournalEntry:
    """Bring a funder's budget of a year into the marketplace, under the reference of its paper.

    The reference is the idempotency key: one budget paper brings money in once.
    """
    access.require(actor, Permission.LEDGER_POST)
    await identity.organization_in_good_standing(session, funder_id, on=day_of(now))
    if amount_fen <= 0 or not reference.strip():
        raise EntryMalformed(amount_fen=amount_fen, reference=reference)
    treasury = AccountName.of_pool(AccountKind.TREASURY, funder_id, year)
    available = AccountName.of_pool(AccountKind.AVAILABLE, funder_id, year)
    key = f"pool:{funder_id}:{year}:{reference}"
    earlier = await queries.entry_by_key(session, key)
    if earlier is not None:
        first = await queries.entry(session, earlier.id)
        if Leg(available, amount_fen) not in first.legs:
            raise KeyReused(key=key, entry_id=str(earlier.id))
        return earlier
    await open_accounts(session, (treasury, available), now=now)
    said = await events.record(
        session,
        PoolFunded(
            organization_id=funder_id, year=year, amount_fen=amount_fen, reference=reference
        ),
        by=actor.kind,
        now=now,
        organization_id=funder_id,
    )
    cause = Cause(event_type=said.type, event_id=said.id)
    amounts = ((treasury, -amount_fen), (available, amount_fen))
    return await post(session, entries.entry_of(key, cause, amounts), now=now)


async def _same_entry_or_refuse(session: WriteSession, entry: Entry) -> JournalEntry:
    earlier = await queries.entry_by_key(session, entry.key)
    assert earlier is not None, "the insert found this key a moment ago"
    # The time is the one thing a repeat may differ in, so it is compared under the first one's.
    if entry.digest(posted_at=earlier.posted_at) != earlier.content_sha256:
        raise KeyReused(key=entry.key, entry_id=str(earlier.id))
    return earlier


async def _move(session: WriteSession, leg: Leg) -> UUID:
    """Change one balance by one conditional statement, so that no race can overdraw it.

    Reading the balance first and writing it later would let two payments both see enough.
    """
    after = Account.balance_fen + leg.amount_fen
    statement = (
        update(Account)
        .where(col(Account.code) == leg.account.code)
        .where(or_(not_(col(Account.guarded)), col(Account.balance_fen) + leg.amount_fen >= 0))
        .values(balance_fen=after)
        .returning(col(Account.id))
        .execution_options(synchronize_session=False)
    )
    connection = await session.connection()
    moved: UUID | None = (await connection.execute(statement)).scalar_one_or_none()
    if moved is None:
        raise FundsInsufficient(
            account=leg.account.code,
            available_fen=await queries.balance_of(session, leg.account),
            needed_fen=-leg.amount_fen,
        )
    return moved


async def _insert_unless_there(
    session: WriteSession, row: Account | JournalEntry, *, unique: str
) -> bool:
    """Insert a row unless its unique value is taken; a plain insert would end the transaction."""
    insert: Any = sqlite_insert if session.get_bind().dialect.name == "sqlite" else postgres_insert
    values = row.model_dump()
    statement = insert(type(row)).values(values).on_conflict_do_nothing(index_elements=[unique])
    connection = await session.connection()
    inserted: int = (await connection.execute(statement)).rowcount
    return inserted == 1
