"""Entries: what may be written into the journal. One that is unbalanced cannot even be built."""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from marketplace.kit.digests import digest_of
from marketplace.kit.money import CURRENCY, FEN_MAX
from marketplace.ledger.errors import EntryMalformed, EntryUnbalanced
from marketplace.ledger.rules.accounts import AccountName, lock_order

KEY_LENGTH_MAX: Final = 200
LEGS_MIN: Final = 2

MONEY_EVENTS: Final = ("pool.funded", "pilot.opened", "claim.approved", "claim.paid")
"""Statements that are only true if money moved; `pilot.closed` is not among them, for a pilot that
used all it was promised has nothing to give back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """The event that made an entry true; there is no money without a statement about it."""

    event_type: str
    event_id: UUID


@dataclass(frozen=True, slots=True)
class Leg:
    """A signed amount on one account; positive is more on it."""

    account: AccountName
    amount_fen: int

    def __post_init__(self) -> None:
        # bool is an int to Python, not to an accountant.
        whole = type(self.amount_fen) is int
        if not whole or self.amount_fen == 0 or abs(self.amount_fen) > FEN_MAX:
            raise EntryMalformed(account=self.account.code, amount_fen=self.amount_fen)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Two or more legs that sum to zero, with a cause and a key that makes repeats harmless.

    Shape    each account at most once; legs are kept in lock order, so equal entries are equal
             values.
    Units    whole fen of one currency.
    Refuses  EntryUnbalanced; EntryMalformed for fewer than two legs, a repeated account or an
             empty key.
    """

    key: str
    cause: Cause
    legs: tuple[Leg, ...]
    reverses: UUID | None = None

    def __post_init__(self) -> None:
        names = [leg.account for leg in self.legs]
        if len(names) < LEGS_MIN or len(set(names)) != len(names):
            raise EntryMalformed(key=self.key, accounts=[name.code for name in names])
        if not 0 < len(self.key) <= KEY_LENGTH_MAX or not self.cause.event_type:
            raise EntryMalformed(key=self.key, cause=self.cause.event_type)
        total_fen = sum(leg.amount_fen for leg in self.legs)
        if total_fen != 0:
            raise EntryUnbalanced(key=self.key, total_fen=total_fen)
        object.__setattr__(self, "legs", _in_lock_order(self.legs))

    def document(self) -> dict[str, object]:
        """Write all this entry says as a JSON-able value; its digest tells repeats from clashes."""
        return {
            "key": self.key,
            "cause": {"type": self.cause.event_type, "id": str(self.cause.event_id)},
            "currency": CURRENCY,
            "legs": [[leg.account.code, leg.amount_fen] for leg in self.legs],
            "reverses": None if self.reverses is None else str(self.reverses),
        }

    def digest(self, *, posted_at: dt.datetime) -> str:
        """Hash all this entry says, with its time."""
        stamp = posted_at.astimezone(dt.UTC).isoformat(timespec="microseconds")
        return digest_of({**self.document(), "posted_at": stamp})


def entry_of(key: str, cause: Cause, amounts: Iterable[tuple[AccountName, int]]) -> Entry:
    """Build an entry from amounts: those of one account are added up, zeros are left out."""
    totals: dict[AccountName, int] = {}
    for account, amount_fen in amounts:
        totals[account] = totals.get(account, 0) + amount_fen
    legs = tuple(
        Leg(account, amount_fen) for account, amount_fen in totals.items() if amount_fen != 0
    )
    return Entry(key=key, cause=cause, legs=legs)


def reverse(entry: Entry, *, entry_id: UUID, cause: Cause) -> Entry:
    """Build the entry that undoes another; its key is derived, so there is one reversal only."""
    legs = tuple(Leg(leg.account, -leg.amount_fen) for leg in entry.legs)
    return Entry(key=f"reverse:{entry_id}", cause=cause, legs=legs, reverses=entry_id)


def _in_lock_order(legs: tuple[Leg, ...]) -> tuple[Leg, ...]:
    by_account: Mapping[AccountName, Leg] = {leg.account: leg for leg in legs}
    return tuple(by_account[name] for name in lock_order(by_account))
