"""Endpoints of solvers are asked once, whatever happens, and their answers measured like a file."""

import httpx
import pytest

from marketplace.house import House
from marketplace.kit.clock import FixedClock
from marketplace.kit.database import Database
from tests.given import inference as given
from tests.given.scoring import ROWS


@pytest.mark.postgres
async def test_an_endpoint_is_asked_and_measured(
    client: httpx.AsyncClient, database: Database, clock: FixedClock, house: House
) -> None:
    """Nine of ten right is 0.9, as for a file; each input was asked once, under a strange name."""
    play = await given.a_calling_play(client, database, clock)
    async with given.a_model(given.right_for(9)) as model:
        queued = await given.submit(play, model.url)
        assert (queued["state"], queued["queue"]["position"]) == ("queued", 0)

        assert await given.called(house) == 1

    found = await given.seen(play, queued)
    assert (found["state"], found["value"], found["source"]) == ("scored", "0.9", "endpoint")
    assert set(model.texts.values()) == {1}
    assert len(model.asked) == ROWS
    assert not {one["id"] for one in model.asked} & {f"r{at}" for at in range(ROWS)}
    run = found["run"]
    assert (run["rows"], run["rows_failed"], run["error_share_bps"]) == (ROWS, 0, 0)
    assert 0 <= run["p50_ms"] <= run["p95_ms"] <= run["p99_ms"]
