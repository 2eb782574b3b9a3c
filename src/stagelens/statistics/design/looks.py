"""Looks at the data while they come in: what level each may use, so that all of them together err no more than one.

O'Brien and Fleming's boundaries (1979) at looks that are equally spaced in information. With the fraction t = k/K of it
at look k of K, the statistic z_k √t is a Brownian motion W at t, and a look rejects where W(t) ≥ C. The repeated p
value of a look is P(max_k W(k/K) ≥ z √t), the limits at its level are repeated confidence limits (Jennison & Turnbull
1989): both hold at whatever look one stops, and for whatever reason. Holm's procedure may be run on repeated p values
(Liu & Anderson 2008; Maurer & Bretz 2013).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from math import sqrt
from typing import Final

import numpy as np
from scipy.special import ndtr, ndtri

from stagelens.statistics.intervals.tails import FloatArray

MOST_LOOKS: Final = 10
NODES: Final = 160
REACH: Final = 9.0
"""How far, in standard deviations, the motion is followed: what lies beyond has a probability below 1e-18."""
EDGES: Final = np.linspace(-REACH, REACH, 1801)
"""Values of C between which the probability is interpolated; linearly in its normal quantile, to about 1e-6."""


@dataclass(frozen=True, slots=True)
class Look:
    """One look of a group-sequential design; ``number`` of ``of``, at most ``MOST_LOOKS``. A fixed design is 1 of 1."""

    number: int = 1
    of: int = 1

    def __post_init__(self) -> None:
        if not 1 <= self.number <= self.of <= MOST_LOOKS:
            raise ValueError(f"look {self.number} of {self.of}: looks count from 1 to at most {MOST_LOOKS}")

    def level(self, alpha: float) -> float:
        """The one-sided level of this look's own test and interval, for a design of one-sided error ``alpha``."""
        if self.of == 1:
            return alpha
        edge = _extended(-ndtri(alpha), _crossing(self.of), EDGES)
        return float(ndtr(-edge / sqrt(self.number / self.of)))

    def p(self, p: float) -> float:
        """The repeated p value of this look from its own one-sided ``p``: below alpha where p < level(alpha).

        It grows with ``p``, from 0 to 1.
        """
        if self.of == 1:
            return p
        edge = -ndtri(p) * sqrt(self.number / self.of)
        return float(ndtr(-_extended(edge, EDGES, _crossing(self.of))))


FIXED: Final = Look()
"""The design without interim looks."""


@cache
def _crossing(looks: int) -> FloatArray:
    """At every C of ``EDGES``: P(max_k W(k/looks) ≥ C), as the normal quantile that it lies above.

    Recursive integration (Armitage, McPherson & Rowe 1969) of the density of the distance below the boundary, in steps
    of unit variance, over Gauss and Legendre's nodes. Only positive terms are added, so that small probabilities are as
    exact as large ones.
    """
    boundary = EDGES * sqrt(looks)
    x, weight = np.polynomial.legendre.leggauss(NODES)
    end = boundary[-1] + REACH * sqrt(looks)
    distance, weight = end * (x + 1) / 2, end * weight / 2
    step = _density(distance[:, None] - distance) * weight
    density = _density(distance[:, None] - boundary)
    crossed = ndtr(-boundary)
    for _ in range(looks - 1):
        crossed = crossed + (weight * ndtr(-distance)) @ density
        density = step @ density
    never = weight @ density
    # Above the median the probability of never crossing is the smaller and more exact one. Rounded, so that the last
    # digits of a matrix product, which depend on the number of threads, decide nothing.
    quantile = np.where(crossed < 0.5, -ndtri(np.minimum(crossed, 0.5)), ndtri(np.minimum(never, 0.5)))
    return np.asarray(np.round(quantile, 10), dtype=np.float64)


def _density(x: FloatArray) -> FloatArray:
    return np.asarray(np.exp(-(x**2) / 2) / sqrt(2 * np.pi), dtype=np.float64)


def _extended(x: float, known: FloatArray, values: FloatArray) -> float:
    """Linear interpolation, continued with slope 1 beyond both ends, so that its inverse swaps the two arrays."""
    beyond = max(x - known[-1], 0.0) + min(x - known[0], 0.0)
    return float(np.interp(x, known, values) + beyond)
