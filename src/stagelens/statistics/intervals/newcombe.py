"""Newcombe's interval of a paired difference of proportions, for independent pairs (method 10)."""

from __future__ import annotations

from math import sqrt

from stagelens.statistics.intervals.proportions import wilson


def newcombe(both: float, gained: float, lost: float, neither: float, critical: float) -> tuple[float, float]:
    """Limits in [-1, 1] of (gained - lost) / n, from the counts of a paired table of n > 0 independent pairs.

    Wilson's intervals of the two rates, combined as squares and corrected for their correlation φ, whose numerator is
    drawn towards 0 by n/2 where it is positive (Newcombe 1998, Statistics in Medicine 17:2635, method 10).
    """
    n = both + gained + lost + neither
    later, earlier = (both + gained) / n, (both + lost) / n
    product = (both + gained) * (lost + neither) * (both + lost) * (gained + neither)
    agreement = both * neither - gained * lost
    if agreement > 0:
        agreement = max(agreement - n / 2, 0.0)
    phi = agreement / sqrt(product) if product else 0.0
    later_low, later_high = wilson(later, n, critical)
    earlier_low, earlier_high = wilson(earlier, n, critical)

    def reach(one: float, other: float) -> float:
        return sqrt(max(one**2 - 2 * phi * one * other + other**2, 0.0))

    difference = later - earlier
    low = difference - reach(later - later_low, earlier_high - earlier)
    high = difference + reach(earlier - earlier_low, later_high - later)
    return max(low, -1.0), min(high, 1.0)
