"""Writes the report of a run folder, or of a bare analysis, from the files that are there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from stagelens.errors import InputError
from stagelens.outcomes.answers import summarise_logs
from stagelens.outcomes.inspect_logs import read_transcripts
from stagelens.report.context import Example, LineageRow, ParityRow, ReportContext
from stagelens.report.html import write_report
from stagelens.statistics.results import Verdicts
from stagelens.statistics.serialise import verdicts_from_dict
from stagelens.study.spec import Stage, Study

EXAMPLES = 9
"""Items whose answers are shown, over all groups of a benchmark."""


def write_analysis(verdicts: Verdicts, folder: Path) -> Path:
    """``verdicts.json`` and ``report.html`` of verdicts that come from a table alone; returns the report's path.

    Raises:
        InputError: the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        beside = folder / ".verdicts.json.partial"
        beside.write_text(verdicts.to_json(), encoding="utf-8")
        beside.replace(folder / "verdicts.json")
        write_report(verdicts, None, folder / "report.html")
    except OSError as error:
        raise InputError(f"{folder} cannot be written ({error.strerror}): name another folder with --out.") from error
    return folder / "report.html"


def rewrite_report(folder: Path) -> Path:
    """``report.html`` of a run folder, from its verdicts, study and logs; returns the report's path.

    Raises:
        InputError: the folder holds no verdicts, or they cannot be read.
    """
    verdicts = _read_verdicts(folder / "verdicts.json")
    context = _context(Study.load(folder / "study.yaml"), folder) if (folder / "study.yaml").is_file() else None
    write_report(verdicts, context, folder / "report.html")
    return folder / "report.html"


def _read_verdicts(path: Path) -> Verdicts:
    if not path.is_file():
        raise InputError(f"{path.parent} holds no verdicts.json: name a run folder, or finish its run first.")
    try:
        return verdicts_from_dict(json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path} cannot be read ({error}): run the study again.") from error


def _context(study: Study, folder: Path) -> ReportContext:
    stages = [(family, stage) for family, members in study.families.items() for stage in members.stages]
    return ReportContext(
        parity=tuple(_parity(study, family, stage, folder) for family, stage in stages),
        lineage=tuple(_lineage(family, stage) for family, stage in stages),
        examples=tuple(example for family, stage in stages for example in _examples(family, stage, folder)),
    )


def _parity(study: Study, family: str, stage: Stage, folder: Path) -> ParityRow:
    generation = study.generation
    summary = summarise_logs(_logs(folder, family, stage))
    answers = summary.answers
    return ParityRow(
        family=family,
        stage=stage.name,
        kind=stage.kind,
        prompting=stage.prompting,
        chat_template=generation.chat_template if stage.prompting == "chat" else "none",
        system_prompt=generation.system_prompt or "",
        temperature=generation.temperature,
        top_p=generation.top_p,
        answer_tokens=generation.max_answer_tokens,
        thinking_tokens=generation.max_thinking_tokens,
        answers=answers or None,
        mean_answer_tokens=summary.tokens / answers if answers else None,
        truncated=summary.truncated / answers if answers else None,
        thoughts=summary.with_thoughts / answers if answers else None,
    )


def _lineage(family: str, stage: Stage) -> LineageRow:
    if stage.model is not None:
        made = f"adopted: {stage.model}" + (f" at {stage.revision}" if stage.revision else "")
    else:
        sources = ", ".join(source.name for source in stage.mixture.sources) if stage.mixture else ""
        made = f"trained here on {sources}"
    return LineageRow(family, stage.name, stage.kind, made, stage.from_)


def _examples(family: str, stage: Stage, folder: Path) -> Iterator[Example]:
    for log in _logs(folder, family, stage)[:1]:
        benchmark = log.name.rsplit("-", 1)[0]
        for answer in read_transcripts(log, EXAMPLES):
            yield Example(
                family=family,
                stage=stage.name,
                benchmark=benchmark,
                item=answer.item,
                prompt=answer.prompt,
                answer=answer.answer,
                group=answer.group,
                status=answer.stop_reason,
            )


def _logs(folder: Path, family: str, stage: Stage) -> list[Path]:
    return sorted((folder / "logs" / family / stage.name).glob("*.eval"))
