"""The two files of a labelling: the sheet that labellers see, and the key that joins it back.

The sheet says neither which stage gave an answer nor what the judge thought of it: labels are blind. The key keeps
that, and every label that was read, so that an outcome table made again from logs has its labels again.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import polars as pl

from stagelens.errors import InputError
from stagelens.files import replacing
from stagelens.outcomes.inspect_logs import Transcript
from stagelens.outcomes.labels import KEY_SCHEMA, with_labels

SHEET: Final = "labels.csv"
KEY: Final = "labels-key.csv"
COLUMNS: Final = ("label_id", "benchmark", "measure", "prompt", "answer", "value")

Answer = tuple[str, str, str, str, int, int]
"""Family, stage, benchmark, item, epoch, seed."""


def write_sheet(key: pl.DataFrame, transcripts: Mapping[Answer, Transcript], folder: Path) -> None:
    """``labels.csv`` and ``labels-key.csv``; prompt and answer stay empty where no transcript is known.

    Raises:
        InputError: the folder has them already, or cannot be written.
    """
    for name in (SHEET, KEY):
        if (folder / name).exists():
            raise InputError(
                f"{folder / name} is there already: read its labels with --read, or move both {SHEET} and {KEY} away "
                "to draw anew."
            )
    records = []
    for row in key.iter_rows(named=True):
        answer_of = tuple(row[name] for name in ("family", "stage", "benchmark", "item", "epoch", "seed"))
        shown = transcripts.get(answer_of)
        prompt, answer = ("", "") if shown is None else (_asked(shown), shown.answer or "")
        records.append([row["label_id"], row["benchmark"], row["measure"], prompt, answer, ""])
    try:
        with replacing(folder / SHEET) as beside:
            with beside.open("w", encoding="utf-8", newline="") as stream:
                csv.writer(stream).writerows([COLUMNS, *records])
            write_key(key, folder)
    except OSError as error:
        raise InputError(f"{folder} cannot be written ({error.strerror}): free it for writing.") from error


def _asked(shown: Transcript) -> str:
    """What was asked, as judges see it: with the system prompt, where there was one."""
    return shown.prompt if shown.system is None else f"[system prompt]\n{shown.system}\n\n[prompt]\n{shown.prompt}"


def write_key(key: pl.DataFrame, folder: Path) -> None:
    """``labels-key.csv``, whole or not at all."""
    with replacing(folder / KEY) as beside:
        key.write_csv(beside)


def read_key(folder: Path) -> pl.DataFrame | None:
    """The key of a run folder, None where nothing was drawn.

    Raises:
        InputError: it is not as it was written.
    """
    path = folder / KEY
    if not path.is_file():
        return None
    try:
        key = pl.read_csv(path, schema=KEY_SCHEMA)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise InputError(f"{path} is not as it was written: put the original back.") from error
    if key["label_id"].n_unique() != key.height:
        raise InputError(f"{path} names a label twice: put the original back.")
    return key


def labelled(table: pl.DataFrame, folder: Path) -> pl.DataFrame:
    """The outcome table of a run folder with the labels that were read there."""
    key = read_key(folder)
    return table if key is None else with_labels(table, key)


def read_sheet(
    path: Path, key: pl.DataFrame, ranges: Mapping[tuple[str, str], tuple[float, float]]
) -> dict[str, float | None]:
    """What a filled sheet says, by label id; None where a value is empty. Other columns than id and value are ignored.

    Raises:
        InputError: the file cannot be read, an id is unknown or stands there twice, or a value is no number or outside
            its measure's range; the sentence names the line.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            return _labels(list(_numbered(stream)), path, key, ranges)
    except FileNotFoundError:
        raise InputError(f"There is no file {path}: name the sheet that was filled in.") from None
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path} cannot be read ({error}): save it as CSV in UTF-8, separated by commas.") from error


def _numbered(stream: Iterable[str]) -> Iterator[tuple[int, list[str]]]:
    """Every record with the line that it starts on: an answer may have several lines."""
    reader, start = csv.reader(stream, strict=True), 1
    for record in reader:
        if any(record):
            yield start, record
        start = reader.line_num + 1


def _labels(
    records: Sequence[tuple[int, list[str]]],
    path: Path,
    key: pl.DataFrame,
    ranges: Mapping[tuple[str, str], tuple[float, float]],
) -> dict[str, float | None]:
    measures = {name: (b, m) for name, b, m in key.select("label_id", "benchmark", "measure").iter_rows()}
    header = records[0][1] if records else []
    if "label_id" not in header or "value" not in header:
        raise InputError(f"{path}, line 1: the columns label_id and value are needed, as in the sheet that was drawn.")
    name_at, value_at = header.index("label_id"), header.index("value")
    labels: dict[str, float | None] = {}
    for line, record in records[1:]:
        where = f"{path}, line {line}"
        if len(record) != len(header):
            raise InputError(f"{where}: {len(record)} fields where the header has {len(header)}: mend the line.")
        name = record[name_at].strip()
        if name not in measures:
            raise InputError(f"{where}: the label {name!r} was not drawn for this run: keep the ids as they were.")
        if name in labels:
            raise InputError(f"{where}: the label {name} stands there twice: remove one.")
        labels[name] = _value(
            record[value_at].strip(), where, measures[name][1], *ranges.get(measures[name], (0.0, 1.0))
        )
    return labels


def _value(text: str, where: str, measure: str, low: float, high: float) -> float | None:
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not low <= value <= high:
        raise InputError(f"{where}: the value is {text!r}, and {measure} goes from {low:g} to {high:g}.")
    return value
