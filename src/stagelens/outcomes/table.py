"""Reads an outcome table from anything it may come in, fills what is optional, refuses what cannot be; writes it."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl

from stagelens.errors import InputError
from stagelens.files import write_parquet
from stagelens.outcomes import checks
from stagelens.outcomes.codes import coded, key_of
from stagelens.outcomes.convert import convert, first_true
from stagelens.outcomes.schema import COLUMNS, READ, STATUSES
from stagelens.outcomes.source import Origin, TableSource, open_source, suffix_of

_DEFAULTS: Final[dict[str, pl.Expr]] = {
    "status": pl.when(pl.col("value").is_not_null()).then(pl.lit("scored")).otherwise(pl.lit("ungraded")),
    "cluster": pl.col("item"),
    "epoch": pl.lit(1, pl.Int64),
    "seed": pl.lit(0, pl.Int64),
    "higher_is_worse": pl.lit(True),
}
"""What stands for an optional field that is absent or empty; ``stage_index`` needs the whole table."""

_WRITERS: Final[dict[str, Callable[[pl.DataFrame, Path], None]]] = {
    ".parquet": write_parquet,
    ".csv": pl.DataFrame.write_csv,
    ".jsonl": pl.DataFrame.write_ndjson,
    ".ndjson": pl.DataFrame.write_ndjson,
}


def read_table(source: TableSource) -> pl.DataFrame:
    """An outcome table with all of ``schema.COLUMNS``, in their order and types; rows stay in their order.

    A table that has a column ``probability`` keeps it, as the last.

    Args:
        source: the path of a Parquet, CSV or JSONL file, or a pandas, polars or Arrow table.

    Raises:
        InputError: the table cannot be read or contradicts itself; the sentence names the file, the row (a line in
            JSONL; rows are counted from 1, without the header) and the field.
    """
    return complete_table(*open_source(source))


def read_coded(source: TableSource) -> pl.DataFrame:
    """``read_table`` with the words as codes (see ``codes``), as the analysis wants it: coding costs the most."""
    raw, origin = open_source(source)
    return _checked(_filled(raw, origin), origin)


def complete_table(raw: pl.DataFrame, origin: Origin) -> pl.DataFrame:
    """``read_table`` of rows that are in memory already; ``origin`` names them in error sentences."""
    table = _filled(raw, origin)
    return table.with_columns(_checked(table, origin)["stage_index"])


def _filled(raw: pl.DataFrame, origin: Origin) -> pl.DataFrame:
    """The rows in the table's columns and types, with every optional field but ``stage_index``."""
    checks.check_columns(raw.columns, origin)
    table = pl.DataFrame(
        [
            convert(raw[name], dtype, origin) if name in raw.columns else pl.Series(name, [None] * raw.height, dtype)
            for name, dtype in READ.items()
            if name in COLUMNS or name in raw.columns
        ]
    )
    checks.check_present(table, origin)
    return table.with_columns(
        pl.col(name).fill_null(default) for name, default in _DEFAULTS.items() if table[name].null_count()
    )


def _checked(table: pl.DataFrame, origin: Origin) -> pl.DataFrame:
    """A filled table, coded, with its stages' positions; it contradicts itself nowhere."""
    table = _with_positions(coded(table), origin)
    checks.check_values(table, origin)
    checks.check_stage_order(table, origin)
    checks.check_directions(table, origin)
    checks.check_clusters(table, origin)
    checks.check_rows_differ(table, origin)
    return table


def _with_positions(table: pl.DataFrame, origin: Origin) -> pl.DataFrame:
    """Where a family gives no positions, its stages stand in order of appearance."""
    absent = table["stage_index"].is_null()
    if not absent.any():
        return table
    numbered = table["family"].is_in(table.filter(~absent)["family"].unique().to_list())
    row = first_true(numbered & absent)
    if row is not None:
        raise InputError(
            f"{origin.at(row)}: stage_index is empty, and other rows of {table['family'][row]} have one: "
            "number all of a family's rows, or none."
        )
    stage = key_of(table, "family", "stage")
    firsts = stage.firsts()
    before: Counter[str] = Counter()
    position = np.zeros(stage.size, dtype=np.int64)
    for code, family in zip(stage.codes[firsts], table["family"].gather(firsts), strict=True):
        position[code] = before[family]
        before[family] += 1
    return table.with_columns(table["stage_index"].fill_null(pl.Series(position[stage.codes])))


def write_table(table: pl.DataFrame, path: str | Path) -> None:
    """Write a table, as ``read_table`` returns it, as Parquet, CSV or JSONL by the path's suffix.

    The same rows give the same bytes: families, benchmarks and measures keep their order of appearance, and within
    them rows are sorted. The file appears whole or not at all.

    Raises:
        InputError: the suffix is none of these, or the folder cannot be written to.
    """
    file = Path(path).expanduser()
    write = _WRITERS[suffix_of(file)]
    temporary = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        try:
            write(ordered(table), temporary)
            temporary.replace(file)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise InputError(f"{file} cannot be written: {error.strerror or error}.") from error


def ordered(table: pl.DataFrame) -> pl.DataFrame:
    """The rows as they are written: by family, benchmark, measure (as they appear), stage, item, epoch, seed, judge."""
    groups = ["family", "benchmark", "measure"]
    ranks = [f"{name} rank" for name in groups]
    columns = [*COLUMNS, *(name for name in READ if name not in COLUMNS and _has(table, name))]
    ranked = table.select(columns)
    for name, rank in zip(groups, ranks, strict=True):
        appearing = table.select(pl.col(name).unique(maintain_order=True)).with_row_index(rank)
        ranked = ranked.join(appearing, on=name, how="left", maintain_order="left")
    return ranked.sort(*ranks, "stage_index", "item", "epoch", "seed", "judge").select(columns)


def _has(table: pl.DataFrame, name: str) -> bool:
    return name in table.columns and table[name].null_count() < table.height


def count_statuses(table: pl.DataFrame) -> dict[str, int]:
    """How many rows have each status, in the statuses' own order; those that no row has are left out."""
    counts = dict(table["status"].value_counts().iter_rows())
    return {status: counts[status] for status in STATUSES if status in counts}
