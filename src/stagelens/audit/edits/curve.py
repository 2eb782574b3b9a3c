"""How a measure follows the share of a source that stays: straight lines between the shares that were trained. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise

from stagelens.audit.effects import Effect


@dataclass(frozen=True, slots=True)
class Change:
    """By how much a measure is predicted to change, with its interval, in the measure's unit."""

    difference: float
    low: float
    high: float

    def __add__(self, other: Change) -> Change:
        """Both changes at once, as if each came by itself: half widths add like those of independent errors."""
        difference = self.difference + other.difference
        down = ((self.difference - self.low) ** 2 + (other.difference - other.low) ** 2) ** 0.5
        up = ((self.high - self.difference) ** 2 + (other.high - other.difference) ** 2) ** 0.5
        return Change(difference, difference - down, difference + up)


NONE = Change(0.0, 0.0, 0.0)


def predicted(effects: Iterable[Effect], kept: Mapping[str, float]) -> Change | None:
    """The change of one measure where of each source the share ``kept`` stays, 0 to 1; others stay whole.

    Between shares that were trained, and between those and the whole, a source's change and its interval's ends are
    read off straight lines; sources add up. None where a source was never left out, or nothing is known of one: it is
    not extrapolated below the smallest share that was trained.
    """
    known: dict[str, list[tuple[float, Change]]] = {}
    for effect in effects:
        if len(effect.variant.kept) == 1 and effect.difference is not None:
            ((source, share),) = effect.variant.kept.items()
            # An effect is the whole minus the variant; a change goes the other way.
            known.setdefault(source, []).append((share, Change(-effect.difference, -effect.high, -effect.low)))
    total = NONE
    for source, share in kept.items():
        own = _read([*known.get(source, ()), (1.0, NONE)], share)
        if own is None:
            return None
        total += own
    return total


def _read(points: list[tuple[float, Change]], share: float) -> Change | None:
    points = sorted(points, key=lambda point: point[0])
    if share < points[0][0]:
        return None
    for (left, before), (right, after) in pairwise(points):
        if left <= share <= right:
            part = (share - left) / (right - left)
            ends = zip(_numbers(before), _numbers(after), strict=True)
            return Change(*((1 - part) * one + part * other for one, other in ends))
    return NONE


def _numbers(change: Change) -> tuple[float, float, float]:
    return change.difference, change.low, change.high
