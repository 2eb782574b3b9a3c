"""What may look like a change of a measure, or hide one, and is a change of how stages answer or are asked.

Read off the form of the answers, not off what they say. None of it is proof: a sentence names what a reader should look
at before relying on the headline, and how.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from math import sqrt
from typing import Final

from stagelens.report.context import FormRow
from stagelens.report.pairs import is_side_by_side
from stagelens.report.words import families, full_name, headline_contrast
from stagelens.statistics.contrasts.words import CHANGED
from stagelens.statistics.results import Contrast, MeasureResult, Verdicts
from stagelens.study.asked import borrowed_name

LONGER: Final = 2.0
"""Answers so many times as long on average are another kind of answer."""
LEAST_SHIFT: Final = 0.02
"""A smaller shift of a share is never spoken of."""
BEYOND_CHANCE: Final = 2.576
"""Standard errors that a shift of a share has to measure (99 %)."""

_TO_ASK: Final = (
    "with `generation: {chat_template: both}` they are asked under production's as well, and a verdict that changes "
    "with the template is inconclusive"
)
_ASKED_AGAIN: Final = (
    "they were asked under production's as well, and a verdict that changes with the template is told as inconclusive"
)

_Forms = Mapping[tuple[str, str, str], FormRow]


def confounds(verdicts: Verdicts, rows: Iterable[FormRow]) -> tuple[tuple[str, str], ...]:
    """(measure, sentence) for all that could be taken for a headline's change, or hide one, in a fixed order."""
    forms = _by_stage(rows)
    several = len(families(verdicts)) > 1
    return tuple(
        (full_name(result, several_families=several), sentence)
        for result in verdicts.results
        if (contrast := headline_contrast(result)) is not None and not is_side_by_side(result)
        for sentence in _of(result, contrast, forms)
    )


def _by_stage(rows: Iterable[FormRow]) -> _Forms:
    """By family, stage and benchmark, runs of one stage taken together."""
    forms: dict[tuple[str, str, str], FormRow] = {}
    for row in rows:
        place = (row.family, row.stage, row.benchmark)
        forms[place] = _together(forms[place], row) if place in forms else row
    return forms


def _together(one: FormRow, other: FormRow) -> FormRow:
    unsigned = {
        measure: (lacking + one.unsigned[measure][0], of + one.unsigned[measure][1])
        for measure, (lacking, of) in other.unsigned.items()
        if measure in one.unsigned
    }
    return replace(one, summary=one.summary + other.summary, unsigned=unsigned)


def _of(result: MeasureResult, contrast: Contrast, forms: _Forms) -> Iterator[str]:
    ends = [forms.get((result.family, stage, result.benchmark)) for stage in (contrast.from_stage, contrast.to_stage)]
    earlier, later = ends
    if earlier is None or later is None:
        return
    name = f"{contrast.from_stage} → {contrast.to_stage}"
    if earlier.template is not None and later.template is not None and earlier.template != later.template:
        again = (result.family, borrowed_name(contrast.from_stage), result.benchmark) in forms
        yield f"{name}: the stages' chat templates differ; {_ASKED_AGAIN if again else _TO_ASK}"
    yield from _length(name, earlier, later)
    if _corrected(result):
        return
    shares = [row.unsigned.get(result.measure) for row in (earlier, later)]
    if shares[0] is not None and shares[1] is not None and _accounts(shares[0], shares[1], result, contrast):
        (before, of_before), (after, of_after) = shares[0], shares[1]
        yield (
            f"{name}: judged by the absence of a sign: {_percent(after, of_after)} of {later.stage}'s answers and "
            f"{_percent(before, of_before)} of {earlier.stage}'s count as compliance and show neither a refusal nor "
            "help, so the rule may not know how one of them refuses; label a sample with `stagelens label`"
        )


def _length(name: str, earlier: FormRow, later: FormRow) -> Iterator[str]:
    (short, shorter), (long, longer) = sorted((row.summary.mean_tokens or 0.0, row.stage) for row in (earlier, later))
    if short > 0 and long >= LONGER * short:
        yield (
            f"{name}: answers of {longer} are {long / short:.1f} times as long as those of {shorter} ({long:.0f} and "
            f"{short:.0f} tokens on average); a judge may read long answers otherwise than short ones"
        )


def _accounts(before: tuple[int, int], after: tuple[int, int], result: MeasureResult, contrast: Contrast) -> bool:
    """Whether the shift of a share is no chance, and could make half of a change, or hide one beyond the margin."""
    shift = after[0] / after[1] - before[0] / before[1]
    pooled = (after[0] + before[0]) / (after[1] + before[1])
    error = sqrt(pooled * (1 - pooled) * (1 / after[1] + 1 / before[1]))
    if abs(shift) < LEAST_SHIFT or abs(shift) <= BEYOND_CHANCE * error:
        return False
    if contrast.verdict in CHANGED and contrast.difference is not None:
        return abs(shift) >= abs(contrast.difference) / 2
    return abs(shift) > result.margin


def _corrected(result: MeasureResult) -> bool:
    """Whether humans, or a second judge, have corrected what the rule says."""
    return result.judging is not None and result.judging.correction is not None


def _percent(part: int, of: int) -> str:
    return f"{100 * part / of:.0f} %"
