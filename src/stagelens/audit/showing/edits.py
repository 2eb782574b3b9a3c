"""Edits in a terminal: what is proposed, and what was predicted beside what came out. Readable at 80 columns."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from stagelens.audit.edits.curve import Change
from stagelens.audit.edits.propose import Edit
from stagelens.audit.edits.trial import Trial
from stagelens.audit.effects import Kind
from stagelens.audit.findings import Audit
from stagelens.audit.showing.words import UNITS
from stagelens.report.units import MISSING
from stagelens.report.visible import one_line

SHOWN = 5


def print_edits(edits: Sequence[Edit], audit: Audit, console: Console) -> None:
    """The best proposals, and all that the best is predicted to do."""
    table = Table(title=Text(f"To move {'/'.join(audit.asked)}"), title_justify="left")
    for head in ("edit", "rows", "predicted", "95 %", "others"):
        table.add_column(head, justify="right" if head in ("rows", "predicted", "95 %") else "left", overflow="fold")
    for edit in edits[:SHOWN]:
        others = "hold" if edit.holds else "may move"
        table.add_row(
            one_line(words(edit)),
            f"{edit.rows:,}",
            *_change(audit.kind_of(*audit.asked), edit.changes[audit.asked]),
            others,
        )
    console.print(table)
    first = edits[0]
    table = Table(title=Text(f"Predicted of: {words(first)}"), title_justify="left")
    for head in ("measure", "change", "95 %"):
        table.add_column(head, justify="left" if head == "measure" else "right")
    for measure in audit.measures:
        table.add_row("/".join(measure), *_change(audit.kind_of(*measure), first.changes.get(measure)))
    console.print(table)


def print_trials(found: Sequence[Trial], console: Console) -> None:
    """Predicted beside observed, a row a measure."""
    table = Table(title="Predicted beside observed", title_justify="left")
    for head in ("measure", "predicted", "95 %", "observed", "95 %", "verdict"):
        table.add_column(head, justify="left" if head in ("measure", "verdict") else "right", overflow="fold")
    for each in found:
        numbers = (*_change(each.kind, each.predicted), *_change(each.kind, each.observed))
        table.add_row("/".join(each.measure), *numbers, each.verdict)
    console.print(table)


def words(edit: Edit) -> str:
    """An edit in words."""
    said = []
    for source, share in edit.kept.items():
        file = edit.replaced.get(source)
        what = f"drop {source}" if not share else f"keep {100 * share:g} % of {source}"
        said.append(what if file is None else f"{what}, {file} in its place")
    return "; ".join(said)


def _change(kind: Kind, change: Change | None) -> tuple[str, str]:
    if change is None:
        return MISSING, MISSING
    units = UNITS[kind]
    return units.difference(change.difference), units.interval(change.low, change.high)
