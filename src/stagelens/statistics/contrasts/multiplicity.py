"""Corrections for looking at many things: Holm's step-down, Benjamini and Hochberg's step-up, partial conjunctions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def holm(p: Sequence[float]) -> tuple[float, ...]:
    """Holm's adjusted p values (1979), in the order given: they control the family-wise error at any dependence."""
    values = np.asarray(p, dtype=np.float64)
    order = np.argsort(values, kind="stable")
    stepped = np.maximum.accumulate(values[order] * np.arange(len(values), 0, -1))
    adjusted = np.empty_like(values)
    adjusted[order] = np.minimum(stepped, 1.0)
    return tuple(float(x) for x in adjusted)


def benjamini_hochberg(p: Sequence[float]) -> tuple[float, ...]:
    """Benjamini and Hochberg's adjusted p values (1995), in the order given: they control the false discovery rate.

    For exploration only: at independence, or positive dependence (Benjamini & Yekutieli 2001).
    """
    values = np.asarray(p, dtype=np.float64)
    order = np.argsort(values, kind="stable")[::-1]
    stepped = np.minimum.accumulate(values[order] * len(values) / np.arange(len(values), 0, -1))
    adjusted = np.empty_like(values)
    adjusted[order] = np.minimum(stepped, 1.0)
    return tuple(float(x) for x in adjusted)


def partial_conjunction(p: Sequence[float], at_least: int) -> float:
    """p value of "fewer than ``at_least`` of these hold": (B - r + 1) p_(r), capped at 1 (Benjamini & Heller 2008)."""
    return min(1.0, (len(p) - at_least + 1) * sorted(p)[at_least - 1])
