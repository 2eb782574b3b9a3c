"""The picture of an audit: a row a source, what it does on the left, what it holds on the right.

This module decides what stands where and what it says; ``templates/audit.svg.j2`` draws it. Places are SVG units.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

from stagelens.audit.findings import Audit, source_of
from stagelens.audit.inventory.tags import TAGS
from stagelens.audit.showing.words import units_of
from stagelens.report.axis import Axis, difference_axis
from stagelens.report.render import render
from stagelens.report.units import share
from stagelens.report.visible import shorten

PACKAGE: Final = "stagelens.audit.showing"
_EFFECTS, _TAGS = (210.0, 560.0), 630.0
_ROW, _TOP, _FOOT, _TAG, _RIGHT = 34.0, 40.0, 34.0, 60.0, 30.0
_LONGEST: Final = 26


@dataclass(frozen=True, slots=True)
class Cell:
    """The share of a source's rows that have a tag: ``opacity`` 0 to 1."""

    x: float
    opacity: float
    text: str


@dataclass(frozen=True, slots=True)
class Row:
    """One source. ``middle`` is None where nothing was scored, and there are no ends where it was not left out."""

    y: float
    name: str
    rows: str
    middle: float | None
    ends: tuple[float, float] | None
    shown: bool
    cells: tuple[Cell, ...]
    text: str


@dataclass(frozen=True, slots=True)
class Picture:
    """Everything that the template draws."""

    width: float
    height: float
    zero: float
    ticks: tuple[tuple[float, str], ...]
    margin: tuple[float, float]
    heads: tuple[tuple[float, str], ...]
    rows: tuple[Row, ...]
    top: float = _TOP
    row: float = _ROW
    cell: float = _TAG


def picture(audit: Audit, margin: float) -> Markup:
    """The picture as an inline SVG element.

    Args:
        audit: with the effects of single sources, or additions over random mixtures.
        margin: of the measure that it is about, in its unit.
    """
    return render("audit.svg.j2", package=PACKAGE, picture=lay_out(audit, margin))


def lay_out(audit: Audit, margin: float) -> Picture:
    """Where everything stands."""
    found = audit.found_on(*audit.asked)
    reach = max((max(abs(each.low), abs(each.high)) for each in found), default=margin)
    axis = difference_axis(max(reach, margin), *_EFFECTS, most=1.0 if reach <= 1 else float("inf"))
    rows = tuple(_rows(audit, axis))
    units = units_of(found[0]) if found else None
    return Picture(
        width=_TAGS + _TAG * len(TAGS) + _RIGHT,
        height=_TOP + _ROW * len(rows) + _FOOT,
        zero=axis.at(0.0),
        ticks=tuple((axis.at(tick), "" if units is None else units.difference(tick)) for tick in axis.ticks),
        margin=(axis.at(-margin), axis.at(margin)),
        heads=tuple((_TAGS + _TAG * (place + 0.5), name.replace("_", " ")) for place, name in enumerate(TAGS)),
        rows=rows,
    )


def _rows(audit: Audit, axis: Axis) -> Iterator[Row]:
    known = {source_of(each): each for each in reversed(audit.found_on(*audit.asked))}
    holdings = {each.source: each for each in audit.holdings}
    ordered = list(known)[::-1]
    names = [*ordered, *(each.name for each in audit.sources if each.name not in known)]
    for place, name in enumerate(names):
        each, holding = known.get(name), holdings.get(name)
        cells = tuple(
            Cell(_TAGS + _TAG * column, count / holding.rows, f"{tag}: {share(count / holding.rows)} of {name}")
            for column, (tag, count) in enumerate(holding.tags.items() if holding else ())
            if holding and count
        )
        numbers = "not left out"
        if each is not None:
            units = units_of(each)
            numbers = f"{units.difference(each.difference)} ({units.interval(each.low, each.high)})"
        yield Row(
            y=_TOP + _ROW * place,
            name=shorten(name, _LONGEST),
            rows=f"{audit.rows(name):,} rows",
            middle=None if each is None or each.difference is None else axis.at(each.difference),
            ends=None if each is None else (axis.at(each.low), axis.at(each.high)),
            shown=each is not None and audit.carries(each),
            cells=cells,
            text=f"{name}: {numbers}; {', '.join(cell.text for cell in cells) or 'no tag'}.",
        )
