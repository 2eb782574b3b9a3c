"""Imports anyone's long table, one row an answer, by a map from our columns to theirs."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import NamedTuple

import polars as pl

from stagelens.errors import InputError
from stagelens.outcomes.checks import nearest
from stagelens.outcomes.schema import COLUMNS, READ
from stagelens.outcomes.source import Origin, TableSource, open_source
from stagelens.outcomes.table import complete_table


def import_csv(source: TableSource, columns: Sequence[str] = ()) -> pl.DataFrame:
    """An outcome table from a CSV, JSONL or Parquet file (or a frame) with columns of its own.

    Args:
        source: what ``read_table`` takes.
        columns: how it maps, each ``COLUMN=THEIRS`` (our column is their column) or ``COLUMN:=WORD`` (our column is
            this word in every row), such as ``["item=id", "value=score", "benchmark:=safety"]``. Columns that already
            have our names need no entry; columns of theirs that nothing names are left out.

    Raises:
        InputError: an entry that cannot be, or a table that ``read_table`` refuses.
    """
    raw, origin = open_source(source)
    taken = {name: pl.col(name) for name in raw.columns if name in READ}
    entries = [_parse(entry) for entry in columns]
    for position, entry in enumerate(entries):
        if entry.column in [before.column for before in entries[:position]]:
            raise InputError(f"The column {entry.column!r} is mapped twice: name it once.")
        if entry.theirs is not None and entry.theirs not in raw.columns:
            raise InputError(f"{origin.name} has no column {entry.theirs!r}: {nearest(entry.theirs, raw.columns)}")
        taken[entry.column] = pl.lit(entry.word) if entry.theirs is None else pl.col(entry.theirs)
    used = {entry.theirs for entry in entries}
    _check_left_out([name for name in raw.columns if name not in READ and name not in used], set(taken), origin)
    return complete_table(raw.select(**taken), origin)


class _Entry(NamedTuple):
    """``column`` is their column ``theirs``, or (None) the same ``word`` in every row."""

    column: str
    theirs: str | None
    word: str | None


def _parse(entry: str) -> _Entry:
    column, equals, value = entry.partition("=")
    constant = column.endswith(":")
    column = column.removesuffix(":")
    if not equals or not column or not value:
        raise InputError(f"{entry!r} is not COLUMN=THEIRS or COLUMN:=WORD, such as item=id or benchmark:=safety.")
    if column not in READ:
        raise InputError(f"{entry!r}: an outcome table has no column {column!r}: {nearest(column, COLUMNS)}")
    return _Entry(column, None, value) if constant else _Entry(column, value, None)


def _check_left_out(names: list[str], taken: set[str], origin: Origin) -> None:
    """A column that nearly has a name of ours was probably meant: leaving it out would change the result in silence."""
    free = [name for name in COLUMNS if name not in taken]
    for name in names:
        close = difflib.get_close_matches(name.lower(), free, n=1, cutoff=0.8)
        if close:
            raise InputError(
                f"{origin.name}: the column {name!r} is not known: map it with {close[0]}={name}, or remove it."
            )
