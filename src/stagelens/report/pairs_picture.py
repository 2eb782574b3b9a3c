"""The picture of stages that are no ladder: a block a measure, its stages by level, and each against every other.

``templates/pairs.svg.j2`` draws it. Places are SVG units, y grows downwards.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

from stagelens.report.axis import level_axis
from stagelens.report.pairs import Cell, Line, has_matrix, matrix
from stagelens.report.picture import WIDTH, Tick, ticks
from stagelens.report.render import render
from stagelens.report.units import coverage, units_of
from stagelens.report.visible import shorten
from stagelens.report.words import is_hollow, measure_word
from stagelens.statistics.results import MeasureResult

LEVELS: Final = (196.0, 520.0)
WRITTEN: Final = 572.0
CELLS: Final = 600.0
_LINE, _WIDEST, _TITLE, _FOOT, _GAP = 22.0, 34.0, 46.0, 24.0, 26.0


@dataclass(frozen=True, slots=True)
class PlacedCell:
    """A symbol of the matrix and its place; ``cell`` is None on the diagonal."""

    x: float
    cell: Cell | None


@dataclass(frozen=True, slots=True)
class PlacedLine:
    """A stage: its name, its level with its interval (``x`` None where nothing was scored), its cells."""

    y: float
    letter: str
    name: str
    x: float | None
    low: float
    high: float
    hollow: bool
    written: str
    text: str
    cells: tuple[PlacedCell, ...]


@dataclass(frozen=True, slots=True)
class Block:
    """One measure."""

    top: float
    bottom: float
    name: str
    about: str
    counts: str
    ticks: tuple[Tick, ...]
    columns: tuple[tuple[float, str], ...]
    lines: tuple[PlacedLine, ...]
    cell: float

    @property
    def description(self) -> str:
        """The block in words, for those who do not see it."""
        return f"{self.name} ({self.about}): {'; '.join(line.text for line in self.lines)}. Pairs: {self.counts}."


@dataclass(frozen=True, slots=True)
class PairsPicture:
    """Everything that the template draws."""

    height: float
    blocks: tuple[Block, ...]
    level_heading: str
    width: float = WIDTH
    levels: tuple[float, float] = LEVELS
    written: float = WRITTEN
    cells: float = CELLS


def pairs_picture(results: Sequence[MeasureResult], alpha: float) -> Markup:
    """The picture as an inline SVG element; its colours come from the report's style sheet."""
    return render("pairs.svg.j2", picture=lay_out(results, alpha))


def lay_out(results: Sequence[MeasureResult], alpha: float) -> PairsPicture:
    """Where everything of the picture stands."""
    outer, _ = coverage(alpha)
    blocks: list[Block] = []
    y = 0.0
    for result in results:
        blocks.append(_block(result, alpha, y))
        y = blocks[-1].bottom + _GAP
    return PairsPicture(max(y - _GAP, 1.0) + 2, tuple(blocks), f"Level, {outer} interval; highest first")


def _block(result: MeasureResult, alpha: float, top: float) -> Block:
    units = units_of(result)
    axis = level_axis(units.low, units.high, *LEVELS)
    found = matrix(result, alpha)
    shown = has_matrix(result)
    size = min((WIDTH - CELLS) / max(len(found.lines), 1), _WIDEST)
    columns = tuple((CELLS + size * (index + 0.5), line.letter) for index, line in enumerate(found.lines))
    direction = "higher is worse" if result.higher_is_worse else "higher is better"
    outer, _ = coverage(alpha)

    def place(line: Line, index: int) -> PlacedLine:
        level = line.level
        interval = units.level_interval(level.low, level.high)
        return PlacedLine(
            y=top + _TITLE + _LINE * (index + 0.5),
            letter=line.letter,
            name=shorten(line.stage, 22),
            x=None if level.estimate is None else axis.at(level.estimate),
            low=axis.at(level.low),
            high=axis.at(level.high),
            hollow=is_hollow(level),
            written=line.written,
            text=f"{line.stage} {line.written}, {outer} interval {interval}",
            cells=tuple(PlacedCell(x, cell) for (x, _), cell in zip(columns, line.cells, strict=True)) if shown else (),
        )

    lines = tuple(place(line, index) for index, line in enumerate(found.lines))
    return Block(
        top=top,
        bottom=top + _TITLE + _LINE * len(lines) + _FOOT,
        name=shorten(measure_word(result.measure), 30),
        about=f"{shorten(result.benchmark, 26)}, {direction}, margin ±{units.width(result.margin)}",
        counts=found.counts,
        ticks=ticks(axis, units, signed=False),
        columns=columns if shown else (),
        lines=lines,
        cell=size,
    )
