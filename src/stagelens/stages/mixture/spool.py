"""Rows that cannot be read again where they stand (compressed, in an array, from the network), laid down once."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from tempfile import SpooledTemporaryFile
from typing import Final

from stagelens.errors import InputError
from stagelens.stages.mixture.rows import Row
from stagelens.stages.mixture.wording import reason

_IN_MEMORY: Final = 32_000_000
"""Bytes up to which no file is made."""


class Spool:
    """Checked rows, in memory while they are few and else in a temporary file that nobody else sees."""

    def __init__(self) -> None:
        self._file: SpooledTemporaryFile[bytes] = SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 - outlives this
        self._end = 0

    def add(self, row: Row) -> int:
        """Lay a row down; returns its key. InputError where the disk is full."""
        key, line = self._end, json.dumps(row).encode() + b"\n"
        try:
            self._file.write(line)
        except OSError as error:
            raise InputError(
                f"Rows could not be laid down in the folder for temporary files ({reason(error)}); name a folder with "
                "more room in TMPDIR."
            ) from None
        self._end += len(line)
        return key

    def fetch(self, keys: Sequence[int]) -> Iterator[Row]:
        """The rows of these keys."""
        for key in keys:
            self._file.seek(key)
            yield json.loads(self._file.readline())
        self._file.seek(self._end)
