"""From the outcome table to the arrays that are analysed: every stage's answers to the same attempts, aligned."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from stagelens.errors import InputError
from stagelens.outcomes.align import Attempts
from stagelens.outcomes.aligned import aligned
from stagelens.outcomes.checks import check_paired
from stagelens.outcomes.codes import Codes, coded, number_key
from stagelens.outcomes.grades import HUMAN
from stagelens.outcomes.groups import Group, groups_of, stages_of
from stagelens.outcomes.incapable import Incapable, incapable_of, incapable_sentences
from stagelens.outcomes.measures import REFUSAL_MEASURES
from stagelens.outcomes.scales import Scale, scale_of
from stagelens.outcomes.schema import CONTROL_MEASURE
from stagelens.statistics.data import INCAPABLE, SCORED, MeasureData


def measure_arrays(table: pl.DataFrame) -> tuple[MeasureData, ...]:
    """Every measure of every family, in order of appearance; a table as ``read_table`` or ``read_coded`` returns it.

    All of a family's stages are in all of its measures, in order of ``stage_index``. Attempts are aligned by item,
    epoch and training seed and sorted by them, so that the order of a table's rows decides nothing. An attempt without
    a row at a stage is `unattempted` there, with a warning. The control measure fills ``competence`` instead of
    standing alone.

    Raises:
        InputError: a family with one stage, an item that only one stage answered, one in two strata of a measure,
            or a human label outside the range that its judges grade in.
    """
    table = coded(table)
    stages = stages_of(table)
    check_paired(table)
    groups = list(groups_of(table, stages))
    scales = _scales(groups)
    competence = {
        (group.family, group.benchmark): _competence(group) for group in groups if group.measure == CONTROL_MEASURE
    }
    incapable = incapable_of(table)
    return tuple(
        _measure(
            group,
            scales[group.benchmark, group.measure],
            competence.get((group.family, group.benchmark)),
            incapable.get((group.family, group.benchmark, group.measure), ()),
        )
        for group in groups
        if group.measure != CONTROL_MEASURE
    )


def _scales(groups: list[Group]) -> dict[tuple[str, str], Scale]:
    """Kind and range of every measure, the same in all families.

    Raises:
        InputError: humans labelled outside 0 to 1 what judges grade inside it: one such label would make another scale.
    """
    judged_ends: dict[tuple[str, str], list[float]] = {}
    human_ends: dict[tuple[str, str], list[float]] = {}
    for group in groups:
        rows, name = group.rows, (group.benchmark, group.measure)
        human = rows.judge == (rows.judges.index(HUMAN) if HUMAN in rows.judges else len(rows.judges))
        judged_ends.setdefault(name, []).extend(_ends(rows.value[~human]))
        human_ends.setdefault(name, []).extend(_ends(rows.value[human]))
    scales = {}
    for (benchmark, measure), ends in judged_ends.items():
        labels = human_ends[benchmark, measure]
        scale = scale_of(measure, *_extremes(ends or labels))
        if scale.kind == "severity":
            scale = scale_of(measure, *_extremes([*ends, *labels]))
        outside = [label for label in labels if not scale.low <= label <= scale.high]
        if outside:
            raise InputError(
                f"A human label of {benchmark}/{measure} is {outside[0]:g}, and its judges grade from {scale.low:g} to "
                f"{scale.high:g}: mend the label."
            )
        scales[benchmark, measure] = scale
    return scales


def _ends(values: NDArray[np.float64]) -> list[float]:
    return [] if np.isnan(values).all() else [float(np.nanmin(values)), float(np.nanmax(values))]


def _extremes(ends: list[float]) -> tuple[float | None, float | None]:
    return min(ends, default=None), max(ends, default=None)


def _competence(group: Group) -> tuple[float | None, ...]:
    """Per stage the share of control prompts answered: an answer that shows no capability was not one."""
    found = aligned(group)[2]
    counted = (found.status == SCORED) | (found.status == INCAPABLE)
    answered = np.where(found.status == SCORED, found.values, 0.0)
    return tuple(
        float(values[kept].mean()) if kept.any() else None for values, kept in zip(answered, counted, strict=True)
    )


def _measure(
    group: Group, scale: Scale, competence: tuple[float | None, ...] | None, incapable: Sequence[Incapable]
) -> MeasureData:
    attempts, run, found = aligned(group)
    rows = group.rows
    stratum, strata = _strata(group, attempts)
    return MeasureData(
        family=group.family,
        benchmark=group.benchmark,
        measure=group.measure,
        higher_is_worse=group.higher_is_worse,
        kind=scale.kind,
        low=scale.low,
        high=scale.high,
        stages=group.stages,
        values=found.values,
        status=found.status,
        item=_dense(attempts.of(rows.item)),
        cluster=_dense(attempts.of(rows.cluster)),
        competence=competence,
        warnings=(
            *scale.warnings,
            *found.warnings,
            *_gaps(found.present, group.stages),
            *_uncontrolled(group.measure, competence),
            *incapable_sentences(incapable, attempts.count),
        ),
        run=run,
        stratum=stratum,
        strata=strata,
        labels=found.labels,
        panel=found.panel,
    )


def _dense(codes: Codes) -> NDArray[np.int64]:
    return np.asarray(number_key(codes).dense().codes, dtype=np.int64)


def _strata(group: Group, attempts: Attempts) -> tuple[NDArray[np.int64] | None, tuple[str, ...]]:
    """Every attempt's stratum: its item's, wherever a row gives it.

    Raises:
        InputError: an item in two strata.
    """
    rows = group.rows
    given = rows.stratum >= 0
    if not given.any():
        return None, ()
    item = number_key(rows.item)
    of_item = np.full(item.size, -1)
    of_item[item.codes[given]] = rows.stratum[given]
    differs = given & (of_item[item.codes] != rows.stratum)
    if differs.any():
        least = rows.item[differs].min()  # the first by name, whatever the order of rows
        first, second = sorted({rows.strata[code] for code in rows.stratum[given & (rows.item == least)]})[:2]
        raise InputError(
            f"Item {rows.items[least]!r} of {group.benchmark}/{group.measure} is in stratum {first!r} in one row and "
            f"in {second!r} in another: an item lies in one stratum."
        )
    found = np.unique(of_item[of_item >= 0])
    stratum = attempts.of(np.where(of_item < 0, -1, np.searchsorted(found, of_item))[item.codes])
    return np.asarray(stratum, dtype=np.int64), tuple(rows.strata[code] for code in found)


def _uncontrolled(measure: str, competence: tuple[float | None, ...] | None) -> Iterator[str]:
    """Refusal measures see words of refusal, not whether an answer is any good: control prompts show that."""
    if measure in REFUSAL_MEASURES and competence is None:
        yield (
            "no plain control prompts were asked, so nothing shows that a stage can answer prompts like these at all: "
            "what looks like compliance may be words without sense."
        )


def _gaps(present: NDArray[np.bool_], stages: tuple[str, ...]) -> Iterator[str]:
    """A sentence for every stage that lacks rows for attempts of the others; ``present``, shape (S, A)."""
    attempts = present.shape[1]
    for stage, rows in zip(stages, np.count_nonzero(present, axis=1), strict=True):
        absent = attempts - rows
        if absent == attempts:
            yield f"{stage} was not asked: all {attempts} of its answers count as unattempted."
        elif absent:
            yield f"{absent} of {attempts} answers have no row at {stage}: they count as unattempted."
