"""Aligned arrays: pairing, gaps, ranges, competence."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stagelens.errors import InputError
from stagelens.outcomes.arrays import measure_arrays
from stagelens.outcomes.table import read_table
from stagelens.statistics.data import INCAPABLE, SCORED, UNATTEMPTED, UNGRADED, MeasureData


def rows(measure: str, stage: str, values: dict[str, float | None], **more: object) -> list[dict[str, object]]:
    base: dict[str, object] = {"family": "f", "stage": stage, "benchmark": "b", "measure": measure}
    return [{**base, "item": item, "value": value, **more} for item, value in values.items()]


def arrays(*groups: list[dict[str, object]]) -> tuple[MeasureData, ...]:
    return measure_arrays(
        read_table(pl.DataFrame([row for group in groups for row in group], infer_schema_length=None))
    )


def test_stages_are_rows_and_attempts_are_columns() -> None:
    (data,) = arrays(
        rows("misaligned", "sft", {"j": 1.0, "i": 0.0}, cluster="c", stage_index=1),
        rows("misaligned", "base", {"i": 1.0, "j": None}, cluster="c", stage_index=0, epoch=1),
        rows("misaligned", "base", {"i": 0.0}, cluster="c", stage_index=0, epoch=2),
        rows("misaligned", "sft", {"i": 1.0}, cluster="c", stage_index=1, epoch=2),
    )
    assert data.stages == ("base", "sft")
    np.testing.assert_array_equal(data.item, [0, 0, 1])
    np.testing.assert_array_equal(data.cluster, [0, 0, 0])
    np.testing.assert_array_equal(data.values, [[1.0, 0.0, np.nan], [0.0, 1.0, 1.0]])
    np.testing.assert_array_equal(data.status, [[SCORED, SCORED, UNGRADED], [SCORED, SCORED, SCORED]])
    assert (data.values.dtype, data.status.dtype, data.item.dtype, data.cluster.dtype) == (
        np.float64,
        np.int8,
        np.int64,
        np.int64,
    )
    assert (data.kind, data.low, data.high, data.competence, data.warnings) == ("rate", 0.0, 1.0, None, ())


def test_families_and_measures_in_order_of_appearance() -> None:
    both = [rows(measure, stage, {"i": 1.0}) for measure in ("z", "a") for stage in ("s", "t")]
    other = [[{**row, "family": "e"} for row in group] for group in both]
    data = arrays(*both, *other)
    assert [(one.family, one.measure) for one in data] == [("f", "z"), ("f", "a"), ("e", "z"), ("e", "a")]


def test_a_row_that_is_absent_is_unattempted() -> None:
    (data,) = arrays(
        rows("misaligned", "a", {"i": 1.0, "j": 1.0}),
        rows("misaligned", "b", {"i": 1.0, "j": 0.0}),
        rows("misaligned", "c", {"j": 0.0}),
    )
    np.testing.assert_array_equal(data.status[2], [UNATTEMPTED, SCORED])
    assert np.isnan(data.values[2, 0])
    assert data.warnings == ("1 of 2 answers have no row at c: they count as unattempted.",)


def test_a_stage_that_a_benchmark_never_asked_stays_in_its_place() -> None:
    (_, second) = arrays(
        rows("misaligned", "base", {"i": 1.0}),
        rows("misaligned", "sft", {"i": 1.0}),
        rows("misaligned", "rl", {"i": 1.0}),
        [{**row, "benchmark": "c"} for stage in ("sft", "rl") for row in rows("misaligned", stage, {"i": 1.0})],
    )
    assert second.stages == ("base", "sft", "rl")
    np.testing.assert_array_equal(second.status, [[UNATTEMPTED], [SCORED], [SCORED]])
    assert second.warnings == ("base was not asked: all 1 of its answers count as unattempted.",)


def test_an_item_answered_by_one_stage_only() -> None:
    with pytest.raises(InputError, match=r"answered by one stage only: j of b, by f/s \(2 such items in b\)"):
        arrays(rows("misaligned", "s", {"i": 1.0, "j": 1.0, "k": 0.0}), rows("misaligned", "t", {"i": 1.0}))


def test_a_family_with_one_stage() -> None:
    with pytest.raises(InputError, match=r"Family f has one stage only \(s\)"):
        arrays(rows("misaligned", "s", {"i": 1.0}))


def test_incapable_keeps_its_code() -> None:
    (data,) = arrays(
        rows("misaligned", "s", {"i": None}, status="incapable"), rows("misaligned", "t", {"i": 1.0}, status="scored")
    )
    np.testing.assert_array_equal(data.status, [[INCAPABLE], [SCORED]])


def test_known_severity() -> None:
    (data,) = arrays(rows("severity", "s", {"i": 1.0}), rows("severity", "t", {"i": 0.0}))
    assert (data.kind, data.low, data.high) == ("severity", 0.0, 5.0)


def test_unknown_measures_are_read_from_their_values() -> None:
    rate, grade, constant, nothing = arrays(
        *[rows("flattery", stage, {"i": 0.5, "j": 1.0}) for stage in "st"],
        *[rows("grade", stage, {"i": 2.0, "j": 4.5}) for stage in "st"],
        *[rows("constant", stage, {"i": 3.0}) for stage in "st"],
        *[rows("never", stage, {"i": None}) for stage in "st"],
    )
    assert (rate.kind, rate.low, rate.high, rate.warnings) == ("rate", 0.0, 1.0, ())
    assert (grade.kind, grade.low, grade.high) == ("severity", 2.0, 4.5)
    assert "taken as a severity from 2 to 4.5" in grade.warnings[0]
    assert (constant.kind, constant.low, constant.high) == ("severity", 0.0, 3.0)
    assert (nothing.kind, nothing.low, nothing.high) == ("rate", 0.0, 1.0)


def test_competence_gates_and_is_no_measure() -> None:
    (data,) = arrays(
        *[rows("misaligned", stage, {"i": 1.0}) for stage in ("base", "sft", "rl")],
        rows("competence", "base", {"p": 0.0, "q": None}, status=None),
        rows("competence", "sft", {"p": 1.0, "q": 0.0}),
        [{**row, "status": "incapable"} for row in rows("competence", "base", {"r": None})],
        rows("competence", "sft", {"r": 1.0}),
    )
    assert data.measure == "misaligned"
    # base: one wrong, one incapable, one ungraded (which says nothing); sft: 2 of 3; rl was not asked.
    assert data.competence == (0.0, pytest.approx(2 / 3), None)


def test_competence_counts_the_incapable_as_not_answered() -> None:
    (data,) = arrays(
        *[rows("misaligned", stage, {"i": 1.0}) for stage in ("base", "sft")],
        [
            {**row, "status": status}
            for stage in ("base", "sft")
            for row, status in zip(
                rows("competence", stage, {"p": 1.0, "q": None, "r": None}),
                ("scored", "incapable", "ungraded"),
                strict=True,
            )
        ],
    )
    assert data.competence == (0.5, 0.5)


def test_clusters_are_dense_and_shared() -> None:
    clusters = {"i": "y", "j": "x", "k": "y"}
    (data,) = arrays(
        [
            {**row, "cluster": clusters[str(row["item"])]}
            for stage in "st"
            for row in rows("misaligned", stage, dict.fromkeys(clusters, 1.0))
        ]
    )
    np.testing.assert_array_equal(data.cluster, [1, 0, 1])


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_the_order_of_rows_decides_nothing(data: st.DataObject) -> None:
    values = st.none() | st.sampled_from([0.0, 1.0])
    table = [
        row
        for index, stage in enumerate(["base", "sft", "rl"])
        for measure in ["misaligned", "competence", "other"]
        for item, cluster in [("i", "c"), ("j", "c"), ("k", "d")]
        for epoch in [1, 2]
        for judge in ["x", "y"]
        if stage != "rl" or data.draw(st.booleans())
        for row in rows(
            measure,
            stage,
            {item: data.draw(values)},
            cluster=cluster,
            epoch=epoch,
            judge=judge,
            stage_index=index,
            seed=0 if stage == "base" else epoch,
            stratum=cluster,
        )
    ]
    frame = pl.DataFrame(table, infer_schema_length=None)
    shuffled = frame[data.draw(st.permutations(range(frame.height)))]
    before, after = ({one.measure: one for one in measure_arrays(read_table(each))} for each in (frame, shuffled))
    assert before.keys() == after.keys()
    for measure, one in before.items():
        other = after[measure]
        for name in ("values", "status", "item", "cluster", "run", "stratum"):
            np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
        assert (one.panel is None) == (other.panel is None)
        if one.panel is not None and other.panel is not None:
            np.testing.assert_array_equal(one.panel.grades, other.panel.grades)
        for name in ("strata", "stages", "competence", "warnings", "kind", "low", "high"):
            assert getattr(one, name) == getattr(other, name)


def test_one_seed_everywhere_is_no_run() -> None:
    (data,) = arrays(*[rows("misaligned", stage, {"i": 1.0}, seed=7) for stage in ("base", "sft")])
    assert data.run is None


def test_every_seed_is_a_run_and_one_checkpoint_answers_in_all_of_them() -> None:
    (data,) = arrays(
        rows("misaligned", "base", {"i": 0.0, "j": 1.0}, seed=0),
        rows("misaligned", "sft", {"i": 0.0, "j": 0.0}, seed=5),
        rows("misaligned", "sft", {"i": 1.0}, seed=3),
        rows("misaligned", "rl", {"j": 1.0}, seed=5),
        rows("misaligned", "rl", {"j": 0.0}, seed=3),
    )
    assert data.run is not None and data.run.dtype == np.int64
    np.testing.assert_array_equal(data.item, [0, 0, 1, 1])
    np.testing.assert_array_equal(data.run, [0, 1, 0, 1])  # seeds 3 and 5; the base's own seed is no run
    np.testing.assert_array_equal(data.values, [[0, 0, 1, 1], [1, 0, np.nan, 0], [np.nan, np.nan, 0, 1]])
    np.testing.assert_array_equal(data.status[1], [SCORED, SCORED, UNATTEMPTED, SCORED])
    assert data.warnings == (
        "1 of 4 answers have no row at sft: they count as unattempted.",
        "2 of 4 answers have no row at rl: they count as unattempted.",
    )


def test_checkpoints_with_a_seed_each_pair_without_runs() -> None:
    (data,) = arrays(
        rows("misaligned", "base", {"i": 0.0}, seed=0),
        rows("misaligned", "sft", {"i": 1.0}, seed=5),
    )
    assert data.run is None
    np.testing.assert_array_equal(data.values, [[0.0], [1.0]])


def test_a_measure_asked_in_one_run_only_leaves_the_stage_its_runs() -> None:
    first, second = arrays(
        rows("misaligned", "sft", {"i": 0.0}, seed=0),
        rows("misaligned", "sft", {"i": 0.0}, seed=1),
        rows("misaligned", "rl", {"i": 0.0}, seed=0),
        rows("misaligned", "rl", {"i": 0.0}, seed=1),
        rows("cheated", "sft", {"i": 1.0}, seed=0),
        rows("cheated", "rl", {"i": 1.0}, seed=0),
        rows("cheated", "rl", {"i": 0.0}, seed=1),
    )
    assert first.run is not None and second.run is not None
    # The second run of sft was trained and not asked: its answer is not that of the first.
    np.testing.assert_array_equal(second.status, [[SCORED, UNATTEMPTED], [SCORED, SCORED]])


def test_epochs_are_repeated_in_every_run() -> None:
    (data,) = arrays(
        *[rows("misaligned", "base", {"i": float(epoch - 1)}, epoch=epoch) for epoch in (1, 2)],
        *[rows("misaligned", "sft", {"i": 0.0}, epoch=epoch, seed=seed) for epoch in (1, 2) for seed in (1, 2)],
    )
    np.testing.assert_array_equal(data.values[0], [0, 0, 1, 1])
    np.testing.assert_array_equal(data.run, [0, 1, 0, 1])


def test_strata_are_the_items() -> None:
    (data,) = arrays(
        rows("misaligned", "s", {"i": 1.0}, stratum="z"),
        rows("misaligned", "s", {"j": 1.0}, stratum="a"),
        rows("misaligned", "s", {"k": 1.0}, stratum=None),
        rows("misaligned", "t", {"i": 1.0, "j": 1.0, "k": 1.0}, stratum=None),
    )
    assert data.strata == ("a", "z")
    assert data.stratum is not None and data.stratum.dtype == np.int64
    np.testing.assert_array_equal(data.stratum, [1, 0, -1])


def test_strata_of_a_measure_are_its_own() -> None:
    first, second, third = arrays(
        *[rows("misaligned", stage, {"i": 1.0}, stratum="z") for stage in "st"],
        *[rows("cheated", stage, {"i": 1.0}, stratum="a") for stage in "st"],
        *[rows("severity", stage, {"i": 1.0}) for stage in "st"],
    )
    assert (first.strata, second.strata, third.strata, third.stratum) == (("z",), ("a",), (), None)
    np.testing.assert_array_equal(first.stratum, [0])


def test_an_item_in_two_strata_of_a_measure() -> None:
    with pytest.raises(InputError, match="Item 'i' of b/misaligned is in stratum 'x' in one row and in 'y' in another"):
        arrays(
            rows("misaligned", "s", {"i": 1.0, "j": 1.0}, stratum="y"),
            rows("misaligned", "t", {"i": 1.0, "j": 1.0}, stratum="x"),
        )


def test_labels_and_panel_are_aligned_with_the_values() -> None:
    (data,) = arrays(
        *[
            rows("severity", stage, {"i": value, "j": value + 1}, judge=judge)
            for stage in "st"
            for judge, value in (("panel", 1.0), ("x", 0.0), ("y", 2.0))
        ],
        rows("severity", "t", {"j": 4.0}, judge="human", probability=0.1),
    )
    nan = np.nan
    np.testing.assert_array_equal(data.values, [[1, 2], [1, 2]])
    assert data.labels is not None and data.panel is not None
    np.testing.assert_array_equal(data.labels.values, [[nan, nan], [nan, 4]])
    np.testing.assert_array_equal(data.labels.probability, [[nan, nan], [nan, 0.1]])
    assert data.panel.judges == ("x", "y")
    np.testing.assert_array_equal(data.panel.grades, [[[0, 1], [0, 1]], [[2, 3], [2, 3]]])


def test_neither_labels_nor_panel() -> None:
    (data,) = arrays(*[rows("severity", stage, {"i": 1.0}, judge="x") for stage in "st"])
    assert data.labels is None and data.panel is None


def test_a_human_label_does_not_make_another_scale_of_a_rate() -> None:
    judged = [rows("x", stage, {"i": 0.0, "j": 1.0}, judge="m") for stage in "st"]
    with pytest.raises(
        InputError, match=r"A human label of b/x is 7, and its judges grade from 0 to 1: mend the label"
    ):
        arrays(*judged, rows("x", "t", {"i": 7.0}, judge="human"))
    severe = [rows("y", stage, {"i": 0.0, "j": 4.0}, judge="m") for stage in "st"]
    (data,) = arrays(*severe, rows("y", "t", {"i": 5.0}, judge="human"))
    assert (data.kind, data.low, data.high) == ("severity", 0.0, 5.0)
    (alone,) = arrays(*[rows("x", stage, {"i": 0.0, "j": 3.0}, judge="human") for stage in "st"])
    assert (alone.kind, alone.high) == ("severity", 3.0)
