"""Reads the Inspect logs that our own benchmarks write: outcomes for the table, transcripts for the report.

What a log has to hold is said in ``benchmarks/base.py``: ``Score.metadata["outcomes"]``, and in the sample's metadata
``cluster``, ``stratum``, ``group`` and ``measures`` (the measures that the item counts towards).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from zipfile import BadZipFile

import polars as pl

from stagelens.errors import InputError, cause_of
from stagelens.judges.turns import Conversation, Part, conversation_of
from stagelens.outcomes.measures import KNOWN
from stagelens.outcomes.schema import COLUMNS

if TYPE_CHECKING:
    from inspect_ai.log import EvalLog, EvalSample

TASK_PREFIX: Final = "stagelens/"
_HEAVY: Final = {"messages", "events", "events_data", "store", "attachments", "timelines", "output"}
"""Parts of a sample that outcomes do not need."""


@dataclass(frozen=True, slots=True)
class Transcript:
    """One answer as it was generated, None where there is none; ``group`` is the benchmark's word for the item.

    Of an agent ``answer`` is all that it said and did, as text; ``parts`` are the same piece by piece, thoughts
    included; they are empty where the answer is one text without thoughts. ``explanation`` is what the benchmark's own
    scorer said of it, ``attempt`` the same answer as judges are shown it; None where there are no records of it.
    """

    item: str
    prompt: str
    answer: str | None
    group: str | None
    stop_reason: str | None
    epoch: int
    status: str | None = None
    grade: str | None = None
    system: str | None = None
    parts: tuple[Part, ...] = ()
    explanation: str | None = None
    attempt: Attempt | None = None


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt at an item with what its scorer left: ``records`` as in ``benchmarks.records``, and ``evidence``."""

    item: str
    epoch: int
    group: str
    conversation: Conversation
    records: tuple[Mapping[str, Any], ...]
    evidence: str | None


def read_log(path: str | Path, *, family: str, stage: str, stage_index: int) -> pl.DataFrame:
    """The outcomes in a log, with all of the table's columns, sorted by measure, item and epoch.

    A sample that failed, or that a scorer left no record for, is `unattempted` under every measure that it counts
    towards, with the error's first line as the cause.

    Raises:
        InputError: the file is not a whole Inspect log, or is not one of our benchmarks'.
    """
    log = _open(path)
    benchmark = log.eval.task.removeprefix(TASK_PREFIX)
    rows = [
        {
            "family": family,
            "stage": stage,
            "benchmark": benchmark,
            "item": str(sample.id),
            "stage_index": stage_index,
            "cluster": str(sample.metadata.get("cluster") or sample.id),
            "epoch": sample.epoch,
            "seed": 0,
            "stratum": sample.metadata.get("stratum"),
            "higher_is_worse": KNOWN[record["measure"]].higher_is_worse if record["measure"] in KNOWN else True,
            **record,
        }
        for sample in log.samples or []
        for record in _records(sample, path)
    ]
    order = {measure: rank for rank, measure in enumerate(KNOWN)}
    rows.sort(key=lambda row: (order.get(row["measure"], len(order)), row["measure"], row["item"], row["epoch"]))
    return pl.DataFrame(rows, schema=COLUMNS)


def read_transcripts(path: str | Path, limit: int) -> list[Transcript]:
    """Up to ``limit`` answers, taken in turn from each group of items, each group in order of item and epoch.

    The choice depends on the items alone: logs of the same items give the same ones for every stage.

    Raises:
        InputError: the file is not a whole Inspect log.
    """
    from inspect_ai.log import read_eval_log_sample, read_eval_log_sample_summaries

    with _readable(path):
        groups: dict[str, list[tuple[int | str, int]]] = {}
        samples = sorted(read_eval_log_sample_summaries(str(path)), key=lambda sample: (str(sample.id), sample.epoch))
        for sample in samples:
            groups.setdefault(str(sample.metadata.get("group")), []).append((sample.id, sample.epoch))
        in_turn = chain.from_iterable(zip_longest(*groups.values()))
        chosen = [attempt for attempt in in_turn if attempt is not None][:limit]
        return [_transcript(read_eval_log_sample(str(path), id=name, epoch=epoch)) for name, epoch in chosen]


def read_answers(path: str | Path, attempts: Set[tuple[str, int]]) -> Iterator[Transcript]:
    """The answers in a log to these attempts (item, epoch), in the log's order.

    Raises:
        InputError: the file is not a whole Inspect log.
    """
    from inspect_ai.log import read_eval_log_sample, read_eval_log_sample_summaries

    with _readable(path):
        for sample in read_eval_log_sample_summaries(str(path)):
            if (str(sample.id), sample.epoch) in attempts:
                yield _transcript(read_eval_log_sample(str(path), id=sample.id, epoch=sample.epoch))


def read_attempts(path: str | Path, wanted: Set[tuple[str, int]] | None = None) -> Iterator[Attempt]:
    """Every attempt in a log that a scorer left records of, or those of the ``wanted`` (item, epoch).

    Raises:
        InputError: the file is not a whole Inspect log.
    """
    from inspect_ai.log import read_eval_log

    with _readable(path):
        log = read_eval_log(str(path), exclude_fields=_HEAVY - {"messages"})
    for sample in log.samples or []:
        if wanted is not None and (str(sample.id), sample.epoch) not in wanted:
            continue
        attempt = _attempt(sample)
        if attempt is not None:
            yield attempt


def read_groups(path: str | Path) -> Iterator[tuple[str, int, str]]:
    """Every attempt of a log with the benchmark's word for it, as ``read_attempts`` has it: (item, epoch, group).

    Raises:
        InputError: the file is not a whole Inspect log.
    """
    from inspect_ai.log import read_eval_log_sample_summaries

    with _readable(path):
        for sample in read_eval_log_sample_summaries(str(path)):
            yield str(sample.id), sample.epoch, str(sample.metadata.get("group"))


def _attempt(sample: EvalSample) -> Attempt | None:
    records = tuple(_scored(sample))
    if not records or sample.error:
        return None
    return Attempt(
        item=str(sample.id),
        epoch=sample.epoch,
        group=str(sample.metadata.get("group")),
        conversation=conversation_of(sample.messages),
        records=records,
        evidence=_evidence(sample),
    )


def _evidence(sample: EvalSample) -> str | None:
    found = [(score.metadata or {}).get("evidence") for score in (sample.scores or {}).values()]
    return "\n\n".join(text for text in found if isinstance(text, str) and text) or None


def _open(path: str | Path) -> EvalLog:
    from inspect_ai.log import read_eval_log

    with _readable(path):
        return read_eval_log(str(path), exclude_fields=set(_HEAVY))


@contextmanager
def _readable(path: str | Path) -> Iterator[None]:
    """Turns what Inspect raises on a file that is no log into a sentence."""
    if not Path(path).is_file():
        raise InputError(f"There is no Inspect log at {path}: check the path.")
    try:
        yield
    except (OSError, ValueError, LookupError, BadZipFile) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise InputError(
            f"{path} is not a whole Inspect log: copy it again, or remove it and run again ({reason})."
        ) from error


def _records(sample: EvalSample, path: str | Path) -> Iterator[dict[str, Any]]:
    """One record for every measure that the sample counts towards."""
    scored = {} if sample.error else {record["measure"]: record for record in _scored(sample)}
    expected = sample.metadata.get("measures", list(scored))
    if not expected:
        raise InputError(
            f"{path}: sample {sample.id} says no measures, so this is not a log of a stagelens benchmark: "
            "bring other results in as a table, with `stagelens import csv`."
        )
    cause = cause_of(sample.error.message) if sample.error else "no score"
    unattempted = {"value": None, "status": "unattempted", "cause": cause or "error", "judge": None}
    for measure in dict.fromkeys([*expected, *scored]):
        yield {"measure": measure, **unattempted, **scored.get(measure, {})}


def _scored(sample: EvalSample) -> Iterator[Mapping[str, Any]]:
    for score in (sample.scores or {}).values():
        for record in (score.metadata or {}).get("outcomes", []):
            yield {field: record[field] for field in ("measure", "value", "status", "cause", "judge")}


def _transcript(sample: EvalSample) -> Transcript:
    talk = conversation_of(sample.messages)
    answered = bool(sample.output.choices)
    words = [score.value for score in (sample.scores or {}).values() if isinstance(score.value, str)]
    statuses = [record["status"] for record in _scored(sample)]
    answer = talk.text(thoughts=False) if talk.acts else sample.output.completion
    return Transcript(
        item=str(sample.id),
        prompt=_asked(sample),
        answer=answer if answered or talk.acts else None,
        group=sample.metadata.get("group"),
        stop_reason=sample.output.stop_reason if answered else None,
        epoch=sample.epoch,
        status=statuses[0] if statuses else "unattempted",
        grade=words[0] if words else None,
        system=talk.system,
        parts=talk.parts if len(talk.parts) > 1 else (),
        explanation="\n".join(filter(None, (score.explanation for score in (sample.scores or {}).values()))) or None,
        attempt=_attempt(sample),
    )


def _asked(sample: EvalSample) -> str:
    if isinstance(sample.input, str):
        return sample.input
    return "\n\n".join(turn.text for turn in sample.input if turn.role != "system")
