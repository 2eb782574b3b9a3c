"""Additions over random mixtures: least squares' coefficients, intervals that cover, and missing answers that widen."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import statsmodels.api as sm

from stagelens.audit.regression import additions
from stagelens.audit.variants import Variant, subsets
from stagelens.errors import InputError
from stagelens.statistics.data import SCORED, UNGRADED, MeasureData

SOURCES = ("a", "b", "c", "d", "e", "f")
TRUE = {"a": 0.4, "b": -0.1}
"""What the sources add; the others nothing."""


def world(
    seed: int, *, count: int = 16, items: int = 120, runs: int = 1, training: float = 0.05
) -> tuple[MeasureData, tuple[Variant, ...]]:
    """Answers whose chance is linear in the sources, plus what every training adds by luck."""
    rng = np.random.default_rng(seed)
    variants = subsets(SOURCES, count, seed)
    own = rng.uniform(0.2, 0.4, items)
    values = np.empty((count, items * runs))
    for row, variant in enumerate(variants):
        there = [source for source in SOURCES if source not in variant.kept]
        for run in range(runs):
            chance = own + sum(TRUE.get(source, 0.0) for source in there) / 2 + rng.normal(0, training)
            values[row, run * items : (run + 1) * items] = rng.random(items) < np.clip(chance, 0, 1)
    item = np.tile(np.arange(items), runs)
    data = MeasureData(
        family="f",
        benchmark="safety",
        measure="unsafe_response",
        higher_is_worse=True,
        kind="rate",
        low=0.0,
        high=1.0,
        stages=tuple(variant.name for variant in variants),
        values=values,
        status=np.full(values.shape, SCORED, dtype=np.int8),
        item=item,
        cluster=item // 2,
        run=np.repeat(np.arange(runs), items) if runs > 1 else None,
    )
    return data, variants


@pytest.mark.parametrize("runs", [1, 2])
def test_they_are_the_coefficients_of_least_squares(runs: int) -> None:
    data, variants = world(1, runs=runs)
    found = additions(data, variants, SOURCES, alpha=0.05)
    kept = np.array([[variant.kept.get(source, 1.0) for source in SOURCES] for variant in variants])
    items = len(data.item) // runs
    shares = [data.values[:, run * items : (run + 1) * items].mean(axis=1) for run in range(runs)]
    reference = sm.OLS(np.concatenate(shares), sm.add_constant(np.tile(kept, (runs, 1)))).fit()
    np.testing.assert_allclose([each.difference for each in found], reference.params[1:], atol=1e-12)
    assert {each.trainings for each in found} == {16 * runs}


def test_intervals_cover_what_the_sources_add() -> None:
    covered, first = [], 0
    for seed in range(300):
        found = additions(*world(seed), SOURCES, alpha=0.05)
        covered += [each.low <= TRUE.get(each.source, 0.0) / 2 <= each.high for each in found]
        first += max(found, key=lambda each: abs(each.difference)).source == "a"
    # Wide rather than narrow: what trainings and items share is counted twice.
    assert 0.94 <= np.mean(covered) <= 0.995
    assert first >= 297


def test_nothing_is_found_where_nothing_is() -> None:
    found = []
    for seed in range(200):
        data, variants = world(seed)
        rng = np.random.default_rng(seed)
        noise = replace(data, values=(rng.random(data.values.shape) < 0.3).astype(float))
        found.append(any(each.p <= 0.05 for each in additions(noise, variants, SOURCES, alpha=0.05)))
    assert np.mean(found) <= 0.07


def test_missing_answers_widen_and_move_nothing_to_zero() -> None:
    data, variants = world(3)
    whole = additions(data, variants, SOURCES, alpha=0.05)
    status = data.status.copy()
    status[:, ::7] = UNGRADED
    values = np.where(status == SCORED, data.values, np.nan)
    part = additions(replace(data, values=values, status=status), variants, SOURCES, alpha=0.05)
    for less, more in zip(whole, part, strict=True):
        assert more.high - more.low > less.high - less.low
        assert more.low < more.difference < more.high
        assert more.difference == pytest.approx(less.difference, abs=0.1)


def test_too_few_mixtures_are_one_sentence() -> None:
    data, variants = world(4, count=7)
    with pytest.raises(InputError, match="7 mixtures cannot tell 6 sources apart; draw more, at least 8"):
        additions(data, variants, SOURCES, alpha=0.05)


def test_a_training_without_a_grade_leaves_no_number() -> None:
    data, variants = world(5)
    status = data.status.copy()
    status[2] = UNGRADED
    nothing = replace(data, values=np.where(status == SCORED, data.values, np.nan), status=status)
    found = additions(nothing, variants, SOURCES, alpha=0.05)
    assert {(each.difference, each.p) for each in found} == {(None, 1.0)}
