"""Replicates of a simulation over all cores, the same whatever their number.

A cell's replicates run in chunks of a fixed size, each with a generator of its own that is seeded by the cell's name
and the chunk's number, so neither the number of processes nor the other cells change a result.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from hashlib import blake2b
from math import nan, sqrt
from typing import TypeAlias

import numpy as np
from numpy.random import Generator

CHUNK = 50
"""Replicates a generator is used for."""

Trial: TypeAlias = Callable[[Generator], Mapping[str, float]]
"""One replicate: what was measured, by name; nan where there was nothing to measure. It has to be picklable."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A trial to repeat. ``name`` seeds it and is unique."""

    name: str
    trial: Trial
    replicates: int


@dataclass(frozen=True, slots=True)
class Tally:
    """The number, sum and sum of squares of what replicates measured."""

    n: int = 0
    total: float = 0.0
    squares: float = 0.0

    def __add__(self, other: Tally) -> Tally:
        """Both together."""
        return Tally(self.n + other.n, self.total + other.total, self.squares + other.squares)

    @property
    def mean(self) -> float:
        """The estimate: nan where nothing was measured."""
        return self.total / self.n if self.n else nan

    @property
    def error(self) -> float:
        """Its Monte Carlo standard error.

        Never 0 for a rate: where every replicate agrees, it is that of half an event in as many replicates.
        """
        if not self.n:
            return nan
        if self.squares == self.total:  # only zeros and ones
            rate = min(max(self.mean, 0.5 / self.n), 1 - 0.5 / self.n)
            return sqrt(rate * (1 - rate) / self.n)
        return sqrt(max(self.squares / self.n - self.mean**2, 0.0) / self.n)


Tallies: TypeAlias = Mapping[str, Tally]


@dataclass(frozen=True, slots=True)
class Bench:
    """Where sections run their cells: the processes, and whether the quick form was asked for.

    ``fixed``: a number of replicates that replaces all others, for a look in seconds.
    """

    executor: Executor
    quick: bool
    fixed: int | None = None

    def replicates(self, quick: int, full: int) -> int:
        """The number for the form that was asked for."""
        if self.fixed is not None:
            return self.fixed
        return quick if self.quick else full

    def run(self, cells: Sequence[Cell]) -> list[Tallies]:
        """What every cell measured, in order."""
        names = [cell.name for cell in cells]
        if len(set(names)) != len(names):
            raise ValueError("two cells have the same name, and would draw the same numbers")
        pieces = [
            (place, cell, chunk) for place, cell in enumerate(cells) for chunk in range(-(-cell.replicates // CHUNK))
        ]
        done: list[dict[str, Tally]] = [{} for _ in cells]
        parts = self.executor.map(_piece, [piece[1:] for piece in pieces], chunksize=4)
        for count, ((place, _, _), part) in enumerate(zip(pieces, parts, strict=True), 1):
            for name, tally in part.items():
                done[place][name] = done[place].get(name, Tally()) + tally
            if sys.stderr.isatty():
                print(f"\r{count} of {len(pieces)} chunks", end="", file=sys.stderr)
        if sys.stderr.isatty():
            print("\r\033[K", end="", file=sys.stderr)
        return list(done)

    def search(
        self, cells: Sequence[Cell], columns: Sequence[str], *, worst: int, replicates: int
    ) -> tuple[list[Tallies], dict[int, Tallies]]:
        """Run all cells, then those with the highest estimates afresh.

        ``worst`` cells of each of ``columns`` are simulated again, with ``replicates`` and other random numbers: the
        highest of many estimates are high partly by chance, and only fresh ones are fair. By place, the worst first.
        """
        first = self.run(cells)
        chosen: dict[int, None] = {}
        for column in columns:
            order = sorted(range(len(cells)), key=lambda place: -first[place][column].mean)
            chosen |= dict.fromkeys(order[:worst])
        again = [Cell(f"{cells[place].name}/afresh", cells[place].trial, replicates) for place in chosen]
        return first, dict(zip(chosen, self.run(again), strict=True))


def generator(name: str, chunk: int) -> Generator:
    """The generator of a cell's chunk."""
    digest = blake2b(name.encode(), digest_size=16).digest()
    return np.random.default_rng([int.from_bytes(digest, "big"), chunk])


def _piece(piece: tuple[Cell, int]) -> dict[str, Tally]:
    cell, chunk = piece
    rng = generator(cell.name, chunk)
    tallies: dict[str, Tally] = {}
    for _ in range(min(CHUNK, cell.replicates - chunk * CHUNK)):
        for name, value in cell.trial(rng).items():
            measured = Tally() if np.isnan(value) else Tally(1, float(value), float(value) ** 2)
            tallies[name] = tallies.get(name, Tally()) + measured
    return tallies
