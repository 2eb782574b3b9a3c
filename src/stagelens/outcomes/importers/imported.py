"""What an importer brings in, and how a stage's results are named on the way."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

import polars as pl
from pydantic import ValidationError

from stagelens.errors import InputError
from stagelens.outcomes.measures import KNOWN
from stagelens.outcomes.table import read_table

FAMILY: Final = "imported"
LONGEST: Final = 40
"""Characters of a value that are shown."""


@dataclass(frozen=True, slots=True)
class Imported:
    """An outcome table, and sentences about what was left out of it, or taken otherwise than it stood there."""

    table: pl.DataFrame
    notes: tuple[str, ...] = ()


class Results(NamedTuple):
    """A file of results; ``stage`` is what the user calls whoever gave them, None where nothing was said."""

    stage: str | None
    path: Path


class Value(NamedTuple):
    """A value that stood in the results: a number, or (None) why it is none."""

    number: float | None
    cause: str | None = None


def named_files(given: Sequence[str], is_results: Callable[[Path], bool], what: str) -> Iterator[Results]:
    """The files that ``PATH`` or ``STAGE=PATH`` name, each a file or a folder with such files anywhere in it.

    Args:
        given: as the user wrote them.
        is_results: whether a file in a folder is one of those wanted.
        what: what is looked for, for errors.

    Raises:
        InputError: nothing is there, or a folder holds none.
    """
    for text in given:
        path = Path(text).expanduser()
        stage, equals, rest = text.partition("=")
        if not path.exists() and equals and stage and rest:
            path = Path(rest).expanduser()
        else:
            stage = ""
        if not path.exists():
            raise InputError(f"There is nothing at {path}: name {what}, or a folder with some, as PATH or STAGE=PATH.")
        files = [path] if path.is_file() else sorted(file for file in path.rglob("*") if is_results(file))
        if not files:
            raise InputError(f"{path} holds no {what}: name the folder that does.")
        yield from (Results(stage or None, file) for file in files)


def number_of(value: Any, words: Mapping[str, float]) -> Value:
    """A single value as a number: truth values are 1 and 0, ``words`` says what words are. NaN is no number."""
    if isinstance(value, bool | int | float):
        try:
            number = float(value)
        except OverflowError:
            return Value(None, "the value is a number too large")
        return Value(number) if math.isfinite(number) else Value(None, f"the value is {number}")
    if isinstance(value, str):
        known = words.get(value.strip(), words.get(value.strip().lower()))
        if known is not None:
            return Value(known)
        try:
            return number_of(float(value), words)
        except ValueError:
            shown = value.strip()[:LONGEST]
            return Value(None, f"the value is {shown!r}, which is no number" if shown else "no value")
    return Value(None, "no value" if value is None else f"the value is a {type(value).__name__}")


def measure_name(*parts: str) -> str:
    """A measure's name from a scorer's and a part's: no slash, which parts benchmark from measure."""
    return "_".join(part.replace("/", "_") for part in parts if part)


def tabulate(rows: Sequence[Mapping[str, Any]], notes: Sequence[str]) -> Imported:
    """Rows with the required fields and ``stage``s in their order, as a table.

    Raises:
        InputError: there are none, or ``read_table`` refuses them.
    """
    if not rows:
        raise InputError("Nothing could be taken over. " + " ".join(notes))
    stages = {name: index for index, name in enumerate(dict.fromkeys(str(row["stage"]) for row in rows))}
    frame = pl.DataFrame([{**row, "stage_index": stages[str(row["stage"])]} for row in rows], infer_schema_length=None)
    return Imported(read_table(frame), tuple(notes))


def is_worse(measure: str, higher_is_better: bool | None, worse: Sequence[str]) -> bool:
    """Whether a higher value is worse: as the user says, else by our own measures, else by the results' own word."""
    if measure in worse:
        return True
    if measure in KNOWN:
        return KNOWN[measure].higher_is_worse
    return higher_is_better is False


def reason_of(error: BaseException) -> str:
    """Why something cannot be read, in a line: of a pydantic error the first field that is wrong."""
    if isinstance(error, ValidationError):
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"]))
        return f"{place}: {first['msg']}" if place else str(first["msg"])
    return (str(error).splitlines() or [type(error).__name__])[0]
