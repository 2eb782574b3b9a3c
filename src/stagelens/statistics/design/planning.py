"""Closed-form planning numbers from what was observed: what could have been detected, certified, and what is needed.

All are first-order formulas; where nothing is discordant they fall back on what an empty discordant cell can hide.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, log

import numpy as np

from stagelens.statistics.intervals.means import missed_share
from stagelens.statistics.intervals.tails import FloatArray, quantile

POWER = 0.8

EQUAL = 1e-9
"""Weights that differ by less than this part of themselves are equal, but for rounding."""


@dataclass(frozen=True, slots=True)
class Precision:
    """How precisely a contrast was measured.

    ``clusters``: G; ``equal_clusters``: what they are worth at the cluster gate; ``span``: the width of the measure's
    range; ``error``: the standard error of the difference, design effect included; ``n``: effective pairs; ``df``: the
    degrees of freedom of the error; ``rate``: whether it is a rate.
    """

    clusters: int
    equal_clusters: float
    span: float
    error: float
    n: float
    df: float
    rate: bool


def clusters_to_certify(margin: float, span: float, alpha: float) -> float:
    """The cluster gate: the fewest clusters with which ``margin`` can be certified at all, ln α / ln(1 - m/range).

    A model that flips whole clusters with probability m / range looks unchanged in G of them with (1 - m/range)^G.
    That holds for clusters of equal weight; of others, ``equal_clusters`` has to reach the gate.
    """
    return log(alpha) / log(1 - margin / span)


def equal_clusters(share: FloatArray, flipped: float) -> float:
    """How many clusters of equal weight would be as good at showing that a share ``flipped`` of the weight changed.

    Clusters flip as a whole, each with its own probability p_g, and Σ W_g p_g = ``flipped``, in (0, 1). The chance that
    none does, Π (1 - p_g), is largest where 1 - p_g = c / W_g for the clusters that weigh more than c and p_g = 0 for
    the others (by Lagrange's multipliers): large clusters hide a change best. With G of equal weight that chance is
    (1 - flipped)^G. ``share``: the weights W_g, which sum to 1.
    """
    weight = np.sort(share[share > 0])[::-1]
    if weight.size == 0:
        return 0.0
    if weight[0] - weight[-1] <= EQUAL * weight[0]:
        return float(weight.size)
    least = (np.cumsum(weight) - flipped) / np.arange(1, weight.size + 1)
    flipping = int(np.argmax(least >= np.append(weight[1:], 0.0))) + 1
    unseen = np.log(least[flipping - 1] / weight[:flipping]).sum()
    return float(unseen / log(1 - flipped))


def gate_margin(clusters: float, span: float, alpha: float) -> float:
    """The smallest margin that the cluster gate lets pass: range × (1 - α^(1/G))."""
    return float(span * (1 - alpha ** (1 / clusters)))


def minimum_detectable_difference(precision: Precision, alpha: float) -> float:
    """The true difference that a two-sided test at ``alpha`` finds with power 0.8.

    (t + z_β) × error. For rates, a difference needs at least as much discordance as itself, so never below
    (t + z_β)² / n; for severities with hardly any spread the range adds its own bound, range × z² / n (see ``means``).
    """
    t, z_power = quantile(1 - alpha / 2, precision.df), quantile(POWER)
    if precision.rate:
        least = (t + z_power) ** 2 / precision.n
    else:
        least = precision.span * quantile(1 - alpha / 2) ** 2 / precision.n + z_power * precision.error
    return min(precision.span, max((t + z_power) * precision.error, least))


def smallest_certifiable_margin(precision: Precision, alpha: float) -> float:
    """The margin within which two one-sided tests at ``alpha`` would certify no difference with power 0.8.

    It assumes that there is none. Never below what unobserved values can hide, nor below the cluster gate.
    """
    t, z_power = quantile(1 - alpha, precision.df), quantile((1 + POWER) / 2)
    hidden = precision.span * missed_share(precision.n, 1 - alpha)
    margin = max((t + z_power) * precision.error, hidden + z_power * precision.error)
    return min(precision.span, max(margin, gate_margin(precision.equal_clusters, precision.span, alpha)))


def further_clusters(precision: Precision, difference: float, margin: float, level: float, gate: float) -> int:
    """How many more clusters would decide, with power 0.8 at ``level``, if the truth is what was observed.

    The nearer of the two decisions: inside the margin (at least ``gate`` clusters in all) or not zero.
    """
    variance = precision.error**2 * precision.clusters
    per_pair = precision.clusters / precision.n
    size, span = abs(difference), precision.span
    options = []
    if size < margin:
        z, z_power = quantile(1 - level), quantile((1 + POWER) / 2)
        spread = variance * ((z + z_power) / (margin - size)) ** 2
        options.append(max(spread, per_pair * z**2 * (span - margin) / margin, gate))
    if size > 0:
        z, z_power = quantile(1 - level / 2), quantile(POWER)
        options.append(max(variance * ((z + z_power) / size) ** 2, per_pair * span * (z + z_power) ** 2 / size))
    return max(1, ceil(min(options) - 1e-9) - precision.clusters)
