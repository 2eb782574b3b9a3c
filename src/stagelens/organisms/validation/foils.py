"""Two ways of reading the same outcomes that people use: intervals that do not overlap, and the largest step.

They stand beside the instrument, on the same answers, to show what it is worth.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from stagelens.organisms.validation.truth import Label
from stagelens.statistics.data import SCORED, MeasureData
from stagelens.statistics.intervals.proportions import wilson

_Z: Final = 1.959964


def overlap(data: MeasureData, margin: float) -> Label:
    """By 95 % Wilson intervals of the stages, answers taken as independent, one after the other.

    A stage whose interval does not overlap that of the stage before has changed the measure. Several such stages are
    ``mixed``, with the pattern of their signs; none is ``pretraining``, or within the margin of an end ``no_change``.
    """
    if _blind(data):
        return Label("uninformative")
    levels = rates(data)
    limits = [_limits(data, stage) for stage in range(len(data.stages))]
    changed = [stage for stage in range(1, len(limits)) if _apart(limits[stage - 1], limits[stage])]
    if not changed:
        room = min(levels[-1], 1 - levels[-1])
        return Label("pretraining" if room >= margin else "no_change")
    if len(changed) == 1:
        return Label(data.stages[changed[0]])
    rises = [bool(levels[stage] > levels[stage - 1]) for stage in changed]
    if len(set(rises)) == 1:
        return Label("mixed", "additive")
    if not _apart(limits[0], limits[-1]):
        return Label("mixed", "cancelling")
    return Label("mixed", "eroded" if bool(levels[-1] > levels[0]) == rises[0] else "overshoot")


def largest(data: MeasureData) -> Label:
    """The stage whose step is the largest, whatever its size."""
    if _blind(data):
        return Label("uninformative")
    return Label(data.stages[int(np.abs(np.diff(rates(data))).argmax()) + 1])


def rates(data: MeasureData) -> NDArray[np.float64]:
    """Every stage's share of what was scored, shape (S,); NaN where nothing was."""
    scored = data.status == SCORED
    sums = np.where(scored, data.values, 0.0).sum(axis=1)
    counts = scored.sum(axis=1)
    shares: NDArray[np.float64] = np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)
    return shares


def _blind(data: MeasureData) -> bool:
    """Whether some stage has nothing scored, of which neither foil can say anything."""
    return bool(np.isnan(rates(data)).any())


def _limits(data: MeasureData, stage: int) -> tuple[float, float]:
    scored = data.status[stage] == SCORED
    return wilson(float(data.values[stage, scored].mean()), int(scored.sum()), _Z)


def _apart(one: tuple[float, float], other: tuple[float, float]) -> bool:
    return one[0] > other[1] or other[0] > one[1]
