"""The score interval of a ratio of paired rates (Nam & Blackwelder 2002; Tang, Tang & Chan 2003)."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, inf, log, nan, sqrt

from stagelens.statistics.intervals.proportions import crossing, standardised

LARGEST = 1e9
"""Ratios are sought between this and its inverse."""


@dataclass(frozen=True, slots=True)
class PairedCells:
    """Proportions of pairs: ``both`` (1 → 1), ``gained`` (0 → 1), ``lost`` (1 → 0)."""

    both: float
    gained: float
    lost: float

    @property
    def ratio(self) -> float | None:
        """The estimate of to/from, None where one of the rates is 0."""
        later, earlier = self.both + self.gained, self.both + self.lost
        return later / earlier if later > 0 and earlier > 0 else None

    def variance(self, ratio: float) -> float:
        """The mean square of to - ratio·from in one pair: its variance, where ``ratio`` is the estimate."""
        return self.both * (1 - ratio) ** 2 + self.gained + self.lost * ratio**2

    def score(self, n: float, ratio: float) -> float:
        """The score statistic of to/from = ``ratio`` for ``n`` effective pairs; it falls as ``ratio`` grows.

        Under the hypothesis the variance of to - ratio·from is ratio·((ratio - 1) p11 + (1 + ratio) p01), with p01
        (lost) the positive root of the constrained likelihood's quadratic and p11 what the constraint leaves.
        """
        some = self.both + self.gained + self.lost
        square = some * (1 + ratio)
        linear = some * ((self.both + self.lost) * ratio**2 - (self.both + self.gained + 2 * self.lost))
        constant = self.lost * (1 - ratio) * some**2
        p01 = (sqrt(max(linear**2 - 4 * square * constant, 0.0)) - linear) / (2 * square)
        p01 = min(max(p01, (1 - ratio) * some, 0.0), some / (1 + ratio))
        p11 = (some - (1 + ratio) * p01) / ratio
        variance = ratio * ((ratio - 1) * p11 + (1 + ratio) * p01)
        return standardised(self.both + self.gained - ratio * (self.both + self.lost), variance, n)

    def ratio_limits(self, n: float, critical: float) -> tuple[float, float]:
        """Limits of to/from: (0, …) where the later rate is 0, (…, inf) where the earlier is, nan where both are."""
        later, earlier = self.both + self.gained, self.both + self.lost
        if not later and not earlier:
            return nan, nan
        edge = log(LARGEST)
        # Where one rate is 0 the estimate itself is the end on that side.
        estimate = log(later / earlier) if later and earlier else edge if later else -edge
        low = crossing(lambda x: self.score(n, exp(x)) - critical, -edge, estimate)
        high = crossing(lambda x: -self.score(n, exp(x)) - critical, edge, estimate)
        return exp(low) if later else 0.0, exp(high) if earlier else inf
