"""What a contrast can be expected to show, simulated and read as the analysis will read it.

Where ``power`` has closed forms, this has simulations: rates by the clusters' own sizes, from assumptions or from the
clusters of a pilot. One contrast is taken alone, so Holm's correction over a study asks for somewhat more.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from math import ceil
from typing import Final, Literal, TypeAlias

import numpy as np

from stagelens.outcomes.measures import Measure
from stagelens.statistics.design.planning import clusters_to_certify
from stagelens.statistics.intervals.tails import quantile
from stagelens.statistics.planning.courses import Aim, Estimate
from stagelens.statistics.planning.simulate import LARGEST, Shown, fewest_clusters, run_course, show
from stagelens.statistics.planning.worlds import AssumedRates, AssumedSeverities, Pilot, World
from stagelens.study.power import Assumptions
from stagelens.study.spec import SEQUENTIAL_LOOKS

CHANGE_IN_MARGINS: Final = 3.0
"""The size of the change under which a sequential design is followed."""

Basis: TypeAlias = Literal["assumptions", "pilot"]

Pilots: TypeAlias = Mapping[tuple[str, str], Pilot]
"""By benchmark and measure."""


@dataclass(frozen=True, slots=True)
class Extent:
    """How many items, in how many clusters, and how many items each cluster holds (none: all the same)."""

    items: int
    clusters: int
    sizes: tuple[int, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Course:
    """Answers that every stage gives until "no change" is certified with the same power, by three designs.

    ``unpaired``: two samples of their own, the size fixed (a formula, but not below the cluster gate). ``paired``: the
    size fixed. ``most``, ``no_change``, ``changed``: paired, in ``looks``: at the most, and on average where nothing
    changes or where the change is ``change``.
    """

    looks: int
    change: float
    unpaired: int
    paired: Estimate
    most: Estimate
    no_change: Estimate
    changed: Estimate


@dataclass(frozen=True, slots=True)
class Simulated:
    """The simulated prospect of one measure; ``clusters_needed`` and ``course`` are None beyond what is simulated."""

    basis: Basis
    shown: Shown
    clusters_needed: Estimate | None
    course: Course | None


def simulate(
    measure: Measure,
    extent: Extent,
    *,
    epochs: int,
    margin: float,
    alpha: float,
    assumed: Assumptions,
    guess: float,
    pilot: Pilot | None = None,
    seed: int = 0,
) -> Simulated | None:
    """Simulate a contrast between two stages; None with fewer than two clusters, or where there are too many answers.

    Args:
        measure: its kind and range.
        extent: its items.
        epochs: attempts at each item.
        margin: the study's.
        alpha: the error rate of the interval, and of each side of the equivalence test.
        assumed: what is not known yet.
        guess: about how many clusters are needed.
        pilot: in place of the assumptions.
        seed: of the simulation.
    """
    if extent.clusters < 2 or extent.items * epochs > LARGEST:
        return None
    span = measure.high - measure.low
    aim = Aim(margin, alpha, clusters_to_certify(margin, span, alpha), measure.kind == "rate", span)
    if pilot is not None:
        return _simulate("pilot", pilot, aim, extent.clusters, assumed, guess, seed)
    return _simulate_assumed(aim, extent, epochs, assumed, guess, seed)


@lru_cache(maxsize=64)
def _simulate_assumed(
    aim: Aim, extent: Extent, epochs: int, assumed: Assumptions, guess: float, seed: int
) -> Simulated:
    """Once for all measures that the assumptions do not tell apart."""
    return _simulate("assumptions", _assumed(aim, extent, epochs, assumed), aim, extent.clusters, assumed, guess, seed)


def _simulate(
    basis: Basis, world: World, aim: Aim, clusters: int, assumed: Assumptions, guess: float, seed: int
) -> Simulated:
    needed = fewest_clusters(world, aim, power=assumed.power, guess=guess, seed=seed)
    return Simulated(
        basis=basis,
        shown=show(world, aim, clusters, power=assumed.power, seed=seed),
        clusters_needed=needed,
        course=_course(world, aim, needed, assumed, seed) if needed else None,
    )


def _assumed(aim: Aim, extent: Extent, epochs: int, assumed: Assumptions) -> World:
    even = [extent.items // extent.clusters + (k < extent.items % extent.clusters) for k in range(extent.clusters)]
    # The first clusters stand for all of them where fewer are tried: not those that a file happens to begin with.
    sizes = tuple(int(size) for size in np.random.default_rng(0).permutation(extent.sizes or even))
    within, attempts = assumed.cluster_correlation, assumed.epoch_correlation
    if aim.rate:
        return AssumedRates(assumed.rate, assumed.correlation, sizes, epochs, within, attempts)
    return AssumedSeverities(assumed.spread * aim.span, aim.span, assumed.correlation, sizes, epochs, within, attempts)


def _course(world: World, aim: Aim, needed: Estimate, assumed: Assumptions, seed: int) -> Course | None:
    looks, change = SEQUENTIAL_LOOKS, min(CHANGE_IN_MARGINS * aim.margin, world.largest)
    most = fewest_clusters(world, aim, power=assumed.power, guess=1.1 * needed.value, seed=seed, looks=looks)
    if most is None:
        return None

    def expected(true_change: float) -> Estimate:
        course = run_course(world, aim, int(most.value), looks=looks, change=true_change, seed=seed + 1)
        return _answers(Estimate.of(course.clusters), world)

    return Course(
        looks=looks,
        change=change,
        unpaired=max(unpaired(world.variance, aim, assumed.power), ceil(aim.gate * world.attempts)),
        paired=_answers(needed, world),
        most=_answers(most, world),
        no_change=expected(0.0),
        changed=expected(change),
    )


def unpaired(variance: float, aim: Aim, power: float) -> int:
    """Answers a stage that two independent samples need to certify "no change": 2σ² ((z_α + z_β/2) / margin)².

    Julious (2004), Statistics in Medicine 23; answers are taken to be independent of one another.
    """
    z = quantile(1 - aim.alpha) + quantile((1 + power) / 2)
    return ceil(2 * variance * (z / aim.margin) ** 2)


def _answers(clusters: Estimate, world: World) -> Estimate:
    return Estimate(clusters.value * world.attempts, clusters.error * world.attempts)
