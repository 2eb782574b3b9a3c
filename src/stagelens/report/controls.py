"""The positive controls: what they showed, beside the verdicts that a reader would take for granted without them."""

from __future__ import annotations

from typing import Final

from stagelens.report.tabulate import Column, Table, tabulate
from stagelens.report.units import MISSING, Units, count, coverage
from stagelens.report.words import headline_contrast, is_same, measure_word
from stagelens.statistics.results import Control, MeasureResult, Verdicts

RATE: Final = Units("rate", 0.0, 1.0)
"""What is planted is counted by a rate."""


def control_sentences(verdicts: Verdicts) -> tuple[tuple[str, str], ...]:
    """(benchmark and measure, what its control showed), one for every benchmark of a run with controls."""
    return tuple((_name(control), control.text) for control in verdicts.controls)


def missed_sentence(verdicts: Verdicts) -> str | None:
    """What to say at the top where a control was missed."""
    missed = [control.benchmark for control in verdicts.controls if control.found is False]
    if not missed:
        return None
    return (
        f"The positive control of {', '.join(missed)} was missed: a planted change went unseen, so that little follows "
        "from what looks alike there."
    )


def control_fact(result: MeasureResult, verdicts: Verdicts) -> str:
    """What the benchmark's control says of one result, in a few words; empty where there is nothing to add.

    A control that was found is named beside what is equivalent, any other one beside every result.
    """
    control = next((one for one in verdicts.controls if one.benchmark == result.benchmark), None)
    if control is None:
        return ""
    if control.found is None:
        return "none: nothing can be planted here" if control.measure is None else "missing, see below"
    if not control.found:
        return "missed: see the warnings"
    if not is_same(headline_contrast(result)):
        return ""
    if result.measure != control.measure:
        return f"none of this measure: {measure_word(control.measure or '')} was planted"
    return f"found: {RATE.difference(control.difference)} on the world's own items, with a small model"


def controls_table(verdicts: Verdicts) -> Table:
    """A row a benchmark."""
    outer, _ = coverage(verdicts.alpha)
    columns: tuple[Column[Control], ...] = (
        Column("measure", _name, numeric=False),
        Column("planted change", _found, numeric=False),
        Column("size", lambda row: RATE.difference(row.difference), "SFT minus base, as graded"),
        Column(f"{outer} interval", lambda row: RATE.interval(row.low, row.high)),
        Column("margin", lambda row: MISSING if row.margin is None else f"±{RATE.width(row.margin)}"),
        Column("items", lambda row: count(row.items), "the world's own"),
        Column("clusters", lambda row: count(row.clusters)),
        Column("graded by", _graders, numeric=False),
    )
    return tabulate(columns, verdicts.controls, group=lambda row: row.benchmark)


def _name(control: Control) -> str:
    return control.benchmark if control.measure is None else f"{control.benchmark}/{control.measure}"


def _found(control: Control) -> str:
    if control.found is None:
        return "none can be planted" if control.measure is None else "not known"
    return "found" if control.found else "missed"


def _graders(control: Control) -> str:
    return MISSING if control.found is None else ", ".join(control.judges) or "rules"
