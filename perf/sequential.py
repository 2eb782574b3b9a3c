"""Generations until a verdict: the paired five-look design against an unpaired one of fixed size, at equal error rates.

    python perf/sequential.py [--quick] [--json]

Rates of .1 and .3, correlation .5 between stages, margin 5 points, alpha .05, power .9 to certify "no change". The size
of the unpaired design is the textbook's (Julious 2004), read by Newcombe's score interval of two samples; the paired
ones are as large as the simulation says they have to be, read as the analysis reads them. Goal: at most half of the
unpaired design's generations an arm, where nothing changes and where the change is of 15 points.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from stagelens.statistics.design.planning import clusters_to_certify
from stagelens.statistics.intervals.tails import quantile
from stagelens.statistics.planning.courses import Aim
from stagelens.statistics.planning.simulate import fewest_clusters, run_course
from stagelens.statistics.planning.worlds import AssumedRates
from stagelens.study.prospects import unpaired

MARGIN, ALPHA, POWER, CORRELATION, LOOKS, CHANGE = 0.05, 0.05, 0.9, 0.5, 5, 0.15
RATES = (0.1, 0.3)
GOAL = 0.5
AIM = Aim(MARGIN, ALPHA, clusters_to_certify(MARGIN, 1.0, ALPHA))
BLOCK = 2000
"""Replicates at once."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Row:
    """One design at one rate. ``errors``: Monte Carlo standard errors, by field."""

    rate: float
    design: str
    largest: float
    no_change: float
    changed: float
    power: float
    false_same: float
    false_change: float
    errors: dict[str, float]


def rows(rate: float, blocks: int) -> list[Row]:
    """The unpaired, the paired and the five-look design at one rate."""
    fixed = unpaired(rate * (1 - rate), AIM, POWER)
    found = [_unpaired(rate, fixed, blocks)]
    for design, looks in (("paired, fixed", 1), (f"paired, {LOOKS} looks", LOOKS)):
        found.append(_paired(rate, design, looks, fixed / 2, blocks))
    return found


def _paired(rate: float, design: str, looks: int, guess: float, blocks: int) -> Row:
    world = AssumedRates(rate, CORRELATION, (1,))
    sizes = [
        fewest_clusters(world, AIM, power=POWER, guess=guess, seed=seed, looks=looks, replicates=BLOCK)
        for seed in range(blocks)
    ]
    needed = np.array([size.value for size in sizes if size is not None])
    largest = round(float(needed.mean()))

    def courses(change: float, seed: int) -> list[Floats]:
        found = [
            run_course(world, AIM, largest, looks=looks, change=change, seed=seed + block, replicates=BLOCK)
            for block in range(blocks)
        ]
        return [
            np.concatenate([np.asarray(getattr(course, name), dtype=np.float64) for course in found])
            for name in ("clusters", "same", "changed")
        ]

    nothing, change, edge = courses(0.0, 1000), courses(CHANGE, 2000), courses(MARGIN, 3000)
    return _row(
        rate, design, (float(largest), float(needed.std() / sqrt(len(needed)))), nothing[0], change[0], nothing[1],
        edge[1], nothing[2],
    )  # fmt: skip


def _unpaired(rate: float, n: int, blocks: int) -> Row:
    """Two samples of ``n``: what Newcombe's interval (1998, method 10 of the two-sample paper) certifies."""
    rng = np.random.default_rng(7)

    def limits(later: float, level: float) -> tuple[Floats, Floats]:
        first, second = rng.binomial(n, rate, blocks * BLOCK) / n, rng.binomial(n, later, blocks * BLOCK) / n
        z = quantile(1 - level)
        (low_1, high_1), (low_2, high_2) = _wilson(first, n, z), _wilson(second, n, z)
        difference = second - first
        low = difference - np.sqrt((second - low_2) ** 2 + (high_1 - first) ** 2)
        return low, difference + np.sqrt((high_2 - second) ** 2 + (first - low_1) ** 2)

    def within(later: float) -> Floats:
        low, high = limits(later, ALPHA)
        return np.asarray((low > -MARGIN) & (high < MARGIN), dtype=np.float64)

    low, high = limits(rate, ALPHA / 2)
    all_of_it = np.full(blocks * BLOCK, float(n))
    return _row(
        rate, "unpaired, fixed", (float(n), 0.0), all_of_it, all_of_it, within(rate), within(rate + MARGIN),
        np.asarray((low > 0) | (high < 0), dtype=np.float64),
    )  # fmt: skip


def _wilson(rate: Floats, n: int, z: float) -> tuple[Floats, Floats]:
    centre, half = rate + z**2 / (2 * n), z * np.sqrt(rate * (1 - rate) / n + z**2 / (4 * n**2))
    return (centre - half) / (1 + z**2 / n), (centre + half) / (1 + z**2 / n)


def _row(
    rate: float, design: str, largest: tuple[float, float], no_change: Floats, changed: Floats, power: Floats,
    false_same: Floats, false_change: Floats,
) -> Row:  # fmt: skip
    simulated = {
        "no_change": no_change,
        "changed": changed,
        "power": power,
        "false_same": false_same,
        "false_change": false_change,
    }
    errors = {name: float(values.std() / sqrt(len(values))) for name, values in simulated.items()}
    means = {name: float(values.mean()) for name, values in simulated.items()}
    return Row(rate, design, largest[0], **means, errors={"largest": largest[1], **errors})


def main() -> None:
    """Print the table, and whether the goal is met."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="4,000 replicates instead of 40,000")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    table = [row for rate in RATES for row in rows(rate, 2 if arguments.quick else 20)]
    if arguments.json:
        print(json.dumps([vars(row) for row in table], indent=2))
        return
    print(f"{'':22}{'generations an arm':^36}{'power':>14}{'false':>14}{'false':>14}")
    print(
        f"{'rate, design':22}{'at most':>12}{'no change':>12}{'15 points':>12}{'':14}{'equivalent':>14}{'change':>14}"
    )
    for row in table:
        rates = (("power", row.power), ("false_same", row.false_same), ("false_change", row.false_change))
        shown = "".join(f"{100 * value:8.1f} ±{100 * row.errors[name]:3.1f} %" for name, value in rates)
        print(f"{f'{row.rate:g}, {row.design}':22}{row.largest:12.0f}{row.no_change:12.0f}{row.changed:12.0f}{shown}")
    for rate in RATES:
        fixed, _, looks = (row for row in table if row.rate == rate)
        shares = [looks.no_change / fixed.largest, looks.changed / fixed.largest]
        met = "met" if max(shares) <= GOAL else "missed"
        print(
            f"rate {rate:g}: {LOOKS} looks take {shares[0]:.2f} of the unpaired generations where nothing changes, "
            f"{shares[1]:.2f} at 15 points; goal ≤ {GOAL}: {met}"
        )


if __name__ == "__main__":
    main()
