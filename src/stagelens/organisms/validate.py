"""The whole validation: organisms judged blind, what their censuses say besides, and the claims."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import polars as pl

from stagelens.engine.progress import Reporter
from stagelens.organisms import designs
from stagelens.organisms.build import counted
from stagelens.organisms.census.table import FULL, Counted, Size, take_census
from stagelens.organisms.census.truth import read_census, steps_of
from stagelens.organisms.groups import GROUPS
from stagelens.organisms.judge import Judged, judge_all
from stagelens.organisms.study import STEPS
from stagelens.organisms.validation.checks import Pool, detection, dose_response, false_alarms, size_at_margin
from stagelens.organisms.validation.claims import Claim, Evidence, claims
from stagelens.organisms.validation.matrix import Cell, Rate, share_of
from stagelens.outcomes.arrays import measure_arrays
from stagelens.statistics.contrasts.parts import of_stages
from stagelens.statistics.contrasts.words import CHANGED
from stagelens.statistics.data import MeasureData

QUICK: Final = Size(answers=5_000, episodes=500)
STUDIES: Final = 400
"""Studies that are drawn from censuses for each rate."""
SECOND: Final = 1
"""Sampling seed of a checkpoint's second census."""
MOVED: Final = 2.0
"""Margins that a step has to measure for its two checkpoints to be mixed."""


@dataclass(frozen=True, slots=True)
class Validation:
    """What was seen. ``between_seeds``: A/A studies of two trainings of one recipe, None with fewer than two seeds."""

    evidence: Evidence
    claims: tuple[Claim, ...]
    between_seeds: Rate | None

    @property
    def cells(self) -> tuple[Cell, ...]:
        """Every measure of every organism in which something was planted."""
        return self.evidence.cells

    @property
    def holds(self) -> bool:
        """Whether every claim holds."""
        return all(claim.holds for claim in self.claims)

    def to_dict(self) -> dict[str, Any]:
        """All of it as plain JSON."""
        return {
            "schema": 1,
            "holds": self.holds,
            "claims": [{"text": each.text, "holds": each.holds, "seen": each.seen} for each in self.claims],
            "cells": [_cell(each) for each in self.cells],
            "between_seeds": None if self.between_seeds is None else _rate(self.between_seeds),
        }


def validate(
    *,
    quick: bool = False,
    drawn: int | None = None,
    seed: int = 0,
    out: Path,
    reporter: Reporter | None = None,
) -> Validation:
    """Validate the instrument.

    Args:
        quick: three organisms with smaller censuses in place of the full design.
        drawn: so many random organisms instead, of the generator's ``seed``.
        seed: of the random organisms.
        out: the folder for all of it; what lies there is not done again.
        reporter: told what is done.

    Raises:
        InputError: the folder cannot be used, or holds other work.
    """
    specs = designs.drawn(drawn, seed) if drawn else designs.quick() if quick else designs.full()
    size = QUICK if quick else FULL
    judged = list(judge_all(specs, out, size=size, reporter=reporter))
    cells = tuple(cell for each in judged for cell in each.cells)
    evidence = Evidence(cells, unrelated=_unrelated(judged), **_drawn(judged, out, size))
    return Validation(evidence, claims(evidence), _between_seeds(judged, out, size))


def _drawn(judged: Sequence[Judged], out: Path, size: Size) -> dict[str, Any]:
    """What studies that are drawn from the censuses show; nothing where no checkpoint moved anything."""
    moved = list(_moved(judged))
    if not moved:
        return {}
    by_benchmark = {pool.data.benchmark: pool for pool in reversed(moved)}
    return {
        "alarms": false_alarms([_twice(each, out, size) for each in _leaders(judged)], STUDIES, seed=1),
        "doses": tuple(dose_response(name, pool, seed=2) for name, pool in sorted(by_benchmark.items())),
        "sizes": {method: size_at_margin(moved, STUDIES, method, seed=3) for method in ("tango_neff", "betting")},
        "detected": detection(moved, STUDIES // 4, seed=4),
    }


def _leaders(judged: Sequence[Judged]) -> list[Judged]:
    """The first organism of every seed."""
    return list({each.spec.seed: each for each in reversed(judged)}.values())[::-1]


def _moved(judged: Sequence[Judged]) -> Iterator[Pool]:
    """Pairs of neighbouring checkpoints of which one moved a measure by ``MOVED`` margins or more."""
    for each in judged:
        census = steps_of(read_census(each.organism.truth))
        for cell in each.cells:
            for place, step in enumerate(cell.truth.steps):
                if abs(step) >= MOVED * cell.truth.margin:
                    pair = of_stages(census[cell.benchmark], [place, place + 1])
                    yield Pool(pair, each.attempts[cell.benchmark], cell.truth.margin)


def _twice(judged: Judged, out: Path, size: Size) -> list[Pool]:
    """The SFT checkpoint's answers under two sampling seeds, a pool for every measure."""
    return _pools(judged, judged, out, size, sampling=SECOND)


def _between_seeds(judged: Sequence[Judged], out: Path, size: Size) -> Rate | None:
    """The SFT checkpoints of other seeds against that of the first, on the same prompts and with the same plants."""
    first, *others = _leaders(judged)
    alike = [each for each in others if each.spec.plants == first.spec.plants]
    return false_alarms([_pools(first, each, out, size) for each in alike], STUDIES, seed=5) if alike else None


def _pools(one: Judged, other: Judged, out: Path, size: Size, *, sampling: int = 0) -> list[Pool]:
    """Two organisms' SFT checkpoints on the fresh prompts of the first."""
    frames = [
        take_census(
            "pair",
            [stage],
            seed=one.spec.seed,
            size=size,
            kept=out / "shared" / f"seed-{one.spec.seed}" / "census",
            sampling=again,
        )
        for stage, again in ((_sft(one, 0), 0), (_sft(other, 1), sampling))
    ]
    data: Mapping[str, MeasureData] = {each.benchmark: each for each in measure_arrays(pl.concat(frames))}
    return [Pool(data[name], one.attempts[name], GROUPS[name].margin) for name in one.spec.plants]


def _sft(judged: Judged, index: int) -> Counted:
    (stage,) = [
        each for each in counted(judged.spec, judged.organism.study, judged.organism.run) if each.stage == STEPS[1]
    ]
    return replace(stage, stage=("one", "other")[index], index=index)


def _unrelated(judged: Sequence[Judged]) -> Rate | None:
    asked = [each.unrelated for each in judged if each.unrelated is not None]
    return share_of(sum(verdict in CHANGED for verdict in asked), len(asked)) if asked else None


def _cell(cell: Cell) -> dict[str, Any]:
    return {
        "organism": cell.organism,
        "seed": cell.seed,
        "benchmark": cell.benchmark,
        "measure": cell.measure,
        "planted": cell.planted,
        "dose": cell.dose,
        "levels": {level.stage: round(level.level, 6) for level in cell.truth.levels},
        "truth": str(cell.truth.label),
        "right_labels": sorted(map(str, cell.truth.right)),
        "clear": cell.truth.clear,
        "certifiable": cell.certifiable,
        "said": {reader: str(label) for reader, label in cell.said.items()},
        "right": cell.right(),
        "wrong": cell.wrong(),
        "necessary": cell.necessary,
    }


def _rate(found: Rate) -> dict[str, Any]:
    return {"hits": found.hits, "of": found.of, "low": round(found.low, 6), "high": round(found.high, 6)}
