"""One stage's answers as a judge and, in part, a better judge graded them, and what every label stands for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stagelens.statistics.intervals.clusters import Sample
from stagelens.statistics.intervals.tails import FloatArray


@dataclass(frozen=True, slots=True)
class Graded:
    """One stage's answers to the n attempts of a sample, each array of shape (n,).

    ``judge``: the judge's values, and where an answer is not ``scored`` the value at which it is placed. ``label``: the
    better judge's values, a human's or a stronger model's, NaN where there is none; those of answers that are not
    scored are not used. ``probability``: the chance with which the answer was drawn for labelling. Where one of the
    stage's labels has none (NaN), its labelled answers count as a simple random sample of the scored ones.
    """

    judge: FloatArray
    scored: NDArray[np.bool_]
    label: FloatArray
    probability: FloatArray

    @property
    def labelled(self) -> NDArray[np.bool_]:
        """Which answers both the judge and the labels graded."""
        return self.scored & ~np.isnan(self.label)

    @property
    def uneven(self) -> bool:
        """Whether the labels were drawn with chances that are known and differ."""
        chances = self.probability[self.labelled]
        return bool(chances.size and chances.min() < chances.max())  # a NaN is neither

    def labelled_clusters(self, sample: Sample) -> int:
        """How many clusters hold labels of scored answers."""
        return len(np.unique(sample.cluster[self.labelled]))

    def weights(self, sample: Sample) -> FloatArray:
        """What share of the scored answers each label stands for, shape (n,), with sum 1; 0 where there is none."""
        labelled = self.labelled
        chosen = np.where(labelled, sample.weight, 0.0)
        if not np.isnan(self.probability[labelled]).any():
            chosen[labelled] /= self.probability[labelled]
        return np.asarray(chosen / chosen.sum(), dtype=np.float64)
