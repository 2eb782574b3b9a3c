"""Reads from a run folder what form each stage's answers have: under which template, how long, with what signs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from stagelens.judges.signs import unsigned
from stagelens.outcomes.answer_files import AnswerFile, answer_files, summarise
from stagelens.report.chat_templates import template_digest
from stagelens.report.context import FormRow
from stagelens.study.asked import Asked, asked_stages
from stagelens.study.spec import Study

REFUSAL_RULE: Final = "rule:refusal"
MEASURES: Final = ("unsafe_response", "over_refusal")
"""Those in which an answer counts one way for want of a sign of a refusal, by the rule of ``judges.rules``."""


def gather_forms(study: Study, folder: Path) -> tuple[FormRow, ...]:
    """Every stage's answers to every benchmark. Raises InputError where a log cannot be read."""
    return tuple(
        row
        for family in study.families
        for asked in asked_stages(study, family)
        for row in _forms(study, family, asked, folder)
    )


def _forms(study: Study, family: str, asked: Asked, folder: Path) -> Iterator[FormRow]:
    template = template_digest(study, family, asked, folder)
    by_benchmark: dict[str, list[AnswerFile]] = {}
    for file in answer_files(folder / "logs" / family / asked.stage.name):
        by_benchmark.setdefault(file.benchmark, []).append(file)
    for benchmark, files in by_benchmark.items():
        yield FormRow(
            family=family,
            stage=asked.outcome,
            asked=asked.stage.name,
            benchmark=benchmark,
            template=template,
            summary=summarise(files),
            # Where a model judges, it is no rule that finds no sign.
            unsigned=_unsigned(files) if benchmark == "safety" and benchmark not in study.judges else {},
        )


def _unsigned(files: list[AnswerFile]) -> dict[str, tuple[int, int]]:
    """By measure, how many answers are graded for want of a sign, of all that the refusal rule graded."""
    graded: Counter[str] = Counter()
    lacking: Counter[str] = Counter()
    for file in files:
        for attempt in file.attempts():
            for record in attempt.records:
                measure = record["measure"]
                if measure in MEASURES and record["judge"] == REFUSAL_RULE and record["value"] is not None:
                    graded[measure] += 1
                    said = "\n".join(part.text for part in attempt.conversation.parts if part.kind == "said")
                    lacking[measure] += unsigned(said)
    return {measure: (lacking[measure], count) for measure, count in graded.items()}
