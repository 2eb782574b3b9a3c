"""Parquet files, read in batches of rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import numpy as np

from stagelens.errors import InputError
from stagelens.stages.mixture.files import check_unchanged, file_state
from stagelens.stages.mixture.origin import Found
from stagelens.stages.mixture.wording import reason
from stagelens.study.fingerprint import file_digest

_BATCH: Final = 1024
"""Rows that are in memory at once."""


class Table:
    """A Parquet file. A row's key is its number, from 0.

    Only ``columns`` are read (None: all of them). All are read, too, where the file has none of these, or lacks one of
    ``asked``, so that an error can say what there is instead.
    """

    def __init__(self, path: Path, columns: frozenset[str] | None, asked: frozenset[str]) -> None:
        self._path, self._columns, self._asked = path, columns, asked
        self._state = file_state(path)

    def scan(self) -> Iterator[Found]:
        """As ``Origin`` says."""
        with self._opened() as file:
            number = 0
            for batch in file.iter_batches(_BATCH, columns=self._wanted(file)):
                for fields in batch.to_pylist():
                    yield Found(number, f"{self._path}, row {number + 1}", fields)
                    number += 1

    def sha256(self) -> str:
        """As ``Origin`` says."""
        return file_digest(self._path)

    def fetch(self, keys: Sequence[int]) -> Iterator[Found]:
        """As ``InPlace`` says."""
        wanted = np.asarray(keys, dtype=np.int64)
        check_unchanged(self._path, self._state)
        with self._opened() as file:
            start = 0
            for group in range(file.num_row_groups):
                end = start + file.metadata.row_group(group).num_rows
                here = wanted[(wanted >= start) & (wanted < end)] - start
                if len(here):
                    yield from self._of_group(file, group, here, start)
                start = end

    def _of_group(
        self, file: Any, group: int, keys: np.ndarray[Any, np.dtype[np.int64]], first: int
    ) -> Iterator[Found]:
        start = 0
        for batch in file.iter_batches(_BATCH, row_groups=[group], columns=self._wanted(file)):
            end = start + batch.num_rows
            here = keys[(keys >= start) & (keys < end)]
            for key, fields in zip(here.tolist(), batch.take(here - start).to_pylist(), strict=True):
                yield Found(first + key, f"{self._path}, row {first + key + 1}", fields)
            if end > keys[-1]:
                return
            start = end

    def _wanted(self, file: Any) -> list[str] | None:
        names = file.schema_arrow.names
        if len(set(names)) < len(names):
            raise InputError(f"{self._path} has two columns of one name; rename one of them.")
        if self._columns is None or not self._asked <= set(names):
            return None
        return [name for name in names if name in self._columns] or None

    @contextmanager
    def _opened(self) -> Iterator[Any]:
        import pyarrow as arrow  # type: ignore[import-untyped]
        from pyarrow import parquet

        try:
            with parquet.ParquetFile(self._path) as file:
                yield file
        except (arrow.ArrowException, OSError, ValueError) as error:
            raise InputError(
                f"{self._path} is not a readable Parquet file ({reason(error)}); copy or write it again."
            ) from None
