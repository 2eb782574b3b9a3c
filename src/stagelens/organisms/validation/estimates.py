"""What many draws measured, with the uncertainty that is left by there being no more of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stagelens.statistics.intervals.tails import quantile


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over draws, its standard error, and how many draws there were (two or more)."""

    mean: float
    error: float
    draws: int

    def interval(self, alpha: float = 0.05) -> tuple[float, float]:
        """By Student's t, at 1 − alpha."""
        reach = quantile(1 - alpha / 2, self.draws - 1) * self.error
        return self.mean - reach, self.mean + reach


def estimate(values: Sequence[float] | NDArray[np.float64]) -> Estimate:
    """The mean of what each of two or more independent draws measured."""
    found = np.asarray(values, dtype=np.float64)
    return Estimate(float(found.mean()), float(found.std(ddof=1) / np.sqrt(found.size)), found.size)
