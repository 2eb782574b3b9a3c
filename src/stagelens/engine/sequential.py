"""Asks a study look by look, and stops where what there is decides.

What was asked and what is still to be asked follow from the outcomes alone: a run that was interrupted takes the same
looks again from what lies on disk, and asks nothing twice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from stagelens.analysis import analyze
from stagelens.engine.ask import ask_shards, log_of
from stagelens.engine.collect import outcomes_of, write_outcomes
from stagelens.engine.folder import RunFolder
from stagelens.engine.ledger import Ledger
from stagelens.engine.looks import decided
from stagelens.engine.progress import Reporter
from stagelens.engine.shards import Shard
from stagelens.outcomes.looks import Cell, not_asked
from stagelens.outcomes.schema import CONTROL_MEASURE
from stagelens.statistics.design.looks import Look
from stagelens.study.spec import Study


def ask_until_decided(
    shards: Sequence[Shard],
    unasked: Sequence[Shard],
    *,
    study: Study,
    folder: RunFolder,
    ledger: Ledger,
    reporter: Reporter,
) -> pl.DataFrame:
    """Ask look after look, and write the outcome table; rows of items that were not asked name the look that decided.

    A family and benchmark goes on to its next look while a measure of it is undecided: also when it was decided before
    and Holm's correction, which runs over the whole study, has taken that back. What is on disk already counts.

    Args:
        shards: all of the study's, of every look.
        unasked: those among them that have not been answered.
        study: with two looks or more.
        folder: the run folder.
        ledger: where finished shards are noted.
        reporter: says where the looks stand.
    """
    looks, open_pieces = study.analysis.looks, {shard.piece for shard in unasked}
    reached = {shard.cell: 1 for shard in shards}
    known: dict[str, pl.DataFrame] = {}
    while True:
        due = [shard for shard in shards if shard.look <= reached[shard.cell] and shard.piece not in known]
        missing = [shard for shard in due if shard.piece in open_pieces]
        ask_shards(missing, study=study, folder=folder, ledger=ledger, reporter=reporter)
        known |= {shard.piece: outcomes_of(shard, study, folder) for shard in due}
        outcomes = pl.concat([*known.values(), *_left_out(shards, reached, study, folder)], how="diagonal_relaxed")
        going_on = _undecided(outcomes, shards, reached, study, folder)
        if not going_on:
            break
        for cell in going_on:
            reached[cell] += 1
    for (family, benchmark), number in reached.items():
        reporter.say(f"{family}/{benchmark}: stopped at look {number} of {looks}")
    return write_outcomes(outcomes, folder)


def _left_out(
    shards: Sequence[Shard], reached: Mapping[Cell, int], study: Study, folder: RunFolder
) -> list[pl.DataFrame]:
    """Rows for every shard beyond the look that its family and benchmark have reached."""
    return [
        outcomes_of(shard, study, folder, skipped=not_asked(Look(reached[shard.cell], study.analysis.looks)))
        for shard in shards
        if shard.look > reached[shard.cell]
    ]


def _undecided(
    outcomes: pl.DataFrame, shards: Sequence[Shard], reached: Mapping[Cell, int], study: Study, folder: RunFolder
) -> list[Cell]:
    """Every family and benchmark with looks left that is not decided, or whose next look has been asked already."""
    left = {cell for cell, number in reached.items() if number < study.analysis.looks}
    if not left:
        return []
    verdicts = analyze(outcomes, study=study)
    begun = {
        shard.cell
        for shard in shards
        if shard.cell in left and shard.look == reached[shard.cell] + 1 and log_of(shard, folder).is_file()
    }
    measures = {shard.cell: _measures(shard) for shard in shards}
    return [cell for cell in reached if cell in left and (cell in begun or not decided(verdicts, cell, measures[cell]))]


def _measures(shard: Shard) -> list[str]:
    """The measures that are decided on, of a shard's benchmark."""
    counts = shard.questions.benchmark.measures(shard.questions.items)
    return [name for name, count in counts.items() if count and name != CONTROL_MEASURE]
