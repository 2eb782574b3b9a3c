"""The whole validation: organisms judged blind, what their censuses say besides, and the claims."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from stagelens.engine.progress import Reporter, silent
from stagelens.organisms import designs
from stagelens.organisms.census.table import FULL, Size
from stagelens.organisms.judge import Judged, judge_all
from stagelens.organisms.kept import Headline, Kept
from stagelens.organisms.simulated import Place, Simulated, simulate
from stagelens.organisms.validation.claims import NOTHING, ClaimCheck, check_claims
from stagelens.organisms.validation.matrix import Cell, Rate, share_of
from stagelens.statistics.contrasts.words import CHANGED

QUICK: Final = Size(answers=5_000, episodes=500)
STILL: Final = 0.02
"""A share of plain requests by which production may differ from SFT and count as not changed."""


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
    """What was seen. ``cells`` are of families whose production is a work of RL, ``styled`` of the others."""

    cells: tuple[Cell, ...]
    styled: tuple[Styled, ...]
    claims: tuple[ClaimCheck, ...]
    simulated: Simulated

    @property
    def holds(self) -> bool:
        """Whether every claim holds."""
        return all(claim.holds for claim in self.claims)

    def to_dict(self) -> dict[str, Any]:
        """All of it as plain JSON."""
        between = self.simulated.between_seeds
        return {
            "schema": 1,
            "holds": self.holds,
            "claims": [asdict(each) for each in self.claims],
            "cells": [_cell(each) for each in self.cells],
            "styled": [asdict(each) | {"misled": each.misled} for each in self.styled],
            "between_seeds": None if between is None else asdict(between.changed),
            "left_out": list(self.simulated.left_out),
        }


def validate(
    *,
    quick: bool = False,
    drawn: int | None = None,
    seed: int = 0,
    out: Path,
    kept: Path | None = None,
    jobs: int = 1,
    reporter: Reporter | None = None,
) -> Validation:
    """Validate the instrument.

    Args:
        quick: three organisms with smaller censuses in place of the full design.
        drawn: so many random organisms instead, of the generator's ``seed``.
        seed: of the random organisms.
        out: the folder for all of it; what lies there is not done again.
        kept: the folder for what was counted and said, from which all is shown again without a checkpoint;
            ``out/kept`` where None.
        jobs: how many organisms are built and judged at once.
        reporter: told what is done.

    Raises:
        InputError: the folder cannot be used, or holds other place.
    """
    specs = designs.drawn(drawn, seed) if drawn else designs.quick() if quick else (*designs.full(), *designs.styled())
    size = QUICK if quick else FULL
    place, reporter = Place(out, Kept(kept or out / "kept"), size), reporter or silent()
    every = list(judge_all(specs, out, place.kept, size=size, jobs=jobs, reporter=reporter))
    judged = [each for each in every if each.spec.nuisance is None]
    styled = tuple(_styled([each for each in every if each.spec.nuisance is not None]))
    cells = tuple(cell for each in judged for cell in each.said.cells)
    seen = simulate(judged, place, jobs=jobs, reporter=reporter)
    checks = check_claims(
        cells,
        aa=seen.aa,
        doses=seen.doses,
        sizes=seen.sizes,
        detections=seen.detections,
        unrelated=_unrelated(judged),
        styled=share_of(sum(each.misled for each in styled), len(styled)) if styled else None,
    )
    smaller = quick or drawn is not None
    return Validation(
        cells=cells,
        styled=styled,
        # A smaller design claims nothing of what it does not hold.
        claims=tuple(claim for claim in checks if not (smaller and claim.seen == NOTHING)),
        simulated=seen,
    )


def _styled(judged: Sequence[Judged]) -> Iterator[Styled]:
    for each in judged:
        for cell in each.said.cells:
            *_, step = cell.truth.steps
            yield Styled(cell.organism, str(each.spec.nuisance), step, each.said.headlines[cell.benchmark])


def _unrelated(judged: Sequence[Judged]) -> Rate | None:
    """Of families whose RL left plain requests as they were, how many were said to have changed there."""
    still = [
        each.said.unrelated
        for each in judged
        if each.said.unrelated is not None and abs(each.said.unrelated.change) <= STILL
    ]
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
