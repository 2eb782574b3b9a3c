"""The page of the documents about a validation, with its figure: what came out, every miss included."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from statistics import fmean
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from stagelens.files import write_text
from stagelens.organisms.showing import rows
from stagelens.organisms.showing.figure import figure
from stagelens.organisms.validate import Validation
from stagelens.organisms.validation.detection import MULTIPLES
from stagelens.organisms.validation.dose import DOSES
from stagelens.organisms.validation.estimates import Estimate
from stagelens.organisms.validation.matrix import READERS

FIGURE_SUFFIX: Final = ".svg"


def write_page(validation: Validation, page: Path) -> None:
    """Write ``page`` (Markdown) and, beside it under the same name, its figure."""
    page.parent.mkdir(parents=True, exist_ok=True)
    write_text(page.with_suffix(FIGURE_SUFFIX), _render("validation.svg.j2", **figure(validation)))
    write_text(page, _render("validation.md.j2", **_content(validation, page.with_suffix(FIGURE_SUFFIX).name)))


def _content(validation: Validation, picture: str) -> dict[str, Any]:
    head, matrix = rows.matrix_table(validation.cells)
    return {
        "validation": validation,
        "picture": picture,
        "labels": _table(rows.LABELS_HEAD, rows.labels_table()),
        "matrix": _table(head, matrix),
        "rates": _table(rows.RATES_HEAD, rows.rates_table(validation.cells)),
        "groups": _table(rows.GROUPS_HEAD, rows.by_cause_and_group(validation.cells)),
        "misses": _table(rows.CELLS_HEAD, rows.cells_table([cell for cell in validation.cells if not cell.right()])),
        "styled": _table(rows.STYLED_HEAD, rows.styled_table(validation.styled)),
        "every": _table(rows.CELLS_HEAD, rows.cells_table(validation.cells)),
        "doses": _doses(validation),
        "detected": _detected(validation),
        "between": validation.simulated.between_seeds and rows.in_words(validation.simulated.between_seeds.changed),
        "seeds": len({cell.seed for cell in validation.cells}),
        "organisms": len({cell.organism for cell in validation.cells}),
    }


def _doses(validation: Validation) -> str:
    head = ["mixed", *(f"{100 * dose:g} %" for dose in DOSES), "slope (95 %)"]
    lines = [
        [
            each.name,
            *(f"{100 * found.mean:.1f}" for found in each.estimates),
            _slope(each.slope),
        ]
        for each in validation.simulated.doses
    ]
    return _table(head, lines)


def _slope(slope: Estimate) -> str:
    low, high = slope.interval()
    return f"{slope.mean:.3f} ({low:.3f} to {high:.3f})"


def _detected(validation: Validation) -> str:
    head = ["measure", "reader", *(f"{multiple:g}" for multiple in MULTIPLES), "all"]
    lines = []
    for each in validation.simulated.detections:
        for reader in READERS:
            scores = [
                fmean(point.tallies[reader].score for point in each.points if point.multiple == multiple)
                for multiple in MULTIPLES
            ]
            means = (f"{score:.2f}" for score in (*scores, each.score(reader)))
            lines.append([each.name, rows.READS[reader], *means])
    return _table(head, lines)


def _table(head: list[str], lines: list[list[str]]) -> str:
    """A table in Markdown."""
    cells = [head, ["---"] * len(head), *lines]
    return "\n".join(f"| {' | '.join(cell.replace('|', '∣') for cell in line)} |" for line in cells)


def _render(template: str, **values: Any) -> str:
    return _environment().get_template(template).render(**values)


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("stagelens.organisms.showing", "templates"),
        autoescape=lambda name: name is not None and name.endswith(".svg.j2"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
