"""Where each bid came out over all resamples, and where it stands."""

from collections.abc import Mapping
from typing import Any, Final

from marketplace.scoring.rules.plots import canvas
from marketplace.scoring.rules.plots.canvas import Canvas, Text

BIDS_SHOWN_MAX: Final = 40
LEFT: Final = 280
RIGHT: Final = 110
ROW: Final = 34
TOP: Final = 118
CELL_MAX: Final = 56
WIDTH_MIN: Final = 720

TITLE: Final = Text("名次区间", "Rank intervals")
EXPLAINED: Final = Text(
    "重抽样 {resamples} 次({what})。颜色越深,落在该名次的次数越多;方框为中间 90% 区间;"
    "圆点为本轮名次。",
    "{resamples} resamples of {what}. The darker, the more often at that rank; frame: central"
    " 90 %; dot: the rank of this round.",
)
NOTHING: Final = Text(
    "没有可重抽样的内容(评委不足两名,且没有逐行测评结果)。",
    "Nothing could be resampled: fewer than two judges, and no results row by row.",
)
JUDGES: Final = Text("评委", "judges")
ROWS: Final = Text("测评样本", "benchmark rows")
FIRST: Final = Text("第一名占比", "first in")
MORE: Final = Text("另有 {count} 家未画出", "{count} more are not drawn")


def draw(standings: Mapping[str, Any], sensitivity: Mapping[str, Any], *, english: bool) -> bytes:
    """Draw one row per bid, first place on top."""
    names = {one["bid_id"]: one["bidder"] for one in standings["standings"]}
    found = sensitivity["rank_intervals"] or {"bids": [], "resamples": 0}
    every = found["bids"]
    shown = every[:BIDS_SHOWN_MAX]
    ranks = max((int(rank) for one in every for rank in one["resamples_at_rank"]), default=1)
    cell = max(8, min(CELL_MAX, 600 // ranks))
    width = max(WIDTH_MIN, LEFT + cell * ranks + RIGHT)
    told = _explained(found, english=english)
    lines = canvas.wrapped(told, width - 48)
    top = TOP + 20 * (len(lines) - 1)
    sheet = Canvas(
        width=width,
        height=top + ROW * max(len(shown), 1) + 40,
        title=TITLE.told(english=english),
        description=told,
        language="en" if english else "zh-CN",
    )
    sheet.text(24, 36, TITLE.told(english=english), size=canvas.TITLE_SIZE, bold=True)
    for at, line in enumerate(lines):
        sheet.text(24, 60 + 20 * at, line, fill=canvas.PALE_INK)
    if not shown:
        return sheet.svg()
    _axis(sheet, ranks, cell, top=top, rows=len(shown))
    sheet.text(
        width - 24,
        top - 12,
        FIRST.told(english=english),
        size=canvas.SMALL,
        fill=canvas.PALE_INK,
        anchor="end",
    )
    for at, one in enumerate(shown):
        _row(sheet, one, names[one["bid_id"]], top + ROW * at, cell, found["resamples"])
    if len(every) > len(shown):
        more = MORE.told(english=english).format(count=len(every) - len(shown))
        sheet.text(24, top + ROW * len(shown) + 24, more, fill=canvas.PALE_INK)
    return sheet.svg()


def _explained(found: Mapping[str, Any], *, english: bool) -> str:
    if not found["resamples"]:
        return NOTHING.told(english=english)
    what = [JUDGES.told(english=english)] if found["judges_resampled"] else []
    what += [ROWS.told(english=english)] if found["benchmarks_resampled"] else []
    joined = (" and " if english else "、").join(what)
    return EXPLAINED.told(english=english).format(resamples=found["resamples"], what=joined)


def _axis(sheet: Canvas, ranks: int, cell: int, *, top: int, rows: int) -> None:
    step = 1 if ranks <= 20 else 5
    for rank in range(1, ranks + 1):
        x = LEFT + cell * (rank - 1) + cell // 2
        if rank == 1 or rank % step == 0:
            sheet.text(
                x, top - 12, str(rank), size=canvas.SMALL, fill=canvas.PALE_INK, anchor="middle"
            )
            sheet.line(x, top - 4, x, top + ROW * rows, stroke=canvas.GRID)


def _row(
    sheet: Canvas, one: Mapping[str, Any], bidder: str, y: int, cell: int, resamples: int
) -> None:
    middle = y + ROW // 2
    label = canvas.fitted(f"{one['rank']}. {bidder}", LEFT - 48)
    sheet.text(24, middle + 5, label)
    for rank, count in sorted(one["resamples_at_rank"].items(), key=lambda item: int(item[0])):
        # From 8 to 88 per cent: even a rare rank is seen, and the dot is seen on a sure one.
        percent = 8 + 80 * count // resamples
        x = LEFT + cell * (int(rank) - 1)
        sheet.box(x, y + 5, cell, ROW - 10, fill=canvas.BLUE, percent=percent)
    low, high = one["interval_90"]
    x, width = LEFT + cell * (low - 1), cell * (high - low + 1)
    sheet.frame(x + 1, y + 4, width - 2, ROW - 8, stroke=canvas.INK)
    sheet.dot(LEFT + cell * (one["rank"] - 1) + cell // 2, middle, fill=canvas.INK, hollow=True)
    sheet.text(sheet.width - 24, middle + 5, f"{one['first_percent']} %", anchor="end")
