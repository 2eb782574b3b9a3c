"""The evidence of a contrast where some answers of both stages have labels: the judge's difference, corrected."""

from __future__ import annotations

from math import nan
from typing import Final

import numpy as np
from numpy.typing import NDArray

from stagelens.statistics.contrasts.readings import Pairing, Reading
from stagelens.statistics.data import SCORED, Labels, MeasureData, Question
from stagelens.statistics.intervals.clusters import Sample, Worth
from stagelens.statistics.judging.graded import Graded
from stagelens.statistics.judging.ppi import CorrectedDifference, CorrectedMean, corrected_difference, corrected_level

METHOD: Final = "ppi++"

LEAST_LABELLED: Final = 10
"""With labels in fewer clusters than this at either stage, a difference stays as the judge has it."""


def correctable(data: MeasureData, pair: tuple[int, int], pairs: NDArray[np.bool_], sample: Sample) -> bool:
    """Whether both stages hold enough labels among the ``pairs`` that are scored at both (their ``sample``).

    Where stages were trained several times the run is a unit too, which labels of some answers say too little of:
    differences between recipes stay as the judge has them.
    """
    if data.labels is None or data.run is not None:
        return False
    return all(
        _graded(data, data.labels, stage, pairs, data.values[stage][pairs]).labelled_clusters(sample) >= LEAST_LABELLED
        for stage in pair
    )


def correct(
    data: MeasureData, labels: Labels, pair: tuple[int, int], kept: NDArray[np.bool_], pairing: Pairing
) -> CorrectedDifference:
    """The corrected difference of the ``kept`` attempts, with unscored answers as the ``pairing`` places them.

    Labels correct what the judge scored. What nobody scored is placed at an end of the range, as without labels.
    """
    earlier, later = pair
    return corrected_difference(
        pairing.sample,
        _graded(data, labels, earlier, kept, pairing.earlier),
        _graded(data, labels, later, kept, pairing.later),
        data.high - data.low,
    )


def read_corrected(correction: CorrectedDifference, question: Question, *, rate: bool) -> Reading:
    """The corrected difference as a reading; for rates with Fieller's limits of the corrected ratio."""
    mean, look = correction.difference, question.look
    thresholds = -question.margin, 0.0, question.margin
    one_sided = 1 - look.level(question.alpha)
    below, zero, above = (look.p(mean.p_at_most(threshold)) for threshold in thresholds)
    from_below, from_zero, from_above = (look.p(mean.p_at_least(threshold)) for threshold in thresholds)
    return Reading(
        *mean.limits(1 - look.level(question.alpha / 2)),
        *mean.limits(one_sided),
        *(correction.ratio_limits(one_sided) if rate else (nan, nan)),
        at_most=(below, zero, above),
        at_least=(from_below, from_zero, from_above),
        error=mean.error,
        worth=Worth(mean.clusters, mean.df),
        method=METHOD,
    )


def level_corrected(data: MeasureData, stage: int, scored: NDArray[np.bool_], sample: Sample) -> bool:
    """Whether a stage's level is corrected: by a cascade's judge, who graded enough of the ``scored`` answers.

    Human labels, a hundred of thousands, correct differences alone: pairs lose little by them, levels much.
    """
    if data.labels is None or not data.labels.of_cascade or data.run is not None:
        return False
    graded = _graded(data, data.labels, stage, scored, data.values[stage][scored])
    return graded.labelled_clusters(sample) >= LEAST_LABELLED


def correct_level(
    data: MeasureData, stage: int, kept: NDArray[np.bool_], sample: Sample, placed: NDArray[np.float64]
) -> CorrectedMean:
    """The corrected level over the ``kept`` attempts, with unscored answers as they are ``placed``."""
    if data.labels is None:
        raise ValueError("no labels to correct a level by")
    return corrected_level(sample, _graded(data, data.labels, stage, kept, placed), data.low, data.high)


def _graded(
    data: MeasureData, labels: Labels, stage: int, kept: NDArray[np.bool_], placed: NDArray[np.float64]
) -> Graded:
    return Graded(
        judge=placed,
        scored=data.status[stage][kept] == SCORED,
        label=labels.values[stage][kept],
        probability=labels.probability[stage][kept],
    )
