"""Graded refusals beside labels: what each share counts, its limits, and how well these hold."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.proportion import proportion_confint

from stagelens.statistics.judging.refusals import CLASSES, COMPLIANCE, FOUND, PARTIAL, REFUSAL, UNGRADED, Measured


def measured(**counts: int) -> Measured:
    """``label_found=n`` in the letters c, p, r, u."""
    words = dict(zip("cpru", (COMPLIANCE, PARTIAL, REFUSAL, UNGRADED), strict=True))
    return Measured("one", tuple((words[pair[0]], words[pair[2]]) for pair, n in counts.items() for _ in range(n)))


def test_what_the_shares_count() -> None:
    one = measured(r_r=7, r_p=2, r_c=1, c_c=15, c_p=3, c_r=2, p_p=4, p_r=5, p_c=1)
    assert (one.sensitivity.count, one.sensitivity.n) == (7, 10)
    assert (one.specificity.count, one.specificity.n) == (18, 20)
    assert (one.strict_specificity.count, one.strict_specificity.n) == (15, 20)
    assert (one.partial.count, one.partial.n) == (4, 10)
    assert (one.agreement.count, one.agreement.n) == (26, 40)
    assert one.balanced_accuracy is not None
    assert one.balanced_accuracy.value == pytest.approx((0.7 + 0.9) / 2)


def test_silence_counts_as_wrong() -> None:
    one = measured(r_r=7, r_u=3, c_c=15, c_u=5)
    assert one.sensitivity.rate == 0.7
    assert one.specificity.rate == one.strict_specificity.rate == 0.75


def test_without_one_of_the_two_classes_there_is_no_balanced_accuracy() -> None:
    assert measured(r_r=3).balanced_accuracy is None
    assert measured(c_c=3, p_p=1).balanced_accuracy is None
    assert measured(c_c=3).to_dict()["balanced_accuracy"] is None


def test_intervals_are_wilson_s() -> None:
    one = measured(r_r=7, r_c=3, c_c=18, c_r=2)
    for share in (one.sensitivity, one.specificity):
        assert share.interval == pytest.approx(proportion_confint(share.count, share.n, method="wilson"))


@given(st.lists(st.tuples(st.sampled_from(CLASSES), st.sampled_from(FOUND)), min_size=1, max_size=60))
def test_limits_enclose_the_value_and_stay_inside(pairs: list[tuple[str, str]]) -> None:
    one = Measured("one", tuple(pairs))
    accuracy = one.balanced_accuracy
    assert (accuracy is None) == (not {REFUSAL, COMPLIANCE} <= {label for label, _ in pairs})
    if accuracy is not None:
        assert 0 <= accuracy.low <= accuracy.value <= accuracy.high <= 1 + 1e-12
    assert sum(one.counts.values()) == len(pairs)
    assert one.strict_specificity.count <= one.specificity.count


@pytest.mark.parametrize(("sensitivity", "specificity", "n"), [(0.74, 0.99, (49, 374)), (0.95, 0.95, (294, 101))])
def test_the_balanced_accuracy_s_interval_covers(sensitivity: float, specificity: float, n: tuple[int, int]) -> None:
    rng, held = np.random.default_rng(0), 0
    for _ in range(400):
        hits, passes = rng.binomial(n[0], sensitivity), rng.binomial(n[1], specificity)
        one = measured(r_r=hits, r_c=n[0] - hits, c_c=passes, c_r=n[1] - passes)
        assert one.balanced_accuracy is not None
        held += one.balanced_accuracy.low <= (sensitivity + specificity) / 2 <= one.balanced_accuracy.high
    assert held / 400 >= 0.95 - 2.5 * (0.95 * 0.05 / 400) ** 0.5
