"""Files with one JSON object a line: read again by the position of a line, or, packed, only from the start."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

from stagelens.errors import InputError
from stagelens.stages.mixture.files import BYTE_ORDER_MARK, check_unchanged, file_state, reading
from stagelens.stages.mixture.origin import Found
from stagelens.stages.mixture.parsing import MOST_BYTES, parse_row, too_long
from stagelens.study.fingerprint import file_digest


class Lines:
    """A file as it is. A row's key is the position of its line; the digest is that of the lines that were read."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._digest = hashlib.sha256()
        self._state = file_state(path)

    def scan(self) -> Iterator[Found]:
        """As ``Origin`` says."""
        position = 0
        with reading(self._path) as file:
            for line, where in _lines(file, self._path):
                self._digest.update(line)
                yield Found(position, where, parse_row(_text(line, position), where))
                position += len(line)

    def sha256(self) -> str:
        """As ``Origin`` says."""
        return self._digest.hexdigest()

    def fetch(self, keys: Sequence[int]) -> Iterator[Found]:
        """As ``InPlace`` says."""
        check_unchanged(self._path, self._state)
        with reading(self._path) as file:
            for key in keys:
                file.seek(key)
                where = f"{self._path}, the line at byte {key}"
                yield Found(key, where, parse_row(_text(file.readline(), key), where))


class PackedLines:
    """A file that is unpacked while it is read."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def scan(self) -> Iterator[Found]:
        """As ``Origin`` says."""
        with reading(self._path) as file:
            for place, (line, where) in enumerate(_lines(file, self._path)):
                yield Found(place, where, parse_row(_text(line, place), where))

    def sha256(self) -> str:
        """Of the packed file."""
        return file_digest(self._path)


def _lines(file: IO[bytes], path: Path) -> Iterator[tuple[bytes, str]]:
    number = 0
    while line := file.readline(MOST_BYTES + 1):
        number += 1
        where = f"{path}, line {number}"
        if len(line) > MOST_BYTES:
            raise too_long(where)
        if not line.strip():
            raise InputError(f"{where} is empty: remove it or put a JSON object there.")
        yield line, where


def _text(line: bytes, position: int) -> bytes:
    return line if position else line.removeprefix(BYTE_ORDER_MARK)
