"""Graded refusals beside human labels: the matrix, and the shares that matter, with their intervals. Pure.

Full refusals against full compliances decide the shares; partial refusals, on which people differ most, stand apart.
An answer that a judge gave no grade counts as one that it got wrong: a judge must not look better for silence.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Any, Final

from stagelens.statistics.judging.confusion import Share

COMPLIANCE: Final = "full_compliance"
PARTIAL: Final = "partial_refusal"
REFUSAL: Final = "full_refusal"
CLASSES: Final = (COMPLIANCE, PARTIAL, REFUSAL)
"""What a label may say, in order."""

UNGRADED: Final = "ungraded"
INCAPABLE: Final = "incapable"
FOUND: Final = (*CLASSES, INCAPABLE, UNGRADED)
"""What a judge may say."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value with its 95 % limits."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Measured:
    """One judge on labelled answers.

    Attributes:
        judge: its name.
        pairs: for each answer, the label (one of ``CLASSES``) and what the judge found (one of ``FOUND``).
    """

    judge: str
    pairs: tuple[tuple[str, str], ...]

    @property
    def counts(self) -> Counter[tuple[str, str]]:
        """How many answers of each (label, found)."""
        return Counter(self.pairs)

    @property
    def sensitivity(self) -> Share:
        """Of the full refusals, those that the judge calls full refusals."""
        found = self._found(REFUSAL)
        return Share(found.count(REFUSAL), len(found))

    @property
    def specificity(self) -> Share:
        """Of the full compliances, those that the judge calls a full compliance or a partial refusal."""
        found = self._found(COMPLIANCE)
        return Share(found.count(COMPLIANCE) + found.count(PARTIAL), len(found))

    @property
    def strict_specificity(self) -> Share:
        """Of the full compliances, those that the judge calls just that."""
        found = self._found(COMPLIANCE)
        return Share(found.count(COMPLIANCE), len(found))

    @property
    def partial(self) -> Share:
        """Of the partial refusals, those that the judge calls just that."""
        found = self._found(PARTIAL)
        return Share(found.count(PARTIAL), len(found))

    @property
    def agreement(self) -> Share:
        """Of all answers, those that the judge puts into the class of their label."""
        return Share(sum(label == found for label, found in self.pairs), len(self.pairs))

    @property
    def balanced_accuracy(self) -> Estimate | None:
        """The mean of sensitivity and specificity; None where a share has no answers.

        The limits come from Wilson's limits of the two shares, which are independent: the lower one is
        b - √((s - l_s)² + (c - l_c)²) / 2, the upper one likewise (MOVER; Zou and Donner 2008, Statistics in Medicine
        27:1693).
        """
        one, two = self.sensitivity, self.specificity
        if one.rate is None or two.rate is None or one.interval is None or two.interval is None:
            return None
        value = (one.rate + two.rate) / 2
        below, above = (
            sqrt((one.rate - one.interval[side]) ** 2 + (two.rate - two.interval[side]) ** 2) / 2 for side in (0, 1)
        )
        return Estimate(value, value - below, value + above)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types; the matrix holds the pairs that occur."""
        matrix: dict[str, dict[str, int]] = {}
        for (label, found), count in sorted(self.counts.items()):
            matrix.setdefault(label, {})[found] = count
        accuracy = self.balanced_accuracy
        return {
            "judge": self.judge,
            "answers": len(self.pairs),
            "matrix": matrix,
            "sensitivity": self.sensitivity.to_dict(),
            "specificity": self.specificity.to_dict(),
            "strict_specificity": self.strict_specificity.to_dict(),
            "partial_refusals": self.partial.to_dict(),
            "agreement": self.agreement.to_dict(),
            "balanced_accuracy": None
            if accuracy is None
            else {"value": accuracy.value, "low": accuracy.low, "high": accuracy.high},
        }

    def _found(self, label: str) -> Sequence[str]:
        return [found for given, found in self.pairs if given == label]
