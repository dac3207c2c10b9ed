"""Read columns of a Parquet file, after its footer has been found to promise nothing too large."""

import io
import mmap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import polars as pl

from marketplace.scoring.errors.rounds import (
    PredictionColumnMissing,
    PredictionsTooLarge,
    PredictionsUnreadable,
)
from marketplace.scoring.rules.documents import short
from marketplace.scoring.rules.predictions import LISTED_MAX, Limits
from marketplace.scoring.rules.reading.thrift import ITEMS_MAX, NotThrift, Reader, TooMany

MAGIC: Final = b"PAR1"
FOOTER_BYTES_MAX: Final = 4 * 1024 * 1024
COLUMNS_MAX: Final = 1_000
ROW_GROUPS_MAX: Final = 10_000
TEXT_TYPES: Final = (pl.String, pl.Categorical, pl.Boolean, pl.Decimal)
NUMBER_TYPES: Final = (
    *(pl.Int8, pl.Int16, pl.Int32, pl.Int64, pl.UInt8, pl.UInt16, pl.UInt32, pl.UInt64),
    *(pl.Float32, pl.Float64),
)


@dataclass(frozen=True, slots=True)
class Footer:
    """What a file says of itself."""

    rows: int
    columns: tuple[str, ...]
    """Names of the columns that hold plain values, in order."""
    row_groups: tuple[Mapping[int, Any], ...]


def footer_of(data: bytes | mmap.mmap, limits: Limits) -> Footer:
    """Read the footer and hold every figure in it against the limits.

    Refuses  PredictionsUnreadable not_parquet where it is broken or contradicts itself;
             PredictionsTooLarge for rows, columns, row groups or bytes beyond what is read.
    """
    try:
        if len(data) < 12 or data[:4] != MAGIC or data[-4:] != MAGIC:
            raise NotThrift
        length = int.from_bytes(data[-8:-4], "little")
        if length > FOOTER_BYTES_MAX:
            raise PredictionsTooLarge(footer_bytes=length, footer_bytes_max=FOOTER_BYTES_MAX)
        if length > len(data) - 12:
            raise NotThrift
        fields = Reader(data[-8 - length : -8]).structure()
        footer = _footer(fields)
        _check(fields, footer, limits)
    except TooMany as many:
        raise PredictionsTooLarge(columns_or_row_groups_max=ITEMS_MAX) from many
    except (NotThrift, KeyError, TypeError, IndexError, AttributeError, UnicodeDecodeError) as no:
        raise PredictionsUnreadable(line=1, problem="not_parquet") from no
    return footer


def _footer(fields: Mapping[int, Any]) -> Footer:
    schema = fields[2][1:]
    if len(schema) > COLUMNS_MAX:
        raise PredictionsTooLarge(columns=len(schema), columns_max=COLUMNS_MAX)
    names = tuple(one[4].decode() for one in schema if not one.get(5))
    return Footer(fields[3], names, tuple(fields[4]))


def _check(fields: Mapping[int, Any], footer: Footer, limits: Limits) -> None:
    if footer.rows > limits.rows_max:
        raise PredictionsTooLarge(rows=footer.rows, rows_max=limits.rows_max)
    if len(footer.row_groups) > ROW_GROUPS_MAX:
        raise PredictionsTooLarge(row_groups=len(footer.row_groups), most=ROW_GROUPS_MAX)
    rows = [group[3] for group in footer.row_groups]
    if footer.rows < 0 or sum(rows) != footer.rows or any(count < 0 for count in rows):
        raise NotThrift
    whole = 0
    for group in footer.row_groups:
        for chunk in group[1]:
            told = chunk[3]
            # Nested columns may have more values than rows; nobody needs them here.
            if told[5] < 0 or told[6] < 0 or told[5] > 2 * limits.rows_max:
                raise NotThrift
            whole += told[6]
    if whole > 4 * limits.bytes_max:
        raise PredictionsTooLarge(bytes=whole, bytes_max=4 * limits.bytes_max)


def read_columns(
    data: bytes | mmap.mmap, names: Sequence[str], limits: Limits
) -> dict[str, pl.Series]:
    """Read columns as texts.

    Shape    whole numbers, floats (in their shortest form), texts, categories and truth values.
    Refuses  what `footer_of` refuses; PredictionColumnMissing; PredictionsUnreadable with the row
             and empty_field, or column_type, or not_parquet where the pages are not as promised.
    """
    footer = footer_of(data, limits)
    for name in names:
        if footer.columns.count(name) != 1:
            raise PredictionColumnMissing(
                line=1,
                column=name,
                times=footer.columns.count(name),
                found=[short(found) for found in footer.columns[:LISTED_MAX]],
            )
    try:
        frame = pl.read_parquet(io.BytesIO(data), columns=list(names), use_statistics=False)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError, ValueError) as no:
        raise PredictionsUnreadable(line=1, problem="not_parquet") from no
    if frame.height != footer.rows:
        raise PredictionsUnreadable(line=1, problem="not_parquet")
    if not frame.height:
        raise PredictionsUnreadable(line=1, problem="empty")
    return {name: _texts(frame.get_column(name), name) for name in names}


def _texts(column: pl.Series, name: str) -> pl.Series:
    if not isinstance(column.dtype, (*TEXT_TYPES, *NUMBER_TYPES)):
        raise PredictionsUnreadable(line=1, problem="column_type", column=short(name))
    if column.null_count():
        row = column.is_null().arg_max()
        raise PredictionsUnreadable(line=(row or 0) + 1, problem="empty_field", column=name)
    return column.cast(pl.String)
