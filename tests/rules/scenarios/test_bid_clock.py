"""The bid clock under suspensions, and who orders and lifts them, without a database."""

import datetime as dt
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.identity.rules.access import Actor, Role
from marketplace.scenarios.rules.enquiries import may_know_askers, names_one_of
from marketplace.scenarios.rules.suspensions import (
    Authority,
    Block,
    Order,
    SuspensionState,
    authority_of,
    bid_clock,
    may_lift,
    state_of,
)

DEADLINE = dt.datetime(2026, 4, 1, 9, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
HOURS = st.integers(min_value=1, max_value=24 * 20)


def an_order(
    begins: dt.datetime,
    *,
    until: dt.datetime | None = None,
    lifted: dt.datetime | None = None,
    blocks: frozenset[Block] = frozenset({Block.BIDDING}),
) -> Order:
    """A suspension."""
    return Order(blocks=blocks, from_at=begins, until_at=until, lifted_at=lifted)


def somebody(*roles: Role) -> Actor:
    """A person with these roles."""
    return Actor(person_id=UUID(int=7), organization_id=UUID(int=8), roles=frozenset(roles))


def test_an_open_end_leaves_the_deadline_open() -> None:
    """While nobody has said when it ends, there is no moment at which the call closes."""
    now = DEADLINE - DAY

    clock = bid_clock(DEADLINE, [an_order(now)], now=DEADLINE + 9 * DAY)

    assert (clock.stopped_at, clock.resumes_at, clock.shift, clock.due) == (now, None, None, False)


def test_an_order_that_bars_only_later_moves_holds_no_clock() -> None:
    """Opening, deciding and signing come after the deadline."""
    blocks = frozenset({Block.OPENING, Block.DECIDING, Block.SIGNING})

    clock = bid_clock(DEADLINE, [an_order(DEADLINE - DAY, blocks=blocks)], now=DEADLINE)

    assert clock.stopped_at is None


@given(
    spans=st.lists(st.tuples(HOURS, HOURS), min_size=1, max_size=5),
    waited=st.integers(min_value=0, max_value=24 * 60),
)
def test_no_moment_counts_twice_and_none_is_lost(spans: list[tuple[int, int]], waited: int) -> None:
    """The deadline moves by at least the longest suspension and at most by all of them together;
    it is moved for good only when the last one is over, and then lies behind it.
    """
    hour = dt.timedelta(hours=1)
    orders = [
        an_order(DEADLINE - before * hour, until=DEADLINE - before * hour + length * hour)
        for before, length in spans
    ]
    now = DEADLINE + waited * hour

    clock = bid_clock(DEADLINE, orders, now=now)

    lengths = [length * hour for _, length in spans]
    assert clock.shift is not None and clock.resumes_at is not None
    assert max(lengths) <= clock.shift.by <= sum(lengths, dt.timedelta(0))
    assert clock.due == (now >= clock.resumes_at)
    assert clock.shift.at > clock.resumes_at


@pytest.mark.parametrize(
    ("until", "lifted", "state"),
    [
        (None, None, SuspensionState.IN_FORCE),
        (DEADLINE + DAY, None, SuspensionState.IN_FORCE),
        (DEADLINE, None, SuspensionState.EXPIRED),
        (None, DEADLINE, SuspensionState.LIFTED),
        (DEADLINE + DAY, DEADLINE - DAY, SuspensionState.LIFTED),
        (DEADLINE - DAY, DEADLINE - DAY, SuspensionState.EXPIRED),
    ],
)
def test_the_state_of_a_suspension_is_read_from_its_dates(
    until: dt.datetime | None, lifted: dt.datetime | None, state: SuspensionState
) -> None:
    """At its end it is over; lifted is what ended before, written down is what time ended."""
    order = an_order(DEADLINE - 5 * DAY, until=until, lifted=lifted)

    assert state_of(order, DEADLINE) is state


def test_whoever_holds_several_roles_orders_by_the_strictest() -> None:
    """A review body does not escape its limit by being something else as well."""
    both = somebody(Role.BUREAU_APPROVER, Role.REVIEW_BODY)

    assert authority_of(both) is Authority.REVIEW_BODY
    assert authority_of(somebody(Role.SUPERVISOR)) is Authority.SUPERVISOR
    assert not may_lift(somebody(Role.BUREAU_APPROVER), Authority.REVIEW_BODY)
    assert may_lift(somebody(Role.BUREAU_APPROVER), Authority.PLATFORM)


@pytest.mark.parametrize(
    ("roles", "knows"),
    [
        ((Role.SUPERVISOR,), True),
        ((Role.AUDITOR,), True),
        ((Role.BUREAU_OFFICER,), False),
        ((Role.BUREAU_APPROVER,), False),
        ((Role.POSTER,), False),
        ((Role.SUPERVISOR, Role.POSTER), False),
        ((Role.AUDITOR, Role.BUREAU_APPROVER), False),
    ],
)
def test_only_who_watches_and_runs_nothing_knows_who_asked(
    roles: tuple[Role, ...], knows: bool
) -> None:
    """A role that watches does not open what a role that runs calls must not see."""
    assert may_know_askers(somebody(*roles)) is knows


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("某某科技能否参加", True),
        ("某 某 科 技 能否参加", True),
        ("ABC tech 能否参加", True),
        ("\uff21\uff22\uff23\u3000Tech 能否参加", True),
        ("我司能否参加", False),
    ],
)
def test_a_name_is_found_however_it_is_written(text: str, named: bool) -> None:
    """Spaced, in full width or in other letters."""
    assert names_one_of(text, ("某某科技", "ABC Tech", "")) is named
