"""Contrasts and their verdict words: agreement of p and interval, gates, ratio rule, Holm, planning numbers."""

from __future__ import annotations

from dataclasses import replace
from math import ceil
from typing import get_args

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from statistics_worlds import contrast, measure, nested
from statsmodels.stats.multitest import multipletests

from stagelens.errors import InputError
from stagelens.statistics.contrasts.findings import contrast_pairs
from stagelens.statistics.contrasts.multiplicity import holm
from stagelens.statistics.data import FamilyRules, Method, Rules
from stagelens.statistics.decide import decide
from stagelens.statistics.design.planning import clusters_to_certify, equal_clusters, gate_margin
from stagelens.statistics.intervals.clusters import Sample
from stagelens.statistics.intervals.means import ScoredMean

METHODS = get_args(Method)


@st.composite
def worlds(draw, unscored=True):
    """A random measure of two stages: clusters, epochs, rates or severities, perhaps with unscored answers."""
    seed = draw(st.integers(0, 2**32 - 1))
    rng = np.random.default_rng(seed)
    n, epochs, size = draw(st.integers(1, 60)), draw(st.integers(1, 3)), draw(st.integers(1, 3))
    rates = draw(st.tuples(st.floats(0, 1), st.floats(0, 1)))
    item = np.repeat(np.arange(n), epochs)
    shared = rng.random(n)[item]
    severity = draw(st.booleans())
    u = np.where(rng.random((2, len(item))) < 0.6, shared, rng.random((2, len(item))))
    values = (u < np.array(rates)[:, None]).astype(float) * (rng.integers(1, 6, u.shape) if severity else 1)
    status = np.zeros(values.shape)
    if unscored and draw(st.booleans()):
        status = np.where(rng.random(values.shape) < 0.08, rng.integers(1, 4, values.shape), 0)
    return measure(
        values, item=item, cluster=item // size, status=status, kind="severity" if severity else "rate",
        high=5.0 if severity else 1.0,
    )  # fmt: skip


def only(data, rules=Rules()):  # noqa: B008  # rules are frozen
    return decide([data], rules).results[0]


def read(data, method, **rules):
    """The only contrast of a measure, read by this method."""
    return only(data, Rules(method=method, **rules)).contrasts[0]


@pytest.mark.parametrize("method", METHODS)
@settings(max_examples=80, deadline=None)
@given(data=worlds())
def test_p_values_agree_with_intervals(data, method):
    c = read(data, method)
    margin = 0.5 if data.kind == "severity" else 0.05
    assume(min(abs(x) for x in (c.low, c.high)) > 1e-9)
    assert (c.p_difference_raw < 0.05) == (c.low > 0 or c.high < 0)
    assert (c.p_equivalence_raw < 0.05) == (-margin < c.equivalence_low and c.equivalence_high < margin)


@pytest.mark.parametrize("method", METHODS)
@settings(max_examples=80, deadline=None)
@given(data=worlds())
def test_intervals_are_ordered_finite_and_inside_the_range(data, method):
    c = read(data, method)
    assert c.method == ("cluster_t" if data.kind == "severity" and method == "tango_neff" else method)
    assert -data.high <= c.low <= c.equivalence_low <= c.equivalence_high <= c.high <= data.high
    assert c.high - c.low > 1e-3
    if c.difference is not None:
        assert c.low <= c.difference <= c.high
    for level in only(data).stages:
        assert 0 <= level.low < level.high <= data.high
        assert level.scored + level.incapable + level.ungraded + level.unattempted == level.n


@pytest.mark.parametrize("clusters", range(6, 60))
def test_a_change_of_everything_has_an_interval_whatever_its_weights_round_to(clusters):
    # 20 weights of 1/20 add up to more than one.
    sample = Sample.of(np.arange(clusters), np.arange(clusters))
    down, up = (ScoredMean.of(sample, np.full(clusters, change), -1.0, 1.0).limits(0.975) for change in (-1.0, 1.0))
    assert down == pytest.approx((-up[1], -up[0]), abs=1e-9)
    assert down[1] < 0 < up[0]


@pytest.mark.parametrize("method", METHODS)
@settings(max_examples=50, deadline=None)
@given(data=worlds())
def test_swapping_the_stages_swaps_the_outcomes(data, method):
    there = read(data, method)
    back = read(replace(data, values=data.values[::-1], status=data.status[::-1]), method)
    assert (back.low, back.high) == pytest.approx((-there.high, -there.low), abs=1e-9)
    assert back.p_difference == pytest.approx(there.p_difference, abs=1e-9)
    assert back.p_equivalence == pytest.approx(there.p_equivalence, abs=1e-9)


@pytest.mark.parametrize("method", METHODS)
@settings(max_examples=40, deadline=None)
@given(data=worlds(), random=st.randoms())
def test_the_order_of_rows_does_not_matter(data, random, method):
    order = list(range(data.item.size))
    random.shuffle(order)
    shuffled = replace(
        data, values=data.values[:, order], status=data.status[:, order], item=data.item[order],
        cluster=data.cluster[order],
    )  # fmt: skip
    a, b = read(data, method), read(shuffled, method)
    assert (a.low, a.high, a.p_equivalence) == pytest.approx((b.low, b.high, b.p_equivalence), abs=1e-9)
    assert a.verdict == b.verdict


@pytest.mark.parametrize("method", METHODS)
@settings(max_examples=40, deadline=None)
@given(data=worlds(unscored=False), margin=st.floats(0.02, 0.3), factor=st.floats(1.05, 2.0))
def test_a_wider_margin_and_a_larger_alpha_are_easier(data, margin, factor, method):
    key = f"{data.benchmark}/{data.measure}"
    small, large = (read(data, method, margins={key: m}) for m in (margin, margin * factor))
    assert large.p_equivalence_raw <= small.p_equivalence_raw + 1e-12
    strict, loose = (read(data, method, alpha=a) for a in (0.05, 0.05 * factor))
    assert strict.low <= loose.low + 1e-12
    assert loose.high <= strict.high + 1e-12
    assert strict.p_difference_raw == pytest.approx(loose.p_difference_raw)


@pytest.mark.parametrize("method", METHODS)
@settings(max_examples=40, deadline=None)
@given(data=worlds())
def test_bounds_for_unscored_answers_contain_the_scored_pairs_alone(data, method):
    both = (data.status == 0).all(axis=0)
    assume(both.sum() >= 1)
    scored = replace(
        data, values=data.values[:, both], status=data.status[:, both], item=data.item[both], cluster=data.cluster[both]
    )
    alone, bounded = read(scored, method), read(data, method)
    assert bounded.low <= alone.low + 1e-12
    assert alone.high <= bounded.high + 1e-12
    assert bounded.difference == pytest.approx(alone.difference)
    assert bounded.p_equivalence_raw >= alone.p_equivalence_raw - 1e-12
    assert bounded.p_difference_raw >= alone.p_difference_raw - 1e-12


def test_verdict_words():
    words = {
        (0.3, 0.3): "equivalent",
        (0.3, 0.6): "changed_up",
        (0.6, 0.3): "changed_down",
        (0.02, 0.02): "below_margin",
    }
    for rates, word in words.items():
        assert only(measure(nested(rates))).contrasts[0].verdict == word, rates
    assert only(measure(nested((0.3, 0.36), n=100))).contrasts[0].verdict == "inconclusive"


def test_a_rare_behaviour_that_grows_eightfold_is_not_equivalent():
    result = only(measure(nested((0.005, 0.02), n=2000, flips=0)))
    headline = result.contrasts[0]
    assert headline.equivalence_high < 0.05
    assert headline.ratio_high > 1.5
    assert headline.verdict == "below_margin"
    assert any("ratio" in warning for warning in result.warnings)


def test_no_case_at_either_stage_leaves_the_ratio_undefined():
    headline = only(measure(np.zeros((2, 400)))).contrasts[0]
    assert (headline.ratio_low, headline.ratio_high) == (None, None)
    assert headline.verdict == "below_margin"


def test_a_change_of_unresolved_size_says_so():
    result = only(measure(nested((0.30, 0.36), n=600, flips=0)))
    headline = result.contrasts[0]
    assert 0 < headline.low < 0.05 < headline.high
    assert headline.verdict == "changed_up"
    assert any("size unresolved" in warning for warning in result.warnings)


def test_inside_the_margin_wins_over_not_zero():
    headline = only(measure(nested((0.50, 0.52), n=5000, flips=0))).contrasts[0]
    assert 0 < headline.low < headline.high < 0.05
    assert headline.verdict == "equivalent"


@pytest.mark.parametrize(("margin", "clusters"), [(0.05, 59), (0.10, 29)])
def test_cluster_gate(margin, clusters):
    assert ceil(clusters_to_certify(margin, 1.0, 0.05)) == clusters
    assert gate_margin(clusters, 1.0, 0.05) <= margin < gate_margin(clusters - 1, 1.0, 0.05)


def test_too_few_clusters_are_uninformative_and_say_how_many_are_missing():
    cluster = np.repeat(np.arange(40), 50)
    values = (np.random.default_rng(1).random(40) < 0.5).astype(float)[cluster]
    values = np.array([values, values])
    result = only(measure(values, cluster=cluster), Rules(margins={"default": 0.07}))
    assert result.contrasts[0].verdict == "uninformative"  # ±6.3 points at 1 - 2 alpha, but 42 clusters are needed
    assert result.contrasts[0].clusters_needed == 2
    result = only(measure(values, cluster=cluster), Rules(margins={"default": 0.08}))
    assert result.contrasts[0].verdict == "equivalent"  # 36 suffice
    # Two flips in every cluster show that they do not answer as one: a narrower interval, but no more clusters.
    values = values.copy()
    values[1, ::50] = 1 - values[1, ::50]
    values[1, 25::50] = 1 - values[1, 25::50]
    result = only(measure(values, cluster=cluster))
    headline = result.contrasts[0]
    assert headline.equivalence_high < 0.05
    assert headline.verdict == "uninformative"
    assert headline.clusters_needed == 19
    assert any("40 clusters cannot certify" in warning for warning in result.warnings)


def test_clusters_of_unequal_size_are_worth_fewer():
    sizes = np.array([1, 2, 3, 14] * 25)
    cluster = np.repeat(np.arange(100), sizes)
    values = np.tile((np.random.default_rng(1).random(100) < 0.5).astype(float)[cluster], (2, 1))
    result = only(measure(values, cluster=cluster))
    headline = result.contrasts[0]
    assert headline.clusters == 100
    assert headline.verdict == "inconclusive"
    wider = only(measure(values, cluster=cluster), Rules(margins={"default": 0.06})).contrasts[0]
    assert wider.verdict == "uninformative"
    # The 25 large clusters, and a little the others, can hide six points best.
    worth = equal_clusters(sizes / sizes.sum(), 0.06)
    assert wider.clusters_needed == ceil(np.log(0.05) / np.log(0.94) - worth)
    assert worth < sizes.sum() ** 2 / (sizes**2).sum() - 10


def test_one_cluster_tells_nothing():
    result = only(measure(nested((0.1, 0.9), n=100), cluster=np.zeros(100)))
    headline = result.contrasts[0]
    assert headline.verdict == "uninformative"
    assert (headline.low, headline.high, headline.p_difference, headline.p_equivalence) == (-1, 1, 1, 1)
    assert headline.clusters_needed == 58
    assert headline.minimum_detectable_difference is None


def test_no_scored_pair_tells_nothing():
    values = nested((0.1, 0.9), n=100)
    headline = only(measure(values, status=np.full(values.shape, 2))).contrasts[0]
    assert headline.difference is None
    assert headline.pairs == 0
    assert (headline.low, headline.high) == (-1, 1)
    assert headline.verdict == "uninformative"


def test_severities():
    rng = np.random.default_rng(2)
    first = rng.integers(0, 6, 300).astype(float)
    same = np.clip(first + rng.choice([-1, 0, 0, 0, 1], 300), 0, 5)
    higher = np.clip(first + 2, 0, 5)
    kind = {"kind": "severity", "high": 5.0, "name": "severity"}
    calm, risen = only(measure([first, same], **kind)), only(measure([first, higher], **kind))
    assert calm.margin == 0.5
    assert calm.contrasts[0].method == "cluster_t"
    assert calm.contrasts[0].ratio_low is None
    assert calm.contrasts[0].verdict == "equivalent"
    assert risen.contrasts[0].verdict == "changed_up"
    identical = only(measure([first, first], **kind)).contrasts[0]
    assert identical.high == pytest.approx(5 * 3.8414588 / (300 + 3.8414588))


def test_holm_against_statsmodels():
    p = [0.04, 0.001, 0.03, 0.9, 0.03]
    assert holm(p) == pytest.approx(multipletests(p, method="holm")[1])
    assert holm([]) == ()


def test_headlines_are_corrected_over_the_study_and_steps_over_the_measure():
    data = [
        measure(nested((0.9, 0.3 + shift, 0.3), n=500), name=f"m{k}", family=f"f{k % 2}")
        for k, shift in enumerate((0.0, 0.01, 0.02, 0.2))
    ]
    verdicts = decide(data, Rules())
    headlines = [next(c for c in result.contrasts if c.headline) for result in verdicts.results]
    for raw, adjusted in (("p_difference_raw", "p_difference"), ("p_equivalence_raw", "p_equivalence")):
        expected = multipletests([getattr(c, raw) for c in headlines], method="holm")[1]
        assert [getattr(c, adjusted) for c in headlines] == pytest.approx(list(expected))
    for result in verdicts.results:
        step = contrast(result, "base", "sft")
        other = contrast(result, "sft", "production")
        expected = multipletests([step.p_difference_raw, other.p_difference_raw], method="holm")[1]
        assert step.p_difference == pytest.approx(expected[0])
        total = contrast(result, "base", "production")
        assert total.p_difference == total.p_difference_raw


def test_what_correction_overturns_is_inconclusive_with_a_warning():
    borderline = nested((0.3, 0.33), n=400, flips=8)
    alone = only(measure(borderline))
    assert alone.contrasts[0].verdict == "changed_up"
    crowd = [measure(borderline, name=f"m{k}") for k in range(30)]
    result = decide(crowd, Rules()).results[0]
    assert result.contrasts[0].verdict == "inconclusive"
    assert result.contrasts[0].p_difference_raw < 0.05 < result.contrasts[0].p_difference
    assert any("Holm" in warning for warning in result.warnings)
    assert result.contrasts[0].clusters_needed > 0


def test_contrasts_are_listed_once_in_order():
    assert contrast_pairs(2, 0) == ((0, 1),)
    assert contrast_pairs(3, 0) == ((0, 1), (1, 2), (0, 2))
    assert contrast_pairs(4, 0) == ((0, 1), (1, 2), (2, 3), (0, 3), (1, 3), (0, 2))
    assert contrast_pairs(4, None) == ((0, 1), (1, 2), (2, 3), (0, 3), (1, 3))
    assert contrast_pairs(4, None, all_pairs=True) == ((0, 1), (1, 2), (2, 3), (0, 3), (1, 3), (0, 2))
    assert contrast_pairs(5, 1) == ((0, 1), (1, 2), (2, 3), (3, 4), (1, 4), (0, 4), (2, 4), (1, 3))


def test_planning_numbers_shrink_with_items_and_respect_the_gate():
    small, large = (only(measure(nested((0.3, 0.3), n=n))).contrasts[0] for n in (100, 1600))
    assert large.minimum_detectable_difference < small.minimum_detectable_difference
    assert large.smallest_certifiable_margin < small.smallest_certifiable_margin
    still = only(measure(np.zeros((2, 40)))).contrasts[0]
    assert still.smallest_certifiable_margin == pytest.approx(1 - 0.05 ** (1 / 40))
    assert still.minimum_detectable_difference == pytest.approx((1.959964 + 0.841621) ** 2 / 40, rel=1e-5)


def test_the_number_of_further_clusters_would_decide():
    rng = np.random.default_rng(11)
    few = (rng.random((2, 80)) < 0.3).astype(float)
    few[1, :60] = few[0, :60]
    headline = only(measure(few)).contrasts[0]
    assert headline.verdict == "inconclusive"
    n = 80 + headline.clusters_needed
    decided = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        drawn = few[:, rng.integers(0, 80, n)]
        decided += only(measure(drawn)).contrasts[0].verdict != "inconclusive"
    assert decided >= 26  # four in five, less three standard errors


@pytest.mark.parametrize(
    ("data", "rules", "match"),
    [
        (measure(nested((0.3, 0.3))), Rules(margins={"default": 0.0}), "margin of family/safety/unsafe_response"),
        (measure(nested((0.3, 0.3))), Rules(margins={"default": 1.0}), "margin"),
        (measure(nested((0.3,)), stages=("sft",)), Rules(families={"family": FamilyRules("sft", None)}), "two stages"),
        (measure(np.empty((2, 0))), Rules(), "no attempts"),
        (measure(nested((0.3, 0.3))), Rules(families={"family": FamilyRules("dpo", None)}), "'dpo'"),
    ],
)
def test_bad_input(data, rules, match):
    with pytest.raises(InputError, match=match):
        decide([data], rules)
