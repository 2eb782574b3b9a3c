"""An audit in a terminal: what it will cost, then what each source does. Readable at 80 columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table
from rich.text import Text

from stagelens.audit.effects import Effect
from stagelens.audit.findings import Audit, source_of
from stagelens.audit.regression import Addition
from stagelens.audit.showing.words import author, conclusion, held, lacking, taught_sentence, units_of, verdict_of
from stagelens.report.visible import one_line

if TYPE_CHECKING:
    from stagelens.audit.run import AuditPlan


def print_audit_plan(planned: AuditPlan, console: Console) -> None:
    """What would be trained and asked, before anything is."""
    target, wanted = planned.target, planned.design
    table = Table(title=Text(f"Sources of {target.family}/{target.stage.name}"), title_justify="left")
    for head in ("source", "rows", "characters", "written by", "holds"):
        table.add_column(head, justify="right" if head in ("rows", "characters") else "left", overflow="fold")
    provenance = {source.name: source.provenance for source in target.mixture.sources}
    for holding in planned.inventory.holdings:
        numbers = (f"{holding.rows:,}", f"{holding.characters:,}")
        table.add_row(one_line(holding.source), *numbers, author(provenance[holding.source]), held(holding))
    console.print(table)
    for sentence in lacking(planned.inventory.absent, planned.inventory.lacks):
        _say(sentence, console)
    mixtures = len(wanted.variants)
    _say(
        f"To be trained: the whole and {mixtures} mixtures, {wanted.seeds} time(s) each: as much as "
        f"{planned.trainings:.1f} trainings of {target.stage.name}. To be asked: {planned.asking.tokens:,} tokens at "
        f"most, about {planned.asking.hours * wanted.seeds:.2g} hours at an assumed "
        f"{planned.asking.tokens_per_second:g} tokens a second.",
        console,
    )


def print_audit(audit: Audit, console: Console) -> None:
    """What each source does to the measure that was asked about, which others it changes, and who taught it."""
    table = _table("/".join(audit.asked), "source", "rows")
    for found in audit.found_on(*audit.asked):
        name = source_of(found)
        table.add_row(one_line(name), f"{audit.rows(name):,}", *_numbers(audit, found))
    console.print(table)
    others = audit.measures[1:]
    rows = [
        (f"{benchmark}/{measure}", source_of(found), *_numbers(audit, found))
        for benchmark, measure in others
        for found in audit.found_on(benchmark, measure)
        if audit.carries(found)
    ]
    if rows:
        table = _table("What else changes", "measure", "source")
        for row in rows:
            table.add_row(*row)
        console.print(table)
    elif others:
        which = "measure" if len(others) == 1 else f"{len(others)} measures"
        _say(f"On the other {which} no source was shown to change anything.", console)
    for sentence in (conclusion(audit), *taught_sentence(audit)):
        _say(sentence, console, style="bold")


def _table(title: str, first: str, second: str) -> Table:
    table = Table(title=Text(title), title_justify="left")
    table.add_column(first, overflow="fold")
    table.add_column(second, justify="right" if second == "rows" else "left")
    for head in ("it does", "95 %"):
        table.add_column(head, justify="right", no_wrap=True)
    table.add_column("verdict")
    return table


def _numbers(audit: Audit, found: Effect | Addition) -> tuple[str, str, str]:
    units = units_of(found)
    return units.difference(found.difference), units.interval(found.low, found.high), verdict_of(audit, found)


def _say(words: str, console: Console, style: str = "") -> None:
    console.print(words, style=style, highlight=False, markup=False)
