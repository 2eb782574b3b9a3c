"""The original study's view: bars grouped by measure, one a stage, with their intervals.

Rates share charts from 0 to 100 %; each severity has a chart with its own scale. ``templates/bars.svg.j2`` draws them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from markupsafe import Markup

from stagelens.report.axis import Axis, level_axis
from stagelens.report.legend import LINE, Key, legend
from stagelens.report.palette import StageStyle, stage_styles
from stagelens.report.render import render
from stagelens.report.units import Units, coverage, units_of
from stagelens.report.visible import shorten
from stagelens.report.words import families, is_hollow, measure_word
from stagelens.statistics.results import Level, MeasureResult, Verdicts

WIDTH = 1080.0
"""The most that a chart takes (SVG units)."""
_LEFT, _PLOT, _FOOT, _MOST_GROUPS = 52.0, 200.0, 46.0, 7


@dataclass(frozen=True, slots=True)
class Bar:
    """A stage's bar: ``top`` is None where nothing was scored. ``low`` and ``high`` are the ends of its interval."""

    style: StageStyle
    x: float
    width: float
    top: float | None
    low: float
    high: float
    hollow: bool
    text: str

    @property
    def middle(self) -> float:
        """Where the interval and the marker stand."""
        return self.x + self.width / 2


@dataclass(frozen=True, slots=True)
class Group:
    """One measure's bars and its label."""

    x: float
    name: str
    benchmark: str
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """One chart: up to seven measures of one family that share a scale."""

    title: str
    keys: tuple[Key, ...]
    top: float
    bottom: float
    right: float
    height: float
    ticks: tuple[tuple[float, str], ...]
    groups: tuple[Group, ...]
    left: float = _LEFT

    @property
    def width(self) -> float:
        """The whole chart's width, its title and legend included."""
        return max(self.right + 12, 9.0 * len(self.title), *(key.x + 24 + 7 * len(key.text) for key in self.keys))

    @property
    def description(self) -> str:
        """The chart in words."""
        return " ".join(
            f"{group.benchmark}, {group.name}: {'; '.join(bar.text for bar in group.bars)}." for group in self.groups
        )


def grouped_bars(verdicts: Verdicts) -> tuple[Markup, ...]:
    """Every chart as an inline SVG element; the colours come from the report's style sheet."""
    return tuple(
        render("bars.svg.j2", chart=chart, name=f"bars-{index}") for index, chart in enumerate(lay_out(verdicts), 1)
    )


def lay_out(verdicts: Verdicts) -> tuple[Chart, ...]:
    """Where everything of each chart stands: family by family, rates first."""
    styles = stage_styles(verdicts.results)
    outer, _ = coverage(verdicts.alpha)
    several = len(families(verdicts)) > 1
    charts = []
    for family, results in groupby(verdicts.results, key=lambda result: result.family):
        for units, chunk in _chunks(list(results)):
            scale = "rate, per cent" if units.kind == "rate" else f"{measure_word(chunk[0].measure)}, mean"
            prefix = f"{shorten(family, 60)}: " if several else ""
            charts.append(_chart(f"{prefix}{scale}, {outer} interval", chunk, units, styles))
    return tuple(charts)


def _chunks(results: list[MeasureResult]) -> Iterator[tuple[Units, list[MeasureResult]]]:
    rates = [result for result in results if units_of(result).kind == "rate"]
    charts = math.ceil(len(rates) / _MOST_GROUPS)
    size = math.ceil(len(rates) / max(charts, 1))
    for index in range(charts):
        chunk = rates[index * size : (index + 1) * size]
        yield units_of(chunk[0]), chunk
    for result in results:
        if units_of(result).kind == "severity":
            yield units_of(result), [result]


def _chart(title: str, results: list[MeasureResult], units: Units, styles: dict[str, StageStyle]) -> Chart:
    stages = dict.fromkeys(level.stage for result in results for level in result.stages)
    keys = legend((styles[stage] for stage in stages), (), left=_LEFT, right=WIDTH, top=38.0)
    top = max((key.y for key in keys), default=18.0) + LINE
    axis = level_axis(units.low, units.high, top + _PLOT, top)
    pitch = min((WIDTH - _LEFT) / len(results), 48.0 + 34.0 * len(stages), max(240.0, 36.0 + 30.0 * len(stages)))
    pitch = max(pitch, 140.0)
    return Chart(
        title=title,
        keys=keys,
        top=top,
        bottom=top + _PLOT,
        right=_LEFT + pitch * len(results),
        height=top + _PLOT + _FOOT,
        ticks=tuple((axis.at(tick), f"{round(tick * units.factor, 6):g}") for tick in axis.ticks),
        groups=tuple(
            _group(result, units, axis, styles, left=_LEFT + pitch * index, pitch=pitch)
            for index, result in enumerate(results)
        ),
    )


def _group(
    result: MeasureResult, units: Units, axis: Axis, styles: dict[str, StageStyle], *, left: float, pitch: float
) -> Group:
    width = min(30.0, (pitch - 36.0) / len(result.stages))
    start = left + (pitch - width * len(result.stages)) / 2
    return Group(
        x=left + pitch / 2,
        name=shorten(measure_word(result.measure), 22),
        benchmark=shorten(result.benchmark, 22),
        bars=tuple(
            _bar(level, units, axis, styles[level.stage], x=start + width * index, width=width)
            for index, level in enumerate(result.stages)
        ),
    )


def _bar(level: Level, units: Units, axis: Axis, style: StageStyle, *, x: float, width: float) -> Bar:
    estimate = "nothing scored" if level.estimate is None else units.level(level.estimate)
    return Bar(
        style=style,
        x=x + 2,
        width=width - 4,
        top=None if level.estimate is None else axis.at(level.estimate),
        low=axis.at(level.low),
        high=axis.at(level.high),
        hollow=is_hollow(level),
        text=f"{level.stage} {estimate}, {units.level_interval(level.low, level.high)}",
    )
