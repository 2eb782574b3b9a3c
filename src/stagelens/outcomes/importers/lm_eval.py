"""Imports what lm-evaluation-harness writes with ``--log_samples``: a row for every document and metric.

A model's folder holds ``samples_<task>_<date>.jsonl``, a line a document (and filter), and ``results_<date>.json``,
which says of every metric whether higher is better.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from stagelens.errors import InputError
from stagelens.outcomes.importers.imported import (
    FAMILY,
    Imported,
    Results,
    Value,
    is_worse,
    measure_name,
    named_files,
    number_of,
    reason_of,
    tabulate,
)

_NAME: Final = re.compile(r"samples_(?P<task>.+)_(?P<date>\d{4}-\d{2}-\d{2}T[\d.:-]+)\.jsonl")
NO_FILTER: Final = "none"
OWN: Final = frozenset({"doc_id", "doc", "target", "arguments", "resps", "filtered_resps", "filter"})
"""Fields of a line that are no metrics."""


class _Line(NamedTuple):
    """What is kept of a line: the document and what it is known by, how it was asked, whether all that was said is
    nothing, the filter, and values by metric."""

    number: int
    item: str
    digest: str
    prompt: str
    is_empty: bool
    filter: str
    values: Mapping[str, Any]


class _Samples(NamedTuple):
    """A file of samples: whose, of which task, and when it was written."""

    stage: str
    path: Path
    task: str
    date: str


def import_lm_eval(given: Sequence[str], *, family: str = FAMILY, worse: Sequence[str] = ()) -> Imported:
    """An outcome table of lm-evaluation-harness samples.

    A stage is the folder that its files lie in, named after the model, unless the user names it; a benchmark is the
    task, an item the document, a measure the metric, and where a task has several filters ``<metric>_<filter>``. Of
    several files of one task the newest counts. An empty answer is `incapable`: the harness grades it as a wrong one.

    Args:
        given: each ``PATH`` or ``STAGE=PATH``, a file of samples or a folder with some, in the order of the stages.
        family: of all of them.
        worse: metrics of which a higher value is worse, beside those of which the results say so.

    Raises:
        InputError: a path at which there are no samples, a file that cannot be read, the same document under two
            numbers, or nothing to take over.
    """
    notes: list[str] = []
    rows: list[dict[str, Any]] = []
    documents: dict[tuple[str, str], tuple[_Line, Path]] = {}
    found = [_named(each) for each in named_files(given, _is_samples, "samples_<task>_<date>.jsonl")]
    for samples in _newest(found, notes):
        better = _directions(samples.path.parent).get(samples.task, {})
        lines = list(_lines(samples.path))
        several = len({line.filter for line in lines}) > 1
        metrics: dict[str, dict[str, None]] = {}
        for line in lines:
            metrics.setdefault(line.filter, {}).update(dict.fromkeys(line.values))
        single = {name for line in lines for name, value in line.values.items() if not isinstance(value, list | dict)}
        left_out = Counter[str]()
        empty, reworded = set[str](), set[str]()
        for line in lines:
            first = _first_asked(line, samples, documents)
            if line.prompt != first.prompt:
                reworded.add(line.item)
            if line.is_empty:
                empty.add(line.item)
            for metric in metrics[line.filter]:
                value = line.values.get(metric)
                if metric not in single:
                    left_out[metric] += 1
                    continue
                graded = Value(None, "the answer is empty") if line.is_empty else number_of(value, {})
                part = line.filter if several else ""
                rows.append(
                    {
                        "family": family,
                        "stage": samples.stage,
                        "benchmark": samples.task,
                        "measure": measure_name(metric, part),
                        "item": line.item,
                        "value": graded.number,
                        "status": _status(line, graded),
                        "cause": graded.cause,
                        "epoch": 1,
                        "seed": 0,
                        "higher_is_worse": is_worse(metric, better.get(metric), worse),
                    }
                )
        for metric, count in left_out.items():
            notes.append(f"{samples.path}: {metric} has no single value in {count} document(s); it was left out.")
        if empty:
            notes.append(
                f"{samples.path}: the answer to {len(empty)} document(s) is empty: incapable, whatever its grade."
            )
        if reworded:
            notes.append(
                f"{samples.path}: {len(reworded)} document(s) were asked in other words than by the first stage: with "
                "a chat template, or with other examples."
            )
    return tabulate(rows, notes)


def _is_samples(path: Path) -> bool:
    return _NAME.fullmatch(path.name) is not None


def _named(results: Results) -> _Samples:
    found = _NAME.fullmatch(results.path.name)
    if found is None:
        raise InputError(
            f"{results.path} is not named samples_<task>_<date>.jsonl, as lm-evaluation-harness names its samples: its "
            "task is not known."
        )
    return _Samples(results.stage or results.path.resolve().parent.name, results.path, found["task"], found["date"])


def _newest(files: Sequence[_Samples], notes: list[str]) -> Iterator[_Samples]:
    """The last file of each stage and task."""
    last: dict[tuple[str, str], _Samples] = {}
    older = Counter[tuple[str, str]]()
    for each in files:
        key = each.stage, each.task
        if key in last:
            older[key] += 1
        if key not in last or each.date > last[key].date:
            last[key] = each
    for (stage, task), count in older.items():
        notes.append(f"{task} by {stage}: {count} older file(s) were left out; {last[stage, task].path.name} was read.")
    yield from last.values()


def _lines(path: Path) -> Iterator[_Line]:
    try:
        with path.open(encoding="utf-8") as file:
            for number, text in enumerate(file, start=1):
                yield _read(json.loads(text), number)
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"{path} cannot be read as samples ({reason_of(error)}): copy it again.") from error


def _read(line: Any, number: int) -> _Line:
    if not isinstance(line, dict) or "doc_id" not in line:
        raise ValueError(f"line {number} is no object with a `doc_id`")
    known = line.get("metrics")
    # Releases before 0.4.4 do not say which fields are metrics: those that are numbers and not the harness' own.
    named = known if isinstance(known, list) else [name for name in line if name not in OWN and _is_number(line[name])]
    return _Line(
        number=number,
        item=str(line["doc_id"]),
        digest=str(line.get("doc_hash")),
        prompt=str(line.get("prompt_hash")),
        is_empty=_is_empty(line.get("resps")),
        filter=str(line.get("filter", NO_FILTER)),
        values={str(name): line.get(str(name)) for name in named},
    )


def _is_empty(answers: Any) -> bool:
    """Whether there are texts and nothing stands in any; a likelihood is a pair of texts that never are blank."""
    texts = list(_texts(answers))
    return bool(texts) and not any(text.strip() for text in texts)


def _texts(answers: Any) -> Iterator[str]:
    if isinstance(answers, str):
        yield answers
    elif isinstance(answers, list):
        for each in answers:
            yield from _texts(each)


def _status(line: _Line, graded: Value) -> str:
    if line.is_empty:
        return "incapable"
    return "ungraded" if graded.number is None else "scored"


def _is_number(value: Any) -> bool:
    return isinstance(value, bool | int | float)


def _first_asked(line: _Line, samples: _Samples, documents: dict[tuple[str, str], tuple[_Line, Path]]) -> _Line:
    """How the document was asked first. Under its number every stage has to have been asked the same document."""
    first, other = documents.setdefault((samples.task, line.item), (line, samples.path))
    if first.digest != line.digest:
        raise InputError(
            f"{samples.path}, line {line.number}: document {line.item} of {samples.task} is another one than in "
            f"{other}: both have to be asked the same data."
        )
    return first


def _directions(folder: Path) -> Mapping[str, Mapping[str, bool]]:
    """By task and metric, whether higher is better, as the newest results say; nothing where there are none."""
    for path in sorted(folder.glob("results_*.json"), reverse=True):
        try:
            found = json.loads(path.read_text(encoding="utf-8")).get("higher_is_better", {})
        except (OSError, ValueError, AttributeError, RecursionError):
            continue
        if isinstance(found, dict):
            return {task: each for task, each in found.items() if isinstance(each, dict)}
    return {}
