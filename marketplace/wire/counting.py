"""Count requests, and write down what was counted for whoever watches the platform.

Requests are counted by what became of them and by nothing else: by address or by method they would
tell how many bids came to a call before its opening.
"""

from collections.abc import Iterable, Iterator

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import choose_encoder
from prometheus_client.gc_collector import GCCollector
from prometheus_client.metrics_core import Metric
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector

BUCKETS_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
"""Up to half a minute: a long poll waits for 25 seconds."""


class Counted:
    """What one process counted since it started; nothing here is shared with another one."""

    def __init__(self, version: str) -> None:
        self._registry = CollectorRegistry()
        for collector in (ProcessCollector, PlatformCollector, GCCollector):
            collector(registry=self._registry)
        build = Gauge(
            "jiebang_build_info",
            "Which release runs here; always 1.",
            ["version"],
            registry=self._registry,
        )
        build.labels(version).set(1)
        self._requests = Counter(
            "jiebang_http_requests",
            "Requests that were answered, by the first digit of the status.",
            ["status"],
            registry=self._registry,
        )
        self._seconds = Histogram(
            "jiebang_http_request_duration_seconds",
            "From the head of a request to the end of its answer.",
            buckets=BUCKETS_SECONDS,
            registry=self._registry,
        )

    def note(self, status: int, seconds: float) -> None:
        """Count one request."""
        self._requests.labels(f"{status // 100}xx").inc()
        self._seconds.observe(seconds)

    def written(self, besides: Iterable[Metric], accept: str) -> tuple[bytes, str]:
        """Write everything in the form that is asked for; say which one it is.

        Shape    Prometheus text, or OpenMetrics where `accept` asks for it.
        """
        encode, media_type = choose_encoder(accept)
        return encode(_Together(self._registry, besides)), media_type


class _Together(CollectorRegistry):
    """What the process counted, then what else there is to tell."""

    def __init__(self, counted: CollectorRegistry, besides: Iterable[Metric]) -> None:
        super().__init__()
        self._counted, self._besides = counted, besides

    def collect(self) -> Iterator[Metric]:
        """List every family once."""
        yield from self._counted.collect()
        yield from self._besides
