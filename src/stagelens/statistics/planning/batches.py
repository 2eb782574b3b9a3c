"""Many replicates of a paired contrast read at once, as ``contrasts.readings`` reads one.

Rates by Tango's score on the effective number of pairs: a test holds the two forms equal. Severities by the
cluster-robust t statistic alone, which a score interval widens in the analysis, by a fifth at most at 30 clusters;
where all clusters are alike, so that t knows no error, by that score, as the analysis does.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import inf

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from stagelens.statistics.design.planning import equal_clusters
from stagelens.statistics.intervals.clusters import NOTHING
from stagelens.statistics.intervals.proportions import HALVINGS
from stagelens.statistics.intervals.tails import FloatArray, quantile
from stagelens.statistics.intervals.worth import concentration
from stagelens.statistics.planning.worlds import Draw

BoolArray = NDArray[np.bool_]
Rejected = Callable[[FloatArray], BoolArray]


@dataclass(frozen=True, slots=True)
class Batch:
    """What R replicates show of their difference; arrays of shape (R,).

    ``mean``: the difference. ``discordant``: gained and lost, as a share of the pairs; of severities the least that
    their difference takes, as a share of the range. ``n``: the effective number of pairs, or of clusters. ``df``: the
    degrees of freedom, infinite where nothing differs, so that no variance could be estimated.
    ``error``: the standard error of a severity's difference. ``kish``: the effective number of clusters;
    ``share``, shape (R, G): their weights.
    """

    mean: FloatArray
    discordant: FloatArray
    n: FloatArray
    error: FloatArray
    kish: FloatArray
    share: FloatArray
    df: FloatArray
    span: float
    rate: bool

    @classmethod
    def of(cls, draw: Draw, clusters: int, *, rate: bool, span: float = 1.0) -> Batch:
        """The first ``clusters`` clusters (two or more) of a draw."""
        size, change, discordant = (part[:, :clusters] for part in (draw.size, draw.change, draw.discordant))
        total = size.sum(axis=1)
        share = size / total[:, None]
        mean, kish = change.sum(axis=1) / total, total**2 / (size**2).sum(axis=1)
        residual = (change - mean[:, None] * size) / total[:, None]
        variance = (residual**2).sum(axis=1) * clusters / (clusters - 1)
        error = np.sqrt(variance)
        if not rate:
            df = np.where(error > NOTHING * span, clusters - 1.0, inf)
            return cls(mean, np.abs(mean) / span, kish, error, kish, share, df, span, rate)
        of_one = np.maximum(discordant.sum(axis=1) / total - mean**2, 0.0)
        within = (discordant - change**2 / size).sum(axis=1) / total
        known = of_one > NOTHING
        n, df = _worth(np.where(known, of_one, 1.0), within, variance, residual, total, kish)
        n, df = np.where(known, n, kish), np.where(known, df, inf)
        return cls(mean, discordant.sum(axis=1) / total, n, error, kish, share, df, span, rate)

    @property
    def shares(self) -> FloatArray:
        """``share`` of the replicates that differ in it: most worlds draw clusters of the same sizes in every one."""
        return self.share if (self.share != self.share[0]).any() else self.share[:1]

    def same(self, margin: float, level: float, gate: float) -> BoolArray:
        """Where the difference is certified to lie inside the margin, each side at ``level``."""
        critical = self.critical(level)
        within = (self.score(-margin) > critical) & (self.score(margin) < -critical)
        worth = np.array([equal_clusters(share, margin / self.span) for share in self.shares])
        return np.asarray(within & (worth >= gate), dtype=np.bool_)

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
        student = stdtrit(np.where(self.df < inf, self.df, 1.0), 1 - level)
        return np.where(self.df < inf, student, quantile(1 - level))

    def score(self, threshold: float | FloatArray) -> FloatArray:
        """The statistic of "the difference is ``threshold``": it falls as the threshold grows."""
        if self.rate:
            return self._tango(self.mean, threshold)
        known = self.df < inf
        student = (self.mean - threshold) / np.where(known, self.error, 1.0)
        return np.where(known, student, self._tango(self.mean / self.span, threshold / self.span))

    def _tango(self, mean: FloatArray, threshold: float | FloatArray) -> FloatArray:
        """See ``proportions.tango_score``; means and threshold as shares of the range."""
        distance = mean - threshold
        gained, lost = (self.discordant + mean) / 2, (self.discordant - mean) / 2
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


def _worth(
    of_one: FloatArray,
    within: FloatArray,
    variance: FloatArray,
    residual: FloatArray,
    total: FloatArray,
    kish: FloatArray,
) -> tuple[FloatArray, FloatArray]:
    """``intervals.worth.worth`` of differences of rates where every attempt weighs the same: the number and its df.

    ``of_one``, ``within``: the variance of one attempt, in all and within clusters; ``variance``: over clusters;
    ``residual``, shape (R, G): the clusters' weighted residuals; ``total``: attempts.
    """
    clusters = residual.shape[1]
    alone = total <= kish * (1 + NOTHING)
    chance = np.where(alone, 1.0, 1 - clusters / total)
    rho = np.where(alone, 0.0, np.clip(1 - within / chance / (of_one / (1 - 1 / total)), 0.0, 1.0))
    seen = np.maximum(variance, of_one / total * (1 + rho * (total / kish - 1)))
    seen = np.maximum(seen, of_one / total)
    worst, weight = np.maximum(of_one / kish, seen), concentration(residual, kish)
    estimated = (1 - weight) * seen
    whole = estimated + weight * worst
    some = estimated > 0
    df = np.where(some, np.maximum(1.0, kish - 1) * (whole / np.where(some, estimated, 1.0)) ** 2, inf)
    return of_one / whole, df


def _standardised(distance: FloatArray, error: FloatArray) -> FloatArray:
    known = error > 0
    return np.where(
        known, distance / np.where(known, error, 1.0), np.where(distance == 0, 0.0, np.copysign(inf, distance))
    )
