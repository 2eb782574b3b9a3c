"""Cuts a table into the measures of its families, and finds out about the families' stages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from stagelens.errors import InputError
from stagelens.outcomes.codes import key_of
from stagelens.outcomes.columns import Columns, columns_of

_GROUP: Final = ("family", "benchmark", "measure")


@dataclass(frozen=True, slots=True)
class Group:
    """The rows of one measure of one family; ``stages`` in order, ``one_checkpoint`` for each (see ``align``)."""

    family: str
    benchmark: str
    measure: str
    higher_is_worse: bool
    rows: Columns
    stages: tuple[str, ...]
    one_checkpoint: NDArray[np.bool_]


def stages_of(table: pl.DataFrame) -> dict[str, tuple[str, ...]]:
    """Every family's stages in order.

    Raises:
        InputError: a family with one stage.
    """
    firsts = table.select("family", "stage", "stage_index")[key_of(table, "family", "stage").firsts()]
    stages: dict[str, list[tuple[int, str]]] = {}
    for family, stage, position in firsts.iter_rows():
        stages.setdefault(family, []).append((position, stage))
    for family, found in stages.items():
        if len(found) < 2:
            raise InputError(f"Family {family} has one stage only ({found[0][1]}): a comparison needs two or more.")
    return {family: tuple(stage for _, stage in sorted(found)) for family, found in stages.items()}


def groups_of(table: pl.DataFrame, stages: Mapping[str, tuple[str, ...]]) -> Iterator[Group]:
    """Every measure of every family of a coded table, in order of appearance; ``stages`` by family."""
    key = key_of(table, *_GROUP).dense()
    firsts = key.firsts()
    # Radix sorting, which NumPy has for small integers, is several times faster.
    order = np.argsort(key.codes.astype(np.min_scalar_type(key.size)), kind="stable")
    ends = np.cumsum(np.bincount(key.codes, minlength=key.size))
    columns = columns_of(table)
    several = _several_seeds(table)
    heads = table.select(*_GROUP, "higher_is_worse")[firsts]
    for code, (family, benchmark, measure, worse) in zip(key.codes[firsts], heads.iter_rows(), strict=True):
        rows = order[ends[code - 1] if code else 0 : ends[code]]
        yield Group(
            family,
            benchmark,
            measure,
            worse,
            columns.take(rows, stages[family]),
            stages[family],
            np.array([(family, stage) not in several for stage in stages[family]]),
        )


def _several_seeds(table: pl.DataFrame) -> set[tuple[str, str]]:
    """The families' stages that several training seeds are known of."""
    key = key_of(table, "family", "stage")
    several = key.undecided(table["seed"].to_numpy())
    firsts = key.firsts()
    return set(table.select("family", "stage")[firsts[several[key.codes[firsts]]]].iter_rows())
