"""A plan in a terminal: what would be asked, what it costs at most, what it can be expected to show."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from stagelens.report.visible import one_line
from stagelens.study.cells import Plan, PlannedMeasure


def print_plan(plan: Plan, console: Console) -> None:
    """Print the cells, the cost, the prospects, and what other designs would cost."""
    headings: Sequence[str] = ("items", "clusters", "epochs", "answer tokens ≤")
    cells = [
        (f"{cell.family}/{cell.stage}/{cell.benchmark}", cell.items, cell.clusters, cell.epochs, cell.answer_tokens)
        for cell in plan.cells
    ]
    _print("What would be asked", "cell", headings, cells, console)
    _say(
        f"{plan.tokens:,} tokens at most; about {plan.hours:.2g} hours at an assumed {plan.tokens_per_second:g} tokens "
        "a second; training and judging are not counted.",
        console,
    )
    headings = ("shards", "tokens ≤", "hours", "GPU-hours")
    stages = [
        (
            f"{cost.family}/{cost.stage}",
            cost.shards,
            cost.prompt_tokens + cost.answer_tokens,
            f"{cost.hours:,.2f}",
            f"{cost.gpu_hours:,.2f}" if cost.gpus else "–",
        )
        for cost in plan.stages
    ]
    _print("What asking each stage takes", "stage", headings, stages, console)
    _say(
        f"{sum(cost.shards for cost in plan.stages):,} shards, {plan.hours:,.2f} hours of one worker, "
        f"{plan.gpu_hours:,.2f} GPU-hours; `--engine ray` shares them among its workers.",
        console,
    )
    if plan.judging:
        headings = ("calls ≤", "prompt tokens ≤", "answer tokens ≤")
        judging = [
            (f"{cost.benchmark}: {cost.judge}", cost.calls, cost.prompt_tokens, cost.answer_tokens)
            for cost in plan.judging
        ]
        _print("What judges would be asked", "judge", headings, judging, console)
        _say("Equal answers are judged once; what agents' commands print is not counted.", console)
        for said in dict.fromkeys(cost.assumed for cost in plan.judging if cost.assumed):
            _say(said, console)
    headings = ("margin", "clus-\nters", "needed", "half\nwidth", "detect-\nable", "certi-\nfiable")
    rows = [_prospect_row(planned) for planned in plan.measures]
    _print("What it can be expected to show", "measure", headings, rows, console)
    _say(_basis(plan), console)
    courses = [_course_row(planned) for planned in plan.measures if planned.simulated and planned.simulated.course]
    if courses:
        headings = ("unpaired", "paired", "looks ≤", "looks, no\nchange", "looks,\nchange of")
        _print("Answers a stage to certify no change, by design", "measure", headings, courses, console)
        _say(
            f"Looks: paired, five looks, `stagelens run --sequential`; the change is of three margins. All with power "
            f"{plan.assumed.power:g}; the unpaired number is a formula for independent answers.",
            console,
        )


def _prospect_row(planned: PlannedMeasure) -> tuple[object, ...]:
    expected, simulated = planned.prospect, planned.simulated
    name, margin = f"{planned.benchmark}/{planned.measure}", f"{planned.margin:g}"
    if expected is None:
        return name, margin, planned.clusters, "no items", "–", "–", "–"
    needed = expected.clusters_needed
    half_width, certifiable = expected.half_width, expected.certifiable
    detectable: float | None = expected.detectable
    if simulated is not None:
        shown = simulated.shown
        half_width, certifiable = shown.half_width.value, shown.certifiable.value
        detectable = None if shown.detectable is None else shown.detectable.value
        needed = needed if simulated.clusters_needed is None else int(simulated.clusters_needed.value)
    numbers = (half_width, detectable, certifiable)
    shown_numbers = ("none" if number is None else f"±{number:.3f}" for number in numbers)
    return name, margin, planned.clusters, needed, *shown_numbers


def _course_row(planned: PlannedMeasure) -> tuple[object, ...]:
    simulated = planned.simulated
    assert simulated is not None
    course = simulated.course
    assert course is not None
    numbers = (course.unpaired, *(round(each.value) for each in (course.paired, course.most, course.no_change)))
    return f"{planned.benchmark}/{planned.measure}", *numbers, f"{course.change:g}: {round(course.changed.value):,}"


def _basis(plan: Plan) -> str:
    assumed = plan.assumed
    words = (
        f"Assumed: rates of {assumed.rate:g}, correlation {assumed.correlation:g} between stages, power "
        f"{assumed.power:g}."
    )
    bases = {planned.simulated.basis if planned.simulated else "closed forms" for planned in plan.measures}
    if "pilot" in bases:
        words += " Measures that the pilot has are simulated from its clusters instead."
    if "closed forms" in bases:
        words += " Without simulation: closed forms, optimistic where few answers differ."
    return words


def _print(title: str, first: str, headings: Sequence[str], rows: Sequence[Sequence[object]], console: Console) -> None:
    table = Table(Column(first, no_wrap=True), *headings, title=title, title_justify="left")
    for name, *cells in rows:
        table.add_row(
            Text(one_line(str(name))), *(f"{cell:,}" if isinstance(cell, int) else str(cell) for cell in cells)
        )
    console.print(table)


def _say(words: str, console: Console) -> None:
    console.print(words, highlight=False)
