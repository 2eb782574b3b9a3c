"""False equivalence: how often a true difference of exactly the margin is called equivalent or below the margin.

The grid is wide and its cells are many, so it is searched first with few replicates; then the worst cells are simulated
afresh with many. Only these second numbers are judged: the first ones are the worst of many partly by chance.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product

from numpy.random import Generator

from simulation.read import DEFAULT, FAST, GUARANTEED, METHODS, SAME, contrast
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
TITLE = "False equivalence with the truth exactly on the margin, nominal 5 %"
COUNTED = "How often the verdict is `equivalent` or `below_margin`, in per cent"
FIXED_DESIGNS = {
    "40 clusters × 5 epochs, .02→.12": Flips(Layout(equal(40, 1), epochs=5), 0.02, 0.1, "whole"),
    "100 clusters × 2, .1→.15": Flips(Layout(equal(100, 2)), 0.1, 0.05, "whole"),
    "200 clusters × 1, .001→.051": Flips(Layout(equal(200, 1)), 0.001, 0.05, "whole"),
}
"""The designs that docs/statistics.md tabulates."""

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
    """The smallest layout whose clusters are worth ``factor`` times what the gate asks of equal ones, or more."""
    gate = factor * clusters_to_certify(margin, 1.0, ALPHA)
    clusters = int(gate)
    while True:
        found = Layout(SIZES[spread](clusters), epochs)
        if found.equal_clusters(margin) >= gate:
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
    """The designs that docs/statistics.md tabulates; then the grid, searched by the default and the betting bound."""
    worlds = grid(quick=bench.quick)
    return [
        _tabulated(bench),
        *_searched(bench, worlds, FAST, bench.replicates(100, 500), bench.replicates(600, 6000)),
        *_searched(bench, worlds, (GUARANTEED,), bench.replicates(20, 100), bench.replicates(300, 2000)),
    ]


def _tabulated(bench: Bench) -> Table:
    cells = [
        Cell(f"margin/{name}", OnTheMargin(world, METHODS), bench.replicates(200, 2000))
        for name, world in FIXED_DESIGNS.items()
    ]
    rows = tuple(Row(name, _judged(tallies)) for name, tallies in zip(FIXED_DESIGNS, bench.run(cells), strict=True))
    return Table("equivalence", TITLE, f"{COUNTED}.", METHODS, rows)


def _searched(
    bench: Bench, worlds: Mapping[str, Flips], methods: tuple[Method, ...], few: int, many: int
) -> list[Table]:
    """The designs that are worst for the first method, judged afresh; then the search itself."""
    names, method = list(worlds), methods[0]
    first, again = bench.search(
        [Cell(f"margin/{method}/{name}", OnTheMargin(world, methods), few) for name, world in worlds.items()],
        (method,),
        worst=10 if bench.quick else 30,
        replicates=many,
    )
    rows = [Row(names[place], _judged(tallies)) for place, tallies in again.items()]
    highest = sorted(rows, key=lambda row: -row.entries[method].tally.mean)
    note = f"{COUNTED}: the {len(rows)} of {len(names)} designs that are worst for {method}, simulated afresh."
    return [
        Table("equivalence", f"{TITLE}: {method}", note, methods, tuple(highest)),
        _overview(methods, dict(zip(names, first, strict=True))),
    ]


def _judged(tallies: Tallies) -> dict[str, Entry]:
    return {name: Entry(tally, Goal(most=MOST[name]) if name in MOST else None) for name, tally in tallies.items()}


def _overview(methods: tuple[Method, ...], found: Mapping[str, Tallies]) -> Table:
    """The search itself: averages by how the flips are concentrated, then every design."""
    averages = []
    for concentration in ("attempt", "half", "whole", "large"):
        own = [tallies for name, tallies in found.items() if name.endswith(concentration)]
        entries = {str(method): Entry(sum((tallies[method] for tallies in own), Tally())) for method in methods}
        averages.append(Row(f"average of {len(own)} designs: {concentration}", entries))
    rows = [Row(name, {method: Entry(tallies[method]) for method in methods}) for name, tallies in found.items()]
    note = "The search, in per cent, by how the flips are concentrated. No single estimate of it is judged."
    title = f"False equivalence over the whole grid: {methods[0]}"
    return Table("equivalence", title, note, methods, (*averages, *rows), shown=len(averages))
