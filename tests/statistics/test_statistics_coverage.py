"""Small seeded simulations: coverage, false equivalence at the margin, false changes; and the speed of a decision."""

from __future__ import annotations

import time

import numpy as np
import pytest
from statistics_worlds import measure, nested

from stagelens.statistics.data import Rules
from stagelens.statistics.decide import decide

REPLICATES = 300


def tolerance(rate):
    """Three standard errors of a simulated rate."""
    return 3 * (rate * (1 - rate) / REPLICATES) ** 0.5


def clustered(rng, rates, clusters, per, epochs, shared=0.7):
    """Paired 0/1 answers with cluster effects in level and in difference: a latent per cluster, mostly shared."""
    n = clusters * per * epochs
    item, cluster = np.arange(n) // epochs, np.arange(n) // (per * epochs)
    stage_latent = rng.random((len(rates), clusters))
    common = rng.random(clusters)
    latent = np.where(rng.random((len(rates), clusters)) < shared, common, stage_latent)[:, cluster]
    own = rng.random((len(rates), n))
    u = np.where(rng.random((len(rates), n)) < 0.8, latent, own)
    return measure((u < np.array(rates)[:, None]).astype(float), item=item, cluster=cluster)


def simulate(rates, clusters, per, epochs, margin=0.05, seed=1):
    rng = np.random.default_rng(seed)
    rules = Rules(margins={"default": margin})
    return [
        decide([clustered(rng, rates, clusters, per, epochs)], rules).results[0].contrasts[0] for _ in range(REPLICATES)
    ]


@pytest.mark.parametrize(
    ("rates", "clusters", "per", "epochs"),
    [((0.3, 0.3), 40, 2, 1), ((0.3, 0.3), 40, 2, 5), ((0.02, 0.02), 40, 2, 1), ((0.1, 0.3), 100, 1, 3)],
)
def test_coverage_of_the_difference(rates, clusters, per, epochs):
    delta = rates[1] - rates[0]
    held = np.mean([c.low <= delta <= c.high for c in simulate(rates, clusters, per, epochs)])
    assert held >= 0.95 - tolerance(0.95)


def test_false_equivalence_at_the_margin():
    contrasts = simulate((0.02, 0.12), 60, 1, 5, margin=0.1, seed=2)
    false = np.mean([c.verdict in ("equivalent", "below_margin") for c in contrasts])
    assert false <= 0.065 + tolerance(0.065)


def test_coverage_of_a_severity_difference():
    rng = np.random.default_rng(3)
    held = []
    for _ in range(REPLICATES):
        cluster = np.repeat(np.arange(40), 3)
        effect = rng.choice([0, 0, 0, 2], (2, 40))[:, cluster]
        table = np.clip(rng.integers(0, 4, (2, 120)) + effect, 0, 5).astype(float)
        c = decide([measure(table, cluster=cluster, kind="severity", high=5.0)], Rules()).results[0].contrasts[0]
        held.append(c.low <= 0 <= c.high)
    assert np.mean(held) >= 0.95 - tolerance(0.95)


def test_ten_measures_without_a_change_rarely_show_one():
    rng = np.random.default_rng(4)
    studies = 60
    wrong = 0
    for _ in range(studies):
        data = [clustered(rng, (0.3, 0.3), 80, 1, 1) for _ in range(10)]
        results = decide(data, Rules()).results
        wrong += any(result.contrasts[0].verdict.startswith("changed") for result in results)
    assert wrong / studies <= 0.05 + 3 * (0.05 * 0.95 / studies) ** 0.5


def test_a_decision_takes_milliseconds():
    data = [measure(nested((0.3, 0.3), n=200))]
    decide(data, Rules())
    best = min(_timed(data) for _ in range(20))
    assert best < 0.01


def _timed(data):
    start = time.perf_counter()
    decide(data, Rules())
    return time.perf_counter() - start
