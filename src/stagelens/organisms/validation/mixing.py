"""Mixtures of two checkpoints' answers: as if a stage had taken over a share of what the later one does."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from stagelens.organisms.validation.sampling import Design, chances
from stagelens.statistics.data import MeasureData

Unit = Literal["item", "cluster"]
"""What takes over the later answers as a whole: prompts, each for itself, or all prompts of a cluster together."""


def effect(pair: MeasureData, design: Design) -> float:
    """Later minus earlier of two stages that were scored on every prompt, as the studies of a design estimate it."""
    return float(chances(pair, design) @ (pair.values[1] - pair.values[0]))


def coins(study: MeasureData, unit: Unit, rng: Generator) -> NDArray[np.float64]:
    """A number in [0, 1) for every prompt: where it lies below the dose, the later answer is taken. Shape (A,)."""
    if unit == "item":
        return rng.random(study.item.size)
    return rng.random(int(study.cluster.max()) + 1)[study.cluster]


def mixed(study: MeasureData, dose: float, coin: NDArray[np.float64]) -> MeasureData:
    """The study of the earlier stage and of a mixture that has the later stage's answers where ``coin`` < ``dose``.

    ``study``: two stages, scored everywhere. The expected difference is the dose times that of the two stages.
    """
    later = np.where(coin < dose, study.values[1], study.values[0])
    return replace(study, values=np.stack([study.values[0], later]))
