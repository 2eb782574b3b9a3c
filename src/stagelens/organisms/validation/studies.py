"""Studies of ordinary size, drawn from a census: thousands of them without another answer being generated."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from stagelens.statistics.data import SCORED, MeasureData

Flags = NDArray[np.bool_]


def blocks(data: MeasureData, size: int, rng: np.random.Generator) -> Iterator[NDArray[np.int64]]:
    """Attempts of studies that have none in common, ``size`` each, spread evenly over the clusters.

    Every cluster gives one attempt before any gives another, so a block holds as many of each, one more or less.
    """
    shuffled = rng.permutation(data.item.size)
    clusters = data.cluster[shuffled]
    order = np.argsort(clusters, kind="stable")
    starts = np.flatnonzero(np.diff(clusters[order], prepend=-1))
    turn = np.empty(order.size, dtype=np.int64)
    turn[order] = np.arange(order.size) - np.repeat(starts, np.diff([*starts, order.size]))
    in_turn = shuffled[np.argsort(turn, kind="stable")]
    for start in range(0, in_turn.size - size + 1, size):
        yield in_turn[start : start + size]


def drawn(data: MeasureData, size: int, count: int, rng: np.random.Generator) -> Iterator[NDArray[np.int64]]:
    """``count`` blocks: without an attempt in common as far as the census reaches, then from a new shuffle."""
    given = 0
    while given < count:
        for block in blocks(data, size, rng):
            yield block
            given += 1
            if given == count:
                return


def family(data: MeasureData, stages: Sequence[str], rows: Sequence[MeasureData]) -> MeasureData:
    """A family whose stages' answers are ``rows``, each of one stage and the same attempts as ``data``'s."""
    return replace(
        data,
        stages=tuple(stages),
        values=np.vstack([row.values for row in rows]),
        status=np.vstack([row.status for row in rows]),
        competence=None,
        warnings=(),
    )


def only(data: MeasureData, stage: int, attempts: NDArray[np.int64]) -> MeasureData:
    """One stage's answers to some attempts."""
    return replace(
        data,
        stages=(data.stages[stage],),
        values=data.values[[stage]][:, attempts],
        status=data.status[[stage]][:, attempts],
        item=np.arange(attempts.size),
        cluster=np.unique(data.cluster[attempts], return_inverse=True)[1].astype(np.int64),
        competence=None,
        warnings=(),
        stratum=None,
        strata=(),
    )


def mixed(one: MeasureData, other: MeasureData, dose: float, rng: np.random.Generator) -> MeasureData:
    """Answers of ``other`` in the share ``dose`` of attempts, at random, and of ``one`` in the rest."""
    taken = rng.random(one.item.size) < dose
    return replace(
        one,
        values=np.where(taken, other.values, one.values),
        status=np.where(taken, other.status, one.status).astype(np.int8),
    )


def redrawn(row: MeasureData, rng: np.random.Generator) -> MeasureData:
    """The same checkpoint's answers, drawn again: those to other fresh prompts of the same cluster."""
    order = np.lexsort((rng.random(row.item.size), row.cluster))
    places = np.argsort(row.cluster, kind="stable")
    source = np.empty(row.item.size, dtype=np.int64)
    source[places] = order
    return replace(row, values=row.values[:, source], status=row.status[:, source])


def effect(one: MeasureData, other: MeasureData) -> float:
    """The difference of two checkpoints' levels, over what could be read."""
    return _level(other) - _level(one)


def _level(row: MeasureData) -> float:
    scored = row.status == SCORED
    return float(row.values[scored].mean()) if scored.any() else 0.5
