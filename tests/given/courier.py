"""A courier as a process of its own, which can be killed or stopped in its tracks."""

import asyncio
import datetime as dt
import os
import sys

from marketplace.kit.clock import SystemClock
from marketplace.kit.database import Database
from marketplace.kit.outbound import Outbound
from marketplace.kit.secrets import Keeper
from marketplace.webhooks import jobs
from tests.given.webhooks import LOCAL
from tests.house.source import ROOT

TEST_SECRET = "a key for tests only, 32 characters at least"


async def a_courier_process(url: str, *, lease_seconds: float) -> asyncio.subprocess.Process:
    """Start one over a database; it delivers until it is killed."""
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.given.courier", url, str(lease_seconds)),
        cwd=ROOT,
        env={"PATH": os.environ["PATH"]},
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
        start_new_session=True,
    )


async def deliver_for_ever(url: str, lease_seconds: float) -> None:
    """Fan out and deliver, again and again."""
    async with Outbound(LOCAL) as outbound:
        courier = jobs.Courier(
            database=Database(url),
            outbound=outbound,
            keeper=Keeper.from_text(TEST_SECRET),
            clock=SystemClock(),
            lease=dt.timedelta(seconds=lease_seconds),
        )
        while True:
            await jobs.fan_out(courier)
            await jobs.deliver(courier)
            await asyncio.sleep(0.05)


if __name__ == "__main__":
    asyncio.run(deliver_for_ever(sys.argv[1], float(sys.argv[2])))
