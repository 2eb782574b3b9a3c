"""Whose grade is analysed."""

from __future__ import annotations

import numpy as np
from hypothesis import given as drawn
from hypothesis import strategies as st

from stagelens.outcomes.grades import Grades
from stagelens.outcomes.judged import judged
from stagelens.outcomes.schema import STATUSES
from stagelens.statistics.data import UNATTEMPTED

Row = tuple[str, str, str | None, float | None, str]
"""stage, item, judge, value, status"""


def grades(*rows: Row, chances: dict[int, float] | None = None) -> Grades:
    stages, items, judges = (sorted({row[k] for row in rows if row[k] is not None}) for k in range(3))
    chance = np.full(len(rows), np.nan)
    for position, probability in (chances or {}).items():
        chance[position] = probability
    return Grades(
        stage=np.array([stages.index(row[0]) for row in rows]),
        attempt=np.array([items.index(row[1]) for row in rows]),
        judge=np.array([-1 if row[2] is None else judges.index(row[2]) for row in rows]),
        value=np.array([np.nan if row[3] is None else row[3] for row in rows]),
        status=np.array([STATUSES.index(row[4]) for row in rows], dtype=np.int8),
        probability=chance if chances else None,
        judges=tuple(judges),
        stages=tuple(stages),
        attempts=len(items),
    )


def run(*rows: Row) -> tuple[dict[tuple[str, str], tuple[float | None, str]], tuple[str, ...]]:
    """What is analysed, by stage and item, where there is a row; and the warnings."""
    given = grades(*rows)
    analysed = judged(given)
    items = sorted({row[1] for row in rows})
    found = {
        (stage, item): (None if np.isnan(value) else value, STATUSES[status])
        for s, stage in enumerate(given.stages)
        for i, item in enumerate(items)
        if analysed.present[s, i]
        for value, status in [(float(analysed.values[s, i]), analysed.status[s, i])]
    }
    assert analysed.status[~analysed.present].tolist() == [UNATTEMPTED] * int((~analysed.present).sum())
    return found, analysed.warnings


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


def test_single_judges_are_kept_beside_the_panel() -> None:
    found = judged(
        grades(
            ("a", "i", "y", 2.0, "scored"),
            ("a", "i", "x", 1.0, "scored"),
            ("a", "i", "panel", 1.5, "scored"),
            ("a", "i", "human", 3.0, "scored"),
            ("b", "i", "x", None, "ungraded"),
            ("b", "i", "panel", 0.0, "scored"),
        )
    )
    assert found.panel is not None
    assert found.panel.judges == ("x", "y")
    np.testing.assert_array_equal(found.panel.grades, [[[1.0], [np.nan]], [[2.0], [np.nan]]])
    np.testing.assert_array_equal(found.values, [[1.5], [0.0]])


def test_one_judge_is_no_panel() -> None:
    assert judged(grades(("a", "i", "x", 1.0, "scored"), ("a", "i", "human", 0.0, "scored"))).panel is None


def test_labels_stand_beside_a_judge_with_the_chance_of_being_drawn() -> None:
    found = judged(
        grades(
            ("a", "i", "x", 1.0, "scored"),
            ("a", "j", "x", 0.0, "scored"),
            ("a", "i", "human", 0.0, "scored"),
            ("a", "j", "human", None, "ungraded"),
            chances={2: 0.25, 3: 0.5},
        )
    )
    assert found.labels is not None
    np.testing.assert_array_equal(found.labels.values, [[0.0, np.nan]])
    np.testing.assert_array_equal(found.labels.probability, [[0.25, np.nan]])


def test_labels_without_recorded_chances() -> None:
    found = judged(grades(("a", "i", "x", 1.0, "scored"), ("a", "i", "human", 0.0, "scored")))
    assert found.labels is not None
    np.testing.assert_array_equal(found.labels.probability, [[np.nan]])


def test_humans_who_labelled_nothing_or_judged_alone_are_no_labels() -> None:
    assert judged(grades(("a", "i", "x", 1.0, "scored"), ("a", "i", "human", None, "ungraded"))).labels is None
    assert judged(grades(("a", "i", "human", 1.0, "scored"), ("b", "i", "human", 0.0, "scored"))).labels is None


@drawn(st.lists(st.lists(st.none() | st.floats(0, 5), min_size=2, max_size=5), min_size=1, max_size=4))
def test_the_median_is_that_of_the_grades_there_are(answers: list[list[float | None]]) -> None:
    rows = [
        ("a", f"{item}", f"{judge}", value, "ungraded" if value is None else "scored")
        for item, values in enumerate(answers)
        for judge, value in enumerate(values)
    ]
    found, _ = run(*rows)
    for item, values in enumerate(answers):
        there = [value for value in values if value is not None]
        value, status = found["a", f"{item}"]
        assert status == ("scored" if there else "ungraded")
        assert value == (np.median(there) if there else None)


def test_a_stage_that_only_others_graded_is_named() -> None:
    found, warnings = run(("a", "i", "m", 1.0, "scored"), ("b", "i", "human", 0.0, "scored"))
    assert found["b", "i"] == (None, "ungraded")
    assert warnings == ("b has no grade by m, whose grades are analysed: its answers are ungraded.",)


def test_chances_that_only_some_labels_have_are_warned_about() -> None:
    labelled = [("a", item, judge, 1.0, "scored") for item in "ij" for judge in ("m", "human")]
    assert judged(grades(*labelled, chances={1: 0.5, 3: 0.5})).warnings == ()
    assert judged(grades(*labelled, chances={1: 0.5})).warnings == (
        "1 of 2 human labels of a have no probability: all of them count as drawn alike.",
    )
