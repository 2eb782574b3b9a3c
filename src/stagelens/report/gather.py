"""Gathers what a run folder says beside its verdicts: how each stage was made and asked, and what it answered."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import MISSING, fields, replace
from pathlib import Path

from stagelens.errors import InputError
from stagelens.outcomes.answer_files import AnswerFile, answer_files
from stagelens.outcomes.answers import AnswerSummary
from stagelens.report.chat_templates import template_digest
from stagelens.report.context import Example, FormRow, JudgeRow, LineageRow, ParityRow, ReportContext, Training
from stagelens.report.forms import gather_forms
from stagelens.report.mixtures import contamination_notes
from stagelens.report.trainings import read_training
from stagelens.study.asked import Asked, asked_stages
from stagelens.study.spec import Stage, Study

EXAMPLES = 9
"""Items whose answers are shown, over all groups of a benchmark."""


def gather_context(folder: Path) -> ReportContext | None:
    """The context of a run folder's report; None where the folder holds no study, as after a bare analysis.

    Raises:
        InputError: the study or a log cannot be read.
    """
    if not (folder / "study.yaml").is_file():
        return None
    study = Study.load(folder / "study.yaml")
    stages = [(family, asked.stage) for family in study.families for asked in asked_stages(study, family)]
    trainings, forms = tuple(_trainings(study, folder)), gather_forms(study, folder)
    return ReportContext(
        parity=tuple(
            _parity(study, family, asked, folder, forms)
            for family in study.families
            for asked in asked_stages(study, family)
        ),
        lineage=tuple(_lineage(family, stage) for family, stage in stages),
        examples=tuple(example for family, stage in stages for example in _examples(family, stage, folder)),
        judges=_judges(folder / "judging.json"),
        trainings=trainings,
        notes=contamination_notes(trainings),
        forms=forms,
        elsewhere=tuple(
            (family, stage.name)
            for family, members in study.families.items()
            for stage in members.stages
            if stage.kind == "sft" and not stage.trained
        ),
    )


def _parity(study: Study, family: str, asked: Asked, folder: Path, forms: Iterable[FormRow]) -> ParityRow:
    generation, stage = study.generation, asked.stage
    own = template_digest(study, family, asked, folder)
    summary = sum((row.summary for row in forms if (row.family, row.asked) == (family, stage.name)), AnswerSummary())
    answers = summary.answers
    return ParityRow(
        family=family,
        stage=stage.name,
        kind=stage.kind,
        prompting=stage.prompting,
        chat_template=_template(stage, generation.chat_template) + ("" if own is None else f" ({own})"),
        stop=stage.stop,
        system_prompt=generation.system_prompt or "",
        temperature=generation.temperature,
        top_p=generation.top_p,
        answer_tokens=generation.max_answer_tokens,
        thinking_tokens=generation.max_thinking_tokens,
        answers=answers or None,
        mean_answer_tokens=summary.mean_tokens,
        truncated=summary.truncated / answers if answers else None,
        thoughts=summary.with_thoughts / answers if answers else None,
    )


def _template(stage: Stage, of_chats: str) -> str:
    """Whose chat template a stage was asked through: its own, production's, that of a file, or none."""
    if stage.prompting == "template":
        return stage.chat_template or "production"
    return of_chats.replace("both", "own") if stage.prompting == "chat" else "none"


def _lineage(family: str, stage: Stage) -> LineageRow:
    if stage.model is not None:
        made = f"adopted: {stage.model}" + (f" at {stage.revision}" if stage.revision else "")
    else:
        sources = ", ".join(source.name for source in stage.mixture.sources) if stage.mixture else ""
        made = f"trained here on {sources}"
    return LineageRow(family, stage.name, stage.kind, made, stage.from_)


def _trainings(study: Study, folder: Path) -> Iterator[Training]:
    """Of every stage that was trained here; saved points share their stage's."""
    for family in study.families:
        for asked in asked_stages(study, family):
            stage = asked.stage
            if stage.trained and asked.made_by is None:
                found = read_training(folder / "checkpoints" / family / stage.name, family, stage.name, stage.kind)
                if found is not None:
                    yield replace(found, again=stage.name != asked.of)


def _examples(family: str, stage: Stage, folder: Path) -> Iterator[Example]:
    firsts: dict[str, AnswerFile] = {}
    for file in _files(folder, family, stage):
        firsts.setdefault(file.benchmark, file)
    for benchmark, file in firsts.items():
        for answer in file.transcripts(EXAMPLES):
            yield Example(
                family=family,
                stage=stage.name,
                benchmark=benchmark,
                item=answer.item,
                prompt=answer.prompt,
                answer=answer.answer,
                group=answer.group,
                status=answer.status,
                grade=answer.grade,
                system=answer.system,
                parts=answer.parts,
            )


def _judges(path: Path) -> tuple[JudgeRow, ...]:
    if not path.is_file():
        return ()
    names = {each.name: each.default_factory is MISSING for each in fields(JudgeRow)}
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
        return tuple(
            JudgeRow(**{name: entry[name] for name, needed in names.items() if needed or name in entry})
            for entry in entries
        )
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path} cannot be read ({error}): run the study again.") from error


def _files(folder: Path, family: str, stage: Stage) -> list[AnswerFile]:
    return answer_files(folder / "logs" / family / stage.name)
