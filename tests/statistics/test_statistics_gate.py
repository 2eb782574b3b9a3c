"""The cluster gate where clusters weigh unequally: the worst way to hide a change, against an optimiser."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from stagelens.statistics.design.planning import equal_clusters


def shares(sizes):
    return np.array(sizes, dtype=float) / sum(sizes)


@pytest.mark.parametrize("clusters", [1, 2, 40])
@pytest.mark.parametrize("flipped", [0.01, 0.05, 0.5])
def test_equal_clusters_count_as_they_are(clusters, flipped):
    assert equal_clusters(shares([3] * clusters), flipped) == pytest.approx(clusters)


def test_three_weights_by_hand():
    # Clusters of .4, .4 and .2, of which half flips: all three can, c = (1 - .5) / 3 < .2.
    c = 0.5 / 3
    assert equal_clusters(shares([2, 2, 1]), 0.5) == pytest.approx(np.log(c**3 / 0.032) / np.log(0.5))
    # A tenth: only the large ones flip, c = (.8 - .1) / 2 > .2.
    assert equal_clusters(shares([2, 2, 1]), 0.1) == pytest.approx(np.log((0.35 / 0.4) ** 2) / np.log(0.9))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(1, 20), min_size=2, max_size=8), st.floats(0.02, 0.6))
def test_no_way_to_spread_the_flips_hides_them_better(sizes, flipped):
    weight = shares(sizes)
    found = (1 - flipped) ** equal_clusters(weight, flipped)
    best = minimize(
        lambda p: -np.log1p(-p).sum(),
        np.full(weight.size, flipped),
        bounds=[(0.0, 1 - 1e-9)] * weight.size,
        constraints={"type": "eq", "fun": lambda p: weight @ p - flipped},
    )
    assert np.exp(-best.fun) == pytest.approx(found, rel=1e-3, abs=1e-6)


@given(st.lists(st.integers(1, 20), min_size=2, max_size=40), st.floats(0.01, 0.6))
def test_never_more_than_there_are_in_any_order(sizes, flipped):
    weight = shares(sizes)
    worth = equal_clusters(weight, flipped)
    assert 0 < worth <= weight.size + 1e-9
    assert worth == pytest.approx(equal_clusters(weight[::-1], flipped))
