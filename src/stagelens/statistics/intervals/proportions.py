"""Score intervals of one proportion and of a paired difference of proportions.

``n`` is an effective number of independent attempts and need not be whole; ``critical`` is the (t or normal) quantile.
"""

from __future__ import annotations

from collections.abc import Callable
from math import copysign, inf, sqrt

from scipy.special import betaincinv

NARROW = 1e-13
"""A bracket of this width has closed."""

HALVINGS = 52
"""Bisection steps: an interval of length 2 shrinks below 1e-15."""


def wilson(rate: float, n: float, critical: float) -> tuple[float, float]:
    """Wilson's score interval (1927) of one proportion: lower and upper limits in [0, 1]."""
    z2 = critical**2
    centre = (rate + z2 / (2 * n)) / (1 + z2 / n)
    half = sqrt(z2 * (rate * (1 - rate) / n + z2 / (4 * n**2))) / (1 + z2 / n)
    return max(0.0, centre - half), min(1.0, centre + half)


def wilson_score(rate: float, n: float, hypothesis: float) -> float:
    """The score statistic that Wilson's interval inverts; it falls as the ``hypothesis`` in [0, 1] grows."""
    return standardised(rate - hypothesis, hypothesis * (1 - hypothesis), n)


def clopper_pearson_at_zero(n: float, alpha: float) -> float:
    """Upper limit of Clopper and Pearson (1934) at no success in ``n``, each tail alpha/2; n need not be whole."""
    return float(betaincinv(1.0, n, 1 - alpha / 2))


def tango_score(gained: float, lost: float, n: float, delta: float) -> float:
    """Tango's score statistic (1998) of a paired difference of rates; it falls as ``delta`` grows.

    ``gained`` and ``lost`` are the discordant proportions p_b (0 → 1) and p_c (1 → 0), the estimate is p_b - p_c and
    ``delta`` in [-1, 1] the difference under test. Under the hypothesis the variance is 2q + delta (1 - delta), with q
    (lost) the larger root of the constrained likelihood's quadratic 2q² + linear q + constant.
    """
    linear = (2 - gained + lost) * delta - gained - lost
    constant = -lost * delta * (1 - delta)
    root = sqrt(max(linear**2 - 8 * constant, 0.0))
    # Two forms of the same root: the one that loses no digits to cancellation.
    q = -2 * constant / (linear + root) if linear > 0 else (root - linear) / 4
    return standardised(gained - lost - delta, 2 * q + delta * (1 - delta), n)


def tango(gained: float, lost: float, n: float, critical: float) -> tuple[float, float]:
    """Tango's score interval (1998) of a paired difference of rates: the ``delta`` that the statistic does not reject.

    Lower and upper limits in [-1, 1], never of zero width: with nothing discordant ±z²/(n + z²).
    """
    estimate = min(max(gained - lost, -1.0), 1.0)
    low = crossing(lambda delta: tango_score(gained, lost, n, delta) - critical, -1.0, estimate)
    high = crossing(lambda delta: -tango_score(gained, lost, n, delta) - critical, 1.0, estimate)
    return low, high


def standardised(distance: float, variance_of_one: float, n: float) -> float:
    """A distance in standard errors: infinite where nothing can vary, 0 where there is no distance either."""
    if variance_of_one > 0:
        return distance / sqrt(variance_of_one / n)
    return copysign(inf, distance) if distance else 0.0


def crossing(excess: Callable[[float], float], outside: float, inside: float) -> float:
    """Where ``excess`` falls to zero on its way from ``outside`` (above zero, perhaps infinite) to ``inside`` (below).

    By Chandrupatla's method (1997): inverse quadratic interpolation where that is safe, else halving; a fifth of the
    steps of halving alone. The end of the closed bracket that lies outside.
    """
    here, there = inside, outside
    value, other = excess(inside), excess(outside)
    if other <= 0 or value > 0:
        return outside
    part = 0.5
    for _ in range(2 * HALVINGS):
        point = here + part * (there - here)
        found = excess(point)
        if (found > 0) == (value > 0):
            before, last = here, value
        else:
            before, last, there, other = there, other, here, value
        here, value = point, found
        least = NARROW / abs(there - here) if there != here else 1.0
        if least > 0.5:
            break
        across, rise = (here - there) / (before - there), (value - other) / (last - other)
        part = 0.5
        if rise**2 < across and (1 - rise) ** 2 < 1 - across:
            part = value / (other - value) * last / (other - last)
            part += (before - here) / (there - here) * value / (last - value) * other / (last - other)
        part = min(max(part, least), 1 - least)
    return here if value > 0 else there


def bisect(rejected: Callable[[float], bool], outside: float, inside: float) -> float:
    """The edge between ``outside`` (rejected) and ``inside`` (not): the last rejected point."""
    for _ in range(HALVINGS):
        middle = (outside + inside) / 2
        if rejected(middle):
            outside = middle
        else:
            inside = middle
    return outside
