"""Intervals of a bounded mean: cluster-robust t, or a score interval where that reaches further.

A t interval takes the variance that was seen. Where few clusters differ from the rest that is too little: a mean that
lay further off would also vary more. The score interval takes the variance that the value under test implies: for the
mean of values in [0, 1] that of a proportion (Wilson 1927), for a paired difference Tango's (1998), both on the number
of attempts that the observed variance is worth. With spread enough the two agree; where nothing varies, the t interval
has no width and the score interval has z²/(n + z²) of the range, with n effective clusters.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, sqrt

import numpy as np

from stagelens.statistics.intervals.clusters import Sample, Worth
from stagelens.statistics.intervals.proportions import tango, tango_score, wilson, wilson_score
from stagelens.statistics.intervals.tails import FloatArray, quantile, upper_tail
from stagelens.statistics.intervals.worth import worth

FEW = 5
"""With fewer clusters than this that differ from the median one, neither variance nor resampling is trusted alone."""


def missed_share(clusters: float, level: float) -> float:
    """The share z²/(n + z²) of a population that ``clusters`` equal answers can have missed; z at ``level``."""
    z2 = quantile(level) ** 2
    return z2 / (clusters + z2)


@dataclass(frozen=True, slots=True)
class ScoredMean:
    """The score interval of a mean in [least, most] on ``worth`` independent attempts.

    ``gained`` and ``lost`` are the means of the positive and of the negative part, as shares of ``most - least`` (a
    level, least = 0, with nothing lost) or of ``most`` (a difference, least = -most).
    """

    gained: float
    lost: float
    worth: Worth
    least: float
    most: float

    @classmethod
    def of(cls, sample: Sample, x: FloatArray, least: float, most: float) -> ScoredMean:
        """The score interval of the weighted mean of ``x``, a difference where least = -most, else a level."""
        # A sum of weights may round to a little more than one: no share is.
        if least < 0:
            gained, lost = (min(sample.mean(np.maximum(part, 0.0)) / most, 1.0) for part in (x, -x))
        else:
            gained, lost = min((sample.mean(x) - least) / (most - least), 1.0), 0.0
        scale = most if least < 0 else most - least
        variance = max(gained + lost - (gained - lost) ** 2, 0.0)
        return cls(gained, lost, worth(sample, x / scale, variance), least, most)

    @property
    def error(self) -> float:
        """The standard error of the mean, design effect included, without any t factor."""
        variance = max(self.gained + self.lost - (self.gained - self.lost) ** 2, 0.0)
        return (self.most if self.least < 0 else self.most - self.least) * sqrt(variance / self.worth.n)

    def limits(self, level: float) -> tuple[float, float]:
        """Lower and upper limits inside [least, most], each with error 1 - ``level``."""
        critical = quantile(level, self.worth.df)
        if self.least < 0:
            low, high = tango(self.gained, self.lost, self.worth.n, critical)
            return low * self.most, high * self.most
        low, high = wilson(min(max(self.gained, 0.0), 1.0), self.worth.n, critical)
        span = self.most - self.least
        return self.least + low * span, self.least + high * span

    def p_at_most(self, threshold: float) -> float:
        """p value of "the mean is at most ``threshold``": below 1 - level exactly where the lower limit lies above."""
        return upper_tail(self._score(threshold), self.worth.df)

    def p_at_least(self, threshold: float) -> float:
        """p value of "the mean is at least ``threshold``": below 1 - level exactly where the upper limit lies below."""
        return upper_tail(-self._score(threshold), self.worth.df)

    def _score(self, threshold: float) -> float:
        if self.least < 0:
            return tango_score(self.gained, self.lost, self.worth.n, threshold / self.most)
        return wilson_score(self.gained, self.worth.n, (threshold - self.least) / (self.most - self.least))


@dataclass(frozen=True, slots=True)
class BoundedMean:
    """A mean of values inside [least, most].

    ``error``: its cluster-robust standard error, ``df`` the degrees of freedom of that; ``scored``: its score interval.
    """

    mean: float
    error: float
    df: float
    scored: ScoredMean

    @classmethod
    def of(cls, sample: Sample, x: FloatArray, least: float, most: float) -> BoundedMean:
        """The weighted mean of ``x`` over the sample, which has two clusters or more."""
        mean = sample.mean(x)
        spread = sample.spread(x, mean)
        return cls(mean, sqrt(spread.variance), spread.df, ScoredMean.of(sample, x, least, most))

    def limits(self, level: float) -> tuple[float, float]:
        """Lower and upper limits inside [least, most], each with error 1 - ``level``."""
        half = quantile(level, self.df) * self.error
        low, high = self.scored.limits(level)
        return max(min(self.mean - half, low), self.scored.least), min(max(self.mean + half, high), self.scored.most)

    def p_at_most(self, threshold: float) -> float:
        """p value of "the mean is at most ``threshold``": below 1 - level exactly where the lower limit lies above."""
        return max(upper_tail(self._t(threshold), self.df), self.scored.p_at_most(threshold))

    def p_at_least(self, threshold: float) -> float:
        """p value of "the mean is at least ``threshold``": below 1 - level exactly where the upper limit lies below."""
        return max(upper_tail(-self._t(threshold), self.df), self.scored.p_at_least(threshold))

    def _t(self, threshold: float) -> float:
        distance = self.mean - threshold
        if self.error:
            return distance / self.error
        return 0.0 if distance == 0 else inf if distance > 0 else -inf
