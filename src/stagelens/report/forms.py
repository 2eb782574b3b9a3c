"""Reads from a run folder what form each stage's answers have: under which template, how long, with what signs."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from stagelens.judges.signs import unsigned
from stagelens.outcomes.answer_files import AnswerFile, answer_files, summarise
from stagelens.report.context import FormRow
from stagelens.study.asked import Asked, asked_stages
from stagelens.study.paths import is_local, resolve
from stagelens.study.spec import Study

TEMPLATE: Final = "chat_template.jinja"
DIGITS: Final = 8
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


def template_digest(study: Study, family: str, asked: Asked, folder: Path) -> str | None:
    """Eight hexadecimal digits of the chat template in a stage's own checkpoint, which it is asked under.

    None where it is asked under another one or none, or where the checkpoint is not in a folder of this machine.
    """
    if asked.stage.prompting != "chat" or study.generation.chat_template == "production":
        return None
    if asked.trained:
        checkpoint = folder / "checkpoints" / family / asked.checkpoint
    elif asked.stage.model is not None and is_local(asked.stage.model):
        checkpoint = resolve(asked.stage.model, study.folder)
    else:
        return None
    file = checkpoint / TEMPLATE
    return hashlib.sha256(file.read_bytes()).hexdigest()[:DIGITS] if file.is_file() else None


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
