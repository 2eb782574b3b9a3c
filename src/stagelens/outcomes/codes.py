"""An outcome table's words as whole numbers: what is checked and aligned is then sums, not texts.

A *coded* table holds every column of words as a polars Enum of the words that occur, sorted: codes are in order of the
words, so that the order of rows decides nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
import polars as pl
from numpy.typing import NDArray

from stagelens.outcomes.schema import COLUMNS

Codes: TypeAlias = NDArray[np.integer[Any]]
"""Whole numbers, in whatever width they come."""

_WORDS: Final = tuple(name for name, dtype in COLUMNS.items() if dtype == pl.String and name != "cause")
_SPARSE: Final = 8
"""A table of what occurs may have this many places for every row; beyond, sorting costs less."""


@dataclass(frozen=True, slots=True)
class Key:
    """A number for every row, equal where the rows agree: ``codes``, shape (rows,), from 0 to ``size`` - 1.

    ``size`` stays in proportion to the number of rows, and not every code need occur.
    """

    codes: Codes
    size: int

    def firsts(self) -> Codes:
        """The first row of every code that occurs, in order of appearance."""
        rows = len(self.codes)
        first = np.full(self.size, rows)
        first[self.codes[::-1]] = np.arange(rows)[::-1]  # of several rows with one code, the last written stays
        return np.sort(first[first < rows])

    def distinct(self) -> int:
        """How many codes occur."""
        return int(np.count_nonzero(self._occurs()))

    def undecided(self, other: Codes) -> NDArray[np.bool_]:
        """By code, shape (size,), whether rows that agree in it differ in ``other``."""
        owner = np.zeros(self.size, dtype=other.dtype)
        owner[self.codes] = other
        differs = np.zeros(self.size, dtype=np.bool_)
        differs[self.codes[owner[self.codes] != other]] = True
        return differs

    def dense(self) -> Key:
        """The same with every code occurring, in the same order."""
        occurs = self._occurs()
        return Key((np.cumsum(occurs) - 1)[self.codes], int(np.count_nonzero(occurs)))

    def _occurs(self) -> NDArray[np.bool_]:
        occurs = np.zeros(self.size, dtype=np.bool_)
        occurs[self.codes] = True
        return occurs


def coded(table: pl.DataFrame) -> pl.DataFrame:
    """The table with its words as Enums; columns that are coded already stay as they are."""
    plain = [name for name in _WORDS if table.schema[name] == pl.String]
    # Where there are no clusters the column repeats the items: comparing is far cheaper than coding it again.
    repeats = {"item", "cluster"} <= set(plain) and bool((table["item"] == table["cluster"]).all())
    if repeats:
        plain.remove("cluster")
    if not plain:
        return table
    words = table.select(pl.col(name).unique().drop_nulls().sort().implode() for name in plain)
    # In one piece each, so that looking at a column as an array costs nothing.
    done = table.with_columns(pl.col(name).cast(pl.Enum(words[name][0])) for name in plain).rechunk()
    return done.with_columns(cluster=pl.col("item")) if repeats else done


def words_of(column: pl.Series) -> list[str]:
    """The words that a coded column's codes stand for; some may not occur any more."""
    assert isinstance(column.dtype, pl.Enum)
    return column.dtype.categories.to_list()


def codes_of(column: pl.Series) -> Codes:
    """A coded column's codes, -1 where it is empty."""
    physical = column.to_physical()
    return (physical.cast(pl.Int64).fill_null(-1) if column.null_count() else physical).to_numpy()


def key_of(table: pl.DataFrame, *columns: str) -> Key:
    """The rows' key over these columns of a coded table; empty fields agree with each other.

    Codes are in order of the columns' values, the first column before the second.
    """
    return combined([_column_key(table[name]) for name in columns])


def combined(keys: Sequence[Key]) -> Key:
    """One key of several over the same rows, in order of the first, then the second, and so on."""
    whole = keys[0]
    for key in keys[1:]:
        if whole.size == 1 or key.size == 1:
            whole = key if whole.size == 1 else whole
            continue
        most = _most(len(key.codes))
        if whole.size * key.size > most:
            whole = whole.dense()
        codes, size = whole.codes.astype(np.int64), whole.size * key.size
        codes *= key.size
        codes += key.codes
        whole = Key(codes, size) if size <= most else _sorted_key(codes)
    return whole


def _column_key(column: pl.Series) -> Key:
    if column.dtype == pl.Int64:
        return number_key(column.to_numpy())
    if column.dtype == pl.Boolean:
        return Key(column.cast(pl.UInt8).to_numpy(), 2)
    codes, size = codes_of(column), len(words_of(column))
    return Key(codes + 1, size + 1) if column.null_count() else Key(codes, size)


def number_key(values: Codes) -> Key:
    """The key of whole numbers, in their order."""
    least, most = (int(values.min()), int(values.max())) if len(values) else (0, 0)
    if least == 0 and most < _most(len(values)):
        return Key(values, most + 1)
    return Key(values - least, most - least + 1) if most - least < _most(len(values)) else _sorted_key(values)


def _most(rows: int) -> int:
    """How large a key over this many rows may be."""
    return _SPARSE * rows + 2**16


def _sorted_key(values: Codes) -> Key:
    found, codes = np.unique(values, return_inverse=True)
    return Key(codes.reshape(-1).astype(np.int64, copy=False), found.size)
