"""What labels that were drawn with unequal chances leave unseen, and how far that may differ from what they show.

A label drawn with chance π stands for 1/π answers, 1/π - 1 of which nobody labelled. Where a rare behaviour is labelled
wherever a screen flagged it, and of the others one answer in fifty, nearly all errors that the labels show are of
flagged answers, which stand for themselves. Many as they are, they say nothing of the answers without a label: these
are known by the few labels that stand for them, among which there may be two errors or none. So that part of a mean has
a score interval of its own (``intervals.means.ScoredMean``), on the labels weighted by the unlabelled answers that they
stand for; it never has zero width, and with none among n labels it reaches z²/(n + z²).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from stagelens.statistics.intervals.clusters import NOTHING, Sample
from stagelens.statistics.intervals.means import FEW, ScoredMean
from stagelens.statistics.intervals.tails import FloatArray
from stagelens.statistics.judging.graded import Graded


@dataclass(frozen=True, slots=True)
class Unseen:
    """The rectifier's mean over the answers without a label: ``share`` of the weight, ``mean`` as the labels show.

    ``few``: fewer than five labelled clusters, by weight, differ from the median one.
    """

    share: float
    mean: ScoredMean
    few: bool

    @classmethod
    def of(cls, sample: Sample, sides: Sequence[tuple[float, Graded]], power: float, span: float) -> Unseen | None:
        """The sum over stages, each with its sign, of label - ``power`` · judge; None where nothing is unseen.

        ``span``: the width of the measure's range. What is constant over the labels does not vary over the others.
        """
        stands_for, total = np.zeros(sample.n), np.zeros(sample.n)
        for sign, graded in sides:
            labelled, covered = graded.labelled, float(sample.weight[graded.scored].sum())
            weight = covered * graded.weights(sample) * (1 - np.where(labelled, graded.probability, 1.0))
            stands_for += weight / len(sides)
            total += sign * weight * np.where(labelled, graded.label - power * graded.judge, 0.0)
        used = stands_for > NOTHING
        own = _weighted(stands_for[used], sample.cluster[used])
        if own.clusters < 2:
            return None
        rectifier = total[used] / stands_for[used]
        rectifier -= np.median(rectifier)
        widest = max(span, float(np.abs(rectifier).max()))
        differs = own.mean(np.asarray(np.abs(rectifier) > NOTHING, dtype=np.float64))
        mean = ScoredMean.of(own, rectifier, -widest, widest)
        return cls(float(stands_for.sum()), mean, few=differs * own.kish < FEW - NOTHING)

    @property
    def variance(self) -> float:
        """What it adds to the variance of the mean over all answers, as far as the labels show."""
        return (self.share * self.mean.error) ** 2

    def reach(self, level: float, side: float) -> float:
        """How far below (``side`` -1) or above (1) what the labels show it may move the mean over all answers."""
        centre = (self.mean.gained - self.mean.lost) * self.mean.most
        low, high = self.mean.limits(level)
        return self.share * (centre - low if side < 0 else high - centre)


def _weighted(weight: FloatArray, cluster: np.ndarray) -> Sample:
    """A sample with these weights, which need not sum to 1, of attempts that are an item each."""
    whole = weight.sum()
    own = weight / whole if whole > 0 else weight
    share = np.asarray(np.bincount(cluster, own), dtype=np.float64)
    some = len(own) > 0
    return Sample(
        own,
        cluster,
        n=len(own),
        items=len(own),
        clusters=int(np.count_nonzero(share)),
        share=share,
        kish=float(1.0 / np.sum(share**2)) if some else 0.0,
        attempts=float(1.0 / np.sum(own**2)) if some else 0.0,
    )
