"""What whoever watches the platform sees: what waits, for how long, and what was removed.

Read from the database when it is asked for, so every process tells the same; what a process counts
of its own requests stands beside it.  Nothing sealed is counted: how much a call is worked for is
nobody's business before the opening.
"""

import datetime as dt
from collections.abc import Iterator, Mapping

from litestar import Request, Response, get
from litestar.datastructures import State
from litestar.di import NamedDependency
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric

from marketplace.events import queries as events
from marketplace.identity.rules import access
from marketplace.identity.rules.access import Actor, Permission
from marketplace.kit.clock import Clock
from marketplace.kit.database import ReadSession
from marketplace.scoring.queries import work
from marketplace.scoring.queries.work import Queue
from marketplace.settings import Settings
from marketplace.webhooks.queries import keeping, workers
from marketplace.webhooks.queries.keeping import Kept
from marketplace.webhooks.queries.workers import Backlog
from marketplace.wire.counting import Counted


@get("/metrics", operation_id="metrics_get", tags=["health"], media_type="text/plain")
async def get_metrics(
    request: Request[Actor, None, State],
    actor: NamedDependency[Actor],
    reader: NamedDependency[ReadSession],
    clock: NamedDependency[Clock],
    settings: NamedDependency[Settings],
    counted: NamedDependency[Counted],
) -> Response[bytes]:
    """Tell how the platform does, in the text form of Prometheus; nothing sealed is counted.

    Whoever asks shows an API key with `operations:watch`, as the bearer token of the scrape.
    """
    access.require(actor, Permission.OPERATIONS_WATCH)
    now = await clock.decisive(reader)
    before = now - dt.timedelta(days=settings.webhook_log_days)
    families = [
        *_of_events(await events.waiting_for_fan_out(reader)),
        *_of_deliveries(await workers.backlog(reader, now=now), now),
        *_of_the_delivery_log(await keeping.kept(reader, before=before)),
        *_of_scoring(await work.queue(reader, now=now), now),
    ]
    content, media_type = counted.written(families, request.headers.get("accept", ""))
    # As a header: to a media type of text its charset, which it names already, would be added.
    headers = {"Cache-Control": "no-store", "Content-Type": media_type}
    return Response(content, headers=headers)


def _of_events(waiting: int) -> Iterator[Metric]:
    yield GaugeMetricFamily(
        "jiebang_events_waiting",
        f"Events for which no deliveries were made yet, counted up to {events.COUNTED_MAX}.",
        value=waiting,
    )


def _of_deliveries(backlog: Backlog, now: dt.datetime) -> Iterator[Metric]:
    yield GaugeMetricFamily(
        "jiebang_webhook_deliveries_due",
        "Deliveries that may be sent now and are not under way.",
        value=backlog.due,
    )
    yield GaugeMetricFamily(
        "jiebang_webhook_deliveries_pending",
        "Deliveries owed to endpoints that are called: due, under way, resting or in line.",
        value=backlog.pending,
    )
    yield GaugeMetricFamily(
        "jiebang_webhook_oldest_due_seconds",
        "For how long the oldest delivery that is due has been due.",
        value=_age(backlog.oldest_due_at, now),
    )
    yield _by(
        "jiebang_webhook_endpoints",
        "Endpoints by state.",
        {state.value: number for state, number in backlog.endpoints.items()},
    )


def _of_the_delivery_log(kept: Kept) -> Iterator[Metric]:
    yield CounterMetricFamily(
        "jiebang_webhook_log_deliveries_removed",
        "Finished deliveries that were removed because their time was over.",
        value=kept.deliveries_removed,
    )
    yield CounterMetricFamily(
        "jiebang_webhook_log_attempts_removed",
        "Attempts that were removed because their time was over.",
        value=kept.attempts_removed,
    )
    yield GaugeMetricFamily(
        "jiebang_webhook_log_deliveries_over",
        f"Deliveries whose time is over and that are there, counted up to {keeping.COUNTED_MAX}.",
        value=kept.over,
    )
    if kept.oldest_delivery_at is not None:
        yield GaugeMetricFamily(
            "jiebang_webhook_log_oldest_timestamp_seconds",
            "When the oldest delivery that is kept was made.",
            value=kept.oldest_delivery_at.timestamp(),
        )


def _of_scoring(queue: Queue, now: dt.datetime) -> Iterator[Metric]:
    yield _by(
        "jiebang_scoring_work",
        "Pieces of scoring work that are not over, by state; none that is sealed.",
        {state.value: number for state, number in queue.open.items()},
    )
    yield GaugeMetricFamily(
        "jiebang_scoring_oldest_due_seconds",
        "For how long the oldest piece of work that may be taken could have been taken.",
        value=_age(queue.oldest_due_at, now),
    )


def _by(name: str, help_text: str, numbers: Mapping[str, int]) -> Metric:
    family = GaugeMetricFamily(name, help_text, labels=["state"])
    for state, number in numbers.items():
        family.add_metric([state], number)
    return family


def _age(since: dt.datetime | None, now: dt.datetime) -> float:
    return 0.0 if since is None else max(0.0, (now - since).total_seconds())
