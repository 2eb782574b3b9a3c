"""A plan in a terminal: what would be asked, what it costs at most, what it can be expected to show."""

from __future__ import annotations

from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from stagelens.report.visible import one_line
from stagelens.study.cells import Plan, PlannedMeasure


def print_plan(plan: Plan, console: Console) -> None:
    """Print the cells, the cost and the prospects."""
    title = "What would be asked"
    cells = Table(
        Column("cell", no_wrap=True),
        "items",
        "clusters",
        "epochs",
        "answer tokens ≤",
        title=title,
        title_justify="left",
    )
    for cell in plan.cells:
        name = _text(f"{cell.family}/{cell.stage}/{cell.benchmark}")
        cells.add_row(name, str(cell.items), str(cell.clusters), str(cell.epochs), f"{cell.answer_tokens:,}")
    console.print(cells)
    console.print(
        f"{plan.tokens:,} tokens at most; about {plan.hours:.2g} hours at an assumed {plan.tokens_per_second:g} tokens "
        "a second; training is not counted.",
        highlight=False,
    )
    measures = Table(
        Column("measure", no_wrap=True),
        "margin",
        "clus-\nters",
        "needed",
        "half\nwidth",
        "detect-\nable",
        "certi-\nfiable",
        title="What it can be expected to show",
        title_justify="left",
    )
    for planned in plan.measures:
        measures.add_row(*_measure_row(planned))
    console.print(measures)
    assumed = plan.assumed
    console.print(
        f"Assumed: rates of {assumed.rate:g}, correlation {assumed.correlation:g} between stages, power "
        f"{assumed.power:g}. Closed forms: optimistic where few answers differ.",
        highlight=False,
    )


def _measure_row(planned: PlannedMeasure) -> tuple[Text | str, ...]:
    name = _text(f"{planned.benchmark}/{planned.measure}")
    expected = planned.prospect
    if expected is None:
        return (name, f"{planned.margin:g}", str(planned.clusters), "no items", "–", "–", "–")
    numbers = (expected.half_width, expected.detectable, expected.certifiable)
    return (
        name,
        f"{planned.margin:g}",
        str(planned.clusters),
        str(expected.clusters_needed),
        *(f"±{number:.3f}" for number in numbers),
    )


def _text(name: str) -> Text:
    return Text(one_line(name))
