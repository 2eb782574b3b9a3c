"""Files with one JSON array of objects, read object by object."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, Final

from stagelens.errors import InputError
from stagelens.stages.mixture.files import BYTE_ORDER_MARK, reading
from stagelens.stages.mixture.origin import Found
from stagelens.stages.mixture.parsing import DECODER, MOST_BYTES, checked_row, too_long, unreadable
from stagelens.study.fingerprint import file_digest

_PIECE: Final = 1 << 18
_LONGEST_TOKEN: Final = 32
"""Characters: a fault that stands further from the end of what was read is none of its having been cut there."""
_REMEDY: Final = "the file must be one array of JSON objects"
_SPACE: Final = re.compile(r"[ \t\r\n]*")


class Array:
    """A file that holds its rows in one array, packed or not."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def scan(self) -> Iterator[Found]:
        """As ``Origin`` says."""
        with reading(self._path) as file:
            text = _Text(file, self._path)
            text.skip("[")
            number = 0
            while text.first() != "]":
                if number:
                    text.skip(",")
                number += 1
                where = f"{self._path}, row {number}"
                yield Found(number, where, text.element(where))
            text.skip("]")
            if text.first():
                raise InputError(f"{self._path}: something stands after the array's end: {_REMEDY}.")

    def sha256(self) -> str:
        """As ``Origin`` says."""
        return file_digest(self._path)


class _Text:
    """A file's text, of which no more is held than the element that is being read."""

    def __init__(self, file: IO[bytes], path: Path) -> None:
        self._file, self._path = file, path
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._buffer, self._at, self._whole, self._read = "", 0, False, 0

    def first(self) -> str:
        """The next character that is no space; empty at the end."""
        while True:
            self._at = _SPACE.match(self._buffer, self._at).end()  # type: ignore[union-attr]  # matches anything
            if self._at < len(self._buffer) or self._whole:
                return self._buffer[self._at : self._at + 1]
            self._more(_PIECE)

    def skip(self, wanted: str) -> None:
        """Go past a character that has to stand here."""
        found = self.first()
        if found != wanted:
            here = repr(found) if found else "the end of the file"
            raise InputError(f"{self._path} is not JSON ({wanted!r} expected, {here} found): {_REMEDY}.")
        self._at += 1

    def element(self, where: str) -> dict[str, Any]:
        """The object that begins here."""
        self.first()
        while True:
            try:
                row, end = DECODER.raw_decode(self._buffer, self._at)
            except RecursionError as error:
                raise unreadable(error, where, _REMEDY) from None
            except ValueError as error:
                if not self._cut(error):
                    raise unreadable(error, where, _REMEDY) from None
            else:
                text = self._buffer[self._at : end]
                self._at = end
                return checked_row(row, text, where)
            if len(self._buffer) - self._at > MOST_BYTES:
                raise too_long(where)
            self._more(max(_PIECE, len(self._buffer) - self._at))

    def _cut(self, error: ValueError) -> bool:
        """Whether a fault may be one of the buffer's end only."""
        if self._whole or not isinstance(error, json.JSONDecodeError):
            return False
        return error.msg.startswith("Unterminated string") or error.pos + _LONGEST_TOKEN > len(self._buffer)

    def _more(self, size: int) -> None:
        piece = self._file.read(size)
        if not self._read:
            piece = piece.removeprefix(BYTE_ORDER_MARK)
        self._read += len(piece)
        self._whole = not piece
        try:
            text = self._decoder.decode(piece, final=self._whole)
        except UnicodeDecodeError as error:
            raise InputError(f"{self._path} is not text in UTF-8 ({error.reason}): save it as UTF-8.") from None
        self._buffer, self._at = self._buffer[self._at :] + text, 0
