"""Hostile endpoints in a process of their own, which says on which port.

With the word `calling` it calls itself as well, as a worker would.
"""

import asyncio
import sys

from marketplace.kit import addresses
from marketplace.kit.outbound import Outbound
from marketplace.scoring.actions import calling
from marketplace.scoring.rules.endpoints import Limits, Row
from tests.given.hostile_endpoints import an_endpoint


async def _serve_for_ever(calling_itself: bool) -> None:
    async with an_endpoint() as server:
        server.remembers = False
        sys.stdout.write(f"{server.port}\n")
        sys.stdout.flush()
        while calling_itself:
            await _call(server.url("medley"))
        await asyncio.Event().wait()


async def _call(url: str) -> None:
    """Do what a worker does whose endpoint is the medley."""

    async def forget(progress: calling.Progress) -> None:
        pass

    limits = Limits(seconds_per_request=1, failures_share_max_bps=5000)
    policy = calling.policy_for(limits, reach=addresses.DEVELOPMENT)
    async with Outbound(policy) as outbound:
        await calling.call_endpoint(
            outbound,
            url=url,
            headers={},
            rows=[Row(id=f"r{number}", fields={"a": number}) for number in range(400)],
            limits=limits,
            seed=bytes(16),
            on_progress=forget,
            stopping=asyncio.Event(),
        )


if __name__ == "__main__":
    asyncio.run(_serve_for_ever("calling" in sys.argv))
