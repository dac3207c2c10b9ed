"""What is swept away, and what is not."""

import datetime as dt

import httpx
import pytest

from marketplace.datasets.actions import sweeping
from marketplace.datasets.actions.sweeping import Swept
from marketplace.house import House
from marketplace.kit.clock import FixedClock, SystemClock
from tests.given import datasets as given
from tests.given.datasets import ROWS, Library

PATIENCE = dt.timedelta(hours=24)


@pytest.fixture
async def library(client: httpx.AsyncClient, house: House) -> Library:
    """A published call that describes data of every kind."""
    return await given.a_library(client, house)


async def sweep(house: House, *, in_hours: int = 0) -> Swept:
    """One sweep, as it would be done some hours from now."""
    wall = FixedClock(SystemClock().now() + dt.timedelta(hours=in_hours))
    return await sweeping.sweep(
        house.database, house.storage, patience=PATIENCE, clock=house.clock, wall=wall
    )


@pytest.mark.postgres
async def test_an_upload_to_which_nothing_comes_is_ended(
    library: Library, house: House, clock: FixedClock
) -> None:
    """After a day, with everything that had arrived; one that goes on is left alone."""
    version = await library.version()
    stale = await library.begin(version, ROWS, name="stale.csv")
    alive = await library.begin(version, ROWS, name="alive.csv")
    await library.put(stale, 0, ROWS[:10])
    clock.advance(PATIENCE)
    await library.put(alive, 0, ROWS[:10])
    clock.advance(dt.timedelta(seconds=1))

    swept = await sweep(house)
    late = await library.put(stale, 10, ROWS[10:])
    more = await library.put(alive, 10, ROWS[10:])

    assert swept.uploads == 1
    assert (late.status_code, late.json()["upload_state"]) == (409, "expired")
    assert more.status_code == 200
    assert (await library.complete(alive)).status_code == 201
    assert (await library.upload(version, name="stale.csv")).status_code == 201


async def test_a_file_without_a_row_is_removed_when_its_row_can_no_longer_come(
    library: Library, house: House
) -> None:
    """Young ones may still be written; those with a row, and other rooms' files, are left alone."""
    version = await library.version()
    await library.upload(version)
    shelf = house.storage.within("datasets")
    orphan = await shelf.store_bytes(b"left behind")
    other = await house.storage.store_bytes(b"a prediction file")
    strange = house.settings.data_dir / "storage" / "datasets" / orphan.name[-2:] / "Thumbs.db"
    strange.write_bytes(b"what other programs leave in folders")

    young = await sweep(house)
    old = await sweep(house, in_hours=3)

    assert (young.files, old.files) == (0, 1)
    assert orphan.name not in [name async for name in shelf.names()]
    assert strange.exists()
    assert await house.storage.read(other.name) == b"a prediction file"
    assert (await sweeping.compare(house.database, house.storage)).rows_without_file == frozenset()
