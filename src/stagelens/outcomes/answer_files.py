"""The files that hold a stage's answers: Inspect logs, and Parquet of benchmarks that are asked in bulk."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from stagelens.outcomes import bulk_answers, inspect_logs
from stagelens.outcomes.answers import AnswerSummary, summarise_log
from stagelens.outcomes.inspect_logs import Attempt, Transcript


@dataclass(frozen=True, slots=True)
class AnswerFile:
    """One shard's answers to a benchmark."""

    benchmark: str
    path: Path

    @property
    def in_bulk(self) -> bool:
        """Whether it is Parquet."""
        return self.path.suffix == bulk_answers.SUFFIX

    def outcomes(self, *, family: str, stage: str, stage_index: int) -> pl.DataFrame:
        """What the benchmark's own scorer found, with all of the outcome table's columns."""
        if self.in_bulk:
            return bulk_answers.read_outcomes(
                self.path, family=family, stage=stage, stage_index=stage_index, benchmark=self.benchmark
            )
        return inspect_logs.read_log(self.path, family=family, stage=stage, stage_index=stage_index)

    def transcripts(self, limit: int) -> list[Transcript]:
        """Up to ``limit`` answers, taken in turn from each group of items; the choice depends on the items alone."""
        read = bulk_answers.read_transcripts if self.in_bulk else inspect_logs.read_transcripts
        return read(self.path, limit)

    def answers(self, attempts: Set[tuple[str, int]]) -> Iterator[Transcript]:
        """The answers to these attempts (item, epoch)."""
        read = bulk_answers.read_answers if self.in_bulk else inspect_logs.read_answers
        return read(self.path, attempts)

    def attempts(self, wanted: Set[tuple[str, int]] | None = None) -> Iterator[Attempt]:
        """Every attempt with what its scorer left, or those of the ``wanted`` (item, epoch)."""
        read = bulk_answers.read_attempts if self.in_bulk else inspect_logs.read_attempts
        return read(self.path, wanted)

    def groups(self) -> Iterator[tuple[str, int, str]]:
        """Every attempt with the benchmark's word for it: (item, epoch, group)."""
        read = bulk_answers.read_groups if self.in_bulk else inspect_logs.read_groups
        return read(self.path)

    def summary(self) -> AnswerSummary:
        """How many answers there are, how long, how many cut off."""
        return bulk_answers.summarise(self.path) if self.in_bulk else summarise_log(self.path)


def answer_files(folder: Path) -> list[AnswerFile]:
    """All in a stage's folder of logs, by name."""
    paths = sorted([*folder.glob("*.eval"), *folder.glob(f"*{bulk_answers.SUFFIX}")])
    return [AnswerFile(path.name.rsplit("-", 1)[0], path) for path in paths]


def summarise(files: Iterable[AnswerFile]) -> AnswerSummary:
    """Over several files."""
    return sum((file.summary() for file in files), AnswerSummary())
