"""Cluster-robust t intervals of a bounded mean, with a bound from its range where too little varies to estimate from.

A mean of n values inside [least, most] may have missed values at an end of the range. Where nothing varies, the share
that n clusters can have missed is q = z²/(n + z²), as in Tango's interval with nothing discordant, and the mean moves
by q times the way to that end. A t interval has zero width there, and next to none where only a few clusters differ
from the rest; then the wider of the two is taken at each side.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import copysign, inf, sqrt

import numpy as np

from stagelens.statistics.intervals.clusters import NOTHING, Sample
from stagelens.statistics.intervals.tails import FloatArray, quantile, upper_tail

FEW = 5
"""Where fewer clusters than this differ from the median cluster, the variance is not trusted alone."""


def missed_share(clusters: float, level: float) -> float:
    """The share z²/(n + z²) of a population that ``clusters`` equal answers can have missed; z at ``level``."""
    z2 = quantile(level) ** 2
    return z2 / (clusters + z2)


@dataclass(frozen=True, slots=True)
class BoundedMean:
    """A mean of values inside [least, most].

    ``error``: the cluster-robust standard error, ``df`` its degrees of freedom; ``clusters``: the effective number that
    bounds what was missed, infinite where enough clusters differ for the variance to be trusted.
    """

    mean: float
    error: float
    df: float
    clusters: float
    least: float
    most: float

    @classmethod
    def of(cls, sample: Sample, x: FloatArray, least: float, most: float) -> BoundedMean:
        """The weighted mean of ``x`` over the sample, which has two clusters or more."""
        mean, centres = sample.mean(x), sample.cluster_means(x)
        differing = np.count_nonzero(np.abs(centres - np.median(centres)) > NOTHING * (most - least))
        clusters = sample.kish if differing < FEW else inf
        return cls(mean, sqrt(sample.variance(x, mean)), sample.clusters - 1.0, clusters, least, most)

    def limits(self, level: float) -> tuple[float, float]:
        """Lower and upper limits inside [least, most], each with error 1 - ``level``."""
        half, missed = quantile(level, self.df) * self.error, missed_share(self.clusters, level)
        low = min(self.mean - half, self.mean - missed * (self.mean - self.least))
        high = max(self.mean + half, self.mean + missed * (self.most - self.mean))
        return max(low, self.least), min(high, self.most)

    def p_at_most(self, threshold: float) -> float:
        """p value of "the mean is at most ``threshold``": below 1 - level exactly where the lower limit lies above."""
        return self._p(self.mean - threshold, 1.0)

    def p_at_least(self, threshold: float) -> float:
        """p value of "the mean is at least ``threshold``": below 1 - level exactly where the upper limit lies below."""
        return self._p(self.mean - threshold, -1.0)

    def _p(self, distance: float, side: float) -> float:
        """The larger of the two p values, for the mean's ``distance`` from the threshold; ``side`` 1: above it counts.

        The threshold would hold if a share q of the population had been missed at the end of the range that lies
        behind it; n clusters miss that much at z² = n q / (1 - q).
        """
        if distance == 0:
            return 0.5
        toward = copysign(side, side * distance)
        t = abs(distance) / self.error if self.error else inf
        p = upper_tail(toward * t, self.df)
        if self.clusters < inf:
            share = abs(distance) / (self.mean - self.least if distance > 0 else self.most - self.mean)
            z = sqrt(self.clusters * share / (1 - share)) if share < 1 else inf
            p = max(p, upper_tail(toward * z))
        return p
