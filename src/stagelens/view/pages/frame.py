"""What every page has: its place among the others, and the words for what is shown."""

from __future__ import annotations

from typing import Any, Final

from markupsafe import Markup, escape

from stagelens.report.render import render
from stagelens.report.units import Units
from stagelens.report.visible import one_line
from stagelens.report.words import measure_word
from stagelens.statistics.results import Contrast, MeasureResult, Verdicts
from stagelens.view.links import FRONT, items_link, measure_link

PACKAGE: Final = "stagelens.view"

Crumb = tuple[str, str]
"""A page above this one: its address, and what it is called."""


def page(template: str, verdicts: Verdicts, *above: Crumb, title: str, **values: Any) -> str:
    """A page of ``templates/`` below the first, with the way up."""
    crumbs = ((FRONT, verdicts.study), *above)
    shown = render(template, package=PACKAGE, study=verdicts.study, crumbs=crumbs, title=title, **values)
    return str(shown)


def measure_title(result: MeasureResult, *, several_families: bool = False) -> str:
    """`unsafe response (safety)`, with the family where there are several."""
    where = f"{result.family}, {result.benchmark}" if several_families else result.benchmark
    return f"{measure_word(result.measure)} ({where})"


def contrast_title(contrast: Contrast) -> str:
    """`sft → production`: in the order of training, as one reads two columns."""
    return f"{contrast.from_stage} → {contrast.to_stage}"


def measure_crumb(result: MeasureResult) -> Crumb:
    """The way up to a measure."""
    return measure_link(result), measure_title(result)


def contrast_crumb(result: MeasureResult, contrast: Contrast) -> Crumb:
    """The way up to a contrast."""
    return items_link(result, contrast), contrast_title(contrast)


def link(address: str, text: str) -> Markup:
    """A link as a table's cell: escaped, with nothing hidden in its text."""
    return Markup(f'<a href="{escape(address)}">{escape(one_line(text))}</a>')


def grade(value: float | None, units: Units) -> str:
    """One attempt's grade: a rate's 0 or 1 as it stands, anything else on the measure's scale."""
    return f"{value:g}" if units.kind == "rate" and value in (0.0, 1.0) else units.level(value)


def several(value: float | None, pairs: int, units: Units) -> str:
    """An item's mean grade over its pairs: `1`, or `3 of 5`."""
    if value is None or pairs <= 1 or units.kind == "severity":
        return grade(value, units)
    count = value * pairs
    return f"{round(count)} of {pairs}" if abs(count - round(count)) < 1e-9 else units.level(value)
