"""The grades of a cascade's second judge, who was asked about what a screen flagged and a sample of the rest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stagelens.outcomes.grades import PANEL, Grades, median
from stagelens.statistics.data import SCORED, UNGRADED, Labels


@dataclass(frozen=True, slots=True)
class Corrected:
    """The screen's values with what a second judge has to say of them, each array of shape (S, A)."""

    values: NDArray[np.float64]
    status: NDArray[np.int8]
    labels: Labels | None
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Second:
    """What was drawn for a second judge and what it said, each array of shape (S, A).

    ``grade``: NaN where it gave none. ``chance``: with which the answer was drawn, NaN where it was not.
    """

    by: str
    stages: tuple[str, ...]
    grade: NDArray[np.float64]
    chance: NDArray[np.float64]

    @classmethod
    def of(cls, grades: Grades, rows: NDArray[np.bool_], by_judge: Mapping[str, NDArray[np.bool_]]) -> Second:
        """From its ``rows``, by judge: a panel's own rows where there are any, else the median over the judges."""
        single = sorted(name for name in by_judge if name != PANEL)
        if PANEL in by_judge:
            grade = grades.placed(by_judge[PANEL], grades.value)
        else:
            grade = median(np.stack([grades.placed(by_judge[name], grades.value) for name in single]))
        chances = np.full(len(rows), np.nan) if grades.probability is None else grades.probability
        return cls(", ".join(single) or PANEL, grades.stages, grade, grades.placed(rows, chances))

    def correct(self, values: NDArray[np.float64], status: NDArray[np.int8], *, humans: bool) -> Corrected:
        """What is analysed, of the screen's ``values`` and their ``status``.

        Where the screen gave no grade the second judge's is all there is: it stands for itself. With ``humans``, whose
        labels correct everything, its grades replace the screen's and are no labels.
        """
        graded = ~np.isnan(self.grade)
        alone = graded & (status == UNGRADED)
        replaced = alone | (graded & (status == SCORED)) if humans else alone
        placed = np.where(replaced, self.grade, values)
        known = np.where(alone, np.int8(SCORED), status).astype(np.int8)
        if humans:
            return Corrected(placed, known, None, (self._under_humans(),))
        chance = np.where(graded & ~alone, self.chance, np.nan)
        notes: list[str] = []
        for stage, name in enumerate(self.stages):
            scored = status[stage] == SCORED
            notes += self._spread(chance[stage], scored & ~np.isnan(self.chance[stage]), stage, name)
            notes += self._weigh(chance[stage], int(np.count_nonzero(scored)), name)
        chance[alone & ~np.isnan(chance).all(axis=1, keepdims=True)] = 1.0
        labels = Labels(np.where(np.isnan(chance), np.nan, self.grade), chance, self.by)
        return Corrected(placed, known, None if np.isnan(chance).all() else labels, tuple(notes))

    def unscreened(self) -> tuple[str, ...]:
        """What to say where no grades are there for it to correct."""
        said = f"{self.by} graded answers that a screen chose, and the table does not hold the screen's own grades"
        return (f"{said}: what it chose speaks for nothing else, and is left out.",)

    def _spread(self, chance: NDArray[np.float64], drawn: NDArray[np.bool_], stage: int, name: str) -> Iterator[str]:
        """Scale one stage's chances where drawn answers have no grade: as if those with one had been drawn at random.

        Among answers drawn with the same chance, that is. Where none of these has a grade, nothing speaks for what they
        stand for, and the stage has no labels.
        """
        missing = drawn & np.isnan(chance)
        if not missing.any():
            return
        yield (
            f"{self.by} gave no grade to {np.count_nonzero(missing)} of {np.count_nonzero(drawn)} answers of {name} "
            "that it was asked about: they count as not drawn."
        )
        for each in np.unique(self.chance[stage][drawn]):
            own = drawn & (self.chance[stage] == each)
            filled = own & ~np.isnan(chance)
            if not filled.any():
                chance[drawn] = np.nan
                yield f"{self.by} graded no answer of {name} drawn with the chance {each:.3g}: it corrects none."
                return
            chance[filled] = each * np.count_nonzero(filled) / np.count_nonzero(own)

    def _weigh(self, chance: NDArray[np.float64], scored: int, name: str) -> Iterator[str]:
        """Drop one stage's grades where they stand for less than half of its answers: a class was never drawn from."""
        drawn = ~np.isnan(chance)
        total = float((1 / chance[drawn]).sum())
        if drawn.any() and total < scored / 2:
            chance[:] = np.nan
            yield (
                f"By their chances the grades of {self.by} stand for {total:.0f} of the {scored} answers of {name}: a "
                "part of these was never drawn from, so it corrects none."
            )

    def _under_humans(self) -> str:
        return (
            f"{self.by} stands where it was asked, the screen elsewhere: human labels alone correct both, and levels "
            "are as these two see them."
        )
