"""Many replicates of a paired contrast read at once, as ``contrasts.readings`` reads one.

Rates by Tango's score on the effective number of pairs, severities by the cluster-robust t statistic. A test holds the
two forms equal.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import inf

import numpy as np
from numpy.typing import NDArray

from stagelens.statistics.intervals.clusters import NOTHING
from stagelens.statistics.intervals.proportions import HALVINGS
from stagelens.statistics.intervals.tails import FloatArray, quantile
from stagelens.statistics.planning.worlds import Draw

BoolArray = NDArray[np.bool_]
Rejected = Callable[[FloatArray], BoolArray]


@dataclass(frozen=True, slots=True)
class Batch:
    """What R replicates show of their difference; arrays of shape (R,).

    ``mean``: the difference. ``discordant``: gained and lost, as a share of the pairs. ``n``: the effective number of
    pairs. ``certain``: where nothing differs, so that no variance could be estimated. ``error``: the standard error of
    a severity's difference. ``kish``: the effective number of clusters.
    """

    mean: FloatArray
    discordant: FloatArray
    n: FloatArray
    error: FloatArray
    kish: FloatArray
    certain: BoolArray
    df: float
    span: float
    rate: bool

    @classmethod
    def of(cls, draw: Draw, clusters: int, *, rate: bool, span: float = 1.0) -> Batch:
        """The first ``clusters`` clusters (two or more) of a draw."""
        size, change = draw.size[:, :clusters], draw.change[:, :clusters]
        total, squares = size.sum(axis=1), (size**2).sum(axis=1)
        mean = change.sum(axis=1) / total
        # Σ_g (Σ_{j in g} (d_j - mean))², multiplied out.
        residual = (change**2).sum(axis=1) - 2 * mean * (change * size).sum(axis=1) + mean**2 * squares
        variance = np.maximum(residual, 0.0) / total**2 * clusters / (clusters - 1)
        discordant = draw.discordant[:, :clusters].sum(axis=1) / total
        of_one = np.maximum(discordant - mean**2, 0.0)
        kish = total**2 / squares
        certain = of_one <= NOTHING if rate else variance <= NOTHING * span**2
        deff = np.maximum(1.0, variance * total / np.where(certain, 1.0, of_one)) if rate else np.ones_like(total)
        n = np.where(certain, kish, total / deff)
        return cls(mean, discordant, n, np.sqrt(variance), kish, certain, clusters - 1.0, span, rate)

    def same(self, margin: float, level: float, gate: float) -> BoolArray:
        """Where the difference is certified to lie inside the margin, each side at ``level``."""
        critical = self.critical(level)
        within = (self.score(-margin) > critical) & (self.score(margin) < -critical)
        return np.asarray(within & (self.kish >= gate), dtype=np.bool_)

    def changed(self, level: float) -> BoolArray:
        """Where there is a difference, each side at ``level``."""
        return np.asarray(np.abs(self.score(0.0)) > self.critical(level), dtype=np.bool_)

    def limits(self, level: float) -> tuple[FloatArray, FloatArray]:
        """Lower and upper limits, each at ``level``."""
        critical = self.critical(level)
        low = self._edge(-self.span, lambda threshold: self.score(threshold) > critical)
        high = self._edge(self.span, lambda threshold: self.score(threshold) < -critical)
        return low, high

    def critical(self, level: float) -> FloatArray:
        """What a statistic has to exceed."""
        return np.where(self.certain & self.rate, quantile(1 - level), quantile(1 - level, self.df))

    def score(self, threshold: float | FloatArray) -> FloatArray:
        """The statistic of "the difference is ``threshold``": it falls as the threshold grows."""
        distance = self.mean - threshold
        if not self.rate:
            return _standardised(distance, self.error)
        # Tango's: see ``proportions.tango_score``.
        gained, lost = (self.discordant + self.mean) / 2, (self.discordant - self.mean) / 2
        linear = (2 - gained + lost) * threshold - gained - lost
        constant = -lost * threshold * (1 - threshold)
        root = np.sqrt(np.maximum(linear**2 - 8 * constant, 0.0))
        positive = linear > 0
        q = np.where(positive, -2 * constant / np.where(positive, linear + root, 1.0), (root - linear) / 4)
        variance = np.maximum(2 * q + threshold * (1 - threshold), 0.0)
        return _standardised(distance, np.sqrt(variance / self.n))

    def _edge(self, end: float, rejected: Rejected) -> FloatArray:
        outside, inside = np.full_like(self.mean, end), self.mean
        for _ in range(HALVINGS):
            middle = (outside + inside) / 2
            out = rejected(middle)
            outside, inside = np.where(out, middle, outside), np.where(out, inside, middle)
        return outside


def _standardised(distance: FloatArray, error: FloatArray) -> FloatArray:
    known = error > 0
    return np.where(
        known, distance / np.where(known, error, 1.0), np.where(distance == 0, 0.0, np.copysign(inf, distance))
    )
