"""What a study would ask, and what that can show; nothing is trained or asked."""

from __future__ import annotations

from collections.abc import Sequence

from stagelens.engine.shards import Questions, read_questions
from stagelens.study.cells import Plan, take_inventory
from stagelens.study.cells import plan as plan_cells
from stagelens.study.spec import Study


def plan(study: Study, *, limit: int | None = None) -> Plan:
    """The plan of a study, or of its first look with at most ``limit`` items of each benchmark.

    Raises:
        InputError: a benchmark or its items are not usable.
    """
    return plan_questions(study, read_questions(study, limit=limit))


def plan_questions(study: Study, questions: Sequence[Questions]) -> Plan:
    """The plan for items that are read already."""
    inventory = {
        asked.benchmark.name: take_inventory(asked.items, asked.benchmark.measures, epochs=asked.epochs)
        for asked in questions
    }
    return plan_cells(study, inventory)
