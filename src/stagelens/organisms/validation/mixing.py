"""Mixtures of two checkpoints' answers: as if a stage had taken over a share of what the later one does."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from stagelens.organisms.validation.sampling import Design, Places, chances
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


@dataclass(frozen=True, slots=True)
class Pools:
    """Among which prompts answers may be exchanged: of one cluster, or all of them where every prompt is a cluster.

    A census has one answer of a checkpoint to a prompt, and a stage that changed nothing would repeat it to the word.
    The answer to a stranger of the pool stands for one given anew: it keeps the level of the cluster and forgets the
    prompt, which makes more noise than a new answer would.

    ``of``: each prompt's pool, shape (A,); ``members``: all prompts, pool by pool; ``start``, ``size``: of each pool.
    """

    of: NDArray[np.int64]
    members: NDArray[np.int64]
    start: NDArray[np.int64]
    size: NDArray[np.int64]

    @classmethod
    def in_census(cls, census: MeasureData) -> Pools:
        """The pools of its prompts."""
        single = np.bincount(census.cluster).max() == 1
        of = np.zeros_like(census.cluster) if single else census.cluster
        size = np.bincount(of)
        return cls(of, np.argsort(of, kind="stable"), np.cumsum(size) - size, size)

    def strangers(self, places: Places, rng: Generator) -> Places:
        """For every prompt another of its pool at random, or itself. Shape (A,), as ``places``."""
        pool = self.of[places]
        found: Places = self.members[self.start[pool] + rng.integers(0, self.size[pool])]
        return found
