"""The report's figures as files of their own: SVG that carries its style, and PNG made from it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from stagelens.report.bars import grouped_bars
from stagelens.report.context import ReportContext
from stagelens.report.losses import loss_charts
from stagelens.report.pairs import is_side_by_side
from stagelens.report.pairs_picture import pairs_picture
from stagelens.report.palette import LIGHT
from stagelens.report.picture import picture
from stagelens.report.render import render
from stagelens.statistics.results import Verdicts

SCALE: Final = 3
"""Pixels of a PNG to an SVG unit: 288 dots an inch."""
_SANS: Final = '"Liberation Sans", Arial, "Helvetica Neue", Helvetica, "DejaVu Sans", sans-serif'
"""Fonts that programs for figures know; `system-ui` is a browser's."""
_BORDER: Final = 12.0
_VARIABLE: Final = re.compile(r"var\(--([a-z0-9]+)\)")
_OPENING: Final = re.compile(r'<svg [^>]*?viewBox="0 0 (?P<width>[\d.]+) (?P<height>[\d.]+)"[^>]*>')


def figures(verdicts: Verdicts, context: ReportContext | None = None) -> dict[str, str]:
    """Every figure of the report by name: SVG that stands alone, in the colours of paper."""
    beside = tuple(result for result in verdicts.results if is_side_by_side(result))
    ladder = tuple(result for result in verdicts.results if not is_side_by_side(result))
    losses = () if context is None else loss_charts(context.trainings)
    found = {
        **({"picture": picture(replace(verdicts, results=ladder))} if ladder else {}),
        **({"pairs": pairs_picture(beside, verdicts.alpha)} if beside else {}),
        **{f"levels-{number}": chart for number, chart in enumerate(grouped_bars(verdicts), 1)},
        **{f"losses-{number}": chart for number, chart in enumerate(losses, 1)},
    }
    return {name: alone(str(svg)) for name, svg in found.items()}


def alone(svg: str) -> str:
    """A figure of the page as a file: with its style, its size and a border; no variable is left in it."""
    opening = _OPENING.search(svg)
    assert opening is not None, "a figure begins with its svg element and a viewBox from 0, 0"
    width, height = (float(opening[name]) + 2 * _BORDER for name in ("width", "height"))
    tag = re.sub(r' (width|height|viewBox)="[^"]*"', "", opening[0]).removesuffix(">")
    box = f'width="{width:g}" height="{height:g}" viewBox="{-_BORDER:g} {-_BORDER:g} {width:g} {height:g}"'
    style = _resolved(str(render("charts.css")), {**LIGHT, "sans": _SANS})
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n{tag} {box}>\n<style>\n{style}</style>'
        f"{svg[opening.end() :].rstrip()}\n"
    )


def png(svg: str) -> bytes | None:
    """A figure of ``alone`` as PNG on white; None where the library that draws it is not installed."""
    try:
        from resvg_py import svg_to_bytes
    except ImportError:
        return None
    return bytes(svg_to_bytes(svg_string=svg, zoom=SCALE, background=LIGHT["paper"]))


def _resolved(style: str, variables: Mapping[str, str]) -> str:
    return _VARIABLE.sub(lambda found: variables[found[1]], style)
