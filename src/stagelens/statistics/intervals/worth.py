"""What a clustered sample is worth: the effective number of independent attempts behind a mean.

n_eff = n / deff (Kish 1965; Rao & Scott 1992 for proportions). The design effect is the larger of two estimates. One is
the cluster-robust variance over the independent one. The other is 1 + ρ (n/kish - 1): ρ is the share of the variance
that lies between clusters, 1 - within/total (the estimator of Fleiss & Cuzick 1979), and n/kish is what the clusters'
sizes make of ρ = 1 (Donner & Klar 2000). The first sees large clusters that vary more; the second does not depend on
which clusters happened to change, whereas the first is small whenever those were small ones.

Both are estimates, and where few clusters carry all of the variance they are poor ones. So the variance moves from what
is seen towards its worst case, every cluster answering as one, by a weight between 0 (the clusters' residuals are no
more heavy-tailed than normal ones) and 1 (a single cluster carries all). Only what is seen was estimated, and has
degrees of freedom to pay for.

What no estimate sees is a flip of large clusters of which none happened. The cluster gate bars equivalence where too
few large ones hold too much of the weight (``design.planning.equal_clusters``).
"""

from __future__ import annotations

from math import inf

import numpy as np

from stagelens.statistics.intervals.clusters import NOTHING, Sample, Worth, pooled_df
from stagelens.statistics.intervals.tails import FloatArray

NORMAL_KURTOSIS = 3.0


def worth(sample: Sample, x: FloatArray, variance_of_one: float) -> Worth:
    """The number of independent attempts, each of variance ``variance_of_one``, that the mean of ``x`` is worth.

    Degrees of freedom: kish - 1, at least 1, for what is estimated, pooled with none for the worst case, which is
    known, and with those of the training runs where there are several. Where nothing varies, the design effect cannot
    be seen: then every cluster is taken to answer as one (Kish's effective number), with the normal quantile.
    """
    mean = sample.mean(x)
    square = sample.mean((x - mean) ** 2)
    if min(square, variance_of_one) <= NOTHING or sample.clusters < 2:
        return Worth(sample.kish, inf)
    spread = sample.spread(x, mean)
    independent = square / sample.attempts
    largest = sample.attempts / sample.kish
    homogeneous = independent * (1 + _homogeneity(sample, x, square) * (largest - 1))
    seen = max(independent, homogeneous, spread.clusters)
    worst = max(variance_of_one / sample.kish, seen)
    weight = float(concentration(sample.totals(x - mean), sample.kish))
    parts = [((1 - weight) * seen, max(1.0, sample.kish - 1)), (weight * worst, inf)]
    if sample.run is not None:
        parts.append((spread.runs, sample.runs - 1.0))
    return Worth(variance_of_one / sum(variance for variance, _ in parts), pooled_df(*parts))


def concentration(totals: FloatArray, kish: FloatArray | float) -> FloatArray:
    """How few clusters carry the variance, from 0 to 1.

    The share that the excess kurtosis of the clusters' residuals has of its maximum. The kurtosis is taken relative to
    the effective number of clusters: about 3 for normal residuals of clusters of any size, and at most that number.
    ``totals``: the weighted residuals, shape (…, clusters); ``kish``: shape (…).
    """
    square = totals**2
    carried = square.sum(axis=-1)
    some = carried > 0
    kurtosis = np.where(some, kish * (square**2).sum(axis=-1) / np.where(some, carried, 1.0) ** 2, NORMAL_KURTOSIS)
    share = (kurtosis - NORMAL_KURTOSIS) / np.maximum(np.asarray(kish) - NORMAL_KURTOSIS, 1.0)
    return np.asarray(np.clip(share, 0.0, 1.0), dtype=np.float64)


def _homogeneity(sample: Sample, x: FloatArray, square: float) -> float:
    """ρ in [0, 1]: 1 - within/total, each divided by what it would be, in units of the variance, were ρ = 0.

    0 where every attempt is a cluster of its own.
    """
    if sample.attempts <= sample.kish * (1 + NOTHING):
        return 0.0
    present = sample.share > 0
    centre = np.zeros(len(sample.share))
    centre[present] = sample.cluster_means(x)
    within = sample.mean((x - centre[sample.cluster]) ** 2)
    own = np.bincount(sample.cluster, sample.weight**2)[present] / sample.share[present]
    rho = 1 - (within / (1 - float(own.sum()))) / (square / (1 - 1 / sample.attempts))
    return min(max(rho, 0.0), 1.0)
