"""What an endpoint is asked, within which limits, and what its answers are worth.

An endpoint sees each row under a name made for this run alone, in an order made for this run alone:
whoever has got hold of the hidden answers cannot look a row up by its id or by its place.  All
predictions together are one more prediction file, measured by what measures files that are sent.

A row without a prediction is never left out.  Where the metric can count one that is wrong, it
gets a stand-in that is right for no row; where it cannot, the run has no value.
"""

import json
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from hashlib import blake2b
from typing import Final

from marketplace.kit.digests import NotCanonical, canonical_json
from marketplace.kit.money import BPS_WHOLE
from marketplace.scoring.errors import endpoints as errors
from marketplace.scoring.rules.answers import Fault as Fault
from marketplace.scoring.rules.answers import Problem as Problem
from marketplace.scoring.rules.answers import read_answer as read_answer
from marketplace.scoring.rules.documents import short
from marketplace.scoring.rules.evidence import Evidence as Evidence
from marketplace.scoring.rules.evidence import Failure as Failure
from marketplace.scoring.rules.evidence import Kept as Kept
from marketplace.scoring.rules.evidence import Outcome as Outcome
from marketplace.scoring.rules.evidence import read_evidence as read_evidence
from marketplace.scoring.rules.metrics.definitions import LABEL, Meaning, Metric
from marketplace.scoring.rules.metrics.lists import RANKED
from marketplace.scoring.rules.metrics.texts import TEXT
from marketplace.scoring.rules.metrics.watching import ALARMS, NONE, WARNING

ANSWERS_BYTES_MAX: Final = 64 * 1024 * 1024
"""Of all answers of a run together: as much as a prediction file may have."""
ROWS_MAX: Final = 100_000
REQUEST_BYTES_MAX: Final = 4 * 1024 * 1024
SEED_BYTES_MIN: Final = 16
ALIAS_BYTES: Final = 12
TURNED_AWAY: Final = frozenset({401, 403, 410})
"""Whoever says so does not want the next call either."""
STATUS_OK: Final = 200


@dataclass(frozen=True, slots=True)
class Bounds:
    """Between which whole numbers a limit lies."""

    least: int
    most: int


BOUNDS: Final[Mapping[str, Bounds]] = {
    "requests_per_second": Bounds(1, 100),
    "concurrency": Bounds(1, 16),
    "seconds_per_request": Bounds(1, 60),
    "seconds_total": Bounds(1, 14_400),
    "rows_per_request": Bounds(1, 256),
    "answer_bytes_max": Bounds(1_024, 1_048_576),
    "failures_share_max_bps": Bounds(0, 5_000),
    "retries_max": Bounds(0, 3),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How an endpoint is called; published with the call.  Refuses EndpointLimitInvalid."""

    requests_per_second: int = 10
    concurrency: int = 4
    """Requests under way at a time."""
    seconds_per_request: int = 10
    """From the look-up of the name to the last byte, for each try."""
    seconds_total: int = 3_600
    """For the whole run, over all its pauses."""
    rows_per_request: int = 1
    answer_bytes_max: int = 65_536
    failures_share_max_bps: int = 100
    """How large a share of all rows may stay without a prediction."""
    retries_max: int = 1
    """Further tries of one request to which nothing was answered."""

    def __post_init__(self) -> None:
        for field in fields(self):
            value, bounds = getattr(self, field.name), BOUNDS[field.name]
            if type(value) is not int or not bounds.least <= value <= bounds.most:
                raise errors.EndpointLimitInvalid(
                    limit=field.name, minimum=bounds.least, maximum=bounds.most
                )

    def allows(self, failed: int, rows: int) -> bool:
        """Whether so many rows may stay without a prediction.

        >>> Limits().allows(1, 100), Limits().allows(1, 99)
        (True, False)
        """
        return failed * BPS_WHOLE <= self.failures_share_max_bps * rows


class End(StrEnum):
    """How a run ends; all but the second are final."""

    COMPLETED = "completed"
    """Every row was asked, and no more failed than may."""
    STOPPED = "stopped"
    """We stopped it; it goes on from the answers that are kept."""
    UNRELIABLE = "unreliable"
    TOO_SLOW = "too_slow"
    TURNED_AWAY = "turned_away"
    TARGET_REFUSED = "target_refused"
    ANSWERS_TOO_LARGE = "answers_too_large"


Input = str | int | bool | Decimal | None | Sequence["Input"] | Mapping[str, "Input"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row of the hidden inputs."""

    id: str
    fields: Mapping[str, Input]
    """Everything but the id.  Decimals are sent as they are written; there are no floats."""


def alias_of(row_id: str, seed: bytes) -> str:
    """Name a row for one run: whoever lacks the seed cannot tell the row.

    Source   BLAKE2b with a key, RFC 7693.

    >>> alias_of("r1", bytes(16)) == alias_of("r1", bytes(16)) != alias_of("r1", b"k" * 16)
    True
    """
    return _keyed(row_id, seed, b"alias").hex()


def order_of(ids: Sequence[str], seed: bytes) -> list[int]:
    """Shuffle the places of rows for one run.  Refuses EndpointInputsUnfit for an id twice."""
    if not 0 < len(ids) <= ROWS_MAX:
        raise errors.EndpointInputsUnfit(rows=len(ids), rows_max=ROWS_MAX)
    if len(set(ids)) != len(ids):
        raise errors.EndpointInputsUnfit(problem="id_twice")
    keys = [_keyed(row_id, seed, b"order") for row_id in ids]
    return sorted(range(len(ids)), key=keys.__getitem__)


def _keyed(row_id: str, seed: bytes, use: bytes) -> bytes:
    if not SEED_BYTES_MIN <= len(seed) <= blake2b.MAX_KEY_SIZE:
        raise ValueError("a run needs a seed of 16 to 64 bytes")
    return blake2b(row_id.encode(), key=seed, person=use, digest_size=ALIAS_BYTES).digest()


def aliased(rows: Iterable[Row], seed: bytes) -> list[Row]:
    """Give rows the names under which this run asks them."""
    return [Row(id=alias_of(row.id, seed), fields=row.fields) for row in rows]


def request_body(rows: Sequence[Row]) -> bytes:
    """Write the one body that asks these rows.

    Shape    `{"inputs":[{"id":…, …}]}`, members sorted by code point, no blanks, UTF-8 unescaped.
    Refuses  EndpointInputsUnfit for a member named `id`, for floats and whatever else has more than
             one form, for an infinite decimal, and for more bytes than a request may have.

    >>> request_body([Row(id="k", fields={"雨量": Decimal("0.50"), "a": None})]).decode()
    '{"inputs":[{"a":null,"id":"k","雨量":0.50}]}'
    """
    try:
        body = b'{"inputs":[' + b",".join(_written_row(row) for row in rows) + b"]}"
    except NotCanonical as unfit:
        raise errors.EndpointInputsUnfit(problem="no_canonical_form") from unfit
    if len(body) > REQUEST_BYTES_MAX:
        raise errors.EndpointInputsUnfit(bytes=len(body), bytes_max=REQUEST_BYTES_MAX)
    return body


def _written_row(row: Row) -> bytes:
    if "id" in row.fields:
        raise errors.EndpointInputsUnfit(problem="field_named_id")
    return _written({"id": row.id, **row.fields})


def _written(value: Input) -> bytes:
    if isinstance(value, Decimal):
        if not value.is_finite():
            raise errors.EndpointInputsUnfit(problem="not_finite")
        return str(value).encode("ascii")
    if isinstance(value, Mapping):
        if not all(isinstance(name, str) for name in value):
            raise errors.EndpointInputsUnfit(problem="no_canonical_form")
        members = (_quoted(name) + b":" + _written(value[name]) for name in sorted(value))
        return b"{" + b",".join(members) + b"}"
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return b"[" + b",".join(_written(one) for one in value) + b"]"
    return _quoted(value) if isinstance(value, str) else canonical_json(value)


def _quoted(text: str) -> bytes:
    try:
        return canonical_json(text).decode("utf-8").encode("utf-8")
    except UnicodeDecodeError as half:
        raise errors.EndpointInputsUnfit(problem="unfit_text") from half


_TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}", re.ASCII)
_VISIBLE: Final = re.compile(r"[\x21-\x7e]([\x20-\x7e]{0,2046}[\x21-\x7e])?", re.ASCII)
_OURS: Final = frozenset(
    {
        *("accept", "accept-encoding", "content-encoding", "content-length", "content-type"),
        *("connection", "keep-alive", "proxy-authorization", "proxy-connection", "upgrade"),
        *("te", "trailer", "transfer-encoding", "expect", "host", "cookie", "user-agent"),
    }
)


def check_header(name: str, value: str) -> None:
    """Refuse a header that decides how a message is sent, or that is none.

    Shape    a name of RFC 9110 tokens up to 64 characters, a value of visible ASCII up to 2048.
    Refuses  EndpointHeaderInvalid, which never repeats the value.
    """
    if not _TOKEN.fullmatch(name) or name.lower() in _OURS or not _VISIBLE.fullmatch(value):
        raise errors.EndpointHeaderInvalid(header=short(name))


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """Percentiles of answering times, whole milliseconds."""

    p50_ms: int
    p95_ms: int
    p99_ms: int


def percentile(durations: Collection[int], share: Fraction) -> int:
    """Find the smallest time that so large a share of all does not exceed: the nearest rank.

    Source   Hyndman and Fan 1996, definition 1; the same as the metric `latency_percentile`.

    >>> percentile([40, 10, 30, 20], Fraction(1, 2))
    20
    """
    if not durations:
        raise ValueError("no percentile of nothing")
    rank = max(1, -(-share.numerator * len(durations) // share.denominator))
    return sorted(durations)[rank - 1]


def latency(durations: Collection[int]) -> Latency:
    """Compute p50, p95 and p99 by the nearest rank.

    >>> latency(range(1, 101))
    Latency(p50_ms=50, p95_ms=95, p99_ms=99)
    """
    ordered = sorted(durations)
    return Latency(
        p50_ms=percentile(ordered, Fraction(50, 100)),
        p95_ms=percentile(ordered, Fraction(95, 100)),
        p99_ms=percentile(ordered, Fraction(99, 100)),
    )


def charged_ms(outcome: Outcome, limits: Limits) -> int:
    """Tell which time of a request counts: a failed one never less than it might have taken.

    Otherwise an endpoint would look quicker by dropping what is slow.
    """
    if outcome.reason is None:
        return outcome.duration_ms
    return max(outcome.duration_ms, limits.seconds_per_request * 1000)


def error_share_bps(failed: int, rows: int) -> int:
    """Tell which share of rows has no prediction, rounded up: one failure is never none.

    >>> error_share_bps(1, 30_000), error_share_bps(0, 3), error_share_bps(3, 3)
    (1, 0, 10000)
    """
    return -(-failed * BPS_WHOLE // rows) if rows else 0


def stand_in(metric: Metric, seed: bytes) -> str | None:
    """Give the text that counts as wrong for a row without a prediction; None: there is none.

    A label or an item that nobody can have written into a hidden set, because it comes from the
    seed of the run; for a text the replacement character; for a watch the word for no alarm.
    Numbers, scores and 0 or 1 have none: any of them could be right, or nearly.
    """
    mark = "unanswered-" + _keyed("", seed, b"stand-in").hex()
    by_meaning: dict[Meaning, str] = {
        LABEL: mark,
        RANKED: mark,
        TEXT: "\ufffd",
        ALARMS: NONE,
        WARNING: NONE,
    }
    return by_meaning.get(metric.predicted)


def assemble(
    ids: Sequence[str], predictions: Mapping[str, str], *, metric: Metric, seed: bytes
) -> bytes:
    """Write the prediction file of a run: every row once, in the order of `ids`.

    Shape    JSON Lines, `{"id":…, "<column of the metric>":…}`, texts as texts.
    Refuses  EndpointRowsUnanswered with a count, where rows have no prediction and the metric
             counts no stand-in.
    """
    missing = sum(row_id not in predictions for row_id in ids)
    instead = stand_in(metric, seed)
    if missing and instead is None:
        raise errors.EndpointRowsUnanswered(metric=metric.name, rows=missing)
    lines = (
        json.dumps(
            {"id": row_id, metric.column: predictions.get(row_id, instead)}, ensure_ascii=False
        )
        for row_id in ids
    )
    return "".join(f"{line}\n" for line in lines).encode()
