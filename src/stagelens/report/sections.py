"""The parts of the report that are neither pictures nor tables: measures in sentences, warnings, claims, examples."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from stagelens.report.context import Example, ReportContext
from stagelens.report.units import probability, units_of
from stagelens.report.visible import Cut, cut
from stagelens.report.words import (
    cause_words,
    certified_word,
    established_words,
    families,
    full_name,
    headline_contrast,
    is_decided,
    measure_word,
    share_words,
    verdict_with_side,
)
from stagelens.statistics.results import ClaimResult, MeasureResult, Verdicts


@dataclass(frozen=True, slots=True)
class MeasureText:
    """One measure in words. ``facts`` are (term, description) pairs."""

    name: str
    where: str
    verdict: str
    decided: bool
    why: str
    facts: tuple[tuple[str, str], ...]
    shares: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ClaimText:
    """A claim, whether it is certified, and for which measures it holds."""

    text: str
    verdict: str
    certified: bool
    p: str
    holds_for: tuple[str, ...]
    fails_for: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """One stage's answer; ``text`` is None where none was recorded."""

    stage: str
    words: str
    text: Cut | None


@dataclass(frozen=True, slots=True)
class ItemAnswers:
    """One item, and every stage's answer to it."""

    name: str
    group: str | None
    prompt: Cut
    answers: tuple[Answer, ...]


def measure_texts(verdicts: Verdicts) -> tuple[MeasureText, ...]:
    """Every measure in sentences, in the order of the verdicts."""
    several = len(families(verdicts)) > 1
    return tuple(_measure_text(result, verdicts.alpha, several=several) for result in verdicts.results)


def warnings(verdicts: Verdicts, context: ReportContext) -> tuple[tuple[str, str], ...]:
    """(where, sentence): the context's notes with no place, then each measure's warnings."""
    several = len(families(verdicts)) > 1
    return (
        *(("", note) for note in context.notes),
        *(
            (full_name(result, several_families=several), warning)
            for result in verdicts.results
            for warning in result.warnings
        ),
    )


def claim_texts(claims: Iterable[ClaimResult]) -> tuple[ClaimText, ...]:
    """The claims in words."""
    return tuple(
        ClaimText(
            text=claim.text,
            verdict=certified_word(claim),
            certified=claim.certified,
            p=probability(claim.p),
            holds_for=claim.holds_for,
            fails_for=claim.fails_for,
        )
        for claim in claims
    )


def item_answers(examples: Iterable[Example]) -> tuple[ItemAnswers, ...]:
    """The examples by item, in order of appearance: one column a stage."""
    items: dict[tuple[str, str, str], list[Example]] = {}
    for example in examples:
        items.setdefault((example.family, example.benchmark, example.item), []).append(example)
    several = len({family for family, _, _ in items}) > 1
    return tuple(
        ItemAnswers(
            name=f"{family}/{benchmark}/{item}" if several else f"{benchmark}/{item}",
            group=rows[0].group,
            prompt=cut(rows[0].prompt),
            answers=tuple(map(_answer, rows)),
        )
        for (family, benchmark, item), rows in items.items()
    )


def _answer(example: Example) -> Answer:
    words = [word.replace("_", " ") for word in (example.status, example.grade) if word]
    return Answer(example.stage, ", ".join(words), None if example.answer is None else cut(example.answer))


def _measure_text(result: MeasureResult, alpha: float, *, several: bool) -> MeasureText:
    contrast = headline_contrast(result)
    cause = "not asked: the family has no base" if result.cause is None else cause_words(result)
    facts = [
        ("Established by", established_words(result)),
        ("Cause", cause),
        ("Sensitivity", result.sensitivity),
        ("Margin", f"±{units_of(result).width(result.margin)}"),
    ]
    return MeasureText(
        name=measure_word(result.measure),
        where=f"{result.family}, {result.benchmark}" if several else result.benchmark,
        verdict=verdict_with_side(result, contrast),
        decided=is_decided(contrast),
        why=result.why,
        facts=tuple((term, text) for term, text in facts if text),
        shares=tuple(share_words(part, alpha) for part in result.shares),
    )
