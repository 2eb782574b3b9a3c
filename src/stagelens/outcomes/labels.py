"""Which answers humans are asked to label, and what their labels become in the outcome table.

Attempts are drawn within strata, by what the judge said at every stage, and all of a family's answers to a drawn
attempt are labelled: pairs correct a difference better than answers drawn stage by stage. Every draw keeps its
probability, by which the analysis weights the label (``statistics.judging.ppi``).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Final

import numpy as np
import polars as pl

from stagelens.errors import InputError
from stagelens.outcomes.checks import nearest
from stagelens.outcomes.grades import HUMAN, PANEL
from stagelens.outcomes.measures import KNOWN
from stagelens.outcomes.schema import CONTROL_MEASURE

ANSWER: Final = ("family", "stage", "benchmark", "measure", "item", "epoch", "seed")
"""What names an answer and the measure it is labelled for."""

KEY_SCHEMA: Final[dict[str, pl.DataType]] = {
    "label_id": pl.String(),
    "family": pl.String(),
    "stage": pl.String(),
    "benchmark": pl.String(),
    "measure": pl.String(),
    "item": pl.String(),
    "epoch": pl.Int64(),
    "seed": pl.Int64(),
    "stratum": pl.String(),
    "probability": pl.Float64(),
    "value": pl.Float64(),
}
"""The key's columns. ``stratum``: the judge's scores over the stages, `+` in the upper half of the measure's range, `-`
in the lower, `.` where it gave none; ``probability``: drawn / there, in the stratum; ``value``: the label once read."""

_ATTEMPT: Final = ("item", "epoch", "seed")
_LEAST: Final = 2
"""Attempts drawn from a stratum that has as many, however small its share."""


def draw_sample(
    table: pl.DataFrame,
    *,
    total: int,
    per_stratum: int | None = None,
    measures: Sequence[str] = (),
    seed: int = 0,
) -> pl.DataFrame:
    """The answers to label, shuffled, with the columns of ``KEY_SCHEMA``; ``value`` is empty.

    Args:
        table: an outcome table as ``read_table`` returns it.
        total: attempts drawn from each measure of each family, half of them in proportion to the strata's sizes and
            half evenly, at least two from each stratum. An attempt has as many answers as the judge scored stages.
        per_stratum: this many from each stratum instead.
        measures: "benchmark/measure"; by default all but the control.
        seed: the draw's seed. The order of the table's rows does not matter.

    Raises:
        InputError: a measure that the table does not have, or nothing that a judge scored.
    """
    asked = table.filter(
        (pl.col("measure") != CONTROL_MEASURE) & (pl.col("judge").is_null() | (pl.col("judge") != HUMAN))
    )
    groups = asked.partition_by("family", "benchmark", "measure", maintain_order=True, as_dict=True)
    known = list(dict.fromkeys(f"{benchmark}/{measure}" for _, benchmark, measure in groups))
    for name in measures:
        if name not in known:
            raise InputError(f"The table has no measure {name!r}: {nearest(name, known)}")
    frames = []
    for (family, benchmark, measure), rows in groups.items():
        if measures and f"{benchmark}/{measure}" not in measures:
            continue
        rng = _generator(seed, family, benchmark, measure)
        answers = _drawn(rows, rng, total, per_stratum)
        if answers is not None:
            group = {"family": family, "benchmark": benchmark, "measure": measure}
            frames.append(answers.with_columns(**{name: pl.lit(word) for name, word in group.items()}))
    if not frames:
        raise InputError("No judge scored any answer of the table: there is nothing to label.")
    drawn = pl.concat(frames)
    key = drawn.sort(ANSWER).select(pl.all().gather(_generator(seed).permutation(drawn.height).tolist()))
    digits = len(str(key.height))
    names = [f"L{number:0{digits}d}" for number in range(1, key.height + 1)]
    return key.with_columns(label_id=pl.Series(names), value=pl.lit(None, pl.Float64)).select(*KEY_SCHEMA)


def _generator(seed: int, *names: object) -> np.random.Generator:
    """A generator of its own for every measure, so that leaving one out does not change what others draw."""
    digest = hashlib.sha256("\n".join(map(str, (seed, *names))).encode()).digest()
    return np.random.default_rng(int.from_bytes(digest[:8], "little"))


def _drawn(rows: pl.DataFrame, rng: np.random.Generator, total: int, per_stratum: int | None) -> pl.DataFrame | None:
    """The drawn attempts' scored answers at every stage of one measure of one family; None where nothing is scored."""
    graded = _graded(rows)
    stages = rows.select("stage", "stage_index").unique().sort("stage_index", "stage")["stage"].to_list()
    low, high = _range(rows)
    upper = pl.when(pl.col("value") >= (low + high) / 2).then(pl.lit("+")).otherwise(pl.lit("-"))
    sign = pl.when(pl.col("value").is_null()).then(pl.lit(".")).otherwise(upper)
    signs = graded.with_columns(sign=sign).pivot("stage", index=_ATTEMPT, values="sign")
    strata = (
        signs.with_columns(pl.col(stage) if stage in signs.columns else pl.lit(".").alias(stage) for stage in stages)
        .select(*_ATTEMPT, pl.concat_str(pl.col(stages).fill_null(".")).alias("stratum"))
        .filter(pl.col("stratum") != "." * len(stages))
        .sort("stratum", *_ATTEMPT)
    )
    if strata.is_empty():
        return None
    names, starts, sizes = np.unique(strata["stratum"].to_numpy(), return_index=True, return_counts=True)
    taken = [per_stratum] * len(names) if per_stratum is not None else _allocation(sizes, total)
    chosen = []
    for start, size, wanted in zip(starts, sizes, taken, strict=True):
        drawn = min(wanted, size)
        positions = np.sort(rng.choice(size, drawn, replace=False)) + start
        chosen.append(strata[positions.tolist()].with_columns(probability=pl.lit(drawn / size)))
    scored = graded.filter(pl.col("value").is_not_null()).select("stage", *_ATTEMPT)
    return scored.join(pl.concat(chosen), on=_ATTEMPT)


def _graded(rows: pl.DataFrame) -> pl.DataFrame:
    """One row an answer: the panel's value, else the median over the judges; null where none scored it.

    A cascade's second judge comes first, where it was asked.
    """
    if "probability" not in rows.columns:
        return _panel_or_median(rows)
    screen = _panel_or_median(rows.filter(pl.col("probability").is_null()))
    second = _panel_or_median(rows.filter(pl.col("probability").is_not_null()))
    both = screen.join(second, on=["stage", *_ATTEMPT], how="full", coalesce=True, suffix=" second")
    return both.select("stage", *_ATTEMPT, pl.coalesce("value second", "value").alias("value"))


def _panel_or_median(rows: pl.DataFrame) -> pl.DataFrame:
    panel = rows.filter(pl.col("judge") == PANEL)
    own = panel if panel.height else rows
    return own.group_by("stage", *_ATTEMPT).agg(pl.col("value").median())


def _range(rows: pl.DataFrame) -> tuple[float, float]:
    """The measure's range: as known here, else 0 to 1 where the judge's values lie in it, else as far as they go."""
    known = KNOWN.get(rows["measure"][0])
    if known is not None:
        return known.low, known.high
    values = rows["value"].drop_nulls()
    if values.is_empty() or values.is_between(0, 1).all():
        return 0.0, 1.0
    return float(values.min()), float(values.max())  # type: ignore[arg-type]  # floats, as the column is


def _allocation(sizes: np.ndarray, total: int) -> list[int]:
    """How many to draw from strata of these sizes, about ``total`` in all; what small ones lack, the largest give."""
    wanted = total * (sizes / sizes.sum() + 1 / len(sizes)) / 2
    taken = np.minimum(sizes, np.maximum(_LEAST, wanted.round().astype(np.int64)))
    for stratum in np.argsort(-sizes, kind="stable"):
        taken[stratum] += min(sizes[stratum] - taken[stratum], max(0, total - taken.sum()))
    return [int(count) for count in taken]


def label_ranges(table: pl.DataFrame) -> dict[tuple[str, str], tuple[float, float]]:
    """What values a label may have, by (benchmark, measure): the range of the measure in the outcome table."""
    groups = table.filter(pl.col("judge").is_null() | (pl.col("judge") != HUMAN)).partition_by(
        "benchmark", "measure", as_dict=True
    )
    return {(benchmark, measure): _range(rows) for (benchmark, measure), rows in groups.items()}


def without_labels(table: pl.DataFrame, key: pl.DataFrame) -> pl.DataFrame:
    """The table without the `human` rows of the answers that have a label in ``key``."""
    rows = key.filter(pl.col("value").is_not_null()).select(*ANSWER, judge=pl.lit(HUMAN))
    return table.join(rows, on=[*ANSWER, "judge"], how="anti", maintain_order="left")


def with_labels(table: pl.DataFrame, key: pl.DataFrame) -> pl.DataFrame:
    """The table with one `human` row for every label in ``key``, in the place of those it had for these answers.

    The column ``probability`` of a human row is the chance that its answer was drawn and labelled. Answers that were
    drawn and not (yet) labelled count as not drawn, as if those that were had been taken from the stratum at random.

    Raises:
        InputError: a stratum was drawn at a stage and none of its answers is labelled there, while others are.
    """
    labelled = key.filter(pl.col("value").is_not_null())
    if labelled.height == 0:
        return table
    group = ["family", "stage", "benchmark", "measure"]
    counts = key.group_by(*group, "stratum").agg(
        filled=pl.col("value").count(), drawn=pl.len(), ids=pl.col("label_id").sort().head(5)
    )
    begun = counts.join(counts.group_by(group).agg(pl.col("filled").sum().alias("any")), on=group).filter(
        pl.col("any") > 0
    )
    empty = begun.filter(pl.col("filled") == 0).sort(*group, "stratum")
    if empty.height:
        raise InputError(
            f"Label one or more of {', '.join(empty['ids'][0])}: no label stands yet for the answers that they were "
            f"drawn for ({empty.height} such groups in all), and without any the labels would speak for others only."
        )
    human = (
        labelled.join(begun, on=[*group, "stratum"])
        .with_columns(pl.col("probability") * pl.col("filled") / pl.col("drawn"))
        .select(*ANSWER, "value", "probability")
    )
    fields = table.unique([*ANSWER], keep="first", maintain_order=True).drop("value", "status", "cause", "judge")
    rows = human.join(fields.drop("probability", strict=False), on=[*ANSWER], how="inner").with_columns(
        status=pl.lit("scored"), cause=pl.lit(None, pl.String), judge=pl.lit(HUMAN)
    )
    return pl.concat([without_labels(table, key), rows], how="diagonal_relaxed")
