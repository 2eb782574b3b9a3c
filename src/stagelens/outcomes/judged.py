"""Which grades of an answer are analysed, where several judges gave one."""

from __future__ import annotations

from typing import Final

import polars as pl

from stagelens.outcomes.schema import STATUSES

PANEL: Final = "panel"
HUMAN: Final = "human"

ATTEMPT: Final = ("stage", "item", "epoch", "seed")
"""One attempt of one stage, within a measure of a family."""

_NAMED: Final = "judged by"
_COLUMNS: Final = (*ATTEMPT, "cluster", "value", "code")
_CODES: Final = {status: code for code, status in enumerate(STATUSES)}


def judged(rows: pl.DataFrame) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """One row an attempt, of one measure of one family, and what a reader must know about its judges.

    The panel's rows are analysed where there are any; else the one judge's; else, with a warning, the median over the
    judges. Humans' rows are never mixed with others': they are analysed only where no one else judged. An attempt that
    only judges outside the analysis graded is `ungraded`: its grade is not known, the attempt is not lost.

    Args:
        rows: at least the columns of ``ATTEMPT``, ``cluster``, ``value``, ``status`` and ``judge``.

    Returns:
        The columns of ``ATTEMPT``, ``cluster``, ``value`` (float, null unless scored), ``code`` (int8, the status's
        position in ``STATUSES``); and the warnings.
    """
    # A row that names no judge and holds no value was never judged (the answer is missing): no judge disowns it.
    graded = pl.col("judge").is_not_null() | pl.col("value").is_not_null()
    coded = rows.select(
        *ATTEMPT,
        "cluster",
        "value",
        pl.col("status").replace_strict(_CODES, return_dtype=pl.Int8).alias("code"),
        pl.when(graded).then(pl.col("judge").fill_null("an unnamed judge")).alias(_NAMED),
    )
    judges = coded[_NAMED].drop_nulls().unique().sort().to_list()
    chosen = _chosen(judges)
    own = coded.filter(pl.col(_NAMED).is_in(chosen))
    warnings = _warnings(own, chosen)
    if len(chosen) > 1:
        own = _merged(own)
    if own.height < coded.height:
        others = coded.filter(~pl.col(_NAMED).is_in(chosen).fill_null(False)).join(own, on=ATTEMPT, how="anti")
        own = pl.concat([own.select(_COLUMNS), _merged(_without_grades(others))])
    return own.select(_COLUMNS), warnings


def _chosen(judges: list[str]) -> list[str]:
    if PANEL in judges:
        return [PANEL]
    return [judge for judge in judges if judge != HUMAN] or judges


def _warnings(own: pl.DataFrame, chosen: list[str]) -> tuple[str, ...]:
    if len(chosen) < 2:
        return ()
    warnings = [f"Judged by {', '.join(chosen)}, with no panel row: the median over the judges is analysed."]
    per_stage = own.group_by("stage").agg(pl.col(_NAMED).unique().sort())
    if per_stage[_NAMED].n_unique() > 1:
        warnings.append("Not every stage was judged by the same judges: a difference may be the judges'.")
    return tuple(warnings)


def _merged(rows: pl.DataFrame) -> pl.DataFrame:
    """One row an attempt: the median of what was scored, and the status that says most."""
    merged = rows.group_by(ATTEMPT).agg(pl.col("cluster").first(), pl.col("value").median(), pl.col("code").min())
    return merged.select(_COLUMNS)


def _without_grades(rows: pl.DataFrame) -> pl.DataFrame:
    scored = pl.col("code") == _CODES["scored"]
    return rows.with_columns(
        pl.lit(None, pl.Float64).alias("value"),
        pl.when(scored).then(pl.lit(_CODES["ungraded"], pl.Int8)).otherwise(pl.col("code")).alias("code"),
    )
