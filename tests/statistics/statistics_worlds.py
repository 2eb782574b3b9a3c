"""Small planted outcomes for the tests of the statistics."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from stagelens.statistics.data import INCAPABLE, SCORED, UNGRADED, MeasureData
from stagelens.statistics.results import Contrast, MeasureResult

STAGES = {
    2: ("sft", "production"),
    3: ("base", "sft", "production"),
    4: ("base", "sft", "dpo", "production"),
}


def measure(
    values: Sequence[Sequence[float]] | np.ndarray,
    *,
    stages: Sequence[str] | None = None,
    item: Sequence[int] | np.ndarray | None = None,
    cluster: Sequence[int] | np.ndarray | None = None,
    status: np.ndarray | None = None,
    kind: str = "rate",
    high: float = 1.0,
    name: str = "unsafe_response",
    benchmark: str = "safety",
    family: str = "family",
    competence: tuple[float | None, ...] | None = None,
) -> MeasureData:
    """A measure from a table of stages × attempts; by default every attempt is an item and a cluster of its own."""
    table = np.array(values, dtype=np.float64)
    items = np.arange(table.shape[1]) if item is None else np.asarray(item)
    codes = np.zeros(table.shape, np.int8) if status is None else status.astype(np.int8)
    return MeasureData(
        family=family,
        benchmark=benchmark,
        measure=name,
        higher_is_worse=True,
        kind=kind,  # type: ignore[arg-type]
        low=0.0,
        high=high,
        stages=tuple(stages or STAGES[len(table)]),
        values=np.where(codes == SCORED, table, np.nan),
        status=codes,
        item=items.astype(np.int64),
        cluster=(items if cluster is None else np.asarray(cluster)).astype(np.int64),
        competence=competence,
    )


def nested(rates: Sequence[float], n: int = 400, flips: int = 4) -> np.ndarray:
    """Stages that differ exactly by their rates, plus ``flips`` pairs that change each way at every step."""
    order = np.random.default_rng(7).permutation(n)
    table = []
    for stage, rate in enumerate(rates):
        row = (order < round(rate * n)).astype(float)
        if 0 < rate < 1 and stage % 2:
            ones, zeros = np.flatnonzero(row == 1), np.flatnonzero(row == 0)
            swap = min(flips, len(ones), len(zeros))
            row[ones[:swap]], row[zeros[:swap]] = 0.0, 1.0
        table.append(row)
    return np.array(table)


def unscored(
    table: np.ndarray, stage: int, *, incapable: Sequence[int] = (), ungraded: Sequence[int] = ()
) -> np.ndarray:
    """A status table with these attempts of one stage unscored."""
    status = np.zeros(table.shape, np.int8)
    status[stage, list(incapable)] = INCAPABLE
    status[stage, list(ungraded)] = UNGRADED
    return status


def contrast(result: MeasureResult, from_stage: str, to_stage: str) -> Contrast:
    """The contrast between two stages."""
    return next(c for c in result.contrasts if (c.from_stage, c.to_stage) == (from_stage, to_stage))
