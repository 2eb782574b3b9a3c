"""A cheap screen of a rare behaviour, corrected by a strong judge's answers to what it flags and some of the rest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
from numpy.random import Generator

from simulation.paired import LEAST
from simulation.read import SAME, contrast
from simulation.tables import Entry, Goal, Row, Table
from simulation.trials import Bench, Cell, Tally
from simulation.worlds import Floats, Latent, Layout, equal
from stagelens.engine.drawing import LEAST_DRAWN
from stagelens.statistics.data import Labels, MeasureData

WAYS = ("screen alone", "cascade", "all judged")
CORRECTED = "cascade"
STEADY, DRIFTING = (0.5, 0.5), (0.7, 0.3)
"""The screen's sensitivity at both stages."""
SPECIFICITY = 0.97
MARGIN = 0.01
"""A true difference of one point lies exactly on it."""
FALSELY_SAME = 0.065


@dataclass(frozen=True, slots=True)
class Cascaded:
    """What the screen alone, the cascade and a strong judge of every answer make of a true difference.

    ``rest``: the share of what the screen does not flag that the strong judge, who does not err, is asked about.
    """

    world: Latent
    sensitivity: tuple[float, float]
    rest: float

    def __call__(self, rng: Generator) -> Mapping[str, float]:
        """One study."""
        data = self.world.draw(rng)
        screened = replace(data, values=self.screen(rng, data.values))
        drawn = self.labelled(rng, data.values, screened.values)
        asked = np.count_nonzero(~np.isnan(drawn.values)) / drawn.values.size
        ways: dict[str, MeasureData] = {
            "screen alone": screened,
            CORRECTED: replace(screened, labels=drawn),
            "all judged": data,
        }
        truth = self.world.rates[1] - self.world.rates[0]
        found = {"asked": asked}
        for way, graded in ways.items():
            read = contrast(graded, margin=MARGIN)
            found[f"{way}: covered"] = float(read.low <= truth <= read.high)
            found[f"{way}: half-width"] = (read.high - read.low) / 2
            found[f"{way}: same"] = float(read.verdict in SAME)
        return found

    def screen(self, rng: Generator, truth: Floats) -> Floats:
        """The screen's grades of true values of shape (2, A): each answer errs alone."""
        right = rng.random(truth.shape) < np.where(truth == 1, np.array(self.sensitivity)[:, None], SPECIFICITY)
        return np.where(right, truth, 1 - truth)

    def labelled(self, rng: Generator, truth: Floats, screened: Floats) -> Labels:
        """The strong judge's answers, drawn as ``engine.drawing`` draws: flagged attempts all, others by the share."""
        flagged = screened.max(axis=0) == 1
        rest = np.flatnonzero(~flagged)
        lot = rng.random(rest.size)
        chosen = rest[(lot < self.rest) | (lot.argsort().argsort() < LEAST_DRAWN)]
        chance = np.where(flagged, 1.0, np.nan)
        chance[chosen] = chosen.size / rest.size
        probability = np.broadcast_to(chance, truth.shape)
        return Labels(np.where(np.isnan(probability), np.nan, truth), probability, by="strong")


def cascade(bench: Bench) -> list[Table]:
    """Prevalences, sizes, shares and differences; a screen that misses as much at both stages, and one that drifts."""
    designs = {}
    for rate, size, rest, change in product((0.005, 0.02), (2000, 10000), (0.02, 0.1), (0.0, 0.01)):
        for sensitivity in (STEADY, DRIFTING):
            world = Latent(Layout(equal(size, 1)), (rate, rate + change), item=0.8, kept=0.75)
            drifts = "" if sensitivity == STEADY else ", screen drifts"
            name = f"n={size}, {100 * rate:g} % + {100 * change:g}, rest {100 * rest:g} %{drifts}"
            designs[name] = Cascaded(world, sensitivity, rest)
    cells = [Cell(f"cascade/{name}", design, bench.replicates(200, 2000)) for name, design in designs.items()]
    found = dict(zip(designs, bench.run(cells), strict=True))
    return [
        Table(
            "cascade",
            "A screen and a strong judge: coverage of the difference, nominal 95 %",
            "How often the interval holds the true difference, its half-width in points, how often the stages are "
            f"called the same at a margin of {100 * MARGIN:g} point, and the share of answers asked, in per cent.",
            ("covered", "half-width", "same", "asked"),
            tuple(_row(name, way, design, found[name]) for name, design in designs.items() for way in WAYS),
        )
    ]


def _row(name: str, way: str, design: Cascaded, tallies: Mapping[str, Tally]) -> Row:
    ours = way == CORRECTED
    on_margin = design.world.rates[0] != design.world.rates[1]
    entries = {
        "covered": Entry(tallies[f"{way}: covered"], Goal(LEAST) if ours else None),
        "half-width": Entry(tallies[f"{way}: half-width"]),
        "same": Entry(tallies[f"{way}: same"], Goal(most=FALSELY_SAME) if ours and on_margin else None),
    }
    return Row(f"{name}: {way}", entries | ({"asked": Entry(tallies["asked"])} if ours else {}))
