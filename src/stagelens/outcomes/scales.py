"""A measure as it is analysed: its kind and range, and what had to be assumed about them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from stagelens.outcomes.measures import KNOWN


@dataclass(frozen=True, slots=True)
class Scale:
    """A rate or a severity from ``low`` to ``high``; ``warnings`` say what was assumed."""

    kind: Literal["rate", "severity"]
    low: float
    high: float
    warnings: tuple[str, ...] = ()


def scale_of(measure: str, low: float | None, high: float | None) -> Scale:
    """The scale of a measure whose values go from ``low`` to ``high`` (None where there is no value)."""
    known = KNOWN.get(measure)
    if known is not None:
        return Scale(known.kind, known.low, known.high)
    if low is None or high is None or (low >= 0 and high <= 1):
        return Scale("rate", 0.0, 1.0)
    if low == high:
        low, high = min(low, 0.0), max(high, 0.0)  # one value shows no range: the scale is taken to include 0
    warning = (
        f"{measure} is not a measure known here: taken as a severity from {low:g} to {high:g}, as far as its "
        "values show; answers that are not scored are bounded by that range."
    )
    return Scale("severity", low, high, (warning,))
