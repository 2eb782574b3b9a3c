"""From the outcome table to the arrays that are analysed: every stage's answers to the same attempts, aligned."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import polars as pl

from stagelens.errors import InputError
from stagelens.outcomes.judged import ATTEMPT, judged
from stagelens.outcomes.measures import KNOWN, REFUSAL_MEASURES, Measure
from stagelens.outcomes.schema import CONTROL_MEASURE
from stagelens.statistics.data import INCAPABLE, SCORED, UNATTEMPTED, MeasureData

_GROUP: Final = ("family", "benchmark", "measure")
_ALIGNED: Final = ("item", "epoch", "seed")
_NEEDED: Final = (*_GROUP, *ATTEMPT, "cluster", "value", "status", "judge", "higher_is_worse")


@dataclass(frozen=True, slots=True)
class _Scale:
    """A measure as it is analysed: kind and range, and what was assumed about them."""

    kind: Literal["rate", "severity"]
    low: float
    high: float
    warnings: tuple[str, ...] = ()


def measure_arrays(table: pl.DataFrame) -> tuple[MeasureData, ...]:
    """Every measure of every family, in order of appearance; a table as ``read_table`` returns it.

    All of a family's stages are in all of its measures, in order of ``stage_index``. Attempts are aligned by item,
    epoch and seed and sorted by them, so that the order of a table's rows decides nothing. An attempt without a row at
    a stage is `unattempted` there, with a warning. The control measure fills ``competence`` instead of standing alone.

    Raises:
        InputError: a family with one stage, or an item that only one stage answered.
    """
    stages = _stages(table)
    _check_paired(table, stages)
    scales = _scales(table)
    groups = {
        (str(family), str(benchmark), str(measure)): rows
        for (family, benchmark, measure), rows in table.select(_NEEDED)
        .partition_by(*_GROUP, maintain_order=True, as_dict=True)
        .items()
    }
    competence = {
        (family, benchmark): _competence(rows, stages[family])
        for (family, benchmark, measure), rows in groups.items()
        if measure == CONTROL_MEASURE
    }
    return tuple(
        _align(rows, group, stages[group[0]], scales[group[1:]], competence.get(group[:2]))
        for group, rows in groups.items()
        if group[2] != CONTROL_MEASURE
    )


def _stages(table: pl.DataFrame) -> dict[str, tuple[str, ...]]:
    """Every family's stages in order."""
    positions = table.select("family", "stage", "stage_index").unique(maintain_order=True)
    stages: dict[str, list[str]] = {family: [] for family in positions["family"].unique(maintain_order=True)}
    for family, stage in positions.sort("stage_index").select("family", "stage").iter_rows():
        stages[family].append(stage)
    return {family: tuple(names) for family, names in stages.items()}


def _check_paired(table: pl.DataFrame, stages: dict[str, tuple[str, ...]]) -> None:
    for family, names in stages.items():
        if len(names) < 2:
            raise InputError(f"Family {family} has one stage only ({names[0]}): a comparison needs two or more.")
    position = pl.col("stage_index")
    one_stage = position.min() == position.max()
    # Grouping without order is several times faster than with it; the first item by name stands for the others.
    by_item = table.group_by("family", "benchmark", "item").agg(one_stage.alias("alone"), pl.col("stage").first())
    alone = by_item.filter("alone").sort("family", "benchmark", "item")
    if alone.height == 0:
        return
    family, benchmark, name, _, stage = alone.row(0)
    same = alone.filter((pl.col("family") == family) & (pl.col("benchmark") == benchmark)).height
    more = f" ({same} such items in {benchmark})" if same > 1 else ""
    raise InputError(
        f"An item answered by one stage only: {name} of {benchmark}, by {family}/{stage}{more}: "
        "ask every stage the same items under the same ids, or leave the item out."
    )


def _scales(table: pl.DataFrame) -> dict[tuple[str, ...], _Scale]:
    """Kind and range of every measure, the same in all families."""
    extremes = table.group_by("benchmark", "measure").agg(
        pl.col("value").min().alias("low"), pl.col("value").max().alias("high")
    )
    return {
        (benchmark, measure): _known(KNOWN[measure]) if measure in KNOWN else _inferred(measure, low, high)
        for benchmark, measure, low, high in extremes.iter_rows()
    }


def _known(measure: Measure) -> _Scale:
    return _Scale(measure.kind, measure.low, measure.high)


def _inferred(measure: str, low: float | None, high: float | None) -> _Scale:
    if low is None or high is None or (low >= 0 and high <= 1):
        return _Scale("rate", 0.0, 1.0)
    if low == high:
        low, high = min(low, 0.0), max(high, 0.0)  # one value shows no range: the scale is taken to include 0
    warning = (
        f"{measure} is not a measure known here: taken as a severity from {low:g} to {high:g}, as far as its "
        "values show; answers that are not scored are bounded by that range."
    )
    return _Scale("severity", low, high, (warning,))


def _competence(rows: pl.DataFrame, stages: tuple[str, ...]) -> tuple[float | None, ...]:
    """Per stage the share of control prompts answered: an answer that shows no capability was not one."""
    analysed, _ = judged(rows)
    counted = analysed.filter(pl.col("code").is_in([SCORED, INCAPABLE]))
    shares = dict(counted.group_by("stage").agg(pl.col("value").fill_null(0.0).mean()).iter_rows())
    return tuple(shares.get(stage) for stage in stages)


def _align(
    rows: pl.DataFrame,
    group: tuple[str, str, str],
    stages: tuple[str, ...],
    scale: _Scale,
    competence: tuple[float | None, ...] | None,
) -> MeasureData:
    analysed, judge_warnings = judged(rows)
    attempts = analysed.select(*_ALIGNED, "cluster").unique(list(_ALIGNED)).sort(_ALIGNED).with_row_index("column")
    placed = analysed.join(attempts.select(*_ALIGNED, "column"), on=_ALIGNED).select(
        pl.col("stage").replace_strict({stage: row for row, stage in enumerate(stages)}, return_dtype=pl.Int64),
        "column",
        "value",
        "code",
    )
    at = (placed["stage"].to_numpy(), placed["column"].to_numpy())
    values = np.full((len(stages), attempts.height), np.nan)
    values[at] = placed["value"].to_numpy()
    status = np.full(values.shape, UNATTEMPTED, dtype=np.int8)
    status[at] = placed["code"].to_numpy()
    family, benchmark, measure = group
    return MeasureData(
        family=family,
        benchmark=benchmark,
        measure=measure,
        higher_is_worse=rows["higher_is_worse"][0],
        kind=scale.kind,
        low=scale.low,
        high=scale.high,
        stages=stages,
        values=values,
        status=status,
        item=attempts["item"].rle_id().cast(pl.Int64).to_numpy(),
        cluster=(attempts["cluster"].rank("dense").cast(pl.Int64) - 1).to_numpy(),
        competence=competence,
        warnings=(
            *scale.warnings,
            *judge_warnings,
            *_gaps(analysed, stages, attempts.height),
            *_uncontrolled(measure, competence),
        ),
    )


def _uncontrolled(measure: str, competence: tuple[float | None, ...] | None) -> Iterator[str]:
    """Refusal measures see words of refusal, not whether an answer is any good: control prompts show that."""
    if measure in REFUSAL_MEASURES and competence is None:
        yield (
            "no plain control prompts were asked, so nothing shows that a stage can answer prompts like these at all: "
            "what looks like compliance may be words without sense."
        )


def _gaps(analysed: pl.DataFrame, stages: tuple[str, ...], attempts: int) -> Iterator[str]:
    """A sentence for every stage that lacks rows for attempts of the others."""
    rows = dict(analysed["stage"].value_counts().iter_rows())
    for stage in stages:
        absent = attempts - rows.get(stage, 0)
        if absent == attempts:
            yield f"{stage} was not asked: all {attempts} of its answers count as unattempted."
        elif absent:
            yield f"{absent} of {attempts} answers have no row at {stage}: they count as unattempted."
