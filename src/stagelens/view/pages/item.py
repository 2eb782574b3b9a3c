"""One item at two stages: its grades, and what either stage answered, side by side."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import polars as pl

from stagelens.errors import InputError
from stagelens.report.sections import Piece
from stagelens.report.tabulate import Column, Table, tabulate
from stagelens.report.units import MISSING, Units, units_of
from stagelens.report.visible import Cut, cut
from stagelens.report.words import verdict_with_side
from stagelens.statistics.results import Contrast, MeasureResult, Verdicts
from stagelens.view.links import Choice, NotThereError, item_link, items_link
from stagelens.view.listing import neighbours
from stagelens.view.pages.frame import (
    contrast_crumb,
    contrast_title,
    grade,
    measure_crumb,
    measure_title,
    page,
)
from stagelens.view.run import Answered, Run
from stagelens.view.sayings import Saying, rubric_of, sayings

LONGEST: Final = 40_000
MOST_LINES: Final = 1_000
"""More of one text than this is not sent: nobody reads it here, and a page has to open."""
MOST_PARTS: Final = 400
"""Pieces of an episode that are shown."""

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Side:
    """One stage's answer, with its grade; ``text`` is None where none was recorded, and ``parts`` stand for it."""

    stage: str
    words: str
    text: Cut | None
    parts: tuple[Piece, ...]
    more: int
    explanation: Cut | None
    sayings: tuple[Saying, ...]


@dataclass(frozen=True, slots=True)
class Pair:
    """One attempt at both stages; None where a stage has no answer to it."""

    title: str
    sides: tuple[Side | None, ...]


def item_page(
    run: Run, verdicts: Verdicts, result: MeasureResult, contrast: Contrast, item: str, choice: Choice
) -> str:
    """The page of an item.

    Raises:
        NotThereError: the measure has no such item.
    """
    attempts = run.attempts(result, contrast.from_stage, contrast.to_stage)
    if attempts is None:
        raise NotThereError("This folder has no outcome table, so that it has no items to show.")
    own = attempts.filter(pl.col("item") == item)
    if own.is_empty():
        raise NotThereError(f"{measure_title(result)} has no item of that name.")
    before, after = neighbours(attempts, choice, item)
    answers, note = _answers(run, result, contrast, item)
    first = next(iter(answers.values()), None)
    return page(
        "item.html.j2",
        verdicts,
        measure_crumb(result),
        contrast_crumb(result, contrast),
        title=f"{item}, {contrast_title(contrast)}, {measure_title(result)}",
        item=item,
        stratum=own["stratum"][0],
        measure=measure_title(result),
        contrast=contrast_title(contrast),
        verdict=verdict_with_side(result, contrast),
        grades=_grades(run, result, contrast, item),
        note=note,
        system=None if first is None or first.transcript.system is None else cut(first.transcript.system),
        prompt=None if first is None else cut(first.transcript.prompt, longest=LONGEST, most_lines=MOST_LINES),
        pairs=tuple(_pairs(run, result, contrast, own, answers)),
        up=items_link(result, contrast, choice),
        before=None if before is None else item_link(result, contrast, before, choice),
        after=None if after is None else item_link(result, contrast, after, choice),
        others=tuple(
            (item_link(result, other, item, Choice()), contrast_title(other))
            for other in result.contrasts
            if other is not contrast
        ),
    )


def _grades(run: Run, result: MeasureResult, contrast: Contrast, item: str) -> Table:
    """Every row of the outcome table on the item at the two stages."""
    units = units_of(result)
    stages = (contrast.from_stage, contrast.to_stage)
    rows = run.rows(result, [item]).with_columns(pl.col("stage", "status", "judge").cast(pl.String))
    kept = [row for stage in stages for row in rows.filter(pl.col("stage") == stage).iter_rows(named=True)]
    columns: list[Column[Row]] = [Column("stage", lambda row: row["stage"], numeric=False)]
    if rows["seed"].n_unique() > 1:
        columns.append(Column("training seed", lambda row: str(row["seed"])))
    if rows["epoch"].n_unique() > 1:
        columns.append(Column("attempt", lambda row: str(row["epoch"])))
    columns += [
        Column("judge", lambda row: row["judge"] or MISSING, numeric=False),
        Column("grade", lambda row: grade(row["value"], units)),
        Column("status", lambda row: row["status"], numeric=False),
    ]
    if rows["cause"].null_count() < rows.height:
        columns.append(Column("cause", lambda row: row["cause"] or "", numeric=False, wide=True))
    return tabulate(columns, kept, group=lambda row: (row["stage"], row["seed"], row["epoch"]))


Answers = dict[tuple[str, int, int], Answered]
"""By stage, training seed and epoch."""


def _answers(run: Run, result: MeasureResult, contrast: Contrast, item: str) -> tuple[Answers, str | None]:
    """What the two stages answered, and why there is nothing where there is nothing."""
    if not run.has_logs:
        return {}, "This folder has no logs, so that there are no transcripts to show."
    try:
        found = {
            (stage, answer.seed, answer.epoch): answer
            for stage in (contrast.from_stage, contrast.to_stage)
            for answer in run.answers(result, stage, item)
        }
    except InputError as error:
        return {}, f"The transcripts cannot be read: {error}"
    except ImportError as error:
        return {}, f"The transcripts are Inspect logs: `pip install 'stagelens[evaluate]'` reads them ({error})."
    return found, None if found else "The run's logs hold no answer to this item by these stages."


def _pairs(
    run: Run, result: MeasureResult, contrast: Contrast, attempts: pl.DataFrame, answers: Answers
) -> Iterator[Pair]:
    """Every attempt in turn, where any stage answered it."""
    units, several = units_of(result), attempts.height > 1
    stages = (("before", contrast.from_stage), ("after", contrast.to_stage))
    of_runs = attempts["seed"].n_unique() > 1
    for row in attempts.iter_rows(named=True):
        sides = tuple(
            None if answer is None else _side(run, result, answer, row[side], row[f"{side}_status"], units)
            for side, stage in stages
            for answer in [_of(answers, stage, row["seed"], row["epoch"])]
        )
        if any(side is not None for side in sides):
            title = f"Attempt {row['epoch']}" + (f", training seed {row['seed']}" if of_runs else "")
            yield Pair(title if several else "What they answered", sides)


def _of(answers: Answers, stage: str, seed: int, epoch: int) -> Answered | None:
    """A stage that is one checkpoint answers alike whatever the seed of the others."""
    exact = answers.get((stage, seed, epoch))
    if exact is not None:
        return exact
    alike = [answer for (name, _, number), answer in answers.items() if (name, number) == (stage, epoch)]
    return alike[0] if len(alike) == 1 else None


def _side(run: Run, result: MeasureResult, answer: Answered, value: float | None, status: str, units: Units) -> Side:
    said = answer.transcript
    parts = tuple(
        Piece(part.heading, cut(part.text, longest=LONGEST, most_lines=MOST_LINES), part.kind == "thoughts")
        for part in said.parts[:MOST_PARTS]
    )
    own = [f"{status} {grade(value, units)}" if value is not None else status, said.grade or ""]
    return Side(
        stage=answer.stage,
        words=", ".join(word.replace("_", " ") for word in dict.fromkeys(own) if word),
        text=None if said.answer is None else cut(said.answer, longest=LONGEST, most_lines=MOST_LINES),
        parts=parts,
        more=len(said.parts) - len(parts),
        explanation=None if said.explanation is None else cut(said.explanation, longest=LONGEST),
        sayings=_said(run, result, answer),
    )


def _said(run: Run, result: MeasureResult, answer: Answered) -> tuple[Saying, ...]:
    folder, study = run.folder / "judgements" / result.benchmark, run.study
    if answer.transcript.attempt is None or study is None or not folder.is_dir():
        return ()
    rubric = rubric_of(study, result.benchmark)
    return () if rubric is None else sayings(folder, rubric, answer.transcript.attempt)
