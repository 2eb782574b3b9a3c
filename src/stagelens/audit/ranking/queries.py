"""What a source changed, as pairs of answers: the whole stage's, and that of the stage trained without the source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import polars as pl

from stagelens.engine.folder import RunFolder
from stagelens.errors import InputError
from stagelens.outcomes.answer_files import answer_files
from stagelens.outcomes.grades import HUMAN, PANEL
from stagelens.outcomes.table import read_table

MOST: Final = 200
"""Pairs that are read: more do not change a mean."""


@dataclass(frozen=True, slots=True)
class Said:
    """A prompt and an answer to it."""

    prompt: str
    answer: str

    @property
    def text(self) -> str:
        """Both, as one text."""
        return f"{self.prompt}\n{self.answer}"


@dataclass(frozen=True, slots=True)
class Queries:
    """Answers to the same prompts: ``with_it`` of the whole stage, ``without`` of the stage that lacks the source."""

    with_it: tuple[Said, ...]
    without: tuple[Said, ...]


def read_queries(folder: RunFolder, family: str, whole: str, lacking: str, measure: tuple[str, str]) -> Queries:
    """The attempts on which the two stages differ, in the direction in which they differ more often.

    Args:
        folder: with both stages' answers and the outcome table.
        family: of both.
        whole: the stage with the source.
        lacking: the stage without it.
        measure: (benchmark, measure) on which they are compared.

    Raises:
        InputError: they differ on no attempt.
    """
    changed = _changed(read_table(folder.outcomes), family, whole, lacking, measure)
    if changed.is_empty():
        raise InputError(
            f"{whole} and {lacking} show {'/'.join(measure)} alike on every attempt: there is nothing to be found in "
            "that source."
        )
    wanted = list(changed.select("item", "epoch").head(MOST).iter_rows())
    here, there = (_answers(folder, family, stage, measure[0], set(wanted)) for stage in (whole, lacking))
    both = [attempt for attempt in wanted if attempt in here and attempt in there]
    if not both:
        raise InputError(f"{folder.root} has no texts of the answers on which {whole} and {lacking} differ.")
    return Queries(tuple(here[attempt] for attempt in both), tuple(there[attempt] for attempt in both))


def _changed(table: pl.DataFrame, family: str, whole: str, lacking: str, measure: tuple[str, str]) -> pl.DataFrame:
    own = table.filter(
        (pl.col("family") == family)
        & (pl.col("benchmark") == measure[0])
        & (pl.col("measure") == measure[1])
        & pl.col("stage").is_in([whole, lacking])
        & (pl.col("status") == "scored")
    )
    # As in every analysis: the panel's grades where there are any, else the judges' median; humans' are labels.
    judges = own.filter(pl.col("judge").ne_missing(HUMAN))
    panel = judges.filter(pl.col("judge").eq_missing(PANEL))
    graded = judges if panel.is_empty() else panel
    first = (
        graded.filter(pl.col("seed") == pl.col("seed").min())
        .group_by("item", "epoch", "stage", maintain_order=True)
        .agg(pl.col("value").median())
    )
    wide = first.pivot("stage", on_columns=[whole, lacking], index=["item", "epoch"], values="value")
    pairs = (
        wide.with_columns(change=pl.col(whole) - pl.col(lacking))
        .filter(pl.col("change").is_not_null() & (pl.col("change") != 0))
        .sort("item", "epoch")
    )
    up = pairs.filter(pl.col("change") > 0)
    down = pairs.filter(pl.col("change") < 0)
    return up if len(up) >= len(down) else down


def _answers(
    folder: RunFolder, family: str, stage: str, benchmark: str, wanted: set[tuple[str, int]]
) -> Mapping[tuple[str, int], Said]:
    files = [file for file in answer_files(folder.logs(family, stage)) if file.benchmark == benchmark]
    return {
        (str(answer.item), answer.epoch): Said(answer.prompt, answer.answer or "")
        for file in files
        for answer in file.answers(wanted)
    }
