"""Work on content that nobody trusts stays within its limits."""

import asyncio
import os
from collections.abc import AsyncIterator
from typing import Any

import pytest

from marketplace.kit import bounded, confinement
from marketplace.kit.bounded import Done, Limits, Stopped

FUNCTION = "marketplace.datasets.rules.profile:profile_stream"
ROWS = b"id,label\n" + b"".join(b"%d,yes\n" % number for number in range(200_000))
PLENTY = {"cpu_seconds": 60, "wall_seconds": 120, "memory_bytes": 512 << 20}


async def pieces(content: bytes) -> AsyncIterator[bytes]:
    """Content as it comes from a storage."""
    for start in range(0, len(content), 65_536):
        yield content[start : start + 65_536]


async def run(content: AsyncIterator[bytes], **limits: int) -> Done | Stopped:
    """One piece of work."""
    task: dict[str, Any] = {"format": "csv", "rows_max": 10_000_000}
    return await bounded.run(FUNCTION, task, content, limits=Limits(**(PLENTY | limits)))


async def test_work_within_its_limits_answers() -> None:
    """And the event loop was free meanwhile."""
    done = await run(pieces(ROWS))

    assert isinstance(done, Done)
    assert done.answer["profile"]["rows"] == 200_000


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        ({"memory_bytes": 24 << 20}, "out_of_memory"),
        ({"cpu_seconds": 1}, "out_of_time"),
    ],
)
async def test_a_limit_ends_it_with_its_reason(limits: dict[str, int], reason: str) -> None:
    """Memory and computing time are the child's own limits, which it cannot lift."""
    stopped = await run(pieces(ROWS * 20), **limits)

    assert stopped == Stopped(reason=reason)


async def test_a_sender_that_stalls_is_not_waited_for_for_ever() -> None:
    """The time of the clock is bounded as well."""

    async def stalled() -> AsyncIterator[bytes]:
        yield ROWS[:1000]
        await asyncio.Event().wait()

    stopped = await run(stalled(), wall_seconds=2)

    assert stopped == Stopped(reason="out_of_time")


async def test_a_sender_that_breaks_is_heard() -> None:
    """The error of the storage comes through, and no process is left behind."""

    async def broken() -> AsyncIterator[bytes]:
        yield ROWS[:1000]
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await run(broken())


async def test_work_that_dies_has_crashed() -> None:
    """Whatever it was: the caller may try again."""
    done = await bounded.run(
        "marketplace.datasets.rules.profile:nothing_of_that_name",
        {},
        pieces(ROWS),
        limits=Limits(**PLENTY),
    )

    assert done == Stopped(reason="crashed")


async def test_work_gives_way_and_a_terminal_does_not_reach_it() -> None:
    """Gentle within our own session, where that counts, and in a group of its own."""
    done = await bounded.run(
        "tests.given.workers:standing", {}, pieces(b""), limits=Limits(**PLENTY)
    )

    gentle = os.getpriority(os.PRIO_PROCESS, 0) + confinement.GENTLENESS
    assert done == Done(
        answer={"session": os.getsid(0), "leads_a_group": True, "nice": min(gentle, 19)}
    )
