"""Truth × verdict: how often the instrument, and each foil, named the cause that a census found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from scipy.stats import beta

from stagelens.organisms.spec import Cause
from stagelens.organisms.validation.labels import MEANT
from stagelens.organisms.validation.truth import Label, Truth
from stagelens.statistics.results import MeasureResult

Reader = Literal["stagelens", "overlap", "largest"]
READERS: Final[tuple[Reader, ...]] = ("stagelens", "overlap", "largest")
UNDECIDED: Final = ("inconclusive", "uninformative")


@dataclass(frozen=True, slots=True)
class Cell:
    """One measure of one organism: what was planted, what is true, and what each reader of the outcomes said.

    ``certifiable``: every contrast that is small in truth could have been certified within the margin by the study.
    ``necessary``: what the 2×2 says of the reward where the SFT data are not there (``Effect.verdict``), None where the
    family has no 2×2; ``alone``: what the reward does there by the census, None where that was not counted.
    """

    organism: str
    seed: int
    benchmark: str
    measure: str
    planted: Cause
    dose: float
    truth: Truth
    said: dict[Reader, Label]
    certifiable: bool
    necessary: str | None = None
    alone: float | None = None

    @property
    def took(self) -> bool:
        """Whether what was planted is what the census found."""
        return MEANT[self.planted].label in self.truth.right

    @property
    def counts(self) -> bool:
        """Whether the goals for right and decided answers apply: a clear truth, and a margin that can be certified."""
        return self.truth.clear and self.certifiable

    def decided(self, reader: Reader = "stagelens") -> bool:
        """Whether the reader named anything."""
        return self.said[reader].cause not in UNDECIDED

    def right(self, reader: Reader = "stagelens") -> bool:
        """Whether the reader named a label that counts as right. Silence is not right.

        `mixed` without a pattern says nothing of how the steps add up: it is right where any mixed cause is.
        """
        said = self.said[reader]
        if said == Label("mixed"):
            return any(label.cause == "mixed" for label in self.truth.right)
        return self.decided(reader) and said in self.truth.right

    def wrong(self, reader: Reader = "stagelens") -> bool:
        """Whether the reader named a label that does not count as right."""
        return self.decided(reader) and not self.right(reader)


@dataclass(frozen=True, slots=True)
class Rate:
    """A share of cells, with Clopper and Pearson's exact 95 % interval (1934); None of no cells."""

    hits: int
    of: int
    low: float
    high: float

    @property
    def share(self) -> float | None:
        """Hits by cells."""
        return self.hits / self.of if self.of else None


def rate(cells: Iterable[Cell], holds: Callable[[Cell], bool]) -> Rate:
    """How many of the cells it holds for."""
    flags = [holds(cell) for cell in cells]
    return share_of(sum(flags), len(flags))


def share_of(hits: int, of: int, alpha: float = 0.05) -> Rate:
    """A share with its exact interval at 1 − alpha; nothing is known of no trials."""
    low = float(beta.ppf(alpha / 2, hits, of - hits + 1)) if hits else 0.0
    high = float(beta.ppf(1 - alpha / 2, hits + 1, of - hits)) if hits < of else 1.0
    return Rate(hits, of, low, high)


def certifiable(result: MeasureResult, truth: Truth) -> bool:
    """Whether every contrast that is small in truth could have been certified within the margin, by its precision."""
    levels = {each.stage: each.level for each in truth.levels}
    return all(
        contrast.smallest_certifiable_margin is not None and contrast.smallest_certifiable_margin <= result.margin
        for contrast in result.contrasts
        if abs(levels[contrast.to_stage] - levels[contrast.from_stage]) <= result.margin
    )


def confusion(cells: Sequence[Cell], reader: Reader = "stagelens") -> dict[Label, Counter[Label]]:
    """By the census' label, how often the reader said what; labels in order of appearance."""
    table: dict[Label, Counter[Label]] = {}
    for cell in cells:
        table.setdefault(cell.truth.label, Counter())[cell.said[reader]] += 1
    return table
