"""Paired answers that nobody has given yet: drawn from assumptions, or from the clusters of a pilot.

A world draws whole clusters, so that their order says nothing, and the first n of them are a sample of n.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from stagelens.statistics.intervals.tails import FloatArray

IntArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Draw:
    """R replicates of G clusters. Every array has shape (R, G).

    ``size``: attempts in a cluster. ``change``: the sum of their differences, later minus earlier. ``discordant``: how
    much of it was gained and lost, together; for rates, and nothing (zeros) for severities.
    """

    size: FloatArray
    change: FloatArray
    discordant: FloatArray


class World(Protocol):
    """Where paired answers come from."""

    def draw(self, rng: np.random.Generator, replicates: int, clusters: int, change: float) -> Draw:
        """``replicates`` of ``clusters`` clusters, with a true difference of ``change`` (0 or more, either way)."""

    @property
    def largest(self) -> float:
        """The largest change that there can be."""

    @property
    def attempts(self) -> float:
        """Attempts in a cluster, on average."""

    @property
    def variance(self) -> float:
        """Of one answer at one stage."""


@dataclass(frozen=True, slots=True)
class AssumedRates:
    """0/1 answers with a given rate at both stages, or at the earlier one.

    The later answer shares the earlier one's latent uniform number with the chance ``correlation``, which is then their
    correlation where the rates are equal. Items of a cluster, and attempts at an item, share a pair of answers in the
    same way: two attempts at an item correlate by ``epoch_correlation``, two items of a cluster by
    ``cluster_correlation`` (not more than the former), in their differences as in their levels.

    ``sizes``: items per cluster, taken in turn. The change is upwards where there is room, else downwards.
    """

    rate: float
    correlation: float
    sizes: tuple[int, ...]
    epochs: int = 1
    cluster_correlation: float = 0.0
    epoch_correlation: float = 1.0

    @property
    def largest(self) -> float:
        """The largest change that there can be."""
        return max(self.rate, 1 - self.rate)

    @property
    def attempts(self) -> float:
        """Attempts in a cluster, on average."""
        return self.epochs * sum(self.sizes) / len(self.sizes)

    @property
    def variance(self) -> float:
        """Of one answer at one stage."""
        return self.rate * (1 - self.rate)

    def draw(self, rng: np.random.Generator, replicates: int, clusters: int, change: float) -> Draw:
        """See ``World``."""
        later = self.rate + change if self.rate + change <= 1 else self.rate - change
        mixed = 1 - self.correlation
        gained = self.correlation * max(later - self.rate, 0.0) + mixed * later * (1 - self.rate)
        lost = self.correlation * max(self.rate - later, 0.0) + mixed * self.rate * (1 - later)
        attempts = 1.0 if self.epochs == 1 else max(self.epoch_correlation, self.cluster_correlation)

        def differences(shape: tuple[int, ...]) -> NDArray[np.int8]:
            u = rng.random(shape, dtype=np.float32)
            return (u < gained).astype(np.int8) - (u > 1 - lost)

        def shared(above: NDArray[np.int8], shape: tuple[int, ...], correlation: float) -> NDArray[np.int8]:
            """Each takes what stands above it so often that two of them correlate by ``correlation``."""
            return np.where(rng.random(shape, dtype=np.float32) < sqrt(correlation), above, differences(shape))

        size = np.resize(np.array(self.sizes), clusters)
        answers = differences((replicates, clusters))
        if size.max() > 1:
            answers = np.repeat(answers, size, axis=1)
            among = self.cluster_correlation / attempts if attempts else 0.0
            answers = shared(answers, answers.shape, among)
        if self.epochs > 1:
            answers = shared(answers[:, :, None], (*answers.shape, self.epochs), attempts)
        starts = np.concatenate([[0], np.cumsum(size)[:-1]])
        return Draw(
            size=np.broadcast_to(self.epochs * size.astype(np.float64), (replicates, clusters)),
            change=_summed(answers, starts),
            discordant=_summed(np.abs(answers), starts),
        )


@dataclass(frozen=True, slots=True)
class AssumedSeverities:
    """Severities that are normal with standard deviation ``spread`` at each stage; the range does not cut them off.

    Correlations and ``sizes`` as for ``AssumedRates``.
    """

    spread: float
    span: float
    correlation: float
    sizes: tuple[int, ...]
    epochs: int = 1
    cluster_correlation: float = 0.0
    epoch_correlation: float = 1.0

    @property
    def largest(self) -> float:
        """The largest change that there can be."""
        return self.span

    @property
    def attempts(self) -> float:
        """Attempts in a cluster, on average."""
        return self.epochs * sum(self.sizes) / len(self.sizes)

    @property
    def variance(self) -> float:
        """Of one answer at one stage."""
        return self.spread**2

    def draw(self, rng: np.random.Generator, replicates: int, clusters: int, change: float) -> Draw:
        """See ``World``."""
        items = np.resize(np.array(self.sizes, dtype=np.float64), clusters)
        attempts = max(self.epoch_correlation, self.cluster_correlation)
        of_item = attempts + (1 - attempts) / self.epochs
        of_one = 2 * (1 - self.correlation) * self.spread**2
        variance = of_one * items * (of_item + (items - 1) * self.cluster_correlation)
        size = np.broadcast_to(self.epochs * items, (replicates, clusters))
        noise = self.epochs * np.sqrt(variance) * rng.standard_normal(size.shape)
        return Draw(size, noise + change * size, np.zeros(size.shape))


@dataclass(frozen=True, slots=True)
class Pilot:
    """Clusters drawn again, with replacement, from those of a pilot; arrays of shape (pilot's clusters,).

    ``gained``, ``lost``: sums of the positive and of the negative parts of the differences (for severities too);
    ``neither``: pairs that agree at the low end of a rate's range, out of which a change is made; ``size``: pairs.
    ``variance``: of one answer at one stage. Which stage of a pilot's cluster is the earlier one is drawn as well: the
    pilot shows how much answers vary, and no change of its own.
    """

    gained: FloatArray
    lost: FloatArray
    neither: FloatArray
    size: FloatArray
    variance: float
    rate: bool = True
    span: float = 1.0

    @property
    def largest(self) -> float:
        """The largest change that there can be."""
        return float(self.neither.sum() / self.size.sum()) if self.rate else self.span

    @property
    def attempts(self) -> float:
        """Attempts in a cluster, on average."""
        return float(self.size.mean())

    def draw(self, rng: np.random.Generator, replicates: int, clusters: int, change: float) -> Draw:
        """See ``World``."""
        chosen = rng.integers(len(self.size), size=(replicates, clusters))
        swapped = np.where(rng.random(chosen.shape) < 0.5, -1.0, 1.0)
        size, discordant = self.size[chosen], (self.gained + self.lost)[chosen]
        difference = swapped * (self.gained - self.lost)[chosen]
        if not self.rate:
            return Draw(size, difference + change * size, np.zeros(size.shape))
        if change:
            risen = rng.binomial(np.rint(self.neither[chosen]).astype(np.int64), min(1.0, change / self.largest))
            difference, discordant = difference + risen, discordant + risen
        return Draw(size, difference, discordant)


def _summed(answers: NDArray[np.int8], starts: IntArray) -> FloatArray:
    """Sums over a cluster's items and, where there is a third axis, over the attempts at them."""
    over_items = answers if answers.ndim == 2 else answers.sum(axis=2, dtype=np.int32)
    if len(starts) == answers.shape[1]:
        return over_items.astype(np.float64)
    return np.add.reduceat(over_items, starts, axis=1, dtype=np.int64).astype(np.float64)
