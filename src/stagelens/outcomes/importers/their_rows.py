"""Reads the columns that are wanted of a CSV, JSONL or Parquet table, a batch of rows at a time, as text.

Text, because the mapping alone says what words, numbers and truth values mean, whatever kind of file they stand in. A
column's name may lead into an object of JSONL or a struct of Parquet: ``grade.score``.
"""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Final, NamedTuple

import polars as pl

from stagelens.errors import InputError
from stagelens.outcomes.checks import nearest
from stagelens.outcomes.importers.imported import reason_of
from stagelens.outcomes.source import SUFFIXES, Origin, suffix_of

BATCH: Final = 2**16
"""Rows that are in memory with more than what is kept of them."""
_NESTED: Final = {dict: "an object", list: "a list"}


class Batch(NamedTuple):
    """Rows of a table: a text column for each name that is wanted, in that order, by position.

    ``first`` is the number of the first row (from 0); ``others`` are columns of the table that nobody wants.
    """

    rows: pl.DataFrame
    first: int
    others: tuple[str, ...]


def is_table(path: Path) -> bool:
    """Whether a file in a folder is one."""
    return path.suffix.lower() in SUFFIXES and path.is_file() and not path.name.startswith(".")


def origin_of(path: Path) -> Origin:
    """The file in error sentences."""
    return Origin(str(path), "line" if path.suffix.lower() in SUFFIXES[2:] else "row")


def read_batches(path: Path, wanted: Sequence[str]) -> Iterator[Batch]:
    """The table's rows in their order.

    Args:
        path: ends in .csv, .jsonl, .ndjson or .parquet.
        wanted: names of columns, or ways into a nested one, ``column.field``; each once.

    Raises:
        InputError: the file cannot be read, a column is not there, or holds lists or objects; with the line.
    """
    suffix = suffix_of(path)
    try:
        if suffix == ".parquet":
            yield from _parquet(path, wanted)
        elif suffix == ".csv":
            yield from _csv(path, wanted)
        else:
            yield from _json_lines(path, wanted)
    except UnicodeDecodeError:
        raise InputError(f"{path} is not UTF-8 text: save the file as UTF-8.") from None
    except (OSError, pl.exceptions.PolarsError) as error:
        raise InputError(f"{path} cannot be read ({reason_of(error)}): write or copy it again.") from error


def _csv(path: Path, wanted: Sequence[str]) -> Iterator[Batch]:
    # A transcript may be longer than the module's own limit of 128 KiB, which guards nothing here.
    csv.field_size_limit(min(sys.maxsize, 2**31 - 1))
    with path.open(encoding="utf-8-sig", newline="") as file:
        records = csv.reader(file, strict=True)
        try:
            header = next(records, [])
            _check_header(header, path)
            _check_there(wanted, header, path)
            places = [header.index(name) for name in wanted]
            others = tuple(name for name in header if name not in wanted)
            first = 0
            while kept := [
                [record[place] for place in places] for record in islice(_whole(records, len(header), path), BATCH)
            ]:
                yield Batch(_frame(kept, wanted), first, others)
                first += len(kept)
        except csv.Error as error:
            raise InputError(f"{path}, line {records.line_num}: not CSV that can be read ({error}).") from error


def _check_header(header: Sequence[str], path: Path) -> None:
    if not header:
        raise InputError(f"{path} is empty: write the table again, a header and its rows.")
    repeated = next((name for name in header if header.count(name) > 1), None)
    if repeated is not None:
        raise InputError(f"{path}, line 1: the column {repeated!r} stands there twice: remove one.")


def _whole(records: Any, length: int, path: Path) -> Iterator[list[str]]:
    """Records of the header's length; ``records`` is a csv.reader, and lines that are blank are none."""
    for record in records:
        if len(record) == length:
            yield record
        elif record:
            raise InputError(
                f"{path}, line {records.line_num}: {len(record)} fields where the header has {length}: "
                "the line is cut off, or a text with commas lacks its quotes."
            )


def _json_lines(path: Path, wanted: Sequence[str]) -> Iterator[Batch]:
    found: set[str] = set()
    names: dict[str, None] = {}
    first = 0
    with path.open(encoding="utf-8-sig") as file:
        while lines := list(islice(file, BATCH)):
            kept = []
            for number, line in enumerate(lines, start=first + 1):
                record = _record(line, f"{path}, line {number}")
                names.update(dict.fromkeys(record))
                kept.append([_field(record, name, found, f"{path}, line {number}") for name in wanted])
            tops = {name if name in names else name.partition(".")[0] for name in wanted}
            yield Batch(_frame(kept, wanted), first, tuple(name for name in names if name not in tops))
            first += len(lines)
    if not first:
        raise InputError(f"{path} is empty: write the table again, an object a line.")
    # A field that no line has is a name that was misspelt; one that some lines lack is missing there.
    _check_there([name for name in wanted if name not in found], list(names), path)


def _record(line: str, where: str) -> dict[str, Any]:
    if not line.strip():
        raise InputError(f"{where}: the line is empty: remove it.")
    try:
        record = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{where}: not JSON ({reason_of(error)}): mend or remove the line.") from error
    if not isinstance(record, dict):
        raise InputError(f'{where}: not a JSON object: a line is {{"item": …, …}}.')
    return record


def _field(record: dict[str, Any], name: str, found: set[str], where: str) -> str | None:
    value: Any = record
    for part in [name] if name in record else name.split("."):
        if not isinstance(value, dict) or part not in value:
            return None
        value = value[part]
    found.add(name)
    if isinstance(value, dict | list):
        kind = _NESTED[type(value)]
        raise InputError(f"{where}: {name} is {kind}, not a single value: name what is meant in it, as {name}.FIELD.")
    if isinstance(value, bool):
        return "true" if value else "false"
    return None if value is None else str(value)


def _frame(kept: Sequence[Sequence[str | None]], wanted: Sequence[str]) -> pl.DataFrame:
    return pl.DataFrame(kept, schema=dict.fromkeys(map(str, range(len(wanted))), pl.String()), orient="row")


def _parquet(path: Path, wanted: Sequence[str]) -> Iterator[Batch]:
    schema = dict(pl.read_parquet_schema(path))
    columns = [_column(name, schema, path) for name in wanted]
    tops = {name if name in schema else name.partition(".")[0] for name in wanted}
    others = tuple(name for name in schema if name not in tops)
    scan = pl.scan_parquet(path)
    height = scan.select(pl.len()).collect().item()
    for first in range(0, height, BATCH):
        rows = scan.slice(first, BATCH).select(each.alias(str(place)) for place, each in enumerate(columns)).collect()
        yield Batch(rows, first, others)


def _column(name: str, schema: dict[str, pl.DataType], path: Path) -> pl.Expr:
    top, *fields = [name] if name in schema else name.split(".")
    if top not in schema:
        _check_there([name], list(schema), path)
    column, dtype = pl.col(top), schema[top]
    for field in fields:
        inside = {each.name: each.dtype for each in dtype.fields} if isinstance(dtype, pl.Struct) else {}
        if field not in inside:
            raise InputError(f"{path} has no column {name!r}: {top} is {dtype}.")
        column, dtype = column.struct.field(field), inside[field]  # type: ignore[assignment]
    if dtype.is_nested() or dtype in (pl.Object(), pl.Binary()):
        raise InputError(f"{path}: {name} holds {dtype}, not single values: name what is meant in it, as {name}.FIELD.")
    return column.cast(pl.String)


def _check_there(names: Sequence[str], there: Sequence[str], path: Path) -> None:
    for name in names:
        if name not in there:
            raise InputError(f"{path} has no column {name!r}: {nearest(name, there)}")
