"""An opening whose server is killed in the middle has opened all bids or none.

`make test` kills once on each database; `JIEBANG_SOAK_OPENINGS` says how often else.
"""

import asyncio
import os
import random
from typing import Any, Final

import httpx
import pytest

from marketplace.bids.queries import bids as queries
from marketplace.bids.rules.lifecycle import BidState
from marketplace.house import House
from marketplace.kit.clock import FixedClock
from tests.given import bids as given
from tests.given import custody
from tests.given.processes import served
from tests.given.scenarios import Called, a_published_call, the_panel_seated

pytestmark = [pytest.mark.postgres, pytest.mark.long]

KILLS: Final = int(os.environ.get("JIEBANG_SOAK_OPENINGS", "1"))
SEED: Final = 20261126
BIDS: Final = 5
LONGEST_SECONDS: Final = 0.25
"""About as long as the act takes: kills fall before, into and after it."""


async def half_way(house: House, clock: FixedClock) -> tuple[Called, dict[str, Any]]:
    """Five sealed bids, the deadline passed, the officer's share given; only one is missing."""
    call = await a_published_call(house.database, clock)
    for _ in range(BIDS):
        await given.a_sealed_bid(house.database, clock, call, keeper=house.keeper)
    await the_panel_seated(house.database, clock, call)
    await given.the_deadline_passed(house.database, clock, call)
    await given.requested(house.database, clock, call, keeper=house.keeper)
    share = await custody.share_body(house.database, call.id, call.cast.supervisor)
    return call, share


async def witness(client: httpx.AsyncClient, call: Called, share: dict[str, Any]) -> httpx.Response:
    """The supervisor gives the second share."""
    url = f"/v1/scenarios/{call.id}/opening/actions/witness"
    return await client.post(url, json=share, headers=call.cast.supervisor.headers)


async def opened(house: House, call: Called) -> tuple[bool, set[BidState]]:
    """Whether there is a signed record, and what became of the bids."""
    async with house.database.reading() as session:
        row = await queries.opening(session, call.id)
        states = [bid.state for bid in await queries.timely_bids(session, call.id)]
        states += [bid.state for bid, _ in await queries.opened_bids(session, call.id)]
    assert row is not None
    return row.record is not None and row.record_signature is not None, set(states)


@pytest.mark.parametrize("number", range(KILLS))
async def test_a_killed_server_has_opened_everything_or_nothing(
    house: House, clock: FixedClock, number: int
) -> None:
    """Killed at some moment of the act; asked again it ends in one opening with one record."""
    call, share = await half_way(house, clock)
    wait = random.Random(f"{SEED} {number}").uniform(0, LONGEST_SECONDS)

    async with served(house) as server, httpx.AsyncClient(base_url=server.url) as real:
        asking = asyncio.create_task(witness(real, call, share))
        await asyncio.sleep(wait)
        await server.kill()
        answered = not isinstance(
            (await asyncio.gather(asking, return_exceptions=True))[0], BaseException
        )
    recorded, states = await opened(house, call)
    async with served(house) as server, httpx.AsyncClient(base_url=server.url) as real:
        again = await witness(real, call, share)

    assert (recorded, states) in [(True, {BidState.OPENED}), (False, {BidState.SUBMITTED})]
    assert recorded or not answered
    told = (again.status_code, again.json().get("code"))
    assert told == ((409, "bids.already_opened") if recorded else (200, None))
    assert await opened(house, call) == (True, {BidState.OPENED})
