"""Two at once: one does it, and the other finds it done; nothing slips out past a withdrawal."""

import asyncio
import datetime as dt
from collections import Counter
from uuid import UUID

import httpx
import pytest
from sqlmodel import select

from marketplace.datasets.actions import downloading, sweeping
from marketplace.datasets.jobs import Profiler
from marketplace.datasets.queries import data
from marketplace.events.tables import EventRow
from marketplace.house import House
from marketplace.identity.rules.access import Role
from marketplace.kit.clock import FixedClock
from tests.given import datasets as given
from tests.given.datasets import ROWS, Library
from tests.given.identity import someone

pytestmark = pytest.mark.long

AT_ONCE = 8
LEASE = dt.timedelta(minutes=10)
"""Longer than any run may take."""


@pytest.fixture
async def library(client: httpx.AsyncClient, house: House) -> Library:
    """A published call that describes data of every kind."""
    return await given.a_library(client, house)


async def disagreement(house: House) -> int:
    """How many rows and files do not agree."""
    found = await sweeping.compare(house.database, house.storage)
    return len(found.rows_without_file) + len(found.files_without_row)


@pytest.mark.postgres
async def test_completed_by_many_at_once_is_one_file(library: Library, house: House) -> None:
    """Every caller gets the same file, and the storage holds it once."""
    version = await library.version()
    upload = await library.begin(version, ROWS)
    await library.put(upload, 0, ROWS)

    answers = await asyncio.gather(*(library.complete(upload) for _ in range(AT_ONCE)))

    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert len((await library.ok(library.custodian, "GET", version))["files"]) == 1
    assert await disagreement(house) == 0


@pytest.mark.postgres
async def test_a_part_sent_by_many_at_once_counts_once(library: Library, house: House) -> None:
    """The offset moves once; whoever is late is told that it is there."""
    upload = await library.begin(await library.version(), ROWS)

    answers = await asyncio.gather(*(library.put(upload, 0, ROWS[:20]) for _ in range(AT_ONCE)))

    assert {answer.status_code for answer in answers} == {200}
    assert (await library.ok(library.custodian, "GET", upload))["offset"] == 20
    assert await disagreement(house) == 0


@pytest.mark.postgres
async def test_of_two_uploads_of_one_name_one_begins(library: Library) -> None:
    """The other is told which holds the name."""
    version = await library.version()
    body = {"name": "a.csv", "format": "csv", "size_bytes": 3, "sha256": "0" * 64}

    answers = await asyncio.gather(
        *(
            library.ask(library.custodian, "POST", f"{version}/uploads", json=body)
            for _ in range(AT_ONCE)
        )
    )

    assert Counter(answer.status_code for answer in answers) == {201: 1, 409: AT_ONCE - 1}


@pytest.mark.postgres
async def test_of_two_custodians_one_decides(library: Library) -> None:
    """Approve and refuse at once: one holds, the other has not read the present version."""
    version, _ = await library.published()
    request = await library.requested(version)
    second = await someone(
        library.house.database,
        Role.DATA_CUSTODIAN,
        organization_id=library.custodian.organization_id,
    )

    answers = await asyncio.gather(
        library.act(library.custodian, request, "approve"),
        library.act(second, request, "refuse", {"reason": "用途不明"}),
    )

    assert sorted(answer.status_code for answer in answers) in ([200, 409], [200, 412])
    winner = next(answer for answer in answers if answer.status_code == 200)
    assert (await library.ok(library.solver, "GET", request))["state"] == winner.json()["state"]


@pytest.mark.postgres
async def test_many_requests_of_one_organisation_are_one(library: Library) -> None:
    """Colleagues who ask at once make one request."""
    version, _ = await library.published()
    terms = (await library.ok(library.solver, "GET", version))["terms_sha256"]
    body = {"purpose": "训练", "terms_sha256": terms}

    answers = await asyncio.gather(
        *(
            library.ask(library.solver, "POST", f"{version}/access-requests", json=body)
            for _ in range(AT_ONCE)
        )
    )

    assert Counter(answer.status_code for answer in answers) == {201: 1, 409: AT_ONCE - 1}


@pytest.mark.postgres
async def test_a_withdrawal_waits_for_whoever_was_just_let_in(
    library: Library, house: House
) -> None:
    """A download that was admitted, but not yet written down, is on the list of the withdrawal.

    Otherwise somebody would hold personal data, and never be told.
    """
    version, file_id = await library.published("open")
    wanted = downloading.Wanted(token=None, address_digest="0" * 64)
    body = {"reason": "personal_data_found"}

    async with house.database.writing() as session:
        who, now = library.solver.actor, house.clock.now()
        await downloading.admit(session, who, UUID(file_id), wanted, now=now)
        withdrawing = asyncio.create_task(library.act(library.custodian, version, "withdraw", body))
        await asyncio.sleep(1)
        waited = not withdrawing.done()
        await downloading.begin(session, who, UUID(file_id), wanted, now=now)
    withdrawn = await withdrawing

    assert waited
    assert withdrawn.status_code == 200
    assert await _organisations_told(house) == {library.solver.organization_id}


@pytest.mark.postgres
async def test_what_was_let_in_beside_a_withdrawal_was_told_of_it(
    library: Library, house: House
) -> None:
    """Many at once: exactly those who were admitted get a notice, and afterwards nobody is."""
    version, file_id = await library.published("open")
    takers = [await someone(house.database, Role.SOLVER) for _ in range(AT_ONCE)]

    answers, withdrawn = await asyncio.gather(
        asyncio.gather(*(library.download(taker, file_id) for taker in takers)),
        library.act(library.custodian, version, "withdraw", {"reason": "content_wrong"}),
    )
    late = await library.download(takers[0], file_id)

    assert withdrawn.status_code == 200
    assert {answer.status_code for answer in answers} <= {200, 403}
    assert await _organisations_told(house) == {
        taker.organization_id
        for taker, answer in zip(takers, answers, strict=True)
        if answer.status_code == 200
    }
    assert late.status_code == 403


async def _organisations_told(house: House) -> set[UUID | None]:
    """Who got a notice."""
    async with house.database.reading() as session:
        found = await session.exec(
            select(EventRow.organization_id).where(EventRow.type == "dataset_notice.given")
        )
        return set(found.all())


@pytest.mark.postgres
async def test_a_profile_that_dies_is_tried_three_times(
    library: Library, house: House, clock: FixedClock
) -> None:
    """A run that says nothing comes due again, and after the third it is given up with a word."""
    version = await library.version()
    done = await library.upload(version)
    profiler = Profiler(
        database=house.database, storage=house.storage, settings=house.settings, clock=house.clock
    )
    attempts = []

    for _ in range(3):
        leased = await profiler.take()
        assert leased is not None
        attempts.append(leased.attempt)
        assert await profiler.take() is None
        clock.advance(LEASE)
    assert await profiler.take() is None

    async with house.database.reading() as session:
        row = await data.file(session, UUID(done.json()["id"]))
    assert attempts == [1, 2, 3]
    assert row.profile_state.value == "failed"
    assert row.profile_reason == {"problem": "crashed", "attempts": 3}


@pytest.mark.postgres
async def test_a_house_that_stops_does_not_wait_for_a_profile(
    library: Library, house: House
) -> None:
    """What is under way is dropped within seconds, given back, and counts as no attempt."""
    content = b"id,label,taken_on\n" + b"".join(b"%d,yes,2026-01-05\n" % n for n in range(400_000))
    done = await library.upload(await library.version(), content)
    profiler = Profiler(
        database=house.database, storage=house.storage, settings=house.settings, clock=house.clock
    )
    stopping = asyncio.Event()
    working = asyncio.create_task(profiler.work(stopping=stopping))
    await asyncio.sleep(0.2)

    stopping.set()
    profiled = await asyncio.wait_for(working, timeout=60)

    async with house.database.reading() as session:
        row = await data.file(session, UUID(done.json()["id"]))
    assert profiled == 0
    assert (row.profile_state.value, row.profile_attempts) == ("queued", 0)
    assert await library.profile() == 1
