"""A ranking as a spreadsheet: the same figures as the stored documents, on six sheets.

Every text is written as a text, so a bidder named `=HYPERLINK(...)` is a name and no formula.
Figures are written as numbers where a spreadsheet can hold them exactly, and as texts otherwise.
The same documents give the same bytes: the time in the file is that of the round.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from io import BytesIO
from typing import Any, Final

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from marketplace.kit.money import format_yuan

CELL_LENGTH_MAX: Final = 32_000
"""A cell holds 32,767 characters."""
ROWS_MAX: Final = 1_000_000
EXACT_DIGITS_MAX: Final = 15
"""Spreadsheets keep numbers as binary floats, which hold fifteen decimal digits."""
UNFIT: Final = dict.fromkeys((*range(32), 65534, 65535))
"""Characters that XML cannot hold."""

Cell = str | int | Decimal | None
Document = Mapping[str, Any]
HEADERS: Final[Mapping[str, tuple[str, str]]] = {
    "standings": ("排名", "Standings"),
    "points": ("分项得分", "Points"),
    "marks": ("评委打分", "Marks"),
    "prices": ("报价与扣除", "Prices"),
    "certainty": ("可靠性", "Certainty"),
    "digests": ("摘要", "Digests"),
    "rank": ("名次", "Rank"),
    "bid": ("投标编号", "Bid"),
    "bidder": ("投标人", "Bidder"),
    "score": ("排名依据", "Ranked on"),
    "total": ("总分", "Total"),
    "tie": ("并列处理", "Tie broken by"),
    "excluded": ("未参与排名的原因", "Why not ranked"),
    "judge": ("评委", "Judge"),
    "criterion": ("评审因素", "Criterion"),
    "mark": ("打分", "Mark"),
    "recused": ("已回避,不计", "Recused, not counted"),
    "quote": ("报价(元)", "Quote (yuan)"),
    "policy": ("扣除政策", "Deductions"),
    "deduction": ("扣除合计(%)", "Deducted (%)"),
    "evaluated": ("评审价(元)", "Evaluated price (yuan)"),
    "lowest": ("最好名次(90%)", "Best rank (90 %)"),
    "highest": ("最差名次(90%)", "Worst rank (90 %)"),
    "first": ("第一名占比(%)", "First in (%)"),
    "weight": ("权重(%)", "Weight (%)"),
    "becomes": ("第一名易位的权重(%)", "First place changes at (%)"),
    "rival": ("与谁易位", "Rival"),
    "document": ("文件", "Document"),
    "sha256": ("SHA-256", "SHA-256"),
    "seed": ("重抽样种子", "Seed of the resampling"),
    "version": ("程序版本", "Version of the program"),
    "yes": ("是", "yes"),
}


def workbook(
    documents: Mapping[str, Document],
    digests: Mapping[str, str],
    *,
    computed_at: dt.datetime,
    english: bool,
) -> bytes:
    """Write a round as a spreadsheet.

    Shape    documents and digests by name: `sheet`, `standings`, `sensitivity`; times are told in
             the properties of the file, not on a sheet.
    """
    buffer = BytesIO()
    book = xlsxwriter.Workbook(
        buffer,
        {
            "in_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
        },
    )
    # Without this the file would carry the time at which it was written, and no two were alike.
    book.set_properties({"created": computed_at.replace(tzinfo=None, microsecond=0)})
    book.set_size(1600, 1200)
    writer = _Writer(book=book, bold=book.add_format({"bold": True}), english=english)
    sheet, standings = documents["sheet"], documents["standings"]
    writer.table("standings", *_standings(writer, standings))
    writer.table("points", *_points(writer, sheet, standings))
    writer.table("marks", *_marks(writer, sheet))
    writer.table("prices", *_prices(writer, sheet, standings))
    writer.table("certainty", *_certainty(writer, sheet, standings, documents["sensitivity"]))
    writer.table("digests", *_digests(writer, sheet, documents["sensitivity"], digests))
    book.close()
    return buffer.getvalue()


class _Writer:
    """Writes tables: one header, then rows of texts and exact numbers."""

    def __init__(self, *, book: xlsxwriter.Workbook, bold: Format, english: bool) -> None:
        self._book = book
        self._bold = bold
        self._english = english

    def word(self, name: str) -> str:
        """A header in the language of the file."""
        return HEADERS[name][self._english]

    def title(self, criterion: Document) -> str:
        """The title of a criterion in the language of the file."""
        return str(criterion["title_en" if self._english else "title_zh"])

    def table(self, name: str, headers: Sequence[str], rows: Sequence[Sequence[Cell]]) -> None:
        """Write one sheet."""
        page = self._book.add_worksheet(self.word(name))
        page.freeze_panes(1, 0)
        widths = [12] * len(headers)
        for row, cells in enumerate([headers, *rows[:ROWS_MAX]]):
            for column, cell in enumerate(cells):
                _write(page, row, column, cell, self._bold if row == 0 else None)
                widths[column] = max(widths[column], min(len(str(cell or "")) + 2, 44))
        for column, width in enumerate(widths):
            page.set_column(column, column, width)


def _write(page: Worksheet, row: int, column: int, cell: Cell, style: Format | None) -> None:
    if cell is None:
        return
    if isinstance(cell, int | Decimal) and len(str(cell).strip("-").replace(".", "")) <= (
        EXACT_DIGITS_MAX
    ):
        page.write_number(row, column, cell, style)
        return
    page.write_string(row, column, str(cell).translate(UNFIT)[:CELL_LENGTH_MAX], style)


def _standings(writer: _Writer, standings: Document) -> tuple[list[str], list[list[Cell]]]:
    headers = [writer.word(one) for one in ("rank", "bid", "bidder", "score", "total", "tie")]
    rows: list[list[Cell]] = [
        [
            one["rank"],
            one["bid_id"],
            one["bidder"],
            Decimal(one.get("score", one["total"])),
            Decimal(one["total"]),
            one["tie_broken_by"],
        ]
        for one in standings["standings"]
    ]
    rows += [
        [None, one["bid_id"], one["bidder"], None, None, None, one["reason"]]
        for one in standings["excluded"]
    ]
    return [*headers, writer.word("excluded")], rows


def _points(
    writer: _Writer, sheet: Document, standings: Document
) -> tuple[list[str], list[list[Cell]]]:
    criteria = sheet["rubric"]["criteria"]
    headers = [writer.word(one) for one in ("rank", "bid", "bidder")]
    headers += [f"{writer.title(one)} ({_percent(one['weight_bps'])})" for one in criteria]
    return headers, [
        [
            one["rank"],
            one["bid_id"],
            one["bidder"],
            *(Decimal(one["points"][criterion["code"]]) for criterion in criteria),
        ]
        for one in standings["standings"]
    ]


def _marks(writer: _Writer, sheet: Document) -> tuple[list[str], list[list[Cell]]]:
    names = {bid["id"]: bid["bidder"] for bid in sheet["bids"]}
    titles = {one["code"]: writer.title(one) for one in sheet["rubric"]["criteria"]}
    recused = {one["label"] for one in sheet["judges"] if one["recused"]}
    headers = [
        writer.word(one) for one in ("bid", "bidder", "criterion", "judge", "mark", "recused")
    ]
    return headers, [
        [
            bid_id,
            names[bid_id],
            titles[code],
            judge,
            Decimal(mark),
            writer.word("yes") if judge in recused else None,
        ]
        for bid_id, by_criterion in sorted(sheet["marks"].items())
        for code, by_judge in sorted(by_criterion.items())
        for judge, mark in sorted(by_judge.items())
    ]


def _prices(
    writer: _Writer, sheet: Document, standings: Document
) -> tuple[list[str], list[list[Cell]]]:
    evaluated = {one["bid_id"]: one["evaluated_price_fen"] for one in standings["standings"]}
    headers = [
        writer.word(one) for one in ("bid", "bidder", "quote", "policy", "deduction", "evaluated")
    ]
    rows: list[list[Cell]] = []
    for bid in sheet["bids"]:
        parts = [f"{one['policy']} {_percent(one['bps'])}" for one in bid["deductions"]]
        rows.append(
            [
                bid["id"],
                bid["bidder"],
                _yuan(bid["quote_fen"]),
                "; ".join(parts) or None,
                _percent(sum(one["bps"] for one in bid["deductions"])),
                _yuan(evaluated.get(bid["id"])),
            ]
        )
    return headers, rows


def _certainty(
    writer: _Writer, sheet: Document, standings: Document, sensitivity: Document
) -> tuple[list[str], list[list[Cell]]]:
    names = {one["bid_id"]: one["bidder"] for one in standings["standings"]}
    headers = [writer.word(one) for one in ("rank", "bid", "bidder", "lowest", "highest", "first")]
    rows: list[list[Cell]] = []
    for one in (sensitivity["rank_intervals"] or {"bids": []})["bids"]:
        low, high = one["interval_90"]
        first = Decimal(one["first_percent"])
        rows.append([one["rank"], one["bid_id"], names[one["bid_id"]], low, high, first])
    margins = {one["criterion"]: one for one in sensitivity["margins"]["criteria"]}
    rows.append([])
    rows.append([writer.word(one) for one in ("criterion", "weight", "becomes", "rival")])
    for criterion in sheet["rubric"]["criteria"]:
        margin = margins.get(criterion["code"])
        row: list[Cell] = [writer.title(criterion), _percent(criterion["weight_bps"])]
        if margin is not None:
            row += [Decimal(margin["becomes_percent"]), names[margin["rival"]]]
        rows.append(row)
    return headers, rows


def _digests(
    writer: _Writer, sheet: Document, sensitivity: Document, digests: Mapping[str, str]
) -> tuple[list[str], list[list[Cell]]]:
    rows: list[list[Cell]] = [[name, digest] for name, digest in sorted(digests.items())]
    rows.append([writer.word("seed"), sensitivity["seed"]])
    rows.append([writer.word("version"), sheet["code_version"]])
    return [writer.word("document"), writer.word("sha256")], rows


def _percent(bps: int) -> Decimal:
    return Decimal(f"{bps // 100}.{bps % 100:02d}")


def _yuan(fen: int | None) -> Cell:
    return None if fen is None else Decimal(format_yuan(fen).replace(",", ""))
