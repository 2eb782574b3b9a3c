"""Coverage of the paired difference of two rates: the designs of the table, unequal clusters, rare behaviours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.random import Generator

from simulation.read import CHANGED, DEFAULT, FAST, METHODS, SLOW, contrast, covers
from simulation.tables import Entry, Goal, Row, Table
from simulation.trials import Bench, Cell, Tally
from simulation.worlds import Latent, Layout, equal, log_uniform, same, uniform
from stagelens.statistics.data import MeasureData, Method
from stagelens.statistics.intervals.newcombe import newcombe
from stagelens.statistics.intervals.proportions import tango

Z = 1.959963984540054
LEAST, MOST = 0.935, 0.985
COMMON = 0.05
"""Above this rate an interval may not be too wide either."""

PEERS = ("tango iid", "newcombe iid", "wald unpaired")

FIXED_DESIGNS: dict[str, Latent] = {
    "40 clusters × 2, p=.3": Latent(Layout(equal(40, 2)), (0.3, 0.3), cluster=0.3, item=0.3, kept=0.5),
    "40 × 2 × 5 epochs, p=.3": Latent(Layout(equal(40, 2), epochs=5), (0.3, 0.3), cluster=0.3, item=0.3, kept=0.5),
    "40 × 2, p=.02": Latent(Layout(equal(40, 2)), (0.02, 0.02), cluster=0.3, item=0.3, kept=0.5),
    "n=200, p=.02": Latent(Layout(equal(200, 1)), (0.02, 0.02), item=0.8, kept=0.75),
    "n=5000, p=.1": Latent(Layout(equal(5000, 1)), (0.1, 0.1), item=0.8, kept=0.75),
}
"""The designs that docs/statistics.md tabulates."""

CHANGES = ((0.02, 0.02), (0.1, 0.1), (0.3, 0.3), (0.02, 0.12), (0.1, 0.3), (0.3, 0.5))
ALIKE = {"low": 0.1, "high": 0.7}
"""The share of the latent's variance that a cluster gives."""


@dataclass(frozen=True, slots=True)
class Paired:
    """Whether the intervals of ``methods`` hold the true difference of two stages."""

    world: Latent
    methods: tuple[Method, ...]

    def __call__(self, rng: Generator) -> Mapping[str, float]:
        """One study; the peers', the default's width and false changes come with the default."""
        data = self.world.draw(rng)
        truth = self.world.rates[1] - self.world.rates[0]
        read = {method: contrast(data, method) for method in self.methods}
        measured: dict[str, float] = {method: covers(one, truth) for method, one in read.items()}
        if DEFAULT not in read:
            return measured
        measured |= {name: float(low <= truth <= high) for name, (low, high) in peers(data).items()}
        measured["half-width"] = (read[DEFAULT].high - read[DEFAULT].low) / 2
        if same(self.world.rates):
            measured["false change"] = float(read[DEFAULT].verdict in CHANGED)
        return measured


def peers(data: MeasureData) -> dict[str, tuple[float, float]]:
    """Intervals that one finds elsewhere, which take every attempt for an independent one."""
    earlier, later = data.values
    n = earlier.size
    both, gained = float(np.sum(earlier * later)), float(np.sum(later > earlier))
    lost, difference = float(np.sum(earlier > later)), float(np.mean(later) - np.mean(earlier))
    half = Z * sqrt(sum(float(np.mean(x) * (1 - np.mean(x))) for x in (earlier, later)) / n)
    return {
        "tango iid": tango(gained / n, lost / n, n, Z),
        "newcombe iid": newcombe(both, gained, lost, n - both - gained - lost, Z),
        "wald unpaired": (difference - half, difference + half),
    }


def designs(*, quick: bool) -> dict[str, Latent]:
    """All designs by name; the quick form leaves out half of those with unequal clusters."""
    found = dict(FIXED_DESIGNS)
    for spread, sizes in (("uniform", uniform), ("log-uniform", log_uniform)):
        for clusters in (40, 100):
            for alike, share in ALIKE.items():
                for place, rates in enumerate(CHANGES):
                    if quick and (clusters == 100) != (place % 2 == (alike == "low")):
                        continue
                    name = f"{clusters} clusters of 1–20 {spread}, {alike} ICC, {_change(rates)}"
                    found[name] = Latent(Layout(sizes(clusters)), rates, cluster=share, item=0.1, kept=0.5)
    return found


def coverage(bench: Bench) -> list[Table]:
    """The default at every design, the other methods beside it, false changes where nothing differs."""
    worlds = designs(quick=bench.quick)
    found: dict[str, dict[str, Tally]] = {name: {} for name in worlds}
    for methods, replicates in ((FAST, bench.replicates(500, 6000)), (SLOW, bench.replicates(60, 400))):
        cells = [Cell(f"paired/{name}", Paired(world, methods), replicates) for name, world in worlds.items()]
        for name, tallies in zip(worlds, bench.run(cells), strict=True):
            found[name] |= tallies
    rows = []
    for name, world in worlds.items():
        goals = {DEFAULT: Goal(LEAST, MOST if min(world.rates) > COMMON else None)}
        rows.append(Row(name, {column: Entry(tally, goals.get(column)) for column, tally in found[name].items()}))
    return [
        Table(
            "coverage",
            "Coverage of the paired difference, nominal 95 %",
            "How often the interval holds the true difference, in per cent; the default's half-width, in points, and "
            "how often it says `changed` where nothing did. The last three take every attempt for independent.",
            (*METHODS, *PEERS, "false change", "half-width"),
            tuple(rows),
        )
    ]


def _change(rates: tuple[float, ...]) -> str:
    earlier, later = (f"{rate:g}".removeprefix("0") for rate in rates)
    return f"p={earlier}" if earlier == later else f"{earlier}→{later}"
