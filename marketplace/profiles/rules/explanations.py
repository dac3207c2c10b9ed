"""Saying, in Chinese and English, which days a deadline counted and which it passed over."""

import datetime as dt
import itertools
from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Literal

from marketplace.profiles.rules.calendar import ONE_DAY, DayKind, WorkCalendar
from marketplace.profiles.rules.periods import Period

StepCode = Literal[
    "anchor_not_counted",
    "counted",
    "counted_back",
    "days_off_skipped",
    "make_up_counted",
    "weekends_skipped",
    "rolled",
    "weekend_kept",
    "suspended",
    "ends",
]

Days = AbstractSet[dt.date]
NO_DAYS: Days = frozenset()

WEEKDAYS_ZH = "一二三四五六日"
WEEKDAYS_EN = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One sentence of the explanation, and the days it is about."""

    code: StepCode
    days: tuple[dt.date, ...]
    zh: str
    en: str

    def to_document(self) -> dict[str, object]:
        """Write this step as plain JSON values."""
        days = [day.isoformat() for day in self.days]
        return {"code": self.code, "days": days, "zh": self.zh, "en": self.en}


def working_days(
    anchor_on: dt.date,
    last_on: dt.date,
    count: int,
    calendar: WorkCalendar,
    *,
    suspended: Days = NO_DAYS,
    ends_at: dt.time | None = None,
) -> tuple[Step, ...]:
    """Explain a period of working days that ends on `last_on`.

    Shape    anchor, count, every run of days off and every make-up day in order, then the working
             days on which the clock stood, then all ordinary weekend days in one sentence, then
             the end.  Each day that was passed over stands in exactly one step.
    """
    days = _days(anchor_on + ONE_DAY, last_on)
    weekends = tuple(day for day in days if calendar.kind_of(day) is DayKind.WEEKEND)
    stood = [day for day in days if day in suspended and calendar.is_working_day(day)]
    return (
        _anchor(anchor_on),
        Step(
            code="counted",
            days=(),
            zh=f"自次日起数 {count} 个工作日。",
            en=f"Count {count} working days from the next day on.",
        ),
        *_exceptions(days, calendar, suspended),
        *_suspended(stood),
        *_weekends(weekends),
        _ends(last_on, ends_at),
    )


def calendar_days(
    anchor_on: dt.date,
    counted_on: dt.date,
    last_on: dt.date,
    calendar: WorkCalendar,
    *,
    suspended: Days = NO_DAYS,
    ends_at: dt.time | None = None,
) -> tuple[Step, ...]:
    """Explain a period of calendar days that was counted to `counted_on` and ends on `last_on`."""
    stood = [day for day in _days(anchor_on + ONE_DAY, last_on) if day in suspended]
    count = (counted_on - anchor_on).days - sum(day < counted_on for day in stood)
    counted = Step(
        code="counted",
        days=(counted_on,),
        zh=f"自次日起数 {count} 个自然日,至 {_zh(counted_on)}。",
        en=f"Count {count} calendar days from the next day on, to {_en(counted_on)}.",
    )
    middle = _rolled(counted_on, last_on, calendar, suspended)
    if last_on == counted_on and calendar.kind_of(last_on) is DayKind.WEEKEND:
        middle = (_weekend_kept(last_on),)
    return (
        _anchor(anchor_on),
        counted,
        *_suspended(stood),
        *middle,
        _ends(last_on, ends_at),
    )


def counted_back(
    anchor_on: dt.date,
    on: dt.date,
    period: Period,
    calendar: WorkCalendar,
    *,
    suspended: Days = NO_DAYS,
    ends_at: dt.time | None = None,
) -> tuple[Step, ...]:
    """Explain a period that was counted back from an event to the day `on`."""
    days = _days(on, anchor_on - ONE_DAY)
    working = period.unit == "working_days"
    weekends = tuple(day for day in days if calendar.kind_of(day) is DayKind.WEEKEND)
    stood = [day for day in days if day in suspended]
    unit_zh, unit_en = ("工作日", "working") if working else ("自然日", "calendar")
    return (
        _anchor(anchor_on),
        Step(
            code="counted_back",
            days=(on,),
            zh=f"自前一日起往回数 {period.count} 个{unit_zh},至 {_zh(on)};往回数的期限不顺延。",
            en=f"Count {period.count} {unit_en} days back from the day before, to {_en(on)}; "
            "a period that is counted back is not moved.",
        ),
        *(_exceptions(days, calendar, suspended) if working else ()),
        *_suspended(day for day in stood if not working or calendar.is_working_day(day)),
        *(_weekends(weekends) if working else ()),
        _ends(on, ends_at),
    )


def runs(days: Iterable[dt.date]) -> tuple[tuple[dt.date, ...], ...]:
    """Split days into runs without gaps, in order."""
    numbered = itertools.groupby(
        enumerate(sorted(days)), key=lambda pair: pair[1] - ONE_DAY * pair[0]
    )
    return tuple(tuple(day for _, day in run) for _, run in numbered)


def _anchor(day: dt.date) -> Step:
    return Step(
        code="anchor_not_counted",
        days=(day,),
        zh=f"起算日 {_zh(day)} 不计入。",
        en=f"{_en(day)}, the day of the event, is not counted.",
    )


def _ends(day: dt.date, ends_at: dt.time | None) -> Step:
    if ends_at is None:
        zh, en = "24:00", "24:00"
    else:
        zh = en = ends_at.strftime("%H:%M")
        zh, en = f"{zh}(停止业务活动时)", f"{en} (close of business)"
    return Step(
        code="ends",
        days=(day,),
        zh=f"期限于 {_zh(day)} {zh} 届满(北京时间)。",
        en=f"The period ends on {_en(day)} at {en}, Beijing time.",
    )


def _weekend_kept(day: dt.date) -> Step:
    return Step(
        code="weekend_kept",
        days=(day,),
        zh=f"{_zh(day)} 为普通周末;按所选口径不顺延。",
        en=f"{_en(day)} is an ordinary weekend day; by the chosen reading the end stays there.",
    )


def _rolled(
    counted_on: dt.date, last_on: dt.date, calendar: WorkCalendar, suspended: Days
) -> tuple[Step, ...]:
    days = tuple(day for day in _days(counted_on, last_on - ONE_DAY) if day not in suspended)
    if not days:
        return ()
    zh, en = _names(days, calendar)
    return (
        Step(
            code="rolled",
            days=days,
            zh=f"{_span_zh(days)} 为{zh},期限顺延至 {_zh(last_on)}。",
            en=f"{_span_en(days)}: {en}; the end moves to {_en(last_on)}.",
        ),
    )


def _suspended(days: Iterable[dt.date]) -> Iterator[Step]:
    """Say on which days the clock stood, run by run."""
    for run in runs(days):
        yield Step(
            code="suspended",
            days=run,
            zh=f"{_span_zh(run)} 中止,{len(run)} 天不计。",
            en=f"{_span_en(run)}: suspended, {len(run)} not counted.",
        )


def _exceptions(days: Iterable[dt.date], calendar: WorkCalendar, suspended: Days) -> Iterator[Step]:
    """Say what an ordinary Monday-to-Friday count would have got wrong."""

    def sort_of_day(day: dt.date) -> tuple[str, object]:
        kind = calendar.kind_of(day)
        if kind is DayKind.MAKE_UP and day not in suspended:
            return "make_up", day
        if kind in (DayKind.STATUTORY, DayKind.DAY_OFF):
            return "off", calendar.year_of(day).festival_of(day)
        return "ordinary", None

    for (sort, _), group in itertools.groupby(days, key=sort_of_day):
        run = tuple(group)
        if sort == "make_up":
            yield Step(
                code="make_up_counted",
                days=run,
                zh=f"{_zh(run[0])} 为调休上班日,计入。",
                en=f"{_en(run[0])} is a make-up working day and counts.",
            )
        elif sort == "off":
            zh, en = _names(run, calendar)
            yield Step(
                code="days_off_skipped",
                days=run,
                zh=f"{_span_zh(run)} 为{zh},不计。",
                en=f"{_span_en(run)}: {en}, not counted.",
            )


def _weekends(days: tuple[dt.date, ...]) -> tuple[Step, ...]:
    if not days:
        return ()
    between_zh = f"{_zh(days[0])} 至 {_zh(days[-1])} 间" if len(days) > 1 else f"{_zh(days[0])},"
    between_en = f"between {_en(days[0])} and {_en(days[-1])}" if len(days) > 1 else _en(days[0])
    return (
        Step(
            code="weekends_skipped",
            days=days,
            zh=f"{between_zh}周末 {len(days)} 天不计。",
            en=f"Weekend days not counted: {len(days)} ({between_en}).",
        ),
    )


def _names(days: tuple[dt.date, ...], calendar: WorkCalendar) -> tuple[str, str]:
    """Name the festivals and weekends that a run of days belongs to, each once, in order."""
    names: dict[str, str] = {}
    for day in days:
        festival = calendar.year_of(day).festival_of(day)
        if festival is not None:
            names[f"{festival.title_zh}放假"] = f"{festival.title_en} days off"
        elif calendar.kind_of(day) is DayKind.WEEKEND:
            names["周末"] = "weekend"
        else:
            names["放假"] = "days off"
    return "、".join(names), ", ".join(names.values())


def _days(first_on: dt.date, last_on: dt.date) -> tuple[dt.date, ...]:
    return tuple(first_on + ONE_DAY * number for number in range((last_on - first_on).days + 1))


def _zh(day: dt.date) -> str:
    return f"{day.isoformat()}(星期{WEEKDAYS_ZH[day.weekday()]})"


def _en(day: dt.date) -> str:
    return f"{day.isoformat()} ({WEEKDAYS_EN[day.weekday()]})"


def _span_zh(days: tuple[dt.date, ...]) -> str:
    return _zh(days[0]) if len(days) == 1 else f"{_zh(days[0])} 至 {_zh(days[-1])}"


def _span_en(days: tuple[dt.date, ...]) -> str:
    return _en(days[0]) if len(days) == 1 else f"{_en(days[0])} to {_en(days[-1])}"
