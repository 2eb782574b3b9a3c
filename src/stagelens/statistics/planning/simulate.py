"""What a design shows, and how large it has to be, found by simulation with a fixed seed.

A power is the share of replicates that reach a decision; the design that reaches a wanted power is sought by halving,
always on the same random numbers, so that a larger design reuses the clusters of a smaller one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil, sqrt
from typing import Final

import numpy as np

from stagelens.statistics.design.planning import equal_clusters, gate_margin
from stagelens.statistics.planning.batches import Batch
from stagelens.statistics.planning.courses import Aim, Course, Estimate, follow
from stagelens.statistics.planning.worlds import World

REPLICATES: Final = 1000
FEWEST_REPLICATES: Final = 100
BUDGET: Final = 600_000
"""Attempts drawn at once: replicates give way to large designs, whose numbers vary less."""
LARGEST: Final = 30_000
"""Attempts in a design that is simulated: in larger ones the closed forms hold."""
STEP: Final = 0.1
"""How far a design is varied to see how fast its power grows."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What a design of a fixed size shows, one contrast taken alone.

    ``half_width``: of the 1 - alpha interval where nothing changes. ``certifiable``: the smallest margin that is
    certified with the wanted power where nothing changes, ``power`` the chance to certify the aim's own.
    ``detectable``: the smallest change that is found with the wanted power, None where there is no such change.
    """

    half_width: Estimate
    certifiable: Estimate
    power: Estimate
    detectable: Estimate | None


def show(world: World, aim: Aim, clusters: int, *, power: float, seed: int, replicates: int = REPLICATES) -> Shown:
    """Simulate a design of ``clusters`` clusters, two or more."""
    count = _replicates(world, clusters, replicates)
    draw = world.draw(np.random.default_rng(seed), count, clusters, 0.0)
    batch = Batch.of(draw, clusters, rate=aim.rate, span=aim.span)
    low, high = batch.limits(aim.alpha / 2)
    inner_low, inner_high = batch.limits(aim.alpha)
    worth = np.median([equal_clusters(share, aim.margin / aim.span) for share in batch.shares])
    barred = gate_margin(float(worth), aim.span, aim.alpha)
    least = np.maximum(np.maximum(-inner_low, inner_high), barred)
    return Shown(
        half_width=Estimate.of((high - low) / 2),
        certifiable=_quantile(least, power),
        power=Estimate.of(batch.same(aim.margin, aim.alpha, aim.gate)),
        detectable=_detectable(world, aim, clusters, power=power, seed=seed, replicates=count),
    )


def fewest_clusters(
    world: World, aim: Aim, *, power: float, guess: float, seed: int, looks: int = 1, replicates: int = REPLICATES
) -> Estimate | None:
    """The fewest clusters with which "no change" is certified with the wanted power, in so many looks.

    ``guess``: about how many, from which the search starts. None where more would be needed than are simulated.
    """
    least = max(2, looks)
    most = max(least + 1, ceil(1.5 * min(guess, LARGEST / world.attempts)))

    def certified(clusters: int) -> float:
        return float(np.mean(follow(draw, aim, clusters, looks).same))

    while True:
        count = _replicates(world, most, replicates)
        draw = world.draw(np.random.default_rng(seed), count, most, 0.0)
        if certified(most) >= power:
            break
        if most * world.attempts > LARGEST:
            return None
        most *= 2
    fewest = _first(lambda clusters: certified(clusters) >= power, least, most)
    reach = max(1, round(STEP * fewest))
    before, after = max(least, fewest - reach), min(most, fewest + reach)
    slope = (certified(after) - certified(before)) / (after - before)
    return Estimate(float(fewest), _noise(power, count) / slope if slope > 0 else 0.0)


def run_course(
    world: World, aim: Aim, clusters: int, *, looks: int, change: float, seed: int, replicates: int = REPLICATES
) -> Course:
    """Follow a design under a true difference of ``change``."""
    draw = world.draw(np.random.default_rng(seed), _replicates(world, clusters, replicates), clusters, change)
    return follow(draw, aim, clusters, looks)


def _detectable(world: World, aim: Aim, clusters: int, *, power: float, seed: int, replicates: int) -> Estimate | None:
    def found(change: float) -> float:
        draw = world.draw(np.random.default_rng(seed), replicates, clusters, change)
        batch = Batch.of(draw, clusters, rate=aim.rate, span=aim.span)
        return float(np.mean(batch.changed(aim.alpha / 2)))

    if found(world.largest) < power:
        return None
    low, high = 0.0, world.largest
    while high - low > 0.01 * high:
        middle = (low + high) / 2
        low, high = (low, middle) if found(middle) >= power else (middle, high)
    more = min(world.largest, high * (1 + STEP))
    slope = (found(more) - found(high * (1 - STEP))) / (more - high * (1 - STEP))
    return Estimate(high, _noise(power, replicates) / slope if slope > 0 else 0.0)


def _first(enough: Callable[[int], bool], least: int, most: int) -> int:
    """The smallest whole number that is enough, by halving; ``most`` is."""
    while least < most:
        middle = (least + most) // 2
        least, most = (least, middle) if enough(middle) else (middle + 1, most)
    return most


def _quantile(values: np.ndarray[tuple[int, ...], np.dtype[np.float64]], level: float) -> Estimate:
    """A quantile over replicates; its error from the order statistics one standard error of the level away."""
    reach = _noise(level, len(values))
    low, middle, high = np.quantile(values, [max(0.0, level - reach), level, min(1.0, level + reach)])
    return Estimate(float(middle), float(high - low) / 2)


def _noise(power: float, replicates: int) -> float:
    return sqrt(power * (1 - power) / replicates)


def _replicates(world: World, clusters: int, wanted: int) -> int:
    return int(min(wanted, max(FEWEST_REPLICATES, BUDGET * wanted / REPLICATES / (clusters * world.attempts))))
