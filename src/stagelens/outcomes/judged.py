"""Which grades of an answer are analysed, where several judges gave one; what humans and single judges said.

A row of a judge with a ``probability`` is a cascade's: its judge was asked because a screen's grades or a lot chose the
answer. Such rows are never analysed like others, whose answers nothing chose: they are labels that correct the screen.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from stagelens.outcomes.cascades import Second
from stagelens.outcomes.grades import HUMAN, PANEL, Grades, median
from stagelens.statistics.data import SCORED, UNATTEMPTED, UNGRADED, Labels, PanelGrades

_UNNAMED: Final = "an unnamed judge"


@dataclass(frozen=True, slots=True)
class Judged:
    """What is analysed: ``values`` and ``status`` as in ``MeasureData``; ``present``, shape (S, A): there is a row."""

    values: NDArray[np.float64]
    status: NDArray[np.int8]
    present: NDArray[np.bool_]
    labels: Labels | None
    panel: PanelGrades | None
    warnings: tuple[str, ...]


def judged(grades: Grades) -> Judged:
    """One grade an attempt and stage, and what a reader must know about its judges.

    The panel's rows are analysed where there are any; else the one judge's; else, with a warning, the median over the
    judges. Humans' rows are never mixed with others': they are analysed only where no one else judged, and are
    ``labels`` beside others. An attempt that only judges outside the analysis graded is `ungraded`: its grade is not
    known, the attempt is not lost. An attempt without a row is `unattempted`.

    A cascade's grades are ``labels``, and stand for themselves where the screen gave none. With humans' labels beside
    them they stand wherever there are any, the screen's elsewhere, and humans correct both.
    """
    cascade = grades.of_cascade
    by_judge = _by_judge(grades, ~cascade)
    names = sorted(by_judge)
    chosen = _chosen(names)
    single = [name for name in names if name not in (PANEL, HUMAN)]
    own = np.zeros(len(grades.stage), dtype=np.bool_)
    for name in chosen:
        own |= by_judge[name]
    panel = None
    if len(single) > 1:
        panel = PanelGrades(tuple(single), np.stack([grades.placed(by_judge[name], grades.value) for name in single]))
    values = grades.placed(own, grades.value) if panel is None or len(chosen) == 1 else median(panel.grades)
    status, present = _statuses(grades, own)
    labels = _labels(grades, by_judge[HUMAN]) if HUMAN in names and chosen != [HUMAN] else None
    notes: tuple[str, ...] = ()
    if cascade.any():
        found = Second.of(grades, cascade, _by_judge(grades, cascade))
        corrected = found.correct(values, status, humans=labels is not None) if chosen and chosen != [HUMAN] else None
        values, status = (values, status) if corrected is None else (corrected.values, corrected.status)
        labels = labels if corrected is None or labels is not None else corrected.labels
        notes = found.unscreened() if corrected is None else corrected.warnings
    return Judged(
        values=values,
        status=status,
        present=present,
        labels=labels,
        panel=panel,
        warnings=(
            *_warnings(grades, [by_judge[name] for name in chosen], chosen),
            *_ungraded_stages(grades, own, chosen, ~cascade),
            *_uneven_chances(grades, by_judge.get(HUMAN)),
            *notes,
        ),
    )


def _by_judge(grades: Grades, rows: NDArray[np.bool_]) -> dict[str, NDArray[np.bool_]]:
    """Every judge's ``rows``. A row that names no judge and holds no value was never judged: no judge disowns it."""
    nameless = grades.judge < 0
    counts = np.bincount(grades.judge[~nameless & rows], minlength=len(grades.judges))
    found = {grades.judges[code]: rows & (grades.judge == code) for code in np.flatnonzero(counts)}
    unnamed = nameless & ~np.isnan(grades.value)
    if unnamed.any():
        found[_UNNAMED] = unnamed | found.get(_UNNAMED, False)
    return found


def _chosen(judges: list[str]) -> list[str]:
    if PANEL in judges:
        return [PANEL]
    return [judge for judge in judges if judge != HUMAN] or judges


def _statuses(grades: Grades, own: NDArray[np.bool_]) -> tuple[NDArray[np.int8], NDArray[np.bool_]]:
    """Of several rows of the analysed judges the status that says most; without one, that of the other rows."""
    status = np.full(grades.shape, UNATTEMPTED, dtype=np.int8)
    present = np.zeros(grades.shape, dtype=np.bool_)
    others = np.where(grades.status == SCORED, np.int8(UNGRADED), grades.status)
    for rows, codes in ((~own, others), (own, grades.status)):
        if not rows.any():
            continue
        best = np.full(grades.shape, UNATTEMPTED, dtype=np.int8)
        here = np.zeros(grades.shape, dtype=np.bool_)
        here[grades.stage[rows], grades.attempt[rows]] = True
        for code in range(UNATTEMPTED - 1, SCORED - 1, -1):  # what is written last stays
            with_code = rows & (codes == code)
            best[grades.stage[with_code], grades.attempt[with_code]] = code
        status[here] = best[here]
        present |= here
    return status, present


def _labels(grades: Grades, human: NDArray[np.bool_]) -> Labels | None:
    values = grades.placed(human, grades.value)
    if np.isnan(values).all():
        return None
    if grades.probability is None:
        return Labels(values, np.full_like(values, np.nan))
    return Labels(values, np.where(np.isnan(values), np.nan, grades.placed(human, grades.probability)))


def _warnings(grades: Grades, rows: Sequence[NDArray[np.bool_]], chosen: list[str]) -> Iterator[str]:
    if len(chosen) < 2:
        return
    yield f"Judged by {', '.join(chosen)}, with no panel row: the median over the judges is analysed."
    graded = np.stack([np.bincount(grades.stage[own], minlength=len(grades.stages)) > 0 for own in rows], axis=1)
    if len({tuple(stage) for stage in graded.tolist() if any(stage)}) > 1:
        yield "Not every stage was judged by the same judges: a difference may be the judges'."


def _ungraded_stages(
    grades: Grades, own: NDArray[np.bool_], chosen: list[str], rows: NDArray[np.bool_]
) -> Iterator[str]:
    """Stages of which there are grades among the ``rows``, but only by judges outside the analysis."""
    scored = (grades.status == SCORED) & rows
    for code, stage in enumerate(grades.stages):
        here = scored & (grades.stage == code)
        if here.any() and not (here & own).any():
            yield f"{stage} has no grade by {', '.join(chosen)}, whose grades are analysed: its answers are ungraded."


def _uneven_chances(grades: Grades, human: NDArray[np.bool_] | None) -> Iterator[str]:
    """Stages where some labels have their chance of being drawn recorded and others have not."""
    if human is None or grades.probability is None:
        return
    labelled = human & ~np.isnan(grades.value)
    for code, stage in enumerate(grades.stages):
        absent = np.isnan(grades.probability[labelled & (grades.stage == code)])
        if absent.any() and not absent.all():
            yield (
                f"{np.count_nonzero(absent)} of {absent.size} human labels of {stage} have no probability: all of them "
                "count as drawn alike."
            )
