"""How strict each judge is beside the panel; only for those who may know."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from marketplace.scoring.rules.plots import canvas
from marketplace.scoring.rules.plots.canvas import Canvas, Text

WIDTH: Final = 860
LEFT: Final = 110
HALF: Final = 230
"""Pixels from nought to the largest severity."""
ROW: Final = 36
TOP: Final = 118

TITLE: Final = Text("评委松严", "Severity of the judges")
EXPLAINED: Final = Text(
    "各评委给分与评审组平均之差(分):向右为偏严,向左为偏松。一致性 W = {w}。",
    "Points by which each judge stays below the mean of the panel: strict to the right, lenient"
    " to the left. Concordance W = {w}.",
)
NOBODY: Final = Text("没有主观评分。", "Nothing was marked by judges.")
DETAIL: Final = Text("{severity};离散 {spread}", "{severity}; spread {spread}")
DECIDES: Final = Text(";缺此人则第一名易位", "; without them another is first")


def draw(panel: Mapping[str, Any], *, english: bool) -> bytes:
    """Draw one row per judge, in the order of their labels."""
    judges = panel["judges"] or []
    told = (
        EXPLAINED.told(english=english).format(w=panel["concordance"] or "—")
        if judges
        else NOBODY.told(english=english)
    )
    lines = canvas.wrapped(told, WIDTH - 48)
    top = TOP + 20 * (len(lines) - 1)
    drawing = Canvas(
        width=WIDTH,
        height=top + ROW * len(judges) + 28,
        title=TITLE.told(english=english),
        description=told,
        language="en" if english else "zh-CN",
    )
    drawing.text(24, 36, TITLE.told(english=english), size=canvas.TITLE_SIZE, bold=True)
    for at, line in enumerate(lines):
        drawing.text(24, 60 + 20 * at, line, fill=canvas.PALE_INK)
    if not judges:
        return drawing.svg()
    most = max((abs(Decimal(one["severity"])) for one in judges), default=Decimal(0))
    zero = LEFT + HALF
    drawing.line(zero, top - 4, zero, top + ROW * len(judges), stroke=canvas.PALE_INK)
    for x, label in ((LEFT, -most), (zero, Decimal(0)), (zero + HALF, most)):
        drawing.text(x, top - 12, f"{label:+.2f}" if label else "0", size=canvas.SMALL,
                     fill=canvas.PALE_INK, anchor="middle")  # fmt: skip
    changes = {one["judge"] for one in panel["without_judge"] if one.get("first_changes")}
    for at, one in enumerate(judges):
        _row(drawing, one, top + ROW * at, most, decides=one["judge"] in changes, english=english)
    return drawing.svg()


def _row(
    drawing: Canvas,
    one: Mapping[str, Any],
    y: int,
    most: Decimal,
    *,
    decides: bool,
    english: bool,
) -> None:
    middle, zero = y + ROW // 2, LEFT + HALF
    severity = Decimal(one["severity"])
    length = int(HALF * abs(severity) / most) if most else 0
    colour = canvas.RED if decides else canvas.BLUE
    drawing.text(24, middle + 5, canvas.fitted(one["judge"], LEFT - 40), bold=True)
    drawing.box(zero if severity >= 0 else zero - length, middle - 9, length, 18, fill=colour)
    note = DETAIL.told(english=english).format(
        severity=f"{severity:+.2f}", spread=f"{Decimal(one['spread']):.2f}"
    )
    note += DECIDES.told(english=english) if decides else ""
    drawing.text(zero + HALF + 24, middle + 5, note, fill=colour if decides else canvas.INK)
