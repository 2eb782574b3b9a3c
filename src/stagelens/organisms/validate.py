"""The whole validation: organisms judged blind, what their censuses say besides, and the claims."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any, Final, TypeVar

import polars as pl

from stagelens.engine.progress import Reporter, silent
from stagelens.errors import InputError
from stagelens.organisms import designs
from stagelens.organisms.build import counted
from stagelens.organisms.census.table import FULL, Counted, Size, take_census
from stagelens.organisms.census.truth import read_census, steps_of
from stagelens.organisms.groups import GROUPS
from stagelens.organisms.judge import Headline, Judged, judge_all
from stagelens.organisms.study import STEPS
from stagelens.organisms.validation.aa import AA, aa_studies
from stagelens.organisms.validation.claims import NOTHING, ClaimCheck, check_claims
from stagelens.organisms.validation.detection import Detection, detection
from stagelens.organisms.validation.dose import DoseResponse, dose_response
from stagelens.organisms.validation.matrix import Cell, Rate, share_of
from stagelens.organisms.validation.mixing import Unit
from stagelens.organisms.validation.sampling import Design
from stagelens.organisms.validation.size import FalseEquivalence, false_equivalence
from stagelens.outcomes.arrays import measure_arrays
from stagelens.statistics.contrasts.parts import of_stages
from stagelens.statistics.contrasts.words import CHANGED
from stagelens.statistics.data import MeasureData, Method, Rules

QUICK: Final = Size(answers=5_000, episodes=500)
STUDIES: Final = 400
"""Studies that are drawn from censuses for each rate."""
SECOND: Final = 1
"""Sampling seed of a checkpoint's second census."""
METHODS: Final[tuple[Method, ...]] = ("tango_neff", "betting")
UNITS: Final[tuple[Unit, ...]] = ("item", "cluster")
STILL: Final = 0.02
"""A share of plain requests by which production may differ from SFT and count as not changed."""
T = TypeVar("T")
MOVED: Final = 2.0
"""Margins that a step has to measure for its two checkpoints to be mixed."""


@dataclass(frozen=True, slots=True)
class Styled:
    """A measure of an organism whose production changes the style alone, and what was said of that step.

    ``step``: production minus SFT by the census, in the measure's unit.
    """

    organism: str
    nuisance: str
    step: float
    headline: Headline

    @property
    def misled(self) -> bool:
        """Whether it is called changed, and no confound stands beside that."""
        return self.headline.verdict in CHANGED and not self.headline.named


@dataclass(frozen=True, slots=True)
class Validation:
    """What was seen. ``cells`` are of families whose production is a work of RL, ``styled`` of the others.

    ``aa`` and ``between_seeds``: A/A studies of one checkpoint under two sampling seeds, and of two trainings of one
    recipe; None where there were none. ``left_out``: simulations that could not be made, and why.
    """

    cells: tuple[Cell, ...]
    styled: tuple[Styled, ...]
    claims: tuple[ClaimCheck, ...]
    aa: AA | None
    between_seeds: AA | None
    doses: tuple[DoseResponse, ...]
    sizes: tuple[FalseEquivalence, ...]
    detections: tuple[Detection, ...]
    left_out: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Whether every claim holds."""
        return all(claim.holds for claim in self.claims)

    def to_dict(self) -> dict[str, Any]:
        """All of it as plain JSON."""
        return {
            "schema": 1,
            "holds": self.holds,
            "claims": [asdict(each) for each in self.claims],
            "cells": [_cell(each) for each in self.cells],
            "styled": [asdict(each) | {"misled": each.misled} for each in self.styled],
            "between_seeds": None if self.between_seeds is None else asdict(self.between_seeds.changed),
            "left_out": list(self.left_out),
        }


def validate(
    *,
    quick: bool = False,
    drawn: int | None = None,
    seed: int = 0,
    out: Path,
    jobs: int = 1,
    reporter: Reporter | None = None,
) -> Validation:
    """Validate the instrument.

    Args:
        quick: three organisms with smaller censuses in place of the full design.
        drawn: so many random organisms instead, of the generator's ``seed``.
        seed: of the random organisms.
        out: the folder for all of it; what lies there is not done again.
        jobs: how many organisms are built and judged at once.
        reporter: told what is done.

    Raises:
        InputError: the folder cannot be used, or holds other work.
    """
    specs = designs.drawn(drawn, seed) if drawn else designs.quick() if quick else (*designs.full(), *designs.styled())
    size = QUICK if quick else FULL
    every = list(judge_all(specs, out, size=size, jobs=jobs, reporter=reporter))
    judged = [each for each in every if each.spec.nuisance is None]
    styled = tuple(_styled([each for each in every if each.spec.nuisance is not None]))
    cells = tuple(cell for each in judged for cell in each.cells)
    made = _Simulations(reporter or silent())
    for pair in _moved(judged):
        made.simulate(pair)
    again = {each.spec.name: _pairs(each, each, out, size, sampling=SECOND) for each in _leaders(judged)}
    aa = aa_studies(again, _designs(judged), _rules(judged), studies=STUDIES, seed=1)
    checks = check_claims(
        cells,
        aa=aa,
        doses=made.doses,
        sizes=made.sizes,
        detections=made.detections,
        unrelated=_unrelated(judged),
        styled=share_of(sum(each.misled for each in styled), len(styled)) if styled else None,
    )
    smaller = quick or drawn is not None
    return Validation(
        cells=cells,
        styled=styled,
        # A smaller design claims nothing of what it does not hold.
        claims=tuple(claim for claim in checks if not (smaller and claim.seen == NOTHING)),
        aa=aa,
        between_seeds=_between_seeds(judged, out, size),
        doses=tuple(made.doses),
        sizes=tuple(made.sizes),
        detections=tuple(made.detections),
        left_out=tuple(made.left_out),
    )


@dataclass(frozen=True, slots=True)
class _Pair:
    """Two neighbouring checkpoints of which one moved a measure, on the same fresh prompts."""

    census: MeasureData
    earlier: str
    later: str
    design: Design
    margin: float


@dataclass(slots=True)
class _Simulations:
    """What studies that are drawn from the censuses of pairs show."""

    reporter: Reporter
    doses: list[DoseResponse] = field(default_factory=list)
    sizes: list[FalseEquivalence] = field(default_factory=list)
    detections: list[Detection] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)

    def simulate(self, pair: _Pair) -> None:
        """Everything on one pair; what its census is too small for is left out with the reason."""
        between = (pair.census, pair.earlier, pair.later, pair.design)
        self._add(self.doses, partial(dose_response, *between, margin=pair.margin, seed=2))
        for method, unit in product(METHODS, UNITS):
            self._add(
                self.sizes,
                partial(
                    false_equivalence, *between, margin=pair.margin, method=method, unit=unit, number=STUDIES, seed=3
                ),
            )
        self._add(self.detections, partial(detection, *between, margin=pair.margin, seed=4))

    def _add(self, to: list[T], make: Callable[[], T]) -> None:
        try:
            to.append(make())
        except InputError as error:
            self.left_out.append(str(error))
            self.reporter.say(f"left out: {error}")


def _leaders(judged: Sequence[Judged]) -> list[Judged]:
    """The first organism of every seed."""
    return list({each.spec.seed: each for each in reversed(judged)}.values())[::-1]


def _moved(judged: Sequence[Judged]) -> Iterator[_Pair]:
    """Of every benchmark, the first pair of checkpoints of which one moved it by ``MOVED`` margins or more."""
    known: set[str] = set()
    for each in judged:
        census = steps_of(read_census(each.organism.truth))
        for cell in each.cells:
            moves = [place for place, step in enumerate(cell.truth.steps) if abs(step) >= MOVED * cell.truth.margin]
            if moves and cell.benchmark not in known:
                known.add(cell.benchmark)
                pair = of_stages(census[cell.benchmark], [moves[0], moves[0] + 1])
                earlier, later = pair.stages
                yield _Pair(pair, earlier, later, _design(each, cell.benchmark), cell.truth.margin)


def _design(judged: Judged, benchmark: str) -> Design:
    """As many clusters and prompts in each as the organism's own study has."""
    attempts, clusters = judged.attempts[benchmark]
    return Design(clusters, max(1, attempts // clusters))


def _designs(judged: Sequence[Judged]) -> dict[str, Design]:
    return {name: _design(each, name) for each in judged for name in each.spec.plants}


def _rules(judged: Sequence[Judged]) -> Rules:
    return Rules(margins={name: GROUPS[name].margin for each in judged for name in each.spec.plants})


def _between_seeds(judged: Sequence[Judged], out: Path, size: Size) -> AA | None:
    """The SFT checkpoints of other seeds against that of the first, on the same prompts and with the same plants."""
    first, *others = _leaders(judged)
    alike = [each for each in others if each.spec.plants == first.spec.plants]
    if not alike:
        return None
    pairs = {each.spec.name: _pairs(first, each, out, size) for each in alike}
    return aa_studies(pairs, _designs(judged), _rules(judged), studies=STUDIES, seed=5)


def _pairs(one: Judged, other: Judged, out: Path, size: Size, *, sampling: int = 0) -> list[MeasureData]:
    """Two organisms' SFT checkpoints on the fresh prompts of the first, a measure each."""
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
    return list(measure_arrays(pl.concat(frames)))


def _sft(judged: Judged, index: int) -> Counted:
    (stage,) = [
        each for each in counted(judged.spec, judged.organism.study, judged.organism.run) if each.stage == STEPS[1]
    ]
    return replace(stage, stage=("one", "other")[index], index=index)


def _styled(judged: Sequence[Judged]) -> Iterator[Styled]:
    for each in judged:
        for cell in each.cells:
            *_, step = cell.truth.steps
            yield Styled(cell.organism, str(each.spec.nuisance), step, each.headlines[cell.benchmark])


def _unrelated(judged: Sequence[Judged]) -> Rate | None:
    """Of families whose RL left plain requests as they were, how many were said to have changed there."""
    still = [each.unrelated for each in judged if each.unrelated is not None and abs(each.unrelated.change) <= STILL]
    return share_of(sum(each.verdict in CHANGED for each in still), len(still)) if still else None


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
        "settled": cell.truth.settled,
        "certifiable": cell.certifiable,
        "said": {reader: str(label) for reader, label in cell.said.items()},
        "right": cell.right(),
        "wrong": cell.wrong(),
        "necessary": cell.necessary,
        "alone": None if cell.alone is None else round(cell.alone, 6),
    }
