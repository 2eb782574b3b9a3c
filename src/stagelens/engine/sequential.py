"""Asks a study look by look, and stops where what there is decides.

What was asked and what is still to be asked follow from the outcomes alone: a run that was interrupted takes the same
looks again from what lies on disk, and asks nothing twice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from stagelens.analysis import analyze
from stagelens.engine.ask import ask_shards
from stagelens.engine.bulk import log_of
from stagelens.engine.collect import answered, outcomes_of
from stagelens.engine.engines import Engine
from stagelens.engine.folder import RunFolder
from stagelens.engine.judging import Judging
from stagelens.engine.ledger import Ledger
from stagelens.engine.looks import undecided
from stagelens.engine.progress import Reporter
from stagelens.engine.runs import by_stage
from stagelens.engine.shards import Portion, Shard
from stagelens.outcomes.looks import not_asked
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
    judging: Judging,
    engine: Engine,
) -> pl.DataFrame:
    """Ask look after look, and give all outcomes; rows of items that were not asked name the look that decided.

    A family goes on to the next look of the items of which a measure is undecided: also of one that was decided before,
    where Holm's correction, which runs over the whole study, has taken that back. Control items go on with them.

    Args:
        shards: all that the study may ask here, of every look.
        unasked: those among them that have not been answered.
        study: with two looks or more.
        folder: the run folder.
        ledger: where finished shards are noted.
        reporter: says where the looks stand.
        judging: the judges, who judge what a look has asked before it decides.
        engine: who asks.
    """
    looks, open_pieces = study.analysis.looks, {shard.piece for shard in unasked}
    reached = {shard.portion: 1 for shard in shards}
    known: dict[str, pl.DataFrame] = {}
    while True:
        due = [shard for shard in shards if shard.look <= reached[shard.portion] and shard.piece not in known]
        missing = [shard for shard in due if shard.piece in open_pieces]
        ask_shards(missing, study=study, folder=folder, ledger=ledger, reporter=reporter, engine=engine)
        known |= {shard.piece: outcomes_of(shard, study, folder) for shard in due}
        left_out = [
            outcomes_of(shard, study, folder, skipped=not_asked(Look(reached[shard.portion], looks)))
            for shard in shards
            if shard.look > reached[shard.portion]
        ]
        rows = pl.concat([*known.values(), *left_out], how="diagonal_relaxed")
        outcomes = judging.grade(rows, answered([shard for shard in shards if shard.piece in known], folder))
        going_on = _going_on(outcomes, shards, reached, study, folder) if left_out else []
        if not going_on:
            break
        for portion in going_on:
            reached[portion] += 1
    for (family, benchmark, measures), number in reached.items():
        reporter.say(f"{family}/{benchmark}: {', '.join(measures)}: stopped at look {number} of {looks}")
    asked, planned = (sum(shard.attempts for shard in shards if shard.piece in known), sum(s.attempts for s in shards))
    reporter.say(f"{asked} of {planned} answers were needed")
    return outcomes


def _going_on(
    outcomes: pl.DataFrame,
    shards: Sequence[Shard],
    reached: Mapping[Portion, int],
    study: Study,
    folder: RunFolder,
) -> list[Portion]:
    """The portions with looks left that count towards an undecided measure.

    Where there are none, those whose next look lies on disk: answers that were missing from an earlier look have been
    filled since, and decided what was undecided then. What was asked counts.
    """
    left = [portion for portion, number in reached.items() if number < study.analysis.looks]
    verdicts = analyze(by_stage(outcomes, study), study=study)
    open_measures = {
        (family, benchmark, measure)
        for family, benchmark, measures in reached
        for measure in undecided(verdicts, family, benchmark, measures)
    }
    open_benchmarks = {(family, benchmark) for family, benchmark, _ in open_measures}

    def goes_on(portion: Portion) -> bool:
        family, benchmark, measures = portion
        if measures == (CONTROL_MEASURE,):
            return (family, benchmark) in open_benchmarks
        return any((family, benchmark, measure) in open_measures for measure in measures)

    begun = {
        shard.portion
        for shard in shards
        if shard.look == reached[shard.portion] + 1 and log_of(shard, folder).is_file()
    }
    return [portion for portion in left if goes_on(portion)] or [portion for portion in left if portion in begun]
