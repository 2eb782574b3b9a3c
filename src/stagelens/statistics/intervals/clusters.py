"""Weighted means over items and their variance over clusters: the unit of inference is the cluster.

Every item counts equally; its attempts (epochs, seeds) are averaged within it first. With I items and m_i attempts at
item i, one attempt weighs 1 / (I m_i), and the weights sum to 1. Sums are NumPy's own, not BLAS', whose last digits
depend on the number of threads.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

import numpy as np
from numpy.typing import NDArray

from stagelens.statistics.intervals.tails import FloatArray

NOTHING = 1e-12
"""A variance of one attempt below this is rounding: what varies at all in a million attempts lies above it."""


@dataclass(frozen=True, slots=True)
class Sample:
    """The attempts that enter a mean: their weights (shape (n,)), their clusters, and what the weights imply.

    ``kish``: effective number of clusters, 1 / Σ W_g² with W_g a cluster's share of the weight (Kish 1965): what the
    sample is worth where every cluster is taken to answer as one.
    """

    weight: FloatArray
    cluster: NDArray[np.int64]
    n: int
    items: int
    clusters: int
    kish: float

    @classmethod
    def of(cls, item: NDArray[np.int64], cluster: NDArray[np.int64]) -> Sample:
        """The sample of these attempts; ``item`` and ``cluster`` are codes from 0, shape (n,), n may be 0."""
        n = len(item)
        if n == 0:
            return cls(np.empty(0), cluster, n=0, items=0, clusters=0, kish=0.0)
        attempts = np.bincount(item)
        items = int(np.count_nonzero(attempts))
        weight = 1.0 / (items * attempts[item])
        shares = np.bincount(cluster, weight)
        clusters, kish = int(np.count_nonzero(shares)), float(1.0 / np.sum(shares**2))
        return cls(weight, cluster, n, items, clusters, kish)

    def mean(self, x: FloatArray) -> float:
        """The weighted mean of ``x``, shape (n,)."""
        return float((self.weight * x).sum())

    def cluster_means(self, x: FloatArray) -> FloatArray:
        """The weighted mean of ``x`` inside each cluster, shape (clusters,)."""
        shares = np.bincount(self.cluster, self.weight)
        present = shares > 0
        return np.asarray(np.bincount(self.cluster, self.weight * x)[present] / shares[present], dtype=np.float64)

    def variance(self, x: FloatArray, mean: float) -> float:
        """Cluster-robust variance of the mean of ``x``: G/(G-1) Σ_g (Σ_{j in g} w_j (x_j - mean))²; needs G ≥ 2."""
        residual = x - mean
        return self.covariance(residual, residual)

    def covariance(self, left: FloatArray, right: FloatArray) -> float:
        """Cluster-robust covariance of two means, from their centred values; needs two clusters or more."""
        total_left = np.bincount(self.cluster, self.weight * left)
        total_right = total_left if right is left else np.bincount(self.cluster, self.weight * right)
        return float((total_left * total_right).sum()) * self.clusters / (self.clusters - 1)


@dataclass(frozen=True, slots=True)
class Worth:
    """How many independent attempts a mean is worth, and the degrees of freedom of its variance.

    The t quantile with G - 1 degrees of freedom replaces the normal one. As a score statistic grows with the root of
    n, that is the same as dividing n by (t/z)² at each level, and p values and intervals then agree at every level.
    """

    n: float
    df: float


def worth(variance_of_one: float, cluster_variance: float, sample: Sample) -> Worth:
    """Effective n = n0 / deff, deff = max(1, Var_cluster / Var_iid), Var_iid = ``variance_of_one`` / n0.

    Where nothing varies the design effect cannot be seen: then every cluster is taken to answer as one (Kish's
    effective number), and the normal quantile is used, since no variance was estimated.
    """
    if variance_of_one <= NOTHING or sample.clusters < 2:
        return Worth(sample.kish, inf)
    deff = max(1.0, cluster_variance * sample.n / variance_of_one)
    return Worth(sample.n / deff, sample.clusters - 1.0)
