"""The simulation bench itself: worlds have the truths they claim, results do not depend on the number of processes."""

from __future__ import annotations

import json
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

PERF = Path(__file__).parents[2] / "perf"
sys.path.insert(0, str(PERF))

from simulation import causes, equivalence, levels, paired  # noqa: E402
from simulation.tables import Entry, Goal, Row, Table  # noqa: E402
from simulation.trials import Bench, Cell, Tally, generator  # noqa: E402
from simulation.worlds import Flips, Latent, Layout, Severities, equal, log_uniform, places, uniform  # noqa: E402
from truths import TRUTHS  # noqa: E402

sys.path.remove(str(PERF))  # perf/coverage.py must not stand for the package of that name, which others look for

LAYOUT = Layout((1, 2, 3, 10, 20), epochs=2)
DRAWS = 4000


def means(world, draws=DRAWS):
    """Item-averaged levels of many draws, shape (draws, S)."""
    rng = np.random.default_rng(5)
    return np.array([world.draw(rng).values.mean(axis=1) for _ in range(draws)])


def close(drawn, truth):
    """Whether the average lies within four of its standard errors of the truth."""
    return abs(np.mean(drawn) - truth) < 4 * np.std(drawn) / len(drawn) ** 0.5


@pytest.mark.parametrize(
    "shares", [{}, {"cluster": 0.5, "item": 0.3, "kept": 0.5}, {"cluster": 0.2, "item": 0.8, "kept": 1.0}]
)
def test_latent_worlds_have_their_rates(shares):
    levels = means(Latent(LAYOUT, (0.02, 0.3), **shares))
    assert close(levels[:, 0], 0.02)
    assert close(levels[:, 1], 0.3)


def test_training_runs_scatter_around_the_recipes_rate():
    world = Latent(Layout(equal(50, 1), runs=3), (0.3, 0.3), item=0.3, run=0.2)
    assert close(means(world)[:, 0], 0.3)
    data = world.draw(np.random.default_rng(0))
    rates = [data.values[0, data.run == run].mean() for run in range(3)]
    assert np.ptp(rates) > 0.05


def test_latents_correlate_as_said():
    world = Latent(Layout(equal(20_000, 2)), (0.5, 0.5), cluster=0.3, item=0.4, kept=0.5)
    z = world.latent(np.random.default_rng(2))
    assert np.corrcoef(z)[0, 1] == pytest.approx(world.pair_correlation, abs=0.02)
    assert np.corrcoef(z[0, ::2], z[0, 1::2])[0, 1] == pytest.approx(0.3, abs=0.02)
    assert np.corrcoef(z[0, ::2], z[1, 1::2])[0, 1] == pytest.approx(0.15, abs=0.02)
    assert np.var(z) == pytest.approx(1, abs=0.02)


@pytest.mark.parametrize("concentration", ["attempt", "half", "whole", "large"])
@pytest.mark.parametrize("stirred", [0.0, 0.5])
def test_flips_have_their_difference(concentration, stirred):
    drawn = means(Flips(LAYOUT, 0.3, 0.1, concentration, stirred))
    assert close(drawn[:, 0], 0.3)
    assert close(drawn[:, 1] - drawn[:, 0], 0.1)


def test_whole_clusters_flip_whole():
    flipped = Flips(LAYOUT, 0.0, 0.4, "whole").flipped(np.random.default_rng(1))
    cluster = places(LAYOUT).cluster
    assert 0 < flipped.mean() < 1
    assert all(len(set(flipped[cluster == one])) == 1 for one in set(cluster))


def test_severities_have_their_truths():
    latent = Latent(Layout(equal(60_000, 1)), (0.5, 0.5), item=0.8, kept=0.75)
    world = Severities(latent, (levels.HARSH, levels.MILD))
    data = world.draw(np.random.default_rng(3))
    earlier, later = data.values
    assert np.mean(later - earlier) == pytest.approx(world.difference, abs=0.02)
    assert np.mean(np.sign(later - earlier)) == pytest.approx(world.superiority, abs=0.01)
    assert Severities(latent, (levels.HARSH, levels.HARSH)).superiority == pytest.approx(0, abs=1e-12)


def test_superiority_by_another_way():
    latent = Latent(Layout(equal(1, 1)), (0.5, 0.5), item=0.8, kept=0.75)
    chances = np.array([[0.6, 0.2, 0.0, 0.0, 0.0], [0.3, 0.1, 0.0, 0.0, 0.0]])
    normal = stats.multivariate_normal(cov=[[1, 0.6], [0.6, 1]])

    def both(one, other):
        return normal.cdf(stats.norm.ppf([one, other])) if min(one, other) < 1 else min(one, other)

    reached = np.hstack([np.ones((2, 1)), chances, np.zeros((2, 1))])
    joint = np.array([[both(one, other) if one * other else 0.0 for other in reached[1]] for one in reached[0]])
    cells = joint[:-1, :-1] - joint[1:, :-1] - joint[:-1, 1:] + joint[1:, 1:]
    truth = np.triu(cells, 1).sum() - np.tril(cells, -1).sum()
    world = Severities(latent, tuple(tuple(float(chance) for chance in stage) for stage in chances))
    assert cells.sum() == pytest.approx(1)
    assert world.superiority == pytest.approx(truth, abs=1e-5)


@pytest.mark.parametrize("spread", [uniform, log_uniform])
def test_unequal_sizes_reach_from_one_to_twenty(spread):
    sizes = spread(100)
    assert (min(sizes), max(sizes), len(sizes)) == (1, 20, 100)


def test_every_design_on_the_margin_passes_the_cluster_gate_and_hardly_more():
    for name, world in equivalence.grid(quick=False).items():
        gate = np.log(0.05) / np.log(1 - world.change)
        factor = world.layout.equal_clusters(world.change) / gate
        assert min(abs(factor - whole) for whole in (1, 2, 4)) < 0.08, name
        assert factor >= 1, name


def test_paired_designs_include_the_required_ones():
    full = paired.designs(quick=False)
    assert set(paired.designs(quick=True)) < set(full)
    unequal = [world for world in full.values() if max(world.layout.sizes) == 20]
    assert {world.rates for world in unequal} == set(paired.CHANGES)


def test_earliest_is_never_too_early():
    for truth in TRUTHS:
        stage = causes.earliest(truth)
        assert not causes.too_early(truth, stage)
        place = truth.stages.index(stage)
        assert place == 0 or causes.too_early(truth, truth.stages[place - 1])


def test_tallies():
    tally = sum((Tally(1, x, x * x) for x in (1.0, 0.0, 1.0, 1.0)), Tally())
    assert (tally.mean, tally.error) == (0.75, pytest.approx((0.75 * 0.25 / 4) ** 0.5))
    widths = sum((Tally(1, x, x * x) for x in (0.2, 0.4)), Tally())
    assert widths.error == pytest.approx(0.1 / 2**0.5)
    assert Tally(100, 100.0, 100.0).error > 0


def test_goals_leave_two_errors():
    tally = Tally(10_000, 9_300.0, 9_300.0)  # .93 ± .0026
    assert Goal(least=0.935).met(tally)
    assert not Goal(least=0.936).met(tally)
    assert not Goal(most=0.92).met(tally)
    table = Table("s", "t", "n", ("a",), (Row("one", {"a": Entry(tally, Goal(most=0.92))}),))
    assert (table.judged, table.failures) == (1, 1)
    assert "✗" in table.markdown()


def even(rng):
    return {"x": float(rng.random())}


def test_results_depend_on_the_name_and_not_on_the_processes():
    cells = [Cell("a", even, 130), Cell("b", even, 130)]
    found = []
    for jobs in (1, 2):
        with ProcessPoolExecutor(jobs) as executor:
            found.append(Bench(executor, quick=True).run(cells))
    assert found[0] == found[1]
    assert [one["x"].n for one in found[0]] == [130, 130]
    assert found[0][0] != found[0][1]
    assert generator("a", 0).random() != generator("a", 1).random()


def test_a_search_judges_fresh_numbers():
    cells = [Cell(str(k), even, 20) for k in range(40)]
    with ProcessPoolExecutor(1) as executor:
        bench = Bench(executor, quick=True)
        first, again = bench.search(cells, ["x"], worst=3, replicates=400)
        with pytest.raises(ValueError, match="same name"):
            bench.run([cells[0], cells[0]])
    highest = sorted(range(40), key=lambda place: -first[place]["x"].mean)[:3]
    assert list(again) == highest
    assert all(tally["x"].n == 400 and tally["x"].mean < 0.56 for tally in again.values())
    assert min(first[place]["x"].mean for place in again) > 0.56


def test_the_program_prints_writes_and_judges(tmp_path):
    out = tmp_path / "claims.json"
    command = [sys.executable, str(PERF / "coverage.py"), "--quick", "--only", "claims", "--json", str(out)]
    done = subprocess.run([*command, "--replicates", "20"], capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1), done.stderr
    assert "| design | certified | goal |" in done.stdout
    assert all(record["replicates"] == 20 for table in json.loads(out.read_text()) for record in table["estimates"])
