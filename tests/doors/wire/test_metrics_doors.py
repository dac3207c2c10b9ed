"""Whoever watches the platform scrapes it; what is sealed shows in no number."""

import datetime as dt
import re
from uuid import UUID

import httpx
import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as open_families
from prometheus_client.parser import text_string_to_metric_families

from marketplace.events.rules.envelope import Visibility
from marketplace.house import House
from marketplace.identity.rules.access import Role
from marketplace.kit.clock import FixedClock
from marketplace.kit.database import Database
from marketplace.kit.ids import new_id
from marketplace.kit.outbound import Outbound
from marketplace.scoring.rules.work import WorkKind, WorkState
from marketplace.scoring.tables.submissions import Work
from marketplace.webhooks import jobs
from tests.given import identity as people
from tests.given import webhooks as given
from tests.given.identity import Someone
from tests.given.scenarios import a_published_call
from tests.house import source

OPEN_METRICS = "application/openmetrics-text; version=1.0.0"


@pytest.fixture
async def watcher(database: Database) -> Someone:
    """Somebody who may watch."""
    return await people.someone(database, Role.PLATFORM_ADMIN)


async def scraped(client: httpx.AsyncClient, watcher: Someone) -> dict[str, float]:
    """Every sample, under its name and its labels."""
    answer = await client.get("/metrics", headers=watcher.headers)
    assert answer.status_code == 200, answer.text
    return {
        " ".join([one.name, *one.labels.values()]): one.value
        for family in text_string_to_metric_families(answer.text)
        for one in family.samples
    }


async def work_comes(house: House, scenario_id: UUID, *, sealed: bool) -> None:
    """A file waits to be measured; sealed while it would tell that somebody bids."""
    async with house.database.writing() as session:
        session.add(
            Work(
                kind=WorkKind.SCORE,
                subject_id=new_id(),
                scenario_id=scenario_id,
                sealed=sealed,
                state=WorkState.QUEUED,
                priority=0,
                steps_total=1,
                next_at=house.clock.now(),
                created_at=house.clock.now(),
            )
        )


@pytest.mark.postgres
async def test_what_waits_and_for_how_long(
    client: httpx.AsyncClient, house: House, watcher: Someone
) -> None:
    """Before and after the fan-out, and a minute later."""
    owner = await people.someone(house.database, Role.SOLVER)
    await given.an_endpoint(house, owner, "scenario.closed")
    for _ in range(3):
        await given.an_event(house)
    before = await scraped(client, watcher)
    async with Outbound() as outbound:
        await jobs.fan_out(given.a_courier(house, outbound))
    assert isinstance(house.clock, FixedClock)
    house.clock.advance(dt.timedelta(minutes=1))
    after = await scraped(client, watcher)

    assert before["jiebang_events_waiting"] >= 3
    assert before["jiebang_webhook_deliveries_due"] == 0
    assert after["jiebang_events_waiting"] == 0
    assert after["jiebang_webhook_deliveries_due"] == 3
    assert after["jiebang_webhook_deliveries_pending"] == 3
    assert after["jiebang_webhook_oldest_due_seconds"] == 60
    assert after["jiebang_webhook_endpoints active"] == 1
    assert after["jiebang_webhook_endpoints paused"] == 0
    assert after["jiebang_webhook_log_deliveries_removed_total"] == 0


async def test_requests_are_counted_by_what_became_of_them(
    client: httpx.AsyncClient, watcher: Someone
) -> None:
    """Not by address and not by method: they would tell how many bids came."""
    await scraped(client, watcher)
    before = await scraped(client, watcher)
    for path in ("/health/live", "/health/live", "/v1/nowhere"):
        await client.get(path)
    after = await scraped(client, watcher)

    # The scrape before was not over when it counted.
    more = {name: number - before.get(name, 0) for name, number in after.items()}
    assert more["jiebang_http_requests_total 2xx"] == 3
    assert more["jiebang_http_requests_total 4xx"] == 1
    assert more["jiebang_http_request_duration_seconds_count"] == 4
    counted = {name for name in after if name.startswith("jiebang_http_requests_total")}
    assert counted <= {f"jiebang_http_requests_total {one}xx" for one in "12345"}
    assert after["process_resident_memory_bytes"] > 0


@pytest.mark.postgres
async def test_nothing_sealed_is_counted(
    client: httpx.AsyncClient, house: House, watcher: Someone
) -> None:
    """A bid that came, and a file sent with it, change no number of ours."""
    call = await a_published_call(house.database, house.clock)
    before = await scraped(client, watcher)
    await given.an_event(house, Visibility.SEALED)
    await work_comes(house, call.id, sealed=True)
    after = await scraped(client, watcher)
    await work_comes(house, call.id, sealed=False)
    then = await scraped(client, watcher)

    ours = {name for name in before if name.startswith(("jiebang_events", "jiebang_scoring"))}
    assert len(ours) == 4
    assert {name: after[name] for name in ours} == {name: before[name] for name in ours}
    assert then["jiebang_scoring_work queued"] == after["jiebang_scoring_work queued"] + 1


async def test_a_collector_that_asks_for_openmetrics_gets_it(
    client: httpx.AsyncClient, watcher: Someone
) -> None:
    """The published parser reads it to its end; the content type names each parameter once."""
    usual = await client.get("/metrics", headers=watcher.headers)
    answer = await client.get("/metrics", headers=watcher.headers | {"accept": OPEN_METRICS})

    assert usual.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert answer.headers["content-type"].startswith("application/openmetrics-text")
    assert answer.headers["cache-control"] == "no-store"
    families = list(open_families(answer.text))  # type: ignore[no-untyped-call]
    assert len(families) > 10


async def test_the_page_for_operators_names_every_number(
    client: httpx.AsyncClient, house: House, watcher: Someone
) -> None:
    """And no other."""
    owner = await people.someone(house.database, Role.SOLVER)
    await given.an_endpoint(house, owner, "scenario.closed")
    await given.an_event(house)
    async with Outbound() as outbound:
        await jobs.fan_out(given.a_courier(house, outbound))
    answer = await client.get("/metrics", headers=watcher.headers)
    page = (source.ROOT / "docs/watching.md").read_text()

    told = set(re.findall(r"^# TYPE (jiebang_\w+)", answer.text, re.MULTILINE))
    named = set(re.findall(r"`(jiebang_\w+)`", page))
    assert named == {one for one in told if not one.endswith("_created")}


async def test_who_may_not_watch_is_told_what_is_missing(
    client: httpx.AsyncClient, database: Database
) -> None:
    """In either language, like everywhere."""
    solver = await people.someone(database, Role.SOLVER)
    refused = await client.get("/metrics", headers=solver.headers)
    unknown = await client.get("/metrics")

    assert (refused.status_code, refused.json()["permission"]) == (403, "operations:watch")
    assert unknown.status_code == 401
