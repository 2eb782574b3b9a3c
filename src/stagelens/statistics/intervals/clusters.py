"""Weighted means over items and their variance over clusters and training runs: the units of inference.

Every item counts equally; its attempts (epochs, seeds) are averaged within it first. With I items and m_i attempts at
item i, one attempt weighs 1 / (I m_i), and the weights sum to 1. Sums are NumPy's own, not BLAS', whose last digits
depend on the number of threads.

Where stages were trained several times, the run is a second unit: another run of the recipe would answer otherwise, on
the same items. The variance of a mean is then the one over clusters plus the one over runs. Both contain what varies
within a cluster and a run, which is counted twice and not subtracted: conservative.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

import numpy as np
from numpy.typing import NDArray

from stagelens.statistics.intervals.tails import FloatArray

Codes = NDArray[np.int64]


NOTHING = 1e-12
"""A variance of one attempt below this is rounding: what varies at all in a million attempts lies above it."""


@dataclass(frozen=True, slots=True)
class Spread:
    """The variance of a mean: ``clusters`` over clusters, ``runs`` over training runs (0 where there is one)."""

    clusters: float
    runs: float
    df: float

    @property
    def variance(self) -> float:
        """The whole variance."""
        return self.clusters + self.runs


@dataclass(frozen=True, slots=True)
class Sample:
    """The attempts that enter a mean: their weights (shape (n,)), their clusters, and what the weights imply.

    ``share``: W_g, each cluster's share of the weight, by code, 0 for codes that do not occur. ``kish``: effective
    number of clusters, 1 / Σ W_g² (Kish 1965): what the sample is worth where every cluster is taken to answer as one.
    ``attempts``: effective number of attempts, 1 / Σ w_j²: what it is worth where all answer independently. ``run``:
    codes of the training runs, None where there are fewer than two; ``runs``: how many.
    """

    weight: FloatArray
    cluster: Codes
    n: int
    items: int
    clusters: int
    share: FloatArray
    kish: float
    attempts: float
    run: Codes | None = None
    runs: int = 1

    @classmethod
    def of(cls, item: Codes, cluster: Codes, run: Codes | None = None) -> Sample:
        """The sample of these attempts; ``item``, ``cluster`` and ``run`` are codes from 0, shape (n,), n may be 0."""
        n = len(item)
        if n == 0:
            return cls(np.empty(0), cluster, n=0, items=0, clusters=0, share=np.empty(0), kish=0.0, attempts=0.0)
        attempts = np.bincount(item)
        items = int(np.count_nonzero(attempts))
        weight = 1.0 / (items * attempts[item])
        share = np.asarray(np.bincount(cluster, weight), dtype=np.float64)
        runs = 1 if run is None else int(np.count_nonzero(np.bincount(run)))
        return cls(
            weight,
            cluster,
            n=n,
            items=items,
            clusters=int(np.count_nonzero(share)),
            share=share,
            kish=float(1.0 / np.sum(share**2)),
            attempts=float(1.0 / np.sum(weight**2)),
            run=run if runs > 1 else None,
            runs=runs,
        )

    def mean(self, x: FloatArray) -> float:
        """The weighted mean of ``x``, shape (n,)."""
        return float((self.weight * x).sum())

    def totals(self, x: FloatArray) -> FloatArray:
        """The weighted total of ``x`` inside each cluster that occurs, shape (clusters,), in the order of the codes."""
        return np.asarray(np.bincount(self.cluster, self.weight * x)[self.share > 0], dtype=np.float64)

    def cluster_means(self, x: FloatArray) -> FloatArray:
        """The weighted mean of ``x`` inside each cluster, shape (clusters,)."""
        return np.asarray(self.totals(x) / self.share[self.share > 0], dtype=np.float64)

    def spread(self, x: FloatArray, mean: float) -> Spread:
        """The variance of the mean of ``x`` by its units; needs two clusters or more.

        Over clusters: G/(G-1) Σ_g (Σ_{j in g} w_j (x_j - mean))², and likewise over runs: with R equal runs that is
        the variance of the runs' means, divided by R. Degrees of freedom by Welch (1947) and Satterthwaite (1946).
        """
        residual = self.weight * (x - mean)
        over_clusters = _unit_variance(self.cluster, residual, self.clusters)
        df = self.clusters - 1.0
        if self.run is None:
            return Spread(over_clusters, 0.0, df)
        over_runs = _unit_variance(self.run, residual, self.runs)
        return Spread(over_clusters, over_runs, pooled_df((over_clusters, df), (over_runs, self.runs - 1.0)))

    def variance(self, x: FloatArray, mean: float) -> float:
        """The variance of the mean of ``x``, over clusters and runs; needs two clusters or more."""
        return self.spread(x, mean).variance

    def covariance(self, left: FloatArray, right: FloatArray) -> float:
        """The covariance of two means, from their centred values; needs two clusters or more."""
        left, right = self.weight * left, self.weight * right
        covariance = _unit_covariance(self.cluster, left, right, self.clusters)
        return covariance if self.run is None else covariance + _unit_covariance(self.run, left, right, self.runs)


@dataclass(frozen=True, slots=True)
class Worth:
    """How many independent attempts a mean is worth, and the degrees of freedom of its variance.

    The t quantile replaces the normal one. As a score statistic grows with the root of n, that is the same as dividing
    n by (t/z)² at each level, and p values and intervals then agree at every level.
    """

    n: float
    df: float


def pooled_df(*parts: tuple[float, float]) -> float:
    """Degrees of freedom of a sum of variances (Satterthwaite 1946), each given with its own; infinite where known."""
    total = sum(variance for variance, _ in parts)
    if total <= 0:
        return min(df for _, df in parts)
    spent = sum(variance**2 / df for variance, df in parts)
    return total**2 / spent if spent > 0 else inf


def _unit_variance(unit: Codes, residual: FloatArray, units: int) -> float:
    return float((np.bincount(unit, residual) ** 2).sum()) * units / (units - 1)


def _unit_covariance(unit: Codes, left: FloatArray, right: FloatArray, units: int) -> float:
    return float((np.bincount(unit, left) * np.bincount(unit, right)).sum()) * units / (units - 1)
