"""One stage's level: its mean over items, bounded for every value that an unscored answer might have had."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from stagelens.statistics.contrasts.corrected import correct_level, level_corrected
from stagelens.statistics.contrasts.units import sample_of
from stagelens.statistics.data import INCAPABLE, SCORED, UNATTEMPTED, UNGRADED, MeasureData
from stagelens.statistics.intervals.clusters import NOTHING, Sample
from stagelens.statistics.intervals.means import BoundedMean, ScoredMean
from stagelens.statistics.intervals.proportions import clopper_pearson_at_zero
from stagelens.statistics.intervals.tails import FloatArray
from stagelens.statistics.results import Level


def level(data: MeasureData, stage: int, everyone: Sample, alpha: float) -> Level:
    """The level of the stage with index ``stage``, at 1 - ``alpha``; ``everyone`` is the sample of all attempts.

    Rates: Wilson on the effective n, Clopper-Pearson where there is no success or no failure. Severities: cluster t.
    The interval is the hull of three: scored answers only, all unscored at the low end, all at the high end. Where a
    cascade's judge graded enough of the answers, each is corrected by its grades (see ``judging.ppi``).
    """
    values, status = data.values[stage], data.status[stage]
    scored = status == SCORED
    n_scored = int(np.count_nonzero(scored))
    estimate: float | None = None
    intervals, corrected = [], False
    if n_scored:
        sample = everyone if n_scored == len(scored) else sample_of(data, scored)
        corrected = level_corrected(data, stage, scored, sample)
        estimate = sample.mean(values[scored])
        if corrected:
            correction = correct_level(data, stage, scored, sample, values[scored])
            estimate = correction.mean
            intervals.append(correction.limits(1 - alpha / 2))
        else:
            intervals.append(_interval(data, sample, values[scored], alpha))
    if n_scored < len(scored):
        everything = np.ones_like(scored)
        for end in (data.low, data.high):
            placed = np.where(scored, values, end)
            if corrected:
                intervals.append(correct_level(data, stage, everything, everyone, placed).limits(1 - alpha / 2))
            else:
                intervals.append(_interval(data, everyone, placed, alpha))
    lows, highs = zip(*intervals, strict=True)
    return Level(
        stage=data.stages[stage],
        n=len(scored),
        items=everyone.items,
        clusters=everyone.clusters,
        scored=n_scored,
        incapable=_count(status, INCAPABLE),
        ungraded=_count(status, UNGRADED),
        unattempted=_count(status, UNATTEMPTED),
        estimate=estimate,
        low=min(lows),
        high=max(highs),
        competence=None if data.competence is None else data.competence[stage],
    )


def _count(status: NDArray[np.int8], code: int) -> int:
    return int(np.count_nonzero(status == code))


def _interval(data: MeasureData, sample: Sample, x: FloatArray, alpha: float) -> tuple[float, float]:
    """The interval at 1 - alpha of the mean of fully known values."""
    if data.kind == "rate":
        return _rate_interval(sample, x, alpha)
    if sample.clusters < 2:
        return data.low, data.high
    return BoundedMean.of(sample, x, data.low, data.high).limits(1 - alpha / 2)


def _rate_interval(sample: Sample, x: FloatArray, alpha: float) -> tuple[float, float]:
    rate = sample.mean(x)
    if rate * (1 - rate) <= NOTHING:
        reach = clopper_pearson_at_zero(sample.kish, alpha)
        return (0.0, reach) if rate < 0.5 else (1 - reach, 1.0)
    if sample.clusters < 2:
        return 0.0, 1.0
    return ScoredMean.of(sample, x, 0.0, 1.0).limits(1 - alpha / 2)
