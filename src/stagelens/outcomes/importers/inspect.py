"""Imports Inspect logs of any task: a row for every sample, epoch and score."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from stagelens.errors import InputError, cause_of
from stagelens.outcomes.importers.imported import (
    FAMILY,
    LONGEST,
    Imported,
    Value,
    is_worse,
    measure_name,
    named_files,
    number_of,
    tabulate,
)
from stagelens.outcomes.importers.inspect_files import Failure, Log, Sample, is_log, read_log_file

WORDS: Final[Mapping[str, float]] = {"C": 1.0, "P": 0.5, "I": 0.0, "yes": 1.0, "true": 1.0, "no": 0.0, "false": 0.0}
"""What Inspect's letters and words are worth. ``N`` is no answer, which is not a wrong one."""
NO_ANSWER: Final = "N"
REMOVED: Final = "Key removed from summary (> 1k)"
"""What stands beside the scores for metadata that are no short text."""
CHECKPOINT: Final = "model_path"
"""The argument by which providers of local models are told which checkpoint a name stands for."""


def import_inspect(
    logs: Sequence[str],
    *,
    family: str = FAMILY,
    words: Mapping[str, float] | None = None,
    worse: Sequence[str] = (),
    cluster: str | None = None,
    stratum: str | None = None,
) -> Imported:
    """An outcome table of Inspect logs.

    A stage is the model, unless the user names it; a benchmark is the task, a measure the scorer, and where its score
    has several values ``<scorer>_<value's name>``. A sample that failed, or that the log never came to, is
    `unattempted`; a score that is no number, or none, is `ungraded`. A higher value is better, as Inspect has it,
    unless the measure is one of ours or in ``worse``.

    Args:
        logs: each ``PATH`` or ``STAGE=PATH``, a log or a folder of logs, in the order of the stages.
        family: of all of them.
        words: what words that a scorer uses are worth, beside Inspect's own.
        worse: measures of which a higher value is worse.
        cluster: the field of a sample's metadata that says which cluster it lies in; itself where None.
        stratum: the same of its stratum.

    Raises:
        InputError: a path at which there is no log, a log that cannot be read, a sample that stands in two logs of one
            stage, two checkpoints under one model's name, a field that no sample has, or nothing to take over.
    """
    known = {**WORDS, **{word.strip(): value for word, value in (words or {}).items()}}
    rows: list[dict[str, Any]] = []
    notes: list[str] = []
    seen: dict[tuple[str, str], dict[tuple[str, int], Path]] = {}
    served: dict[str, tuple[Any, Path]] = {}
    fields = {name: field for name, field in (("cluster", cluster), ("stratum", stratum)) if field is not None}
    read: list[tuple[str, Log]] = []
    for results in named_files(logs, is_log, "Inspect logs (.eval or .json)"):
        log = read_log_file(results.path)
        if results.stage is None:
            _check_checkpoint(log, served)
        read.append((results.stage or log.spec.model, log))
    for stage, log in read:
        _check_apart(log, stage, seen.setdefault((stage, log.benchmark), {}))
        _check_fields(log, fields)
        # Where every sample failed, or was never scored, the measures are those of the task's other logs.
        measures = _measures([log]) or _measures([other for _, other in read if other.benchmark == log.benchmark])
        common = {"family": family, "stage": stage, "benchmark": log.benchmark, "seed": 0}
        for sample, measure, value, status in _attempts(log, measures, known, notes):
            rows.append(
                {
                    **common,
                    "measure": measure,
                    "item": str(sample.id),
                    "value": value.number,
                    "status": status,
                    "cause": value.cause,
                    "epoch": sample.epoch,
                    "higher_is_worse": is_worse(measure, True, worse),
                    **{name: _text(sample, field) for name, field in fields.items()},
                }
            )
    return tabulate(_filled(rows, tuple(fields)), notes)


def _filled(rows: Sequence[dict[str, Any]], fields: Sequence[str]) -> Sequence[dict[str, Any]]:
    """Rows of samples that a log never came to lie where the same sample does in another log."""
    for field in fields:
        known = {(row["benchmark"], row["item"]): row[field] for row in rows if row[field] is not None}
        for row in rows:
            if row[field] is None:
                row[field] = known.get((row["benchmark"], row["item"]))
    return rows


def _measures(logs: Sequence[Log]) -> tuple[str, ...]:
    """Those of which some sample has a single value; what is a list everywhere is no measure."""
    values = [item for log in logs for sample in log.samples for item in _values(sample)]
    return tuple(dict.fromkeys(measure for measure, value in values if not isinstance(value, list)))


def _attempts(
    log: Log, measures: Sequence[str], words: Mapping[str, float], notes: list[str]
) -> Iterator[tuple[Sample, str, Value, str]]:
    """Every sample under every measure: (sample, measure, value, status)."""
    if not measures:
        notes.append(f"{log.path}: no sample has a score, so nothing of it was taken over.")
        return
    lists, odd = Counter[str](), Counter[str]()
    for sample in log.samples:
        values = dict(_values(sample))
        lists.update(name for name, value in values.items() if isinstance(value, list) and name not in measures)
        for measure in measures:
            if sample.error is not None:
                yield sample, measure, Value(None, cause_of(_message(sample.error)) or "error"), "unattempted"
            elif measure not in values:
                yield sample, measure, Value(None, "no score"), "ungraded"
            else:
                value = _graded(values[measure], words)
                if value.number is None and isinstance(values[measure], str) and values[measure] != NO_ANSWER:
                    odd[f"{measure} {values[measure].strip()[:LONGEST]!r}"] += 1
                yield sample, measure, value, "ungraded" if value.number is None else "scored"
    for measure, count in lists.items():
        notes.append(f"{log.path}: {measure} is a list of values in {count} sample(s); it was left out.")
    for what, count in odd.items():
        notes.append(f"{log.path}: {what} is no number and stands {count} time(s): ungraded, until --value says more.")
    yield from _absent(log, measures, notes)


def _absent(log: Log, measures: Sequence[str], notes: list[str]) -> Iterator[tuple[Sample, str, Value, str]]:
    """Samples that the log was to have and never came to."""
    if log.spec.dataset.sample_ids is None and log.status != "success":
        notes.append(f"{log.path} ended as {log.status!r}, and does not say which samples it was to have.")
    there = {sample.key for sample in log.samples}
    wanted = (
        Sample(id=name, epoch=epoch)
        for name in log.spec.dataset.sample_ids or ()
        for epoch in range(1, (log.spec.config.epochs or 1) + 1)
    )
    absent = [sample for sample in wanted if sample.key not in there]
    if absent:
        notes.append(f"{log.path}: {len(absent)} sample(s) are not in it (it ended as {log.status!r}): unattempted.")
    cause = f"not in the log, which ended as {log.status!r}"
    for sample in absent:
        for measure in measures:
            yield sample, measure, Value(None, cause), "unattempted"


def _values(sample: Sample) -> Iterator[tuple[str, Any]]:
    for scorer, score in (sample.scores or {}).items():
        if isinstance(score.value, Mapping):
            yield from ((measure_name(scorer, str(part)), each) for part, each in score.value.items())
        else:
            yield measure_name(scorer), score.value


def _graded(value: Any, words: Mapping[str, float]) -> Value:
    if value == NO_ANSWER and NO_ANSWER not in words:
        return Value(None, "the scorer found no answer")
    return number_of(value, words)


def _message(error: Failure | str) -> str:
    text = error if isinstance(error, str) else error.message
    # What follows names the task and its address in memory, another one each time.
    return "cancelled" if text.startswith(("CancelledError", "Cancelled via cancel scope")) else text


def _text(sample: Sample, field: str) -> str | None:
    found = sample.metadata.get(field)
    return None if found is None else str(found)


def _check_apart(log: Log, stage: str, seen: dict[tuple[str, int], Path]) -> None:
    """No sample stands in two logs of a stage and a task; a task may be spread over several logs."""
    for sample in log.samples:
        before = seen.setdefault(sample.key, log.path)
        if before is not log.path:
            raise InputError(
                f"{before} and {log.path} both hold sample {sample.id} of {log.benchmark} by {stage}: leave one out, "
                "or say whose each is as STAGE=PATH."
            )


def _check_checkpoint(log: Log, served: dict[str, tuple[Any, Path]]) -> None:
    """One model's name stands for one checkpoint; of the user's own names nothing is known."""
    checkpoint = log.spec.model_args.get(CHECKPOINT)
    other, before = served.setdefault(log.spec.model, (checkpoint, log.path))
    if other != checkpoint:
        raise InputError(
            f"{before} and {log.path} are both of {log.spec.model}, and of different checkpoints ({other}, "
            f"{checkpoint}): say whose each is as STAGE=PATH."
        )


def _check_fields(log: Log, fields: Mapping[str, str]) -> None:
    for name, field in fields.items():
        if any(sample.metadata.get(field) == REMOVED for sample in log.samples):
            raise InputError(
                f"{log.path}: {field!r} is too long for Inspect to keep it beside the scores, and cannot be the "
                f"{name}: name a field with a short text."
            )
        if log.samples and all(_text(sample, field) is None for sample in log.samples):
            there = sorted({key for sample in log.samples for key in sample.metadata})
            raise InputError(
                f"{log.path}: no sample's metadata has {field!r}, which was to be the {name}: it has "
                f"{', '.join(there) or 'nothing'}."
            )
