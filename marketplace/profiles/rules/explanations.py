"""Saying, in Chinese and English, which days a deadline counted and which it passed over."""

import datetime as dt
import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from marketplace.profiles.rules.calendar import ONE_DAY, DayKind, WorkCalendar

StepCode = Literal[
    "anchor_not_counted",
    "counted",
    "days_off_skipped",
    "make_up_counted",
    "weekends_skipped",
    "rolled",
    "weekend_kept",
    "suspended",
    "ends",
]

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
    anchor_on: dt.date, last_on: dt.date, count: int, calendar: WorkCalendar
) -> tuple[Step, ...]:
    """Explain a period of working days that ends on `last_on`.

    Shape    anchor, count, every run of days off and every make-up day in order, then all ordinary
             weekend days in one sentence, then the end.
    """
    days = _days(anchor_on + ONE_DAY, last_on)
    weekends = tuple(day for day in days if calendar.kind_of(day) is DayKind.WEEKEND)
    return (
        _anchor(anchor_on),
        Step(
            code="counted",
            days=(),
            zh=f"自次日起数 {count} 个工作日。",
            en=f"Count {count} working days from the next day on.",
        ),
        *_exceptions(days, calendar),
        *_weekends(weekends),
        _ends(last_on),
    )


def calendar_days(
    anchor_on: dt.date, counted_on: dt.date, last_on: dt.date, calendar: WorkCalendar
) -> tuple[Step, ...]:
    """Explain a period of calendar days that was counted to `counted_on` and ends on `last_on`."""
    count = (counted_on - anchor_on).days
    counted = Step(
        code="counted",
        days=(counted_on,),
        zh=f"自次日起数 {count} 个自然日,至 {_zh(counted_on)}。",
        en=f"Count {count} calendar days from the next day on, to {_en(counted_on)}.",
    )
    middle = _rolled(counted_on, last_on, calendar)
    if last_on == counted_on and calendar.kind_of(last_on) is DayKind.WEEKEND:
        middle = (_weekend_kept(last_on),)
    return (_anchor(anchor_on), counted, *middle, _ends(last_on))


def _anchor(day: dt.date) -> Step:
    return Step(
        code="anchor_not_counted",
        days=(day,),
        zh=f"起算日 {_zh(day)} 不计入。",
        en=f"{_en(day)}, the day of the event, is not counted.",
    )


def _ends(day: dt.date) -> Step:
    return Step(
        code="ends",
        days=(day,),
        zh=f"期限于 {_zh(day)} 24:00 届满(北京时间)。",
        en=f"The period ends on {_en(day)} at 24:00, Beijing time.",
    )


def _weekend_kept(day: dt.date) -> Step:
    return Step(
        code="weekend_kept",
        days=(day,),
        zh=f"{_zh(day)} 为普通周末;按所选口径不顺延。",
        en=f"{_en(day)} is an ordinary weekend day; by the chosen reading the end stays there.",
    )


def _rolled(counted_on: dt.date, last_on: dt.date, calendar: WorkCalendar) -> tuple[Step, ...]:
    if last_on == counted_on:
        return ()
    days = tuple(_days(counted_on, last_on - ONE_DAY))
    zh, en = _names(days, calendar)
    return (
        Step(
            code="rolled",
            days=days,
            zh=f"{_span_zh(days)} 为{zh},期限顺延至 {_zh(last_on)}。",
            en=f"{_span_en(days)}: {en}; the end moves to {_en(last_on)}.",
        ),
    )


def _exceptions(days: Iterable[dt.date], calendar: WorkCalendar) -> Iterator[Step]:
    """Say what an ordinary Monday-to-Friday count would have got wrong."""

    def sort_of_day(day: dt.date) -> tuple[str, object]:
        kind = calendar.kind_of(day)
        if kind is DayKind.MAKE_UP:
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
