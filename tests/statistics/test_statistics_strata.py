"""Strata: Benjamini and Hochberg against references, what a stratum's verdict rests on, the false discovery rate."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import false_discovery_control
from statistics_worlds import measure
from statsmodels.stats.multitest import multipletests

from stagelens.statistics.contrasts.multiplicity import benjamini_hochberg
from stagelens.statistics.data import Labels, Rules
from stagelens.statistics.decide import decide


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_benjamini_hochberg_against_statsmodels_and_scipy(p):
    adjusted = benjamini_hochberg(p)
    assert adjusted == pytest.approx(list(multipletests(p, method="fdr_bh")[1]))
    assert adjusted == pytest.approx(list(false_discovery_control(p)))


def test_benjamini_hochberg_of_nothing():
    assert benjamini_hochberg([]) == ()


def stratified(rates, per, seed=0, flips=0.3):
    """Two stages; ``rates`` gives (earlier, later) by stratum, ``per`` items in each."""
    rng = np.random.default_rng(seed)
    stratum = np.repeat(np.arange(len(rates)), per)
    n = stratum.size
    own = np.where(rng.random((2, n)) < 1 - flips, rng.random(n), rng.random((2, n)))
    table = (own < np.array(rates)[stratum].T).astype(float)
    names = tuple(f"s{k}" for k in range(len(rates)))
    return replace(measure(table), stratum=stratum.astype(np.int64), strata=names)


def result_of(data, rules=Rules()):  # noqa: B008  # rules are frozen
    return decide([data], rules).results[0]


def test_each_stratum_is_its_own_contrast():
    data = stratified([(0.3, 0.3), (0.3, 0.6), (0.7, 0.3)], per=800)
    found = result_of(data).strata
    assert [stratum.stratum for stratum in found] == ["s0", "s1", "s2"]
    assert [stratum.verdict for stratum in found] == ["equivalent", "changed_up", "changed_down"]
    for code, stratum in enumerate(found):
        inside = data.stratum == code
        alone = result_of(measure(data.values[:, inside])).contrasts[0]
        assert (stratum.difference, stratum.low, stratum.high) == pytest.approx(
            (alone.difference, alone.low, alone.high)
        )
        assert stratum.p_difference_raw == pytest.approx(alone.p_difference_raw)
        assert (stratum.items, stratum.clusters) == (800, 800)
    raw = [stratum.p_difference_raw for stratum in found]
    assert [stratum.p_difference for stratum in found] == pytest.approx(list(multipletests(raw, method="fdr_bh")[1]))


def test_a_change_that_adjustment_overturns_is_inconclusive():
    calm = [(0.3, 0.3)] * 12
    for seed in range(200):
        found = result_of(stratified([*calm, (0.3, 0.45)], per=120, seed=seed)).strata
        weak = [s for s in found if s.p_difference_raw < 0.05 <= s.p_difference]
        if weak:
            assert {stratum.verdict for stratum in weak} <= {"inconclusive"}
            return
    pytest.fail("no stratum was overturned in 200 draws")


def test_strata_of_one_cluster_and_items_without_a_stratum_are_left_out():
    data = stratified([(0.3, 0.3)] * 3, per=100)
    cluster = data.cluster.copy()
    cluster[:100] = 0
    stratum = data.stratum.copy()
    stratum[250:] = -1
    found = result_of(replace(data, cluster=cluster, stratum=stratum)).strata
    assert [(s.stratum, s.items) for s in found] == [("s1", 100), ("s2", 50)]
    assert result_of(replace(data, stratum=None, strata=())).strata == ()


def test_the_cluster_gate_holds_inside_a_stratum():
    table = np.tile((np.arange(2000) % 3 == 0).astype(float), (2, 1))
    cluster = np.arange(2000) // 50
    data = replace(
        measure(table, cluster=cluster), stratum=(np.arange(2000) // 1000).astype(np.int64), strata=("a", "b")
    )
    found = result_of(data, Rules(margins={"default": 0.09})).strata
    assert [s.verdict for s in found] == ["inconclusive", "inconclusive"]
    # A flip in every cluster shows that they do not answer as one: a narrower interval, but no more clusters.
    flipped = np.where(np.arange(2000) % 50 == 0, 1 - data.values[1], data.values[1])
    data = replace(data, values=np.array([data.values[0], flipped]))
    assert [s.verdict for s in result_of(data, Rules(margins={"default": 0.09})).strata] == ["uninformative"] * 2


def test_any_false_change_among_strata_without_one_is_rare():
    studies, wrong = 150, 0
    for seed in range(studies):
        found = result_of(stratified([(0.3, 0.3)] * 8, per=60, seed=seed)).strata
        wrong += any(s.verdict.startswith("changed") for s in found)
    assert wrong / studies <= 0.05 + 3 * (0.05 * 0.95 / studies) ** 0.5


def test_strata_stay_the_judge_s_where_humans_labelled():
    data = stratified([(0.3, 0.3), (0.7, 0.3)], per=200)
    values = np.where(np.arange(400) < 250, 1 - data.values, np.nan)
    labelled = replace(data, labels=Labels(values, np.full_like(values, np.nan)))
    assert result_of(labelled).contrasts[0].method == "ppi++"
    assert result_of(labelled).strata == result_of(data).strata
