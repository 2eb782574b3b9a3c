"""Tail areas and quantiles of the normal and of Student's t distribution.

Only ``scipy.special`` is used: ``scipy.stats`` costs a second of start-up.
"""

from __future__ import annotations

from math import inf
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri, stdtr, stdtrit

FloatArray: TypeAlias = NDArray[np.float64]


def upper_tail(statistic: float, df: float = inf) -> float:
    """P(T > statistic) for Student's t with ``df`` degrees of freedom, by default infinitely many (normal)."""
    return float(ndtr(-statistic) if df == inf else stdtr(df, -statistic))


def quantile(level: float, df: float = inf) -> float:
    """The quantile at ``level`` of Student's t with ``df`` degrees of freedom, by default infinitely many (normal)."""
    return float(ndtri(level) if df == inf else stdtrit(df, level))
