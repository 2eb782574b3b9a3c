"""Rogan and Gladen's correction: a published estimate, the interval's formula, coverage, and what it refuses."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stagelens.errors import InputError
from stagelens.statistics.judging.rogan_gladen import Calibration, CorrectedRate, corrected_difference, corrected_rate

PERFECT = Calibration(1e9, 1e9, 1e9, 1e9)


def test_published_estimate():
    """150 cows, 23 positive, sensitivity .96, specificity .89: 5.1 in 100 are infected (epiR, ``epi.prev``)."""
    rate = corrected_rate(23 / 150, 150, Calibration(1e6, 0.96e6, 1e6, 0.89e6))
    assert rate.estimate == pytest.approx(0.051, abs=5e-4)


def test_a_perfect_judge_leaves_wilsons_centre_and_the_agresti_coull_width():
    rate = corrected_rate(0.3, 100, PERFECT)
    z = 1.959963984540054
    centre, n = (30 + z**2 / 2) / (100 + z**2), 100 + z**2
    half = z * (centre * (1 - centre) / n) ** 0.5
    assert (rate.low, rate.high) == pytest.approx((centre - half, centre + half), abs=1e-6)


def test_clipping_is_said():
    rate = corrected_rate(0.01, 500, Calibration(50, 45, 50, 45))
    assert (rate.estimate, rate.clipped, rate.low) == (0.0, True, 0.0)
    assert 0 < rate.high < 0.2
    assert not corrected_rate(0.3, 500, Calibration(50, 45, 50, 45)).clipped


@given(
    apparent=st.floats(0, 1),
    found=st.integers(30, 50),
    left=st.integers(30, 50),
    n=st.integers(20, 5000),
)
def test_limits_hold_the_estimate_inside_the_range(apparent, found, left, n):
    rate = corrected_rate(apparent, n, Calibration(50, found, 50, left))
    assert 0 <= rate.low <= rate.estimate <= rate.high <= 1
    # The other way round: what is not the property is as rare as the property is common.
    mirrored = corrected_rate(1 - apparent, n, Calibration(50, left, 50, found))
    assert (1 - mirrored.high, 1 - mirrored.low) == pytest.approx((rate.low, rate.high), abs=1e-9)


def test_the_calibration_s_uncertainty_is_carried():
    rng = np.random.default_rng(0)
    held = []
    for _ in range(1000):
        apparent = rng.binomial(1000, 0.1 * 0.85 + 0.9 * 0.05) / 1000
        calibration = Calibration(40, float(rng.binomial(40, 0.85)), 200, float(rng.binomial(200, 0.95)))
        rate = corrected_rate(apparent, 1000, calibration)
        held.append(rate.low <= 0.1 <= rate.high)
    assert np.mean(held) >= 0.95 - 3 * (0.95 * 0.05 / 1000) ** 0.5


def test_difference_swaps_and_is_newcombes():
    earlier, later = CorrectedRate(0.2, 0.1, 0.35, False), CorrectedRate(0.5, 0.4, 0.7, False)
    difference, low, high = corrected_difference(earlier, later)
    assert difference == pytest.approx(0.3)
    assert low == pytest.approx(0.3 - (0.1**2 + 0.15**2) ** 0.5)
    assert high == pytest.approx(0.3 + (0.2**2 + 0.1**2) ** 0.5)
    assert corrected_difference(later, earlier) == pytest.approx((-difference, -high, -low))


def test_a_judge_that_tells_nothing_is_refused():
    with pytest.raises(InputError, match="tells nothing"):
        corrected_rate(0.3, 100, Calibration(50, 25, 50, 25))
    with pytest.raises(InputError, match="labelled answers of both kinds"):
        Calibration(0, 0, 50, 25)
