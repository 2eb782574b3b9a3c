"""What a paired contrast can be expected to show before anything is measured.

The formulas are those that later stand beside the verdicts (``statistics.planning``); here they are fed with stated
assumptions instead of what was observed. Where few answers differ they are optimistic.
"""

from __future__ import annotations

import bisect
import math
from dataclasses import dataclass, field

from stagelens.outcomes.measures import Measure
from stagelens.statistics.design.planning import (
    POWER,
    Precision,
    minimum_detectable_difference,
    smallest_certifiable_margin,
)
from stagelens.statistics.intervals.tails import quantile


@dataclass(frozen=True, slots=True)
class Assumptions:
    """What is assumed of answers that nobody has seen yet.

    ``rate``: of a rate measure, at both stages. ``spread``: a severity's standard deviation as a part of its range.
    ``correlation``: of an item's values at two stages. ``cluster_correlation``: of the differences of two items in a
    cluster. ``epoch_correlation``: of the differences of two attempts at an item. ``power``: the chance that a true
    effect is found.
    """

    rate: float = 0.1
    spread: float = 0.25
    correlation: float = 0.5
    cluster_correlation: float = 0.1
    epoch_correlation: float = 0.5
    power: float = field(default=POWER, init=False)


@dataclass(frozen=True, slots=True)
class Prospect:
    """What a contrast on a measure can be expected to show, in the measure's own unit.

    ``half_width``: of the 1 - alpha interval. ``detectable``: the smallest true difference that is found with the
    assumed power. ``certifiable``: the smallest margin within which no difference is certified with that power.
    ``clusters_needed``: for the study's own margin, with as many items in each as now.
    """

    half_width: float
    detectable: float
    certifiable: float
    clusters_needed: int


def prospect(
    measure: Measure, *, items: int, clusters: int, margin: float, alpha: float, assumed: Assumptions, epochs: int = 1
) -> Prospect | None:
    """The prospect of a contrast between two stages; None with fewer than two clusters, which show nothing.

    Args:
        measure: its kind and range.
        items: how many count towards it, at least as many as ``clusters``.
        clusters: how many clusters they lie in.
        margin: the study's, more than 0 and less than the measure's range.
        alpha: the error rate of the interval, and of each side of the equivalence test.
        assumed: what is not known yet.
        epochs: attempts at each item.
    """
    if clusters < 2:
        return None
    worth = _worth(items / clusters, epochs, assumed)
    precision = _precision(measure, clusters, worth, assumed)
    return Prospect(
        half_width=quantile(1 - alpha / 2, precision.df) * precision.error,
        detectable=minimum_detectable_difference(precision, alpha),
        certifiable=smallest_certifiable_margin(precision, alpha),
        clusters_needed=_clusters_needed(measure, worth, margin, alpha, assumed),
    )


def _worth(size: float, epochs: int, assumed: Assumptions) -> float:
    """How many independent attempts a cluster of ``size`` items is worth: its attempts over their design effect."""
    within = assumed.cluster_correlation
    attempts = max(assumed.epoch_correlation, within)
    return size * epochs / (1 + (epochs - 1) * attempts + epochs * (size - 1) * within)


def _precision(measure: Measure, clusters: int, worth: float, assumed: Assumptions) -> Precision:
    """What is expected of clusters that are worth so many attempts each: a paired difference varies by 2σ²(1 - ρ)."""
    span = measure.high - measure.low
    rate = measure.kind == "rate"
    variance = assumed.rate * (1 - assumed.rate) if rate else (assumed.spread * span) ** 2
    effective = clusters * worth
    error = math.sqrt(2 * variance * (1 - assumed.correlation) / effective)
    return Precision(clusters, clusters, span, error, effective if rate else clusters, clusters - 1, rate)


def _clusters_needed(measure: Measure, worth: float, margin: float, alpha: float, assumed: Assumptions) -> int:
    """The fewest clusters with which ``margin`` is certifiable; more clusters always certify a smaller one."""

    def enough(clusters: int) -> bool:
        return smallest_certifiable_margin(_precision(measure, clusters, worth, assumed), alpha) <= margin

    most = 2
    while not enough(most):
        most *= 2
    least = 2 if most == 2 else most // 2 + 1
    return least + bisect.bisect_left(range(least, most), True, key=enough)
