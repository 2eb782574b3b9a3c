"""How designs run their course: when they stop, and with what, over many replicates; a fixed design has one look."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np

from stagelens.statistics.design.looks import Look
from stagelens.statistics.intervals.tails import FloatArray
from stagelens.statistics.planning.batches import Batch, BoolArray
from stagelens.statistics.planning.worlds import Draw


@dataclass(frozen=True, slots=True)
class Estimate:
    """A simulated number and its Monte Carlo standard error."""

    value: float
    error: float

    @classmethod
    def of(cls, values: FloatArray | BoolArray) -> Estimate:
        """The mean over replicates."""
        return cls(float(np.mean(values)), float(np.std(values) / sqrt(len(values))))


@dataclass(frozen=True, slots=True)
class Aim:
    """What a contrast is read for: ``margin``, ``alpha`` and the cluster ``gate``; ``span`` is the measure's range."""

    margin: float
    alpha: float
    gate: float
    rate: bool = True
    span: float = 1.0


@dataclass(frozen=True, slots=True)
class Course:
    """Where each replicate stopped, in clusters, and what it said; arrays of shape (R,)."""

    clusters: FloatArray
    same: BoolArray
    changed: BoolArray


def follow(draw: Draw, aim: Aim, clusters: int, looks: int = 1) -> Course:
    """A design of ``clusters`` clusters at the most, in ``looks`` equal parts; it stops at the first that decides.

    A look decides where it certifies "inside the margin" or else "not zero", at the level of that look.
    """
    replicates = len(draw.change)
    stopped = np.full(replicates, float(clusters))
    same, changed = np.zeros(replicates, np.bool_), np.zeros(replicates, np.bool_)
    still = np.ones(replicates, np.bool_)
    for number in range(1, looks + 1):
        so_far = round(number * clusters / looks)
        if so_far < 2:
            continue
        look, batch = Look(number, looks), Batch.of(draw, so_far, rate=aim.rate, span=aim.span)
        agree = still & batch.same(aim.margin, look.level(aim.alpha), aim.gate)
        differ = still & ~agree & batch.changed(look.level(aim.alpha / 2))
        stopped[agree | differ] = so_far
        same, changed, still = same | agree, changed | differ, still & ~(agree | differ)
    return Course(stopped, same, changed)
