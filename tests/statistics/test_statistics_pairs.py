"""Non-inferiority, every pair of stages, runs and scope, and how seldom a wrong stage is named."""

from __future__ import annotations

import importlib.util
import sys
import time
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statistics_worlds import contrast, measure, nested
from statsmodels.stats.multitest import multipletests

from stagelens.statistics.data import FamilyRules, Rules
from stagelens.statistics.decide import decide
from stagelens.statistics.design.looks import Look


def only(data, rules=Rules()):  # noqa: B008  # rules are frozen
    return decide([data], rules).results[0]


@settings(max_examples=60, deadline=None)
@given(st.floats(0.05, 0.95), st.floats(0.05, 0.95), st.integers(0, 2**32 - 1), st.booleans())
def test_noninferiority_is_the_test_of_one_region(earlier, later, seed, higher_is_worse):
    rng = np.random.default_rng(seed)
    own = rng.random(200)
    table = (np.where(rng.random((2, 200)) < 0.6, own, rng.random((2, 200))) < [[earlier], [later]]).astype(float)
    data = replace(measure(table), higher_is_worse=higher_is_worse)
    c = only(data).contrasts[0]
    worse = c.equivalence_high >= 0.05 if higher_is_worse else c.equivalence_low <= -0.05
    assert (c.p_noninferiority_raw < 0.05) != worse
    # Equivalence is not being worse and not being better: the larger of the two one-sided p values.
    better = only(replace(data, higher_is_worse=not higher_is_worse)).contrasts[0].p_noninferiority_raw
    assert c.p_equivalence_raw == pytest.approx(max(c.p_noninferiority_raw, better))


def test_noninferiority_of_an_improvement():
    improved = only(measure(nested((0.6, 0.3)))).contrasts[0]
    worsened = only(measure(nested((0.3, 0.6)))).contrasts[0]
    assert improved.p_noninferiority_raw < 1e-6
    assert worsened.p_noninferiority_raw > 1 - 1e-6


def test_every_two_stages_are_compared_and_corrected_together():
    data = measure(nested((0.9, 0.5, 0.48, 0.3, 0.3), n=300), stages=tuple("abcde"))
    rules = Rules(families={"family": FamilyRules("b", None)})
    some, every = only(data, rules), only(data, replace(rules, all_pairs=True))
    named = [(c.from_stage, c.to_stage) for c in every.contrasts]
    assert sorted(named) == sorted(combinations("abcde", 2))
    assert named[: len(some.contrasts)] == [(c.from_stage, c.to_stage) for c in some.contrasts]
    for raw, adjusted in (("p_difference_raw", "p_difference"), ("p_equivalence_raw", "p_equivalence")):
        expected = multipletests([getattr(c, raw) for c in every.contrasts], method="holm")[1]
        for c, p in zip(every.contrasts, expected, strict=True):
            assert getattr(c, adjusted) == pytest.approx(getattr(c, raw) if c.headline else p)
    assert any("Holm's correction runs over all 10 pairs" in warning for warning in every.warnings)
    assert (every.cause, every.why, every.established_by) == (some.cause, some.why, some.established_by)
    assert contrast(every, "a", "c").difference == pytest.approx(-0.42, abs=0.01)


def test_all_pairs_of_twelve_models_take_little_time():
    rng = np.random.default_rng(1)
    names = tuple(f"m{k}" for k in range(12))
    cluster = np.arange(400) // 10
    rates = measure(rng.random((12, 400)) < 0.3, stages=names, item=np.arange(400) // 5, cluster=cluster)
    severity = measure(
        rng.integers(0, 6, (12, 400)), stages=names, item=np.arange(400) // 5, cluster=cluster, kind="severity",
        high=5.0, name="severity",
    )  # fmt: skip
    start = time.perf_counter()
    results = decide([rates, severity], Rules(all_pairs=True)).results
    assert time.perf_counter() - start < 5
    assert [len(result.contrasts) for result in results] == [66, 66]


@pytest.mark.parametrize(
    ("runs", "scope", "warned"), [(1, "these checkpoints", False), (2, "this recipe", True), (3, "this recipe", False)]
)
def test_runs_and_scope(runs, scope, warned):
    data = measure(nested((0.3, 0.3), n=300))
    data = replace(data, run=(np.arange(300) % runs).astype(np.int64), look=Look(2, 5))
    result = only(data)
    assert (result.runs, result.scope) == (runs, scope)
    assert any(warning.startswith("two runs") for warning in result.warnings) == warned
    assert (result.look, result.looks) == (2, 5)
    alone = only(replace(data, run=None))
    assert (alone.runs, alone.scope) == (1, "these checkpoints")


TRUTHS = Path(__file__).parents[2] / "perf" / "truths.py"


@pytest.fixture(scope="module")
def truths():
    spec = importlib.util.spec_from_file_location("truths", TRUTHS)
    module = importlib.util.module_from_spec(spec)
    sys.modules["truths"] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules["truths"]


def test_without_noise_every_cause_is_the_true_one(truths):
    for truth in truths.TRUTHS:
        table = np.array([np.arange(200_000) < rate * 200_000 for rate in truth.rates])
        n = np.arange(200_000)
        result = only(truths.measure(table, truth.stages, item=n, cluster=n))
        at_the_margin = any(abs(a - b) in (50, 51) for a, b in combinations(truth.thousandths, 2))
        expected = {truth.cause, "inconclusive", "diffuse"} if at_the_margin else {truth.cause}
        assert result.cause in expected, (truth.name, result.why)
        if result.cause == "mixed":
            assert result.pattern in (truth.pattern, None), truth.name


@pytest.mark.parametrize(
    "name",
    [
        "additive, second just beyond",
        "eroded, just beyond",
        "diffuse, just beyond",
        "pretraining, a step at the margin",
        "production after a drift",
        "away and back by small steps",
        "three small steps",
        "cancelling, just beyond",
    ],
)
def test_a_wrong_stage_is_seldom_named(truths, name):
    truth = next(truth for truth in truths.TRUTHS if truth.name == name)
    rng, replicates = np.random.default_rng(6), 250
    wrong = sum(truth.wrong(only(truths.draw(rng, truth, 2000)).cause) for _ in range(replicates))
    assert wrong / replicates <= 0.05 + 3 * (0.05 * 0.95 / replicates) ** 0.5
