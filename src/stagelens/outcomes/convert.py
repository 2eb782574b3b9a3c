"""Turns a column, however it was written, into the table's own type; or says which row cannot be turned."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import polars as pl

from stagelens.errors import InputError
from stagelens.outcomes.source import Origin

_TRUTH: Final = {
    "true": True,
    "yes": True,
    "1": True,
    "1.0": True,
    "false": False,
    "no": False,
    "0": False,
    "0.0": False,
}


_NARROWER: Final = (pl.Int8, pl.Int16, pl.Int32, pl.UInt8, pl.UInt16, pl.UInt32)
"""Whole numbers that fit into 64 bits with their sign."""


def convert(column: pl.Series, dtype: pl.DataType, origin: Origin) -> pl.Series:
    """``column`` as ``dtype`` (text, float, whole number or truth value); text that is empty is missing.

    Raises:
        InputError: a value that does not fit, with its row and field.
    """
    if column.dtype.is_nested() or column.dtype == pl.Object:
        raise InputError(f"{origin.name}: {column.name} holds {column.dtype}, not single values: flatten the column.")
    if dtype == pl.String:
        return _as_text(column)
    if column.dtype == dtype:
        return column
    if dtype == pl.Float64 and (column.dtype.is_numeric() or column.dtype == pl.Boolean):
        return column.cast(pl.Float64)
    if dtype == pl.Int64 and column.dtype in _NARROWER:
        return column.cast(pl.Int64)
    # Everything else goes by way of its text, however it was stored: a large seed would lose digits as a float.
    text = _as_text(column)
    parse, what = _PARSERS[dtype]
    parsed = parse(text.str.strip_chars().str.to_lowercase())
    row = first_true(parsed.is_null() & text.is_not_null())
    if row is not None:
        raise InputError(f"{origin.at(row)}: {column.name} is {text[row]!r}, which is not {what}.")
    return parsed


def first_true(mask: pl.Series) -> int | None:
    """The first row (from 0) where ``mask`` is true."""
    row = mask.fill_null(False).arg_max()
    return row if row is not None and mask[row] else None


def _as_text(column: pl.Series) -> pl.Series:
    text = column.cast(pl.String)
    return text.replace("", None) if (text == "").any() else text


def _float(text: pl.Series) -> pl.Series:
    return text.replace({"true": "1", "false": "0"}).cast(pl.Float64, strict=False)


def _integer(text: pl.Series) -> pl.Series:
    # A column of whole numbers with gaps is often written as floats.
    return text.str.replace(r"\.0+$", "").cast(pl.Int64, strict=False)


def _truth(text: pl.Series) -> pl.Series:
    return text.replace_strict(_TRUTH, default=None, return_dtype=pl.Boolean)


_PARSERS: Final[dict[pl.DataType, tuple[Callable[[pl.Series], pl.Series], str]]] = {
    pl.Float64(): (_float, "a number"),
    pl.Int64(): (_integer, "a whole number"),
    pl.Boolean(): (_truth, "true or false"),
}
