"""Grades of a judge that a screen chose for: labels, never analysed like others; what failed counts as not drawn."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from test_outcomes_judged import Row, grades

from stagelens.outcomes.arrays import measure_arrays
from stagelens.outcomes.judged import Judged, judged
from stagelens.outcomes.labels import draw_sample
from stagelens.outcomes.table import read_table
from stagelens.statistics.data import SCORED, UNGRADED

Given = tuple[str, str, str | None, float | None, str, float | None]
"""A row, and its probability."""


def analysed(*rows: Given) -> Judged:
    plain: list[Row] = [row[:5] for row in rows]
    chances = {place: row[5] for place, row in enumerate(rows) if row[5] is not None}
    return judged(grades(*plain, chances=chances))


def screen(values: dict[str, float | None], stage: str = "a") -> list[Given]:
    status = {True: "ungraded", False: "scored"}
    return [(stage, item, "rule:x", value, status[value is None], None) for item, value in values.items()]


def second(
    values: dict[str, float | None], chance: float, stage: str = "a", judge: str | None = "strong"
) -> list[Given]:
    status = {True: "ungraded", False: "scored"}
    return [(stage, item, judge, value, status[value is None], chance) for item, value in values.items()]


ZEROS = {f"i{k}": 0.0 for k in range(8)}


def test_a_cascade_s_grades_are_labels_and_the_screen_is_analysed() -> None:
    found = analysed(*screen(ZEROS | {"i0": 1.0}), *second({"i0": 0.0}, 1.0), *second({"i1": 1.0, "i2": 0.0}, 2 / 7))
    assert found.values.tolist() == [[1.0, 0, 0, 0, 0, 0, 0, 0]]
    assert found.panel is None
    assert found.warnings == ()
    assert found.labels is not None
    assert found.labels.by == "strong"
    assert found.labels.of_cascade
    assert found.labels.values[0, :3].tolist() == [0.0, 1.0, 0.0]
    assert found.labels.probability[0, :3].tolist() == [1.0, 2 / 7, 2 / 7]
    assert np.isnan(found.labels.values[0, 3:]).all()
    assert np.isnan(found.labels.probability[0, 3:]).all()


def test_what_failed_counts_as_not_drawn_within_its_class() -> None:
    found = analysed(
        *screen(ZEROS | {"i0": 1.0}),
        *second({"i0": 0.0}, 1.0),
        *second({"i1": 1.0, "i2": 0.0, "i3": None, "i4": None}, 4 / 7),
    )
    assert found.labels is not None
    assert found.labels.probability[0, :3].tolist() == [1.0, pytest.approx(2 / 7), pytest.approx(2 / 7)]
    assert (1 / found.labels.probability[0, :3]).sum() == pytest.approx(8)
    assert np.isnan(found.labels.probability[0, 3:]).all()
    assert found.warnings == (
        "strong gave no grade to 2 of 5 answers of a that it was asked about: they count as not drawn.",
    )
    assert (found.status == SCORED).all()


def test_a_class_without_any_grade_corrects_nothing() -> None:
    found = analysed(*screen(ZEROS | {"i0": 1.0}), *second({"i0": 0.0}, 1.0), *second({"i1": None, "i2": None}, 2 / 7))
    assert found.labels is None
    assert found.warnings[-1] == "strong graded no answer of a drawn with the chance 0.286: it corrects none."


def test_a_class_that_was_never_drawn_from_is_seen() -> None:
    found = analysed(*screen(ZEROS | {"i0": 1.0}), *second({"i0": 0.0}, 1.0))
    assert found.labels is None
    assert "stand for 1 of the 8 answers of a: a part of these was never drawn from" in found.warnings[0]


def test_where_the_screen_gave_no_grade_the_second_stands_for_itself() -> None:
    found = analysed(
        *screen(ZEROS | {"i0": None, "i1": 1.0}), *second({"i0": 1.0, "i1": 1.0}, 1.0), *second({"i2": 0.0}, 1 / 6)
    )
    assert found.values[0, :3].tolist() == [1.0, 1.0, 0.0]
    assert (found.status == SCORED).all()
    assert found.labels is not None
    assert found.labels.probability[0, :3].tolist() == [1.0, 1.0, 1 / 6]
    # An outcome that awaited the judge has no row but the judge's; one that it failed on too stays ungraded.
    rest = {item: value for item, value in ZEROS.items() if item not in ("i0", "i1")}
    found = analysed(*screen(rest), *second({"i0": 1.0, "i1": None}, 1.0), *second({"i2": 0.0}, 1 / 6))
    assert found.values[0, 0] == 1.0
    assert found.status[0, :2].tolist() == [SCORED, UNGRADED]


def test_a_panel_s_rows_come_before_its_judges() -> None:
    rows = [
        *screen(ZEROS),
        *second({"i0": 1.0, "i1": 0.0}, 1 / 4, judge="x"),
        *second({"i0": 1.0, "i1": 1.0}, 1 / 4, judge="y"),
    ]
    found = analysed(*rows, *second({"i0": 0.0, "i1": 0.0}, 1 / 4, judge="panel"))
    assert found.labels is not None
    assert found.labels.by == "x, y"
    assert found.labels.values[0, :2].tolist() == [0.0, 0.0]
    median = analysed(*rows)
    assert median.labels is not None
    assert median.labels.values[0, :2].tolist() == [1.0, 0.5]


def test_human_labels_correct_both_judges() -> None:
    rows = [*screen(ZEROS | {"i0": 1.0}), *second({"i0": 0.0}, 1.0), *second({"i1": 1.0}, 1 / 7)]
    found = analysed(*rows, ("a", "i2", "human", 1.0, "scored", 0.5), ("a", "i0", "human", 0.0, "scored", 0.5))
    assert found.values[0, :3].tolist() == [0.0, 1.0, 0.0]
    assert found.labels is not None
    assert not found.labels.of_cascade
    assert found.labels.values[0, :3].tolist()[::2] == [0.0, 1.0]
    assert found.labels.probability[0, 2] == 0.5
    (warning,) = found.warnings
    assert warning.startswith("strong stands where it was asked, the screen elsewhere: human labels alone correct both")


def test_without_the_screen_s_rows_chosen_answers_speak_for_nothing() -> None:
    found = analysed(*second({"i0": 1.0}, 1.0), *second({"i1": 0.0}, 0.1))
    assert found.labels is None
    assert (found.status == UNGRADED).all()
    assert "the table does not hold the screen's own grades" in found.warnings[0]


def table(second_rows: bool) -> pl.DataFrame:
    rows = [
        {"family": "f", "stage": stage, "benchmark": "b", "measure": "m", "item": f"i{k}", "judge": "rule:x"}
        | {"value": float(k < 10), "probability": None}
        for stage in ("s", "t")
        for k in range(100)
    ]
    if second_rows:
        rows += [
            row | {"judge": "strong", "value": float(k == 50), "probability": chance}
            for row in rows
            for k in [int(row["item"][1:])]
            for chance in [1.0 if k < 10 else 0.5]
            if k < 10 or k % 2 == 0
        ]
    return read_table(pl.DataFrame(rows, infer_schema_length=None))


def test_a_table_with_a_cascade_is_read_and_humans_draw_by_what_it_says() -> None:
    (data,) = measure_arrays(table(second_rows=True))
    assert data.labels is not None
    assert data.labels.by == "strong"
    assert data.values.mean() == 0.1
    assert (1 / data.labels.probability[~np.isnan(data.labels.probability)]).sum() == 200
    strata = dict(draw_sample(table(second_rows=True), total=40)["stratum"].value_counts().iter_rows())
    # The strong judge took all ten flags back, and found one more.
    assert strata == {"--": 78, "++": 2}
    assert set(draw_sample(table(second_rows=False), total=40)["stratum"]) == {"--", "++"}
