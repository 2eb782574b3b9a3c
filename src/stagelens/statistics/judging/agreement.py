"""Agreement of judges: Krippendorff's alpha with an interval from whole clusters drawn again.

Source: Krippendorff, "Computing Krippendorff's Alpha-Reliability" (2011); Hayes & Krippendorff (2007). With n_uc judges
who gave unit u the value c, and m_u of them in all, the coincidences of values c and k are

    o_ck = Σ_u n_uc (n_uk - [c = k]) / (m_u - 1),    n_c = Σ_k o_ck,    n = Σ_c n_c,

over the units that two judges or more graded, and alpha = 1 - (n - 1) Σ o_ck δ²_ck / Σ n_c n_k δ²_ck. δ² is 1 between
different values (nominal), the squared difference of the values (interval), or of their mid-ranks (ordinal).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from stagelens.statistics.intervals.tails import FloatArray

Scale = Literal["nominal", "ordinal", "interval"]

REPLICATES: Final = 1000
STEPS: Final = 21
"""Grades of more distinct values than this are rounded to as many equal steps of their range."""

_AT_ONCE: Final = 4_000_000
"""Numbers held at once while replicates are drawn."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """Krippendorff's ``alpha`` (1: agreement, 0: as by chance) and its limits, at a ``level`` of measurement."""

    level: Scale
    alpha: float
    low: float
    high: float


def krippendorff(grades: FloatArray, level: Scale) -> float:
    """Krippendorff's alpha of ``grades``, shape (J, U): judges × units, NaN where a judge gave none.

    NaN where it is undefined: no unit that two judges graded, or one value throughout.
    """
    values, counts = _counts(grades)
    return float(_alpha(_coincidences(counts).sum(axis=0)[None], values, level)[0])


def agreement(
    grades: FloatArray,
    cluster: NDArray[np.int64],
    level: Scale,
    confidence: float = 0.95,
    replicates: int = REPLICATES,
) -> Agreement | None:
    """Alpha with a percentile interval: whole clusters of units drawn with replacement, ``replicates`` times.

    ``grades``: shape (J, U), NaN where a judge gave none; ``cluster``: codes from 0, shape (U,). None where alpha is
    undefined. The draws are seeded, and clusters that look the same are drawn as one kind, so that the result does not
    depend on the order of judges, units or cluster codes. Replicates of one value throughout are left out.
    """
    values, counts = _counts(grades)
    paired = counts.sum(axis=1) >= 2
    coincidences = _coincidences(counts[paired])
    estimate = float(_alpha(coincidences.sum(axis=0)[None], values, level)[0])
    if np.isnan(estimate):
        return None
    _, codes = np.unique(cluster[paired], return_inverse=True)
    totals = np.zeros((codes.max() + 1, coincidences.shape[1] ** 2))
    np.add.at(totals, codes, coincidences.reshape(len(codes), -1))
    kinds, times = np.unique(totals.round(9), axis=0, return_counts=True)
    rng, drawn = np.random.default_rng(0), []
    chunk = max(1, _AT_ONCE // (len(kinds) + kinds.shape[1]))
    for start in range(0, replicates, chunk):
        draws = rng.multinomial(times.sum(), times / times.sum(), size=min(chunk, replicates - start))
        sums = np.einsum("rk,kv->rv", draws.astype(np.float64), kinds)
        drawn.append(_alpha(sums.reshape(len(draws), len(values), len(values)), values, level))
    alphas = np.concatenate(drawn)
    tail = (1 - confidence) / 2
    low, high = np.quantile(alphas[~np.isnan(alphas)], [tail, 1 - tail])
    return Agreement(level, estimate, float(low), float(high))


def _counts(grades: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The V distinct values in order, scaled to 0 to 1, and how many judges gave each to each unit, shape (U, V)."""
    graded = grades[~np.isnan(grades)]
    if not graded.size:
        return np.zeros(0), np.zeros((grades.shape[1], 0))
    span = float(np.ptp(graded)) or 1.0
    scaled = (grades - graded.min()) / span
    if len(np.unique(graded)) > STEPS:
        scaled = np.round(scaled * (STEPS - 1)) / (STEPS - 1)
    values = np.unique(scaled[~np.isnan(scaled)])
    return values, np.stack([(scaled == value).sum(axis=0) for value in values], axis=-1).astype(np.float64)


def _coincidences(counts: FloatArray) -> FloatArray:
    """Every unit's coincidences, shape (U, V, V); zero where fewer than two judges graded it."""
    judges = counts.sum(axis=1)
    pairs = counts[:, :, None] * counts[:, None, :]
    own = np.arange(counts.shape[1])
    pairs[:, own, own] -= counts
    return np.asarray(pairs / np.maximum(judges - 1, 1)[:, None, None], dtype=np.float64)


def _alpha(coincidences: FloatArray, values: FloatArray, level: Scale) -> FloatArray:
    """Alpha of each of R coincidence matrices, shape (R, V, V); NaN where there is no variation."""
    margins = coincidences.sum(axis=2)
    n = margins.sum(axis=1)
    if level == "nominal":
        observed = n - np.trace(coincidences, axis1=1, axis2=2)
        expected = n**2 - (margins**2).sum(axis=1)
    else:
        places = np.broadcast_to(values, margins.shape) if level == "interval" else margins.cumsum(axis=1) - margins / 2
        # Σ w (x - y)² = Σ w (x² + y²) - 2 Σ w x y, with the values centred so that no digits are lost.
        places = places - (margins * places).sum(axis=1, keepdims=True) / np.maximum(n, 1)[:, None]
        squares = (margins * places**2).sum(axis=1)
        observed = 2 * (squares - np.einsum("rck,rc,rk->r", coincidences, places, places))
        expected = 2 * n * squares
    defined = expected > 1e-9 * np.maximum(n, 1) ** 2
    ratio = np.divide((n - 1) * observed, expected, out=np.full(len(n), np.nan), where=defined)
    return np.asarray(1 - ratio, dtype=np.float64)
