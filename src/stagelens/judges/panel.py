"""What several judges say together. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median

from stagelens.judges.rubric import Rubric


def combine(rubric: Rubric, graded: Sequence[Mapping[str, float]], proven: Mapping[str, float]) -> dict[str, float]:
    """A panel's values: the median over the judges that graded, never below what a rule has proven.

    Where no judge graded there are none: what is proven alone would leave the cheats in and the others out.

    Args:
        rubric: for measures that follow from others (``Rubric.settle``).
        graded: each judge's values by measure; judges that gave none are left out.
        proven: values of measures of which more is worse, by the benchmark's own rule, where it stands.
    """
    if not graded:
        return {}
    measures = dict.fromkeys(measure for values in graded for measure in values)
    medians = {
        measure: float(median(values[measure] for values in graded if measure in values)) for measure in measures
    }
    raised = medians | {measure: max(medians.get(measure, value), value) for measure, value in proven.items()}
    return dict(rubric.settle(raised)) if rubric.settle else raised
