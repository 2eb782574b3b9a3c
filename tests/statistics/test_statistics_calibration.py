"""Seeded simulations of what the intervals promise where it is hard: unequal clusters, rare flips, training runs.

Each simulated rate is held against its bound with three Monte Carlo standard errors, stated at the bound.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from statistics_worlds import measure

from stagelens.errors import InputError
from stagelens.statistics.data import Rules
from stagelens.statistics.decide import decide
from stagelens.statistics.design.planning import clusters_to_certify
from stagelens.statistics.intervals.betting import BettingMean
from stagelens.statistics.intervals.clusters import Sample
from stagelens.statistics.intervals.means import BoundedMean, ScoredMean

REPLICATES = 1000


def tolerance(rate, replicates=REPLICATES):
    return 3 * (rate * (1 - rate) / replicates) ** 0.5


def sizes(kind, clusters):
    """Cluster sizes from 1 to 20, evenly spread or evenly spread in their logarithm, or all of one size."""
    if isinstance(kind, int):
        return np.full(clusters, kind)
    spread = np.linspace(1, 20, clusters) if kind == "uniform" else np.geomspace(1, 20, clusters)
    return np.round(spread).astype(int)


def just_above_the_gate(kind, margin):
    """The fewest clusters of these sizes whose effective number certifies the margin."""
    clusters = int(clusters_to_certify(margin, 1.0, 0.05))
    while True:
        size = sizes(kind, clusters)
        if size.sum() ** 2 / (size**2).sum() >= clusters_to_certify(margin, 1.0, 0.05):
            return size
        clusters += 1


def sample_of(size):
    cluster = np.repeat(np.arange(len(size)), size)
    return Sample.of(np.arange(len(cluster)), cluster)


def flips(rng, sample, margin, kind):
    """Changes of mean ``margin``: whole clusters flip, or half of each of twice as many, or attempts alone.

    ``noisy``: whole clusters, and elsewhere one attempt in ten, to either side.
    """
    cluster, n = sample.cluster, sample.n
    if kind == "attempts":
        return (rng.random(n) < margin).astype(float)
    if kind == "halves":
        return ((rng.random(sample.clusters) < 2 * margin)[cluster] & (rng.random(n) < 0.5)).astype(float)
    whole = (rng.random(sample.clusters) < margin)[cluster]
    noise = rng.choice([-1.0, 0.0, 1.0], n, p=[0.05, 0.9, 0.05]) if kind == "noisy" else np.zeros(n)
    return np.where(whole, 1.0, noise)


def false_equivalence(method, size, margin, kind, span=1.0):
    rng = np.random.default_rng(11)
    sample = sample_of(size)
    wrong = 0
    for _ in range(REPLICATES):
        mean = method.of(sample, span * flips(rng, sample, margin, kind), -span, span)
        wrong += max(mean.p_at_least(span * margin), mean.p_at_most(-span * margin)) < 0.05
    return wrong / REPLICATES


@pytest.mark.parametrize("kind", ["whole", "noisy", "halves", "attempts"])
@pytest.mark.parametrize("size", [1, 10, "uniform", "logarithmic"])
@pytest.mark.parametrize("method", [ScoredMean, BoundedMean])
def test_false_equivalence_just_above_the_gate(method, size, kind):
    rate = false_equivalence(method, just_above_the_gate(size, 0.1), 0.1, kind)
    assert rate <= 0.065 + tolerance(0.065)


@pytest.mark.parametrize("size", [1, "logarithmic"])
def test_false_equivalence_of_severities(size):
    rate = false_equivalence(BoundedMean, just_above_the_gate(size, 0.1), 0.1, "noisy", span=5.0)
    assert rate <= 0.065 + tolerance(0.065)


@pytest.mark.parametrize("kind", ["whole", "noisy", "attempts"])
@pytest.mark.parametrize("size", [1, "logarithmic"])
def test_false_equivalence_of_bets(size, kind):
    assert false_equivalence(BettingMean, just_above_the_gate(size, 0.1), 0.1, kind) <= 0.05


@pytest.mark.parametrize("size", ["uniform", "logarithmic"])
@pytest.mark.parametrize(("rates", "homogeneity"), [((0.3, 0.3), 0.0), ((0.3, 0.3), 0.5), ((0.1, 0.3), 0.7)])
def test_coverage_of_a_difference_over_unequal_clusters(size, rates, homogeneity):
    rng = np.random.default_rng(12)
    sample = sample_of(sizes(size, 60))
    held = 0
    for _ in range(REPLICATES):
        own, shared = rng.random((2, sample.n)), rng.random((2, sample.clusters))[:, sample.cluster]
        u = np.where(rng.random((2, sample.n)) < homogeneity, shared, own)
        change = (u[1] < rates[1]).astype(float) - (u[0] < rates[0])
        low, high = ScoredMean.of(sample, change, -1.0, 1.0).limits(0.975)
        held += low <= rates[1] - rates[0] <= high
    assert 0.935 - tolerance(0.935) <= held / REPLICATES <= 0.985 + tolerance(0.985)


@pytest.mark.parametrize("size", ["uniform", "logarithmic"])
@pytest.mark.parametrize("homogeneity", [0.1, 0.5])
def test_coverage_of_a_level_over_unequal_clusters(size, homogeneity):
    rng = np.random.default_rng(13)
    sample, rate, replicates = sample_of(sizes(size, 60)), 0.2, 400
    held = 0
    for _ in range(replicates):
        shared = rng.beta(rate * (1 / homogeneity - 1), (1 - rate) * (1 / homogeneity - 1), sample.clusters)
        table = np.tile(rng.random(sample.n) < shared[sample.cluster], (2, 1)).astype(float)
        level = decide([measure(table, cluster=sample.cluster)], Rules()).results[0].stages[0]
        held += level.low <= rate <= level.high
    assert held / replicates >= 0.935 - tolerance(0.935, replicates)


def trained(rng, runs, items, sd):
    """Two stages over several training runs of the later one: its rate differs from run to run around .4."""
    rates = 0.4 + sd * rng.standard_normal(runs)
    first = (rng.random(items) < 0.3).astype(float)
    item, run = np.tile(np.arange(items), runs), np.repeat(np.arange(runs), items)
    later = (rng.random(items * runs) < rates[run]).astype(float)
    return replace(measure([first[item], later], item=item), run=run)


@pytest.mark.parametrize("method", ["tango_neff", "cluster_t"])
@pytest.mark.parametrize(("runs", "sd"), [(3, 0.05), (5, 0.05), (5, 0.1), (4, 0.0)])
def test_coverage_over_training_runs(method, runs, sd):
    rng = np.random.default_rng(14)
    replicates = 400
    held = 0
    for _ in range(replicates):
        contrast = decide([trained(rng, runs, 150, sd)], Rules(method=method)).results[0].contrasts[0]
        held += contrast.low <= 0.1 <= contrast.high
    assert held / replicates >= 0.93 - tolerance(0.93, replicates)


def test_runs_that_differ_widen_every_method_but_the_bets_that_refuse():
    data = trained(np.random.default_rng(15), 4, 200, 0.1)
    for method in ("tango_neff", "cluster_t", "bootstrap"):
        several = decide([data], Rules(method=method)).results[0].contrasts[0]
        one = decide([replace(data, run=None)], Rules(method=method)).results[0].contrasts[0]
        assert several.difference == pytest.approx(one.difference)
        assert several.high - several.low > 1.2 * (one.high - one.low)
    with pytest.raises(InputError, match="4 training runs"):
        decide([data], Rules(method="betting"))


def test_one_run_is_no_run():
    data = trained(np.random.default_rng(16), 1, 100, 0.1)
    assert decide([data], Rules()) == decide([replace(data, run=None)], Rules())


def test_the_variance_over_runs_is_that_of_their_means():
    rng = np.random.default_rng(17)
    data = trained(rng, 4, 50, 0.1)
    sample = Sample.of(data.item, data.cluster, data.run)
    spread = sample.spread(data.values[1], sample.mean(data.values[1]))
    means = data.values[1].reshape(4, 50).mean(axis=1)
    assert spread.runs == pytest.approx(means.var(ddof=1) / 4)
    by_item = data.values[1].reshape(4, 50).mean(axis=0)
    assert spread.clusters == pytest.approx(by_item.var(ddof=1) / 50)
    assert spread.df == pytest.approx(spread.variance**2 / (spread.runs**2 / 3 + spread.clusters**2 / 49))
