"""What the pairs say about a difference under one way of placing the unscored answers, and under the worst of several.

Every method gives limits and one-sided p values from the same statistic, so that a p value lies below its level exactly
where the interval of that level excludes the threshold.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import nan, sqrt
from typing import TypeAlias

import numpy as np

from stagelens.statistics.data import Question
from stagelens.statistics.intervals.clusters import Sample, Worth, worth
from stagelens.statistics.intervals.means import BoundedMean
from stagelens.statistics.intervals.proportions import tango, tango_score
from stagelens.statistics.intervals.ratio import PairedCells
from stagelens.statistics.intervals.tails import FloatArray, quantile, upper_tail

Triple: TypeAlias = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Pairing:
    """Pairs with known values at both stages: the sample, and the values at the earlier and the later stage."""

    sample: Sample
    earlier: FloatArray
    later: FloatArray


@dataclass(frozen=True, slots=True)
class Reading:
    """Limits and p values of one difference; thresholds are the margin's ends and zero.

    ``low``, ``high`` at 1 - alpha, the ``equivalence_`` and ``ratio_`` pairs at 1 - 2 alpha (``ratio_`` nan where the
    ratio is undefined or the measure no rate). ``at_most`` and ``at_least``: p values of "the difference is at most
    (at least) t", for t = -margin, 0, margin. For planning: ``error``, the standard error without any t factor, and
    ``worth``, the effective number of pairs (severities: see ``BoundedMean.clusters``) with the degrees of freedom.
    ``method``: how it was read, as the verdicts name it.
    """

    low: float
    high: float
    equivalence_low: float
    equivalence_high: float
    ratio_low: float
    ratio_high: float
    at_most: Triple
    at_least: Triple
    error: float
    worth: Worth
    method: str

    @property
    def p_difference(self) -> float:
        """Two-sided p of "no difference"."""
        return min(1.0, 2 * min(self.at_most[1], self.at_least[1]))

    @property
    def p_equivalence(self) -> float:
        """p of "outside the margin": two one-sided tests (Schuirmann 1987)."""
        return max(self.at_most[0], self.at_least[2])

    @property
    def p_beyond(self) -> float:
        """Two-sided p of "not beyond the margin": small where the 1 - alpha interval lies wholly outside it."""
        return min(1.0, 2 * min(self.at_most[2], self.at_least[0]))

    @property
    def rising(self) -> bool:
        """Whether a rise is less in doubt than a fall."""
        return self.at_most[1] < self.at_least[1]


def nothing_known(span: float, method: str) -> Reading:
    """The reading of pairs that say nothing: the whole range and p values of 1."""
    certain = (1.0, 1.0, 1.0)
    return Reading(-span, span, -span, span, nan, nan, certain, certain, nan, Worth(0.0, 0.0), method)


def read_rates(pairing: Pairing, question: Question) -> Reading:
    """Tango's score interval on the effective number of pairs, and the score interval of the ratio.

    With p_b, p_c the weighted means of the positive and of the negative parts of the differences, Var_iid is
    (p_b + p_c - (p_b - p_c)²) / n0; for values between 0 and 1 that is conservative.
    """
    sample, change = pairing.sample, pairing.later - pairing.earlier
    gained, lost = sample.mean(np.maximum(change, 0.0)), sample.mean(np.maximum(-change, 0.0))
    cells = PairedCells(sample.mean(np.minimum(pairing.later, pairing.earlier)), gained, lost)
    variance = max(gained + lost - (gained - lost) ** 2, 0.0)
    pairs = worth(variance, sample.variance(change, gained - lost), sample)
    look, margin = question.look, question.margin
    one_sided = quantile(1 - look.level(question.alpha), pairs.df)
    two_sided = quantile(1 - look.level(question.alpha / 2), pairs.df)
    scores = [tango_score(gained, lost, pairs.n, threshold) for threshold in (-margin, 0.0, margin)]
    return Reading(
        *tango(gained, lost, pairs.n, two_sided),
        *tango(gained, lost, pairs.n, one_sided),
        *cells.ratio_limits(pairs.n, one_sided),
        at_most=_triple([look.p(upper_tail(score, pairs.df)) for score in scores]),
        at_least=_triple([look.p(upper_tail(-score, pairs.df)) for score in scores]),
        error=sqrt(variance / pairs.n),
        worth=pairs,
        method="tango_neff",
    )


def read_severities(pairing: Pairing, span: float, question: Question) -> Reading:
    """The mean difference with a cluster-robust t interval, bounded by the range where hardly anything varies."""
    mean = BoundedMean.of(pairing.sample, pairing.later - pairing.earlier, -span, span)
    look, thresholds = question.look, (-question.margin, 0.0, question.margin)
    return Reading(
        *mean.limits(1 - look.level(question.alpha / 2)),
        *mean.limits(1 - look.level(question.alpha)),
        nan,
        nan,
        at_most=_triple([look.p(mean.p_at_most(threshold)) for threshold in thresholds]),
        at_least=_triple([look.p(mean.p_at_least(threshold)) for threshold in thresholds]),
        error=mean.error,
        worth=Worth(mean.clusters, mean.df),
        method="cluster_t",
    )


def worst(readings: Sequence[Reading]) -> Reading:
    """The reading that holds under each of these: the hull of the limits, the largest p values; planning by the first.

    A ratio that is undefined under one of them is undefined.
    """
    first = readings[0]
    return Reading(
        low=min(reading.low for reading in readings),
        high=max(reading.high for reading in readings),
        equivalence_low=min(reading.equivalence_low for reading in readings),
        equivalence_high=max(reading.equivalence_high for reading in readings),
        ratio_low=float(np.min([reading.ratio_low for reading in readings])),
        ratio_high=float(np.max([reading.ratio_high for reading in readings])),
        at_most=_triple([max(p) for p in zip(*(reading.at_most for reading in readings), strict=True)]),
        at_least=_triple([max(p) for p in zip(*(reading.at_least for reading in readings), strict=True)]),
        error=first.error,
        worth=first.worth,
        method=first.method,
    )


def _triple(values: Sequence[float]) -> Triple:
    below, zero, above = values
    return below, zero, above
