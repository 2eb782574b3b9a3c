"""What the stages that were trained here were trained on, and who wrote it.

"SFT" covers everything with a cross-entropy loss, data that models wrote after RL of their own included: what such a
stage is the cause of may be what that RL taught. So the report says how much of a mixture is of this kind.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

from stagelens.report.context import ContaminationRow, SourceRow, Training
from stagelens.report.tabulate import Column, Table, tabulate
from stagelens.report.units import MISSING, share

THROUGH_RL: Final = "models that had themselves been through RL"
NOT_NAMED: Final = "an author that the study does not name"
_MODELS: Final = {
    "rl": THROUGH_RL,
    "dpo": "models that had been through preference tuning",
    "sft": "models that had been through SFT only",
    "pretrained": "models that had only been pretrained",
}
_OTHERS: Final = {"human": "people", "template": "templates"}


def written_by(row: SourceRow) -> str:
    """Who wrote a source, in words."""
    if row.author == "model" or (row.author is None and row.teacher_stage is not None):
        return _MODELS.get(row.teacher_stage or "", "models whose own training the study does not name")
    return _OTHERS.get(row.author or "", NOT_NAMED)


def authorship_sentences(trainings: Iterable[Training], elsewhere: Iterable[tuple[str, str]] = ()) -> tuple[str, ...]:
    """For every SFT stage, how much of its mixture was written by whom; of one made elsewhere that is not known."""
    told = [_sentence(each) for each in trainings if each.kind == "sft" and each.sources and not each.again]
    told += [f"{stage} was made elsewhere: who wrote what it was trained on is not known." for _, stage in elsewhere]
    return tuple(dict.fromkeys(told))


def mixtures_table(trainings: Iterable[Training]) -> Table:
    """Every source of every stage that was trained here."""
    columns: tuple[Column[SourceRow], ...] = (
        Column("stage", lambda row: row.stage, numeric=False),
        Column("source", lambda row: row.source, numeric=False),
        Column("rows drawn", lambda row: _count(row.drawn)),
        Column("of", lambda row: _count(row.rows), "rows in the source"),
        Column("trained tokens", lambda row: _count(row.trained_tokens), "that carried loss"),
        Column("cut", _too_long, "of the rows drawn", numeric=False),
        Column("written by", written_by, numeric=False),
        Column("teacher", lambda row: row.teacher or MISSING, numeric=False),
        Column("left out", _left_out, "before anything was drawn", numeric=False),
    )
    rows = [row for each in trainings if not each.again for row in each.sources]
    return tabulate(columns, rows, group=lambda row: (row.family, row.stage))


def contamination_table(trainings: Iterable[Training]) -> Table:
    """Items of the benchmarks that stand in mixtures; a benchmark of which none does is not listed."""
    columns: tuple[Column[ContaminationRow], ...] = (
        Column("stage", lambda row: row.stage, numeric=False),
        Column("benchmark", lambda row: row.benchmark, numeric=False),
        Column("items found", lambda row: f"{row.found:,} of {row.items:,}"),
        Column("verbatim", lambda row: f"{row.exact:,}", "the rest lightly edited"),
        Column("rows", lambda row: f"{row.rows:,}", "that hold one"),
        Column("then", lambda row: "left out" if row.removed else "trained on", numeric=False),
        Column("for example", lambda row: row.example or MISSING, numeric=False, wide=True),
    )
    rows = [row for each in trainings if not each.again for row in each.contamination if row.found]
    return tabulate(columns, rows, group=lambda row: (row.family, row.stage))


def contamination_notes(trainings: Iterable[Training]) -> tuple[str, ...]:
    """A warning for every benchmark of which a stage was trained on items."""
    return tuple(
        f"{row.stage} was trained on {row.rows:,} rows that hold {row.found:,} of the {row.items:,} items of "
        f"{row.benchmark}, verbatim or lightly edited: what it answers there may be remembered"
        for each in trainings
        for row in each.contamination
        if row.found and not row.removed and not each.again
    )


def _sentence(training: Training) -> str:
    counted = all(row.trained_tokens is not None for row in training.sources)
    weights = Counter[str]()
    for row in training.sources:
        weights[written_by(row)] += (row.trained_tokens if counted else row.drawn) or 0
    total = sum(weights.values())
    unit = "trained tokens" if counted else "rows"
    if not total or set(weights) == {NOT_NAMED}:
        return f"Of {training.stage}'s mixture the study does not say who wrote it."
    shares = [(share(part / total), who) for who, part in weights.most_common() if part]
    written = _join(
        [f"{amount} {'' if index else 'were written '}by {who}" for index, (amount, who) in enumerate(shares)]
    )
    taught = "; SFT here may also carry what that RL taught" if weights[THROUGH_RL] else ""
    return f"Of the {unit} of {training.stage}, {written}{taught}."


def _left_out(row: SourceRow) -> str:
    said = [f"{row.duplicates:,} duplicates"] if row.duplicates else []
    said += [f"{count:,} with items of {benchmark}" for benchmark, count in sorted(row.contaminated.items())]
    return ", ".join(said) or MISSING


def _too_long(row: SourceRow) -> str:
    said = [f"{row.cut:,} cut"] if row.cut else []
    said += [f"{row.lost:,} teach nothing"] if row.lost else []
    return ", ".join(said) or MISSING


def _count(number: int | None) -> str:
    return MISSING if number is None else f"{number:,}"


def _join(parts: Sequence[str]) -> str:
    return " and ".join(part for part in (", ".join(parts[:-1]), parts[-1]) if part)
