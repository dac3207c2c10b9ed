"""The chart of accounts: what kinds there are, whose they are, and in which order they are locked.

A balance is the plain sum of its legs, so a leg of +5 means five fen more on that account.  All
money of one funder and year starts at its `treasury` account, which alone may be negative: its
balance is minus everything that was ever appropriated.  The rest of that funder's accounts add
up to it, whatever happened in between.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Self
from uuid import UUID

from marketplace.ledger.errors import EntryMalformed


class AccountKind(StrEnum):
    """What the money on an account is."""

    TREASURY = "treasury"
    """The outside world of one owner: a budget, a bank account. Negative by what was brought in."""
    AVAILABLE = "available"
    """Appropriated for a year and promised to nobody yet."""
    RESERVED = "reserved"
    """Committed to one phase of one pilot."""
    PAYABLE = "payable"
    """Owed to the solver after an approved claim, not paid yet."""
    DISBURSED = "disbursed"
    """Paid to the solver."""
    BORNE = "borne"
    """Cost the solver has carried itself: its own share and everything above a limit."""
    LAPSED = "lapsed"
    """Returned unused after its year was closed."""
    RECOVERABLE = "recoverable"
    """Paid and asked back."""
    WRITTEN_OFF = "written_off"
    """Asked back in vain."""


UNGUARDED: Final = frozenset({AccountKind.TREASURY})
"""Kinds that may be negative."""

_LOCK_RANK: Final = {AccountKind.AVAILABLE: 1, AccountKind.LAPSED: 1, AccountKind.TREASURY: 2}
"""Accounts shared by many pilots are locked last, so that they are held shortest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Where an account applies: a year of a pool, or a phase of a pilot; always of one year."""

    year: int
    pilot: UUID | None = None
    phase: str | None = None

    def __post_init__(self) -> None:
        if (self.pilot is None) != (self.phase is None) or (self.phase and ":" in self.phase):
            raise EntryMalformed(scope=str(self.pilot), phase=self.phase)

    @property
    def text(self) -> str:
        """Write the scope as part of an account's code.

        >>> Scope(year=2025).text
        '2025'
        """
        return str(self.year) if self.pilot is None else f"{self.year}:{self.pilot}:{self.phase}"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountName:
    """One account: whose money, what it is, where it applies."""

    kind: AccountKind
    owner: UUID
    scope: Scope

    @property
    def code(self) -> str:
        """Write the account's unique name."""
        return f"{self.kind}:{self.owner}:{self.scope.text}"

    @property
    def guarded(self) -> bool:
        """Tell whether this account must never be below zero."""
        return self.kind not in UNGUARDED

    @property
    def lock_rank(self) -> int:
        """Tell how late this account is locked; larger is later."""
        return _LOCK_RANK.get(self.kind, 0)

    @classmethod
    def of_pool(cls, kind: AccountKind, owner: UUID, year: int) -> Self:
        """Name an account of a funder and year."""
        return cls(kind=kind, owner=owner, scope=Scope(year=year))


def lock_order(names: Iterable[AccountName]) -> tuple[AccountName, ...]:
    """Put accounts into the one order in which everybody locks them.

    Two writers that lock the same accounts in different orders can wait for each other for ever.
    """
    return tuple(sorted(names, key=lambda name: (name.lock_rank, name.code)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Purse:
    """The accounts of one party in one phase of one pilot, and the pool of the year behind them."""

    owner: UUID
    scope: Scope

    def account(self, kind: AccountKind) -> AccountName:
        """Name the account of this kind inside the phase."""
        return AccountName(kind=kind, owner=self.owner, scope=self.scope)

    def pool(self, kind: AccountKind) -> AccountName:
        """Name the account of this kind of the owner's year."""
        return AccountName.of_pool(kind, self.owner, self.scope.year)
