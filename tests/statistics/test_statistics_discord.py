"""Strata that disagree: named where they do, and hardly ever where they do not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from statistics_worlds import measure

from stagelens.statistics.data import Rules
from stagelens.statistics.decide import decide


def stratified(rates, per, seed=0, names=None, flips=0.3):
    """Two stages; ``rates`` gives (earlier, later) by stratum, ``per`` items in each, a share of them drawn again."""
    rng = np.random.default_rng(seed)
    stratum = np.repeat(np.arange(len(rates)), per)
    own = np.where(rng.random((2, stratum.size)) < 1 - flips, rng.random(stratum.size), rng.random((2, stratum.size)))
    table = (own < np.array(rates)[stratum].T).astype(float)
    known = names or tuple(f"s{k}" for k in range(len(rates)))
    return replace(measure(table), stratum=stratum.astype(np.int64), strata=known)


def discords(data, margin=0.05):
    (result,) = decide([data], Rules(margins={"default": margin})).results
    return [warning for warning in result.warnings if "the strata disagree" in warning]


def test_a_change_under_announced_tests_alone_is_named():
    data = stratified([(0.5, 0.5), (0.5, 0.02)], per=400, names=("plain", "announced_test"))
    (warning,) = discords(data)
    assert "in plain between" in warning
    assert "in announced_test between −" in warning
    assert " → " in warning.split(":")[0]


def test_opposite_changes_are_named_even_where_they_cancel():
    data = stratified([(0.3, 0.7), (0.7, 0.3)], per=400)
    assert len(discords(data)) == 1


def test_the_two_that_are_furthest_from_agreeing_are_named_among_many():
    data = stratified([(0.5, 0.5)] * 4 + [(0.5, 0.9)], per=300)
    (warning,) = discords(data)
    assert "s4" in warning


def test_a_gap_within_the_margin_is_not_named():
    data = stratified([(0.5, 0.60), (0.5, 0.66)], per=6000, flips=0.05)
    assert discords(data, margin=0.1) == []
    assert len(discords(data, margin=0.01)) == 1


def test_without_strata_there_is_nothing_to_disagree():
    assert discords(measure(np.array([[0.0, 1.0] * 50, [1.0, 1.0] * 50]))) == []


def test_a_change_that_all_strata_share_is_called_a_disagreement_no_more_often_than_alpha():
    called = sum(bool(discords(stratified([(0.4, 0.6)] * 6, per=60, seed=seed))) for seed in range(200))
    assert called <= 16  # 5 % of 200, and two standard errors
