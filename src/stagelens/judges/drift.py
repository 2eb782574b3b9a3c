"""How far a judge agrees with itself: its repeated judgements of the anchors against its first ones. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from statistics import fmean


@dataclass(frozen=True, slots=True)
class Drift:
    """A judge against itself.

    Attributes:
        repeats: judgements of anchors after the first ones, both graded.
        same: those of them with the same value of every measure.
        shift: by measure, the mean of the later value minus the first one, in the measure's own units.
    """

    repeats: int
    same: int
    shift: Mapping[str, float]


def drift(first: Mapping[str, Mapping[str, float]], repeats: Iterable[tuple[str, Mapping[str, float]]]) -> Drift:
    """Compare repeated judgements with the first ones.

    Args:
        first: the values that count, by content; contents without a grade are left out.
        repeats: (content, values) of every repetition that has a grade.
    """
    pairs = [(first[content], values) for content, values in repeats if content in first]
    shifts: dict[str, list[float]] = defaultdict(list)
    for before, after in pairs:
        for measure, value in after.items():
            shifts[measure].append(value - before.get(measure, value))
    return Drift(
        repeats=len(pairs),
        same=sum(before == after for before, after in pairs),
        shift={measure: fmean(values) for measure, values in sorted(shifts.items())},
    )
