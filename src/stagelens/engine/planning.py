"""What a study would ask, and what that can show; nothing is trained or asked."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from stagelens.engine.pilot import read_pilots
from stagelens.engine.pricing import price_judging
from stagelens.engine.shards import Questions, count_shards, read_questions
from stagelens.study.cells import TOKENS_PER_SECOND, Plan, take_inventory
from stagelens.study.cells import plan as plan_cells
from stagelens.study.prospects import Pilots
from stagelens.study.spec import Study


def plan(
    study: Study,
    *,
    limit: int | None = None,
    pilot: Path | None = None,
    tokens_per_second: float = TOKENS_PER_SECOND,
) -> Plan:
    """The plan of a study, or of at most ``limit`` items of each of its benchmarks, simulated.

    ``pilot``: an outcome table that the simulation draws on, in place of assumptions, for the measures that it has;
    ``tokens_per_second``: what one worker is assumed to read and generate.

    Raises:
        InputError: a benchmark, its items or the pilot are not usable.
    """
    pilots = None if pilot is None else read_pilots(pilot, study)
    questions = read_questions(study, limit=limit)
    return plan_questions(study, questions, simulated=True, pilots=pilots, tokens_per_second=tokens_per_second)


def plan_questions(
    study: Study,
    questions: Sequence[Questions],
    *,
    simulated: bool = False,
    pilots: Pilots | None = None,
    tokens_per_second: float = TOKENS_PER_SECOND,
) -> Plan:
    """The plan for items that are read already; by closed forms, or simulated."""
    inventory = {
        asked.benchmark.name: take_inventory(
            asked.items,
            asked.benchmark.measures,
            epochs=asked.epochs,
            turns=asked.benchmark.turns(asked.settings),
            shards=count_shards(study, asked),
        )
        for asked in questions
    }
    judging = tuple(price_judging(study, questions))
    return plan_cells(
        study,
        inventory,
        tokens_per_second=tokens_per_second,
        simulated=simulated,
        pilots=pilots,
        judging=judging,
    )
