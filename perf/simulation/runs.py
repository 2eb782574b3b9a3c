"""Training runs as the unit: coverage of the difference between two recipes, from a few seeds each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from numpy.random import Generator

from simulation.paired import LEAST
from simulation.read import contrast, covers
from simulation.tables import Entry, Goal, Row, Table
from simulation.trials import Bench, Cell
from simulation.worlds import Latent, Layout, equal, uniform

RATES = {"p=.3": (0.3, 0.3), ".1→.3": (0.1, 0.3)}
SPREAD = {"runs hardly differ": 0.002, "runs differ": 0.1}
"""The share of the latent's variance that a training run gives."""


@dataclass(frozen=True, slots=True)
class Recipes:
    """Whether the interval holds the true difference of two recipes; and its half-width."""

    world: Latent

    def __call__(self, rng: Generator) -> Mapping[str, float]:
        """One study."""
        read = contrast(self.world.draw(rng))
        truth = self.world.rates[1] - self.world.rates[0]
        return {"covered": covers(read, truth), "half-width": (read.high - read.low) / 2}


def runs(bench: Bench) -> list[Table]:
    """Three and five seeds."""
    designs = {
        f"{seeds} seeds, {name}, {change}, {words}": Latent(
            Layout(sizes, runs=seeds), rates, cluster=cluster, item=0.3, run=run, kept=0.7
        )
        for seeds in (3, 5)
        for name, sizes, cluster in (("n=200", equal(200, 1), 0.0), ("40 clusters of 1–20 uniform", uniform(40), 0.3))
        for change, rates in RATES.items()
        for words, run in SPREAD.items()
    }
    cells = [Cell(f"runs/{name}", Recipes(world), bench.replicates(500, 10_000)) for name, world in designs.items()]
    goals = {"covered": Goal(LEAST)}
    return [
        Table(
            "runs",
            "Coverage of the difference between two recipes, nominal 95 %",
            "How often the interval holds the difference of the rates that the recipes have on average over all seeds, "
            "in per cent, and its half-width in points.",
            ("covered", "half-width"),
            tuple(
                Row(name, {column: Entry(tally, goals.get(column)) for column, tally in tallies.items()})
                for name, tallies in zip(designs, bench.run(cells), strict=True)
            ),
        )
    ]
