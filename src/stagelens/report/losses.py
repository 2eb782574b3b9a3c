"""The losses of every stage that was trained here: one chart a stage, one line a source; of RL the reward.

``templates/losses.svg.j2`` draws them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

from stagelens.report.axis import Axis, level_axis
from stagelens.report.context import LossPoint, Training
from stagelens.report.palette import COLOURS
from stagelens.report.render import render
from stagelens.report.visible import shorten

WIDTH: Final = 520.0
"""Of a chart, in SVG units: two stand side by side."""
MOST_POINTS: Final = 160
"""On a line; more steps are averaged, so that a long training weighs no more on the page than a short one."""
_LEFT, _RIGHT, _TOP, _PLOT, _FOOT, _LINE = 46.0, 158.0, 34.0, 150.0, 40.0, 17.0


@dataclass(frozen=True, slots=True)
class Line:
    """A source's losses as an SVG path; ``label_y`` is where its name stands, beside its end."""

    name: str
    colour: int
    dashes: str
    path: str
    label_y: float
    text: str


@dataclass(frozen=True, slots=True)
class Chart:
    """One stage's losses."""

    title: str
    lines: tuple[Line, ...]
    x_ticks: tuple[tuple[float, str], ...]
    y_ticks: tuple[tuple[float, str], ...]
    height: float
    width: float = WIDTH
    left: float = _LEFT
    right: float = WIDTH - _RIGHT
    bottom: float = _TOP + _PLOT

    @property
    def description(self) -> str:
        """The chart in words."""
        return "; ".join(line.text for line in self.lines) + "."


def loss_charts(trainings: Iterable[Training]) -> tuple[Markup, ...]:
    """A chart for every stage with losses, as inline SVG; the colours come from the report's style sheet."""
    trainings = tuple(trainings)
    several = len({each.family for each in trainings}) > 1
    charts = [_chart(each, several=several) for each in trainings if len(each.losses) > 1]
    return tuple(render("losses.svg.j2", chart=chart, name=f"losses-{index}") for index, chart in enumerate(charts, 1))


def _chart(training: Training, *, several: bool) -> Chart:
    lines = _lines(training.losses)
    steps = [step for points in lines.values() for step, _ in points]
    values = [value for points in lines.values() for _, value in points]
    x = Axis(0.0, float(max(steps)), _LEFT, WIDTH - _RIGHT, (0.0, float(max(steps))))
    low = min(0.0, *values)
    y = level_axis(low, max(values) if max(values) > low else low + 1.0, _TOP + _PLOT, _TOP)
    ends = _spread([y.at(points[-1][1]) for points in lines.values()])
    drawn = tuple(
        Line(
            name=shorten(name, 18),
            colour=index % COLOURS,
            dashes=("", "5 3", "1 3", "8 3 2 3")[index // COLOURS % 4],
            path="M" + "L".join(f"{x.at(step):.1f} {y.at(value):.1f}" for step, value in points),
            label_y=end + 4,
            text=f"{name} from {points[0][1]:.2f} to {points[-1][1]:.2f}",
        )
        for index, ((name, points), end) in enumerate(zip(lines.items(), ends, strict=True))
    )
    where = f"{training.family}/{training.stage}" if several else training.stage
    return Chart(
        title=f"{shorten(where, 40)} ({training.kind}): {_unit(training)}",
        lines=drawn,
        x_ticks=tuple((x.at(tick), f"{tick:,.0f}") for tick in x.ticks),
        y_ticks=tuple((y.at(tick), f"{tick:g}") for tick in y.ticks),
        height=max(_TOP + _PLOT, max(ends) + _LINE) + _FOOT,
    )


def _unit(training: Training) -> str:
    return "mean reward" if any(point.reward is not None for point in training.losses) else "loss, nats a token"


def _lines(losses: Sequence[LossPoint]) -> dict[str, list[tuple[float, float]]]:
    """Each source's (step, loss), averaged to ``MOST_POINTS`` at most; of a stage without sources, the whole loss."""
    rewards = [(point.step, point.reward) for point in losses if point.reward is not None]
    if rewards:
        return {"reward": _averaged(rewards)}
    names = list(dict.fromkeys(name for point in losses for name in point.sources))
    found = {
        name: [(point.step, point.sources[name]) for point in losses if name in point.sources] for name in names
    } or {"all": [(point.step, point.loss) for point in losses]}
    kept = {name: [point for point in points if math.isfinite(point[1])] for name, points in found.items()}
    return {name: _averaged(points) for name, points in kept.items() if points} or {"all": [(1.0, 0.0)]}


def _averaged(points: Sequence[tuple[int, float]]) -> list[tuple[float, float]]:
    size = math.ceil(len(points) / MOST_POINTS)
    chunks = [points[start : start + size] for start in range(0, len(points), size)]
    return [
        (sum(step for step, _ in chunk) / len(chunk), sum(value for _, value in chunk) / len(chunk)) for chunk in chunks
    ]


def _spread(places: Sequence[float]) -> list[float]:
    """The same places, moved down where they are nearer to one another than a line of type."""
    moved = list(places)
    below = -math.inf
    for index in sorted(range(len(places)), key=lambda index: places[index]):
        moved[index] = below = max(places[index], below + _LINE)
    return moved
