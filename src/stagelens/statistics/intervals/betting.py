"""The betting bound: limits of a mean that hold at any number of clusters and any dependence within them.

A gambler who bets against "the mean is at least d" multiplies her wealth, for each cluster, by
1 + c s (d - D) / (most - d), with D the cluster's mean, s its weight over the largest cluster's, and c in (0, 1] her
stake. If the hypothesis holds, her wealth is at most 1 in expectation, for independent clusters of any distributions:
the factors' expectations multiply, and their mean is at most 1 (arithmetic and geometric means). So 1/wealth is a p
value (Markov; Waudby-Smith & Ramdas 2023, JRSS-B 86:1). Her stakes are fixed beforehand and her wealth is split over
them, so the bound does not depend on the order of the clusters.

With nothing discordant and the stake c = 1 alone the wealth is (1 - d)^-G: the cluster gate.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, inf, log, nan
from typing import Final

import numpy as np

from stagelens.statistics.intervals.clusters import Sample
from stagelens.statistics.intervals.proportions import bisect
from stagelens.statistics.intervals.ratio import LARGEST
from stagelens.statistics.intervals.tails import FloatArray

STAKES: Final = 2.0 ** -np.arange(0.0, 6.5, 0.5)
"""From 1, best where hardly anything is discordant, down to 1/64, best for some ten thousand noisy clusters."""

PRIOR: Final = np.array([4.0, *np.ones(12)]) / 16
"""How her wealth is split: a quarter on the highest stake, since most contrasts that are to be certified are quiet."""

DIGITS = 12


@dataclass(frozen=True, slots=True)
class BettingMean:
    """A mean of values inside [least, most], bounded by bets on its clusters.

    ``centre`` and ``stake``: mean and relative weight of each kind of cluster, ``count``: how many are of that kind,
    all of shape (kinds,).
    """

    centre: FloatArray
    stake: FloatArray
    count: FloatArray
    mean: float
    least: float
    most: float

    @classmethod
    def of(cls, sample: Sample, x: FloatArray, least: float, most: float) -> BettingMean:
        """The bound on the weighted mean of ``x``, values inside [least, most]; one training run, any clusters."""
        (centre, stake), count = _kinds(sample, x)
        return cls(np.clip(centre, least, most), stake, count, sample.mean(x), least, most)

    def limits(self, level: float) -> tuple[float, float]:
        """Lower and upper limits inside [least, most], each with error 1 - ``level``."""
        inside = min(max(self.mean, self.least), self.most)
        low = bisect(lambda t: self.p_at_most(t) < 1 - level, self.least, inside)
        high = bisect(lambda t: self.p_at_least(t) < 1 - level, self.most, inside)
        return low, high

    def p_at_most(self, threshold: float) -> float:
        """p value of "the mean is at most ``threshold``": below 1 - level exactly where the lower limit lies above."""
        return self._p(self.centre - threshold, threshold - self.least)

    def p_at_least(self, threshold: float) -> float:
        """p value of "the mean is at least ``threshold``": below 1 - level exactly where the upper limit lies below."""
        return self._p(threshold - self.centre, self.most - threshold)

    def _p(self, gain: FloatArray, most_lost: float) -> float:
        """min(1, 1/wealth), for what each kind of cluster gains and the most that one can lose."""
        if most_lost <= 0:
            # Only the end of the range itself is left: refuted by any cluster that lies elsewhere.
            return 0.0 if bool((gain > 0).any()) else 1.0
        with np.errstate(divide="ignore"):
            factors = np.log1p(STAKES[:, None] * (self.stake * gain / most_lost))
        logs = (factors * self.count).sum(axis=1)
        largest = float(logs.max())
        log_wealth = largest + log(float((PRIOR * np.exp(logs - largest)).sum()))
        return exp(-max(log_wealth, 0.0))


def betting_ratio(sample: Sample, earlier: FloatArray, later: FloatArray, level: float) -> tuple[float, float]:
    """Limits of the ratio of two means of values in [0, 1], each with error 1 - ``level``.

    A ratio r is refuted where the bets refute that later - r earlier, inside [-r, 1], has the mean 0. Limits are
    (0, …) where nothing of ``later`` was seen, (…, inf) where nothing of ``earlier``, nan where of neither.
    """
    top, bottom = sample.mean(later), sample.mean(earlier)
    if not top and not bottom:
        return nan, nan
    edge = log(LARGEST)
    estimate = log(top / bottom) if top and bottom else edge if top else -edge

    (before, after, stake), count = _kinds(sample, earlier, later)

    def contrast(log_ratio: float) -> BettingMean:
        ratio = exp(log_ratio)
        return BettingMean(after - ratio * before, stake, count, top - ratio * bottom, -ratio, 1.0)

    low = bisect(lambda x: contrast(x).p_at_most(0.0) < 1 - level, -edge, estimate) if top else -inf
    high = bisect(lambda x: contrast(x).p_at_least(0.0) < 1 - level, edge, estimate) if bottom else inf
    return exp(low), exp(high)


def _kinds(sample: Sample, *values: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The kinds of clusters there are: the means of each of ``values`` and the relative weight, and how many of each.

    Shapes (len(values) + 1, kinds) and (kinds,). Rounded, so that equal clusters are of one kind.
    """
    share = sample.share[sample.share > 0]
    columns = [*(sample.cluster_means(x) for x in values), share / share.max()]
    kinds, count = np.unique(np.round(np.stack(columns), DIGITS), axis=1, return_counts=True)
    return np.asarray(kinds, dtype=np.float64), count.astype(np.float64)
