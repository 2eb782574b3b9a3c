"""Grades a run's stored answers again, by other judges; nothing is generated but judgements."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from stagelens.engine.collect import decide, missing_sentences, write_outcomes
from stagelens.engine.folder import RunFolder
from stagelens.engine.judges import benchmark_settings, read_panels
from stagelens.engine.judging import Judging, StageLog, write_summary
from stagelens.engine.progress import Reporter, silent
from stagelens.engine.runs import by_run
from stagelens.errors import InputError
from stagelens.files import write_text
from stagelens.outcomes.answer_files import AnswerFile, answer_files
from stagelens.outcomes.grades import HUMAN, PANEL
from stagelens.outcomes.table import read_table
from stagelens.report.folder import read_verdicts
from stagelens.statistics.results import MeasureResult, Verdicts
from stagelens.study.asked import asked_stages
from stagelens.study.load import check_files
from stagelens.study.paths import is_local, rebase
from stagelens.study.problems import nearest
from stagelens.study.rules import RULE
from stagelens.study.spec import JudgeSpec, Study
from stagelens.study.write import dump_study

_ATTEMPT = ("family", "stage", "benchmark", "item", "epoch")


@dataclass(frozen=True, slots=True)
class Regraded:
    """What judging again ended with. ``changes``: a sentence for every verdict that is not what it was before."""

    folder: RunFolder
    verdicts: Verdicts
    changes: tuple[str, ...]
    missing: tuple[str, ...]


def judge_again(
    root: Path,
    judges: Sequence[str],
    *,
    benchmarks: Sequence[str] = (),
    thoughts: bool = False,
    cascade: Mapping[str, float] | None = None,
    reporter: Reporter | None = None,
) -> Regraded:
    """Replace the judges of a run's benchmarks, have its stored answers judged, decide and report again.

    What one of them has judged before, in this run, is not judged again.

    Args:
        root: the run folder.
        judges: models, named as a stage's is; relative paths start where the command is given. Two or more: a panel.
        benchmarks: whose answers; by default all that models can judge.
        thoughts: whether judges see what stages thought.
        cascade: shares of what the benchmarks' rules flag, ``flagged``, and of the others, ``rest``; in (0, 1], either
            of them may be left out. By default every answer is judged.
        reporter: says how the work goes.

    Raises:
        InputError: the folder is no run's, a benchmark or a judge cannot be used.
    """
    folder, reporter = RunFolder(root.resolve()), reporter or silent()
    for path in (folder.study, folder.outcomes):
        if not path.is_file():
            raise InputError(f"{root} has no {path.name}: name the folder of a run that has ended.")
    with folder.claimed():
        before = Study.load(folder.study)
        how = {"thoughts": thoughts, "cascade": cascade}
        study = _with_judges(before, judges, benchmarks, how, folder)
        check_files(study)
        panels = read_panels(study, benchmark_settings(study), folder.root)
        judging = Judging(panels, study=study, folder=folder, reporter=reporter)
        logs = list(_logs(study, folder))
        table = judging.grade(_unjudged(by_run(read_table(folder.outcomes), study), logs), logs)
        old = read_verdicts(folder.verdicts) if folder.verdicts.is_file() else None
        write_text(folder.study, dump_study(study, folder.root))
        outcomes = write_outcomes([table], study, folder)
        write_summary(judging, folder)
        verdicts = decide(study, folder).verdicts
    return Regraded(folder, verdicts, tuple(_changes(old, verdicts)), missing_sentences(outcomes))


def _with_judges(
    study: Study, judges: Sequence[str], benchmarks: Sequence[str], how: Mapping[str, Any], folder: RunFolder
) -> Study:
    can = [
        benchmark.name
        for benchmark, own in benchmark_settings(study)
        if benchmark.rubric(own, study.folder) is not None
    ]
    for name in benchmarks:
        if name not in can:
            raise InputError(f"{folder.root} has no benchmark {name!r} that models judge; {nearest(name, can)}")
    if not can:
        raise InputError(f"{folder.root} has no benchmark that models judge.")
    models = tuple(rebase(model, Path.cwd(), folder.root) if is_local(model) else model for model in judges)
    who = {"model": models[0]} if len(models) == 1 else {"panel": models}
    replaced = {name: JudgeSpec.model_validate({**_budget(study, name), **who, **how}) for name in benchmarks or can}
    return study.model_copy(update={"judges": {**study.judges, **replaced}})


def _budget(study: Study, benchmark: str) -> dict[str, int]:
    """The length of a judge's answer as the study had it, if it did: the same judge is then the same as before."""
    spec = study.judge_of(benchmark)
    return {} if spec is None else {"max_answer_tokens": spec.max_answer_tokens}


def _logs(study: Study, folder: RunFolder) -> Iterator[StageLog]:
    """Every log of every stage's answers."""
    for family in study.families:
        for asked in asked_stages(study, family):
            for file in answer_files(folder.logs(family, asked.stage.name)):
                yield StageLog(family, asked, file.benchmark, file.path)


def _unjudged(table: pl.DataFrame, logs: Sequence[StageLog]) -> pl.DataFrame:
    """The outcomes as the benchmarks' own scorers left them: from the logs, and from the table what no log holds."""
    frames = [
        AnswerFile(log.benchmark, log.path).outcomes(
            family=log.family,
            stage=log.asked.stage.name,
            stage_index=0,  # its place among the stages is filled in where the table is written
        )
        for log in logs
    ]
    own = pl.concat(frames) if frames else table.clear()
    judge = pl.col("judge").fill_null("")
    rest = table.filter(~judge.is_in([PANEL, HUMAN]) & ((judge == "") | judge.str.starts_with(RULE)))
    return pl.concat([own, rest.join(own, on=_ATTEMPT, how="anti")], how="diagonal_relaxed")


def _changes(old: Verdicts | None, new: Verdicts) -> Iterator[str]:
    before = {} if old is None else {_name(result): _decided(result) for result in old.results}
    for result in new.results:
        was, now = before.get(_name(result), "nothing"), _decided(result)
        if was != now:
            yield f"{_name(result)}: {was} → {now}"


def _name(result: MeasureResult) -> str:
    return f"{result.family}/{result.benchmark}/{result.measure}"


def _decided(result: MeasureResult) -> str:
    """The headline's verdict, what established it, and the cause, as far as the measure has them."""
    headline = [contrast.verdict for contrast in result.contrasts if contrast.headline]
    established = f"established by {result.established_by}" if result.established_by else ""
    cause = f"cause {result.cause}" if result.cause else ""
    return ", ".join(filter(None, (*headline, established, cause))) or "nothing"
