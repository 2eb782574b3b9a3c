"""What stands where in the figure: a mark for every cell, by planted cause and benchmark, and the detection curves."""

from __future__ import annotations

from statistics import fmean
from typing import Any, Final

from stagelens.organisms.groups import GROUPS
from stagelens.organisms.showing.rows import READS
from stagelens.organisms.spec import CAUSES
from stagelens.organisms.validate import Validation
from stagelens.organisms.validation.matrix import READERS, Cell

LEFT: Final = 110
TOP: Final = 60
COLUMN: Final = 112
ROW: Final = 26
MARK: Final = 16
GAP: Final = 60
CURVE: Final = 180
COLOURS: Final = {"stagelens": "#0072b2", "overlap": "#d55e00", "largest": "#7f7f7f"}
"""Of Okabe and Ito's palette, which colour-blind readers tell apart."""


def figure(validation: Validation) -> dict[str, Any]:
    """The values of ``validation.svg.j2``, in SVG units; y grows downwards."""
    bottom = TOP + ROW * len(CAUSES)
    width = LEFT + COLUMN * len(GROUPS) + 20
    curves = _curves(validation, bottom + GAP, width)
    return {
        "width": width,
        "height": bottom + GAP + CURVE + 50 if curves else bottom + 40,
        "columns": [(LEFT + COLUMN * (place + 0.5), name) for place, name in enumerate(GROUPS)],
        "rows": [(TOP + ROW * (place + 0.5), cause) for place, cause in enumerate(CAUSES)],
        "marks": [mark for name in GROUPS for cause in CAUSES for mark in _marks(validation.cells, name, cause)],
        "curves": curves,
        "legend_y": bottom + 24,
        "axis": _axis(bottom + GAP, width),
    }


def _marks(cells: tuple[Cell, ...], name: str, cause: str) -> list[tuple[float, float, str]]:
    own = [cell for cell in cells if cell.benchmark == name and cell.planted == cause]
    x = LEFT + COLUMN * (list(GROUPS).index(name) + 0.5) - MARK * (len(own) - 1) / 2
    y = TOP + ROW * (CAUSES.index(cause) + 0.5)
    kinds = ("right" if cell.right() else "wrong" if cell.wrong() else "silent" for cell in own)
    return [(x + MARK * place, y, kind) for place, kind in enumerate(kinds)]


def _curves(validation: Validation, top: float, width: float) -> list[dict[str, Any]]:
    """Right less wrong by the true effect, a line for each reader: the mean over measures and places."""
    points = [point for each in validation.simulated.detections for point in each.points]
    curves = []
    for reader in READERS if points else ():
        scores = {
            multiple: fmean(point.tallies[reader].score for point in points if point.multiple == multiple)
            for multiple in sorted({point.multiple for point in points})
        }
        places = [(_x(multiple, width), _y(score, top)) for multiple, score in scores.items()]
        curves.append({"name": READS[reader], "colour": COLOURS[reader], "points": places, "end": places[-1]})
    return curves


def _axis(top: float, width: float) -> dict[str, Any]:
    return {
        "x": [(_x(multiple, width), f"{multiple:g}") for multiple in (0.5, 1.0, 1.5, 2.0)],
        "y": [(_y(score, top), f"{score:g}") for score in (-1.0, -0.5, 0.0, 0.5, 1.0)],
        "left": LEFT,
        "right": width - 130,
        "top": top,
        "bottom": top + CURVE,
    }


def _x(multiple: float, width: float) -> float:
    return LEFT + (multiple - 0.5) / 1.5 * (width - 130 - LEFT)


def _y(score: float, top: float) -> float:
    return top + CURVE * (1 - score) / 2
