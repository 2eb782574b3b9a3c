"""Counterfactual stages: never steps; effects against references, their coverage, and what is said of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats
from statistics_worlds import measure, nested, unscored
from statsmodels.api import OLS

from stagelens.errors import InputError
from stagelens.statistics.conclusions.counterfactual import EFFECTS
from stagelens.statistics.data import Claim, FamilyRules, Rules
from stagelens.statistics.decide import decide
from stagelens.statistics.serialise import verdicts_from_dict

CORNERS = ("base", "sft", "production", "neither", "rl_only")


def roles(**named):
    return Rules(families={"family": FamilyRules("sft", "base", counterfactuals=named)})


TWO_BY_TWO = roles(neither="neither", rl_only="rl_only")


def corners(v00, v10, v01, v11, base=0.9, n=1500, seed=3):
    """Base, the ladder's two cells and the other two, item by item alike with correlation."""
    rng = np.random.default_rng(seed)
    rates = np.array([base, v10, v11, v00, v01])[:, None]
    own = np.where(rng.random((5, n)) < 0.8, rng.random(n), rng.random((5, n)))
    return measure((own < rates).astype(float), stages=CORNERS)


def only(data, rules):
    return decide([data], rules).results[0]


def effects(data, rules=TWO_BY_TWO):
    return {effect.name: effect for effect in only(data, rules).counterfactual.effects}


def test_they_are_no_steps_wherever_they_stand():
    table = nested((0.9, 0.2, 0.2, 0.9, 0.5), n=1200)
    whole = measure(table, stages=("base", "sft", "production", "format", "neither"))
    ladder = only(measure(table[:3]), roles())
    for order in ([0, 1, 2, 3, 4], [0, 3, 1, 4, 2], [4, 3, 0, 1, 2]):
        moved = replace(
            whole,
            stages=tuple(whole.stages[k] for k in order),
            values=whole.values[order],
            status=whole.status[order],
        )
        result = only(moved, roles(format="format", neither="neither"))
        assert result.stages == ladder.stages
        assert result.contrasts == ladder.contrasts
        assert result.shares == ladder.shares
        assert (result.established_by, result.cause) == ("sft", "sft") == (ladder.established_by, ladder.cause)
        assert {level.stage for level in result.counterfactual.stages} == {"format", "neither"}


def test_claims_never_rest_on_them():
    data = measure(nested((0.9, 0.2, 0.2, 0.2), n=1200), stages=("base", "sft", "production", "format"))
    rules = replace(roles(format="format"), claims=(Claim(("safety/unsafe_response",), "format", 1),))
    assert decide([data], rules).claims[0].p == 1.0


def test_two_by_two_against_its_formulas():
    data = corners(0.6, 0.2, 0.5, 0.15)
    found = effects(data)
    assert list(found) == [name for name in EFFECTS if name not in ("taught", "elicited")]
    v10, v11, v00, v01 = data.values[1:]
    expected = {
        "sft_data": ((v10 - v00) + (v11 - v01)) / 2,
        "rl_reward": ((v01 - v00) + (v11 - v10)) / 2,
        "interaction": v11 - v10 - v01 + v00,
    }
    n = v00.size
    for name, x in expected.items():
        low, high = stats.t.interval(0.95, n - 1, x.mean(), stats.sem(x))
        assert found[name].difference == pytest.approx(x.mean())
        assert (found[name].low, found[name].high) == pytest.approx((low, high), abs=1e-9)
        assert found[name].p_difference == pytest.approx(stats.ttest_1samp(x, 0).pvalue, abs=1e-9)
        tost = max(
            stats.ttest_1samp(x, -0.05, alternative="greater").pvalue,
            stats.ttest_1samp(x, 0.05, alternative="less").pvalue,
        )
        assert found[name].p_equivalence == pytest.approx(tost, abs=1e-9)
    # Shapley: the two main effects share out the whole, v11 - v00.
    assert found["sft_data"].difference + found["rl_reward"].difference == pytest.approx((v11 - v00).mean())
    sufficiency, headline = found["sufficiency"], next(c for c in only(data, TWO_BY_TWO).contrasts if c.headline)
    assert (sufficiency.difference, sufficiency.low, sufficiency.high, sufficiency.verdict) == (
        headline.difference,
        headline.low,
        headline.high,
        headline.verdict,
    )
    as_pair = only(measure(data.values[[3, 4]]), Rules()).contrasts[0]
    assert (found["necessity"].low, found["necessity"].high) == pytest.approx((as_pair.low, as_pair.high))


def test_clusters_count_in_the_interaction():
    data = corners(0.6, 0.2, 0.5, 0.15, n=600)
    cluster = np.arange(600) // 4
    found = effects(replace(data, cluster=cluster))["interaction"]
    v10, v11, v00, v01 = data.values[1:]
    fit = OLS(v11 - v10 - v01 + v00, np.ones(600)).fit(
        cov_type="cluster", cov_kwds={"groups": cluster, "df_correction": True}, use_t=True
    )
    assert (found.low, found.high) == pytest.approx(tuple(fit.conf_int()[0]), abs=1e-9)


@pytest.mark.parametrize(
    ("cells", "words", "sentence"),
    [
        (
            (0.6, 0.2, 0.6, 0.2),
            {"sft_data": "changed_down", "interaction": "equivalent", "sufficiency": "equivalent"},
            "The SFT data alone suffice; without them the RL reward moves nothing.",
        ),
        (
            (0.6, 0.2, 0.2, 0.2),
            {"sft_data": "changed_down", "rl_reward": "changed_down", "interaction": "changed_up"},
            "The SFT data alone suffice; the RL reward moves it without them too.",
        ),
        (
            (0.6, 0.6, 0.6, 0.2),
            {"sufficiency": "changed_down", "necessity": "equivalent", "interaction": "changed_down"},
            "The SFT data alone do not suffice; without them the RL reward moves nothing.",
        ),
        ((0.4, 0.4, 0.4, 0.4), {"sft_data": "equivalent", "necessity": "equivalent"}, None),
    ],
)
def test_planted_corners(cells, words, sentence):
    result = only(corners(*cells, n=4000), TWO_BY_TWO)
    found = {effect.name: effect.verdict for effect in result.counterfactual.effects}
    assert words.items() <= found.items()
    assert (sentence in result.why) if sentence else ("suffice" not in result.why)


def test_format_against_teaching():
    table = nested((0.9, 0.2, 0.2, 0.7), n=1200)
    result = only(measure(table, stages=(*CORNERS[:3], "format")), roles(format="format"))
    found = {effect.name: effect for effect in result.counterfactual.effects}
    assert list(found) == ["taught", "elicited"]
    assert found["taught"].difference == pytest.approx(-0.5)
    assert found["elicited"].difference == pytest.approx(-0.2)
    assert result.why.endswith(
        "Of sft, its safety data lowered it by 50 points and learning to answer lowered it by 20 points."
    )
    without_base = measure(table[1:], stages=("sft", "production", "format"))
    rules = Rules(families={"family": FamilyRules("sft", None, counterfactuals={"format": "format"})})
    assert list(effects(without_base, rules)) == ["taught"]
    # The format stage is a positive control: the items and the judge saw what the safety data did.
    assert only(without_base, rules).sensitivity == "shown by format → sft"
    assert only(measure(table[1:3]), Rules()).sensitivity == "not shown"


def test_a_missing_corner_leaves_its_effects_out_and_says_what_cannot_be_told():
    data = corners(0.6, 0.2, 0.6, 0.2)
    without = replace(data, stages=CORNERS[:4], values=data.values[:4], status=data.status[:4])
    result = only(without, TWO_BY_TWO)
    assert [effect.name for effect in result.counterfactual.effects] == ["sufficiency"]
    assert any("either would have" in warning for warning in result.warnings)
    assert not any("either would have" in warning for warning in only(data, TWO_BY_TWO).warnings)
    assert only(measure(nested((0.9, 0.2, 0.2))), TWO_BY_TWO).counterfactual is None


def test_named_corners_replace_the_ladder():
    data = corners(0.6, 0.2, 0.6, 0.2)
    named = replace(data, stages=("base", "sft", "production", "both", "rl_only"))
    found = effects(named, roles(both="both", rl_only="rl_only"))
    assert found["sufficiency"].difference == pytest.approx((named.values[3] - named.values[1]).mean())


def test_an_unfit_stage_makes_its_effects_uninformative():
    data = replace(corners(0.6, 0.2, 0.6, 0.2), competence=(0.9, 0.9, 0.9, 0.9, 0.1))
    result = only(data, TWO_BY_TWO)
    found = {effect.name: effect.verdict for effect in result.counterfactual.effects}
    assert found["necessity"] == found["interaction"] == "uninformative"
    assert found["sufficiency"] == "equivalent"
    assert result.cause == "sft"
    assert any("rl_only answered 10 %" in warning for warning in result.warnings)


def test_unscored_answers_are_placed_at_their_worst():
    data = corners(0.6, 0.2, 0.5, 0.15)
    missing = range(150)
    gone = measure(data.values, stages=CORNERS, status=unscored(data.values, 4, ungraded=missing))
    full, bounded = effects(data), effects(gone)
    for name in ("sft_data", "rl_reward", "interaction", "necessity"):
        assert bounded[name].low < full[name].low
        assert full[name].high < bounded[name].high
    rng = np.random.default_rng(0)
    for _ in range(20):
        values = data.values.copy()
        values[4, :150] = rng.random(150) < rng.random()
        filled = effects(measure(values, stages=CORNERS))
        for name, effect in bounded.items():
            assert effect.low <= filled[name].low + 1e-12
            assert filled[name].high <= effect.high + 1e-12


def test_coverage_of_the_combinations():
    replicates, held = 250, {"sft_data": 0, "interaction": 0}
    truth = {"sft_data": -0.3, "interaction": 0.1}
    for seed in range(replicates):
        found = effects(corners(0.5, 0.15, 0.4, 0.15, n=80, seed=seed))
        for name, value in truth.items():
            held[name] += found[name].low <= value <= found[name].high
    for name, count in held.items():
        assert count / replicates >= 0.95 - 3 * (0.95 * 0.05 / replicates) ** 0.5, name


def test_the_gate_bars_an_interaction_that_few_clusters_cannot_certify():
    # 59 clusters certify ±5 points of a range of 100, but an interaction ranges over 200 each way.
    calm = np.tile(corners(0.3, 0.3, 0.3, 0.3, n=2000).values[0], (5, 1))
    calm[3, :160:20] = 1 - calm[3, :160:20]
    calm = measure(calm, stages=CORNERS, cluster=np.arange(2000) // 20)
    found = effects(calm)
    assert found["sft_data"].verdict == "equivalent"
    assert found["interaction"].verdict == "uninformative"


@pytest.mark.parametrize(
    ("named", "match"),
    [
        ({"placebo": "neither"}, "'placebo' is no part of a counterfactual stage; they are format, neither"),
        ({"neither": "rl_only", "rl_only": "rl_only"}, "gives one counterfactual stage two parts"),
        ({"neither": "sft"}, "the headline of family/safety/unsafe_response starts at stage 'sft'"),
        (
            {"neither": "sft", "rl_only": "production", "both": "neither", "sft_only": "rl_only"},
            "1 stage that is a step",
        ),
    ],
)
def test_bad_parts(named, match):
    with pytest.raises(InputError, match=match):
        decide([corners(0.5, 0.5, 0.5, 0.5, n=80)], roles(**named))


def test_the_record_survives_the_file():
    verdicts = decide([corners(0.6, 0.2, 0.5, 0.15)], TWO_BY_TWO)
    again = verdicts_from_dict(verdicts.to_dict())
    assert again.to_dict() == verdicts.to_dict()
    assert again.results[0].counterfactual.effects[0].name == "sft_data"
