"""A screen corrected by a strong judge: what labels leave unseen, corrected levels, and what a rare behaviour hides."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from statistics_worlds import measure

from stagelens.statistics.data import Labels, MeasureData, Rules
from stagelens.statistics.decide import decide
from stagelens.statistics.intervals.clusters import Sample
from stagelens.statistics.intervals.tails import quantile
from stagelens.statistics.judging.graded import Graded
from stagelens.statistics.judging.ppi import corrected_difference, corrected_level
from stagelens.statistics.judging.unseen import Unseen


def cascade(
    seed: int,
    n: int = 4000,
    rates: tuple[float, ...] = (0.02, 0.02),
    sensitivity: float = 0.5,
    specificity: float = 0.97,
    rest: float = 0.05,
) -> tuple[np.ndarray, MeasureData]:
    """The truth, and the screen's measure with the labels of a judge who knows it."""
    rng = np.random.default_rng(seed)
    truth = (rng.random((len(rates), n)) < np.array(rates)[:, None]).astype(float)
    right = rng.random(truth.shape) < np.where(truth == 1, sensitivity, specificity)
    screen = np.where(right, truth, 1 - truth)
    flagged = screen.max(axis=0) == 1
    drawn = flagged | (rng.random(n) < rest)
    chance = np.where(flagged, 1.0, np.where(drawn, (drawn & ~flagged).sum() / (~flagged).sum(), np.nan))
    labels = Labels(np.where(drawn, truth, np.nan), np.broadcast_to(chance, truth.shape), by="strong")
    return truth, replace(measure(screen), labels=labels)


def graded(data: MeasureData) -> list[Graded]:
    assert data.labels is not None
    return [
        Graded(data.values[k], data.status[k] == 0, data.labels.values[k], data.labels.probability[k])
        for k in range(len(data.stages))
    ]


def test_a_screen_that_flags_too_much_is_taken_back_in_levels_and_differences() -> None:
    truth, data = cascade(1, n=20_000, rates=(0.02, 0.04), rest=0.2)
    (result,) = decide([data], Rules()).results
    screened = data.values.mean(axis=1)
    for stage, level in enumerate(result.stages):
        assert level.low < truth[stage].mean() < level.high
        assert screened[stage] > level.high  # false alarms
    (contrast,) = result.contrasts
    assert contrast.method == "ppi++"
    assert contrast.difference == pytest.approx(result.stages[1].estimate - result.stages[0].estimate, abs=0.003)
    assert contrast.low < 0.02 < contrast.high
    assert result.judging is not None
    screened_by = result.judging.screened
    assert screened_by is not None
    assert screened_by.certain + screened_by.drawn == 2 * int((~np.isnan(data.labels.values[0])).sum())  # type: ignore[union-attr]
    assert screened_by.alarms == pytest.approx(0.03, abs=0.003)
    assert screened_by.missed == pytest.approx(0.015, abs=0.005)
    assert screened_by.agreement == pytest.approx(1 - screened_by.alarms - screened_by.missed)
    assert decide([replace(data, labels=None)], Rules()).results[0].judging is None


def test_everything_judged_is_the_judge_s_own_level() -> None:
    truth, data = cascade(2, n=2000, rest=1.0)
    level = corrected_level(Sample.of(np.arange(2000), np.arange(2000)), graded(data)[0], 0.0, 1.0)
    assert level.unseen is None
    assert level.mean == pytest.approx(truth[0].mean(), abs=1e-12)
    assert level.error == pytest.approx(truth[0].std(ddof=1) / 2000**0.5, rel=1e-6)


def test_flagged_errors_say_nothing_of_what_no_one_labelled() -> None:
    """Hundreds of false alarms, and not one miss among the drawn: the interval is that of the drawn ones alone."""
    _, data = cascade(3, n=10_000, rates=(0.0, 0.0), rest=0.02)
    sample = Sample.of(np.arange(10_000), np.arange(10_000))
    result = corrected_difference(sample, *graded(data), 1.0).difference
    assert data.labels is not None
    drawn = int((data.labels.probability[0] < 1).sum())
    share = float(np.nansum(np.where(data.labels.probability[0] < 1, 1 / data.labels.probability[0] - 1, 0))) / 10_000
    z2 = quantile(0.975) ** 2
    low, high = result.limits(0.975)
    assert result.few
    assert high - result.mean >= share * z2 / (drawn + z2) - 1e-9
    assert result.mean - low >= share * z2 / (drawn + z2) - 1e-9
    assert np.isnan(corrected_difference(sample, *graded(data), 1.0).ratio_limits(0.95)).all()


def test_p_values_agree_with_limits() -> None:
    for seed in range(12):
        _, data = cascade(seed, n=3000, rates=(0.01, 0.02))
        sample = Sample.of(np.arange(3000), np.arange(3000))
        mean = corrected_difference(sample, *graded(data), 1.0).difference
        assert mean.unseen is not None
        for level in (0.9, 0.95, 0.975):
            low, high = mean.limits(level)
            assert low <= mean.mean <= high
            for threshold in (-0.05, -0.01, 0.0, 0.01, 0.03):
                assert (mean.p_at_most(threshold) < 1 - level) == (low > threshold)
                assert (mean.p_at_least(threshold) < 1 - level) == (high < threshold)
        assert mean.limits(0.4)[0] > mean.limits(0.6)[0]


def test_even_draws_have_nothing_apart() -> None:
    _, data = cascade(4)
    assert data.labels is not None
    even = [replace(one, probability=np.where(np.isnan(one.label), np.nan, 0.1)) for one in graded(data)]
    sample = Sample.of(np.arange(4000), np.arange(4000))
    assert corrected_difference(sample, *even, 1.0).difference.unseen is None
    certain = [replace(one, probability=np.where(np.isnan(one.label), np.nan, 1.0)) for one in graded(data)]
    assert Unseen.of(sample, [(1.0, certain[1]), (-1.0, certain[0])], 1.0, 1.0) is None


@pytest.mark.parametrize(("n", "rest", "worse"), [(2000, 0.1, 0.95), (10_000, 0.02, 0.85)])
def test_coverage_of_a_rare_behaviour(n: int, rest: float, worse: float) -> None:
    """Where the errors that are seen are nearly all the screen's alarms, a plain t interval is far too short."""
    held, plain, replicates = 0, 0, 200
    for seed in range(replicates):
        _, data = cascade(seed, n=n, rates=(0.005, 0.015), rest=rest)
        mean = corrected_difference(Sample.of(np.arange(n), np.arange(n)), *graded(data), 1.0).difference
        low, high = mean.limits(0.975)
        held += low <= 0.01 <= high
        low, high = replace(mean, unseen=None).limits(0.975)
        plain += low <= 0.01 <= high
    assert held / replicates >= 0.95 - 3 * (0.95 * 0.05 / replicates) ** 0.5
    assert plain / replicates < worse


def test_too_few_grades_leave_the_screen_and_say_so() -> None:
    _, data = cascade(5)
    assert data.labels is not None
    few = np.where(np.cumsum(~np.isnan(data.labels.values[0])) <= 8, data.labels.values, np.nan)
    chance = np.where(np.isnan(few), np.nan, data.labels.probability)
    (result,) = decide([replace(data, labels=Labels(few, chance, "strong"))], Rules()).results
    assert result.contrasts[0].method != "ppi++"
    assert (
        "sft → production: as the screen has it, uncorrected: strong graded too few answers of both stages"
        in result.warnings
    )
    assert result.judging is not None
    assert result.judging.correction is None


def test_causes_strata_and_shares_do_not_rest_on_the_screen_alone() -> None:
    truth, data = cascade(6, n=20_000, rates=(0.02, 0.1, 0.1), rest=0.3)
    stratum = np.arange(20_000) % 2
    (result,) = decide([replace(data, stratum=stratum, strata=("even", "odd"))], Rules()).results
    assert result.cause == "sft"
    assert {share.set for share in result.shares} == {"all"}
    for part, kept in zip(result.strata, (stratum == 0, stratum == 1), strict=True):
        assert part.low < (truth[2] - truth[1])[kept].mean() < part.high
    assert len(result.strata) == 2


def test_a_severity_s_exceedances_are_corrected_too() -> None:
    rng = np.random.default_rng(7)
    truth = rng.choice([0.0, 1.0, 4.0], (2, 4000), p=[0.8, 0.15, 0.05])
    screen = np.clip(truth + (rng.random((2, 4000)) < 0.1) * 3, 0, 5)
    flagged = screen.max(axis=0) >= 2.5
    drawn = flagged | (rng.random(4000) < 0.3)
    chance = np.where(flagged, 1.0, np.where(drawn, (drawn & ~flagged).sum() / (~flagged).sum(), np.nan))
    labels = Labels(np.where(drawn, truth, np.nan), np.broadcast_to(chance, truth.shape), by="strong")
    data = replace(measure(screen, kind="severity", high=5.0, name="severity"), labels=labels)
    (result,) = decide([data], Rules()).results
    assert result.ordinal is not None
    reached = {each.at_least: each for each in result.ordinal.exceedances}
    assert reached[4.0].low < (truth[1] >= 4).mean() - (truth[0] >= 4).mean() < reached[4.0].high
    assert abs(result.stages[0].estimate - truth[0].mean()) < 0.1  # type: ignore[operator]
