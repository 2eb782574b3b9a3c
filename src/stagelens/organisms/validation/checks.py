"""What follows from censuses alone: A/A studies, dose-response, size at the margin, detection beside the foils."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import sqrt
from typing import Final

import numpy as np
from scipy.stats import t

from stagelens.organisms.validation.foils import largest, overlap
from stagelens.organisms.validation.matrix import READERS, Rate, Reader, share_of
from stagelens.organisms.validation.studies import blocks, drawn, effect, family, mixed, only, redrawn
from stagelens.statistics.contrasts.words import CHANGED, SAME
from stagelens.statistics.data import MeasureData, Method, Rules
from stagelens.statistics.decide import decide
from stagelens.statistics.results import Contrast

DOSES: Final = (0.0, 0.25, 0.5, 1.0)
MULTIPLES: Final = (0.5, 0.75, 1.0, 1.25, 1.5, 2.0)
"""True effects in minimum detectable differences."""


@dataclass(frozen=True, slots=True)
class Pool:
    """A census as studies are drawn from it.

    Attributes:
        data: one measure; every row of it a checkpoint's answers to the same fresh prompts.
        size: attempts of an ordinary study.
        margin: of the measure.
    """

    data: MeasureData
    size: int
    margin: float


@dataclass(frozen=True, slots=True)
class Dose:
    """Dose-response of one pair of checkpoints.

    ``means``: the mean difference found at each of ``DOSES``, in points of the range. ``slope``: of what was found on
    what was mixed in, with its 95 % t interval over studies that have no attempt in common.
    """

    name: str
    means: tuple[float, ...]
    slope: float
    low: float
    high: float

    @property
    def monotone(self) -> bool:
        """Whether a higher dose never shows a smaller effect."""
        sign = np.sign(self.means[-1])
        return bool((np.diff(self.means) * sign >= 0).all())


@dataclass(frozen=True, slots=True)
class Detected:
    """What a reader made of studies with a true effect of ``multiple`` minimum detectable differences, or none."""

    reader: Reader
    multiple: float
    right: int
    wrong: int
    of: int

    @property
    def score(self) -> float:
        """Right less wrong, per study; silence is 0."""
        return (self.right - self.wrong) / self.of


def false_alarms(checkpoints: Sequence[Sequence[Pool]], studies: int, seed: int) -> Rate:
    """A/A: studies of checkpoints against themselves, and how many of them call any headline changed.

    Args:
        checkpoints: of each, a pool for every measure, whose two rows are its answers under two sampling seeds.
        studies: in all, shared out over the checkpoints. A study holds every measure of its checkpoint, and Holm runs
            over them as over any study's.
        seed: of the draws.
    """
    rng, alarms, done = np.random.default_rng(seed), 0, 0
    for number, pools in enumerate(checkpoints):
        count = studies * (number + 1) // len(checkpoints) - studies * number // len(checkpoints)
        draws = [drawn(pool.data, pool.size, count, rng) for pool in pools]
        for parts in zip(*draws, strict=True):
            asked = [
                family(one, ("once", "again"), [one, only(pool.data, 1, part)])
                for pool, part in zip(pools, parts, strict=True)
                for one in [only(pool.data, 0, part)]
            ]
            verdicts = decide(asked, Rules(margins=_margins(pools)))
            alarms += any(contrast.verdict in CHANGED for each in verdicts.results for contrast in each.contrasts)
            done += 1
    return share_of(alarms, done)


def dose_response(name: str, pool: Pool, seed: int) -> Dose:
    """Mix the answers of a pool's second checkpoint into those of its first, and look at what is found."""
    rng = np.random.default_rng(seed)
    found = []
    for part in blocks(pool.data, pool.size, rng):
        one, other = only(pool.data, 0, part), only(pool.data, 1, part)
        found.append([_contrast(pool, [one, mixed(one, other, dose, rng)]).difference or 0.0 for dose in DOSES])
    table = np.array(found)
    given = np.array(DOSES) * effect(_row(pool.data, 0), _row(pool.data, 1))
    slopes = (table - table.mean(axis=1, keepdims=True)) @ (given - given.mean()) / ((given - given.mean()) ** 2).sum()
    reach = float(t.ppf(0.975, len(slopes) - 1)) * float(slopes.std(ddof=1)) / sqrt(len(slopes))
    return Dose(name, tuple(table.mean(axis=0)), float(slopes.mean()), slopes.mean() - reach, slopes.mean() + reach)


def size_at_margin(pools: Sequence[Pool], studies: int, method: Method, seed: int) -> Rate:
    """How often a true effect of exactly the margin is called equivalent; ``studies`` shared out over the pools."""
    rng, wrong, done = np.random.default_rng(seed), 0, 0
    for pool in pools:
        dose = pool.margin / abs(effect(_row(pool.data, 0), _row(pool.data, 1)))
        for part in drawn(pool.data, pool.size, -(-studies // len(pools)), rng):
            one, other = only(pool.data, 0, part), only(pool.data, 1, part)
            wrong += _contrast(pool, [one, mixed(redrawn(one, rng), other, dose, rng)], method).verdict in SAME
            done += 1
    return share_of(wrong, done)


def detection(pools: Sequence[Pool], studies: int, seed: int) -> tuple[Detected, ...]:
    """Where the change is: in the first step, in the second, or nowhere, by the instrument and by both foils.

    Every reader says of both steps whether they changed. Right is who names the one step that did and no other; where
    none did, who shows both to be equivalent, or says that nothing changed. Wrong is who names a step that did not
    change, or says of one that did that it is the same: the overlap of intervals says so always, the instrument only
    of effects within the margin, which is true of those and then no hit. ``studies`` for each effect and place.
    """
    rng = np.random.default_rng(seed)
    tally = {(reader, multiple): [0, 0, 0] for reader in READERS for multiple in MULTIPLES}
    for multiple in MULTIPLES:
        for number in range(studies):
            pool = pools[number % len(pools)]
            part = next(drawn(pool.data, pool.size, 1, rng))
            one, other = only(pool.data, 0, part), only(pool.data, 1, part)
            whole = effect(_row(pool.data, 0), _row(pool.data, 1))
            size = multiple * _detectable(pool, one, rng)
            dose = min(1.0, size / abs(whole))
            for place in (0, 1, None):
                doses = [0.0 if place is None or stage <= place else dose for stage in range(3)]
                rows = [mixed(redrawn(one, rng), redrawn(other, rng), each, rng) for each in doses]
                data = family(one, ("base", "sft", "production"), rows)
                for reader, said in _said(pool, data).items():
                    right, wrong = _mark(said, place, beyond=dose * abs(whole) > pool.margin)
                    counts = tally[reader, multiple]
                    counts[0] += right
                    counts[1] += wrong
                    counts[2] += 1
    return tuple(Detected(reader, multiple, *counts) for (reader, multiple), counts in tally.items())


@dataclass(frozen=True, slots=True)
class _Said:
    """Steps that are said to have changed, and those said not to have; ``within``: by no more than a margin."""

    changed: frozenset[int]
    same: frozenset[int] = field(default_factory=frozenset)
    within: bool = False


def _said(pool: Pool, data: MeasureData) -> dict[Reader, _Said]:
    (result,) = decide([data], Rules(margins={"default": pool.margin})).results
    steps = [
        contrast
        for contrast in result.contrasts
        if (contrast.from_stage, contrast.to_stage) in (("base", "sft"), ("sft", "production"))
    ]
    own = _Said(
        frozenset(place for place, step in enumerate(steps) if step.verdict in CHANGED),
        frozenset(place for place, step in enumerate(steps) if step.verdict in SAME),
        within=True,
    )
    named = overlap(data, pool.margin)
    changed = {"sft": {0}, "production": {1}, "mixed": {0, 1}}.get(named.cause, set())
    top = {"sft": 0, "production": 1}[largest(data).cause]
    return {
        "stagelens": own,
        "overlap": _Said(frozenset(changed), frozenset({0, 1} - changed)),
        "largest": _Said(frozenset({top}), frozenset({1 - top})),
    }


def _mark(said: _Said, place: int | None, *, beyond: bool) -> tuple[bool, bool]:
    """Right, wrong."""
    if place is None:
        return not said.changed and said.same == {0, 1}, bool(said.changed)
    missed = place in said.same and (beyond or not said.within)
    wrong = bool(said.changed - {place}) or missed
    return said.changed == {place}, wrong


def _detectable(pool: Pool, one: MeasureData, rng: np.random.Generator) -> float:
    found = _contrast(pool, [one, redrawn(one, rng)]).minimum_detectable_difference
    return pool.margin if found is None else found


def _contrast(pool: Pool, rows: Sequence[MeasureData], method: Method = "tango_neff") -> Contrast:
    rules = Rules(margins={"default": pool.margin}, method=method)
    return decide([family(rows[0], ("one", "other"), rows)], rules).results[0].contrasts[0]


def _row(data: MeasureData, stage: int) -> MeasureData:
    return only(data, stage, np.arange(data.item.size))


def _margins(pools: Sequence[Pool]) -> dict[str, float]:
    return {f"{pool.data.benchmark}/{pool.data.measure}": pool.margin for pool in pools}
