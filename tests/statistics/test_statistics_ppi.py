"""PPI++ differences: against ppi-python, their invariances, and what they hold in simulation."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statistics_worlds import measure, unscored

from stagelens.statistics.contrasts.paired import gather
from stagelens.statistics.data import Labels, Question, Rules
from stagelens.statistics.decide import decide
from stagelens.statistics.intervals.clusters import Sample
from stagelens.statistics.intervals.tails import quantile
from stagelens.statistics.judging.graded import Graded
from stagelens.statistics.judging.ppi import corrected_difference, corrected_level


def world(seed, n=400, rate=0.3, change=0.0, sensitivity=(0.9, 0.8), specificity=(0.95, 0.9), same=0.5):
    """Truth and judge of two stages, each of shape (2, n)."""
    rng = np.random.default_rng(seed)
    common, own = rng.random(n), rng.random((2, n))
    latent = np.where(rng.random((2, n)) < same, common, own)
    truth = latent < np.array([rate, rate + change])[:, None]
    found, spared = rng.random((2, n)), rng.random((2, n))
    judge = np.where(truth, found < np.array(sensitivity)[:, None], spared >= np.array(specificity)[:, None])
    return truth.astype(float), judge.astype(float)


def some(rng, truth, count, paired=True):
    """Labels of a simple random sample, the same attempts at both stages or not."""
    labels = np.full(truth.shape, np.nan)
    for stage in range(2):
        if stage == 0 or not paired:
            chosen = rng.permutation(truth.shape[1])[:count]
        labels[stage, chosen] = truth[stage, chosen]
    return labels


def graded(judge, labels, probability=None, scored=None):
    return [
        Graded(
            judge[stage],
            np.ones(judge.shape[1], bool) if scored is None else scored[stage],
            labels[stage],
            np.full(judge.shape[1], np.nan) if probability is None else probability[stage],
        )
        for stage in range(2)
    ]


def alone(n):
    return Sample.of(np.arange(n), np.arange(n))


def test_the_estimate_is_ppi_pythons():
    ppi = pytest.importorskip("ppi_py")
    truth, judge = world(0)
    labels = some(np.random.default_rng(0), truth, 80)
    result = corrected_difference(alone(400), *graded(judge, labels), 1.0)
    known = ~np.isnan(labels[0])
    change, scores = truth[1] - truth[0], judge[1] - judge[0]
    power = result.difference.power
    assert 0.1 < power < 1
    reference = ppi.ppi_mean_pointestimate(change[known], scores[known], scores, lam=power)
    assert result.difference.mean == pytest.approx(float(np.squeeze(reference)), abs=1e-12)


@pytest.mark.parametrize("count", [40, 200])
def test_the_standard_error_is_ppi_pythons(count):
    """ppi-python takes labelled and unlabelled answers as apart; with λ (1 - n/N) on the others it is our estimate.

    Only what is centred on differs, which is of the order of 1/n: 2 %.
    """
    ppi = pytest.importorskip("ppi_py")
    truth, judge = world(1)
    labels = some(np.random.default_rng(1), truth, count)
    result = corrected_difference(alone(400), *graded(judge, labels), 1.0).difference
    known = ~np.isnan(labels[0])
    change, scores = truth[1] - truth[0], judge[1] - judge[0]
    low, high = ppi.ppi_mean_ci(
        change[known], scores[known], scores[~known], alpha=0.05, lam=result.power * (1 - count / 400)
    )
    reference = float(np.squeeze(high - low)) / 2 / quantile(0.975) * (count / (count - 1)) ** 0.5
    assert result.mean == pytest.approx(float(np.squeeze(low + high)) / 2, abs=1e-12)
    assert result.error == pytest.approx(reference, rel=0.02)


def test_power_is_what_leaves_least_variance():
    truth, judge = world(2)
    stages = graded(judge, some(np.random.default_rng(2), truth, 100, paired=False))
    best = corrected_difference(alone(400), *stages, 1.0).difference
    assert 0.05 < best.power < 0.95
    # A judge on another scale has another power: the estimate and its error do not move.
    stretched = [replace(stage, judge=2 * stage.judge + 0.25) for stage in stages]
    other = corrected_difference(alone(400), *stretched, 1.0).difference
    assert other.power == pytest.approx(best.power / 2)
    assert (other.mean, other.error) == pytest.approx((best.mean, best.error))
    # Labels alone have the power 0: no less variance is there to be had.
    mute = [replace(stage, judge=np.zeros(400)) for stage in stages]
    assert corrected_difference(alone(400), *mute, 1.0).difference.error > best.error


def test_with_every_answer_labelled_only_the_labels_count():
    truth, judge = world(3)
    result = corrected_difference(alone(400), *graded(judge, truth), 1.0).difference
    change = truth[1] - truth[0]
    assert result.mean == pytest.approx(change.mean(), abs=1e-12)
    assert result.error == pytest.approx(change.std(ddof=1) / 20, rel=1e-9)


def test_a_judge_without_error_is_not_believed_beyond_its_labels():
    truth, _ = world(4)
    labels = some(np.random.default_rng(4), truth, 50)
    result = corrected_difference(alone(400), *graded(truth, labels), 1.0).difference
    share = quantile(0.975) ** 2 / (50 + quantile(0.975) ** 2)
    assert result.clusters == pytest.approx(50)
    assert result.limits(0.975)[1] - result.mean >= share * (1 - result.mean) - 1e-12
    assert result.mean - result.limits(0.975)[0] >= share * (1 + result.mean) - 1e-12


def test_nothing_seen_is_no_interval_of_no_width():
    judge = np.zeros((2, 60))
    labels = np.full((2, 60), np.nan)
    labels[:, :20] = 0.0
    result = corrected_difference(alone(60), *graded(judge, labels), 1.0)
    low, high = result.difference.limits(0.975)
    assert low < -0.1
    assert high > 0.1
    assert np.isnan(result.ratio_limits(0.95)).all()


@settings(deadline=None, max_examples=40)
@given(
    seed=st.integers(0, 10_000),
    count=st.integers(12, 100),
    paired=st.booleans(),
    threshold=st.sampled_from([-0.05, 0.0, 0.05, 0.2]),
    level=st.sampled_from([0.9, 0.95, 0.975]),
    good=st.booleans(),
)
def test_p_values_and_limits_never_contradict(seed, count, paired, threshold, level, good):
    truth, judge = world(seed, n=120, sensitivity=(1, 0.98) if good else (0.9, 0.8))
    stages = graded(judge, some(np.random.default_rng(seed), truth, count, paired))
    mean = corrected_difference(alone(120), *stages, 1.0).difference
    low, high = mean.limits(level)
    assert low <= mean.mean <= high
    assert (mean.p_at_most(threshold) < 1 - level) == (low > threshold)
    assert (mean.p_at_least(threshold) < 1 - level) == (high < threshold)
    wider = mean.limits((1 + level) / 2)
    assert wider[0] <= low
    assert wider[1] >= high


@settings(deadline=None, max_examples=25)
@given(seed=st.integers(0, 10_000), paired=st.booleans())
def test_order_and_direction_decide_nothing(seed, paired):
    rng = np.random.default_rng(seed)
    truth, judge = world(seed, n=150)
    labels = some(rng, truth, 50, paired)
    probability = np.where(np.isnan(labels), np.nan, rng.choice([0.2, 0.5], labels.shape))
    item, cluster = np.arange(150) // 2, np.arange(150) // 6
    earlier, later = graded(judge, labels, probability)
    one = corrected_difference(Sample.of(item, cluster), earlier, later, 1.0)
    back = corrected_difference(Sample.of(item, cluster), later, earlier, 1.0)
    low, high = one.difference.limits(0.975)
    assert back.difference.limits(0.975) == pytest.approx((-high, -low), abs=1e-9)
    order = rng.permutation(150)
    moved = graded(judge[:, order], labels[:, order], probability[:, order])
    other = corrected_difference(Sample.of(item[order], cluster[order]), *moved, 1.0)
    assert other.difference.limits(0.975) == pytest.approx((low, high), abs=1e-9)


def test_probabilities_undo_an_uneven_draw():
    """Labels of every judge-positive and of one in ten others: unweighted they would speak for the positives."""
    truth, judge = world(5, n=20_000, change=0.1)
    rng = np.random.default_rng(5)
    positive = judge.any(axis=0)
    drawn = positive | (rng.random(20_000) < 0.1)
    labels = np.where(drawn, truth, np.nan)
    probability = np.where(drawn, np.where(positive, 1.0, 0.1), np.nan) * np.ones((2, 1))
    exact = float((truth[1] - truth[0]).mean())
    weighted = corrected_difference(alone(20_000), *graded(judge, labels, probability), 1.0).difference
    plain = corrected_difference(alone(20_000), *graded(judge, labels), 1.0).difference
    assert abs(weighted.mean - exact) < 3 * weighted.error
    assert abs(plain.mean - exact) > 5 * plain.error


def coverage(draw, truth_of, replicates=300):
    held, widths = [], []
    for seed in range(replicates):
        low, high = draw(seed)
        held.append(low <= truth_of <= high)
        widths.append(high - low)
    return float(np.mean(held)), float(np.mean(widths)), 3 * (0.95 * 0.05 / replicates) ** 0.5


@pytest.mark.parametrize("paired", [True, False])
def test_coverage_where_the_judge_errs_unlike_at_the_stages(paired):
    def draw(seed, labelled=True):
        truth, judge = world(seed, n=2000, rate=0.1, sensitivity=(0.9, 0.8), specificity=(0.99, 0.95))
        labels = some(np.random.default_rng(seed), truth, 200, paired)
        data = measure(judge)
        if labelled:
            data = replace(data, labels=Labels(labels, np.full(labels.shape, np.nan)))
        contrast = decide([data], Rules()).results[0].contrasts[0]
        return contrast.low, contrast.high

    held, width, tolerance = coverage(draw, 0.0)
    assert held >= 0.95 - tolerance
    assert width < 0.085
    naive, _, _ = coverage(lambda seed: draw(seed, labelled=False), 0.0)
    assert naive < 0.3


def test_coverage_with_clusters_epochs_and_a_stratified_draw():
    def draw(seed):
        rng = np.random.default_rng(seed)
        item, cluster = np.arange(1200) // 2, np.arange(1200) // 10
        effect = rng.random((2, 120))[:, cluster]
        own = rng.random((2, 1200))
        truth = np.where(rng.random((2, 1200)) < 0.4, effect, own) < 0.3
        judge = np.where(truth, rng.random((2, 1200)) < [[0.9], [0.75]], rng.random((2, 1200)) >= [[0.97], [0.9]])
        labels, probability = np.full((2, 1200), np.nan), np.full((2, 1200), np.nan)
        pattern = judge[0] + 2 * judge[1]
        for kind in range(4):
            there = np.flatnonzero(pattern == kind)
            count = min(len(there), 60)
            chosen = rng.permutation(there)[:count]
            labels[:, chosen], probability[:, chosen] = truth[:, chosen], count / len(there)
        stages = graded(judge.astype(float), labels, probability)
        return corrected_difference(Sample.of(item, cluster), *stages, 1.0).difference.limits(0.975)

    held, _, tolerance = coverage(draw, 0.0)
    assert held >= 0.95 - tolerance


def test_coverage_of_a_corrected_severity_and_of_a_level():
    def sample(seed):
        rng = np.random.default_rng(seed)
        truth = np.clip(rng.poisson(1.2, (2, 600)) + rng.integers(0, 2, 600), 0, 5).astype(float)
        judge = np.clip(truth + rng.choice([0, 0, 1], (2, 600)) + [[0], [1]], 0, 5)
        return graded(judge, some(rng, truth, 60))

    rng = np.random.default_rng(99)
    mean = np.clip(rng.poisson(1.2, 400_000) + rng.integers(0, 2, 400_000), 0, 5).mean()
    held, _, tolerance = coverage(
        lambda seed: corrected_difference(alone(600), *sample(seed), 5.0).difference.limits(0.975), 0.0
    )
    assert held >= 0.95 - tolerance
    held, width, tolerance = coverage(
        lambda seed: corrected_level(alone(600), sample(seed)[1], 0.0, 5.0).limits(0.975), mean
    )
    assert held >= 0.95 - tolerance
    assert width < 1


def test_fiellers_ratio_holds_the_ratio():
    def draw(seed):
        truth, judge = world(seed, n=1000, rate=0.3, change=0.1)
        stages = graded(judge, some(np.random.default_rng(seed), truth, 200))
        return corrected_difference(alone(1000), *stages, 1.0).ratio_limits(0.975)

    held, width, tolerance = coverage(draw, 0.4 / 0.3)
    assert held >= 0.95 - tolerance
    assert width < 2


def question():
    return Question(0.05, 0.05)


def with_labels(judge, labels, **kind):
    return replace(measure(judge, **kind), labels=Labels(labels, np.full(labels.shape, np.nan)))


def test_unscored_answers_are_bounded_at_both_ends():
    truth, judge = world(6)
    status = unscored(judge, 1, incapable=range(20), ungraded=range(20, 30))
    labels = some(np.random.default_rng(6), truth, 150)
    data = with_labels(judge, labels, status=status)
    everyone = Sample.of(data.item, data.cluster)
    evidence = gather(data, 0, 1, everyone, question())
    assert evidence.complete.method == evidence.bounded.method == "ppi++"
    assert evidence.bounded.low < evidence.with_incapable().low < evidence.complete.low
    assert evidence.bounded.high > evidence.with_incapable().high > evidence.complete.high
    # Whatever the unscored answers had been, the interval over all answers is inside.
    for end in (0.0, 1.0):
        filled, known = judge.copy(), labels.copy()
        filled[1, :30] = end
        known[1, :30] = np.where(np.isnan(labels[1, :30]), np.nan, end)
        reading = gather(with_labels(filled, known), 0, 1, everyone, question()).complete
        assert evidence.bounded.low <= reading.low + 0.02
        assert evidence.bounded.high >= reading.high - 0.02


def test_too_few_labels_leave_the_judge_s_difference():
    truth, judge = world(7)
    few = some(np.random.default_rng(7), truth, 9)
    everyone = alone(400)
    plain = gather(measure(judge), 0, 1, everyone, question())
    assert gather(with_labels(judge, few), 0, 1, everyone, question()) == plain
    one_sided = some(np.random.default_rng(7), truth, 100)
    one_sided[1] = np.nan
    assert gather(with_labels(judge, one_sided), 0, 1, everyone, question()) == plain


def test_several_training_runs_leave_the_judge_s_difference():
    truth, judge = world(7)
    data = replace(with_labels(judge, some(np.random.default_rng(7), truth, 100)), run=np.arange(400) % 4)
    assert gather(data, 0, 1, alone(400), question()).complete.method != "ppi++"


def test_labels_of_unscored_answers_are_not_used():
    truth, judge = world(8)
    status = unscored(judge, 1, ungraded=range(30))
    labels = some(np.random.default_rng(8), truth, 100)
    more = labels.copy()
    more[1, :30] = truth[1, :30]
    everyone = alone(400)
    one = gather(with_labels(judge, labels, status=status), 0, 1, everyone, question())
    other = gather(with_labels(judge, more, status=status), 0, 1, everyone, question())
    assert one.bounded == other.bounded


def test_corrected_verdicts_name_their_method_and_count_labels():
    truth, judge = world(9)
    labels = some(np.random.default_rng(9), truth, 100)
    result = decide([with_labels(judge, labels)], Rules()).results[0]
    assert result.contrasts[0].method == "ppi++"
    assert result.judging is not None
    assert result.judging.labelled == 200
    assert result.judging.correction is not None
    plain = decide([measure(judge)], Rules()).results[0]
    assert plain.judging is None
