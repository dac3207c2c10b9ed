"""A sheet to draw on: boxes, lines, dots and texts, written as SVG in the order they were drawn."""

from dataclasses import dataclass, field
from typing import Final
from unicodedata import east_asian_width
from xml.sax.saxutils import escape, quoteattr

INK: Final = "#1f2933"
PALE_INK: Final = "#5f6c7b"
GRID: Final = "#dfe5ec"
BLUE: Final = "#1f5fa8"
RED: Final = "#b3392f"
PAPER: Final = "#ffffff"
FONTS: Final = (
    "'Noto Sans','Noto Sans CJK SC','Noto Sans SC','PingFang SC','Microsoft YaHei',"
    "'Helvetica Neue',Arial,sans-serif"
)
SIZE: Final = 14
SMALL: Final = 12
TITLE_SIZE: Final = 18


@dataclass(frozen=True, slots=True)
class Text:
    """A text in both languages."""

    zh: str
    en: str

    def told(self, *, english: bool) -> str:
        """The text in one language."""
        return self.en if english else self.zh


@dataclass(slots=True)
class Canvas:
    """One drawing."""

    width: int
    height: int
    title: str
    description: str
    language: str
    _parts: list[str] = field(default_factory=list)

    def box(
        self, x: int, y: int, width: int, height: int, *, fill: str, percent: int = 100
    ) -> None:
        """Draw a filled box, as opaque as `percent` says."""
        opacity = "" if percent >= 100 else f' fill-opacity="{percent / 100:.2f}"'
        self._parts.append(
            f'<rect x="{x}" y="{y}" width="{width}" height="{height}" fill="{fill}"{opacity}/>'
        )

    def frame(self, x: int, y: int, width: int, height: int, *, stroke: str) -> None:
        """Draw the outline of a box with rounded corners."""
        self._parts.append(
            f'<rect x="{x}" y="{y}" width="{width}" height="{height}" rx="4" fill="none"'
            f' stroke="{stroke}" stroke-width="2"/>'
        )

    def line(self, x1: int, y1: int, x2: int, y2: int, *, stroke: str, width: int = 1) -> None:
        """Draw a straight line."""
        self._parts.append(
            f'<line x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}" stroke="{stroke}"'
            f' stroke-width="{width}"/>'
        )

    def dot(self, x: int, y: int, *, fill: str, hollow: bool = False) -> None:
        """Draw a dot; a hollow one is a ring."""
        inside = PAPER if hollow else fill
        self._parts.append(
            f'<circle cx="{x}" cy="{y}" r="6" fill="{inside}" stroke="{fill}" stroke-width="2"/>'
        )

    def text(
        self,
        x: int,
        y: int,
        text: str,
        *,
        size: int = SIZE,
        fill: str = INK,
        anchor: str = "start",
        bold: bool = False,
    ) -> None:
        """Write a text on its base line."""
        weight = ' font-weight="600"' if bold else ""
        at = "" if anchor == "start" else f' text-anchor="{anchor}"'
        self._parts.append(
            f'<text x="{x}" y="{y}" font-size="{size}" fill="{fill}"{at}{weight}>'
            f"{escape(text)}</text>"
        )

    def svg(self) -> bytes:
        """Write the drawing."""
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self.width} {self.height}"'
            f' width="{self.width}" height="{self.height}" role="img"'
            f" xml:lang={quoteattr(self.language)} font-family={quoteattr(FONTS)}>"
        )
        told = f"<title>{escape(self.title)}</title><desc>{escape(self.description)}</desc>"
        paper = f'<rect width="{self.width}" height="{self.height}" fill="{PAPER}"/>'
        return "\n".join([head, told, paper, *self._parts, "</svg>", ""]).encode()


def width_of(text: str, size: int = SIZE) -> int:
    """Estimate how wide a text is drawn: Chinese characters are square, others about half as wide.

    >>> width_of("排名", 10), width_of("rank", 10)
    (20, 22)
    """
    ems = sum(100 if east_asian_width(char) in "WF" else 55 for char in text)
    return ems * size // 100


def fitted(text: str, width: int, size: int = SIZE) -> str:
    """Cut a text to a width, with an ellipsis where something is missing."""
    if width_of(text, size) <= width:
        return text
    while text and width_of(text + "…", size) > width:
        text = text[:-1]
    return text + "…"


def wrapped(text: str, width: int, size: int = SIZE) -> list[str]:
    """Break a text into lines: between words, or between Chinese characters."""
    lines, line = [], ""
    for piece in _pieces(text):
        if line and width_of(line + piece.rstrip(), size) > width:
            lines.append(line.rstrip())
            line = ""
        line += piece
    return [*lines, line.rstrip()]


def _pieces(text: str) -> list[str]:
    pieces: list[str] = []
    word = ""
    for char in text:
        if east_asian_width(char) in "WF":
            # A full stop or a comma stays with what it ends.
            if char in ",。;:、)%" and (word or pieces):
                if word:
                    word += char
                else:
                    pieces[-1] += char
                continue
            pieces += [word, char] if word else [char]
            word = ""
        else:
            word += char
            if char == " ":
                pieces.append(word)
                word = ""
    return [*pieces, word] if word else pieces
