"""Severities without an equidistant scale: exceedances, superiority, their references and coverage."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from statistics_worlds import measure, nested, unscored

from stagelens.statistics.data import Rules
from stagelens.statistics.decide import decide

SCALE = {"kind": "severity", "high": 5.0, "name": "severity"}


def ordinal_of(data, rules=Rules()):  # noqa: B008  # rules are frozen
    return decide([data], rules).results[0].ordinal


def severities(rng, clusters, per, shift):
    """Two paired stages; the later is a step higher with chance ``shift`` + .2 and a step lower with chance .2."""
    n = clusters * per
    cluster = np.arange(n) // per
    level = np.clip(rng.integers(1, 4, clusters)[cluster] + rng.integers(-1, 2, n), 1, 4)
    common = np.where(rng.random(n) < 0.4, rng.random(clusters)[cluster], rng.random(n))
    move = np.where(common < 0.2 + shift, 1, np.where(common > 0.8, -1, 0))
    return measure([level, level + move], cluster=cluster, **SCALE)


def test_exceedances_are_the_contrasts_of_the_rates():
    data = severities(np.random.default_rng(1), 150, 2, 0.3)
    found = ordinal_of(data)
    assert [e.at_least for e in found.exceedances] == [1, 2, 3, 4, 5]
    for exceedance in found.exceedances:
        reached = (data.values >= exceedance.at_least).astype(float)
        rates = measure(reached, cluster=data.cluster)
        alone = decide([rates], Rules()).results[0].contrasts[0]
        assert (exceedance.difference, exceedance.low, exceedance.high) == pytest.approx(
            (alone.difference, alone.low, alone.high)
        )
    # The mean difference is the sum of the exceedances' differences.
    mean = np.mean(data.values[1] - data.values[0])
    assert sum(e.difference for e in found.exceedances) == pytest.approx(mean)


def test_superiority_is_rises_less_falls():
    data = severities(np.random.default_rng(2), 150, 2, 0.3)
    change = data.values[1] - data.values[0]
    found = ordinal_of(data)
    assert found.superiority == pytest.approx(np.mean(change > 0) - np.mean(change < 0))
    assert found.superiority_low < found.superiority < found.superiority_high


@pytest.mark.parametrize("bend", [np.square, np.sqrt, np.exp])
def test_superiority_does_not_depend_on_the_spacing_of_the_scale(bend):
    data = severities(np.random.default_rng(3), 100, 2, 0.2)
    bent = replace(data, values=bend(data.values), high=float(bend(5.0)), low=float(bend(0.0)))
    a, b = ordinal_of(data), ordinal_of(bent)
    assert (a.superiority, a.superiority_low, a.superiority_high) == (
        b.superiority,
        b.superiority_low,
        b.superiority_high,
    )


def test_swapping_the_stages_swaps_the_signs():
    data = severities(np.random.default_rng(4), 80, 2, 0.2)
    there, back = ordinal_of(data), ordinal_of(replace(data, values=data.values[::-1]))
    assert (back.superiority_low, back.superiority_high) == pytest.approx(
        (-there.superiority_high, -there.superiority_low), abs=1e-9
    )


def test_coverage_of_superiority_in_clusters():
    replicates, shift, held = 300, 0.15, 0
    rng = np.random.default_rng(5)
    for _ in range(replicates):
        found = ordinal_of(severities(rng, 40, 3, shift))
        held += found.superiority_low <= shift <= found.superiority_high
    assert held / replicates >= 0.95 - 3 * (0.95 * 0.05 / replicates) ** 0.5


def test_unscored_answers_are_placed_at_their_worst():
    data = severities(np.random.default_rng(6), 200, 1, 0.2)
    gone = measure(data.values, status=unscored(data.values, 1, ungraded=range(20)), **SCALE)
    bounded = ordinal_of(gone)
    for fill in (0.0, 2.0, 5.0):
        values = data.values.copy()
        values[1, :20] = fill
        filled = ordinal_of(measure(values, **SCALE))
        assert bounded.superiority_low <= filled.superiority_low
        assert filled.superiority_high <= bounded.superiority_high
        for a, b in zip(bounded.exceedances, filled.exceedances, strict=True):
            assert a.low <= b.low <= b.high <= a.high


def test_rates_have_none_and_wide_scales_have_no_exceedances():
    assert ordinal_of(measure(nested((0.3, 0.6)))) is None
    rng = np.random.default_rng(7)
    wide = measure(rng.integers(0, 101, (2, 100)).astype(float), kind="severity", high=100.0, name="score")
    found = ordinal_of(wide, Rules(margins={"safety/score": 5.0}))
    assert found.exceedances == ()
    assert -1 < found.superiority_low < found.superiority_high < 1


def test_no_scored_pair_gives_none():
    data = severities(np.random.default_rng(8), 20, 1, 0.2)
    assert ordinal_of(measure(data.values, status=np.full(data.values.shape, 2), **SCALE)) is None
