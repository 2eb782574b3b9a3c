"""What judges said of the answers under one measure, as it stands in the outcome table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from stagelens.outcomes.codes import Codes

PANEL: Final = "panel"
HUMAN: Final = "human"


@dataclass(frozen=True, slots=True)
class Grades:
    """The rows of one measure of one family: n grades that judges gave to A attempts of S stages.

    ``stage`` and ``attempt``: where a grade belongs, shape (n,), from 0. ``judge``: index into ``judges``, -1 for none.
    ``value``: NaN unless scored. ``status``: int8, codes of ``statistics.data``. ``probability``: the chance of being
    drawn for a label, NaN or None where none was recorded. No two rows share stage, attempt and judge.
    """

    stage: Codes
    attempt: Codes
    judge: Codes
    value: NDArray[np.float64]
    status: NDArray[np.int8]
    probability: NDArray[np.float64] | None
    judges: tuple[str, ...]
    stages: tuple[str, ...]
    attempts: int

    @property
    def of_cascade(self) -> NDArray[np.bool_]:
        """The rows of judges that were asked about a chosen part of the answers."""
        if self.probability is None:
            return np.zeros(len(self.judge), dtype=np.bool_)
        human = self.judges.index(HUMAN) if HUMAN in self.judges else len(self.judges)
        return np.asarray(~np.isnan(self.probability) & (self.judge >= 0) & (self.judge != human))

    @property
    def shape(self) -> tuple[int, int]:
        """(S, A)."""
        return len(self.stages), self.attempts

    def placed(self, rows: NDArray[np.bool_], column: NDArray[np.float64]) -> NDArray[np.float64]:
        """``column`` of these rows, one an attempt and stage, as shape (S, A); NaN where there is none."""
        table = np.full(self.shape, np.nan)
        table[self.stage[rows], self.attempt[rows]] = column[rows]
        return table


def median(grades: NDArray[np.float64]) -> NDArray[np.float64]:
    """The median over the judges (first axis) of those that gave a grade; NaN where none did."""
    ordered, count = np.sort(grades, axis=0), np.count_nonzero(~np.isnan(grades), axis=0)  # NaN is sorted last
    lower, upper = np.maximum(count - 1, 0) // 2, count // 2
    middle = [np.take_along_axis(ordered, at[None], axis=0)[0] for at in (lower, np.minimum(upper, len(grades) - 1))]
    return np.asarray((middle[0] + middle[1]) / 2)
