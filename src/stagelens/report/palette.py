"""How stages are told apart: a colour and a shape each, by their place in the study.

The colours are Okabe and Ito's, which people with any common colour vision tell apart (the style sheet holds them, one
set for light and one for dark pages); the shapes carry the same information without colour.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from stagelens.statistics.results import MeasureResult

COLOURS = 6

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
