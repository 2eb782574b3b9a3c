"""A validation on the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from stagelens.organisms.showing import rows

if TYPE_CHECKING:
    from stagelens.organisms.validate import Validation


def print_labels(console: Console) -> None:
    """Which label counts as right for which plant, before anything runs."""
    _print(console, "What is meant to be named", rows.LABELS_HEAD, rows.labels_table())


def print_validation(validation: Validation, console: Console) -> None:
    """Every cell, truth × verdict, the rates, and the claims."""
    _print(console, "Cells", rows.CELLS_HEAD, rows.cells_table(validation.cells))
    head, matrix = rows.matrix_table(validation.cells)
    _print(console, "Truth × verdict", head, matrix)
    _print(console, "How often", rows.RATES_HEAD, rows.rates_table(validation.cells))
    if validation.styled:
        _print(console, "In style alone", rows.STYLED_HEAD, rows.styled_table(validation.styled))
    for claim in validation.claims:
        mark = "holds" if claim.holds else "FAILS"
        console.print(
            f"{mark}  {claim.text}: {claim.seen}; {claim.bound}", highlight=False, markup=False, soft_wrap=True
        )


def _print(console: Console, title: str, head: Sequence[str], lines: Sequence[Sequence[str]]) -> None:
    table = Table(title=title, title_justify="left")
    for name in head:
        table.add_column(name, overflow="fold")
    for line in lines:
        table.add_row(*line)
    console.print(table)
