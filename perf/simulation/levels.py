"""Coverage of everything else that has an interval: levels, ratios, severities, ordinal superiority."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from numpy.random import Generator

from simulation.paired import LEAST
from simulation.read import covers, covers_ratio, result
from simulation.tables import Entry, Goal, Row, Table
from simulation.trials import Bench, Cell
from simulation.worlds import Latent, Layout, Severities, equal, log_uniform, uniform

LEAST_RATIO = 0.885
"""For intervals of nominally 90 %."""

HARSH, MILD = (0.6, 0.45, 0.3, 0.15, 0.05), (0.4, 0.25, 0.12, 0.05, 0.02)
RARE = (0.04, 0.03, 0.02, 0.01, 0.005)
"""Chances of a severity of at least 1, 2, …, 5."""

LAYOUTS = {
    "n=200": Layout(equal(200, 1)),
    "40 clusters × 2": Layout(equal(40, 2)),
    "40 × 2 × 5 epochs": Layout(equal(40, 2), epochs=5),
    "40 clusters of 1–20 uniform": Layout(uniform(40)),
    "100 clusters of 1–20 log-uniform": Layout(log_uniform(100)),
}
RATES = ((0.001, 0.01), (0.02, 0.05), (0.1, 0.2), (0.3, 0.3), (0.5, 0.9))


@dataclass(frozen=True, slots=True)
class Rates:
    """Whether the intervals of both levels and of their ratio hold the truth."""

    world: Latent

    def __call__(self, rng: Generator) -> Mapping[str, float]:
        """One study."""
        decided = result(self.world.draw(rng))
        earlier, later = self.world.rates
        return {
            "earlier level": covers(decided.stages[0], earlier),
            "later level": covers(decided.stages[1], later),
            "ratio": covers_ratio(decided.contrasts[0], later / earlier),
        }


@dataclass(frozen=True, slots=True)
class Ordinals:
    """Whether the intervals of severities hold the truth: the earlier mean, the difference, ordinal superiority."""

    world: Severities

    def __call__(self, rng: Generator) -> Mapping[str, float]:
        """One study."""
        decided = result(self.world.draw(rng))
        measured = {
            "earlier mean": covers(decided.stages[0], sum(self.world.reached[0])),
            "difference": covers(decided.contrasts[0], self.world.difference),
        }
        if decided.ordinal is not None:
            ordinal, truth = decided.ordinal, self.world.superiority
            measured["superiority"] = float(ordinal.superiority_low <= truth <= ordinal.superiority_high)
        return measured


def levels(bench: Bench) -> list[Table]:
    """Levels and ratios of rates, and severities."""
    replicates, ordinal_replicates = bench.replicates(500, 5000), bench.replicates(300, 5000)
    rates = {
        f"{name}, p={earlier:g} and {later:g}": Latent(
            layout, (earlier, later), cluster=_share(layout), item=0.3, kept=0.7
        )
        for name, layout in LAYOUTS.items()
        for earlier, later in RATES
    }
    severities = {
        f"{name}, {words}": Severities(Latent(layout, (0.5, 0.5), cluster=_share(layout), item=0.3, kept=0.7), reached)
        for name, layout in LAYOUTS.items()
        for words, reached in (
            ("no change", (HARSH, HARSH)),
            ("milder", (HARSH, MILD)),
            ("rare, no change", (RARE, RARE)),
        )
    }
    of_rates = bench.run([Cell(f"levels/{name}", Rates(world), replicates) for name, world in rates.items()])
    of_severities = bench.run(
        [Cell(f"severities/{name}", Ordinals(world), ordinal_replicates) for name, world in severities.items()]
    )
    goals = {"ratio": Goal(LEAST_RATIO)}
    return [
        Table(
            "levels",
            "Coverage of levels (nominal 95 %) and of ratios (nominal 90 %)",
            "How often the interval holds the true rate of a stage, or the true ratio, in per cent.",
            ("earlier level", "later level", "ratio"),
            tuple(
                Row(name, {column: Entry(tally, goals.get(column, Goal(LEAST))) for column, tally in tallies.items()})
                for name, tallies in zip(rates, of_rates, strict=True)
            ),
        ),
        Table(
            "levels",
            "Coverage of severities 0 to 5, nominal 95 %",
            "How often the interval holds the true mean, the true difference of means, and the true ordinal "
            "superiority P(later > earlier) − P(later < earlier) of a pair, in per cent.",
            ("earlier mean", "difference", "superiority"),
            tuple(
                Row(name, {column: Entry(tally, Goal(LEAST)) for column, tally in tallies.items() if tally.n})
                for name, tallies in zip(severities, of_severities, strict=True)
            ),
        ),
    ]


def _share(layout: Layout) -> float:
    """What a cluster gives to the latent's variance: nothing where every item is its own."""
    return 0.0 if max(layout.sizes) == 1 else 0.4
