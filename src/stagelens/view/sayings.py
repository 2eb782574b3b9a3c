"""What judges wrote of an answer, found in the logs of judgements by what they were shown."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from stagelens.judges.message import full_message
from stagelens.judges.order import content_id
from stagelens.outcomes.inspect_logs import Attempt
from stagelens.study.spec import Study

if TYPE_CHECKING:
    from stagelens.judges.rubric import Rubric

_NOTE: Final = "stagelens"
_JUDGEMENT: Final = "judgement"


@dataclass(frozen=True, slots=True)
class Saying:
    """One judge's answer about an attempt, field by field, or why it gave none."""

    judge: str
    fields: tuple[tuple[str, str], ...]


def rubric_of(study: Study, benchmark: str) -> Rubric | None:
    """How models judge a benchmark's answers in this study; None where they do not."""
    from stagelens.benchmarks import get_benchmark

    asked = get_benchmark(benchmark)
    settings = asked.settings(study.benchmarks[benchmark], where=study.where("benchmarks", benchmark))
    return asked.rubric(settings, study.folder)


def sayings(folder: Path, rubric: Rubric, attempt: Attempt) -> tuple[Saying, ...]:
    """What each judge said of an attempt, the last time where it was asked again; by the judges' names.

    Args:
        folder: the benchmark's judgements, ``judgements/<benchmark>`` of a run folder.
        rubric: how they judged.
        attempt: as they were shown it, with its thoughts or without them.
    """
    records = [attempt.conversation.record(attempt.group, attempt.evidence, thoughts=each) for each in (True, False)]
    contents = dict.fromkeys(content_id(full_message(rubric, record), attempt.group) for record in records)
    found = {
        said.judge: said for path in sorted(folder.glob("*.eval")) for name in contents for said in _said(path, name)
    }
    return tuple(found[judge] for judge in sorted(found))


def _said(path: Path, content: str) -> Iterator[Saying]:
    from inspect_ai.log import read_eval_log, read_eval_log_sample

    with suppress(LookupError):  # of another answer's
        sample = read_eval_log_sample(str(path), id=content, epoch=1)
        judge = (read_eval_log(str(path), header_only=True).eval.metadata or {})[_NOTE]["judge"]
        for score in (sample.scores or {}).values():
            judgement = (score.metadata or {})[_JUDGEMENT]
            answer: dict[str, Any] = judgement["answer"] or {"no grade": judgement["cause"]}
            yield Saying(judge, tuple((_words(name), _text(value)) for name, value in answer.items()))


def _words(field: str) -> str:
    return field.replace("_", " ")


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
