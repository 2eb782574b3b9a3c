"""What the rule table says of known levels: by hand, by its symmetries, and against the instrument on huge data."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from organisms_validation_worlds import MARGIN, STAGES, exactly, table

from stagelens.organisms.validation.truth import Label, label_of, truth_of
from stagelens.statistics.data import INCAPABLE, Rules
from stagelens.statistics.decide import decide

TABLE = {
    (0.50, 0.20, 0.20): Label("sft"),
    (0.50, 0.52, 0.20): Label("production"),
    (0.50, 0.52, 0.49): Label("pretraining"),
    (0.02, 0.03, 0.01): Label("no_change"),
    (0.99, 0.98, 0.97): Label("no_change"),
    (0.50, 0.54, 0.58): Label("diffuse"),
    (0.20, 0.40, 0.60): Label("mixed", "additive"),
    (0.60, 0.20, 0.40): Label("mixed", "eroded"),
    (0.60, 0.20, 0.58): Label("mixed", "cancelling"),
    (0.60, 0.40, 0.80): Label("mixed", "overshoot"),
}
UNDER_A_MARGIN = 0.0555
"""No two levels of whole points differ by it, so that no rounding decides."""

levels = st.lists(st.integers(0, 100), min_size=3, max_size=3).map(lambda points: [point / 100 for point in points])


@pytest.mark.parametrize(("points", "label"), TABLE.items(), ids=str)
def test_the_table_by_hand(points: tuple[float, ...], label: Label) -> None:
    assert label_of(STAGES, points, MARGIN) == label


@given(levels)
def test_a_measure_and_its_opposite_have_one_cause(points: list[float]) -> None:
    opposite = [1 - point for point in points]
    assert label_of(STAGES, opposite, UNDER_A_MARGIN) == label_of(STAGES, points, UNDER_A_MARGIN)


@given(levels, st.sampled_from([0.5, 0.25]))
def test_what_moved_depends_on_steps_in_margins_only(points: list[float], scale: float) -> None:
    label = label_of(STAGES, points, UNDER_A_MARGIN)
    scaled = label_of(STAGES, [point * scale for point in points], UNDER_A_MARGIN * scale)
    still = {Label("pretraining"), Label("no_change")}
    assert scaled == label or {scaled, label} <= still


@given(levels)
def test_the_label_itself_is_always_right(points: list[float]) -> None:
    truth = truth_of(exactly(points, 100), UNDER_A_MARGIN)
    assert truth.label == label_of(STAGES, points, UNDER_A_MARGIN)
    assert truth.label in truth.right


def test_levels_with_their_intervals() -> None:
    status = np.zeros((2, 100), np.int8)
    status[1, :20] = INCAPABLE
    values = [np.arange(100) < 50, np.arange(100) >= 60]
    first, second = truth_of(table(values, status=status), MARGIN).levels
    assert (first.asked, first.read, first.level) == (100, 100, 0.5)
    assert first.low == pytest.approx(0.5 - 0.098, abs=1e-4)
    assert (second.asked, second.read, second.level) == (100, 80, 0.5)
    assert second.low == pytest.approx(0.4 - 1.959964 * np.sqrt(0.25 / 80), abs=1e-6)  # all unread answers are 0
    assert second.high == pytest.approx(0.6 + 1.959964 * np.sqrt(0.25 / 80), abs=1e-6)


def test_a_step_near_the_margin_has_two_right_labels() -> None:
    truth = truth_of(exactly([0.5, 0.552, 0.552], 20_000), MARGIN)
    assert truth.label == Label("sft")
    assert {Label("sft"), Label("pretraining")} <= truth.right
    assert truth_of(exactly([0.5, 0.7, 0.7], 20_000), MARGIN).right == {Label("sft")}


@pytest.mark.parametrize(("level", "right"), [(0.03, {"no_change"}), (0.08, {"no_change", "pretraining"})])
def test_near_an_end_both_still_labels_are_right(level: float, right: set[str]) -> None:
    assert {label.cause for label in truth_of(exactly([level] * 3, 20_000), MARGIN).right} == right


@pytest.mark.parametrize(
    ("points", "clear"),
    [((0.5, 0.4, 0.4), True), ((0.5, 0.43, 0.43), False), ((0.5, 0.52, 0.5), True), ((0.5, 0.46, 0.5), False)],
)
def test_clear_is_two_margins_or_half_a_margin(points: tuple[float, ...], clear: bool) -> None:
    assert truth_of(exactly(points, n=20_000), 0.0495).clear is clear


def test_steps_are_later_minus_earlier() -> None:
    assert truth_of(exactly([0.5, 0.2, 0.3]), MARGIN).steps == pytest.approx((-0.3, 0.1))


CLEAR = [
    points
    for points in (
        *TABLE,
        (0.30, 0.31, 0.30),
        (0.10, 0.90, 0.89),
        (0.90, 0.90, 0.10),
        (0.95, 0.05, 0.95),
        (0.70, 0.10, 0.40),
    )
    if label_of(STAGES, points, MARGIN) != Label("diffuse")  # whose steps of 4 points of 5 are clear to nobody
]


@pytest.mark.parametrize("points", CLEAR, ids=str)
def test_the_instrument_agrees_on_huge_data(points: tuple[float, ...]) -> None:
    census = exactly(points, 60_000)
    result = decide([census], Rules()).results[0]
    truth = truth_of(census, MARGIN)
    assert Label(str(result.cause), result.pattern) == truth.label
