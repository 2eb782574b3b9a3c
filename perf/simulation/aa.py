"""A/A studies: ten measures, no stage differs from another; how many studies call anything changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from numpy.random import Generator

from simulation.read import CHANGED, DEFAULT
from simulation.tables import Entry, Goal, Row, Table
from simulation.trials import Bench, Cell
from simulation.worlds import Latent, Layout, equal, log_uniform, renamed, uniform
from stagelens.statistics.data import Method, Rules
from stagelens.statistics.decide import decide

ALPHA = 0.05
RATES = (0.02, 0.05, 0.1, 0.1, 0.2, 0.3, 0.3, 0.4, 0.5, 0.5)
"""One measure each."""

DESIGNS: dict[str, tuple[Layout, float, int]] = {
    "n=200": (Layout(equal(200, 1)), 0.0, 2),
    "40 clusters × 2": (Layout(equal(40, 2)), 0.4, 2),
    "40 × 2 × 5 epochs": (Layout(equal(40, 2), epochs=5), 0.4, 2),
    "40 clusters of 1–20 uniform": (Layout(uniform(40)), 0.4, 2),
    "100 clusters of 1–20 log-uniform": (Layout(log_uniform(100)), 0.4, 2),
    "n=200, three stages": (Layout(equal(200, 1)), 0.0, 3),
}
"""Layout, what a cluster gives to the latent's variance, stages."""


@dataclass(frozen=True, slots=True)
class Study:
    """Whether any of a study's ten headlines is called changed, with Holm and without; and any contrast at all."""

    layout: Layout
    cluster: float
    stages: int
    method: Method = DEFAULT

    def __call__(self, rng: Generator) -> Mapping[str, float]:
        """One study."""
        worlds = [Latent(self.layout, (p,) * self.stages, cluster=self.cluster, item=0.3, kept=0.5) for p in RATES]
        data = [renamed(world.draw(rng), f"m{place}") for place, world in enumerate(worlds)]
        results = decide(data, Rules(alpha=ALPHA, method=self.method)).results
        headlines = [contrast for one in results for contrast in one.contrasts if contrast.headline]
        steps = [contrast for one in results for contrast in one.contrasts]
        return {
            "with Holm": float(any(contrast.verdict in CHANGED for contrast in headlines)),
            "without": float(any(contrast.p_difference_raw < ALPHA for contrast in headlines)),
            "any contrast": float(any(contrast.verdict in CHANGED for contrast in steps)),
        }


def aa(bench: Bench) -> list[Table]:
    """Every design."""
    cells = [Cell(f"aa/{name}", Study(*design), bench.replicates(400, 5000)) for name, design in DESIGNS.items()]
    goals = {"with Holm": Goal(most=ALPHA)}
    rows = [
        Row(name, {column: Entry(tally, goals.get(column)) for column, tally in tallies.items()})
        for name, tallies in zip(DESIGNS, bench.run(cells), strict=True)
    ]
    return [
        Table(
            "aa",
            "A/A studies of ten measures: any false change",
            "Per cent of studies in which a headline is called changed, with Holm over the headlines and without; "
            "and in which any contrast is (steps are corrected within their measure only).",
            ("with Holm", "without", "any contrast"),
            tuple(rows),
        )
    ]
