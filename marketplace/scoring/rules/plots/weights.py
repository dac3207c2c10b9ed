"""How far each weight may move, the others in proportion, before another bid stands first."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from marketplace.scoring.rules.plots import canvas
from marketplace.scoring.rules.plots.canvas import Canvas, Text

WIDTH: Final = 960
LEFT: Final = 250
SCALE: Final = 360
"""Pixels from 0 to 100 %."""
ROW: Final = 40
TOP: Final = 118

TITLE: Final = Text("权重裕度", "Margins of the weights")
EXPLAINED: Final = Text(
    "实心点为公布的权重;圆环为其余权重同比例调整时第一名易位的权重。",
    "Dot: the published weight. Ring: the weight at which another bid draws level with the first,"
    " all other weights keeping their proportions.",
)
HOLDS: Final = Text(
    "权重随机扰动 {draws} 次,第一名保持 {percent}%。",
    "Under {draws} sets of perturbed weights the first place holds in {percent} %.",
)
SHARED: Final = Text(
    "第一名并列,权重略有变动即可分出先后。",
    "The first place is shared: the slightest change of a weight may part it.",
)
BY_PRICE: Final = Text(
    "按评审价由低到高排名,与权重无关。", "Ranked by price alone: no weight decides."
)
NEVER: Final = Text("第一名不变", "the first place stays")


def draw(
    sheet: Mapping[str, Any],
    standings: Mapping[str, Any],
    sensitivity: Mapping[str, Any],
    *,
    english: bool,
) -> bytes:
    """Draw one row per criterion, in the order of the rubric."""
    names = {one["bid_id"]: one["bidder"] for one in standings["standings"]}
    found = sensitivity["margins"]
    margins = {one["criterion"]: one for one in found["criteria"]}
    weighed = [one for one in sheet["rubric"]["criteria"] if one["weight_bps"]]
    told = _explained(found, english=english)
    lines = canvas.wrapped(told, WIDTH - 48)
    top = TOP + 20 * (len(lines) - 1)
    drawing = Canvas(
        width=WIDTH,
        height=top + ROW * len(weighed) + 28,
        title=TITLE.told(english=english),
        description=told,
        language="en" if english else "zh-CN",
    )
    drawing.text(24, 36, TITLE.told(english=english), size=canvas.TITLE_SIZE, bold=True)
    for at, line in enumerate(lines):
        drawing.text(24, 60 + 20 * at, line, fill=canvas.PALE_INK)
    for percent in range(0, 101, 20):
        x = LEFT + SCALE * percent // 100
        drawing.line(x, top - 4, x, top + ROW * len(weighed), stroke=canvas.GRID)
        drawing.text(
            x, top - 12, f"{percent}", size=canvas.SMALL, fill=canvas.PALE_INK, anchor="middle"
        )
    for at, one in enumerate(weighed):
        title = one["title_en"] if english else one["title_zh"]
        margin = margins.get(one["code"])
        rival = None if margin is None else names[margin["rival"]]
        silent = found["first_is_shared"] or found["drawn"] is None
        _row(drawing, one["weight_bps"], title, margin, rival, top + ROW * at,
             never=None if silent else NEVER.told(english=english))  # fmt: skip
    return drawing.svg()


def _explained(found: Mapping[str, Any], *, english: bool) -> str:
    drawn = found["drawn"]
    if drawn is None:
        return BY_PRICE.told(english=english)
    holds = HOLDS.told(english=english).format(
        draws=drawn["draws"], percent=drawn["first_holds_percent"]
    )
    first = SHARED if found["first_is_shared"] else EXPLAINED
    return f"{first.told(english=english)}{' ' if english else ''}{holds}"


def _row(
    drawing: Canvas,
    weight_bps: int,
    title: str,
    margin: Mapping[str, Any] | None,
    rival: str | None,
    y: int,
    *,
    never: str | None,
) -> None:
    middle = y + ROW // 2
    drawing.text(24, middle + 5, canvas.fitted(title, LEFT - 48))
    here = LEFT + SCALE * weight_bps // 10_000
    weight = f"{weight_bps // 100}.{weight_bps % 100:02d}"
    note_x = LEFT + SCALE + 24
    room = WIDTH - 24 - note_x
    if margin is None or rival is None:
        drawing.dot(here, middle, fill=canvas.BLUE)
        note = weight if never is None else f"{weight}  {never}"
        drawing.text(note_x, middle + 5, canvas.fitted(note, room), fill=canvas.PALE_INK)
        return
    becomes = margin["becomes_percent"]
    there = LEFT + int(SCALE * Decimal(becomes) / 100)
    drawing.line(here, middle, there, middle, stroke=canvas.RED, width=3)
    drawing.dot(there, middle, fill=canvas.RED, hollow=True)
    drawing.dot(here, middle, fill=canvas.BLUE)
    drawing.text(note_x, middle + 5, canvas.fitted(f"{weight} → {becomes}  {rival}", room))
