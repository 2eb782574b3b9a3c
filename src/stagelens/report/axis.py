"""Axes: from numbers to places on the page."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Axis:
    """A linear axis over [low, high], drawn from ``start`` to ``end`` (SVG units; either may be the larger)."""

    low: float
    high: float
    start: float
    end: float
    ticks: tuple[float, ...]

    def at(self, value: float) -> float:
        """Where ``value`` lies; one beyond the axis is drawn at its end."""
        inside = min(max(value, self.low), self.high)
        return self.start + (inside - self.low) / (self.high - self.low) * (self.end - self.start)


def level_axis(low: float, high: float, start: float, end: float) -> Axis:
    """The whole scale of a measure, with three to six ticks at round numbers."""
    step = _round_up((high - low) / 5, (1.0, 2.0, 2.5, 5.0))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return Axis(low, high, start, end, tuple(index * step for index in range(first, last + 1)))


def difference_axis(reach: float, start: float, end: float, *, most: float = math.inf) -> Axis:
    """Zero in the middle and 1, 2 or 5 × 10ᵏ on either side: the first of these that reaches ``reach``, up to ``most``.

    With so few scales to choose from, rows of a picture mostly share one, and its labels say which.
    """
    half = min(_round_up(reach, (1.0, 2.0, 5.0)), most)
    return Axis(-half, half, start, end, (-half, -half / 2, 0.0, half / 2, half))


def _round_up(value: float, steps: tuple[float, ...]) -> float:
    """The smallest step × 10ᵏ that is not below ``value`` (a hair's breadth aside)."""
    size = max(value, 1e-6)
    power = 10.0 ** math.floor(math.log10(size))
    return next(
        (step * power for step in (*steps, 10 * steps[0]) if step * power >= size * (1 - 1e-9)),
        10 * steps[0] * power,
    )
