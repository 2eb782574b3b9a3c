"""Aligns the rows of one measure of one family: which attempts there are, and which row is which attempt's."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stagelens.outcomes.codes import Codes, Key, combined, number_key


@dataclass(frozen=True, slots=True)
class Attempts:
    """A attempts (``count``) in order of item, epoch and run, and the rows that belong to them.

    ``row``: shape (n,), rows of the measure, some of them several times; ``column``: shape (n,), each one's attempt.
    """

    row: Codes
    column: Codes
    count: int

    def of(self, codes: Codes) -> Codes:
        """Every attempt's code, shape (A,), of the rows' codes, which are the same in all rows of an attempt."""
        found = np.empty(self.count, dtype=codes.dtype)
        found[self.column] = codes[self.row]
        return found


def align(
    item: Codes, epoch: Codes, seed: Codes, stage: Codes, one_checkpoint: NDArray[np.bool_]
) -> tuple[Attempts, NDArray[np.int64] | None]:
    """Align rows by item, epoch and training run (the seed); all arguments but the last have shape (rows,).

    Returns the attempts, and each one's run as a dense code, or None where there are no runs to tell apart.

    ``one_checkpoint``, by stage: the family knows it with one seed only. Such a stage answers in every run alike, so
    that its answers pair with those of each run: its rows are repeated for every seed of the others.
    """
    alone = one_checkpoint[stage]
    seeds = np.unique(seed[~alone])
    row, run = np.arange(len(item)), np.zeros(len(item), dtype=np.int64)
    if len(seeds) > 1:
        of_runs = np.flatnonzero(~alone)
        repeated = np.repeat(np.flatnonzero(alone), len(seeds))
        row = np.concatenate([of_runs, repeated])
        run = np.concatenate([np.searchsorted(seeds, seed[of_runs]), np.arange(len(repeated)) % len(seeds)])
    number = combined([number_key(item[row]), number_key(epoch[row]), Key(run, max(len(seeds), 1))]).dense()
    runs = None
    if len(seeds) > 1:
        runs = np.empty(number.size, dtype=np.int64)
        runs[number.codes] = run
    return Attempts(row, number.codes, number.size), runs
