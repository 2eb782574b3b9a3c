"""What a run folder holds, looked up for a page. Files are read anew where they have changed since."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

import polars as pl

from stagelens.outcomes.answer_files import AnswerFile, answer_files
from stagelens.outcomes.changes import attempts_between, rows_of
from stagelens.outcomes.inspect_logs import Transcript
from stagelens.report.folder import read_verdicts
from stagelens.statistics.results import MeasureResult, Verdicts
from stagelens.study.asked import asked_stages
from stagelens.study.spec import Study

Stamp = tuple[int, int]
"""A file as it is now: when it was changed, and its size."""


@dataclass(frozen=True, slots=True)
class Answered:
    """One attempt of one stage at an item, as it was generated; ``seed`` is the training run's."""

    stage: str
    epoch: int
    seed: int
    transcript: Transcript


@dataclass(frozen=True, slots=True)
class Run:
    """A run folder, or what ``analyze --out`` wrote."""

    folder: Path

    @property
    def verdicts(self) -> Verdicts:
        """Its verdicts. Raises InputError where there are none that can be read."""
        path = self.folder / "verdicts.json"
        return _verdicts(path, _stamp(path)) if path.is_file() else read_verdicts(path)

    @property
    def study(self) -> Study | None:
        """Its study; None after a bare analysis."""
        path = self.folder / "study.yaml"
        return _study(path, _stamp(path)) if path.is_file() else None

    @property
    def report(self) -> bytes | None:
        """The report as it was written; None where there is none."""
        path = self.folder / "report.html"
        return path.read_bytes() if path.is_file() else None

    @property
    def has_logs(self) -> bool:
        """Whether there are answers to read."""
        return (self.folder / "logs").is_dir()

    def attempts(self, result: MeasureResult, before: str, after: str) -> pl.DataFrame | None:
        """What became of every attempt between two stages (``attempts_between``); None without an outcome table."""
        path = self._outcomes
        if not path.is_file():
            return None
        return _attempts(path, _stamp(path), (result.family, result.benchmark, result.measure), before, after)

    def rows(self, result: MeasureResult, items: list[str]) -> pl.DataFrame:
        """The outcome table's rows of these items: every stage, attempt and judge. There has to be a table."""
        rows = _rows(self._outcomes, _stamp(self._outcomes), (result.family, result.benchmark, result.measure))
        return rows.filter(pl.col("item").cast(pl.String).is_in(items))

    def answers(self, result: MeasureResult, stage: str, item: str) -> Iterator[Answered]:
        """Every answer of a stage to an item, as its logs have them, run by run."""
        for name, seed in self._names(result.family, stage):
            for file in answer_files(self.folder / "logs" / result.family / name):
                if file.benchmark == result.benchmark:
                    wanted = {attempt for attempt in _attempts_in(file, _stamp(file.path)) if attempt[0] == item}
                    for transcript in file.answers(wanted) if wanted else ():
                        yield Answered(stage, transcript.epoch, seed, transcript)

    @property
    def _outcomes(self) -> Path:
        return self.folder / "outcomes.parquet"

    def _names(self, family: str, stage: str) -> list[tuple[str, int]]:
        """What a stage of the tables is called in the folder, with its seed: a name for every training run."""
        study = self.study
        if study is None or family not in study.families:
            return []
        return [(each.stage.name, each.seed) for each in asked_stages(study, family) if each.outcome == stage]


Named = tuple[str, str, str]
_KEPT: Final = 8
"""Measures and contrasts that are kept, so that turning a page costs nothing."""


def _stamp(path: Path) -> Stamp:
    state = path.stat()
    return state.st_mtime_ns, state.st_size


@lru_cache(maxsize=1)
def _verdicts(path: Path, stamp: Stamp) -> Verdicts:
    return read_verdicts(path)


@lru_cache(maxsize=1)
def _study(path: Path, stamp: Stamp) -> Study:
    return Study.load(path)


@lru_cache(maxsize=_KEPT)
def _rows(path: Path, stamp: Stamp, measure: Named) -> pl.DataFrame:
    return rows_of(path, *measure)


@lru_cache(maxsize=_KEPT)
def _attempts(path: Path, stamp: Stamp, measure: Named, before: str, after: str) -> pl.DataFrame:
    return attempts_between(_rows(path, stamp, measure), before, after)


@lru_cache(maxsize=1024)
def _attempts_in(file: AnswerFile, stamp: Stamp) -> frozenset[tuple[str, int]]:
    return frozenset((item, epoch) for item, epoch, _ in file.groups())
