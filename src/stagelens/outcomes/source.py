"""Opens what a table may come from: a file (Parquet, CSV, JSONL) or a pandas, polars or Arrow table.

Only the form is dealt with here: columns come out with whatever types they had, CSV as text throughout.
"""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

import polars as pl

from stagelens.errors import InputError

TableSource: TypeAlias = "str | Path | pl.DataFrame | pl.LazyFrame | Any"
"""A path, or a frame; ``Any`` stands for pandas' DataFrame and everything that speaks Arrow's C stream protocol."""

SUFFIXES: Final = (".parquet", ".csv", ".jsonl", ".ndjson")


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a table's rows came from, for error sentences: a file's name, and what its rows are counted in.

    ``stood`` says it of a row (from 0) where rows of several files were brought together, or some left out.
    """

    name: str
    unit: Literal["row", "line"] = "row"
    stood: Callable[[int], str] | None = None

    def at(self, row: int) -> str:
        """Row ``row`` (from 0) in words, counted from 1; a header is not a row."""
        return f"{self.name}, {self.brief(row)}" if self.stood is None else self.stood(row)

    def brief(self, row: int) -> str:
        """The same where the file has just been named."""
        return f"{self.unit} {row + 1}" if self.stood is None else self.stood(row)


def open_source(source: TableSource) -> tuple[pl.DataFrame, Origin]:
    """The source as a polars frame, untouched, and its name for error sentences.

    Raises:
        InputError: the file is missing, of an unknown kind, damaged or empty; or the object is not a table.
    """
    if isinstance(source, str | Path):
        path = Path(source).expanduser()
        return _read_file(path), Origin(str(source), "line" if path.suffix.lower() in SUFFIXES[2:] else "row")
    return _from_frame(source), Origin("the table")


def suffix_of(path: Path) -> str:
    """The file's kind, from its name.

    Raises:
        InputError: it is none that a table is kept in.
    """
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise InputError(f"{path} is not named like a table: its name has to end in one of {', '.join(SUFFIXES)}.")
    return suffix


def _read_file(path: Path) -> pl.DataFrame:
    suffix = suffix_of(path)
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        raise InputError(f"There is no table at {path}: check the path.") from None
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from error
    if not raw.strip():
        raise InputError(f"{path} is empty: write the table again, a header and a row for each answer.")
    if suffix == ".parquet":
        return _parse_parquet(raw, path)
    return _parse_csv(raw, path) if suffix == ".csv" else _parse_json_lines(raw, path)


def _parse_parquet(raw: bytes, path: Path) -> pl.DataFrame:
    try:
        return pl.read_parquet(BytesIO(raw))
    except (pl.exceptions.PolarsError, OSError) as error:
        raise InputError(
            f"{path} is not a whole Parquet file: write or copy it again ({_first_line(error)})."
        ) from error


def _parse_csv(raw: bytes, path: Path) -> pl.DataFrame:
    _check_csv(_decode(raw, path), path)
    try:
        return pl.read_csv(raw, infer_schema=False)
    except pl.exceptions.PolarsError as error:
        raise InputError(f"{path} is not a CSV file that can be read: {_first_line(error)}.") from error


def _check_csv(text: str, path: Path) -> None:
    """Every record has the header's length: polars fills a record that was cut off with nulls, without a word."""
    records = csv.reader(StringIO(text, newline=""), strict=True)
    try:
        header = next(records)
        repeated = next((name for name in header if header.count(name) > 1), None)
        if repeated is not None:
            raise InputError(f"{path}, line 1: the column {repeated!r} stands there twice: remove one.")
        for record in records:
            if len(record) != len(header) and record:
                raise InputError(
                    f"{path}, line {records.line_num}: {len(record)} fields where the header has {len(header)}: "
                    "the line is cut off, or a text with commas lacks its quotes."
                )
    except csv.Error as error:
        raise InputError(f"{path}, line {records.line_num}: not CSV that can be read ({error}).") from error


def _parse_json_lines(raw: bytes, path: Path) -> pl.DataFrame:
    text = _decode(raw, path).rstrip()
    try:
        frame = pl.read_ndjson(text.encode(), infer_schema_length=None)
    except pl.exceptions.PolarsError as error:
        _find_bad_line(text, path)
        raise InputError(
            f"{path}: its lines do not agree on what a field holds ({_first_line(error)}): write each field one way."
        ) from error
    if frame.height != text.count("\n") + 1:
        _find_bad_line(text, path)
    return frame


def _find_bad_line(text: str, path: Path) -> None:
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            raise InputError(f"{path}, line {number}: the line is empty: remove it.")
        try:
            record = json.loads(line, parse_constant=_refuse_constant)
        except ValueError as error:
            raise InputError(f"{path}, line {number}: not JSON ({error}): mend or remove the line.") from error
        if not isinstance(record, dict):
            raise InputError(f'{path}, line {number}: not a JSON object: a line is {{"item": …, "value": …, …}}.')


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not a JSON number; leave the value null where there is none")


def _decode(raw: bytes, path: Path) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise InputError(f"{path}, line {line}: not UTF-8 text: save the file as UTF-8.") from error


def _from_frame(source: Any) -> pl.DataFrame:
    if isinstance(source, pl.DataFrame):
        return source
    if isinstance(source, pl.LazyFrame):
        return source.collect()
    # Nobody holds a pandas frame without having imported pandas, so it need not be imported to know one.
    pandas = sys.modules.get("pandas")
    if pandas is not None and isinstance(source, pandas.DataFrame):
        return _from_pandas(source)
    if hasattr(source, "__arrow_c_stream__"):
        return pl.DataFrame(source)
    raise InputError(
        f"A {type(source).__name__} is not an outcome table: give a path or a pandas, polars or Arrow table."
    )


def _from_pandas(frame: Any) -> pl.DataFrame:
    """Column by column, without pyarrow; what pandas holds for missing (NaN, None, NA, NaT) becomes null."""
    if not frame.columns.is_unique:
        repeated = frame.columns[frame.columns.duplicated()][0]
        raise InputError(f"The table has two columns named {repeated!r}: remove one.")
    return pl.DataFrame([_from_pandas_column(str(name), frame[name]) for name in frame.columns])


def _from_pandas_column(name: str, column: Any) -> pl.Series:
    missing = column.isna().to_numpy()
    if column.dtype.kind in "biuf" and not missing.any():
        return pl.Series(name, column.to_numpy())
    if column.dtype.kind == "f":
        return pl.Series(name, column.to_numpy(dtype="float64", na_value=float("nan")), nan_to_null=True)
    texts = [None if absent else str(value) for value, absent in zip(column.tolist(), missing, strict=True)]
    return pl.Series(name, texts, dtype=pl.String)


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
