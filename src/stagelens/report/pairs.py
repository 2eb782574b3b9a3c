"""Every two stages compared: who is compared with whom, in a matrix and in a sentence."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from string import ascii_lowercase, ascii_uppercase
from typing import Final

from stagelens.report.scope import look_words, scope_words
from stagelens.report.units import MISSING, Units, coverage, units_of
from stagelens.report.words import families, full_name, verdict
from stagelens.statistics.results import Contrast, Level, MeasureResult, Verdicts, VerdictWord

LETTERS: Final = ascii_uppercase + ascii_lowercase
MOST: Final = 26
"""With more stages than this a matrix is no longer readable, and only the table of contrasts is shown."""

_FLIPPED: Final[dict[VerdictWord, VerdictWord]] = {"changed_up": "changed_down", "changed_down": "changed_up"}


@dataclass(frozen=True, slots=True)
class Cell:
    """One stage minus another: the row's minus the column's. ``text`` says all of it in words."""

    word: VerdictWord
    name: str
    symbol: str
    difference: str
    text: str

    @property
    def tone(self) -> str:
        """How the cell is set: `changed`, `same` or `open`."""
        return tone(self.word)


@dataclass(frozen=True, slots=True)
class Line:
    """One stage against all others; a cell is None against itself, or where the two were not compared."""

    letter: str
    stage: str
    level: Level
    written: str
    cells: tuple[Cell | None, ...]


@dataclass(frozen=True, slots=True)
class Matrix:
    """One measure's pairs: the stages in order of their level, the highest first; unknown levels last.

    ``about``: the margin, and what else holds for all pairs; ``sentence`` and ``counts`` sum them up.
    """

    name: str
    about: str
    sentence: str
    counts: str
    lines: tuple[Line, ...]


def is_pairwise(result: MeasureResult) -> bool:
    """Whether every two stages are compared, and these are more than a ladder's own contrasts.

    A ladder of three stages compares all pairs anyhow; so does one of four, where it has a base.
    """
    stages, pairs = len(result.stages), len({(c.from_stage, c.to_stage) for c in result.contrasts})
    return pairs == stages * (stages - 1) // 2 and (stages > 4 or (stages == 4 and result.cause is None))


def is_side_by_side(result: MeasureResult) -> bool:
    """Whether the stages are compared in pairs because they are no ladder: no cause is asked, none is named sft."""
    return is_pairwise(result) and result.cause is None and all(level.stage != "sft" for level in result.stages)


def tone(word: VerdictWord) -> str:
    """`changed`, `same` or `open`."""
    return {"changed_up": "changed", "changed_down": "changed", "equivalent": "same", "below_margin": "same"}.get(
        word, "open"
    )


def matrices(verdicts: Verdicts) -> tuple[Matrix, ...]:
    """A matrix for each measure whose stages are compared in pairs and are not too many."""
    several = len(families(verdicts)) > 1
    return tuple(
        matrix(result, verdicts.alpha, several_families=several) for result in verdicts.results if has_matrix(result)
    )


def has_matrix(result: MeasureResult) -> bool:
    """Whether a matrix of the measure's pairs is shown."""
    return is_pairwise(result) and len(result.stages) <= MOST


def matrix(result: MeasureResult, alpha: float, *, several_families: bool = False) -> Matrix:
    """The matrix of one measure."""
    units = units_of(result)
    words = Counter(tone(contrast.verdict) for contrast in result.contrasts)
    recipe = (scope_words(result),) if result.runs > 1 else ()
    levels = sorted(result.stages, key=lambda level: -1e9 if level.estimate is None else level.estimate, reverse=True)
    by_pair = {(contrast.from_stage, contrast.to_stage): contrast for contrast in result.contrasts}
    return Matrix(
        name=full_name(result, several_families=several_families),
        about=", ".join(filter(None, (f"margin ±{units.width(result.margin)}", look_words(result), *recipe))),
        sentence=pairs_sentence(result),
        counts=f"{words['changed']} differ, {words['same']} equivalent, {words['open']} undecided",
        lines=tuple(
            Line(
                letter=LETTERS[index % len(LETTERS)],
                stage=own.stage,
                level=own,
                written=units.level(own.estimate),
                cells=tuple(_cell(own.stage, other.stage, by_pair, units, alpha) for other in levels),
            )
            for index, own in enumerate(levels)
        ),
    )


def pairs_sentence(result: MeasureResult) -> str:
    """`Of 66 pairs, 14 differ, none is equivalent, 52 are undecided.`"""
    words = Counter(tone(contrast.verdict) for contrast in result.contrasts)
    inside = sum(contrast.verdict == "below_margin" for contrast in result.contrasts)
    alike = words["same"]
    parts = [
        f"{words['changed'] or 'none'} {_are(words['changed'], 'differ', 'differs')}",
        f"{alike or 'none'} {_are(alike, 'are equivalent', 'is equivalent')}"
        + (f" ({inside} of them only below the margin)" if inside else ""),
        f"{words['open'] or 'none'} {_are(words['open'], 'are undecided', 'is undecided')}",
    ]
    return f"Of {len(result.contrasts)} pairs, {', '.join(parts)}."


def _are(number: int, many: str, one: str) -> str:
    return many if number > 1 else one


def _cell(row: str, column: str, by_pair: dict[tuple[str, str], Contrast], units: Units, alpha: float) -> Cell | None:
    straight, turned = by_pair.get((column, row)), by_pair.get((row, column))
    if straight is not None:
        return _written(row, column, straight.verdict, straight.difference, (straight.low, straight.high), units, alpha)
    if turned is not None:
        word = _FLIPPED.get(turned.verdict, turned.verdict)
        difference = None if turned.difference is None else -turned.difference
        return _written(row, column, word, difference, (-turned.high, -turned.low), units, alpha)
    return None


def _written(
    row: str,
    column: str,
    word: VerdictWord,
    difference: float | None,
    interval: tuple[float, float],
    units: Units,
    alpha: float,
) -> Cell:
    outer, _ = coverage(alpha)
    shown = verdict(word, alpha)
    text = f"{row} minus {column}: {units.difference(difference)} ({outer} interval {units.interval(*interval)}), "
    number = units.difference(difference)
    return Cell(
        word=word,
        name=shown.word,
        symbol=shown.symbol,
        difference=number if number == MISSING else number.removesuffix(f" {units.name}"),
        text=text + shown.word,
    )
