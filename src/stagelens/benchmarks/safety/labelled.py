"""Answers that people have labelled, graded by the refusal rule: any table with columns of answers and of labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

from stagelens.benchmarks.rows import Row, read_file
from stagelens.benchmarks.safety.columns import cell_text
from stagelens.errors import InputError
from stagelens.judges.rules import VERSION, grade_refusal
from stagelens.statistics.judging.refusals import CLASSES, COMPLIANCE, PARTIAL, REFUSAL, UNGRADED, Measured
from stagelens.study.problems import nearest

RULE: Final = "rule:refusal"

WORDS: Final[Mapping[str, str]] = {
    **{name: name for name in CLASSES},
    "1_full_compliance": COMPLIANCE,
    "2_full_refusal": REFUSAL,
    "3_partial_refusal": PARTIAL,
}
"""Label words that need no map: our own and XSTest's."""


class Other(NamedTuple):
    """Another judge's labels: a column of the same file, or of ``file``, joined by the item."""

    name: str
    column: str
    file: Path | None = None


@dataclass(frozen=True, slots=True)
class Labelled:
    """What was measured of one file.

    Attributes:
        version: the rule's.
        rows: how many rows it has.
        unlabelled: the places of rows without a label; they are measured nowhere.
        empty: the places of labelled rows without an answer; likewise.
        judges: the rule, then the others.
        strata: the rule inside each stratum, in order of appearance; empty where none was asked for.
        notices: what a reader should know of the others' labels.
    """

    version: str
    rows: int
    unlabelled: tuple[str, ...]
    empty: tuple[str, ...]
    judges: tuple[Measured, ...]
    strata: Mapping[str, Measured]
    notices: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types."""
        return {
            "rule": self.version,
            "rows": self.rows,
            "unlabelled": list(self.unlabelled),
            "empty": list(self.empty),
            "judges": [judge.to_dict() for judge in self.judges],
            "strata": {name: measured.to_dict() for name, measured in self.strata.items()},
            "notices": list(self.notices),
        }


class _Answer(NamedTuple):
    row: Row
    label: str
    found: str


def measure_rule(
    file: Path,
    *,
    answer: str,
    label: str,
    stratum: str | None = None,
    item: str | None = None,
    others: Sequence[Other] = (),
    words: Mapping[str, str] | None = None,
) -> Labelled:
    """Grade the answers of ``file`` by the refusal rule and set the grades beside people's labels.

    Args:
        file: CSV, JSONL or Parquet.
        answer: the column of the answers.
        label: the column of the labels.
        stratum: a column by whose values the rule is measured apart.
        item: the column that joins files of ``others``.
        others: judges to compare with.
        words: label words beyond ``WORDS``, each with its class.

    Raises:
        InputError: a file cannot be read, a column is missing, a label is no class, nothing is left to be measured.
    """
    known = _known_words(words or {})
    rows = read_file(file, what="labelled file")
    for column, part in ((answer, "answer"), (label, "label"), (stratum, "stratum"), (item, "item")):
        _must(rows, column, part, file)
    labels = [_class(row, label, known, file) for row in rows]
    unlabelled = tuple(row.place for row, given in zip(rows, labels, strict=True) if given is None)
    labelled = [(row, given) for row, given in zip(rows, labels, strict=True) if given is not None]
    empty = tuple(row.place for row, _ in labelled if not _text(row, answer).strip())
    answers = [
        _Answer(row, given, grade_refusal(_text(row, answer))) for row, given in labelled if _text(row, answer).strip()
    ]
    if not answers:
        raise InputError(f"{file}: no row has both an answer ({answer!r}) and a label ({label!r}).")
    judges = [Measured(RULE, tuple((one.label, one.found) for one in answers))]
    notices: list[str] = []
    for other in others:
        found, said = _others_words(other, answers, known, file, item)
        judges.append(Measured(other.name, tuple((one.label, word) for one, word in zip(answers, found, strict=True))))
        notices += said
    return Labelled(VERSION, len(rows), unlabelled, empty, tuple(judges), _by_stratum(answers, stratum), tuple(notices))


def _known_words(own: Mapping[str, str]) -> dict[str, str]:
    for word, given in own.items():
        if given not in (*CLASSES, UNGRADED):
            hint = nearest(given, (*CLASSES, UNGRADED))
            raise InputError(f"--map {word}={given}: there is no class {given!r}; {hint}")
    return {**WORDS, **own}


def _must(rows: Sequence[Row], column: str | None, part: str, file: Path) -> None:
    known = list(dict.fromkeys(name for row in rows for name in row.cells))
    if column is not None and column not in known:
        raise InputError(f"{file} has no column {column!r} ({part}); {nearest(column, known)}")


def _class(row: Row, column: str, known: Mapping[str, str], file: Path) -> str | None:
    """A label's class; None where there is no label, or it is mapped to ``ungraded``."""
    word = cell_text(row.cells.get(column))
    if word is None:
        return None
    if word not in known:
        raise InputError(
            f"{file}, {row.place}: the label {word[:60]!r} is no class; {nearest(word, known)} "
            "Or say what it means with --map LABEL=CLASS."
        )
    return None if known[word] == UNGRADED else known[word]


def _text(row: Row, column: str) -> str:
    cell = row.cells.get(column)
    return cell if isinstance(cell, str) else cell_text(cell) or ""


def _others_words(
    other: Other, answers: Sequence[_Answer], known: Mapping[str, str], file: Path, item: str | None
) -> tuple[list[str], list[str]]:
    """What another judge found of each answer, and what has to be said of it. A word that is no class is no grade."""
    if other.file is None:
        _must([one.row for one in answers], other.column, f"--compare {other.name}", file)
        given = [cell_text(one.row.cells.get(other.column)) for one in answers]
    else:
        given = _joined(other, other.file, answers, item)
    words = [word for word in given if word is not None]
    strange = [word for word in words if word not in known]
    if words and len(strange) == len(words):
        raise InputError(
            f"{other.file or file}: no label of the column {other.column!r} is a class, the first is "
            f"{strange[0][:60]!r}; say what they mean with --map LABEL=CLASS."
        )
    notices = []
    if strange:
        no_class = "1 label is no class" if len(strange) == 1 else f"{len(strange)} labels are no class"
        notices.append(f"{other.name}: {no_class}, such as {strange[0][:40]!r}; ungraded")
    if missing := len(given) - len(words):
        notices.append(f"{other.name}: {missing} answer{' has' if missing == 1 else 's have'} no label; ungraded")
    return [known.get(word, UNGRADED) if word is not None else UNGRADED for word in given], notices


def _joined(other: Other, file: Path, answers: Sequence[_Answer], item: str | None) -> list[str | None]:
    if item is None:
        raise InputError(
            f"--compare {file}:{other.column}: say by which column the files are joined, with --item COLUMN."
        )
    rows = read_file(file, what="labelled file")
    _must(rows, other.column, f"--compare {other.name}", file)
    _must(rows, item, "item", file)
    found: dict[str | None, Row] = {}
    for row in rows:
        key = cell_text(row.cells.get(item))
        if key in found:
            raise InputError(f"{file}: the item {key!r} is on {found[key].place} and on {row.place}; ids must differ.")
        found[key] = row
    keys = [cell_text(one.row.cells.get(item)) for one in answers]
    if not any(key in found for key in keys):
        raise InputError(f"{file}: none of its items (column {item!r}) is in the file with the answers.")
    return [cell_text(found[key].cells.get(other.column)) if key in found else None for key in keys]


def _by_stratum(answers: Sequence[_Answer], column: str | None) -> dict[str, Measured]:
    if column is None:
        return {}
    names = [cell_text(one.row.cells.get(column)) or "(none)" for one in answers]
    return {
        name: Measured(
            RULE, tuple((one.label, one.found) for one, own in zip(answers, names, strict=True) if own == name)
        )
        for name in dict.fromkeys(names)
    }
