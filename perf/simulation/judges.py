"""Judges that err: coverage and width of a paired difference under a judge whose errors change between the stages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from simulation.paired import LEAST
from simulation.read import contrast
from simulation.tables import Entry, Goal, Row, Table
from simulation.trials import Bench, Cell, Tally
from simulation.worlds import Floats, Latent, Layout, equal, uniform
from stagelens.statistics.data import Labels, MeasureData
from stagelens.statistics.judging.rogan_gladen import Calibration, corrected_difference, corrected_rate

LABELLED = 200
"""Items of which a human labels one answer at every stage."""

WAYS = ("naive", "pooled Rogan-Gladen", "Rogan-Gladen a stage", "paired PPI++", "humans only")
CORRECTED = "paired PPI++"

DRIFTING, STEADY = ((0.9, 0.99), (0.8, 0.95)), ((0.85, 0.97), (0.85, 0.97))
"""The judge's sensitivity and specificity at both stages."""

Limits = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Judged:
    """What every way of reading a judge's grades makes of the true difference of two stages."""

    world: Latent
    judge: tuple[Limits, Limits]

    def __call__(self, rng: Generator) -> Mapping[str, float]:
        """One study."""
        data = self.world.draw(rng)
        truth, grades = data.values, self.grade(rng, data.values)
        drawn = np.zeros(data.item.size, np.bool_)
        drawn[rng.choice(data.item.size, LABELLED, replace=False)] = True
        labels = np.where(drawn, truth, np.nan)
        chance = np.where(drawn, LABELLED / drawn.size, np.nan) * np.ones((2, 1))
        judged = replace(data, values=grades)
        apart = [calibration(grades[stage, drawn], truth[stage, drawn]) for stage in (0, 1)]
        both = calibration(grades[:, drawn].ravel(), truth[:, drawn].ravel())
        naive = _limits(judged)
        limits = {
            "naive": naive,
            "pooled Rogan-Gladen": (naive[0] / _youden(both), naive[1] / _youden(both)),
            "Rogan-Gladen a stage": _corrected(grades, apart),
            CORRECTED: _limits(replace(judged, labels=Labels(labels, chance))),
            "humans only": _limits(_part(data, drawn)),
        }
        difference = self.world.rates[1] - self.world.rates[0]
        covered = {f"{way}: covered": float(low <= difference <= high) for way, (low, high) in limits.items()}
        return covered | {f"{way}: half-width": (high - low) / 2 for way, (low, high) in limits.items()}

    def grade(self, rng: Generator, truth: Floats) -> Floats:
        """The judge's grades of true values of shape (2, A): each answer errs alone."""
        sensitivity, specificity = (np.array(chances)[:, None] for chances in zip(*self.judge, strict=True))
        right = rng.random(truth.shape) < np.where(truth == 1, sensitivity, specificity)
        return np.where(right, truth, 1 - truth)


def calibration(grades: Floats, truth: Floats) -> Calibration:
    """What the labelled answers, shape (n,), say of the judge."""
    positive = truth == 1
    return Calibration(
        positives=float(positive.sum()),
        found=float(grades[positive].sum()),
        negatives=float((~positive).sum()),
        left=float((1 - grades[~positive]).sum()),
    )


def judges(bench: Bench) -> list[Table]:
    """A judge that drifts and one that does not, with and without a true difference, with and without clusters."""
    alone, clustered = Layout(equal(2000, 1)), Layout(uniform(200))
    designs = {
        "n=2000, p=.1, judge drifts": Judged(Latent(alone, (0.1, 0.1), item=0.8, kept=0.75), DRIFTING),
        "n=2000, .1→.2, judge drifts": Judged(Latent(alone, (0.1, 0.2), item=0.8, kept=0.75), DRIFTING),
        "n=2000, .1→.2, judge steady": Judged(Latent(alone, (0.1, 0.2), item=0.8, kept=0.75), STEADY),
        "200 clusters of 1–20, .1→.2, judge drifts": Judged(
            Latent(clustered, (0.1, 0.2), cluster=0.4, item=0.3, kept=0.7), DRIFTING
        ),
    }
    cells = [Cell(f"judges/{name}", design, bench.replicates(300, 5000)) for name, design in designs.items()]
    found = dict(zip(designs, bench.run(cells), strict=True))
    return [
        Table(
            "judges",
            f"Judges that err, {LABELLED} labelled items: coverage, nominal 95 %",
            "How often the interval holds the true difference, in per cent, and its half-width, in points.",
            ("covered", "half-width"),
            tuple(_row(name, way, tallies) for name, tallies in found.items() for way in WAYS),
        )
    ]


def _row(name: str, way: str, tallies: Mapping[str, Tally]) -> Row:
    goal = Goal(LEAST) if way == CORRECTED else None
    return Row(
        f"{name}: {way}",
        {
            "covered": Entry(tallies[f"{way}: covered"], goal),
            "half-width": Entry(tallies[f"{way}: half-width"]),
        },
    )


def _limits(data: MeasureData) -> Limits:
    read = contrast(data)
    return read.low, read.high


def _youden(known: Calibration) -> float:
    """What a difference shrinks by under a judge who errs alike at both stages."""
    return known.sensitivity + known.specificity - 1


def _corrected(grades: Floats, calibrations: list[Calibration]) -> Limits:
    """Rogan and Gladen's correction of both rates, each by its own calibration."""
    earlier, later = (
        corrected_rate(float(own.mean()), own.size, known) for own, known in zip(grades, calibrations, strict=True)
    )
    return corrected_difference(earlier, later)[1:]


def _part(data: MeasureData, kept: NDArray[np.bool_]) -> MeasureData:
    """The study of some items alone, with dense codes."""
    return replace(
        data,
        values=data.values[:, kept],
        status=data.status[:, kept],
        item=np.unique(data.item[kept], return_inverse=True)[1],
        cluster=np.unique(data.cluster[kept], return_inverse=True)[1],
    )
