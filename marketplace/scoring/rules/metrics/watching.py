"""Metrics of watching: events in time, false alarms a day, warning and answering times, errors."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import groupby
from typing import Final

from marketplace.scoring.errors import rounds as errors
from marketplace.scoring.rules import numbers
from marketplace.scoring.rules.criteria import Direction
from marketplace.scoring.rules.metrics.definitions import (
    NUMBER,
    PLACES,
    Meaning,
    Metric,
    Parameter,
    Reads,
    ratio,
)
from marketplace.scoring.rules.metrics.samples import Sample

DAY_SECONDS: Final = 86_400
NONE: Final = "-"
ENTRIES_MAX: Final = 500
"""Events, or alarms, of one row."""
EVENTS: Final = Meaning(
    "seconds watched; then the events as begin and end, as in `86400;3600~3660|7200~7260`, or `-`",
    "观测秒数;其后为各事件的起止秒,如 `86400;3600~3660|7200~7260`,没有事件写 `-`",
)
ALARMS: Final = Meaning(
    "alarms as second and score, as in `3605@0.9|5000@0.2`, or `-`",
    "各告警的秒数与得分,如 `3605@0.9|5000@0.2`,没有告警写 `-`",
)
SECOND: Final = Meaning("the second of the event", "事件发生的秒数")
WARNING: Final = Meaning("the second of the warning, or `-`", "预警的秒数,没有预警写 `-`")
MILLISECONDS: Final = Meaning("milliseconds of the answer", "应答毫秒数")
FAILED: Final = Meaning("1 where a row has no prediction, else 0", "无预测的行为 1,其余为 0")


@dataclass(frozen=True, slots=True)
class _Alarm:
    score: Fraction
    event: tuple[int, int] | None
    """Row and place of the event it finds; None for a false alarm."""


def _number(text: str) -> Fraction | None:
    value = numbers.parse_measured(text)
    return None if value is None else Fraction(value)


def _events(sample: Sample, place: int) -> tuple[Fraction, list[tuple[Fraction, Fraction]]]:
    wanted = "seconds and events, as in 86400;3600~3660"
    seconds, _, listed = sample.truth.texts[place].partition(";")
    watched = _number(seconds)
    parts = [] if listed == NONE else listed.split("|")
    if watched is None or watched <= 0 or len(parts) > ENTRIES_MAX:
        raise sample.unfit(place, wanted)
    found = []
    for part in parts:
        begin, end = (_number(one) for one in (*part.split("~"), "", "")[:2])
        if begin is None or end is None or not 0 <= begin <= end <= watched:
            raise sample.unfit(place, wanted)
        found.append((begin, end))
    return watched, found


def _alarms(
    sample: Sample, place: int, events: list[tuple[Fraction, Fraction]]
) -> Iterator[_Alarm]:
    text = sample.predicted.texts[place]
    parts = [] if text == NONE else text.split("|")
    if len(parts) > ENTRIES_MAX:
        raise sample.unreadable(place)
    for part in parts:
        second, score = (_number(one) for one in (*part.split("@"), "", "")[:2])
        if second is None or score is None or part.count("@") != 1:
            raise sample.unreadable(place)
        inside = (at for at, (begin, end) in enumerate(events) if begin <= second <= end)
        event = next(inside, None)
        yield _Alarm(score, None if event is None else (place, event))


def _event_recall(sample: Sample, rate_max: Fraction) -> Decimal:
    watched, count = Fraction(0), 0
    alarms: list[_Alarm] = []
    for place in range(sample.size):
        seconds, events = _events(sample, place)
        watched += seconds
        count += len(events)
        alarms.extend(_alarms(sample, place, events))
    if not count:
        raise errors.MetricUndefined(metric="event_recall", wanted="an event")
    allowed = rate_max * watched / DAY_SECONDS
    alarms.sort(key=lambda alarm: alarm.score, reverse=True)
    found: set[tuple[int, int]] = set()
    false = best = 0
    for _, tied in groupby(alarms, key=lambda alarm: alarm.score):
        # All alarms of one score stand on the same side of any threshold, so they come together.
        for alarm in tied:
            if alarm.event is None:
                false += 1
            else:
                found.add(alarm.event)
        if false > allowed:
            break
        best = len(found)
    return ratio(best, count)


def _lead_time(sample: Sample, most: Fraction) -> Decimal:
    truth = sample.truth_numbers()
    leads = []
    for place, (event, text) in enumerate(zip(truth.units, sample.predicted.texts, strict=True)):
        warning = None if text == NONE else _number(text)
        if warning is None and text != NONE:
            raise sample.unreadable(place)
        lead = Fraction(0) if warning is None else Fraction(event, 10**truth.places) - warning
        leads.append(lead if 0 < lead <= most else Fraction(0))
    leads.sort()
    middle = (leads[(len(leads) - 1) // 2] + leads[len(leads) // 2]) / 2
    return numbers.half_even(middle, PLACES)


def _latency(sample: Sample, share: Fraction) -> Decimal:
    times = sample.predicted_numbers()
    if any(unit < 0 for unit in times.units):
        raise sample.unreadable(next(at for at, unit in enumerate(times.units) if unit < 0))
    # The nearest rank: the smallest time that so large a share of all answers does not exceed.
    rank = max(1, -(-share.numerator * sample.size // share.denominator))
    return numbers.half_even(Fraction(sorted(times.units)[rank - 1], 10**times.places), PLACES)


def _error_share(sample: Sample, _: Fraction) -> Decimal:
    flags = sample.predicted.texts
    if any(flag not in ("0", "1") for flag in flags):
        raise sample.unreadable(next(at for at, flag in enumerate(flags) if flag not in ("0", "1")))
    return ratio(flags.count("1"), sample.size)


METRICS: Final = (
    Metric(
        name="event_recall",
        title="Event recall at false alarms per day",
        title_zh="给定每日误报数下的事件召回率",
        formula="largest share of events with an alarm between begin and end, of any threshold with"
        " alarms outside all events / days watched <= the parameter",
        formula_zh="在 事件外告警数 / 观测天数 不超过参数的各阈值中,"
        "起止之间有告警的事件所占比例的最大值",
        source="free-response operating characteristic, Bunch et al. 1978",
        direction=Direction.HIGHER,
        minimum=0,
        maximum=1,
        truth=EVENTS,
        predicted=ALARMS,
        parameter=Parameter(
            meaning="the most false alarms a day, 0..1000",
            meaning_zh="每日允许的最多误报数,0 到 1000",
            maximum=Fraction(1000),
        ),
        compute=_event_recall,
    ),
    Metric(
        name="lead_time_median",
        title="Median lead time",
        title_zh="预警提前时间中位数",
        formula="median over events of event - warning in seconds; none, too late, or earlier than"
        " the parameter counts 0",
        formula_zh="各事件(发生时间 - 预警时间)秒数的中位数;没有预警、预警过晚或早于参数的计 0",
        source="Wilks 2011, Statistical methods in the atmospheric sciences, lead time",
        direction=Direction.HIGHER,
        minimum=0,
        maximum=None,
        truth=SECOND,
        predicted=WARNING,
        parameter=Parameter(
            meaning="the most seconds ahead that count, 1..10000000",
            meaning_zh="计入的最多提前秒数,1 到 10000000",
            minimum=Fraction(1),
            maximum=Fraction(10_000_000),
        ),
        compute=_lead_time,
    ),
    Metric(
        name="latency_percentile",
        title="Latency percentile",
        title_zh="应答时间百分位数",
        formula="the smallest time that the given share of all answers does not exceed",
        formula_zh="给定比例的应答均不超过的最小时间",
        source="nearest-rank percentile, Hyndman and Fan 1996, definition 1",
        direction=Direction.LOWER,
        minimum=0,
        maximum=None,
        column="milliseconds",
        truth=NUMBER,
        predicted=MILLISECONDS,
        parameter=Parameter(
            meaning="the share of answers, as in 0.95 for the 95th percentile",
            meaning_zh="应答比例,如 0.95 表示第 95 百分位",
        ),
        compute=_latency,
        reads=Reads.ENDPOINT,
    ),
    Metric(
        name="endpoint_error_share",
        title="Error share of an endpoint",
        title_zh="接口失败率",
        formula="rows to which an endpoint gave no prediction / all rows",
        formula_zh="接口未给出预测的行数 / 全部行数",
        source="relative frequency; availability of ITU-T E.800 counted by requests",
        direction=Direction.LOWER,
        minimum=0,
        maximum=1,
        column="failed",
        truth=NUMBER,
        predicted=FAILED,
        compute=_error_share,
        reads=Reads.ENDPOINT,
    ),
)
