"""Streams log files row by row: JSONL, also gzipped, and Parquet. Never holds more than a batch of rows."""

from __future__ import annotations

import json
import zlib
from collections.abc import Collection, Iterable, Iterator
from gzip import BadGzipFile, GzipFile
from io import BufferedReader
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from stagelens.errors import InputError

if TYPE_CHECKING:
    import polars as pl

ENDINGS: Final = (".jsonl", ".ndjson", ".jsonl.gz", ".ndjson.gz", ".parquet")
_FIRST: Final = 200
"""Rows of a JSONL file whose fields say which format it is."""

_BATCH: Final = 10_000
"""Rows of a Parquet file that are in memory at once. Polars' own batches hold most of a file, whatever their size."""

_MESSAGE_FIELDS: Final = frozenset(
    {"role", "from", "content", "value", "text", "tool_calls", "function_call"}
)  # what `conversations` reads of a message; the rest is never turned into Python objects


class RawRow(NamedTuple):
    """A row's cells, or in ``problem`` why it has none; ``place`` is ``line 12`` or ``row 12``."""

    place: str
    cells: dict[str, Any]
    problem: str | None = None


def log_files(path: Path) -> tuple[Path, ...]:
    """The files to read: ``path``, or where it is a folder its log files by name.

    Raises:
        InputError: there is nothing there, or its ending is not known.
    """
    if path.is_dir():
        files = tuple(sorted(file for file in path.iterdir() if file.is_file() and _known(file)))
        if not files:
            raise InputError(f"The folder {path} has no log files: their names end in .jsonl, .jsonl.gz or .parquet.")
        return files
    if not path.exists():
        raise InputError(f"The log file {path} does not exist.")
    if path.suffix.lower() == ".json":
        raise InputError(f"{path} is one JSON text; write one row a line: jq -c '.[]' {path.name} > {path.stem}.jsonl")
    if not _known(path):
        raise InputError(f"The log file {path} must end in .jsonl, .jsonl.gz or .parquet.")
    return (path,)


def fields_of(file: Path) -> set[str]:
    """The names of a file's columns, or of the fields in its first 200 rows; none where it has no rows.

    Raises:
        InputError: none of these rows can be read.
    """
    if file.suffix.lower() == ".parquet":
        return set(_schema(_scan(file), file))
    rows = list(islice(stream(file, ()), _FIRST))
    if rows and all(row.problem for row in rows):
        raise InputError(f"{file}, {rows[0].place}: {rows[0].problem}.")
    return {name for row in rows for name in row.cells}


def stream(file: Path, columns: Collection[str]) -> Iterator[RawRow]:
    """The rows of a file in order. Of a Parquet file only ``columns`` are read, those that it has.

    Raises:
        InputError: the file as a whole cannot be read. A single bad line is a row with a ``problem``.
    """
    if file.suffix.lower() == ".parquet":
        yield from _parquet(file, columns)
        return
    try:
        with _opened(file) as lines:
            yield from _jsonl(lines)
    except (EOFError, zlib.error, BadGzipFile) as error:
        raise InputError(f"{file} is not a whole gzip file ({error}); compress or copy it again.") from None
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror}.") from None


def _known(file: Path) -> bool:
    return file.name.lower().endswith(ENDINGS)


def _opened(file: Path) -> GzipFile | BufferedReader:
    plain = file.open("rb")
    return GzipFile(fileobj=plain) if file.suffix.lower() == ".gz" else plain


def _jsonl(lines: Iterable[bytes]) -> Iterator[RawRow]:
    for number, line in enumerate(lines, start=1):
        text = line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line
        if not text.strip():
            continue
        place = f"line {number}"
        try:
            cells = json.loads(text.decode("utf-8"))
        except UnicodeDecodeError as error:
            yield RawRow(place, {}, f"this is not UTF-8 text ({error.reason} at byte {error.start} of the line)")
        except (ValueError, RecursionError) as error:
            yield RawRow(place, {}, f"this is not JSON ({error})")
        else:
            if isinstance(cells, dict):
                yield RawRow(place, cells)
            else:
                yield RawRow(place, {}, "a line must be one JSON object")


def _parquet(file: Path, columns: Collection[str]) -> Iterator[RawRow]:
    import polars as pl

    scan = _scan(file)
    schema = _schema(scan, file)
    wanted = [_narrowed(name, schema[name]) for name in schema if name in columns]
    number = 0
    try:
        rows = scan.select(pl.len()).collect().item()
        for start in range(0, rows, _BATCH):
            for cells in scan.select(wanted).slice(start, _BATCH).collect().iter_rows(named=True):
                number += 1
                yield RawRow(f"row {number}", cells)
    except pl.exceptions.PolarsError as error:
        raise InputError(f"{file} is not a readable Parquet file ({error}).") from None


def _scan(file: Path) -> pl.LazyFrame:
    import polars as pl

    return pl.scan_parquet(file, glob=False)


def _schema(scan: pl.LazyFrame, file: Path) -> pl.Schema:
    import polars as pl

    try:
        return scan.collect_schema()
    except pl.exceptions.PolarsError as error:
        raise InputError(f"{file} is not a readable Parquet file ({error}).") from None
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror or error}.") from None


def _narrowed(name: str, kind: pl.DataType) -> pl.Expr:
    """The column, and of messages in it only the fields that are read."""
    import polars as pl

    if isinstance(kind, pl.List) and isinstance(kind.inner, pl.Struct):
        kept = [field.name for field in kind.inner.fields if field.name in _MESSAGE_FIELDS]
        if kept:
            message = pl.element().struct
            return pl.col(name).list.eval(pl.struct([message.field(field) for field in kept]))
    return pl.col(name)
