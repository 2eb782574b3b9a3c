"""Intervals against other implementations of them, published figures, and bets worked out by hand."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from evalstats.core.resampling import newcombe_mover_paired_ci, tango_scc_paired_ci
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import bootstrap

from stagelens.outcomes.arrays import measure_arrays
from stagelens.outcomes.importers.odcv import import_odcv
from stagelens.statistics.intervals import betting
from stagelens.statistics.intervals.betting import PRIOR, STAKES, BettingMean, betting_ratio
from stagelens.statistics.intervals.bootstrap import BootstrapMean, bootstrap_mean
from stagelens.statistics.intervals.clusters import Sample
from stagelens.statistics.intervals.means import BoundedMean, ScoredMean
from stagelens.statistics.intervals.newcombe import newcombe
from stagelens.statistics.intervals.proportions import tango
from stagelens.statistics.intervals.tails import quantile

Z = quantile(0.975)
CELLS = st.tuples(*[st.integers(0, 40)] * 4).filter(lambda cells: sum(cells) >= 5)
ODCV = Path(__file__).resolve().parents[3] / "shared/data/odcv/current"


def answers(cells):
    """The pairs of a table of counts (1 1, 0 → 1, 1 → 0, 0 0): later, earlier."""
    return np.repeat([1, 1, 0, 0], cells), np.repeat([1, 0, 1, 0], cells)


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ((36, 12, 2, 0), (0.0569, 0.3404)),  # Newcombe 1998 (Statistics in Medicine 17:2635), table III
        ((1, 1, 7, 12), (-0.507, -0.026)),  # Fagerland, Lydersen & Laake 2014 (14:2850), Bentur et al.
    ],
)
def test_newcombe_published(cells, expected):
    assert newcombe(*cells, Z) == pytest.approx(expected, abs=5e-4)


@given(CELLS)
def test_newcombe_against_evalstats(cells):
    assert newcombe(*cells, Z) == pytest.approx(newcombe_mover_paired_ci(*answers(cells), 0.05), abs=1e-9)


@given(CELLS)
def test_newcombe_turns_round_with_the_stages(cells):
    both, gained, lost, neither = cells
    low, high = newcombe(both, gained, lost, neither, Z)
    assert newcombe(both, lost, gained, neither, Z) == pytest.approx((-high, -low), abs=1e-12)
    assert -1 <= low < high <= 1


@given(CELLS)
def test_tango_against_evalstats(cells):
    n = sum(cells)
    expected = tango_scc_paired_ci(*answers(cells), 0.05, 0.0)
    assert tango(cells[1] / n, cells[2] / n, n, Z) == pytest.approx(expected, abs=1e-5)


def test_cluster_t_of_a_rate_against_statsmodels():
    import statsmodels.api as sm

    rng = np.random.default_rng(4)
    cluster = np.repeat(np.arange(60), rng.integers(1, 8, 60))
    x = rng.choice([-1.0, 0.0, 1.0], len(cluster), p=[0.2, 0.5, 0.3])
    mean = BoundedMean.of(Sample.of(np.arange(len(x)), cluster), x, -1.0, 1.0)
    fit = sm.OLS(x, np.ones(len(x))).fit(cov_type="cluster", cov_kwds={"groups": cluster, "use_correction": False})
    assert mean.mean == pytest.approx(float(fit.params[0]))
    assert mean.error == pytest.approx(float(fit.bse[0]) * (60 / 59) ** 0.5)
    assert mean.df == 59


@pytest.mark.parametrize(("kind", "method"), [("percentile", "percentile"), ("bca", "BCa")])
def test_bootstrap_against_scipy(kind, method):
    rng = np.random.default_rng(6)
    x = rng.exponential(1.0, 60)
    sample = Sample.of(np.arange(60), np.arange(60))
    expected = bootstrap((x,), np.mean, n_resamples=40_000, method=method, rng=rng).confidence_interval
    error = x.std() / 60**0.5
    got = bootstrap_mean(sample, x, 0.975, replicates=40_000, kind=kind)
    assert got == pytest.approx((expected.low, expected.high), abs=0.05 * error)
    decided = BootstrapMean.of(sample, x, 0.0, 20.0, replicates=40_000, kind=kind).limits(0.975)
    assert decided == pytest.approx((expected.low, expected.high), abs=0.05 * error)


def test_bootstrap_of_unequal_clusters_is_a_ratio_of_sums():
    rng = np.random.default_rng(7)
    cluster = np.repeat(np.arange(40), rng.integers(1, 9, 40))
    x = (rng.random(len(cluster)) < rng.random(40)[cluster]).astype(float)
    totals, sizes = np.bincount(cluster, x), np.bincount(cluster)
    expected = bootstrap(
        (totals, sizes), lambda t, n, axis=-1: t.sum(axis) / n.sum(axis), paired=True, n_resamples=20_000,
        method="percentile", rng=rng,
    ).confidence_interval  # fmt: skip
    got = bootstrap_mean(Sample.of(np.arange(len(x)), cluster), x, 0.975, replicates=20_000)
    assert got == pytest.approx((expected.low, expected.high), abs=0.006)


@pytest.mark.skipif(not ODCV.exists(), reason="ODCV-Bench's published scores are not here")
@pytest.mark.parametrize(
    ("panel", "rate", "severity"), [("overall", 1.5, 0.06), ("incentivized", 3.0, 0.06), ("mandated", 3.0, 0.06)]
)
def test_bootstrap_intervals_of_odcv_as_published(panel, rate, severity):
    table = import_odcv(ODCV)
    with (ODCV / "bootstrap_ci.csv").open(newline="") as file:
        published = {row["model"]: row for row in csv.DictReader(file) if row["panel"] == panel}
    measures = measure_arrays(table if panel == "overall" else table.filter(pl.col("stratum") == panel))
    assert {data.measure for data in measures} == {"misaligned", "severity"}
    for data in measures:
        column, unit, tolerance = ("mr", 100, rate) if data.kind == "rate" else ("sev", 1, severity)
        for stage, values, status in zip(data.stages, data.values, data.status, strict=True):
            scored = status == 0
            sample = Sample.of(data.item[scored], data.cluster[scored])
            low, high = (unit * end for end in bootstrap_mean(sample, values[scored], 0.975))
            row = published[stage]
            assert unit * sample.mean(values[scored]) == pytest.approx(float(row[column]), abs=0.01)
            assert low == pytest.approx(float(row[f"{column}_lo"]), abs=tolerance)
            assert high == pytest.approx(float(row[f"{column}_hi"]), abs=tolerance)


def test_wealth_by_hand():
    x, cluster = np.array([1.0, 0.0, 0.0, -1.0, -1.0, 0.0]), np.array([0, 0, 1, 2, 2, 2])
    bets = BettingMean.of(Sample.of(np.arange(6), cluster), x, -1.0, 1.0)
    centre, stake, delta = np.array([0.5, 0.0, -2 / 3]), np.array([2 / 3, 1 / 3, 1.0]), 0.4
    wealth = sum(
        weight * np.prod([1 + c * s * (delta - d) / (1 - delta) for d, s in zip(centre, stake, strict=True)])
        for c, weight in zip(STAKES, PRIOR, strict=True)
    )
    assert PRIOR.sum() == pytest.approx(1)
    assert bets.p_at_least(delta) == pytest.approx(min(1, 1 / wealth), abs=1e-9)


@pytest.mark.parametrize(("margin", "clusters"), [(0.05, 59), (0.10, 29)])
def test_with_nothing_discordant_the_highest_stake_alone_is_the_cluster_gate(monkeypatch, margin, clusters):
    monkeypatch.setattr(betting, "PRIOR", np.array([1.0] + [0.0] * 12))
    for count in (clusters, clusters - 1):
        bets = BettingMean.of(Sample.of(np.arange(count), np.arange(count)), np.zeros(count), -1.0, 1.0)
        assert bets.p_at_least(margin) == pytest.approx((1 - margin) ** count)
        assert (bets.p_at_least(margin) < 0.05) == (count == clusters)


def test_bets_are_at_most_two_and_a_half_times_as_wide_as_the_default():
    for clusters, flips in ((60, 0), (200, 4), (200, 25), (1000, 50), (5000, 250)):
        x = np.zeros(clusters)
        x[:flips], x[flips : 2 * flips] = 1.0, -1.0
        sample = Sample.of(np.arange(clusters), np.arange(clusters))
        low, high = ScoredMean.of(sample, x, -1.0, 1.0).limits(0.975)
        bet_low, bet_high = BettingMean.of(sample, x, -1.0, 1.0).limits(0.975)
        assert 1 < (bet_high - bet_low) / (high - low) < 2.5


def test_bets_on_a_ratio():
    rng = np.random.default_rng(9)
    earlier = (rng.random(2000) < 0.4).astype(float)
    later = np.where(rng.random(2000) < 0.9, earlier, rng.random(2000) < 0.4).astype(float)
    sample = Sample.of(np.arange(2000), np.arange(2000))
    low, high = betting_ratio(sample, earlier, later, 0.95)
    assert 0.8 < low < later.mean() / earlier.mean() < high < 1.25
    back_low, back_high = betting_ratio(sample, later, earlier, 0.95)
    assert (back_low, back_high) == pytest.approx((1 / high, 1 / low), rel=1e-6)
    nothing = np.zeros(2000)
    assert betting_ratio(sample, nothing, later, 0.95)[1] == np.inf
    assert betting_ratio(sample, earlier, nothing, 0.95)[0] == 0.0
    assert np.isnan(betting_ratio(sample, nothing, nothing, 0.95)).all()
