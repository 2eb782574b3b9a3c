"""What each source adds to a measure, read off many mixtures at once: a linear datamodel. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import statsmodels.api as sm
from numpy.typing import NDArray
from scipy import stats

from stagelens.audit.effects import Kind
from stagelens.audit.variants import Variant
from stagelens.errors import InputError
from stagelens.statistics.contrasts.multiplicity import holm
from stagelens.statistics.data import SCORED, MeasureData


@dataclass(frozen=True, slots=True)
class Addition:
    """What a source adds on average over the mixtures that were drawn.

    Attributes:
        source: its name.
        benchmark: of the measure.
        measure: its name.
        difference: with the source minus without it, in the measure's unit; None where a training has nothing scored.
        low: with ``high`` the 1 − alpha interval, unscored answers at their worst.
        high: its upper end.
        p: of no difference, two-sided, adjusted by Holm over the sources.
        trainings: mixtures times training runs that it rests on.
        kind: of the measure, which says its unit.
    """

    source: str
    benchmark: str
    measure: str
    difference: float | None
    low: float
    high: float
    p: float
    trainings: int
    kind: Kind = "rate"


def additions(
    data: MeasureData, variants: Sequence[Variant], sources: Sequence[str], *, alpha: float
) -> tuple[Addition, ...]:
    """Regress every training's share on which sources it had (datamodels; Ilyas et al. 2022, section 2).

    The variance is that of two crossed samples: of trainings, by HC3, and of the items' clusters, each of which has
    coefficients of its own under the same design. What both share is counted twice, so intervals err on the wide side.

    Args:
        data: a measure with one stage a variant.
        variants: more than there are sources, by two at least; each source is away from some and there in others.
        sources: of the mixture.
        alpha: of the intervals, in (0, 1).

    Raises:
        InputError: the variants cannot tell the sources apart.
    """
    kept = _kept(variants, sources)
    stages = [data.stages.index(variant.name) for variant in variants]
    run = np.zeros_like(data.item) if data.run is None else data.run
    runs = np.unique(run)
    design = sm.add_constant(np.tile(kept, (len(runs), 1)), has_constant="add")
    check_apart(variants, sources, len(runs))
    left = len(design) - design.shape[1]
    lowest, highest = (_by_cluster(data, stages, run, runs, missing) for missing in (data.low, data.high))
    middle = _by_cluster(data, stages, run, runs, None)
    weights = np.linalg.pinv(design)[1:]
    known = all(_scored(data, stage, run == code) for code in runs for stage in stages)
    widths, ps = [], []
    for source, weight in enumerate(weights):
        error = np.hypot(_training_error(design, middle, source + 1), _item_error(middle, weight))
        free = min(left, middle.shape[1] - 1)
        estimate = float(weight @ middle.mean(axis=1))
        # An unscored answer is at its worst where it raises the coefficient, or lowers it.
        down = np.where(weight[:, None] > 0, lowest, highest)
        up = np.where(weight[:, None] > 0, highest, lowest)
        half = float(stats.t.ppf(1 - alpha / 2, free) * error)
        widths.append(
            (
                estimate if known else None,
                float(weight @ down.mean(axis=1)) - half,
                float(weight @ up.mean(axis=1)) + half,
            )
        )
        p = float(2 * stats.t.sf(abs(estimate) / error, free)) if error > 0 else float(estimate == 0)
        ps.append(p if known else 1.0)
    adjusted = holm(ps)
    return tuple(
        Addition(source, data.benchmark, data.measure, *width, p, len(design), data.kind)
        for source, width, p in zip(sources, widths, adjusted, strict=True)
    )


def check_apart(variants: Sequence[Variant], sources: Sequence[str], runs: int) -> None:
    """See that so many training runs of these mixtures tell what each source adds.

    Raises:
        InputError: they do not.
    """
    design = sm.add_constant(_kept(variants, sources), has_constant="add")
    columns = design.shape[1]
    if len(design) * runs <= columns or np.linalg.matrix_rank(design) < columns:
        raise InputError(
            f"{len(variants)} mixtures cannot tell {len(sources)} sources apart; draw more, at least "
            f"{len(sources) + 2}."
        )


def _kept(variants: Sequence[Variant], sources: Sequence[str]) -> NDArray[np.float64]:
    """The share of every source in every mixture, shape (variants, sources)."""
    return np.array([[variant.kept.get(source, 1.0) for source in sources] for variant in variants])


def _by_cluster(
    data: MeasureData, stages: Sequence[int], run: NDArray[np.int64], runs: NDArray[np.int64], missing: float | None
) -> NDArray[np.float64]:
    """What each training's answers give in each cluster, weighted so that a row's mean is that of its answers.

    Shape (trainings, clusters). Unscored answers count as ``missing``; where None, as the mean of the scored ones of
    their cluster in that training, or of all clusters where it has none there.
    """
    clusters = int(data.cluster.max()) + 1
    rows = []
    for code in runs:
        of_run = run == code
        cluster = data.cluster[of_run]
        size = np.bincount(cluster, minlength=clusters)
        for stage in stages:
            values, scored = data.values[stage, of_run], data.status[stage, of_run] == SCORED
            sums = np.bincount(cluster, np.where(scored, values, missing or 0.0), minlength=clusters)
            if missing is None:
                count = np.bincount(cluster, scored, minlength=clusters)
                overall = float(values[scored].mean()) if scored.any() else (data.low + data.high) / 2
                means = np.divide(sums, count, out=np.full(clusters, overall), where=count > 0)
                sums = means * size
            rows.append(sums * clusters / size.sum())
    return np.array(rows)


def _scored(data: MeasureData, stage: int, attempts: NDArray[np.bool_]) -> bool:
    return bool((data.status[stage, attempts] == SCORED).any())


def _training_error(design: NDArray[np.float64], middle: NDArray[np.float64], place: int) -> float:
    fitted = sm.OLS(middle.mean(axis=1), design).fit(cov_type="HC3")
    return float(fitted.bse[place])


def _item_error(middle: NDArray[np.float64], weight: NDArray[np.float64]) -> float:
    own = weight @ middle
    return float(own.std(ddof=1) / np.sqrt(len(own)))
