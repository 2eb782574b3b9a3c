"""Parts of a measure's data: some of its stages, some of its attempts, weighted sums of stages, severities as rates."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
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
        labels=None if labels is None else labels.part(chosen),
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
        labels=None if labels is None else labels.part((slice(None), kept)),
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
        lambda values: (_sum(values, falling), _sum(values, rising)),
        joint.astype(np.int8),
        kind="severity",
        low=size * data.low,
        high=size * data.high,
    )


def exceeding(data: MeasureData, earlier: int, later: int, threshold: float) -> MeasureData:
    """Two stages of a severity as rates: whether an answer reaches ``threshold``."""

    def reached(values: FloatArray) -> tuple[FloatArray, FloatArray]:
        first, second = (
            np.where(np.isnan(values[stage]), np.nan, values[stage] >= threshold) for stage in (earlier, later)
        )
        return first, second

    return _pair(data, reached, data.status[[earlier, later]], kind="rate", low=0.0, high=1.0)


def compared(data: MeasureData, earlier: int, later: int) -> MeasureData:
    """Two stages as rates whose difference is the share of pairs that rose less the share that fell."""

    def moved(values: FloatArray) -> tuple[FloatArray, FloatArray]:
        change = values[later] - values[earlier]
        return np.where(np.isnan(change), np.nan, change < 0), np.where(np.isnan(change), np.nan, change > 0)

    status = data.status[[earlier, later]]
    joint = np.where((status == INCAPABLE).any(axis=0), INCAPABLE, status.max(axis=0)).astype(np.int8)
    return _pair(data, moved, joint, kind="rate", low=0.0, high=1.0)


def _sum(values: FloatArray, weights: Mapping[int, float]) -> FloatArray:
    return sum((weight * values[stage] for stage, weight in weights.items()), np.zeros(values.shape[1]))


def _pair(
    data: MeasureData,
    derive: Callable[[FloatArray], tuple[FloatArray, FloatArray]],
    status: NDArray[np.int8],
    **changes: object,
) -> MeasureData:
    """The data with two derived stages in place of its own; ``status`` of shape (2, A), or (A,) for both alike.

    What humans and single judges said is about answers, not about what is derived from several, and is left out. A
    cascade's judge was asked about all stages' answers to an attempt: from its grades the same is derived.
    """
    both = np.broadcast_to(status, (2, data.item.size))
    values = np.where(both == SCORED, np.array(derive(data.values)), np.nan)
    return replace(
        data,
        stages=("earlier", "later"),
        values=values,
        status=both,
        competence=None,
        labels=_derived(data.labels, derive) if data.labels is not None and data.labels.of_cascade else None,
        panel=None,
        **changes,  # type: ignore[arg-type]  # kind, low and high of the derived measure
    )


def _derived(labels: Labels, derive: Callable[[FloatArray], tuple[FloatArray, FloatArray]]) -> Labels:
    """The same derived from labels, where every stage that is needed has one; drawn as the rarest of them was."""
    values = np.array(derive(labels.values))
    known = ~np.isnan(labels.probability)
    chance = np.where(known.any(axis=0), np.where(known, labels.probability, np.inf).min(axis=0), np.nan)
    return Labels(values, np.where(np.isnan(values), np.nan, chance), labels.by)
