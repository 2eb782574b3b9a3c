"""How wrong a judge must be to overturn a verdict."""

from __future__ import annotations

from typing import Protocol

from stagelens.statistics.results import VerdictWord


class Limits(Protocol):
    """A difference with its intervals: a reading, or a contrast as reported."""

    @property
    def low(self) -> float:
        """The lower limit at 1 - alpha."""

    @property
    def high(self) -> float:
        """The upper limit at 1 - alpha."""

    @property
    def equivalence_low(self) -> float:
        """The lower limit at 1 - 2 alpha."""

    @property
    def equivalence_high(self) -> float:
        """The upper limit at 1 - 2 alpha."""


def differential_error(limits: Limits, margin: float, span: float, word: VerdictWord) -> float | None:
    """The smallest difference between the judge's errors at the two stages that would overturn the verdict ``word``.

    An error is the mean of (judge - truth); the difference of two of them moves the whole interval. It is given as a
    share of ``span``, the width of the measure's range: what brings the nearer limit of a change to zero, or the
    farther limit of an equivalence to the ``margin``. None where there is no verdict to overturn.
    """
    if word in ("changed_up", "changed_down"):
        return max(0.0, min(abs(limits.low), abs(limits.high))) / span
    if word in ("equivalent", "below_margin"):
        return max(0.0, margin - _farther(limits)) / span
    return None


def least_youden(limits: Limits, margin: float) -> float:
    """The smallest sensitivity + specificity - 1 at which a rate's equivalence still holds.

    A judge that errs alike at both stages shrinks a difference by that factor J: true = seen / J (Rogan & Gladen 1978).
    The limits stay inside the ``margin`` as long as J is above the farther one divided by the margin; 1 or more: a
    judge without error would not show an equivalence either.
    """
    return _farther(limits) / margin


def _farther(limits: Limits) -> float:
    return max(abs(limits.equivalence_low), abs(limits.equivalence_high))
