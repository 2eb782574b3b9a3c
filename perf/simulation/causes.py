"""Wrong causes and wrong "established by" over the grid of truths, with two foils beside the instrument.

The foils are what a reader of bars does: a stage is the cause if its interval and the one before do not overlap
(*overlap*), or if its step is the largest (*argmax*). Both answer from the same levels.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

from numpy.random import Generator
from truths import MARGIN, TRUTHS, Truth

from simulation.read import result
from simulation.tables import Entry, Goal, Row, Table
from simulation.trials import Bench, Cell, Tallies, Tally
from simulation.worlds import Latent, Layout, equal, uniform
from stagelens.statistics.results import Level

GOALS = {"wrong": Goal(most=0.05), "too early": Goal(most=0.065)}
"""A stage is named too early by a false equivalence, whose goal is that of the default interval."""

COLUMNS = ("wrong", "right", "overlap wrong", "argmax wrong", "too early", "earliest right")
LAYOUTS: dict[str, tuple[Layout, float]] = {
    "n=200": (Layout(equal(200, 1)), 0.0),
    "n=1000": (Layout(equal(1000, 1)), 0.0),
    "100 clusters of 1–20 uniform": (Layout(uniform(100)), 0.2),
}
"""Layout, and what a cluster gives to the latent's variance."""


@dataclass(frozen=True, slots=True)
class Family:
    """Whether the cause and "established by" of one family are wrong or right."""

    world: Latent
    truth: Truth

    def __call__(self, rng: Generator) -> Mapping[str, float]:
        """One study."""
        decided = result(self.world.draw(rng), margin=MARGIN / 1000)
        named = decided.established_by
        return {
            "wrong": float(self.truth.wrong(decided.cause)),
            "right": float(decided.cause == self.truth.cause),
            "overlap wrong": float(self.truth.wrong(overlap(decided.stages))),
            "argmax wrong": float(self.truth.wrong(argmax(decided.stages))),
            "too early": float(named is not None and too_early(self.truth, named)),
            "earliest right": float(named == earliest(self.truth)),
        }


def overlap(stages: tuple[Level, ...]) -> str:
    """The only stage whose interval does not overlap the one before; ``mixed`` for several, else ``no_change``."""
    apart = [later.stage for earlier, later in pairwise(stages) if later.low > earlier.high or later.high < earlier.low]
    if len(apart) == 1:
        return apart[0]
    return "mixed" if apart else "no_change"


def argmax(stages: tuple[Level, ...]) -> str:
    """The stage with the largest step."""
    steps = {
        later.stage: abs((later.estimate or 0.0) - (earlier.estimate or 0.0)) for earlier, later in pairwise(stages)
    }
    return max(steps, key=lambda stage: steps[stage])


def too_early(truth: Truth, stage: str) -> bool:
    """Whether this stage, or one between it and production, truly lies the margin or more from production."""
    rates = truth.thousandths[truth.stages.index(stage) :]
    return any(abs(rate - rates[-1]) >= MARGIN for rate in rates)


def earliest(truth: Truth) -> str:
    """The stage from which on every stage truly lies within the margin of production."""
    return next(stage for stage in truth.stages if not too_early(truth, stage))


def causes(bench: Bench) -> list[Table]:
    """Search the grid on every layout, then judge afresh what is worst."""
    designs = {
        f"{truth.name} ({_rates(truth)}), {place}: {truth.cause}": Cell(
            f"causes/{place}/{truth.name}",
            Family(Latent(layout, truth.rates, cluster=share, item=0.7 - share, kept=0.9), truth),
            bench.replicates(100, 1000),
        )
        for place, (layout, share) in LAYOUTS.items()
        for truth in TRUTHS
    }
    names = list(designs)
    first, again = bench.search(
        list(designs.values()),
        ("wrong", "too early"),
        worst=8 if bench.quick else 20,
        replicates=bench.replicates(500, 5000),
    )
    rows = [
        Row(names[place], {column: Entry(tally, GOALS.get(column)) for column, tally in tallies.items()})
        for place, tallies in again.items()
    ]
    return [
        Table(
            "causes",
            "Wrong causes, and stages named too early",
            "*Wrong*: per cent of families in which a stage is named as the cause that is not the true one, by the "
            "instrument and by two foils; *right*: the true cause is named, or rightly no stage. *Too early*: the "
            "stage of established by, or one after it, truly differs from production by the margin or more. The worst "
            f"{len(rows)} of {len(names)} designs, simulated afresh.",
            COLUMNS,
            tuple(rows),
        ),
        _overview(dict(zip(names, first, strict=True))),
    ]


def _overview(found: Mapping[str, Tallies]) -> Table:
    """The search itself: each layout's averages, then every design."""
    averages = []
    for place in LAYOUTS:
        own = [tallies for name, tallies in found.items() if f", {place}: " in name]
        entries = {column: Entry(sum((tallies[column] for tallies in own), Tally())) for column in COLUMNS}
        averages.append(Row(f"average of {len(own)} truths, {place}", entries))
    rows = [Row(name, {column: Entry(tallies[column]) for column in COLUMNS}) for name, tallies in found.items()]
    note = "The search, in per cent. No single estimate of it is judged."
    return Table("causes", "Causes over the whole grid", note, COLUMNS, (*averages, *rows), shown=len(averages))


def _rates(truth: Truth) -> str:
    return " ".join(f"{rate:g}".removeprefix("0") for rate in truth.rates)
