"""A panel of judges: how far they agree, and what the others would have said without one of them.

A panel's value is the median of its judges' grades. A judge may have graded without being on the panel: that of the
judged model's own family, which is left out. Of severities the values show, stage by stage, who was.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from stagelens.statistics.data import SCORED, UNGRADED, MeasureData, PanelGrades
from stagelens.statistics.intervals.tails import FloatArray
from stagelens.statistics.judging.agreement import Agreement, Scale, agreement


def level_of(data: MeasureData) -> Scale:
    """The level of measurement at which a measure's judges are compared: rates nominal, severities ordinal."""
    return "nominal" if data.kind == "rate" else "ordinal"


def panel_agreement(data: MeasureData, panel: PanelGrades, alpha: float) -> Agreement | None:
    """Krippendorff's alpha of all judges over all stages' answers; clusters are drawn whole, with all their stages."""
    judges, stages, _ = panel.grades.shape
    grades = panel.grades.reshape(judges, -1)
    return agreement(grades, np.tile(data.cluster, stages), level_of(data), 1 - alpha)


def members(data: MeasureData, panel: PanelGrades) -> NDArray[np.bool_]:
    """Which judges are on the panel of each stage, shape (J, S): all, or all but the one without whom values agree.

    Of a rate all are taken to be. One that cuts a severity (such as ``misaligned``, a median severity of 3 or more) is
    cut after the median is taken: the median of the judges' own 0/1 grades is the same where their number is odd, but
    a tie may have become either, so that nothing shows who was left out.
    """
    judges, stages, _ = panel.grades.shape
    on = np.ones((judges, stages), dtype=np.bool_)
    for stage in range(stages) if data.kind == "severity" else ():
        grades = panel.grades[:, stage]
        if not _agrees(data, stage, grades):
            off = [judge for judge in range(judges) if _agrees(data, stage, np.delete(grades, judge, axis=0))]
            on[off[:1], stage] = False
    return on


def left_out(data: MeasureData, panel: PanelGrades) -> Iterator[tuple[str, MeasureData]]:
    """Every judge in turn, and the measure as the others on the panel have it: their median.

    An answer that none of the others graded is `ungraded`. A tie of an even number of 0/1 grades is a value of one
    half: neither answer is right, and the mean takes it so.
    """
    on, was_scored = members(data, panel), data.status == SCORED
    for position, judge in enumerate(panel.judges):
        others = on.copy()
        others[position] = False
        values = _median(np.where(others[:, :, None], panel.grades, np.nan))
        graded = was_scored & ~np.isnan(values)
        status = np.where(was_scored & ~graded, UNGRADED, data.status).astype(np.int8)
        yield judge, replace(data, values=np.where(graded, values, np.nan), status=status, panel=None)


def _agrees(data: MeasureData, stage: int, grades: FloatArray) -> bool:
    """Whether the median of ``grades``, shape (J, A), is what the stage's scored answers have."""
    scored = data.status[stage] == SCORED
    return bool(np.all(np.abs(_median(grades)[scored] - data.values[stage][scored]) < 1e-9))


def _median(grades: FloatArray) -> FloatArray:
    """The median over the first axis of what is not NaN; NaN where nothing is."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "All-NaN slice", RuntimeWarning)
        return np.asarray(np.nanmedian(grades, axis=0), dtype=np.float64)
