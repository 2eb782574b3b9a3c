"""Rows that stay where they are until they are asked for."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Protocol, overload

import numpy as np

Row = dict[str, Any]
Places = np.ndarray[tuple[int], np.dtype[np.int64]]


class Part(Protocol):
    """A file, or a part of one, that gives checked rows by key: a position in a file, or the number of a row."""

    def fetch(self, keys: Sequence[int]) -> Iterator[Row]:
        """The rows of these keys, which ascend."""
        ...


class Rows(Sequence[Row]):
    """The rows of a source, in order, read each time they are asked for. Eight bytes a row are held."""

    def __init__(self, parts: Iterable[tuple[Part, array[int] | Places]]) -> None:
        self._parts = [(part, np.asarray(keys, dtype=np.int64)) for part, keys in parts]
        self._ends = np.cumsum([len(keys) for _, keys in self._parts], dtype=np.int64)

    def __len__(self) -> int:
        return int(self._ends[-1]) if len(self._ends) else 0

    @overload
    def __getitem__(self, place: int) -> Row: ...
    @overload
    def __getitem__(self, place: slice) -> list[Row]: ...
    def __getitem__(self, place: int | slice) -> Row | list[Row]:
        if isinstance(place, slice):
            return self.gather(range(len(self))[place])
        return self.gather([range(len(self))[place]])[0]

    def __iter__(self) -> Iterator[Row]:
        for part, keys in self._parts:
            yield from part.fetch(keys.tolist())

    def gather(self, places: Sequence[int]) -> list[Row]:
        """The rows at these places, in any order and as often as asked for; each is read once, in one sweep."""
        wanted = np.unique(np.asarray(places, dtype=np.int64))
        found: dict[int, Row] = {}
        start = 0
        for (part, keys), end in zip(self._parts, self._ends.tolist(), strict=True):
            here = wanted[(wanted >= start) & (wanted < end)]
            if len(here):
                found |= zip(here.tolist(), part.fetch(keys[here - start].tolist()), strict=True)
            start = end
        return [found[place] for place in places]

    def without(self, places: Iterable[int]) -> Rows:
        """The same rows, those at ``places`` left out."""
        kept = np.ones(len(self), dtype=np.bool_)
        kept[np.fromiter(places, dtype=np.int64)] = False
        starts = np.concatenate([[0], self._ends[:-1]])
        return Rows(
            (part, keys[kept[start : start + len(keys)]])
            for (part, keys), start in zip(self._parts, starts.tolist(), strict=True)
        )


def gathered(rows: Sequence[Row], places: Sequence[int]) -> list[Row]:
    """Rows by their places: in one sweep where they are read from a file."""
    return rows.gather(places) if isinstance(rows, Rows) else [rows[place] for place in places]
