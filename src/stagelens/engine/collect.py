"""From the logs of a run to its outcome table, its verdicts and its report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import polars as pl

from stagelens.analysis import analyze
from stagelens.benchmarks.records import AWAITS_JUDGE, LEFT_OUT
from stagelens.engine.bulk import log_of
from stagelens.engine.folder import RunFolder
from stagelens.engine.judging import Judging, StageLog
from stagelens.engine.runs import by_stage
from stagelens.engine.shards import Shard
from stagelens.files import write_text
from stagelens.outcomes.answer_files import AnswerFile
from stagelens.outcomes.grades import PANEL
from stagelens.outcomes.label_sheets import labelled
from stagelens.outcomes.looks import is_not_asked
from stagelens.outcomes.measures import KNOWN
from stagelens.outcomes.table import read_table, write_table
from stagelens.report.folder import write_run_report
from stagelens.statistics.results import Verdicts
from stagelens.study.asked import outcome_names
from stagelens.study.rules import RULE
from stagelens.study.spec import Study


def collect_outcomes(shards: Sequence[Shard], study: Study, folder: RunFolder, judging: Judging) -> pl.DataFrame:
    """Every shard's outcomes, with what the judges say of them."""
    frames = [outcomes_of(shard, study, folder) for shard in shards]
    return judging.grade(pl.concat(frames, how="diagonal_relaxed"), answered(shards, folder))


def answered(shards: Sequence[Shard], folder: RunFolder) -> list[StageLog]:
    """The logs that these shards have."""
    logs = [
        StageLog(shard.stage.family, shard.stage.asked, shard.questions.benchmark.name, log_of(shard, folder))
        for shard in shards
    ]
    return [log for log in logs if log.path.is_file()]


def write_outcomes(frames: Sequence[pl.DataFrame], study: Study, folder: RunFolder) -> pl.DataFrame:
    """All outcomes, with humans' labels where there are any, as the table of the run folder."""
    table = labelled(read_table(by_stage(pl.concat(frames, how="diagonal_relaxed"), study)), folder.root)
    write_table(table, folder.outcomes)
    return table


def outcomes_of(shard: Shard, study: Study, folder: RunFolder, *, skipped: str | None = None) -> pl.DataFrame:
    """A shard's outcomes: every item of it is in them, and what its log does not hold is `unattempted`.

    Stages have their names in the run folder (``engine.runs``).
    With ``skipped``, the cause why the shard was not asked at all, no log is looked for.
    """
    family, stage = shard.stage.family, shard.stage.stage
    position = outcome_names(study, family).index(shard.stage.asked.outcome)
    frames: list[pl.DataFrame] = []
    seen: set[tuple[str, int]] = set()
    log = log_of(shard, folder)
    if skipped is None and log.is_file():
        file = AnswerFile(shard.questions.benchmark.name, log)
        frames.append(file.outcomes(family=family, stage=stage.name, stage_index=position))
        seen = set(frames[0].select("item", "epoch").iter_rows())
    absent = list(_absent(shard, position, seen, skipped or "not in the log"))
    if absent:
        frames.append(pl.DataFrame(absent, infer_schema_length=None))
    return pl.concat(frames, how="diagonal_relaxed")


def _absent(shard: Shard, position: int, seen: set[tuple[str, int]], cause: str) -> Iterator[dict[str, object]]:
    for item in shard.items:
        for epoch in range(1, shard.questions.epochs + 1):
            if (item.id, epoch) in seen:
                continue
            for measure in shard.questions.benchmark.measures([item]):
                yield {
                    "family": shard.stage.family,
                    "stage": shard.stage.stage.name,
                    "stage_index": position,
                    "benchmark": shard.questions.benchmark.name,
                    "measure": measure,
                    "item": item.id,
                    "cluster": item.cluster,
                    "stratum": item.stratum,
                    "epoch": epoch,
                    "value": None,
                    "status": "unattempted",
                    "cause": cause,
                    "higher_is_worse": KNOWN[measure].higher_is_worse if measure in KNOWN else True,
                }


def missing_sentences(outcomes: pl.DataFrame) -> tuple[str, ...]:
    """One sentence for every cell with items that another run could fill; none for those that need no asking.

    A cell that models judged has one for each of them; a panel's rows only repeat what its judges' say.
    """
    missing = (
        outcomes.filter(
            pl.col("status").is_in(["ungraded", "unattempted"])
            & ~is_not_asked()
            & (pl.col("judge").fill_null("") != PANEL)
        )
        .with_columns(
            by=pl.when(~pl.col("judge").str.starts_with(RULE)).then(pl.col("judge")),
            left_out=pl.col("cause").str.starts_with(LEFT_OUT).fill_null(False),
        )
        .with_columns(
            # What a rule could not grade was asked and answered: the same folder keeps it so.
            kept=(pl.col("status") == "ungraded") & pl.col("by").is_null() & (pl.col("cause") != AWAITS_JUDGE)
        )
    )
    cells = missing.group_by(
        "family", "stage", "benchmark", "status", "by", "left_out", "kept", maintain_order=True
    ).agg(
        pl.struct("item", "epoch").n_unique().alias("attempts"),
        pl.col("item").first(),
        pl.col("cause").drop_nulls().first(),
    )
    return tuple(
        f"{row['family']}/{row['stage']}/{row['benchmark']}: {row['attempts']} answers are {row['status']}"
        f"{f' by {by}' if (by := row['by']) else ''}, the first "
        f"for item {row['item']} ({row['cause'] or 'no cause recorded'}); " + _what_fills(row)
        for row in cells.iter_rows(named=True)
    )


def _what_fills(row: Mapping[str, Any]) -> str:
    if row["left_out"]:
        return "once that is mended, ask in a new folder."
    return "only a run in a new folder asks for them again." if row["kept"] else "the same command asks for them again."


class Decided(NamedTuple):
    """Verdicts, and the confounds that the form of the answers names beside them: (measure, sentence)."""

    verdicts: Verdicts
    confounds: tuple[tuple[str, str], ...]


def decide(study: Study, folder: RunFolder) -> Decided:
    """Verdicts and report from the run folder's outcome table."""
    verdicts = analyze(folder.outcomes, study=study)
    write_text(folder.verdicts, verdicts.to_json())
    return Decided(verdicts, write_run_report(folder.root))
