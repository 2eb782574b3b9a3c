"""What a study would ask, and what that can show; nothing is trained or asked."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from stagelens.engine.pilot import read_pilots
from stagelens.engine.shards import Questions, read_questions
from stagelens.study.cells import Plan, take_inventory
from stagelens.study.cells import plan as plan_cells
from stagelens.study.prospects import Pilots
from stagelens.study.spec import Study


def plan(study: Study, *, limit: int | None = None, pilot: Path | None = None) -> Plan:
    """The plan of a study, or of at most ``limit`` items of each of its benchmarks, simulated.

    ``pilot``: an outcome table that the simulation draws on, in place of assumptions, for the measures that it has.

    Raises:
        InputError: a benchmark, its items or the pilot are not usable.
    """
    pilots = None if pilot is None else read_pilots(pilot, study)
    return plan_questions(study, read_questions(study, limit=limit), simulated=True, pilots=pilots)


def plan_questions(
    study: Study, questions: Sequence[Questions], *, simulated: bool = False, pilots: Pilots | None = None
) -> Plan:
    """The plan for items that are read already; by closed forms, or simulated."""
    inventory = {
        asked.benchmark.name: take_inventory(
            asked.items,
            asked.benchmark.measures,
            epochs=asked.epochs,
            turns=asked.benchmark.turns(asked.settings),
        )
        for asked in questions
    }
    return plan_cells(study, inventory, simulated=simulated, pilots=pilots)
