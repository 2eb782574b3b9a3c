"""What the pairs say about a difference under one way of placing the unscored answers, and under the worst of several.

Every method gives limits and one-sided p values from the same statistic, so that a p value lies below its level exactly
where the interval of that level excludes the threshold.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import nan
from typing import Final, Protocol, TypeAlias

import numpy as np

from stagelens.errors import InputError
from stagelens.statistics.data import Method, Question
from stagelens.statistics.intervals.betting import BettingMean, betting_ratio
from stagelens.statistics.intervals.bootstrap import BootstrapMean
from stagelens.statistics.intervals.clusters import Sample, Worth
from stagelens.statistics.intervals.means import BoundedMean, ScoredMean
from stagelens.statistics.intervals.ratio import PairedCells
from stagelens.statistics.intervals.tails import FloatArray, quantile
from stagelens.statistics.intervals.worth import worth

Triple: TypeAlias = tuple[float, float, float]


class Limits(Protocol):
    """A mean of which a method gives limits and p values that agree."""

    def limits(self, level: float) -> tuple[float, float]:
        """Lower and upper limits, each with error 1 - ``level``."""
        ...

    def p_at_most(self, threshold: float) -> float:
        """p value of "the mean is at most ``threshold``"."""
        ...

    def p_at_least(self, threshold: float) -> float:
        """p value of "the mean is at least ``threshold``"."""
        ...


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
    ``worth``, the effective number of pairs with the degrees of freedom. ``method``: how it was read, as the verdicts
    name it.
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


def method_of(kind: str, method: Method) -> Method:
    """How a measure of this kind is read: severities by the cluster-robust t where rates are read by Tango's score."""
    return "cluster_t" if kind == "severity" and method == "tango_neff" else method


def read_rates(pairing: Pairing, question: Question) -> Reading:
    """The difference and the ratio of two rates, by the question's method; needs two clusters or more.

    The ratio has the score interval, but with the betting method the betting bound.
    For values between 0 and 1 the score intervals are conservative: p_b and p_c are then the weighted means of the
    positive and of the negative parts of the differences. Raises ``InputError`` for bets on several training runs.
    """
    sample, change = pairing.sample, pairing.later - pairing.earlier
    level = 1 - question.look.level(question.alpha)
    scored = ScoredMean.of(sample, change, -1.0, 1.0)
    mean = scored if question.method == "tango_neff" else MEANS[question.method](sample, change, 1.0)
    if question.method == "betting":
        ratio = betting_ratio(sample, pairing.earlier, pairing.later, level)
    else:
        ratio = _ratio_limits(pairing, scored, level)
    return _reading(mean, scored, ratio, question, question.method)


def _ratio_limits(pairing: Pairing, scored: ScoredMean, level: float) -> tuple[float, float]:
    """The score interval of the ratio, on the pairs' effective number for it.

    A ratio r is about later - r earlier, in which clusters may have more in common than in the difference: levels
    share what differences cancel. Where one of the rates is 0 there is no ratio to see that at.
    """
    sample, earlier, later = pairing.sample, pairing.earlier, pairing.later
    cells = PairedCells(sample.mean(np.minimum(later, earlier)), scored.gained, scored.lost)
    pairs, estimate = scored.worth, cells.ratio
    if estimate is not None:
        pairs = worth(sample, later - estimate * earlier, cells.variance(estimate))
    return cells.ratio_limits(pairs.n, quantile(level, pairs.df))


def read_severities(pairing: Pairing, span: float, question: Question) -> Reading:
    """The mean difference of severities, by the question's method; needs two clusters or more.

    Raises ``InputError`` for bets on several training runs.
    """
    change, method = pairing.later - pairing.earlier, method_of("severity", question.method)
    mean = MEANS[method](pairing.sample, change, span)
    scored = mean.scored if isinstance(mean, BoundedMean) else ScoredMean.of(pairing.sample, change, -span, span)
    return _reading(mean, scored, (nan, nan), question, method)


def _bets(sample: Sample, change: FloatArray, span: float) -> BettingMean:
    if sample.run is not None:
        raise InputError(
            f"method: 'betting' knows one kind of unit, clusters, and these outcomes come from {sample.runs} training "
            "runs; choose 'tango_neff', 'cluster_t' or 'bootstrap', or analyse each run alone"
        )
    return BettingMean.of(sample, change, -span, span)


MEANS: Final[Mapping[Method, Callable[[Sample, FloatArray, float], Limits]]] = {
    "tango_neff": lambda sample, change, span: ScoredMean.of(sample, change, -span, span),
    "cluster_t": lambda sample, change, span: BoundedMean.of(sample, change, -span, span),
    "bootstrap": lambda sample, change, span: BootstrapMean.of(sample, change, -span, span),
    "betting": _bets,
}
"""The mean of changes in [-span, span], by method."""


def _reading(
    mean: Limits, scored: ScoredMean, ratio: tuple[float, float], question: Question, method: Method
) -> Reading:
    """The reading by ``mean``; planning starts from the score interval's variance, whatever the method."""
    look, thresholds = question.look, (-question.margin, 0.0, question.margin)
    return Reading(
        *mean.limits(1 - look.level(question.alpha / 2)),
        *mean.limits(1 - look.level(question.alpha)),
        *ratio,
        at_most=_triple([look.p(mean.p_at_most(threshold)) for threshold in thresholds]),
        at_least=_triple([look.p(mean.p_at_least(threshold)) for threshold in thresholds]),
        error=scored.error,
        worth=scored.worth,
        method=method,
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
