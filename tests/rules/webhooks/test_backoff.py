"""When a failed delivery is tried again, and when it is given up."""

import datetime as dt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marketplace.webhooks.rules.backoff import (
    RETRY_AFTER_MAX,
    SPREAD,
    STANDARD,
    next_attempt,
    retry_after_of,
)

NOW = dt.datetime(2026, 3, 2, 4, 0, tzinfo=dt.UTC)


def test_follows_the_published_schedule() -> None:
    """Ten attempts in 75 hours, 35 minutes and 5 seconds, then a dead letter."""
    waits = []
    for attempts in range(1, 10):
        again_at = next_attempt(attempts, NOW, draw=0.5)
        assert again_at is not None
        waits.append((again_at - NOW).total_seconds())

    assert waits == [5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400]
    assert sum(waits) == 75 * 3600 + 35 * 60 + 5
    assert next_attempt(10, NOW, draw=0.5) is None


def test_another_schedule_may_be_given() -> None:
    """The schedule is a parameter; an empty one gives up after the first failure."""
    short = (dt.timedelta(seconds=1),)

    assert next_attempt(1, NOW, draw=0.5, schedule=short) == NOW + dt.timedelta(seconds=1)
    assert next_attempt(2, NOW, draw=0.5, schedule=short) is None
    assert next_attempt(1, NOW, draw=0.5, schedule=()) is None


def test_the_receiver_may_ask_for_more_time() -> None:
    """Retry-After lengthens the wait."""
    asked = dt.timedelta(minutes=7)

    assert next_attempt(1, NOW, draw=0.5, retry_after=asked) == NOW + asked


def test_the_receiver_cannot_hurry_us() -> None:
    """A Retry-After shorter than the schedule changes nothing."""
    hurried = next_attempt(2, NOW, draw=0.5, retry_after=dt.timedelta(0))

    assert hurried == NOW + dt.timedelta(minutes=5)


def test_the_receiver_cannot_put_us_off_for_ever() -> None:
    """Retry-After is bounded to a day, and it does not add attempts."""
    year = dt.timedelta(days=365)

    assert next_attempt(1, NOW, draw=0.5, retry_after=year) == NOW + RETRY_AFTER_MAX
    assert next_attempt(10, NOW, draw=0.5, retry_after=year) is None


@settings(deadline=None, max_examples=200)
@given(st.integers(1, 9), st.floats(0, 1))
def test_jitter_stays_within_its_spread(attempts: int, draw: float) -> None:
    """No draw moves a wait by more than a fifth."""
    again_at = next_attempt(attempts, NOW, draw=draw)

    assert again_at is not None
    ratio = (again_at - NOW) / STANDARD[attempts - 1]
    assert 1 - SPREAD - 1e-6 <= ratio <= 1 + SPREAD + 1e-6


@settings(deadline=None, max_examples=200)
@given(st.integers(1, 9), st.floats(0, 1), st.integers(0, 10**9))
def test_a_wait_is_never_shorter_than_scheduled_nor_endless(
    attempts: int, draw: float, seconds: int
) -> None:
    """Whatever a receiver asks, the wait lies between the schedule's and a day and a fifth."""
    again_at = next_attempt(attempts, NOW, draw=draw, retry_after=dt.timedelta(seconds=seconds))
    unasked = next_attempt(attempts, NOW, draw=draw)

    assert again_at is not None and unasked is not None
    assert unasked <= again_at <= NOW + RETRY_AFTER_MAX * (1 + SPREAD)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("0", 0),
        ("120", 120),
        (" 120 ", 120),
        ("999999999999999999999999", 999999999),
        ("Mon, 02 Mar 2026 04:01:00 GMT", 60),
        ("Mon, 02 Mar 2026 12:01:00 +0800", 60),
        ("Mon, 02 Mar 2026 03:00:00 GMT", 0),
        ("Mon, 02 Mar 2026 04:01:00 -0000", 60),
    ],
)
def test_reads_both_forms_of_retry_after(header: str, seconds: int) -> None:
    """Seconds and dates are understood; a date in the past means now."""
    assert retry_after_of(header, NOW) == dt.timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "soon",
        "-5",
        "1.5",
        "１２",
        "²",
        "Mon, 99 Foo 2026",
        "2 Mar 99999999999999999999 04:01:00",
    ],
)
def test_ignores_a_retry_after_that_says_nothing(header: str | None) -> None:
    """Nonsense from a receiver never becomes an error of ours."""
    assert retry_after_of(header, NOW) is None


@settings(deadline=None, max_examples=200)
@given(st.text(max_size=40))
def test_any_header_gets_an_answer(header: str) -> None:
    """No text makes the reader fail."""
    answer = retry_after_of(header, NOW)

    assert answer is None or answer >= dt.timedelta(0)
