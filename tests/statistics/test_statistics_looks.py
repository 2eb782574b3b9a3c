"""Group-sequential looks: published boundaries, the repeated p value and its inverse, and the size by simulation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import ndtr, ndtri
from statistics_worlds import measure

from stagelens.statistics.data import Question, Rules
from stagelens.statistics.decide import decide
from stagelens.statistics.design.looks import FIXED, MOST_LOOKS, Look
from stagelens.statistics.planning.courses import Aim, follow
from stagelens.statistics.planning.worlds import AssumedRates

several_looks = st.integers(2, MOST_LOOKS).flatmap(lambda of: st.integers(1, of).map(lambda number: Look(number, of)))


@pytest.mark.parametrize(
    ("alpha", "constants"),
    [
        (0.10, {2: 1.678, 3: 1.710, 4: 1.733, 5: 1.751, 10: 1.801}),
        (0.05, {2: 1.977, 3: 2.004, 4: 2.024, 5: 2.040, 10: 2.087}),
        (0.01, {2: 2.580, 3: 2.595, 4: 2.609, 5: 2.621}),
    ],
)
def test_the_last_boundary_is_the_published_constant(alpha, constants):
    # Jennison & Turnbull (2000), table 2.3: C_B(K, α), two-sided.
    for looks, constant in constants.items():
        assert -ndtri(Look(looks, looks).level(alpha / 2)) == pytest.approx(constant, abs=6e-4)


@pytest.mark.parametrize("looks", [2, 5])
def test_boundaries_are_crossed_as_often_as_alpha_says(looks):
    rng, alpha, n = np.random.default_rng(1), 0.05, 400_000
    motion = np.cumsum(rng.standard_normal((looks, n)), axis=0) / np.sqrt(looks)
    crossed = np.zeros(n, bool)
    for number in range(1, looks + 1):
        boundary = -ndtri(Look(number, looks).level(alpha))
        crossed |= motion[number - 1] / np.sqrt(number / looks) >= boundary
    assert crossed.mean() == pytest.approx(alpha, abs=4 * (alpha * (1 - alpha) / n) ** 0.5)


def test_two_looks_agree_with_the_bivariate_normal():
    from scipy.stats import multivariate_normal

    alpha, root = 0.025, 0.5**0.5
    boundary = [-ndtri(Look(k, 2).level(alpha)) for k in (1, 2)]
    never = multivariate_normal([0, 0], [[1, root], [root, 1]]).cdf(boundary)
    assert 1 - never == pytest.approx(alpha, rel=1e-4)


@given(st.floats(0, 1))
def test_a_fixed_design_changes_nothing(p):
    assert FIXED.level(p) == p
    assert FIXED.p(p) == p


@settings(deadline=None)  # the first time, a boundary is integrated
@given(several_looks, st.floats(1e-12, 0.999))
def test_level_and_p_are_each_other_s_inverse(look, alpha):
    level = look.level(alpha)
    assert 0 <= level <= alpha * (1 + 1e-5)
    if level > 1e-290:
        assert look.p(level) == pytest.approx(alpha, rel=1e-6)


@settings(deadline=None)  # the first time, a boundary is integrated
@given(several_looks, st.floats(1e-9, 0.5), st.floats(0, 1))
def test_p_lies_below_alpha_exactly_where_it_lies_below_the_level(look, alpha, p):
    level = look.level(alpha)
    if abs(p - level) > 1e-9 * level:
        assert (p < level) == (look.p(p) < alpha)


@settings(deadline=None)  # the first time, a boundary is integrated
@given(several_looks, st.floats(0, 1), st.floats(0, 1))
def test_p_grows(look, p, other):
    small, large = sorted((p, other))
    assert 0 <= look.p(small) <= look.p(large) <= 1
    assert (look.p(0.0), look.p(1.0)) == (0, 1)


def test_early_looks_ask_for_more():
    levels = [Look(k, 5).level(0.05) for k in range(1, 6)]
    assert levels == sorted(levels)
    assert [Look(5, of).level(0.05) for of in (5, 6, 7)] == sorted(
        (Look(5, of).level(0.05) for of in (5, 6, 7)), reverse=True
    )


def test_small_probabilities_are_exact():
    # Far out, one crossing is all there is: P(W(1) ≥ C) and what the earlier looks add to it.
    p = ndtr(-7.0)
    assert p < Look(5, 5).p(p) < 1.05 * p


def test_there_is_no_look_after_the_last():
    for number, of in ((0, 5), (6, 5), (1, MOST_LOOKS + 1)):
        with pytest.raises(ValueError, match="look"):
            Look(number, of)


def test_a_contrast_at_an_early_look_has_wider_limits_and_larger_p_values():
    rng = np.random.default_rng(2)
    table = (rng.random((2, 300)) < np.array([[0.3], [0.4]])).astype(float)
    fixed, early = (decide([_at(measure(table), look)], Rules()).results[0] for look in (FIXED, Look(2, 5)))
    whole, part = fixed.contrasts[0], early.contrasts[0]
    assert part.low < whole.low
    assert part.equivalence_high > whole.equivalence_high
    assert part.p_difference_raw > whole.p_difference_raw
    assert (early.look, early.looks, fixed.look, fixed.looks) == (2, 5, 1, 1)
    assert Question(0.05, 0.05).look == FIXED


def _at(data, look):
    from dataclasses import replace

    return replace(data, look=look)


@pytest.mark.parametrize(("change", "word"), [(0.05, "same"), (0.0, "changed")])
def test_five_looks_at_tango_s_statistic_keep_the_size(change, word):
    # With Wald's statistic the size rose to 8.1 % at a rate of .1; the tolerance is three standard errors.
    alpha, n = 0.05, 4000
    draw = AssumedRates(0.1, 0.5, (1,)).draw(np.random.default_rng(3), n, 450, change)
    course = follow(draw, Aim(0.05, alpha, gate=59), 450, looks=5)
    assert 0.02 < getattr(course, word).mean() <= alpha + 3 * (alpha * (1 - alpha) / n) ** 0.5
