"""The colours of every page, and how stages are told apart: a colour and a shape each, by their place in the study.

The stages' first four colours are Okabe and Ito's; the others are darker, so that they stand out on white as well.
People with any common colour vision tell them apart, and the shapes carry the same information without colour. Text has
a contrast of at least 4.5 with what it stands on, marks and edges one of 3 (WCAG 2.2); the tests compute both.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from stagelens.statistics.results import MeasureResult

COLOURS: Final = 6

LIGHT: Final[Mapping[str, str]] = {
    "paper": "#ffffff",
    "ink": "#1c1f23",
    "soft": "#5b626b",
    "rule": "#d8dce1",
    "grid": "#eceef1",
    "edge": "#848b94",
    "panel": "#f6f7f8",
    "margin": "#d9e3ea",
    "link": "#00588a",
    "c0": "#0072b2",
    "c1": "#d55e00",
    "c2": "#009e73",
    "c3": "#cc79a7",
    "c4": "#332288",
    "c5": "#661100",
}
"""On paper and on light screens: what each variable of the style sheet stands for."""
DARK: Final[Mapping[str, str]] = {
    "paper": "#15181c",
    "ink": "#e4e7ea",
    "soft": "#a0a8b1",
    "rule": "#363c44",
    "grid": "#252a30",
    "edge": "#78818b",
    "panel": "#1d2126",
    "margin": "#2c3a45",
    "link": "#7cc4ee",
    "c0": "#56b4e9",
    "c1": "#e0702a",
    "c2": "#1fb98d",
    "c3": "#d98fb8",
    "c4": "#e69f00",
    "c5": "#f0e442",
}
"""The same on dark screens."""

_SHAPES = (
    "M-5 0A5 5 0 1 0 5 0A5 5 0 1 0-5 0Z",  # circle
    "M-4.5-4.5H4.5V4.5H-4.5Z",  # square
    "M0-6.2L6.2 0L0 6.2L-6.2 0Z",  # diamond
    "M0-6L5.8 4.5H-5.8Z",  # triangle
    "M0 6L5.8-4.5H-5.8Z",  # triangle on its tip
    "M-1.9-5.7H1.9V-1.9H5.7V1.9H1.9V5.7H-1.9V1.9H-5.7V-1.9H-1.9Z",  # cross
    "M0-6L5.7-1.9L3.5 4.9H-3.5L-5.7-1.9Z",  # pentagon
)


@dataclass(frozen=True, slots=True)
class StageStyle:
    """``colour`` is the number of a colour of the style sheet (class ``c0`` …), ``shape`` an SVG path around 0, 0."""

    stage: str
    colour: int
    shape: str


def stage_styles(results: Iterable[MeasureResult]) -> dict[str, StageStyle]:
    """A style per stage name, the same one wherever the name appears; the first 42 names get 42 different ones."""
    names = dict.fromkeys(level.stage for result in results for level in result.stages)
    return {name: StageStyle(name, index % COLOURS, _SHAPES[index % len(_SHAPES)]) for index, name in enumerate(names)}
