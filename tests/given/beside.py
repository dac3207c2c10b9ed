"""How long everybody else waits while something is under way, in rounds with and without it."""

import asyncio
import logging
import os
import statistics
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, fields
from fractions import Fraction
from typing import Final

import httpx

from marketplace.scoring.rules.endpoints import percentile

ROUNDS: Final = int(os.environ.get("JIEBANG_SOAK_BESIDE", "3"))
SOAK: Final = ROUNDS > 3
REQUESTS: Final = 300 if SOAK else 24
RATIO_MAX: Final = 1.1
NOISE_MS: Final = 0.3 if SOAK else 3.0
"""What a tenth is at least, of some milliseconds: on a shared machine the same work takes now three
milliseconds, now four and a half.
"""
_log = logging.getLogger("proof")


@dataclass(frozen=True, slots=True)
class Times:
    """Percentiles of a round in milliseconds: what was computed meanwhile, and on the wall."""

    computed_p50: float
    computed_p95: float
    wall_p95: float


async def times_of(client: httpx.AsyncClient, requests: int) -> Times:
    """Ask another route in a steady pace."""
    computed, wall = [], []
    for _ in range(requests):
        begun = time.thread_time_ns(), time.perf_counter_ns()
        answer = await client.get("/v1/scenarios")
        computed.append(time.thread_time_ns() - begun[0])
        wall.append(time.perf_counter_ns() - begun[1])
        assert answer.status_code == 200
        await asyncio.sleep(0.002)
    half, most = Fraction(1, 2), Fraction(95, 100)
    return Times(
        percentile(computed, half) / 1e6,
        percentile(computed, most) / 1e6,
        percentile(wall, most) / 1e6,
    )


async def compared(
    client: httpx.AsyncClient,
    busy: Callable[[], AbstractAsyncContextManager[None]],
    *,
    rounds: int = ROUNDS,
    requests: int = REQUESTS,
) -> tuple[Times, Times]:
    """Hold rounds with the work against rounds without, one after the other; medians of both.

    A machine shared with strangers is now fast, now slow: many short rounds tell more than few.
    """
    without, beside = [], []
    await times_of(client, requests)
    for _ in range(rounds):
        without.append(await times_of(client, requests))
        async with busy():
            # A run shuffles its rows before it begins, once.
            await asyncio.sleep(0.1)
            beside.append(await times_of(client, requests))
    quiet, loaded = [
        Times(
            *(
                round(statistics.median(getattr(one, field.name) for one in found), 2)
                for field in fields(Times)
            )
        )
        for found in (without, beside)
    ]
    _log.info("alone %s, beside %s", quiet, loaded)
    return quiet, loaded


def assert_within_a_tenth(before: float, beside: float) -> None:
    """Or within the noise, where that is more."""
    assert beside <= max(before * RATIO_MAX, before + NOISE_MS)
