"""Worlds whose true rates are known: paired answers of several stages, drawn afresh for every replicate.

Two kinds. In ``Latent`` every attempt has a standard normal latent at every stage and is a 1 where it lies below the
stage's own quantile, so a stage's true rate is its ``rate`` exactly, whatever the latents share. In ``Flips`` the later
stage is the earlier one plus flips from 0 to 1 of total probability ``change``, so the true difference is ``change``
exactly, whether attempts flip alone or whole clusters do.

Cluster sizes are fixed by design, and only the answers are drawn: then no truth depends on a drawn size.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise
from math import sqrt
from typing import Literal, TypeAlias

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from stagelens.statistics.data import MeasureData
from stagelens.statistics.design.planning import equal_clusters

STAGES = {
    2: ("sft", "production"),
    3: ("base", "sft", "production"),
    4: ("base", "sft", "dpo", "production"),
}
LARGEST_CLUSTER = 20

Codes: TypeAlias = NDArray[np.int64]
Floats: TypeAlias = NDArray[np.float64]
Concentration = Literal["attempt", "half", "whole", "large"]


@dataclass(frozen=True, slots=True)
class Layout:
    """How many items each cluster has (``sizes``), how often each item is asked, and by how many training runs."""

    sizes: tuple[int, ...]
    epochs: int = 1
    runs: int = 1

    def equal_clusters(self, margin: float) -> float:
        """What the clusters are worth at the cluster gate, for a change of ``margin`` in a rate."""
        size = np.array(self.sizes, np.float64)
        return equal_clusters(size / size.sum(), margin)


@dataclass(frozen=True, slots=True)
class Places:
    """Codes of a layout's attempts, shape (A,): item, cluster and run; ``size``: items in each cluster."""

    item: Codes
    cluster: Codes
    run: Codes
    of_item: Codes
    size: Codes


@lru_cache(maxsize=256)
def places(layout: Layout) -> Places:
    """The attempts of a layout, item by item; ``of_item`` is the cluster of each item."""
    size = np.array(layout.sizes, np.int64)
    of_item = np.repeat(np.arange(len(size)), size)
    each = layout.epochs * layout.runs
    item = np.repeat(np.arange(len(of_item)), each)
    run = np.tile(np.arange(each) // layout.epochs, len(of_item))
    return Places(item, of_item[item], run, of_item, size)


def equal(clusters: int, size: int) -> tuple[int, ...]:
    """As many clusters of one size."""
    return (size,) * clusters


def uniform(clusters: int, largest: int = LARGEST_CLUSTER) -> tuple[int, ...]:
    """Sizes spread evenly over 1 to ``largest``: the quantiles of the uniform distribution."""
    return tuple(1 + int(largest * (place + 0.5) / clusters) for place in range(clusters))


def log_uniform(clusters: int, largest: int = LARGEST_CLUSTER) -> tuple[int, ...]:
    """Sizes spread evenly on a log scale over 1 to ``largest``: many small clusters, a few that weigh most."""
    return tuple(int((largest + 1) ** ((place + 0.5) / clusters)) for place in range(clusters))


def measure(
    layout: Layout, values: Floats, *, kind: Literal["rate", "severity"] = "rate", name: str = "m"
) -> MeasureData:
    """A fully scored measure from values of shape (S, A); severities run from 0 to 5."""
    where = places(layout)
    return MeasureData(
        family="family",
        benchmark="bench",
        measure=name,
        higher_is_worse=True,
        kind=kind,
        low=0.0,
        high=1.0 if kind == "rate" else 5.0,
        stages=STAGES[len(values)],
        values=values,
        status=np.zeros(values.shape, np.int8),
        item=where.item,
        cluster=where.cluster,
        run=where.run if layout.runs > 1 else None,
    )


@dataclass(frozen=True, slots=True)
class Latent:
    """Stages with given true ``rates``, whose answers hang together through a normal latent of variance 1.

    An attempt's latent is the sum of independent normal parts. ``cluster``, ``item`` and ``run`` are the shares of its
    variance that a cluster, an item and a training run give to all their attempts; the rest is the attempt's own.
    ``kept`` is the share of the cluster's and the item's part that is the same at every stage: at one attempt the
    latents of two stages correlate by kept × (cluster + item), and what a cluster does not keep makes the *difference*
    vary between clusters. A run's part is never kept: stages are trained apart.
    """

    layout: Layout
    rates: tuple[float, ...]
    cluster: float = 0.0
    item: float = 0.0
    run: float = 0.0
    kept: float = 0.0

    @property
    def pair_correlation(self) -> float:
        """The correlation of two stages' latents at the same attempt."""
        return self.kept * (self.cluster + self.item)

    def latent(self, rng: Generator) -> Floats:
        """Standard normal latents, shape (S, A)."""
        where, stages = places(self.layout), len(self.rates)
        own = 1.0 - self.cluster - self.item - self.run
        z = sqrt(max(own, 0.0)) * rng.standard_normal((stages, len(where.item)))
        if self.item:
            z += sqrt(self.item) * self._part(rng, len(where.of_item))[:, where.item]
        if self.cluster:
            z += sqrt(self.cluster) * self._part(rng, len(where.size))[:, where.cluster]
        if self.run:
            z += sqrt(self.run) * rng.standard_normal((stages, self.layout.runs))[:, where.run]
        return z

    def _part(self, rng: Generator, count: int) -> Floats:
        """Standard normals, shape (S, count), correlated by ``kept`` between stages."""
        common, apart = rng.standard_normal(count), rng.standard_normal((len(self.rates), count))
        return sqrt(self.kept) * common + sqrt(1.0 - self.kept) * apart

    def draw(self, rng: Generator) -> MeasureData:
        """One study's answers: 1 where the latent lies below the quantile of the stage's rate."""
        return measure(self.layout, (self.latent(rng) < ndtri(np.array(self.rates))[:, None]).astype(np.float64))


@dataclass(frozen=True, slots=True)
class Severities:
    """Two stages' severities 0 to 5 from the latents of ``latent``, whose own rates are not used.

    ``reached``: per stage the true chances of a severity of at least 1, 2, …, 5, falling.
    """

    latent: Latent
    reached: tuple[tuple[float, ...], ...]

    @property
    def difference(self) -> float:
        """The true difference of means: a mean is the sum of the chances to reach each severity."""
        return sum(self.reached[1]) - sum(self.reached[0])

    @property
    def superiority(self) -> float:
        """P(later > earlier) - P(later < earlier) of a pair, by the bivariate normal distribution of its latents."""
        earlier, later = self.reached
        correlation = self.latent.pair_correlation
        return _exceeds(later, earlier, correlation) - _exceeds(earlier, later, correlation)

    def draw(self, rng: Generator) -> MeasureData:
        """One study's severities: how many of a stage's quantiles lie above the latent."""
        quantiles = ndtri(np.array(self.reached))
        values = (self.latent.latent(rng)[:, :, None] < quantiles[:, None, :]).sum(axis=2).astype(np.float64)
        return measure(self.latent.layout, values, kind="severity")


@lru_cache(maxsize=256)
def _exceeds(one: tuple[float, ...], other: tuple[float, ...], correlation: float) -> float:
    """P(the first severity > the second), given the chances to reach each, summed over the second one's values."""
    total = 0.0
    for k, reached in enumerate(other):
        # The second severity is k where its latent lies between two quantiles; the first one reaches more than k.
        at_least = 1.0 if k == 0 else other[k - 1]
        total += _both(one[k], at_least, correlation) - _both(one[k], reached, correlation)
    return total


def _both(one: float, other: float, correlation: float) -> float:
    """P(one latent below the quantile of ``one``, its partner below that of ``other``), by quadrature."""
    if one == 1.0 or other == 1.0 or 0.0 in (one, other):
        return min(one, other)
    nodes, weights = np.polynomial.legendre.leggauss(200)
    u = one * (nodes + 1) / 2
    inner = ndtr((ndtri(other) - correlation * ndtri(u)) / sqrt(1 - correlation**2))
    return float(one / 2 * (weights * inner).sum())


@dataclass(frozen=True, slots=True)
class Flips:
    """An earlier stage with true rate ``base``, and a later one that differs by flips from 0 to 1 alone.

    Every attempt flips with probability ``change``: each alone (``attempt``); in clusters that are affected with
    probability 2 × change, each item with probability ½ in all its epochs (``half``); in whole clusters (``whole``); in
    whole clusters, but only in those that are larger than the median one, more often (``large``). Attempts that do not
    flip answer 1 with probability base / (1 - change) at both stages; with probability ``stirred`` such an answer is
    drawn anew at the later stage. So the rates are ``base`` and ``base + change`` exactly. Falls are the mirror image.
    """

    layout: Layout
    base: float
    change: float
    concentration: Concentration
    stirred: float = 0.0

    def flipped(self, rng: Generator) -> NDArray[np.bool_]:
        """Which attempts flip, shape (A,)."""
        where = places(self.layout)
        if self.concentration == "attempt":
            return rng.random(len(where.item)) < self.change
        if self.concentration == "half":
            affected = rng.random(len(where.size)) < 2 * self.change
            return (affected[where.of_item] & (rng.random(len(where.of_item)) < 0.5))[where.item]
        chance = np.full(len(where.size), self.change)
        if self.concentration == "large":
            large = where.size > np.median(where.size)
            chance = np.where(large, self.change * where.size.sum() / where.size[large].sum(), 0.0)
        return (rng.random(len(where.size)) < chance)[where.cluster]

    def draw(self, rng: Generator) -> MeasureData:
        """One study's answers."""
        flipped = self.flipped(rng)
        level = self.base / (1 - self.change)
        earlier = rng.random(flipped.size) < level
        later = earlier
        if self.stirred:
            later = np.where(rng.random(flipped.size) < self.stirred, rng.random(flipped.size) < level, earlier)
        return measure(self.layout, np.array([earlier & ~flipped, later | flipped], np.float64))


def same(rates: Sequence[float]) -> bool:
    """Whether all of these true rates are one."""
    return all(one == other for one, other in pairwise(rates))


def renamed(data: MeasureData, name: str) -> MeasureData:
    """The same answers as another measure."""
    return replace(data, measure=name)
