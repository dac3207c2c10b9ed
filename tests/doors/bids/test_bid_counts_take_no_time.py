"""A call with many sealed bids answers as quickly as one with none, as far as a clock can tell.

Two calls that differ in nothing but their bids are read in turns, and the times of each address are
compared by their ranks (Mann and Whitney 1947), which no single slow answer can move.
"""

import gc
import os
import time
from typing import Final

import httpx
import pytest
from litestar import Litestar
from scipy import stats

from marketplace.house import House
from marketplace.identity.rules.access import Role
from marketplace.kit.clock import FixedClock
from tests.given import bids as given
from tests.given.asking_around import addresses
from tests.given.identity import Someone, someone
from tests.given.scenarios import a_published_call

pytestmark = pytest.mark.postgres

BIDS: Final = int(os.environ.get("JIEBANG_SOAK_SEALED", "25"))
TURNS: Final = 150 if "JIEBANG_SOAK_SEALED" in os.environ else 15
ALPHA: Final = 1e-6
"""Of a false alarm at one address; there are some dozens."""


def tells_apart(one: list[float], other: list[float]) -> bool:
    """Whether a patient listener could say which times are whose."""
    few = len(one) <= 20  # then the share of orders can be counted out
    method = "exact" if few else "asymptotic"
    return bool(stats.mannwhitneyu(one, other, method=method).pvalue < ALPHA)


def test_the_comparison_hears_a_fifth_and_no_chance() -> None:
    """Twenty per cent at fifteen readings with one per cent of noise; not the noise alone."""
    times = [0.010 + 0.0001 * (at * 7 % 15) / 15 for at in range(TURNS)]

    assert tells_apart(times, [1.2 * one for one in times])
    assert not tells_apart(times, times[::-1])


async def a_reading(client: httpx.AsyncClient, url: str, who: Someone | None) -> float:
    """How long one answer takes, in seconds."""
    headers = {} if who is None else who.headers
    begun = time.perf_counter()
    await client.get(url, headers=headers)
    return time.perf_counter() - begun


async def test_no_address_takes_longer_for_the_bids_it_does_not_tell(
    client: httpx.AsyncClient, app: Litestar, house: House, clock: FixedClock
) -> None:
    """Whatever nobody, a rival or the officer of both calls reads about a call."""
    bare = await a_published_call(house.database, clock)
    full = await a_published_call(house.database, clock, cast=bare.cast)
    for _ in range(BIDS):
        await given.a_sealed_bid(house.database, clock, full)
    readers = (None, await someone(house.database, Role.SOLVER), bare.cast.officer)
    places = [
        list(addresses(app, {"scenario_id": str(call.id)}, about="scenarios/{"))
        for call in (bare, full)
    ]
    gc.collect()

    heard = []
    for who in readers:
        for pair in zip(*places, strict=True):
            if (await client.get(pair[0], headers={} if who is None else who.headers)).is_error:
                continue
            times: tuple[list[float], list[float]] = ([], [])
            for turn in range(TURNS):
                for at in (0, 1) if turn % 2 else (1, 0):
                    times[at].append(await a_reading(client, pair[at], who))
            heard.append((pair[0], tells_apart(*times)))

    assert len(heard) > 20
    assert [place for place, apart in heard if apart] == []
