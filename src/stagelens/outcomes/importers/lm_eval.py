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
    """What is kept of a line: the document and what it is known by, the filter, and values by metric."""

    number: int
    item: str
    digest: str
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
    several files of one task the newest counts.

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
    documents: dict[tuple[str, str], tuple[str, Path]] = {}
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
        for line in lines:
            _check_same(line, samples, documents)
            for metric in metrics[line.filter]:
                value = line.values.get(metric)
                if metric not in single:
                    left_out[metric] += 1
                    continue
                graded = number_of(value, {})
                part = line.filter if several else ""
                rows.append(
                    {
                        "family": family,
                        "stage": samples.stage,
                        "benchmark": samples.task,
                        "measure": measure_name(metric, part),
                        "item": line.item,
                        "value": graded.number,
                        "status": "ungraded" if graded.number is None else "scored",
                        "cause": graded.cause,
                        "epoch": 1,
                        "seed": 0,
                        "higher_is_worse": is_worse(metric, better.get(metric), worse),
                    }
                )
        for metric, count in left_out.items():
            notes.append(f"{samples.path}: {metric} has no single value in {count} document(s); it was left out.")
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
    values = {str(name): line.get(str(name)) for name in named}
    return _Line(number, str(line["doc_id"]), str(line.get("doc_hash")), str(line.get("filter", NO_FILTER)), values)


def _is_number(value: Any) -> bool:
    return isinstance(value, bool | int | float)


def _check_same(line: _Line, samples: _Samples, documents: dict[tuple[str, str], tuple[str, Path]]) -> None:
    """Under a document's number every stage has to have been asked the same document."""
    first, other = documents.setdefault((samples.task, line.item), (line.digest, samples.path))
    if first != line.digest:
        raise InputError(
            f"{samples.path}, line {line.number}: document {line.item} of {samples.task} is another one than in "
            f"{other}: both have to be asked the same data."
        )


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
