"""A new master key: everything is sealed again, nothing is lost, and the house stays open."""

import asyncio
import dataclasses
import os
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

import httpx
import pytest
from sqlalchemy import LargeBinary, String, select
from sqlmodel import JSON

from marketplace import registry
from marketplace.app import create_app
from marketplace.client.listen import serve_receiver
from marketplace.house import House
from marketplace.kit import rotation
from marketplace.kit import secrets as kit
from marketplace.kit.clock import FixedClock
from marketplace.kit.ids import new_id
from marketplace.kit.rotation import Turned, rotate, sealed_columns
from marketplace.kit.secrets import CannotUnseal, Keeper
from marketplace.webhooks.actions import endpoints
from marketplace.webhooks.tables import Endpoint
from tests.given import secrets as given
from tests.given import webhooks
from tests.given.identity import someone

METADATA = registry.metadata()
OLD = Keeper.from_text("a key for tests only, 32 characters at least")
NEW = Keeper.from_text("the key after it, with 32 characters at least")
BOTH = Keeper(NEW.master_key, (OLD.master_key,))


@asynccontextmanager
async def asking(house: House) -> AsyncIterator[httpx.AsyncClient]:
    """A client of an app over this house, with its keeper."""
    transport = httpx.ASGITransport(app=create_app(house))  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://jiebang.test") as client:
        yield client


async def rotated(house: House, keeper: Keeper, **options: int) -> Turned:
    """Rotate to the end and add up."""
    everything = Turned()
    async for turned in rotate(house.database, METADATA, keeper, **options):
        everything.add(turned)
    return everything


async def outstanding(house: House, keeper: Keeper) -> Counter[str]:
    """Count what is not under the keeper's current key, by column."""
    async with house.database.reading() as session:
        counted = await rotation.census(session, METADATA)
    left = rotation.outstanding(counted, keeper)
    return Counter({column: keys.total() for column, keys in left.items()})


def now_with(house: House, keeper: Keeper) -> House:
    """The same house after a restart with other keys."""
    return dataclasses.replace(house, keeper=keeper)


@pytest.mark.postgres
async def test_only_declared_columns_hold_sealed_values_and_all_of_them_open(
    house: House, clock: FixedClock, client: httpx.AsyncClient
) -> None:
    """In a world with every secret, each declared column is filled and opens by its declaration,
    and no other column of the database holds anything that the keeper sealed.
    """
    await given.secrets_everywhere(house, clock, client)
    declared = {str(column): column for column in sealed_columns(METADATA)}

    async with house.database.reading() as session:
        connection = await session.connection()
        for name, column in declared.items():
            asked = select(column.column, *column.needed).where(column.column.is_not(None))
            rows = (await connection.execute(asked)).mappings().all()
            assert rows, f"{name} is declared as sealed, but tests/given/secrets.py plants nothing"
            for row in rows:
                house.keeper.unseal(row[column.column], context=column.context.format(**row))
        for table in METADATA.sorted_tables:
            for other in table.columns:
                if f"{table.name}.{other.name}" in declared:
                    continue
                if isinstance(other.type, LargeBinary | String | JSON):
                    values = (await connection.execute(select(other))).scalars().all()
                    assert [value for value in values if _looks_sealed(value)] == [], other


def _looks_sealed(value: object) -> bool:
    raw = value if isinstance(value, bytes) else str(value).encode()
    return kit.FORM in raw or kit.FORM.hex().encode() in raw or b"amJzA" in raw


@pytest.mark.postgres
async def test_after_a_rotation_the_new_key_alone_is_enough(
    house: House, clock: FixedClock, client: httpx.AsyncClient
) -> None:
    """In the middle of a call: repeats, signatures and the opening work without the old key."""
    recorder = webhooks.Recorder(204)
    async with serve_receiver(recorder) as url:
        planted = await given.secrets_everywhere(house, clock, client, url=url)
        before = await outstanding(house, NEW)

        turned = await rotated(house, BOTH, batch=2)

        assert turned.exchanged == before and min(before.values()) >= 1
        assert len(before) == len(sealed_columns(METADATA))
        assert await outstanding(house, NEW) == Counter()
        alone = now_with(house, NEW)
        async with asking(alone) as later:
            await given.check_that_it_works(alone, clock, later, planted, recorder)


@pytest.mark.postgres
async def test_during_a_rotation_both_keys_are_enough(
    house: House, clock: FixedClock, client: httpx.AsyncClient
) -> None:
    """Stopped after one batch, half old and half new, everything works; the next run ends it."""
    recorder = webhooks.Recorder(204)
    async with serve_receiver(recorder) as url:
        planted = await given.secrets_everywhere(house, clock, client, url=url)
        total = (await outstanding(house, NEW)).total()

        async for _ in rotate(house.database, METADATA, BOTH, batch=1):
            break

        assert (await outstanding(house, NEW)).total() == total - 1
        rest = await rotated(house, BOTH)
        assert rest.exchanged.total() == total - 1
        assert (await rotated(house, BOTH)).exchanged.total() == 0
        half = now_with(house, BOTH)
        async with asking(half) as later:
            await given.check_that_it_works(half, clock, later, planted, recorder)


@pytest.mark.postgres
async def test_a_change_made_meanwhile_is_never_overwritten(
    house: House, clock: FixedClock, client: httpx.AsyncClient
) -> None:
    """A secret that was renewed between reading and writing stays the renewed one."""
    planted = await given.secrets_everywhere(house, clock, client)
    (column,) = (c for c in sealed_columns(METADATA) if str(c) == "webhook_endpoint.sealed_secret")
    held = await rotation._held(house.database, column, BOTH, None, 10)
    row = planted.endpoint.row
    async with house.database.writing() as session:
        renewed = await endpoints.rotate_secret(
            session,
            planted.owner.actor,
            row.id,
            expected_version=row.version,
            keeper=OLD,
            entropy=b"\x09" * 32,
            now=clock.now(),
        )

    turned = await rotation.exchange(house.database, column, BOTH, held)

    assert (turned.exchanged.total(), turned.skipped[str(column)]) == (0, 1)
    await rotated(house, BOTH)
    async with house.database.reading() as session:
        kept = await session.get(Endpoint, row.id)
        assert kept is not None and kept.sealed_secret_before is not None
        context = endpoints.secret_context(row.id)
        assert NEW.unseal(kept.sealed_secret, context=context).decode() == renewed.secret
        before = NEW.unseal(kept.sealed_secret_before, context=context).decode()
        assert before == planted.endpoint.secret


@pytest.mark.postgres
async def test_writers_and_rotation_at_once_lose_nothing(
    house: House, clock: FixedClock, engine: str
) -> None:
    """While twelve endpoints are given new secrets, a rotation runs: every newest secret counts."""
    owner = await someone(house.database)
    made = [await _an_endpoint_row(house, owner.organization_id) for _ in range(12)]

    async def renewing(endpoint_id: UUID, secret: bytes) -> None:
        context = endpoints.secret_context(endpoint_id)
        async with house.database.writing() as session:
            row = await session.get(Endpoint, endpoint_id, with_for_update=True)
            assert row is not None
            await asyncio.sleep(0)
            row.sealed_secret = OLD.seal(secret, context=context)

    secrets = {endpoint_id: os.urandom(24) for endpoint_id in made}
    await asyncio.gather(
        rotated(house, BOTH, batch=3), *(renewing(one, secret) for one, secret in secrets.items())
    )
    await rotated(house, BOTH)

    async with house.database.reading() as session:
        for endpoint_id, secret in secrets.items():
            row = await session.get(Endpoint, endpoint_id)
            assert row is not None
            context = endpoints.secret_context(endpoint_id)
            assert NEW.unseal(row.sealed_secret, context=context) == secret


@pytest.mark.postgres
async def test_a_row_in_somebody_elses_hands_is_not_waited_for(
    house: House, clock: FixedClock, engine: str
) -> None:
    """PostgreSQL skips a locked row, counts it as skipped, and finds it in the next run; SQLite,
    which has one writer at a time, gets its turn after the other and has nothing to skip.
    """
    owner = await someone(house.database)
    endpoint_id = await _an_endpoint_row(house, owner.organization_id)
    async with house.database.writing() as session:
        await session.get(Endpoint, endpoint_id, with_for_update=True)
        turning = asyncio.create_task(rotated(house, BOTH))
        ended, _ = await asyncio.wait({turning}, timeout=5 if engine == "postgres" else 0.3)
        assert bool(ended) is (engine == "postgres")
    first = await asyncio.wait_for(turning, timeout=5)
    second = await rotated(house, BOTH)

    column, skipped = "webhook_endpoint.sealed_secret", int(engine == "postgres")
    assert (first.exchanged[column], first.skipped[column]) == (1 - skipped, skipped)
    assert (second.exchanged[column], second.skipped[column]) == (skipped, 0)


@pytest.mark.postgres
async def test_what_no_key_opens_is_told_and_left_alone(house: House, engine: str) -> None:
    """With a wrong old key nothing is changed; the id of the missing key is named, once."""
    owner = await someone(house.database)
    foreign = Keeper(os.urandom(32))
    kept = await _an_endpoint_row(house, owner.organization_id, keeper=foreign)
    good = await _an_endpoint_row(house, owner.organization_id)

    turned = await rotated(house, BOTH)

    column = "webhook_endpoint.sealed_secret"
    assert turned.unreadable == {column: Counter({foreign.ids[0]: 1})}
    assert turned.exchanged == Counter({column: 1})
    assert await outstanding(house, NEW) == Counter({column: 1})
    async with house.database.reading() as session:
        row, other = await session.get(Endpoint, kept), await session.get(Endpoint, good)
        assert row is not None and other is not None
        with pytest.raises(CannotUnseal) as refused:
            BOTH.unseal(row.sealed_secret, context=endpoints.secret_context(kept))
        assert refused.value.facts == {"sealed_under": foreign.ids[0]}
        assert NEW.is_current(other.sealed_secret)


@pytest.mark.postgres
async def test_values_without_an_id_are_rotated_too(house: House, engine: str) -> None:
    """What the first release sealed opens under the keys that there are, and gets its id."""
    owner = await someone(house.database)
    endpoint_id = await _an_endpoint_row(house, owner.organization_id)
    context = endpoints.secret_context(endpoint_id)
    first_form = kit.seal(OLD.master_key, b"whsec_old", context=context.encode())
    async with house.database.writing() as session:
        row = await session.get(Endpoint, endpoint_id)
        assert row is not None
        row.sealed_secret = first_form

    async with house.database.reading() as session:
        counted = await rotation.census(session, METADATA)
    assert counted["webhook_endpoint.sealed_secret"] == Counter({rotation.NO_ID: 1})
    await rotated(house, BOTH)

    async with house.database.reading() as session:
        kept = await session.get(Endpoint, endpoint_id)
        assert kept is not None and NEW.unseal(kept.sealed_secret, context=context) == b"whsec_old"


async def _an_endpoint_row(house: House, organization_id: UUID, keeper: Keeper = OLD) -> UUID:
    """An endpoint whose secret is sealed by a keeper of choice."""
    row = Endpoint(
        id=new_id(),
        organization_id=organization_id,
        url=webhooks.NOWHERE,
        event_types=[],
        sealed_secret=b"",
        created_at=house.clock.now(),
        served_at=house.clock.now(),
    )
    row.sealed_secret = keeper.seal(b"whsec_x", context=endpoints.secret_context(row.id))
    async with house.database.writing() as session:
        session.add(row)
    return row.id
