"""The grades of one measure of one family, aligned and decided on: what is analysed, and what is shown of it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from stagelens.outcomes.align import Attempts, align
from stagelens.outcomes.grades import Grades
from stagelens.outcomes.groups import Group
from stagelens.outcomes.judged import Judged, judged


def aligned(group: Group) -> tuple[Attempts, NDArray[np.int64] | None, Judged]:
    """The attempts, each one's training run (see ``align``), and which grades of them count."""
    rows = group.rows
    attempts, run = align(rows.item, rows.epoch, rows.seed, rows.stage, group.one_checkpoint)
    at = attempts.row
    grades = Grades(
        stage=rows.stage[at],
        attempt=attempts.column,
        judge=rows.judge[at],
        value=rows.value[at],
        status=rows.status[at],
        probability=None if rows.probability is None else rows.probability[at],
        judges=rows.judges,
        stages=group.stages,
        attempts=attempts.count,
    )
    return attempts, run, judged(grades)
