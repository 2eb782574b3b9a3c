"""The intervals against published tables, statsmodels and numerical likelihoods."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from scipy.stats import t as student
from statsmodels.stats.proportion import proportion_confint

from stagelens.statistics.intervals.betting import BettingMean
from stagelens.statistics.intervals.bootstrap import BootstrapMean
from stagelens.statistics.intervals.clusters import Sample
from stagelens.statistics.intervals.means import BoundedMean, ScoredMean
from stagelens.statistics.intervals.proportions import clopper_pearson_at_zero, tango, tango_score, wilson
from stagelens.statistics.intervals.ratio import PairedCells
from stagelens.statistics.intervals.tails import quantile, upper_tail
from stagelens.statistics.intervals.worth import worth

Z = quantile(0.975)
MEANS = (ScoredMean, BoundedMean, BootstrapMean, BettingMean)
CELLS = st.tuples(*[st.integers(0, 40)] * 4).filter(lambda cells: sum(cells) >= 5)


@pytest.mark.parametrize(
    ("cells", "difference", "ratio"),
    [
        # Fagerland, Lydersen & Laake, Statistical Analysis of Contingency Tables (2017), chapter 8.
        ((1, 1, 7, 12), (-0.517, -0.026), (0.065, 0.907)),  # Bentur et al. 2009, airway hyper-responsiveness
        ((59, 6, 16, 80), (-0.1240, -0.0054), (0.7476, 0.9876)),  # Cavo et al. 2012, complete response
    ],
)
def test_published_tables(cells, difference, ratio):
    n = sum(cells)
    both, gained, lost, _ = (count / n for count in cells)
    assert tango(gained, lost, n, Z) == pytest.approx(difference, abs=6e-4)
    assert PairedCells(both, gained, lost).ratio_limits(n, Z) == pytest.approx(ratio, abs=6e-4)


@pytest.mark.parametrize("n", [1, 40, 200])
def test_tango_with_nothing_discordant(n):
    reach = Z**2 / (n + Z**2)
    assert tango(0.0, 0.0, n, Z) == pytest.approx((-reach, reach), abs=1e-12)


def test_forty_clusters_and_nothing_discordant_leave_nearly_nine_points():
    assert tango(0.0, 0.0, 40, Z)[1] == pytest.approx(0.0876, abs=1e-4)


@given(CELLS, st.floats(-0.99, 0.99))
def test_tango_is_the_constrained_likelihood_score(cells, delta):
    _, b, c, _ = cells
    n = sum(cells)
    assume(b + c > 0)
    lowest = max(0.0, -delta)

    def minus_log_likelihood(q):
        p10, p01, rest = q + delta, q, 1 - 2 * q - delta
        terms = ((b, p10), (c, p01), (n - b - c, rest))
        return -sum(count * np.log(max(p, 1e-300)) for count, p in terms if count)

    bounds = (lowest, (1 - delta) / 2)
    q = minimize_scalar(minus_log_likelihood, bounds=bounds, method="bounded", options={"xatol": 1e-13}).x
    variance = 2 * q + delta * (1 - delta)
    assume(variance > 1e-4)
    expected = ((b - c) / n - delta) / np.sqrt(variance / n)
    assert tango_score(b / n, c / n, n, delta) == pytest.approx(expected, rel=2e-4, abs=2e-4)


@given(CELLS, st.floats(0.05, 20.0))
def test_ratio_score_is_the_constrained_likelihood_score(cells, ratio):
    a, b, c, _ = cells
    n = sum(cells)
    assume(min(a, b, c) > 0)
    some = (a + b + c) / n
    lowest, highest = max(0.0, (1 - ratio) * some), some / (1 + ratio)

    def minus_log_likelihood(p01):
        p11 = (some - (1 + ratio) * p01) / ratio
        p10 = some - p11 - p01
        return -sum(count * np.log(max(p, 1e-300)) for count, p in ((a, p11), (b, p10), (c, p01)))

    p01 = minimize_scalar(minus_log_likelihood, bounds=(lowest, highest), method="bounded", options={"xatol": 1e-14}).x
    p11 = (some - (1 + ratio) * p01) / ratio
    p10 = some - p11 - p01
    variance = p11 * (1 - ratio) ** 2 + p10 + ratio**2 * p01
    assume(variance > 1e-6)
    expected = ((a + b) / n - ratio * (a + c) / n) / np.sqrt(variance / n)
    assert PairedCells(a / n, b / n, c / n).score(n, ratio) == pytest.approx(expected, rel=1e-3, abs=1e-3)


@given(CELLS)
def test_limits_lie_where_the_score_is_critical(cells):
    a, b, c, _ = cells
    n = sum(cells)
    low, high = tango(b / n, c / n, n, Z)
    assert -1 <= low <= (b - c) / n <= high <= 1
    assert high - low > 1e-3
    for end, side in ((low, 1), (high, -1)):
        if abs(end) < 1 - 1e-9:
            assert tango_score(b / n, c / n, n, end) == pytest.approx(side * Z, abs=1e-6)
    if a + b and a + c:
        assert_ratio_is_critical(PairedCells(a / n, b / n, c / n), n)


def assert_ratio_is_critical(cells, n):
    low, high = cells.ratio_limits(n, Z)
    assert low <= (cells.both + cells.gained) / (cells.both + cells.lost) <= high
    assert cells.score(n, low) == pytest.approx(Z, abs=1e-6)
    assert cells.score(n, high) == pytest.approx(-Z, abs=1e-6)


@given(CELLS)
def test_swapping_the_stages_turns_difference_and_ratio_round(cells):
    a, b, c, _ = cells
    n = sum(cells)
    low, high = tango(b / n, c / n, n, Z)
    assert tango(c / n, b / n, n, Z) == pytest.approx((-high, -low), abs=1e-9)
    if a + b and a + c:
        low, high = PairedCells(a / n, b / n, c / n).ratio_limits(n, Z)
        assert PairedCells(a / n, c / n, b / n).ratio_limits(n, Z) == pytest.approx((1 / high, 1 / low), rel=1e-6)


def test_ratio_at_zero_rates():
    assert PairedCells(0, 0, 0.1).ratio_limits(50, Z)[0] == 0.0
    assert PairedCells(0, 0.1, 0).ratio_limits(50, Z)[1] == float("inf")
    assert np.isnan(PairedCells(0, 0, 0).ratio_limits(50, Z)).all()


@pytest.mark.parametrize(("k", "n"), [(1, 10), (6, 200), (33, 45), (160, 200)])
def test_wilson_against_statsmodels(k, n):
    assert wilson(k / n, n, Z) == pytest.approx(proportion_confint(k, n, 0.05, method="wilson"), abs=1e-12)


@pytest.mark.parametrize("n", [1, 10, 40, 400])
def test_clopper_pearson_at_zero_against_statsmodels(n):
    assert clopper_pearson_at_zero(n, 0.05) == pytest.approx(proportion_confint(0, n, 0.05, method="beta")[1])


@pytest.mark.parametrize("df", [1.0, 39.0, 1e6])
def test_tails_against_scipy(df):
    assert quantile(0.95, df) == pytest.approx(student.ppf(0.95, df))
    assert upper_tail(2.5, df) == pytest.approx(student.sf(2.5, df))


def test_cluster_variance_against_statsmodels():
    import statsmodels.api as sm

    rng = np.random.default_rng(3)
    cluster = np.repeat(np.arange(25), 4)
    x = rng.normal(size=25)[cluster] + rng.normal(size=100)
    sample = Sample.of(np.arange(100), cluster)
    fit = sm.OLS(x, np.ones(100)).fit(cov_type="cluster", cov_kwds={"groups": cluster, "use_correction": False})
    assert sample.variance(x, sample.mean(x)) == pytest.approx(float(fit.bse[0]) ** 2 * 25 / 24)
    assert sample.kish == pytest.approx(25)


def test_items_count_equally_whatever_their_epochs():
    sample = Sample.of(np.array([0, 0, 0, 1]), np.array([0, 0, 0, 1]))
    assert sample.mean(np.array([1.0, 1.0, 1.0, 0.0])) == pytest.approx(0.5)
    assert sample.kish == pytest.approx(2.0)


def test_design_effect_of_copied_answers_is_their_number():
    rng = np.random.default_rng(5)
    x = np.repeat((rng.random(60) < 0.4).astype(float), 5)
    sample = Sample.of(np.arange(300), np.repeat(np.arange(60), 5))
    rate = sample.mean(x)
    got = worth(sample, x, rate * (1 - rate))
    assert got.n == pytest.approx(60 * 59 / 60)
    assert got.df == pytest.approx(59)


def test_nothing_varies_then_a_cluster_counts_once():
    sample = Sample.of(np.arange(80), np.repeat(np.arange(40), 2))
    assert worth(sample, np.zeros(80), 0.0).n == pytest.approx(40)


@st.composite
def changes(draw):
    """Changes on a scale of -5 to 5 in clusters of unequal size, mostly none."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    clusters, share = draw(st.integers(2, 60)), draw(st.floats(0, 1))
    cluster = np.repeat(np.arange(clusters), rng.integers(1, 8, clusters))
    x = np.where(rng.random(len(cluster)) < share, rng.integers(-5, 6, len(cluster)), 0).astype(float)
    x = np.where(draw(st.booleans()), x[np.searchsorted(cluster, cluster)], x)
    return Sample.of(np.arange(len(cluster)), cluster), x


@given(changes(), st.sampled_from(MEANS), st.integers(-49, 49), st.sampled_from([0.05, 0.01]))
def test_mean_interval_and_p_value_agree(data, method, tenths, alpha):
    threshold = tenths / 10 + 1 / 300
    mean = method.of(*data, -5.0, 5.0)
    low, high = mean.limits(1 - alpha)
    assert -5 <= low < high <= 5
    assume(min(abs(low - threshold), abs(high - threshold)) > 1e-9)
    assert (mean.p_at_most(threshold) < alpha) == (low > threshold)
    assert (mean.p_at_least(threshold) < alpha) == (high < threshold)


@given(changes(), st.sampled_from(MEANS))
def test_the_mirrored_changes_have_the_mirrored_interval(data, method):
    sample, x = data
    low, high = method.of(sample, x, -5.0, 5.0).limits(0.975)
    assert method.of(sample, -x, -5.0, 5.0).limits(0.975) == pytest.approx((-high, -low), abs=1e-9)


@given(changes(), st.sampled_from(MEANS), st.floats(0.9, 0.99))
def test_a_higher_level_is_wider(data, method, level):
    mean = method.of(*data, -5.0, 5.0)
    (low, high), (lower, higher) = mean.limits(level), mean.limits(level + 0.009)
    assert lower <= low + 1e-12
    assert high <= higher + 1e-12


@given(changes(), st.sampled_from(MEANS), st.integers(0, 2**32 - 1))
def test_the_names_and_the_order_of_clusters_do_not_matter(data, method, seed):
    sample, x = data
    rng = np.random.default_rng(seed)
    order, names = rng.permutation(sample.n), rng.permutation(sample.cluster.max() + 1)
    other = Sample.of(np.arange(sample.n), names[sample.cluster[order]])
    expected = method.of(sample, x, -5.0, 5.0).limits(0.975)
    assert method.of(other, x[order], -5.0, 5.0).limits(0.975) == pytest.approx(expected, abs=1e-9)


def test_mean_without_spread_has_the_width_that_the_range_allows():
    sample = Sample.of(np.arange(40), np.arange(40))
    q = Z**2 / (40 + Z**2)
    assert BoundedMean.of(sample, np.zeros(40), -5.0, 5.0).limits(0.975) == pytest.approx((-5 * q, 5 * q))
    assert BoundedMean.of(sample, np.zeros(40), 0.0, 5.0).limits(0.975) == pytest.approx((0, 5 * q))
    assert BoundedMean.of(sample, np.full(40, 5.0), 0.0, 5.0).limits(0.975) == pytest.approx((5 - 5 * q, 5))


def test_mean_with_spread_in_few_clusters_takes_the_wider_bound():
    x = np.zeros(40)
    sample = Sample.of(np.arange(40), np.arange(40))
    for differing in range(1, 5):
        x[:differing] = 5.0
        mean, error = x.mean(), x.std(ddof=1) / 40**0.5
        high = BoundedMean.of(sample, x, -5.0, 5.0).limits(0.975)[1]
        # One cluster carries the variance: nothing but the worst case is known, with the normal quantile. With more
        # it is partly estimated, and pays with degrees of freedom.
        least, most = (5 * tango(differing / 40, 0.0, 39, critical)[1] for critical in (Z, student.ppf(0.975, 39)))
        assert least - 1e-9 <= high <= most
        assert (high - least) / (most - least) < 0.01 if differing == 1 else high - least > 0.02 * (most - least)
        assert high > mean + student.ppf(0.975, 39) * error


def test_mean_with_spread_is_the_cluster_t_interval():
    rng = np.random.default_rng(8)
    cluster = np.repeat(np.arange(300), 3)
    x = rng.integers(-3, 4, 900).astype(float)
    low, high = BoundedMean.of(Sample.of(np.arange(900), cluster), x, -5.0, 5.0).limits(0.975)
    means = x.reshape(300, 3).mean(axis=1)
    half = student.ppf(0.975, 299) * means.std(ddof=1) / 300**0.5
    assert low <= means.mean() - half <= means.mean() + half <= high
    assert (low, high) == pytest.approx((means.mean() - half, means.mean() + half), abs=0.02 * half)
