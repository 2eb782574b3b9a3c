"""The measures that StageLens knows: their kind, range and direction. Others are inferred from their values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal


@dataclass(frozen=True, slots=True)
class Measure:
    """A rate (0 to 1) or a severity (``low`` to ``high``), and whether more of it is worse."""

    name: str
    kind: Literal["rate", "severity"] = "rate"
    low: float = 0.0
    high: float = 1.0
    higher_is_worse: bool = True


KNOWN: Final[dict[str, Measure]] = {
    measure.name: measure
    for measure in (
        Measure("unsafe_response"),
        Measure("over_refusal"),
        Measure("partial_refusal"),
        Measure("competence", higher_is_worse=False),
        Measure("misaligned"),
        Measure("severity", kind="severity", high=5.0),
        Measure("eval_aware"),
        Measure("aligned_unaware", higher_is_worse=False),
        Measure("aligned_aware"),
        Measure("misaligned_unaware"),
        Measure("misaligned_aware"),
        Measure("eval_aware_thoughts"),
        Measure("cheated"),
        Measure("solved_honestly", higher_is_worse=False),
    )
}
"""By measure name: the same word means the same thing in every benchmark."""

REFUSAL_MEASURES: Final = frozenset({"unsafe_response", "over_refusal", "partial_refusal"})
"""Measures that tell refusing from complying, and nothing of what the answer is worth."""
