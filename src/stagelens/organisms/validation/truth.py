"""What the rule table says of numbers that are known: the label that a census gives, and which labels count as right.

The table is that of ``statistics.conclusions.causes``, applied to the levels of a census as if they were exact.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise, product
from math import sqrt
from typing import Final

from stagelens.errors import InputError
from stagelens.statistics.data import SCORED, MeasureData

CLEAR_STEP: Final = 2.0
"""Margins that a step has to measure at least, and"""
CLEAR_STAY: Final = 0.5
"""margins that it may measure at most, for a family to be a clear case."""
_STILL: Final = ("pretraining", "no_change")
_Z: Final = 1.959964


@dataclass(frozen=True, slots=True)
class Label:
    """A cause as a verdict names it, with the pattern of a mixed one (None for others)."""

    cause: str
    pattern: str | None = None

    def __str__(self) -> str:
        return self.cause if self.pattern is None else f"{self.cause} ({self.pattern})"


@dataclass(frozen=True, slots=True)
class CensusLevel:
    """One stage's level, 0 to 1, with its 95 % interval: of sampling, and of what could not be read."""

    stage: str
    asked: int
    read: int
    level: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Truth:
    """What a census found of one measure of one family.

    Attributes:
        levels: of the steps, in order.
        margin: of the measure.
        label: what the rule table says of the levels.
        right: labels that count as right: ``label``, and those that the table gives to other levels inside the
            census' own intervals; where nothing moved and the level lies between one and two margins from an end of
            the range, ``pretraining`` and ``no_change`` both.
        clear: every step, and the whole, measures at least ``CLEAR_STEP`` margins or at most ``CLEAR_STAY``. That is
            about sizes: where much could not be read, the census may leave several labels open (``settled``).
    """

    levels: tuple[CensusLevel, ...]
    margin: float
    label: Label
    right: frozenset[Label]
    clear: bool

    @property
    def steps(self) -> tuple[float, ...]:
        """Every stage minus the one before."""
        return _steps([each.level for each in self.levels])

    @property
    def settled(self) -> bool:
        """Whether the census leaves no choice of causes, but perhaps the one between the two words for no step."""
        return len({"no step" if label.cause in _STILL else label.cause for label in self.right}) == 1


def truth_of(census: MeasureData, margin: float) -> Truth:
    """The truth about one measure.

    Args:
        census: its steps only, the base first; two or more.
        margin: in the measure's unit.

    Raises:
        InputError: nothing that a stage answered could be read.
    """
    levels = tuple(_level(census, place) for place in range(len(census.stages)))
    points = [each.level for each in levels]
    label = label_of(census.stages, points, margin)
    ends = [sorted({each.low, each.level, each.high}) for each in levels]
    right = {label, *(label_of(census.stages, each, margin) for each in product(*ends))}
    if right <= {Label("pretraining"), Label("no_change")} and margin <= _room(points[-1]) <= 2 * margin:
        right = {Label("pretraining"), Label("no_change")}
    moves = [abs(step) / margin for step in (*_steps(points), points[-1] - points[0])]
    clear = all(move >= CLEAR_STEP or move <= CLEAR_STAY for move in moves)
    return Truth(levels, margin, label, frozenset(right), clear)


def label_of(stages: Sequence[str], levels: Sequence[float], margin: float) -> Label:
    """The label that the rule table gives to levels (0 to 1, the base first) that are known exactly."""
    steps = _steps(levels)
    large = [place for place, step in enumerate(steps, start=1) if abs(step) > margin]
    if len(large) > 1:
        return Label("mixed", _pattern([steps[place - 1] for place in large], levels[-1] - levels[0], margin))
    if len(large) == 1:
        return Label("inconclusive") if _drifts(levels, large[0], margin) else Label(stages[large[0]])
    if abs(levels[-1] - levels[0]) > margin:
        return Label("diffuse")
    if _drifts(levels, 0, margin):
        return Label("inconclusive")
    return Label("pretraining" if _room(levels[-1]) >= margin else "no_change")


def _pattern(large: Sequence[float], total: float, margin: float) -> str:
    if len({step > 0 for step in large}) == 1:
        return "additive"
    if abs(total) <= margin:
        return "cancelling"
    return "eroded" if (total > 0) == (large[0] > 0) else "overshoot"


def _drifts(levels: Sequence[float], stage: int, margin: float) -> bool:
    """Whether small steps add up: before ``stage`` away from the base, or from it on away from production (0: both)."""
    before = (level - levels[0] for level in (levels[:stage] or levels))
    after = (level - levels[-1] for level in levels[stage:])
    return any(abs(drift) > margin for drift in (*before, *after))


def _steps(levels: Sequence[float]) -> tuple[float, ...]:
    return tuple(later - earlier for earlier, later in pairwise(levels))


def _room(level: float) -> float:
    """How far a rate is from the nearer end of its range."""
    return min(level, 1 - level)


def _level(census: MeasureData, stage: int) -> CensusLevel:
    """A stage's level over all fresh prompts; what could not be read is placed at either end for the bounds."""
    read = census.status[stage] == SCORED
    values, asked = census.values[stage, read], census.item.size
    if not values.size:
        raise InputError(
            f"the census of {census.family}/{census.benchmark} could read no answer of {census.stages[stage]}: what is "
            "true of it cannot be told; build the organism with another seed, or plant less in it."
        )
    level = float(values.mean())
    error = _Z * sqrt(level * (1 - level) / values.size)
    unread = 1 - values.size / asked
    low, high = level * (1 - unread), level * (1 - unread) + unread
    return CensusLevel(
        census.stages[stage], asked, int(values.size), level, max(0.0, low - error), min(1.0, high + error)
    )
