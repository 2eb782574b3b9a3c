"""The picture at the top of the report: a row a measure, levels on the left, the headline difference on the right.

This module decides what stands where and what it says; ``templates/picture.svg.j2`` draws it. Places are SVG units,
y grows downwards.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby

from markupsafe import Markup

from stagelens.report.axis import Axis, difference_axis, level_axis
from stagelens.report.legend import LINE, Key, legend
from stagelens.report.palette import StageStyle, stage_styles
from stagelens.report.render import render
from stagelens.report.units import MISSING, Units, coverage, units_of
from stagelens.report.visible import shorten
from stagelens.report.words import (
    established_words,
    families,
    for_better_or_worse,
    headline_contrast,
    is_decided,
    is_hollow,
    measure_word,
    stage_word,
    verdict_text,
)
from stagelens.statistics.results import Contrast, Level, MeasureResult, Verdicts

WIDTH = 1080.0
LEVELS = (208.0, 498.0)
DIFFERENCES = (568.0, 838.0)
WORDS = 884.0
_STAGE_LINE, _ROW_TOP, _ROW_BOTTOM, _HEADINGS, _FAMILY = 17.0, 14.0, 30.0, 30.0, 30.0


@dataclass(frozen=True, slots=True)
class Tick:
    """A labelled place on an axis."""

    x: float
    text: str


@dataclass(frozen=True, slots=True)
class LevelMark:
    """A stage's level: ``x`` is None where nothing was scored, and then only the interval is drawn."""

    style: StageStyle
    y: float
    x: float | None
    low: float
    high: float
    hollow: bool
    text: str


@dataclass(frozen=True, slots=True)
class DifferenceMark:
    """The headline difference with its outer (1 − alpha) and inner (1 − 2 alpha) interval, and what was detectable."""

    y: float
    x: float | None
    outer: tuple[float, float]
    inner: tuple[float, float]
    detectable: tuple[float, float] | None
    text: str


@dataclass(frozen=True, slots=True)
class Row:
    """One measure of one family."""

    top: float
    bottom: float
    name: str
    measure: str
    benchmark: str
    direction: str
    levels: tuple[LevelMark, ...]
    level_ticks: tuple[Tick, ...]
    difference: DifferenceMark | None
    difference_ticks: tuple[Tick, ...]
    margin: tuple[float, float]
    verdict: str
    side: str | None
    decided: bool
    lines: tuple[str, ...]

    @property
    def sign(self) -> tuple[str, str]:
        """Symbol and word of the verdict, drawn apart: a symbol may need another font."""
        symbol, _, word = self.verdict.partition(" ")
        return (symbol, word) if len(symbol) == 1 else ("", self.verdict)

    @property
    def description(self) -> str:
        """The row in words, for those who do not see it."""
        levels = "; ".join(mark.text for mark in self.levels)
        difference = "" if self.difference is None else f" {self.difference.text}."
        verdict = self.verdict if self.side is None else f"{self.verdict} ({self.side})"
        return (
            f"{self.measure} ({self.benchmark}, {self.direction}): {levels}.{difference} "
            f"Verdict: {verdict}; {'; '.join(self.lines)}."
        )


@dataclass(frozen=True, slots=True)
class Picture:
    """Everything that the template draws."""

    height: float
    keys: tuple[Key, ...]
    headings_y: float
    level_heading: str
    difference_heading: str
    family_headings: tuple[tuple[float, str], ...]
    rows: tuple[Row, ...]
    width: float = WIDTH
    levels: tuple[float, float] = LEVELS
    differences: tuple[float, float] = DIFFERENCES
    words: float = WORDS


def picture(verdicts: Verdicts) -> Markup:
    """The picture as an inline SVG element; its colours come from the report's style sheet."""
    return render("picture.svg.j2", picture=lay_out(verdicts))


def lay_out(verdicts: Verdicts) -> Picture:
    """Where everything of the picture stands."""
    styles = stage_styles(verdicts.results)
    outer, inner = coverage(verdicts.alpha)
    keys = legend(
        styles.values(),
        (
            ("hollow", "more than a tenth of the answers incapable"),
            ("margin", "margin"),
            ("intervals", f"{inner} thick, {outer} thin"),
            ("detectable", "minimum detectable difference"),
        ),
        left=0.0,
        right=WIDTH,
        top=14.0,
    )
    headings_y = max(key.y for key in keys) + LINE + 8
    y = headings_y + _HEADINGS - 16
    several = len(families(verdicts)) > 1
    rows: list[Row] = []
    family_headings: list[tuple[float, str]] = []
    for family, results in groupby(verdicts.results, key=lambda result: result.family):
        if several:
            y += _FAMILY
            family_headings.append((y - 9, shorten(family, 90)))
        for result in results:
            rows.append(_row(result, styles, y, verdicts.alpha))
            y = rows[-1].bottom
    return Picture(
        height=y + 2,
        keys=keys,
        headings_y=headings_y,
        level_heading=f"Level of each stage, {outer} interval",
        difference_heading=_difference_heading(verdicts),
        family_headings=tuple(family_headings),
        rows=tuple(rows),
    )


def _difference_heading(verdicts: Verdicts) -> str:
    pairs = {
        (contrast.to_stage, contrast.from_stage)
        for contrast in map(headline_contrast, verdicts.results)
        if contrast is not None
    }
    if len(pairs) != 1:
        return "Production minus headline stage"
    to_stage, from_stage = next(iter(pairs))
    text = f"{shorten(stage_word(to_stage), 22)} minus {shorten(stage_word(from_stage), 22)}"
    return text[:1].upper() + text[1:]


def _row(result: MeasureResult, styles: dict[str, StageStyle], top: float, alpha: float) -> Row:
    units = units_of(result)
    contrast = headline_contrast(result)
    bottom = top + _ROW_TOP + _STAGE_LINE * max(len(result.stages), 2) + _ROW_BOTTOM
    levels = level_axis(units.low, units.high, *LEVELS)
    differences = _difference_axis(result, contrast, units)
    return Row(
        top=top,
        bottom=bottom,
        name=shorten(measure_word(result.measure), 20),
        measure=measure_word(result.measure),
        benchmark=shorten(result.benchmark, 26),
        direction="higher is worse" if result.higher_is_worse else "higher is better",
        levels=_level_marks(result, styles, units, levels, top),
        level_ticks=ticks(levels, units, signed=False),
        difference=None
        if contrast is None
        else _difference_mark(contrast, units, differences, alpha, (top + bottom - 16) / 2),
        difference_ticks=ticks(differences, units, signed=True),
        margin=(differences.at(-result.margin), differences.at(result.margin)),
        verdict=verdict_text(contrast),
        side=for_better_or_worse(result, contrast),
        decided=is_decided(contrast),
        lines=_lines(result, contrast, units),
    )


def _level_marks(
    result: MeasureResult, styles: dict[str, StageStyle], units: Units, axis: Axis, top: float
) -> tuple[LevelMark, ...]:
    return tuple(
        LevelMark(
            style=styles[level.stage],
            y=top + _ROW_TOP + _STAGE_LINE * (index + 0.5),
            x=None if level.estimate is None else axis.at(level.estimate),
            low=axis.at(level.low),
            high=axis.at(level.high),
            hollow=is_hollow(level),
            text=_level_text(level, units),
        )
        for index, level in enumerate(result.stages)
    )


def _level_text(level: Level, units: Units) -> str:
    estimate = "nothing scored" if level.estimate is None else units.level(level.estimate)
    text = f"{level.stage} {estimate}, {units.level_interval(level.low, level.high)}"
    return f"{text}, {level.incapable} of {level.n} answers incapable" if is_hollow(level) else text


def _difference_axis(result: MeasureResult, contrast: Contrast | None, units: Units) -> Axis:
    reach = 1.3 * result.margin
    if contrast is not None:
        ends = (contrast.low, contrast.high, contrast.minimum_detectable_difference or 0.0)
        reach = max(reach, *map(abs, ends))
    return difference_axis(reach, *DIFFERENCES, most=max(units.high - units.low, 1.3 * result.margin))


def _difference_mark(contrast: Contrast, units: Units, axis: Axis, alpha: float, y: float) -> DifferenceMark:
    outer, inner = coverage(alpha)
    size = contrast.minimum_detectable_difference
    return DifferenceMark(
        y=y,
        x=None if contrast.difference is None else axis.at(contrast.difference),
        outer=(axis.at(contrast.low), axis.at(contrast.high)),
        inner=(axis.at(contrast.equivalence_low), axis.at(contrast.equivalence_high)),
        detectable=None if size is None else (axis.at(-size), axis.at(size)),
        text=f"{contrast.to_stage} minus {contrast.from_stage} {units.difference(contrast.difference)}, "
        f"{outer} interval {units.interval(contrast.low, contrast.high)}, "
        f"{inner} interval {units.interval(contrast.equivalence_low, contrast.equivalence_high)}, "
        f"minimum detectable difference {units.width(size)}",
    )


def _lines(result: MeasureResult, contrast: Contrast | None, units: Units) -> tuple[str, ...]:
    lines = []
    if contrast is not None:
        number = units.difference(contrast.difference)
        interval = units.interval(contrast.low, contrast.high)
        lines.append(f"{interval} {units.name}".rstrip() if number == MISSING else f"{number} ({interval})")
    established = established_words(result)
    lines.append(established if result.established_by is None else f"established by {shorten(established, 16)}")
    return tuple(lines)


def ticks(axis: Axis, units: Units, *, signed: bool) -> tuple[Tick, ...]:
    """The axis' places with their numbers; the last one names the unit."""
    texts = [_tick_text(value, units, signed=signed) for value in axis.ticks]
    if units.kind == "rate":
        texts[-1] += " pp" if signed else "%"
    return tuple(Tick(axis.at(value), text) for value, text in zip(axis.ticks, texts, strict=True))


def _tick_text(value: float, units: Units, *, signed: bool) -> str:
    written = round(value * units.factor, 6)
    sign = "\u2212" if written < 0 else "+" if signed and written > 0 else ""
    return f"{sign}{abs(written):g}"
