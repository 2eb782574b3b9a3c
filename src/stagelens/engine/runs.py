"""Names: in a run folder every run of a stage has one of its own, in outcome tables they share one and have seeds.

While outcomes are read and judged they carry the names of the run folder; the table is written in its own.
"""

from __future__ import annotations

import polars as pl

from stagelens.study.asked import asked_stages, outcome_names
from stagelens.study.spec import Study

_RUN = "name in the run folder"


def by_stage(rows: pl.DataFrame, study: Study) -> pl.DataFrame:
    """Outcomes with ``stage``, ``seed`` and ``stage_index`` as tables have them, from names of the run folder."""
    joined = rows.drop("seed", "stage_index", strict=False).join(
        _names(study), left_on=["family", "stage"], right_on=["family", _RUN], how="left", maintain_order="left"
    )
    order = rows.columns if "seed" in rows.columns else [*rows.columns, "seed"]
    return joined.with_columns(stage="outcome").select(order)


def by_run(table: pl.DataFrame, study: Study) -> pl.DataFrame:
    """A table's rows with the names of the run folder as their stages."""
    joined = table.join(
        _names(study).drop("stage_index"),
        left_on=["family", "stage", "seed"],
        right_on=["family", "outcome", "seed"],
        how="left",
        maintain_order="left",
    )
    return joined.with_columns(stage=pl.coalesce(_RUN, "stage")).select(table.columns)


def run_name(study: Study, family: str, stage: str, seed: int) -> str:
    """The name in the run folder of what a table calls ``stage``, trained with ``seed``."""
    found = (each for each in asked_stages(study, family) if (each.outcome, each.seed) == (stage, seed))
    return next((each.stage.name for each in found), stage)


def _names(study: Study) -> pl.DataFrame:
    rows = [
        (family, each.stage.name, each.outcome, each.seed, outcome_names(study, family).index(each.outcome))
        for family in study.families
        for each in asked_stages(study, family)
    ]
    schema = {
        "family": pl.String(),
        _RUN: pl.String(),
        "outcome": pl.String(),
        "seed": pl.Int64(),
        "stage_index": pl.Int64(),
    }
    return pl.DataFrame(rows, schema=schema, orient="row")
