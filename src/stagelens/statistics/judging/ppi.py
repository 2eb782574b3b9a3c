"""Means and differences of a judge's scores, corrected by labels of some answers: a human's, or a better judge's.

PPI++ (Angelopoulos, Duchi & Zrnic 2023, "PPI++: Efficient Prediction-Powered Inference"), for answers in clusters, with
unequal weights, labels drawn with known probabilities, and stages that share labelled attempts or do not. With weights
w_j of the attempts, J_sj the judge's value and Y_sj the label of stage s, and v_sj the weights of its labelled
answers (w_j / probability, summing to 1), the mean of a stage whose answers are all scored is

    θ_s = λ Σ_j w_j J_sj + Σ_labelled v_sj (Y_sj - λ J_sj).

The second sum rectifies the first: whatever λ, judge and truth differ by what the labels show. Answers that no judge
scored enter with the values at which they are placed, and the correction covers the others: with W_s the weight of the
scored answers, it is W_s Σ v_sj (Y_sj - λ J_sj). A difference takes one λ for both stages, the one of least variance:
with A the difference of the labels alone and B that of the judge on labelled answers minus that on all,
λ = Cov(A, B) / Var(B), clipped to [0, 1]. Variances are those of the cluster totals of all that an attempt adds to the
estimate, so that pairs, clusters and labels in common are accounted for.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import copysign, inf, nan, sqrt

import numpy as np
from numpy.typing import NDArray

from stagelens.statistics.intervals.clusters import NOTHING, Sample
from stagelens.statistics.intervals.means import FEW, missed_share
from stagelens.statistics.intervals.proportions import bisect
from stagelens.statistics.intervals.tails import FloatArray, quantile, upper_tail
from stagelens.statistics.judging.graded import Graded
from stagelens.statistics.judging.unseen import Unseen


@dataclass(frozen=True, slots=True)
class CorrectedMean:
    """A corrected mean or difference inside [least, most].

    ``error``: its standard error; ``df``: labelled clusters - 1, at the stage that has fewer. ``clusters``: where judge
    and labels hardly ever differ, the effective number of labelled clusters, which bounds what the labels can have
    missed; else infinite. ``power``: λ. Unlike in ``BoundedMean``, what was missed is added to the t interval: the
    labels' gap does not make the judge's own sampling error go away. ``unseen``: where labels were drawn with unequal
    chances, what they leave unseen; the limits reach as far as its score interval and the t interval of the rest,
    squared and added (as of independent parts: Zou & Donner 2008), if that is further.
    """

    mean: float
    error: float
    df: float
    clusters: float
    least: float
    most: float
    power: float
    unseen: Unseen | None = None

    @property
    def few(self) -> bool:
        """Whether fewer errors were seen than show a variance."""
        return self.clusters < inf or (self.unseen is not None and self.unseen.few)

    def limits(self, level: float) -> tuple[float, float]:
        """Lower and upper limits inside [least, most], each with error 1 - ``level``."""
        return max(self._limit(level, -1.0), self.least), min(self._limit(level, 1.0), self.most)

    def p_at_most(self, threshold: float) -> float:
        """p value of "the mean is at most ``threshold``": below 1 - level exactly where the lower limit lies above."""
        return self._p(threshold, -1.0)

    def p_at_least(self, threshold: float) -> float:
        """p value of "the mean is at least ``threshold``": below 1 - level exactly where the upper limit lies below."""
        return self._p(threshold, 1.0)

    def _limit(self, level: float, side: float) -> float:
        critical, sign = quantile(level, self.df), copysign(1.0, level - 0.5)
        reach = critical * self.error
        if self.clusters < inf:
            room = self.mean - self.least if side < 0 else self.most - self.mean
            reach += sign * missed_share(self.clusters, level) * room
        if self.unseen is not None:
            rest = max(self.error**2 - self.unseen.variance, 0.0) * critical**2
            further = sqrt(rest + self.unseen.reach(max(level, 1 - level), side) ** 2)
            reach = max(reach, further) if sign > 0 else min(reach, -further)
        return self.mean + side * reach

    def _p(self, threshold: float, side: float) -> float:
        if self.clusters == inf and self.unseen is None:
            if not self.error:
                return 0.5 if threshold == self.mean else float(side * (threshold - self.mean) < 0)
            return upper_tail(side * (threshold - self.mean) / self.error, self.df)
        return bisect(lambda p: side * (threshold - self._limit(1 - p, side)) > 0, 1.0, 0.0)


@dataclass(frozen=True, slots=True)
class CorrectedDifference:
    """Later minus earlier, and the two means.

    ``variances``: of the later mean, their covariance, of the earlier mean.
    """

    difference: CorrectedMean
    later: float
    earlier: float
    variances: tuple[float, float, float]

    def ratio_limits(self, level: float) -> tuple[float, float]:
        """Fieller's limits (1954) of later / earlier, each with error 1 - ``level``.

        NaN where the set is not an interval, a rate is not above zero, or the labels are too few for its variance.
        """
        if self.later <= 0 or self.earlier <= 0 or self.difference.few:
            return nan, nan
        later_variance, covariance, earlier_variance = self.variances
        t2 = quantile(level, self.difference.df) ** 2
        square = self.earlier**2 - t2 * earlier_variance
        half = self.earlier * self.later - t2 * covariance
        root = half**2 - square * (self.later**2 - t2 * later_variance)
        if square <= 0 or root < 0:
            return nan, nan
        return max(0.0, (half - sqrt(root)) / square), (half + sqrt(root)) / square


@dataclass(frozen=True, slots=True)
class _Stage:
    """A stage's mean θ(λ) = ``label`` + λ ``slope``, and cluster totals of its influence, ``own`` - λ ``judge``.

    ``shares``: every cluster's share of the labelled weight, shape (clusters,); ``errs``: in which of them judge and
    label differ; ``means``: the labelled answers' mean label and score in each, NaN where there are none.
    """

    label: float
    slope: float
    own: FloatArray
    judge: FloatArray
    shares: FloatArray
    errs: NDArray[np.bool_]
    means: tuple[FloatArray, FloatArray]

    @classmethod
    def of(cls, sample: Sample, graded: Graded) -> _Stage:
        labelled, scored, weight = graded.labelled, graded.scored, sample.weight
        chosen = graded.weights(sample)
        given, covered = np.where(labelled, graded.label, 0.0), float(weight[scored].sum())
        label, judge = float((chosen * given).sum()), float((chosen * graded.judge).sum())
        placed = np.where(scored, label, graded.judge)
        mean = float((weight * placed).sum())
        beside = np.where(scored, graded.judge - judge, 0.0)
        slope = float((weight * beside).sum())

        def totals(x: FloatArray) -> FloatArray:
            return np.bincount(sample.cluster, x).astype(np.float64)

        shares = totals(chosen)
        within = np.where(shares > 0, shares, np.nan)
        return cls(
            label=mean,
            slope=slope,
            own=totals(weight * (placed - mean) + covered * chosen * (given - label)),
            judge=totals(covered * chosen * (graded.judge - judge) - weight * (beside - slope)),
            shares=shares,
            errs=totals(chosen * np.abs(given - graded.judge)) > NOTHING * shares,
            means=(totals(chosen * given) / within, totals(chosen * graded.judge) / within),
        )

    @property
    def labelled(self) -> int:
        """How many clusters hold labels."""
        return int(np.count_nonzero(self.shares))

    @property
    def kish(self) -> float:
        """Their effective number, by weight."""
        return float(1 / (self.shares**2).sum())

    def varies(self, power: float) -> NDArray[np.bool_]:
        """In which labelled clusters the rectifier, label - λ judge, is not what it is in the median one."""
        label, judge = self.means
        left = label - power * judge
        return np.asarray(np.abs(left - np.nanmedian(left)) > NOTHING)


def _few(stages: tuple[_Stage, ...], power: float) -> bool:
    """Whether fewer labelled clusters differ than show a variance: from the judge, or in what is left of it.

    They count by their weight: the share of it that differs, times the effective number of labelled clusters. Many
    errors found where labels were dense say little of the answers that only a few labels stand for.
    """
    shares = np.mean([stage.shares for stage in stages], axis=0)
    least = FEW * float((shares**2).sum())
    errs = np.any([stage.errs for stage in stages], axis=0)
    varies = np.any([stage.varies(power) for stage in stages], axis=0)
    return bool(min(shares[errs].sum(), shares[varies].sum()) < least - NOTHING)


def corrected_difference(sample: Sample, earlier: Graded, later: Graded, span: float) -> CorrectedDifference:
    """Later minus earlier, corrected; both stages hold labels in two clusters or more.

    ``span``: the width of the measure's range.
    """
    before, after = _Stage.of(sample, earlier), _Stage.of(sample, later)
    power = _power(after.own - before.own, after.judge - before.judge)
    least = min(before.labelled, after.labelled)
    factor = least / (least - 1)
    gained, lost = after.own - power * after.judge, before.own - power * before.judge
    variances = factor * (gained * gained).sum(), factor * (gained * lost).sum(), factor * (lost * lost).sum()
    rates = after.label + power * after.slope, before.label + power * before.slope
    difference = CorrectedMean(
        mean=min(max(rates[0] - rates[1], -span), span),
        error=sqrt(factor * float(((gained - lost) ** 2).sum())),
        df=least - 1.0,
        clusters=min(before.kish, after.kish) if _few((before, after), power) else inf,
        least=-span,
        most=span,
        power=power,
        unseen=_unseen(sample, ((1.0, later), (-1.0, earlier)), power, span),
    )
    return CorrectedDifference(difference, *rates, variances=variances)


def corrected_level(sample: Sample, graded: Graded, low: float, high: float) -> CorrectedMean:
    """A stage's mean, corrected, inside the measure's range; the stage holds labels in two clusters or more."""
    stage = _Stage.of(sample, graded)
    power = _power(stage.own, stage.judge)
    left = stage.own - power * stage.judge
    return CorrectedMean(
        mean=min(max(stage.label + power * stage.slope, low), high),
        error=sqrt(stage.labelled / (stage.labelled - 1) * float((left * left).sum())),
        df=stage.labelled - 1.0,
        clusters=stage.kish if _few((stage,), power) else inf,
        least=low,
        most=high,
        power=power,
        unseen=_unseen(sample, ((1.0, graded),), power, high - low),
    )


def _unseen(sample: Sample, sides: tuple[tuple[float, Graded], ...], power: float, span: float) -> Unseen | None:
    """What is unseen, where that is not what every label leaves unseen alike."""
    known = all(not np.isnan(graded.probability[graded.labelled]).any() for _, graded in sides)
    if not known or not any(graded.uneven for _, graded in sides):
        return None
    return Unseen.of(sample, sides, power, span)


def _power(own: FloatArray, judge: FloatArray) -> float:
    """λ = Cov(A, B) / Var(B) from the cluster totals of both, clipped to [0, 1]; 0 where the judge adds nothing."""
    variance = float((judge * judge).sum())
    return min(max(float((own * judge).sum()) / variance, 0.0), 1.0) if variance > NOTHING**2 else 0.0
