"""Parts of a measure's data: some of its stages, some of its attempts, weighted sums of stages, severities as rates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from stagelens.statistics.data import INCAPABLE, SCORED, Labels, MeasureData, PanelGrades
from stagelens.statistics.intervals.tails import FloatArray


def of_stages(data: MeasureData, stages: Sequence[int]) -> MeasureData:
    """The stages with these indices, in this order."""
    if tuple(stages) == tuple(range(len(data.stages))):
        return data
    chosen = list(stages)
    labels, panel, competence = data.labels, data.panel, data.competence
    return replace(
        data,
        stages=tuple(data.stages[stage] for stage in chosen),
        values=data.values[chosen],
        status=data.status[chosen],
        competence=None if competence is None else tuple(competence[stage] for stage in chosen),
        labels=None if labels is None else Labels(labels.values[chosen], labels.probability[chosen]),
        panel=None if panel is None else PanelGrades(panel.judges, panel.grades[:, chosen]),
    )


def of_attempts(data: MeasureData, kept: NDArray[np.bool_]) -> MeasureData:
    """The attempts where ``kept``, shape (A,), holds; items and clusters keep their codes."""
    labels, panel = data.labels, data.panel
    return replace(
        data,
        values=data.values[:, kept],
        status=data.status[:, kept],
        item=data.item[kept],
        cluster=data.cluster[kept],
        run=None if data.run is None else data.run[kept],
        stratum=None if data.stratum is None else data.stratum[kept],
        labels=None if labels is None else Labels(labels.values[:, kept], labels.probability[:, kept]),
        panel=None if panel is None else PanelGrades(panel.judges, panel.grades[..., kept]),
    )


def combined(data: MeasureData, weights: Mapping[int, float]) -> MeasureData:
    """Two stages whose paired difference is the linear contrast Σ w_s v_s of stages by index.

    The weights sum to zero. The earlier stage holds the terms with negative weights, the later the others, so that both
    range over the measure's range times the sum of the positive weights. An attempt that any of the stages left
    unscored is unscored in both, and bounded by their whole range: wider than what the other stages' answers leave.
    """
    stages = list(weights)
    status = data.status[stages]
    joint = np.where((status == INCAPABLE).any(axis=0), INCAPABLE, status.max(axis=0))
    rising = {stage: weight for stage, weight in weights.items() if weight > 0}
    falling = {stage: -weight for stage, weight in weights.items() if weight < 0}
    size = sum(rising.values())
    return _pair(
        data,
        _sum(data, falling),
        _sum(data, rising),
        joint.astype(np.int8),
        kind="severity",
        low=size * data.low,
        high=size * data.high,
    )


def exceeding(data: MeasureData, earlier: int, later: int, threshold: float) -> MeasureData:
    """Two stages of a severity as rates: whether an answer reaches ``threshold``."""
    first, second = (np.asarray(data.values[stage] >= threshold, dtype=np.float64) for stage in (earlier, later))
    return _pair(data, first, second, data.status[[earlier, later]], kind="rate", low=0.0, high=1.0)


def compared(data: MeasureData, earlier: int, later: int) -> MeasureData:
    """Two stages as rates whose difference is the share of pairs that rose less the share that fell."""
    change = data.values[later] - data.values[earlier]
    status = data.status[[earlier, later]]
    joint = np.where((status == INCAPABLE).any(axis=0), INCAPABLE, status.max(axis=0)).astype(np.int8)
    down, up = (change < 0).astype(np.float64), (change > 0).astype(np.float64)
    return _pair(data, down, up, joint, kind="rate", low=0.0, high=1.0)


def _sum(data: MeasureData, weights: Mapping[int, float]) -> FloatArray:
    return sum((weight * data.values[stage] for stage, weight in weights.items()), np.zeros(data.item.size))


def _pair(
    data: MeasureData, earlier: FloatArray, later: FloatArray, status: NDArray[np.int8], **changes: object
) -> MeasureData:
    """The data with two derived stages in place of its own; ``status`` of shape (2, A), or (A,) for both alike.

    What humans and single judges said is about answers, not about what is derived from several, and is left out.
    """
    both = np.broadcast_to(status, (2, earlier.size))
    values = np.where(both == SCORED, np.array([earlier, later]), np.nan)
    return replace(
        data,
        stages=("earlier", "later"),
        values=values,
        status=both,
        competence=None,
        labels=None,
        panel=None,
        **changes,  # type: ignore[arg-type]  # kind, low and high of the derived measure
    )
