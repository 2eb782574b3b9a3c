"""Krippendorff's alpha against published values, its invariances, and its interval."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stagelens.statistics.judging.agreement import STEPS, agreement, krippendorff

NONE = np.nan
PUBLISHED = np.array(
    [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, NONE, NONE, NONE],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, NONE, 3],
        [NONE, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, NONE],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, NONE],
    ]
)
"""Four observers, twelve units: Krippendorff (2011), section C and D."""

BINARY = np.array([[0, 1, 0, 0, 0, 0, 0, 0, 1, 0], [1, 1, 1, 0, 0, 1, 0, 0, 0, 0]], dtype=float)
"""Two observers, ten units, two values: Krippendorff (2011), section A."""

LEVELS = ("nominal", "ordinal", "interval")


@pytest.mark.parametrize(("level", "alpha"), [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849)])
def test_published_alphas(level, alpha):
    assert krippendorff(PUBLISHED, level) == pytest.approx(alpha, abs=5e-4)


@pytest.mark.parametrize("level", LEVELS)
def test_two_values_have_one_alpha_at_every_level(level):
    assert krippendorff(BINARY, level) == pytest.approx(0.095, abs=5e-4)


def by_definition(grades, level):
    """Alpha from all pairs of grades, one by one."""
    units = [unit[~np.isnan(unit)] for unit in grades.T]
    units = [unit for unit in units if len(unit) >= 2]
    everything = np.concatenate(units)

    def distance(a, b):
        if level == "nominal":
            return float(a != b)
        if level == "interval":
            return (a - b) ** 2
        low, high = min(a, b), max(a, b)
        between = np.sum((everything >= low) & (everything <= high))
        return (between - (np.sum(everything == low) + np.sum(everything == high)) / 2) ** 2 if a != b else 0.0

    observed = sum(sum(distance(a, b) for a in unit for b in unit) / (len(unit) - 1) for unit in units)
    expected = sum(distance(a, b) for a in everything for b in everything) / (len(everything) - 1)
    return 1 - observed / expected


@settings(deadline=None, max_examples=40)
@given(
    seed=st.integers(0, 10_000),
    judges=st.integers(2, 4),
    units=st.integers(2, 12),
    level=st.sampled_from(LEVELS),
    missing=st.sampled_from([0.0, 0.3]),
)
def test_alpha_is_what_its_definition_says(seed, judges, units, level, missing):
    rng = np.random.default_rng(seed)
    grades = rng.choice([0.0, 1.0, 2.0, 3.5], (judges, units))
    grades[rng.random(grades.shape) < missing] = np.nan
    pairable = grades[:, (~np.isnan(grades)).sum(axis=0) >= 2]
    if len(np.unique(pairable[~np.isnan(pairable)])) < 2:
        assert np.isnan(krippendorff(grades, level))
    else:
        assert krippendorff(grades, level) == pytest.approx(by_definition(grades, level), abs=1e-9)


@settings(deadline=None, max_examples=20)
@given(seed=st.integers(0, 10_000), level=st.sampled_from(LEVELS))
def test_order_decides_nothing(seed, level):
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 4, 30)
    grades = np.where(rng.random((3, 30)) < 0.7, truth, rng.integers(0, 4, (3, 30))).astype(float)
    cluster = np.arange(30) // 2
    judges, units, names = rng.permutation(3), rng.permutation(30), rng.permutation(15)
    one = agreement(grades, cluster, level, replicates=100)
    other = agreement(grades[judges][:, units], names[cluster][units], level, replicates=100)
    assert one is not None
    assert other is not None
    assert (one.alpha, one.low, one.high) == pytest.approx((other.alpha, other.low, other.high), abs=1e-9)


def test_scales_may_be_moved_and_stretched():
    grades = PUBLISHED * 1e-6 + 3
    for level in LEVELS:
        assert krippendorff(grades, level) == pytest.approx(krippendorff(PUBLISHED, level), abs=1e-6)


def test_what_is_undefined_is_not_a_number():
    assert np.isnan(krippendorff(np.ones((3, 5)), "nominal"))
    assert np.isnan(krippendorff(np.full((3, 5), np.nan), "ordinal"))
    assert agreement(np.array([[1.0, np.nan], [np.nan, 2.0]]), np.arange(2), "interval") is None


def test_full_agreement_is_one_with_its_interval():
    grades = np.tile(np.arange(20) % 3, (3, 1)).astype(float)
    result = agreement(grades, np.arange(20), "ordinal")
    assert result is not None
    assert (result.alpha, result.low, result.high) == pytest.approx((1, 1, 1))


def test_clusters_widen_the_interval():
    rng = np.random.default_rng(0)
    truth, wrong = np.repeat(rng.integers(0, 2, 40), 10), np.repeat(rng.random(40) < 0.3, 10)
    grades = np.array([truth, np.where(wrong, 1 - truth, truth)], dtype=float)
    clustered = agreement(grades, np.arange(400) // 10, "nominal")
    alone = agreement(grades, np.arange(400), "nominal")
    assert clustered is not None
    assert alone is not None
    assert clustered.high - clustered.low > 2 * (alone.high - alone.low)


def test_many_distinct_grades_keep_their_alpha():
    rng = np.random.default_rng(1)
    truth = rng.random(400)
    grades = truth + 0.2 * rng.random((3, 400))
    mean = grades.mean()
    pairs = [(grades[j] - grades[k]) ** 2 for j in range(3) for k in range(3) if j != k]
    exact = 1 - (np.sum(pairs) / 2) / (2 * np.sum((grades - mean) ** 2) * grades.size / (grades.size - 1))
    assert len(np.unique(grades)) > STEPS
    assert krippendorff(grades, "interval") == pytest.approx(exact, abs=0.01)


def test_the_interval_holds_the_population():
    rng = np.random.default_rng(2)

    def panel(units):
        truth = rng.random(units) < 0.3
        return np.where(rng.random((3, units)) < 0.85, truth, ~truth).astype(float)

    target = krippendorff(panel(200_000), "nominal")
    results = [agreement(panel(150), np.arange(150), "nominal", replicates=300) for _ in range(200)]
    held = np.mean([result is not None and result.low <= target <= result.high for result in results])
    assert held >= 0.93 - 3 * (0.93 * 0.07 / 200) ** 0.5


def test_a_thousand_units_take_no_second():
    rng = np.random.default_rng(3)
    grades = rng.integers(0, 6, (4, 1000)).astype(float)
    started = time.perf_counter()
    agreement(grades, np.arange(1000), "ordinal")
    assert time.perf_counter() - started < 1
