"""One reader for every form of a file: ids and columns as texts.

A plain CSV file is read by a fast reader that accepts only what cannot be misread: no quotes, no
empty field, as many commas as there must be.  Whatever it does not accept goes to the careful
reader of `rules.predictions`, which reads it or says what is wrong, with the line.  Both agree on
every file that both accept; a test of random files holds them to it.
"""

import mmap
from codecs import BOM_UTF8
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl

from marketplace.scoring.errors.rounds import (
    PredictionIdRepeated,
    PredictionsTooLarge,
    PredictionsUnreadable,
)
from marketplace.scoring.rules import predictions
from marketplace.scoring.rules.documents import short
from marketplace.scoring.rules.metrics.samples import Column, NoNumber, Scaled, scaled
from marketplace.scoring.rules.predictions import ID_COLUMN, Limits
from marketplace.scoring.rules.reading import jsonlines, parquet
from marketplace.scoring.rules.unpacking import is_packed, unpacked

COLUMNS_FAST_MAX: Final = 64
DECIMALS: Final = 22
"""With fifteen digits before the point, what an exact decimal of 38 digits can hold."""
PLAIN_NUMBER: Final = rf"^-?[0-9]{{1,15}}(\.[0-9]{{1,{DECIMALS}}})?$"


@dataclass(frozen=True, slots=True)
class Table:
    """What was read, row by row as it stands in the file; ids may still come twice."""

    frame: pl.DataFrame
    lines: Sequence[int]
    """On which line (in Parquet: which row) each row begins."""

    @property
    def ids(self) -> pl.Series:
        """Every id."""
        return self.frame.get_column(ID_COLUMN)

    def by_id(self) -> pl.DataFrame:
        """Order the rows by their ids.  Refuses PredictionIdRepeated with both lines."""
        ordered = self.frame if self.ids.is_sorted() else self.frame.sort(ID_COLUMN)
        ids = ordered.get_column(ID_COLUMN)
        if (ids == ids.shift(1)).any():
            self.check_ids()
        return ordered

    def beside(self, ids: pl.Series) -> pl.DataFrame | None:
        """Order the rows as `ids`, which are all different; nothing if they are not exactly those.

        As many rows here as ids, as many after the join, and none of them empty: so each id is
        here, and here once.
        """
        if self.frame.height != len(ids):
            return None
        if self.ids.equals(ids):
            return self.frame
        joined = ids.to_frame(ID_COLUMN).join(
            self.frame, on=ID_COLUMN, how="left", maintain_order="left"
        )
        filled = joined.get_columns()[-1].null_count() == 0
        return joined if joined.height == len(ids) and filled else None

    def check_ids(self) -> None:
        """Refuse an id that comes twice, with both lines."""
        seen: dict[str, int] = {}
        for place, row_id in enumerate(self.ids.to_list()):
            if row_id in seen:
                raise PredictionIdRepeated(
                    line=self.lines[place], id=short(row_id), first_line=self.lines[seen[row_id]]
                )
            seen[row_id] = place

    def line_of(self, shown: str) -> int | None:
        """Find the line of an id by its text as refusals show it."""
        found = (place for place, one in enumerate(self.ids.to_list()) if short(one) == shown)
        place = next(found, None)
        return None if place is None else self.lines[place]


def read(data: bytes | mmap.mmap, columns: Sequence[str], limits: Limits | None = None) -> Table:
    """Read ids and columns of a CSV, Parquet or JSON Lines file, plain, gzip or Zstandard.

    A map is read only where it is looked at: of a line without end no more than its beginning.
    Refuses  what the reader of the form refuses.
    """
    limits = limits or Limits()
    whole = unpacked(data, limits.bytes_max) if is_packed(data) else data
    if len(whole) > limits.bytes_max:
        raise PredictionsTooLarge(bytes=len(whole), bytes_max=limits.bytes_max)
    wanted = (ID_COLUMN, *columns)
    if whole[: len(parquet.MAGIC)] == parquet.MAGIC:
        texts = parquet.read_columns(whole, wanted, limits)
        frame = pl.DataFrame([texts[name].alias(name) for name in wanted])
        _check_lengths(frame, limits)
        return Table(frame, range(1, frame.height + 1))
    predictions.refuse_endless_lines(whole)
    plain = bytes(whole)
    if plain.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        found, lines = jsonlines.read_columns(predictions.decoded(plain), wanted, limits)
        return Table(pl.DataFrame(found, schema=dict.fromkeys(wanted, pl.String)), lines)
    fast = _fast(plain, wanted, limits)
    if fast is not None:
        return Table(fast, range(2, fast.height + 2))
    careful, lines = predictions.read_columns(plain, wanted, limits)
    return Table(pl.DataFrame(careful, schema=dict.fromkeys(wanted, pl.String)), lines)


def _check_lengths(frame: pl.DataFrame, limits: Limits) -> None:
    """Hold texts of Parquet to what CSV may hold: a dictionary can say one long text a million
    times.
    """
    whole = 0
    for column in frame.iter_columns():
        sizes = column.str.len_bytes()
        whole += int(sizes.sum())
        if (column == "").any():
            row = (column == "").arg_max() or 0
            problem = "empty_field"
            raise PredictionsUnreadable(line=row + 1, problem=problem, column=short(column.name))
        longest = sizes.max()
        assert isinstance(longest, int)
        if longest > limits.field_length_max:
            lengths = column.str.len_chars()
            row = (lengths > limits.field_length_max).arg_max() or 0
            if lengths[row] > limits.field_length_max:
                raise PredictionsTooLarge(line=row + 1, field_length_max=limits.field_length_max)
    if whole > limits.bytes_max:
        raise PredictionsTooLarge(bytes=whole, bytes_max=limits.bytes_max)


def _fast(data: bytes, names: Sequence[str], limits: Limits) -> pl.DataFrame | None:
    """Read a plain CSV file, or nothing where there is anything to look at closely.

    Refuses  PredictionsTooLarge for rows beyond `limits`, whatever else is wrong with them.
    """
    body = data.removeprefix(BOM_UTF8)
    if b'"' in body or b"\0" in body:
        return None
    if b"\r" in body:
        body = body.replace(b"\r\n", b"\n")
        if b"\r" in body:
            return None
    head, _, rest = body.partition(b"\n")
    commas = head.count(b",")
    if not 0 < commas < COLUMNS_FAST_MAX:
        return None
    columns = head.decode("utf-8", "replace").split(",")
    if (
        any(columns.count(name) != 1 for name in names)
        or rest[:1] in (b"", b"\n")
        # Where a file begins, a reader takes this for a mark; here it belongs to the first id.
        or rest.startswith(BOM_UTF8)
        or b"\n\n" in rest
    ):
        return None
    rows = rest.count(b"\n") + (not rest.endswith(b"\n"))
    if rows > limits.rows_max:
        raise PredictionsTooLarge(line=limits.rows_max + 2, rows_max=limits.rows_max)
    if rest.count(b",") != commas * rows:
        return None
    try:
        frame = pl.read_csv(
            rest,
            has_header=False,
            new_columns=[str(place) for place in range(len(columns))],
            infer_schema=False,
            quote_char=None,
        )
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException):
        return None
    if frame.height != rows or frame.width != len(columns):
        return None
    frame = frame.select(
        pl.col(str(columns.index(name))).alias(name) for name in dict.fromkeys(names)
    )
    longest = [column.str.len_bytes().max() for column in frame.iter_columns()]
    short_enough = all(isinstance(one, int) and one <= limits.field_length_max for one in longest)
    whole = not any(column.null_count() for column in frame.iter_columns())
    return frame if whole and short_enough else None


def column_of(series: pl.Series) -> Column:
    """Give a column as texts, and as numbers where they are asked for."""
    return Column(series.to_list, lambda: numbers_of(series))


def numbers_of(series: pl.Series) -> Scaled:
    """Read texts as numbers, all plain decimals at once.  Refuses NoNumber."""
    plain = series.str.contains(PLAIN_NUMBER)
    exact = series.cast(pl.Decimal(38, DECIMALS), strict=False).to_physical()
    if plain.all():
        return Scaled(exact.to_list(), DECIMALS)
    # The others have an exponent, or too many digits, or are no numbers: one by one.
    places = (~plain).arg_true().to_list()
    try:
        others = scaled(series.gather(places).to_list())
    except NoNumber as bad:
        raise NoNumber(places[bad.place]) from bad
    most = max(DECIMALS, others.places)
    units = list(Scaled(exact.fill_null(0).to_list(), DECIMALS).at(most))
    for place, unit in zip(places, others.at(most), strict=True):
        units[place] = unit
    return Scaled(units, most)
