"""From the verdicts on the planted step to what a positive control showed, and the clause that says it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from stagelens.organisms.controls.design import BASE, TAUGHT
from stagelens.organisms.doses import PLANTED, USUAL
from stagelens.organisms.groups import GROUPS
from stagelens.report.units import MINUS, coverage
from stagelens.statistics.conclusions.controls import named
from stagelens.statistics.results import Contrast, Control, MeasureResult

MOST_UNKNOWN: Final = 0.1
"""Where more than this share of a stage's answers was not asked or not graded, a step that was not seen is unknown."""
LIMIT: Final = "that says nothing of how sensitive your items are with a large model"
STANDS: Final = "what the rules prove stands whatever a judge says, so it says little of the study's judge"
RULES: Final = "rules alone grade these items, so it says nothing of the study's judge"


def read_control(
    result: MeasureResult | None, benchmark: str, alpha: float, *, judges: Sequence[str], cause: str, note: str = ""
) -> Control:
    """What the control of one benchmark showed.

    Found is a step that is called changed, in the planted direction, with all of its 1 - alpha interval beyond the
    margin. Intervals hold for every value that answers without a grade might have had, so a found one is found however
    many lack one; one that is not found is missed only where nearly all answers have a grade.

    Args:
        result: the verdicts on the planted measure; None where there are none.
        benchmark: one of ``GROUPS``.
        alpha: the error rate.
        judges: the models that graded the planted measure; none where rules did.
        cause: why answers are missing, a clause.
        note: a clause on what a found one does not show of the study's judge; empty where there is none.
    """
    step = None if result is None else _step(result)
    if result is None or step is None:
        return absent(benchmark, cause)
    found = step.verdict == "changed_down" and step.high < -result.margin
    if not found and _unknown(result) > MOST_UNKNOWN:
        return absent(benchmark, cause)
    levels = {level.stage: level for level in result.stages}
    return Control(
        benchmark=benchmark,
        measure=result.measure,
        found=found,
        difference=step.difference,
        low=step.low,
        high=step.high,
        margin=result.margin,
        items=levels[TAUGHT].items,
        clusters=levels[TAUGHT].clusters,
        judges=tuple(judges),
        text=_text(result, step, alpha, judges, found=found, note=note),
    )


def absent(benchmark: str, cause: str) -> Control:
    """A control that was planned, and of which nothing is known: ``cause``, a clause, says why."""
    return _unread(benchmark, GROUPS[benchmark].measure, f"the positive control is missing: {cause.rstrip('.')}")


def impossible(benchmark: str) -> Control:
    """That a benchmark has no control, since no behaviour can be planted in it."""
    return _unread(benchmark, None, f"there is no positive control: nothing can be planted in {benchmark}")


def _unread(benchmark: str, measure: str | None, text: str) -> Control:
    return Control(benchmark, measure, None, None, None, None, None, None, None, (), text)


def _step(result: MeasureResult) -> Contrast | None:
    steps = (step for step in result.contrasts if (step.from_stage, step.to_stage) == (BASE, TAUGHT))
    return next(steps, None)


def _unknown(result: MeasureResult) -> float:
    return max((level.ungraded + level.unattempted) / level.n if level.n else 1.0 for level in result.stages)


def _text(result: MeasureResult, step: Contrast, alpha: float, judges: Sequence[str], *, found: bool, note: str) -> str:
    outer, _ = coverage(alpha)
    items = next(level.items for level in result.stages if level.stage == TAUGHT)
    size = "could not be measured" if step.difference is None else f"was measured as {_points(step.difference)}"
    seen = (
        f"a planted change of {_points(PLANTED - USUAL)} points {size} ({outer} interval {_points(step.low)} to "
        f"{_points(step.high)}) by {named(judges)} on {items} of the world's own items"
    )
    if found:
        return "; ".join(filter(None, (f"found: {seen}", note, LIMIT)))
    return (
        f"the positive control was missed: {seen}, not as a fall beyond the margin of {_points(result.margin)} points, "
        f"so nothing shows that {named(judges)} would see a change in your answers"
    )


def _points(value: float) -> str:
    return f"{100 * value:.1f}".removesuffix(".0").replace("-", MINUS)
