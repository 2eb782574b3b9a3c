"""The parts of the report that are neither pictures nor tables: measures in sentences, warnings, claims, examples."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from stagelens.report.confounds import confounds
from stagelens.report.context import Example, ReportContext
from stagelens.report.controls import control_fact
from stagelens.report.pairs import has_matrix, is_pairwise, is_side_by_side, pairs_sentence
from stagelens.report.scope import look_words, scope_words
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
class Piece:
    """A part of an episode: who speaks, and what; ``apart`` where it is thoughts, which are shown on request."""

    heading: str
    text: Cut
    apart: bool


@dataclass(frozen=True, slots=True)
class Answer:
    """One stage's answer; ``text`` is None where none was recorded. ``parts``, where there are any, stand for it."""

    stage: str
    words: str
    text: Cut | None
    parts: tuple[Piece, ...] = ()


@dataclass(frozen=True, slots=True)
class ItemAnswers:
    """One item, and every stage's answer to it."""

    name: str
    group: str | None
    system: Cut | None
    prompt: Cut
    answers: tuple[Answer, ...]


def measure_texts(verdicts: Verdicts) -> tuple[MeasureText, ...]:
    """Every measure in sentences, in the order of the verdicts; those that a matrix says it all of are left out."""
    several = len(families(verdicts)) > 1
    differ = len(set(map(scope_words, verdicts.results))) > 1
    return tuple(
        _measure_text(result, verdicts, several=several, differ=differ)
        for result in verdicts.results
        if not (is_side_by_side(result) and has_matrix(result))
    )


def warnings(verdicts: Verdicts, context: ReportContext) -> tuple[tuple[str, str], ...]:
    """(where, sentence): notes with no place, then confounds, then the warnings of measures that are not in pairs."""
    several = len(families(verdicts)) > 1
    return (
        *(("", note) for note in context.notes),
        *confounds(verdicts, context.forms),
        *(
            (full_name(result, several_families=several), warning)
            for result in verdicts.results
            if not is_pairwise(result)
            for warning in result.warnings
        ),
    )


def pair_warnings(verdicts: Verdicts) -> dict[str, tuple[str, ...]]:
    """The warnings of each measure whose stages are compared in pairs: there may be one for every pair."""
    several = len(families(verdicts)) > 1
    return {
        full_name(result, several_families=several): result.warnings
        for result in verdicts.results
        if is_pairwise(result) and result.warnings
    }


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
            system=None if rows[0].system is None else cut(rows[0].system),
            prompt=cut(rows[0].prompt),
            answers=tuple(map(_answer, rows)),
        )
        for (family, benchmark, item), rows in items.items()
    )


def _answer(example: Example) -> Answer:
    words = [word.replace("_", " ") for word in (example.status, example.grade) if word]
    parts = tuple(Piece(part.heading, cut(part.text), part.kind == "thoughts") for part in example.parts)
    return Answer(example.stage, ", ".join(words), None if example.answer is None else cut(example.answer), parts)


def _measure_text(result: MeasureResult, verdicts: Verdicts, *, several: bool, differ: bool) -> MeasureText:
    contrast = headline_contrast(result)
    units = units_of(result)
    margin = f"±{units.width(result.margin)}"
    if is_side_by_side(result):
        return MeasureText(
            name=measure_word(result.measure),
            where=_where(result, several=several),
            verdict="compared in pairs",
            decided=any(map(is_decided, result.contrasts)),
            why=pairs_sentence(result),
            facts=_filled([("Margin", margin), ("Look", look_words(result)), ("Scope", _scope(result, differ=differ))]),
            shares=(),
        )
    cause = "not asked: the family has no base" if result.cause is None else cause_words(result)
    facts = [
        ("Established by", established_words(result)),
        ("Cause", cause),
        ("Sensitivity", result.sensitivity),
        ("Positive control", control_fact(result, verdicts)),
        ("Margin", margin),
        ("Look", look_words(result)),
        ("Scope", _scope(result, differ=differ)),
    ]
    return MeasureText(
        name=measure_word(result.measure),
        where=_where(result, several=several),
        verdict=verdict_with_side(result, contrast),
        decided=is_decided(contrast),
        why=result.why,
        facts=_filled(facts),
        shares=tuple(share_words(part, verdicts.alpha) for part in result.shares),
    )


def _where(result: MeasureResult, *, several: bool) -> str:
    return f"{result.family}, {result.benchmark}" if several else result.benchmark


def _scope(result: MeasureResult, *, differ: bool) -> str:
    """Only where measures differ in it: else the report says it once, at the top."""
    return scope_words(result) if differ else ""


def _filled(facts: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    return tuple((term, text) for term, text in facts if text)
