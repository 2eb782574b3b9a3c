"""Reads prompt files as rows that know where they stand: CSV, JSONL, Parquet, or a dataset of the hub."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from stagelens.errors import InputError

HUB = "hf/"
"""How the name of a dataset starts."""


class Row(NamedTuple):
    """One row, and its place in words: ``line 12`` of a text file, ``row 12`` of a table."""

    place: str
    cells: dict[str, Any]


def read_file(path: Path, *, what: str = "prompt file") -> list[Row]:
    """The rows of a file, by its ending; ``what`` it is, for messages.

    Raises:
        InputError: there is no such file, its ending is not known, it cannot be read, or it has no rows.
    """
    if not path.is_file():
        raise InputError(f"The {what} {path} does not exist.")
    readers = {".csv": _csv, ".jsonl": _jsonl, ".ndjson": _jsonl, ".parquet": _parquet}
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise InputError(f"The {what} {path} must end in .csv, .jsonl or .parquet.")
    try:
        rows = list(reader(path))
    except UnicodeDecodeError as error:
        raise InputError(
            f"{path} is not UTF-8 text ({error.reason} at byte {error.start}); save it as UTF-8."
        ) from None
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from None
    if not rows:
        raise InputError(f"{path} has no rows: a {what} needs at least one.")
    return rows


def read_dataset(name: str, split: str, *, config: str | None = None) -> list[Row]:
    """The rows of one split of the dataset ``hf/org/name`` (in its ``config``). InputError where it cannot be had."""
    try:
        from datasets import load_dataset
    except ImportError:
        raise InputError(f"The dataset {name} needs the package `datasets`: pip install 'stagelens[local]'.") from None
    try:
        dataset = load_dataset(name.removeprefix(HUB), *([] if config is None else [config]), split=split)
    except Exception as error:  # the hub's client raises many kinds, all of them about what was asked for
        raise InputError(f"The dataset {name} (split {split}) could not be loaded: {error}") from None
    rows = [Row(f"row {number}", dict(cells)) for number, cells in enumerate(dataset, start=1)]
    if not rows:
        raise InputError(f"The dataset {name} (split {split}) has no rows.")
    return rows


def _csv(path: Path) -> Iterator[Row]:
    with path.open(encoding="utf-8-sig", newline="") as handle:
        reader = csv.DictReader(handle, restkey="", strict=True)
        start = 1
        try:
            header = reader.fieldnames or []
            twice = [name for name in header if header.count(name) > 1]
            if twice:
                raise InputError(f"{path}, line 1: the column {twice[0]!r} stands there twice.")
            start = reader.line_num + 1
            for cells in reader:
                if len(cells) > len(header) or None in cells.values():
                    raise InputError(f"{path}, line {start}: needs {len(header)} fields, as the header has.")
                yield Row(f"line {start}", dict(cells))
                start = reader.line_num + 1
        except csv.Error as error:
            raise InputError(f"{path}, line {start}: this is not CSV ({error}).") from None


def _jsonl(path: Path) -> Iterator[Row]:
    with path.open(encoding="utf-8-sig") as handle:
        for number, line in enumerate(handle, start=1):
            if not line.strip():
                continue
            try:
                cells = json.loads(line)
            except (ValueError, RecursionError) as error:
                raise InputError(f"{path}, line {number}: this is not JSON ({error}).") from None
            if not isinstance(cells, dict):
                raise InputError(f'{path}, line {number}: must be one JSON object, such as {{"prompt": "…"}}.')
            yield Row(f"line {number}", cells)


def _parquet(path: Path) -> Iterator[Row]:
    import polars as pl

    try:
        frame = pl.read_parquet(path)
    except pl.exceptions.PolarsError as error:
        raise InputError(f"{path} is not a readable Parquet file ({error}).") from None
    for number, cells in enumerate(frame.iter_rows(named=True), start=1):
        yield Row(f"row {number}", cells)
