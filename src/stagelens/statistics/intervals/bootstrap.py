"""The cluster bootstrap of a weighted mean: clusters are drawn with replacement, and so are training runs.

A replicate is a ratio of sums, Σ a_g T_g / Σ a_g W_g, with a_g how often cluster g was drawn, T_g its weighted total
and W_g its weight. Where there are training runs, these are drawn independently of the clusters (the pigeonhole
bootstrap, Owen 2007). Limits and p values come from the same replicates, so they agree.

Nothing depends on the order of the rows: clusters are put in order by their totals before the draw, and the generator's
seed is fixed. Swapping the stages mirrors the replicates.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.special import ndtr, ndtri

from stagelens.statistics.intervals.clusters import Sample
from stagelens.statistics.intervals.means import FEW, ScoredMean
from stagelens.statistics.intervals.tails import FloatArray

Kind = Literal["percentile", "bca"]

SEED = 20_260_101
"""Of the generator behind every bootstrap: the same data give the same interval."""

REPLICATES = 4_999
"""Of a contrast: (B + 1) α is whole for the usual α, and Monte Carlo moves p = .05 by .003."""

DIGITS = 12
CHUNK = 4_000_000
"""Cells of the matrix of draws held at a time."""


@dataclass(frozen=True, slots=True)
class BootstrapMean:
    """A mean with its bootstrap distribution.

    ``replicates``: sorted, shape (B,). ``p_low[k]``: the p value of "the mean is at most t" where k replicates are at
    most t; ``p_high[k]``: of "at least t" where k are at least t; both rise from k = 0 to B. ``scored``: the score
    interval, which counts too where fewer than ``FEW`` clusters differ: no interval has zero width.
    """

    replicates: FloatArray
    p_low: FloatArray
    p_high: FloatArray
    least: float
    most: float
    scored: ScoredMean | None

    @classmethod
    def of(
        cls,
        sample: Sample,
        x: FloatArray,
        least: float,
        most: float,
        *,
        replicates: int = REPLICATES,
        kind: Kind = "bca",
    ) -> BootstrapMean:
        """The bootstrap of the weighted mean of ``x``, values inside [least, most], over two clusters or more."""
        drawn = np.sort(_replicates(sample, x, replicates))
        bias, acceleration = _bca(sample, x, drawn) if kind == "bca" else (0.0, 0.0)
        centres = sample.cluster_means(x)
        differing = np.count_nonzero(np.abs(centres - np.median(centres)) > 10.0**-DIGITS * (most - least))
        return cls(
            drawn,
            _tail(replicates, bias, acceleration),
            _tail(replicates, -bias, -acceleration),
            least,
            most,
            ScoredMean.of(sample, x, least, most) if differing < FEW else None,
        )

    def limits(self, level: float) -> tuple[float, float]:
        """Lower and upper limits inside [least, most], each with error 1 - ``level``."""
        below = int(np.searchsorted(self.p_low, 1 - level, side="left"))
        above = int(np.searchsorted(self.p_high, 1 - level, side="left"))
        low = float(self.replicates[below - 1]) if below else self.least
        high = float(self.replicates[-above]) if above else self.most
        if self.scored is not None:
            score_low, score_high = self.scored.limits(level)
            low, high = min(low, score_low), max(high, score_high)
        return max(low, self.least), min(high, self.most)

    def p_at_most(self, threshold: float) -> float:
        """p value of "the mean is at most ``threshold``": below 1 - level exactly where the lower limit lies above."""
        p = float(self.p_low[np.searchsorted(self.replicates, threshold, side="right")])
        return p if self.scored is None else max(p, self.scored.p_at_most(threshold))

    def p_at_least(self, threshold: float) -> float:
        """p value of "the mean is at least ``threshold``": below 1 - level exactly where the upper limit lies below."""
        p = float(self.p_high[self.replicates.size - np.searchsorted(self.replicates, threshold, side="left")])
        return p if self.scored is None else max(p, self.scored.p_at_least(threshold))


def bootstrap_mean(
    sample: Sample, x: FloatArray, level: float, *, replicates: int = 10_000, kind: Kind = "percentile"
) -> tuple[float, float]:
    """The bare bootstrap interval of one mean, as others publish it: each limit with error 1 - ``level``.

    It has no width where all clusters agree, so it serves to reproduce figures, not to decide.
    """
    drawn = np.sort(_replicates(sample, x, replicates))
    bias, acceleration = _bca(sample, x, drawn) if kind == "bca" else (0.0, 0.0)
    low, high = (_quantile_share(tail, bias, acceleration) for tail in (1 - level, level))
    return float(np.quantile(drawn, low)), float(np.quantile(drawn, high))


def _replicates(sample: Sample, x: FloatArray, replicates: int) -> FloatArray:
    """Replicate means, shape (replicates,), in no order; mirrored where ``x`` is."""
    weights, totals = _tables(sample, x)
    sign = _sign(weights, totals)
    runs = weights.shape[1]
    rows, counts = np.unique(np.concatenate([weights, totals * (sign or 1)], axis=1), axis=0, return_counts=True)
    weights, totals = rows[:, :runs], rows[:, runs:]
    rng = np.random.default_rng(SEED)
    drawn = np.empty(replicates)
    chunk = max(1, CHUNK // len(rows))
    for start in range(0, replicates, chunk):
        size = min(chunk, replicates - start)
        often = rng.multinomial(sample.clusters, counts / sample.clusters, size).astype(np.float64)
        of_run = rng.multinomial(runs, np.full(runs, 1 / runs), size).astype(np.float64)
        # einsum without its optimiser sums by itself: BLAS' last digits depend on the number of threads.
        upper = (np.einsum("bg,gr->br", often, totals) * of_run).sum(axis=1)
        lower = (np.einsum("bg,gr->br", often, weights) * of_run).sum(axis=1)
        drawn[start : start + size] = upper / np.where(lower > 0, lower, np.inf)
    if sign == 0:
        half = drawn[: replicates // 2]
        drawn = np.concatenate([half, -half, np.zeros(replicates % 2)])
    return drawn * (sign or 1)


def _tables(sample: Sample, x: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Weights and weighted totals by cluster and run, shape (clusters, runs), times G and rounded."""
    present = np.flatnonzero(sample.share > 0)
    run = np.zeros(sample.n, np.int64) if sample.run is None else sample.run
    runs = int(run.max()) + 1
    cell = sample.cluster * runs + run

    def table(of: FloatArray) -> FloatArray:
        cells = np.bincount(cell, of, minlength=len(sample.share) * runs).reshape(-1, runs)[present]
        return np.asarray(np.round(cells * sample.clusters, DIGITS), dtype=np.float64)

    weights, totals = table(sample.weight), table(sample.weight * x)
    occurs = weights.sum(axis=0) > 0
    order = np.lexsort((totals[:, occurs].sum(axis=0), weights[:, occurs].sum(axis=0)))
    return weights[:, occurs][:, order], totals[:, occurs][:, order]


def _sign(weights: FloatArray, totals: FloatArray) -> int:
    """Which of ``totals`` and their negatives is drawn from, so that both give the same draws; 0: they are the same."""
    if weights.shape[1] > 1:
        return -1 if totals.sum() < 0 else 1
    there = np.unique(np.concatenate([weights, totals], axis=1), axis=0, return_counts=True)
    back = np.unique(np.concatenate([weights, 0.0 - totals], axis=1), axis=0, return_counts=True)
    for left, right in zip(reversed(there), reversed(back), strict=True):
        if left.shape == right.shape:
            differs = np.flatnonzero(left.ravel() != right.ravel())
            if differs.size:
                return 1 if left.ravel()[differs[0]] > right.ravel()[differs[0]] else -1
    return 0


def _bca(sample: Sample, x: FloatArray, drawn: FloatArray) -> tuple[float, float]:
    """Bias correction and acceleration (Efron 1987), the latter from the clusters' influence on the mean."""
    mean = sample.mean(x)
    near = 10.0**-DIGITS * max(1.0, float(np.abs(drawn).max()))
    below, level = np.count_nonzero(drawn < mean - near), np.count_nonzero(np.abs(drawn - mean) <= near)
    share = min(max((below + level / 2) / drawn.size, 0.5 / drawn.size), 1 - 0.5 / drawn.size)
    influence = sample.totals(x - mean)
    scale = float((influence**2).sum()) ** 1.5
    return float(ndtri(share)), float((influence**3).sum()) / (6 * scale) if scale > 0 else 0.0


def _tail(replicates: int, bias: float, acceleration: float) -> FloatArray:
    """The p value of "the mean is at most t" for each count k = 0 … B of replicates that are at most t.

    (k + 1) / (B + 1), corrected by the inverse of BCa's change of levels; made to rise where that turns back.
    """
    moved = ndtri(np.arange(1, replicates + 1) / (replicates + 1)) - bias
    # Beyond where the change of levels has an inverse, the p value is that of the nearest end.
    stretch = 1 + acceleration * moved
    z = np.where(stretch > 0, moved / np.where(stretch > 0, stretch, 1.0), np.copysign(np.inf, moved)) - bias
    return np.asarray(np.maximum.accumulate([*ndtr(z), 1.0]), dtype=np.float64)


def _quantile_share(level: float, bias: float, acceleration: float) -> float:
    """Which quantile of the replicates is BCa's limit at ``level``; ``level`` itself without correction."""
    z = bias + ndtri(level)
    return float(ndtr(bias + z / (1 - acceleration * z)))
