"""Entries and accounts: what cannot be written into the journal cannot be built."""

import random
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marketplace.kit.money import FEN_MAX
from marketplace.ledger.errors import EntryMalformed, EntryUnbalanced
from marketplace.ledger.rules.accounts import AccountKind, AccountName, Purse, Scope, lock_order
from marketplace.ledger.rules.entries import Cause, Entry, Leg, entry_of, reverse

DISTRICT = UUID(int=1)
PILOT = UUID(int=2)
CAUSE = Cause(event_type="pool.funded", event_id=UUID(int=3))
PURSE = Purse(owner=DISTRICT, scope=Scope(year=2026, pilot=PILOT, phase="P1"))
AVAILABLE = PURSE.pool(AccountKind.AVAILABLE)
TREASURY = PURSE.pool(AccountKind.TREASURY)
RESERVED = PURSE.account(AccountKind.RESERVED)

accounts = st.sampled_from([PURSE.account(kind) for kind in AccountKind])
amounts_fen = st.integers(-FEN_MAX // 100, FEN_MAX // 100)


def entry(*legs: tuple[AccountName, int], key: str = "key") -> Entry:
    """An entry of these legs."""
    return Entry(key=key, cause=CAUSE, legs=tuple(Leg(name, fen) for name, fen in legs))


def test_an_entry_that_does_not_sum_to_zero_is_refused() -> None:
    """One fen too much on one side is told, with how much."""
    with pytest.raises(EntryUnbalanced) as refused:
        entry((TREASURY, -100), (AVAILABLE, 101))

    assert refused.value.facts["total_fen"] == 1


@pytest.mark.parametrize(
    "legs",
    [
        (),
        ((TREASURY, -1),),
        ((TREASURY, -1), (TREASURY, 1)),
        ((TREASURY, 0), (AVAILABLE, 0)),
        ((TREASURY, True), (AVAILABLE, -1)),
        ((TREASURY, -FEN_MAX - 1), (AVAILABLE, FEN_MAX + 1)),
    ],
    ids=["no leg", "one leg", "one account", "zero legs", "a truth value", "too large"],
)
def test_what_is_not_an_entry_is_refused(legs: tuple[tuple[AccountName, int], ...]) -> None:
    """Two different accounts and whole amounts other than zero, or nothing."""
    with pytest.raises(EntryMalformed):
        entry(*legs)


@pytest.mark.parametrize("key", ["", "k" * 201])
def test_an_entry_needs_a_key_of_sensible_length(key: str) -> None:
    """Without a key a repeat could not be told from a second payment."""
    with pytest.raises(EntryMalformed):
        entry((TREASURY, -1), (AVAILABLE, 1), key=key)


def test_an_entry_needs_a_cause() -> None:
    """No money moves without an event that says why."""
    legs = (Leg(TREASURY, -1), Leg(AVAILABLE, 1))

    with pytest.raises(EntryMalformed):
        Entry(key="key", cause=Cause(event_type="", event_id=PILOT), legs=legs)


def test_the_order_of_legs_does_not_matter() -> None:
    """The same legs in another order are the same entry, with the same document."""
    one = entry((TREASURY, -5), (RESERVED, 3), (AVAILABLE, 2))
    other = entry((AVAILABLE, 2), (TREASURY, -5), (RESERVED, 3))

    assert one == other
    assert one.document() == other.document()


@settings(deadline=None, max_examples=100)
@given(st.lists(st.tuples(accounts, amounts_fen), min_size=1, max_size=12))
def test_amounts_of_one_account_are_added_up(amounts: list[tuple[AccountName, int]]) -> None:
    """However amounts are listed, an entry has one leg per account and no leg of zero."""
    closing = -sum(fen for _, fen in amounts)
    totals: dict[AccountName, int] = {}
    for name, fen in [*amounts, (TREASURY, closing)]:
        totals[name] = totals.get(name, 0) + fen
    expected = {name: fen for name, fen in totals.items() if fen}
    if len(expected) < 2:
        return

    built = entry_of("key", CAUSE, [*amounts, (TREASURY, closing)])

    assert {leg.account: leg.amount_fen for leg in built.legs} == expected
    assert sum(leg.amount_fen for leg in built.legs) == 0


def test_a_reversal_undoes_every_leg_and_has_one_key() -> None:
    """The reversal of an entry brings each account back, under a key made from the entry."""
    first = entry((TREASURY, -5), (AVAILABLE, 5))

    undone = reverse(first, entry_id=PILOT, cause=CAUSE)

    assert {leg.account: leg.amount_fen for leg in undone.legs} == {TREASURY: 5, AVAILABLE: -5}
    assert undone.key == f"reverse:{PILOT}"
    assert undone.reverses == PILOT


def test_shared_accounts_are_locked_after_those_of_one_pilot() -> None:
    """In whatever order accounts are named, the hot ones come last."""
    names = [TREASURY, AVAILABLE, RESERVED, PURSE.account(AccountKind.PAYABLE)]
    random.Random(7).shuffle(names)

    ordered = lock_order(names)

    assert ordered[-2:] == (AVAILABLE, TREASURY)
    assert lock_order(reversed(names)) == ordered


def test_only_the_treasury_may_be_negative() -> None:
    """Every kind but the outside world is guarded."""
    unguarded = {kind for kind in AccountKind if not PURSE.account(kind).guarded}

    assert unguarded == {AccountKind.TREASURY}


def test_codes_are_unique_and_scopes_complete() -> None:
    """Two different accounts never share a code; a pilot without a phase is no scope."""
    names = [PURSE.account(kind) for kind in AccountKind] + [PURSE.pool(k) for k in AccountKind]

    assert len({name.code for name in names}) == len(names)
    with pytest.raises(EntryMalformed):
        Scope(year=2026, pilot=PILOT)
    with pytest.raises(EntryMalformed):
        Scope(year=2026, pilot=PILOT, phase="P:1")
