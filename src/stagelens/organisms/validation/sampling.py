"""Studies of an ordinary size drawn from a census: what is true of them is known, and no model has to answer again.

A study asks C clusters of k prompts. The census' clusters are cut into blocks of k prompts at random, and a study is
the next C blocks of all of them in random order: no prompt is used twice until too few blocks are left, and then the
census is cut and mixed anew. Every block is a cluster of its own, as if its topic had been met afresh: a study speaks
of a population of clusters like those of the census, not of a hundred or so that are always the same ones.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from stagelens.errors import InputError
from stagelens.statistics.data import SCORED, MeasureData

Places: TypeAlias = NDArray[np.int64]
"""Attempts of a census by their place in it, shape (C · k,), one cluster after the other."""


@dataclass(frozen=True, slots=True)
class Design:
    """How many clusters a study asks, and how many prompts of each."""

    clusters: int
    items: int = 1

    def __str__(self) -> str:
        return f"{self.clusters} clusters × {self.items}"


def draws(census: MeasureData, design: Design, rng: Generator) -> Iterator[Places]:
    """The prompts of one study after another, without end.

    Raises:
        InputError: a design without clusters or prompts, a census with several answers to a prompt at one stage, or one
            that is too small for a single study.
    """
    disjoint(census, design)
    return _drawn(census, design, rng)


def disjoint(census: MeasureData, design: Design) -> int:
    """How many studies share no prompt with one another.

    Raises:
        InputError: as ``draws`` does.
    """
    where = f"the census of {census.family}/{census.benchmark}"
    if design.clusters < 2 or design.items < 1:
        raise InputError(f"a study of {design} cannot be read; draw 2 clusters or more, of 1 prompt or more.")
    if np.unique(census.item).size < census.item.size:
        raise InputError(f"{where} has several answers to one prompt; split them into answer sets by `answer_sets`.")
    blocks = int((np.bincount(census.cluster) // design.items).sum())
    if blocks < design.clusters:
        raise InputError(f"{where} holds {blocks} clusters of {design.items} prompts; a study of {design} needs more.")
    return blocks // design.clusters


def chances(census: MeasureData, design: Design) -> NDArray[np.float64]:
    """How likely each prompt is to be a study's next, shape (A,): the weights of the truth that studies estimate.

    They differ only where sizes of clusters are no multiples of k.

    Raises:
        InputError: as ``draws`` does.
    """
    disjoint(census, design)
    size = np.bincount(census.cluster)
    used = np.where(size > 0, size // design.items * design.items / np.maximum(size, 1), 0.0)[census.cluster]
    weights: NDArray[np.float64] = used / used.sum()
    return weights


def study_of(census: MeasureData, places: Places, design: Design) -> MeasureData:
    """The study that asked these prompts; labels, panels and strata of the census stay behind."""
    return replace(
        _bare(census),
        values=census.values[:, places],
        status=census.status[:, places],
        item=np.arange(places.size),
        cluster=np.arange(places.size) // design.items,
    )


def both_read(census: MeasureData, earlier: str, later: str) -> MeasureData:
    """Two stages on the prompts that were scored at both: what mixtures of their answers are made from.

    Only there is the effect of a mixture the dose times the effect of the whole: elsewhere the dose would also decide
    which prompts are compared.

    Raises:
        InputError: a stage that the census does not have, or fewer than two prompts scored at both.
    """
    for name in (earlier, later):
        if name not in census.stages:
            raise InputError(
                f"the census of {census.family}/{census.benchmark} has no stage {name!r}; "
                f"it has {', '.join(census.stages)}."
            )
    pair = [census.stages.index(earlier), census.stages.index(later)]
    read = (census.status[pair] == SCORED).all(axis=0)
    if np.count_nonzero(read) < 2:
        raise InputError(
            f"fewer than two prompts of the census of {census.family}/{census.benchmark} are scored at both "
            f"{earlier} and {later}; choose stages that answer."
        )
    return replace(
        _bare(census),
        stages=(earlier, later),
        values=census.values[np.ix_(pair, read)],
        status=census.status[np.ix_(pair, read)],
        item=np.unique(census.item[read], return_inverse=True)[1],
        cluster=np.unique(census.cluster[read], return_inverse=True)[1],
        competence=None,
    )


def answer_sets(census: MeasureData, stage: str) -> MeasureData:
    """One checkpoint's answers to the same prompts, a stage for each time that it was asked: ``first``, ``second``.

    Args:
        census: every prompt was asked twice, and its two attempts stand in the order of the epochs.
        stage: the checkpoint.

    Raises:
        InputError: a stage that the census does not have, or a prompt that was not asked twice.
    """
    where = f"the census of {census.family}/{census.benchmark}"
    if stage not in census.stages:
        raise InputError(f"{where} has no stage {stage!r}; it has {', '.join(census.stages)}.")
    item, count = np.unique(census.item, return_counts=True)
    if np.any(count != 2):
        others = np.count_nonzero(count != 2)
        raise InputError(f"{where} has {others} prompts without two answers a stage; ask every prompt in two epochs.")
    order = np.argsort(census.item, kind="stable").reshape(-1, 2).T
    row = census.stages.index(stage)
    return replace(
        _bare(census),
        stages=("first", "second"),
        values=census.values[row][order],
        status=census.status[row][order],
        item=np.arange(item.size),
        cluster=census.cluster[order[0]],
        competence=None,
    )


def _bare(census: MeasureData) -> MeasureData:
    return replace(census, run=None, stratum=None, strata=(), labels=None, panel=None)


def _drawn(census: MeasureData, design: Design, rng: Generator) -> Iterator[Places]:
    while True:
        blocks = _blocks(census.cluster, design.items, rng)
        for start in range(0, len(blocks) - design.clusters + 1, design.clusters):
            yield blocks[start : start + design.clusters].ravel()


def _blocks(cluster: NDArray[np.int64], items: int, rng: Generator) -> NDArray[np.int64]:
    """All clusters cut into blocks of prompts at random, shape (blocks, items), in random order."""
    shuffled = np.lexsort((rng.random(cluster.size), cluster))
    size = np.bincount(cluster)
    rank = np.arange(cluster.size) - np.repeat(np.cumsum(size) - size, size)
    kept = rank < np.repeat(size // items * items, size)
    return rng.permutation(shuffled[kept].reshape(-1, items), axis=0)
