"""Whose grade is analysed."""

from __future__ import annotations

import polars as pl

from stagelens.outcomes.judged import judged
from stagelens.outcomes.schema import STATUSES

Row = tuple[str, str, str | None, float | None, str]
"""stage, item, judge, value, status"""


def run(*rows: Row) -> tuple[dict[tuple[str, str], tuple[float | None, str]], tuple[str, ...]]:
    columns = ["stage", "item", "judge", "value", "status"]
    types = {"judge": pl.String, "value": pl.Float64}
    frame = pl.DataFrame(list(rows), schema=columns, orient="row", schema_overrides=types)
    analysed, warnings = judged(frame.with_columns(epoch=1, seed=0, cluster=pl.col("item")))
    assert analysed.select("stage", "item").is_unique().all()
    found = {(stage, item): (value, STATUSES[code]) for stage, item, _, _, _, value, code in analysed.iter_rows()}
    return found, warnings


def test_one_judge_is_taken_as_it_is() -> None:
    found, warnings = run(("a", "i", "x", 1.0, "scored"), ("b", "i", "x", None, "incapable"))
    assert found == {("a", "i"): (1.0, "scored"), ("b", "i"): (None, "incapable")}
    assert warnings == ()


def test_the_panel_comes_before_single_judges() -> None:
    found, warnings = run(
        ("a", "i", "x", 1.0, "scored"), ("a", "i", "y", 1.0, "scored"), ("a", "i", "panel", 0.0, "scored")
    )
    assert found == {("a", "i"): (0.0, "scored")}
    assert warnings == ()


def test_what_the_panel_did_not_grade_is_ungraded_not_lost() -> None:
    found, _ = run(
        ("a", "i", "panel", 0.0, "scored"), ("a", "j", "x", 1.0, "scored"), ("a", "k", "x", None, "incapable")
    )
    assert found == {
        ("a", "i"): (0.0, "scored"),
        ("a", "j"): (None, "ungraded"),
        ("a", "k"): (None, "incapable"),
    }


def test_several_judges_give_their_median_and_a_warning() -> None:
    found, warnings = run(
        ("a", "i", "x", 1.0, "scored"),
        ("a", "i", "y", 5.0, "scored"),
        ("a", "i", "z", 2.0, "scored"),
        ("b", "i", "x", 3.0, "scored"),
        ("b", "i", "y", None, "ungraded"),
        ("b", "i", "z", 4.0, "scored"),
    )
    assert found == {("a", "i"): (2.0, "scored"), ("b", "i"): (3.5, "scored")}
    assert warnings == ("Judged by x, y, z, with no panel row: the median over the judges is analysed.",)


def test_stages_with_judges_of_their_own_are_warned_about() -> None:
    found, warnings = run(("a", "i", "x", 1.0, "scored"), ("b", "i", "y", 0.0, "scored"))
    assert found == {("a", "i"): (1.0, "scored"), ("b", "i"): (0.0, "scored")}
    assert "Not every stage was judged by the same judges" in warnings[1]


def test_humans_are_never_mixed_in() -> None:
    found, warnings = run(
        ("a", "i", "x", 1.0, "scored"), ("a", "i", "human", 0.0, "scored"), ("a", "j", "human", 0.0, "scored")
    )
    assert found == {("a", "i"): (1.0, "scored"), ("a", "j"): (None, "ungraded")}
    assert warnings == ()


def test_humans_alone_are_analysed() -> None:
    found, _ = run(("a", "i", "human", 0.0, "scored"), ("b", "i", "human", 1.0, "scored"))
    assert found == {("a", "i"): (0.0, "scored"), ("b", "i"): (1.0, "scored")}


def test_rows_that_no_judge_saw_stay_what_they_are() -> None:
    found, warnings = run(("a", "i", "x", 1.0, "scored"), ("b", "i", None, None, "unattempted"))
    assert found == {("a", "i"): (1.0, "scored"), ("b", "i"): (None, "unattempted")}
    assert warnings == ()


def test_a_grade_that_names_no_judge_is_a_judge_of_its_own() -> None:
    found, warnings = run(("a", "i", "x", 1.0, "scored"), ("b", "i", None, 0.0, "scored"))
    assert found == {("a", "i"): (1.0, "scored"), ("b", "i"): (0.0, "scored")}
    assert "an unnamed judge, x" in warnings[0]


def test_nobody_named_at_all() -> None:
    found, warnings = run(("a", "i", None, 1.0, "scored"), ("b", "i", None, None, "ungraded"))
    assert found == {("a", "i"): (1.0, "scored"), ("b", "i"): (None, "ungraded")}
    assert warnings == ()


def test_nothing_graded_at_all() -> None:
    found, warnings = run(("a", "i", None, None, "unattempted"), ("b", "i", None, None, "ungraded"))
    assert found == {("a", "i"): (None, "unattempted"), ("b", "i"): (None, "ungraded")}
    assert warnings == ()
