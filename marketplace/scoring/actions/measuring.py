"""Have files measured where nothing they do can harm: by workers, never in the service itself.

`measure` and `check_truth` take names in the storage and give figures, or raise the refusal that
the worker has found.  No session is open meanwhile.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cache, partial
from importlib.util import find_spec
from typing import Any, Final

from marketplace.kit.bounded import Limits, Stopped
from marketplace.kit.cluster import DaskExecutor, Kind, pool_here
from marketplace.kit.digests import digest_of
from marketplace.kit.errors import MarketplaceError
from marketplace.kit.executors import Executor
from marketplace.kit.storage import Storage
from marketplace.kit.workers import Answered, Content
from marketplace.scoring.errors.measuring import MeasuringStopped
from marketplace.scoring.rules.metrics import registry as metrics
from marketplace.scoring.rules.slices import SliceValue
from marketplace.scoring.rules.splits import UNDIVIDED, Split
from marketplace.settings import PREFIX, SettingInvalid, Settings

WORK: Final = "marketplace.scoring.rules.measuring:work"
PREPARE: Final = "marketplace.scoring.rules.measuring:prepare"
WALL_SLACK_SECONDS: Final = 30
"""Beyond the computing time: a file from afar takes a while, and two cores may have four users."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasureJob:
    """Which file is measured against which hidden set, and how: everything the figures rest on."""

    metric: str
    """As a criterion names it, parameter included."""
    truth_file: str
    """Name in the storage."""
    truth_sha256: str
    sent_file: str
    """Name in the storage."""
    split: Split = UNDIVIDED
    slice_columns: tuple[str, ...] = ()
    """Columns of the hidden set by whose values the metric is reported as well."""
    outcomes: bool = False
    """Whether it is wanted what the file got by group of rows, where the metric can tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What one file is worth against one hidden set."""

    private: Decimal
    """What decides; on all rows where nothing is public."""
    public: Decimal | None
    """What may be told while the call is open; None where nothing is public."""
    rows: int
    private_rows: int
    public_rows: int
    slices: tuple[SliceValue, ...]
    outcomes: bytes
    """See `rules.outcomes.read`; empty where none were wanted or the metric has none."""
    milliseconds: int
    """Computing time."""


async def measure(executor: Executor, storage: Storage, job: MeasureJob) -> Measured:
    """Measure one stored file.

    Refuses  precisely what is wrong with the file, by line or id; MeasuringStopped beyond a limit;
             MetricUnknown, MetricUndefined, TruthUnfit.
    """
    # Found here as well: a name that nobody knows starts no worker.
    metrics.find(job.metric)
    task = _task("measure", job.metric, job.split, job.slice_columns, outcomes=job.outcomes)
    # What a worker keeps of a hidden set depends on how it is divided, which the key must say too.
    task["truth_key"] = digest_of([job.truth_sha256, *(task[one] for one in _PREPARED_BY)])
    answered = await _answer(
        executor,
        task,
        {
            "truth": _stored(storage, job.truth_file, key=task["truth_key"]),
            "sent": _stored(storage, job.sent_file),
        },
    )
    answer, sides = answered.answer, answered.answer["sides"]
    public = sides.get("public")
    return Measured(
        private=Decimal(sides["private"]["value"]),
        public=None if public is None else Decimal(public["value"]),
        rows=answer["rows"],
        private_rows=sides["private"]["rows"],
        public_rows=0 if public is None else public["rows"],
        slices=tuple(_slice(told) for told in answer["slices"]),
        outcomes=answered.blob,
        milliseconds=answered.milliseconds,
    )


async def check_truth(
    executor: Executor,
    storage: Storage,
    *,
    metric: str,
    truth_file: str,
    slice_columns: tuple[str, ...] = (),
) -> int:
    """Count the rows of a stored hidden set, trying the metric on it.  Refuses like `measure`."""
    metrics.find(metric)
    answered = await _answer(
        executor,
        _task("truth", metric, UNDIVIDED, slice_columns),
        {"truth": _stored(storage, truth_file)},
    )
    rows: int = answered.answer["rows"]
    return rows


async def read_inputs(
    executor: Executor, storage: Storage, *, metric: str, truth_file: str, inputs_file: str
) -> bytes:
    """Read stored hidden inputs, one for each row of a hidden set, and write them canonically.

    Refuses  what `rules.inputs.canonical` refuses; MeasuringStopped beyond a limit.
    """
    answered = await _answer(
        executor,
        _task("inputs", metric, UNDIVIDED, ()),
        {
            "truth": _stored(storage, truth_file),
            "sent": _stored(storage, inputs_file),
        },
    )
    return answered.blob


_PREPARED_BY: Final = ("public_share_bps", "split_key", "slices", "outcomes")


def _task(
    kind: str, metric: str, split: Split, slices: tuple[str, ...], *, outcomes: bool = False
) -> dict[str, Any]:
    return {
        "kind": kind,
        "metric": metric,
        "public_share_bps": split.public_share_bps,
        "split_key": split.key.hex(),
        "slices": list(slices),
        "outcomes": outcomes,
    }


def _stored(storage: Storage, name: str, *, key: str | None = None) -> Content:
    return Content(stream=partial(storage.stream, name), lent=partial(storage.lent, name), key=key)


def _slice(told: dict[str, Any]) -> SliceValue:
    value = told["value"]
    return SliceValue(
        column=told["column"],
        name=told["slice"],
        is_public=told["side"] == "public",
        rows=told["rows"],
        value=None if value is None else Decimal(value),
    )


async def _answer(executor: Executor, task: dict[str, Any], files: dict[str, Content]) -> Answered:
    outcome = await executor.run(task, files)
    if isinstance(outcome, Stopped):
        raise MeasuringStopped(reason=outcome.reason)
    code = outcome.answer.get("refused")
    if code is not None:
        raise _refusals()[code](**outcome.answer["facts"])
    return outcome


@cache
def _refusals() -> dict[str, type[MarketplaceError]]:
    def below(kind: type[MarketplaceError]) -> Iterator[type[MarketplaceError]]:
        for narrower in kind.__subclasses__():
            yield narrower
            yield from below(narrower)

    return {kind.code: kind for kind in below(MarketplaceError)}


def scorer_of(settings: Settings) -> Executor:
    """Find the executor that the settings name; houses of one process share it.

    Refuses  SettingInvalid for a name that is none, and for a cluster without address or extra.
    """
    kind = Kind(
        work=WORK,
        prepare=PREPARE,
        size=settings.scoring_workers,
        limits=Limits(
            cpu_seconds=settings.scoring_seconds,
            wall_seconds=settings.scoring_seconds + WALL_SLACK_SECONDS,
            memory_bytes=settings.scoring_bytes,
        ),
    )
    if settings.scoring_executor == "process":
        return pool_here(kind)
    if settings.scoring_executor != "dask" or not settings.scoring_scheduler:
        raise SettingInvalid(
            f"{PREFIX}SCORING_EXECUTOR must be process, or dask with {PREFIX}SCORING_SCHEDULER"
        )
    if find_spec("distributed") is None:
        raise SettingInvalid(f"{PREFIX}SCORING_EXECUTOR=dask needs the extra dask (distributed)")
    return _cluster(settings.scoring_scheduler, kind)


@cache
def _cluster(address: str, kind: Kind) -> DaskExecutor:
    return DaskExecutor(address=address, kind=kind)
