"""Positive controls beside a study's results: a missed one is a warning on all that its benchmark measured."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from stagelens.statistics.contrasts.words import SAME
from stagelens.statistics.results import Control, MeasureResult, Verdicts

Graders = Mapping[tuple[str, str, str], Collection[str]]
"""The models that graded a measure, by family, benchmark and measure."""


def with_controls(verdicts: Verdicts, controls: Sequence[Control], graders: Graders) -> Verdicts:
    """The verdicts with their positive controls, and the warnings that follow from them.

    A control is weaker evidence than a change on the study's own items: no verdict, cause or ``sensitivity`` depends
    on one. A control that was missed is the first warning of every result of its benchmark. What other graders found
    than those of an equivalence beside it, or missed, is said to say nothing of these.
    """
    by_benchmark = {control.benchmark: control for control in controls}
    results = tuple(
        replace(result, warnings=(*_warnings(result, by_benchmark.get(result.benchmark), graders), *result.warnings))
        for result in verdicts.results
    )
    return replace(verdicts, results=results, controls=tuple(controls))


def _warnings(result: MeasureResult, control: Control | None, graders: Graders) -> tuple[str, ...]:
    if control is None or control.found is None:
        return ()
    missed = () if control.found else (control.text,)
    own = sorted(graders.get((result.family, result.benchmark, result.measure), ()))
    alike = result.measure != control.measure or own == sorted(control.judges)
    if alike or not any(contrast.headline and contrast.verdict in SAME for contrast in result.contrasts):
        return missed
    by, seen = named(own), "found" if control.found else "missed"
    graded = f"the positive control was graded by {named(control.judges)}, these answers by {by}"
    return (*missed, f"{graded}: that it was {seen} says nothing of {by}")


def named(judges: Sequence[str]) -> str:
    """Who graded, in a sentence: models by name, or the rules."""
    if not judges:
        return "the benchmark's own rules"
    return judges[0] if len(judges) == 1 else f"{', '.join(judges[:-1])} and {judges[-1]}"
