"""``controls.json``: what a run's positive controls showed; it lies beside the run's outcome table."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

import polars as pl

from stagelens.errors import InputError
from stagelens.outcomes.grades import HUMAN, PANEL
from stagelens.outcomes.source import TableSource
from stagelens.statistics.results import Control
from stagelens.statistics.serialise import controls_from_dict

CONTROLS: Final = "controls.json"


def controls_beside(table: TableSource) -> tuple[Control, ...]:
    """The positive controls that lie beside an outcome table's file; none where there are none, or no file.

    Raises:
        InputError: they cannot be read.
    """
    if not isinstance(table, str | Path):
        return ()
    path = Path(table).expanduser().with_name(CONTROLS)
    if not path.is_file():
        return ()
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(
            f"{path} cannot be read ({error}): make it again with `stagelens run STUDY --with-controls`, or remove it."
        ) from error
    return controls_from_dict(content, where=str(path))


def graders(outcomes: pl.DataFrame) -> dict[tuple[str, str, str], tuple[str, ...]]:
    """The models that graded each measure, in order, by family, benchmark and measure; none where only rules did."""
    from stagelens.study.rules import RULE  # the study's types take a while to import: only controls need them here

    keys = ("family", "benchmark", "measure")
    found: dict[tuple[str, str, str], tuple[str, ...]] = {}
    for *key, judge in sorted(outcomes.select(*keys, "judge").drop_nulls().unique().cast(pl.String).iter_rows()):
        if judge not in (PANEL, HUMAN) and not judge.startswith(RULE):
            family, benchmark, measure = key
            found[family, benchmark, measure] = (*found.get((family, benchmark, measure), ()), judge)
    return found
