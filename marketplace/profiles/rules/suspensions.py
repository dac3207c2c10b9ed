"""Suspensions: how far a stopped clock pushes a deadline out, said part by part.

While a suspension lasts, no period that it covers runs; when it ends, what was left of the period
is still left.  So a deadline moves by exactly the time that was suspended before it, each moment
counted once however many authorities stopped the clock at the same time.
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from marketplace.kit.days import SHANGHAI
from marketplace.profiles.errors import AnchorWithoutZone, SuspensionBackwards
from marketplace.profiles.rules.calendar import ONE_DAY
from marketplace.profiles.rules.deadlines import local_date
from marketplace.profiles.rules.explanations import Step

NOTHING = dt.timedelta(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspension:
    """One stretch in which the clock stands: from `from_at` until just before `until_at`.

    Units    aware moments; `until_at` is None while nobody has said when it ends.
    Refuses  AnchorWithoutZone for a naive moment, SuspensionBackwards for an end before the start.
    """

    from_at: dt.datetime
    until_at: dt.datetime | None = None

    def __post_init__(self) -> None:
        """Refuse what is no stretch of time."""
        for moment in (self.from_at, self.until_at):
            if moment is not None and moment.tzinfo is None:
                raise AnchorWithoutZone(anchor=moment.isoformat())
        if self.until_at is not None and self.until_at < self.from_at:
            raise SuspensionBackwards(
                from_at=self.from_at.isoformat(), until_at=self.until_at.isoformat()
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Shifted:
    """Where a deadline stands after its suspensions: `at` is `by` later than it was."""

    at: dt.datetime
    by: dt.timedelta
    steps: tuple[Step, ...]

    @property
    def moved(self) -> bool:
        """Say whether a suspension moved the deadline at all."""
        return self.by > NOTHING

    def to_document(self) -> dict[str, object]:
        """Write the shift and its reasons as plain JSON, to be stored beside what it governs."""
        return {
            "at": self.at.isoformat(),
            "by_seconds": int(self.by.total_seconds()),
            "steps": [step.to_document() for step in self.steps],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """A stretch of standing time without gaps, made of suspensions that overlap or touch."""

    from_at: dt.datetime
    until_at: dt.datetime
    open: bool
    """Whether it still lasts, so that `until_at` is only now."""

    @property
    def length(self) -> dt.timedelta:
        """Measure it."""
        return self.until_at - self.from_at


def stretches(
    suspensions: Iterable[Suspension], *, now: dt.datetime, since: dt.datetime | None = None
) -> tuple[Stretch, ...]:
    """Put suspensions together into stretches in order, each moment in one of them.

    Shape    an open suspension lasts until `now`; what lies before `since` is cut off; a stretch
             of no length is left out.
    """
    spans = [
        (
            one.from_at if since is None else max(one.from_at, since),
            max(one.from_at, now) if one.until_at is None else one.until_at,
            one.until_at is None and one.from_at <= now,
        )
        for one in suspensions
    ]
    merged: list[Stretch] = []
    for from_at, until_at, still in sorted(span for span in spans if span[0] < span[1]):
        last = merged[-1] if merged else None
        if last is None or from_at > last.until_at:
            merged.append(Stretch(from_at=from_at, until_at=until_at, open=still))
            continue
        # Whichever reaches further says whether the end is known.
        reach, lasting = max((last.until_at, last.open), (until_at, still))
        merged[-1] = Stretch(from_at=last.from_at, until_at=reach, open=lasting)
    return tuple(merged)


def shifted(
    deadline_at: dt.datetime,
    suspensions: Iterable[Suspension],
    *,
    now: dt.datetime,
    since: dt.datetime | None = None,
) -> Shifted:
    """Move a deadline out by the time that was suspended before it.

    Shape    `at` is `deadline_at + by`.  A suspension that begins at the moved deadline or later
             does not count; one that still lasts counts up to `now`, so that the deadline stays
             ahead of the clock by what was left.  Give `since`, when the period began, if older
             suspensions may be among them.
    Source   procurement law article 57 (an authority may suspend); the length is what F14 asks for.

    >>> noon = dt.datetime(2026, 10, 14, 12, tzinfo=dt.UTC)
    >>> pause = Suspension(from_at=noon - 2 * ONE_DAY, until_at=noon - ONE_DAY)
    >>> shifted(noon, [pause, pause], now=noon).at.isoformat()
    '2026-10-15T12:00:00+00:00'
    """
    at, steps = deadline_at, []
    for stretch in stretches(suspensions, now=now, since=since):
        if stretch.from_at >= at:
            break
        at += stretch.length
        steps.append(_step(stretch, at))
    return Shifted(at=at, by=at - deadline_at, steps=tuple(steps))


def suspended_days(suspensions: Iterable[Suspension], *, now: dt.datetime) -> frozenset[dt.date]:
    """List the days in Beijing on which the clock stood at any moment.

    Shape    a period in whole days counts none of them: a day that was cut short is not a day.
    """
    days: set[dt.date] = set()
    for stretch in stretches(suspensions, now=now):
        days.update(_days(stretch))
    return frozenset(days)


def _days(stretch: Stretch) -> tuple[dt.date, ...]:
    """List the days that a stretch touches; an end at 24:00 does not touch the next day."""
    first = local_date(stretch.from_at)
    last = local_date(stretch.until_at - dt.timedelta.resolution)
    return tuple(first + ONE_DAY * number for number in range((last - first).days + 1))


def _step(stretch: Stretch, moved_to: dt.datetime) -> Step:
    from_, until, to = map(_moment, (stretch.from_at, stretch.until_at, moved_to))
    zh, en = _length(stretch.length)
    still_zh, still_en = ("(尚未恢复,暂计至此)", " (still lasting, counted so far)")
    return Step(
        code="suspended",
        days=_days(stretch),
        zh=f"{from_} 至 {until} 中止{still_zh if stretch.open else ''},计 {zh},"
        f"期限顺延至 {to}(北京时间)。",
        en=f"Suspended from {from_} to {until}{still_en if stretch.open else ''}: {en}; "
        f"the end moves to {to}, Beijing time.",
    )


def _moment(moment: dt.datetime) -> str:
    local = moment.astimezone(SHANGHAI)
    return local.strftime("%Y-%m-%d %H:%M:%S" if local.second else "%Y-%m-%d %H:%M")


def _length(length: dt.timedelta) -> tuple[str, str]:
    """Say a length in days, hours, minutes and seconds, leaving out what is nought."""
    hours, rest = divmod(length.seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    parts = [
        (length.days, "天", "d"),
        (hours, "小时", "h"),
        (minutes, "分", "min"),
        (seconds, "秒", "s"),
    ]
    said = [part for part in parts if part[0]] or [(0, "秒", "s")]
    return (
        "".join(f"{number}{zh}" for number, zh, _ in said),
        " ".join(f"{number} {en}" for number, _, en in said),
    )
