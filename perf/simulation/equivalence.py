"""False equivalence: how often a true difference of exactly the margin is called equivalent or below the margin.

The grid is wide and its cells are many, so it is searched first with few replicates; then the worst cells are simulated
afresh with many. Only these second numbers are judged: the first ones are the worst of many partly by chance.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product

from numpy.random import Generator

from simulation.read import DEFAULT, GUARANTEED, SAME, contrast, methods
from simulation.tables import Entry, Goal, Row, Table
from simulation.trials import Bench, Cell, Tallies, Tally
from simulation.worlds import Concentration, Flips, Layout, equal, log_uniform, uniform
from stagelens.statistics.data import Method
from stagelens.statistics.design.planning import clusters_to_certify

ALPHA = 0.05
MOST = {DEFAULT: 0.065, GUARANTEED: 0.05}
SIZES = {
    "size 1": lambda clusters: equal(clusters, 1),
    "size 2": lambda clusters: equal(clusters, 2),
    "size 5": lambda clusters: equal(clusters, 5),
    "size 10": lambda clusters: equal(clusters, 10),
    "1–20 uniform": uniform,
    "1–20 log-uniform": log_uniform,
}
BASES = (0.001, 0.02, 0.1, 0.3, 0.5)
STIRRED = 0.5
"""Where answers that do not flip are drawn anew, half of them are."""


@dataclass(frozen=True, slots=True)
class OnTheMargin:
    """Whether a method calls the two stages the same."""

    world: Flips
    methods: tuple[Method, ...]

    def __call__(self, rng: Generator) -> Mapping[str, float]:
        """One study."""
        data = self.world.draw(rng)
        return {method: float(contrast(data, method, self.world.change).verdict in SAME) for method in self.methods}


def layout(spread: str, factor: float, margin: float, epochs: int) -> Layout:
    """The smallest layout whose effective number of clusters is ``factor`` times what the gate asks, or more."""
    gate = factor * clusters_to_certify(margin, 1.0, ALPHA)
    clusters = int(gate)
    while True:
        found = Layout(SIZES[spread](clusters), epochs)
        if found.kish >= gate:
            return found
        clusters += 1


def grid(*, quick: bool) -> dict[str, Flips]:
    """Every design by name; the quick form keeps both ends of what it thins out."""
    spreads = ("size 1", "size 5", "1–20 uniform", "1–20 log-uniform") if quick else tuple(SIZES)
    factors = (1, 4) if quick else (1, 2, 4)
    found = {}
    for margin, spread, factor, epochs in product((0.05, 0.1), spreads, factors, (1, 5)):
        place = layout(spread, factor, margin, epochs)
        for concentration in concentrations(spread, epochs):
            for base, stirred in backgrounds(quick=quick):
                name = (
                    f"±{100 * margin:g} points, {base:g}→{base + margin:g}{', stirred' if stirred else ''}, "
                    f"{len(place.sizes)} clusters, {spread}, {epochs} epoch{'s' if epochs > 1 else ''}, {concentration}"
                )
                found[name] = Flips(place, base, margin, concentration, stirred)
    return found


def concentrations(spread: str, epochs: int) -> tuple[Concentration, ...]:
    """The ways to flip that differ in such clusters."""
    if spread == "size 1":
        return ("whole",) if epochs == 1 else ("attempt", "whole")
    return ("attempt", "half", "whole", "large") if spread.startswith("1–20") else ("attempt", "half", "whole")


def backgrounds(*, quick: bool) -> Iterator[tuple[float, float]]:
    """Base rates, each with answers that stay and, where there are enough to matter, with answers that are stirred."""
    for base in (0.001, 0.1, 0.5) if quick else BASES:
        yield base, 0.0
        if base >= 0.1 and not (quick and base == 0.5):
            yield base, STIRRED


def equivalence(bench: Bench) -> list[Table]:
    """Search the grid with the default and the guaranteed method, then judge each one's worst cells afresh."""
    worlds = grid(quick=bench.quick)
    searched = tuple(method for method in methods() if method in MOST)
    names = list(worlds)
    first, again = bench.search(
        [
            Cell(f"margin/{name}", OnTheMargin(world, searched), bench.replicates(100, 1000))
            for name, world in worlds.items()
        ],
        searched,
        worst=10 if bench.quick else 30,
        replicates=bench.replicates(600, 10_000),
    )
    rows = [
        Row(names[place], {m: Entry(tally, Goal(most=MOST[m]) if m in MOST else None) for m, tally in tallies.items()})
        for place, tallies in again.items()
    ]
    return [
        Table(
            "equivalence",
            "False equivalence with the truth exactly on the margin, nominal 5 %",
            f"How often the verdict is `equivalent` or `below_margin`, in per cent: the worst {len(rows)} of "
            f"{len(worlds)} designs that pass the cluster gate, simulated afresh.",
            searched,
            tuple(sorted(rows, key=lambda row: -row.entries[DEFAULT].tally.mean)),
        ),
        _overview(dict(zip(names, first, strict=True)), searched),
    ]


def _overview(found: Mapping[str, Tallies], columns: tuple[Method, ...]) -> Table:
    """The search itself: averages by how the flips are concentrated, then every design."""
    averages = []
    for concentration in ("attempt", "half", "whole", "large"):
        own = [tallies for name, tallies in found.items() if name.endswith(concentration)]
        entries = {m: Entry(sum((tallies[m] for tallies in own), Tally())) for m in columns}
        averages.append(Row(f"average of {len(own)} designs: {concentration}", entries))
    rows = [Row(name, {m: Entry(tallies[m]) for m in columns}) for name, tallies in found.items()]
    note = "The search, in per cent, by how the flips are concentrated. No single estimate of it is judged."
    return Table(
        "equivalence", "False equivalence over the whole grid", note, columns, (*averages, *rows), shown=len(averages)
    )
