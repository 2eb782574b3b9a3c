"""Panels: who is on them, what they say without a judge, what the verdicts tell of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from statistics_worlds import measure, unscored

from stagelens.statistics.data import UNGRADED, PanelGrades, Rules
from stagelens.statistics.decide import decide
from stagelens.statistics.judging.agreement import krippendorff
from stagelens.statistics.judging.panels import left_out, members, panel_agreement

JUDGES = ("a", "b", "c", "d")


def severities(seed=0, n=120, judges=4):
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 6, (2, n))
    return np.clip(truth + rng.integers(-1, 2, (judges, 2, n)), 0, 5).astype(float)


def panelled(grades, values=None, **kind):
    values = np.median(grades, axis=0) if values is None else values
    return replace(measure(values, **kind), panel=PanelGrades(JUDGES[: len(grades)], grades))


def test_the_judge_whom_the_panel_leaves_out_is_found():
    grades = severities()
    values = np.stack([np.median(grades[1:, 0], axis=0), np.median(grades[:, 1], axis=0)])
    data = panelled(grades, values, kind="severity", high=5.0)
    assert members(data, data.panel).tolist() == [[False, True], [True, True], [True, True], [True, True]]


def test_nothing_is_guessed_of_a_rate_s_panel():
    grades = severities(1)
    values = np.stack([np.median(grades[1:, 0], axis=0), np.median(grades[:, 1], axis=0)]) >= 3
    data = panelled((grades >= 3).astype(float), values.astype(float))
    assert members(data, data.panel).all()


def test_without_a_judge_the_others_median_stands():
    grades = severities(2)
    data = panelled(grades, kind="severity", high=5.0)
    for position, (judge, others) in enumerate(left_out(data, data.panel)):
        assert judge == JUDGES[position]
        assert np.array_equal(others.values, np.median(np.delete(grades, position, axis=0), axis=0))
        assert others.panel is None


def test_what_only_the_left_out_judge_graded_is_ungraded():
    grades = severities(3, judges=2)
    grades[1, 0, :7] = np.nan
    data = panelled(grades, np.nanmedian(grades, axis=0), kind="severity", high=5.0)
    first = next(left_out(data, data.panel))[1]
    assert (first.status[0, :7] == UNGRADED).all()
    assert np.isnan(first.values[0, :7]).all()
    assert (first.status[0, 7:] == 0).all()


def test_what_the_panel_did_not_score_stays_unscored():
    grades = severities(4, judges=3)
    values = np.median(grades, axis=0)
    status = unscored(values, 1, incapable=range(5))
    data = panelled(grades, values, status=status, kind="severity", high=5.0)
    for _, others in left_out(data, data.panel):
        assert np.array_equal(others.status, data.status)


def test_a_tie_of_rates_counts_one_half():
    grades = np.array([[[1.0, 0, 1]] * 2, [[0.0, 0, 1]] * 2, [[1.0, 1, 1]] * 2])
    data = panelled(grades)
    third = list(left_out(data, data.panel))[2][1]
    assert third.values[0].tolist() == [0.5, 0.0, 1.0]


def test_agreement_is_alpha_over_all_stages():
    grades = severities(5)
    data = panelled(grades, kind="severity", high=5.0)
    result = panel_agreement(data, data.panel, 0.05)
    assert result is not None
    assert result.level == "ordinal"
    assert result.alpha == pytest.approx(krippendorff(grades.reshape(4, -1), "ordinal"))
    assert result.low < result.alpha < result.high


def test_verdicts_tell_what_is_known_of_the_judges():
    rng = np.random.default_rng(6)
    truth = np.stack([rng.random(200) < 0.2, rng.random(200) < 0.5])
    grades = np.where(rng.random((3, 2, 200)) < 0.95, truth, ~truth).astype(float)
    grades[2, 1] = 0.0  # one judge sees nothing at the later stage
    judging = decide([panelled(grades)], Rules()).results[0].judging
    assert judging is not None
    assert (judging.judges, judging.level, judging.labelled, judging.correction) == (JUDGES[:3], "nominal", 0, None)
    assert judging.krippendorff_alpha is not None
    assert [one.judge for one in judging.left_out] == list(JUDGES[:3])
    by_judge = {one.judge: one for one in judging.left_out}
    full = decide([panelled(grades)], Rules()).results[0].contrasts[0]
    assert by_judge["c"].difference == pytest.approx(
        np.median(grades[:2], axis=0)[1].mean() - np.median(grades[:2], axis=0)[0].mean()
    )
    assert by_judge["c"].difference > full.difference > by_judge["a"].difference
    assert all(one.low < one.difference < one.high for one in judging.left_out)
