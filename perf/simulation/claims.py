"""Claims that are false by one measure: how often "at least four of five" is certified all the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from numpy.random import Generator

from simulation.tables import Entry, Goal, Row, Table
from simulation.trials import Bench, Cell
from simulation.worlds import Flips, Latent, Layout, equal, renamed, uniform
from stagelens.statistics.data import Claim, Rules
from stagelens.statistics.decide import decide

MOST = 0.065
MARGIN = 0.05
MEASURES, AT_LEAST = 5, 4
LAYOUTS = {
    "n=1500": Layout(equal(1500, 1)),
    "150 clusters of 1–20 uniform": Layout(uniform(150)),
}


@dataclass(frozen=True, slots=True)
class FiveMeasures:
    """Whether "at least four of five measures are established" is certified, when exactly ``true`` of them are.

    The true ones do not differ at all; the others differ by exactly the margin, in whole clusters.
    """

    layout: Layout
    true: int

    def __call__(self, rng: Generator) -> Mapping[str, float]:
        """One study."""
        still = Latent(self.layout, (0.3, 0.3), item=0.9, kept=1.0)
        flips = Flips(self.layout, 0.1, MARGIN, "whole")
        data = [renamed((still if k < self.true else flips).draw(rng), f"m{k}") for k in range(MEASURES)]
        claim = Claim(tuple(f"bench/{one.measure}" for one in data), "sft", AT_LEAST)
        return {"certified": float(decide(data, Rules(claims=(claim,))).claims[0].certified)}


def claims(bench: Bench) -> list[Table]:
    """Claims that are false by one, two and five measures, and ones that are true."""
    designs = {
        f"{true} of {MEASURES} true, {name}": FiveMeasures(layout, true)
        for name, layout in LAYOUTS.items()
        for true in (0, 2, 3, 4, 5)
    }
    cells = [Cell(f"claims/{name}", design, bench.replicates(300, 5000)) for name, design in designs.items()]
    rows = [
        Row(name, {"certified": Entry(tallies["certified"], Goal(most=MOST) if design.true < AT_LEAST else None)})
        for (name, design), tallies in zip(designs.items(), bench.run(cells), strict=True)
    ]
    return [
        Table(
            "claims",
            f'The claim "at least {AT_LEAST} of {MEASURES} measures are established by sft"',
            "Per cent of studies in which it is certified; it is false where fewer are true, and the others lie "
            "exactly on the margin.",
            ("certified",),
            tuple(rows),
        )
    ]
