"""Legends: keys in a row, each after the one before, on as many lines as they need."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from stagelens.report.palette import StageStyle
from stagelens.report.visible import shorten

_CHARACTER, _SYMBOL, _GAP, LINE = 7.4, 16.0, 22.0, 20.0
"""SVG units: an average character of the legend's type, the symbol, the space between keys, the line height."""


@dataclass(frozen=True, slots=True)
class Key:
    """One entry. ``kind`` chooses the symbol that the template draws; ``style`` is a stage's, where it is one."""

    kind: str
    text: str
    x: float
    y: float
    style: StageStyle | None = None


def legend(
    stages: Iterable[StageStyle], others: Iterable[tuple[str, str]], *, left: float, right: float, top: float
) -> tuple[Key, ...]:
    """The stages' keys, then the (kind, text) of ``others`` from a new line on, between ``left`` and ``right``."""
    keys: list[Key] = []
    y = top
    for group in (
        [("stage", shorten(style.stage, 40), style) for style in stages],
        [(kind, text, None) for kind, text in others],
    ):
        x = left
        for kind, text, style in group:
            width = _SYMBOL + len(text) * _CHARACTER
            if x > left and x + width > right:
                x, y = left, y + LINE
            keys.append(Key(kind, text, x, y, style))
            x += width + _GAP
        y += LINE if group else 0
    return tuple(keys)
