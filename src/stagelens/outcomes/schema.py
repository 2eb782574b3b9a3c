"""The outcome table's columns and words: one row is one attempt of one stage at one item, under one measure."""

from __future__ import annotations

from typing import Final

import polars as pl

STATUSES: Final = ("scored", "incapable", "ungraded", "unattempted")

REQUIRED: Final[dict[str, pl.DataType]] = {
    "family": pl.String(),
    "stage": pl.String(),
    "benchmark": pl.String(),
    "measure": pl.String(),
    "item": pl.String(),
    "value": pl.Float64(),
}
OPTIONAL: Final[dict[str, pl.DataType]] = {
    "status": pl.String(),
    "cause": pl.String(),
    "stage_index": pl.Int64(),
    "cluster": pl.String(),
    "epoch": pl.Int64(),
    "seed": pl.Int64(),
    "judge": pl.String(),
    "stratum": pl.String(),
    "higher_is_worse": pl.Boolean(),
}
COLUMNS: Final[dict[str, pl.DataType]] = REQUIRED | OPTIONAL

READ: Final[dict[str, pl.DataType]] = COLUMNS | {"probability": pl.Float64()}
"""What a table may have: ``probability`` is the chance with which an answer was drawn for a row's judge, a human or a
cascade's second judge; its rows without a grade have it too. It stands in a table that was given it, and is written
where some row has one."""

KEY: Final = ("family", "stage", "benchmark", "measure", "item", "epoch", "seed", "judge")
"""No two rows share these."""

CONTROL_MEASURE: Final = "competence"
"""Whether plain control prompts were answered: gates verdicts, is never one itself."""
