"""Censuses whose levels are known, for the tests of the validation."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from stagelens.organisms.spec import Cause
from stagelens.organisms.validation.matrix import Cell
from stagelens.organisms.validation.truth import Label, truth_of
from stagelens.statistics.data import SCORED, MeasureData

STAGES = ("base", "sft", "production")
MARGIN = 0.05


def table(
    values: Sequence[Sequence[float]] | np.ndarray,
    *,
    cluster: Sequence[int] | np.ndarray | None = None,
    item: Sequence[int] | np.ndarray | None = None,
    status: np.ndarray | None = None,
    stages: tuple[str, ...] | None = None,
    benchmark: str = "safety",
    measure: str = "unsafe_response",
) -> MeasureData:
    """A rate from a table of stages × attempts; by default every attempt is a prompt and a cluster of its own."""
    rows = np.array(values, dtype=np.float64)
    codes = np.zeros(rows.shape, np.int8) if status is None else status.astype(np.int8)
    places = np.arange(rows.shape[1])
    return MeasureData(
        family="family",
        benchmark=benchmark,
        measure=measure,
        higher_is_worse=True,
        kind="rate",
        low=0.0,
        high=1.0,
        stages=stages or STAGES[: len(rows)],
        values=np.where(codes == SCORED, rows, np.nan),
        status=codes,
        item=places if item is None else np.asarray(item, dtype=np.int64),
        cluster=places if cluster is None else np.asarray(cluster, dtype=np.int64),
    )


def exactly(levels: Sequence[float], n: int = 1000) -> MeasureData:
    """Stages with these levels to the prompt, every prompt independent of the others."""
    rng = np.random.default_rng(5)
    return table([rng.permutation(n) < round(level * n) for level in levels])


def drawn(
    levels: Sequence[float], *, clusters: int = 120, size: int = 40, spread: float = 0.0, seed: int = 1
) -> MeasureData:
    """A census of clusters, whose own levels at each stage lie up to ``spread`` above or below the stage's."""
    rng = np.random.default_rng(seed)
    own = np.asarray(levels)[:, None] + rng.uniform(-spread, spread, (len(levels), clusters))
    cluster = np.repeat(np.arange(clusters), size)
    return table(rng.random((len(levels), cluster.size)) < own[:, cluster], cluster=cluster)


def cell(
    levels: Sequence[float] = (0.5, 0.2, 0.2),
    *,
    said: str = "sft",
    pattern: str | None = None,
    foils: str = "sft",
    planted: Cause = "sft",
    certifiable: bool = True,
    necessary: str | None = None,
    alone: float | None = None,
) -> Cell:
    """A cell with a truth of these levels, and what the instrument and both foils said."""
    other = Label(foils)
    return Cell(
        organism="square-1-1",
        seed=1,
        benchmark="safety",
        measure="unsafe_response",
        planted=planted,
        dose=1.0,
        truth=truth_of(exactly(levels, 20_000), MARGIN),
        said={"stagelens": Label(said, pattern), "overlap": other, "largest": other},
        certifiable=certifiable,
        necessary=necessary,
        alone=alone,
    )
