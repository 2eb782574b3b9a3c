"""The competence and coherence gates: a stage that cannot answer tells nothing about a property of its answers."""

from __future__ import annotations

from collections.abc import Sequence

from stagelens.statistics.results import Level

LEAST_COMPETENCE = 0.5
MOST_INCAPABLE = 0.5


def incompetent(levels: Sequence[Level]) -> dict[str, str]:
    """Per stage that fails a gate, in order, what it failed.

    A stage fails where it answered less than half of the plain control prompts, or where more than half of its answers
    to the measure's own items are incapable. Without control prompts only the second gate applies.
    """
    failed = {}
    for level in levels:
        if level.competence is not None and level.competence < LEAST_COMPETENCE:
            failed[level.stage] = f"{level.stage} answered {100 * level.competence:.0f} % of the plain control prompts"
        elif level.incapable > MOST_INCAPABLE * level.n:
            failed[level.stage] = f"{level.incapable} of {level.n} answers of {level.stage} are incapable"
    return failed
