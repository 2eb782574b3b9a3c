"""Planning by simulation: worlds with the moments they promise, read as the analysis reads, and designs found."""

from __future__ import annotations

import numpy as np
import pytest

from stagelens.statistics.contrasts.readings import Pairing, read_rates, read_severities
from stagelens.statistics.data import Question
from stagelens.statistics.design.planning import equal_clusters, gate_margin
from stagelens.statistics.intervals.clusters import Sample
from stagelens.statistics.planning.batches import Batch
from stagelens.statistics.planning.courses import Aim, follow
from stagelens.statistics.planning.simulate import fewest_clusters, show
from stagelens.statistics.planning.worlds import AssumedRates, AssumedSeverities, Draw, Pilot

AIM = Aim(margin=0.05, alpha=0.05, gate=59.0)


def draws(world, clusters=40, change=0.0, replicates=2000, seed=0):
    return world.draw(np.random.default_rng(seed), replicates, clusters, change)


@pytest.mark.parametrize("change", [0.0, 0.1])
def test_answers_have_the_rates_and_correlations_that_are_assumed(change):
    world = AssumedRates(0.2, 0.5, (1,))
    draw = draws(world, 200, change)
    gained = (draw.discordant + draw.change).mean() / 2
    lost = (draw.discordant - draw.change).mean() / 2
    assert gained - lost == pytest.approx(change, abs=0.005)
    if not change:  # p(1 - p)(1 - ρ) on either side
        assert gained == pytest.approx(0.2 * 0.8 * 0.5, abs=0.003)


def test_items_and_attempts_correlate_as_assumed():
    world = AssumedRates(0.3, 0.5, (3,), epochs=2, cluster_correlation=0.2, epoch_correlation=0.6)
    draw = draws(world, 100)
    of_one = draw.discordant.mean() / 6
    # 6 attempts: 3 pairs of one item, 12 pairs of two items.
    expected = of_one * (6 + 2 * 3 * 0.6 + 2 * 12 * 0.2)
    assert draw.change.var() == pytest.approx(expected, rel=0.03)
    severe = draws(AssumedSeverities(1.0, 5.0, 0.5, (3,), 2, 0.2, 0.6), 100)
    assert severe.change.var() == pytest.approx(6 + 2 * 3 * 0.6 + 2 * 12 * 0.2, rel=0.03)


def test_a_change_has_no_room_above_one():
    assert draws(AssumedRates(0.95, 0.0, (1,)), 200, 0.2).change.mean() == pytest.approx(-0.2, abs=0.01)


def pairs(draw, row):
    """One replicate as attempts: which pairs gained and lost, and their clusters."""
    change, cluster = [], []
    for number, (size, total, discordant) in enumerate(
        zip(draw.size[row], draw.change[row], draw.discordant[row], strict=True)
    ):
        gained, lost = round((discordant + total) / 2), round((discordant - total) / 2)
        change += [1.0] * gained + [-1.0] * lost + [0.0] * (round(size) - gained - lost)
        cluster += [number] * round(size)
    return np.array(change), np.array(cluster)


@pytest.mark.parametrize("sizes", [(1,), (2,), (1, 4, 9, 2)])
@pytest.mark.parametrize("rate", [0.02, 0.3])
def test_many_replicates_are_read_as_the_analysis_reads_one(sizes, rate):
    draw = draws(AssumedRates(rate, 0.5, sizes, cluster_correlation=0.3), 30, 0.05, replicates=25)
    batch = Batch.of(draw, 30, rate=True)
    low, high = batch.limits(0.025)
    inner = batch.limits(0.05)
    same, changed = batch.same(0.05, 0.05, 0.0), batch.changed(0.025)
    for row in range(25):
        change, cluster = pairs(draw, row)
        sample = Sample.of(np.arange(len(change)), cluster)
        earlier = (change < 0).astype(float)
        reading = read_rates(Pairing(sample, earlier, earlier + change), Question(0.05, 0.05))
        assert (low[row], high[row]) == pytest.approx((reading.low, reading.high), abs=1e-9)
        assert (inner[0][row], inner[1][row]) == pytest.approx(
            (reading.equivalence_low, reading.equivalence_high), abs=1e-9
        )
        assert same[row] == (reading.p_equivalence < 0.05)
        assert changed[row] == (reading.p_difference < 0.05)


def test_severities_are_read_as_the_analysis_reads_them():
    draw = draws(AssumedSeverities(1.0, 5.0, 0.5, (1,)), 30, replicates=10)
    low, high = Batch.of(draw, 30, rate=False, span=5.0).limits(0.025)
    for row in range(10):
        sample = Sample.of(np.arange(30), np.arange(30))
        pairing = Pairing(sample, np.zeros(30), draw.change[row])
        reading = read_severities(pairing, 5.0, Question(0.5, 0.05))
        # The analysis' interval is the hull of this one and a score interval, up to a fifth wider at 30 clusters.
        assert reading.low <= low[row] + 1e-9
        assert reading.high >= high[row] - 1e-9
        assert reading.high - reading.low <= 1.25 * (high[row] - low[row])


def test_nothing_discordant_is_no_certainty():
    nothing = Draw(np.ones((1, 80)), np.zeros((1, 80)), np.zeros((1, 80)))
    batch = Batch.of(nothing, 80, rate=True)
    low, high = batch.limits(0.05)
    bound = 1.6448536**2 / (80 + 1.6448536**2)
    assert (low[0], high[0]) == pytest.approx((-bound, bound), abs=1e-6)
    assert batch.same(0.05, 0.05, gate=59)[0]
    assert not batch.same(0.05, 0.05, gate=81)[0]


@pytest.mark.parametrize("change", [0.0, 0.4])
def test_severities_that_all_change_alike_are_no_certainty(change):
    alike = Draw(np.ones((1, 60)), np.full((1, 60), change), np.zeros((1, 60)))
    batch = Batch.of(alike, 60, rate=False, span=5.0)
    sample = Sample.of(np.arange(60), np.arange(60))
    reading = read_severities(Pairing(sample, np.zeros(60), alike.change[0]), 5.0, Question(0.5, 0.05))
    low, high = batch.limits(0.025)
    assert (low[0], high[0]) == pytest.approx((reading.low, reading.high), abs=1e-6)
    assert batch.changed(0.025)[0] == (reading.p_difference < 0.05)


def test_a_pilot_whose_severities_never_differ_is_planned_from():
    # As two stages that answer alike, which a run of agents often gives: the smallest change found is no zero.
    nothing = np.zeros(60)
    pilot = Pilot(nothing, nothing, neither=nothing, size=np.ones(60), variance=1.0, rate=False, span=5.0)
    shown = show(pilot, Aim(margin=0.5, alpha=0.05, gate=30, rate=False, span=5.0), 60, power=0.8, seed=1)
    assert shown.detectable is not None
    assert shown.detectable.value == pytest.approx(5 * 1.959964**2 / 60, rel=0.02)
    assert 0 < shown.half_width.value < 0.5


def test_a_pilot_shows_its_own_discordance_and_no_change():
    rng = np.random.default_rng(1)
    gained, lost = (rng.random(50) < 0.2).astype(float), np.zeros(50)
    gained[:5], lost[5:9] = 1, 1
    gained[5:9] = 0
    pilot = Pilot(gained, lost, neither=(gained + lost == 0).astype(float), size=np.ones(50), variance=0.2)
    draw = draws(pilot, 100)
    assert draw.discordant.mean() == pytest.approx((gained + lost).mean(), abs=0.005)
    assert draw.change.mean() == pytest.approx(0, abs=0.005)
    assert draws(pilot, 100, 0.1).change.mean() == pytest.approx(0.1, abs=0.005)


@pytest.mark.parametrize(("rate", "correlation", "published"), [(0.1, 0.5, 420), (0.1, 0.7, 280), (0.3, 0.7, 570)])
def test_needed_clusters_are_those_of_the_design_s_own_simulations(rate, correlation, published):
    # For ±5 points at power .9, as simulated for docs/statistics.md; the error of this simulation is about 2 %.
    world = AssumedRates(rate, correlation, (1,))
    found = fewest_clusters(world, AIM, power=0.9, guess=published, seed=1, replicates=2000)
    assert found is not None
    assert found.value == pytest.approx(published, rel=0.07)
    assert found.error < 0.04 * found.value


def test_a_design_certifies_its_smallest_margin_and_finds_its_detectable_change():
    world, clusters = AssumedRates(0.2, 0.5, (2,), cluster_correlation=0.1), 100
    shown = show(world, AIM, clusters, power=0.8, seed=1, replicates=2000)
    assert shown.detectable is not None
    fresh = Batch.of(draws(world, clusters, replicates=4000, seed=9), clusters, rate=True)
    assert fresh.same(shown.certifiable.value, 0.05, 0).mean() == pytest.approx(0.8, abs=0.03)
    moved = Batch.of(draws(world, clusters, shown.detectable.value, 4000, seed=9), clusters, rate=True)
    assert moved.changed(0.025).mean() == pytest.approx(0.8, abs=0.03)
    assert shown == show(world, AIM, clusters, power=0.8, seed=1, replicates=2000)


def test_what_no_change_would_show_is_not_detectable():
    assert show(AssumedRates(0.5, 0.0, (1,)), AIM, 6, power=0.99, seed=1).detectable is None


def test_too_large_a_design_is_not_simulated():
    small = Aim(margin=0.001, alpha=0.05, gate=3000)
    assert fewest_clusters(AssumedRates(0.5, 0.0, (1,)), small, power=0.8, guess=2e6, seed=1) is None


def test_looks_stop_early_where_the_change_is_large():
    world = AssumedRates(0.3, 0.5, (1,))
    fixed = follow(draws(world, 600, 0.15), AIM, 600, looks=1)
    looks = follow(draws(world, 600, 0.15), AIM, 600, looks=5)
    assert (fixed.clusters == 600).all()
    assert looks.clusters.mean() < 400
    assert not (looks.same & looks.changed).any()
    assert looks.changed.mean() > 0.98


def test_no_margin_is_certifiable_below_the_gate_of_unequal_clusters():
    sizes = (*[1] * 30, *[20] * 3)
    shown = show(AssumedRates(0.001, 0.9, sizes), AIM, len(sizes), power=0.8, seed=1, replicates=200)
    weight = np.array(sizes) / sum(sizes)
    assert equal_clusters(weight, 0.05) < 5 < 1 / (weight**2).sum()
    assert shown.certifiable.value >= gate_margin(equal_clusters(weight, 0.05), 1.0, 0.05) - 1e-12
