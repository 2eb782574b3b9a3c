"""``truth.json``: what was planted, and what a census found each stage to do. Written before anything is analysed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import polars as pl

from stagelens.errors import InputError
from stagelens.files import write_text
from stagelens.organisms.groups import GROUPS
from stagelens.organisms.spec import OrganismSpec, written
from stagelens.organisms.study import ALONE, STEPS
from stagelens.organisms.validation.truth import Label, Truth, truth_of
from stagelens.outcomes.arrays import measure_arrays
from stagelens.outcomes.table import read_table, write_table
from stagelens.statistics.data import MeasureData

TRUTH: Final = "truth.json"
CENSUS: Final = "census.parquet"
SCHEMA: Final = 1


def write_truth(spec: OrganismSpec, table: pl.DataFrame, out: Path) -> Path:
    """Write a census and, with its digest, the truth that it gives; the path of ``truth.json``.

    The same census gives the same bytes.
    """
    write_table(table, out / CENSUS)
    truths = _truths(table)
    content = {
        "schema": SCHEMA,
        "organism": written(spec),
        "census": {"file": CENSUS, "sha256": _digest(out / CENSUS)},
        "results": [_result(spec, name, truths[name]) for name in spec.plants],
    }
    write_text(out / TRUTH, json.dumps(content, indent=2) + "\n")
    return out / TRUTH


def read_truth(file: Path) -> dict[str, Truth]:
    """The truth by benchmark, from the census that ``truth.json`` names.

    Raises:
        InputError: the census is not there, or is another than the one that was written with it.
    """
    return _truths(read_census(file))


def read_census(file: Path) -> pl.DataFrame:
    """The census that a ``truth.json`` rests on, an outcome table. Raises as ``read_truth`` does."""
    content = json.loads(file.read_text(encoding="utf-8"))
    census = file.parent / content["census"]["file"]
    if not census.is_file() or _digest(census) != content["census"]["sha256"]:
        raise InputError(f"{census} is not the census that {file} was written with: build the organism again.")
    return read_table(census)


def steps_of(census: pl.DataFrame) -> dict[str, MeasureData]:
    """The steps' answers to the same fresh prompts, by benchmark."""
    steps = census.filter(pl.col("stage").is_in(STEPS))
    return {data.benchmark: data for data in measure_arrays(steps)}


def alone(census: pl.DataFrame) -> dict[str, float]:
    """What the reward does alone, after SFT that teaches nothing: by benchmark, where the 2×2 was counted. −1 to 1."""
    without, rewarded = ALONE
    counted = census.filter(pl.col("stage").is_in(ALONE)).pivot(
        "stage", index="benchmark", values="value", aggregate_function="mean"
    )
    if counted.is_empty():
        return {}
    return dict(counted.select("benchmark", pl.col(rewarded) - pl.col(without)).iter_rows())


def _truths(table: pl.DataFrame) -> dict[str, Truth]:
    return {name: truth_of(data, GROUPS[name].margin) for name, data in steps_of(table).items()}


def _result(spec: OrganismSpec, name: str, truth: Truth) -> dict[str, Any]:
    return {
        "benchmark": name,
        "measure": GROUPS[name].measure,
        "planted": spec.plants[name].cause,
        "dose": spec.plants[name].dose,
        "margin": truth.margin,
        "stages": [_rounded(asdict(level)) for level in truth.levels],
        "truth": _named(truth.label),
        "right": [_named(label) for label in sorted(truth.right, key=str)],
        "clear": truth.clear,
        "settled": truth.settled,
    }


def _named(label: Label) -> dict[str, str | None]:
    return {"cause": label.cause, "pattern": label.pattern}


def _rounded(level: Mapping[str, Any]) -> dict[str, Any]:
    return {name: round(value, 6) if isinstance(value, float) else value for name, value in level.items()}


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()
