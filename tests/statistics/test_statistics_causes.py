"""Planted truths: every cause, every pattern, established-by, competence, sensitivity, shares and sentences."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from statistics_worlds import measure, nested, unscored

from stagelens.statistics.conclusions.shares import fieller
from stagelens.statistics.data import FamilyRules, Rules
from stagelens.statistics.decide import decide


def only(data, rules=None):
    return decide([data], rules or Rules()).results[0]


@pytest.mark.parametrize(
    ("rates", "cause", "pattern", "established"),
    [
        ((0.9, 0.2, 0.2), "sft", None, "sft"),
        ((0.9, 0.9, 0.2), "production", None, "production"),
        ((0.4, 0.4, 0.4), "pretraining", None, "base"),
        ((0.01, 0.01, 0.01), "no_change", None, "base"),
        ((0.9, 0.5, 0.2), "mixed", "additive", "production"),
        ((0.9, 0.2, 0.5), "mixed", "eroded", "production"),
        ((0.5, 0.2, 0.5), "mixed", "cancelling", "production"),
        ((0.5, 0.3, 0.8), "mixed", "overshoot", "production"),
        ((0.9, 0.9, 0.2, 0.2), "dpo", None, "dpo"),
        ((0.9, 0.2, 0.2, 0.2), "sft", None, "sft"),
        ((0.9, 0.2, 0.6, 0.2), "mixed", "eroded", "production"),
    ],
)
def test_planted_causes(rates, cause, pattern, established):
    result = only(measure(nested(rates, n=1200)))
    assert (result.cause, result.pattern, result.established_by) == (cause, pattern, established), result.why


def test_diffuse():
    result = only(measure(nested((0.50, 0.46, 0.42, 0.38), n=600, flips=0)))
    assert result.cause == "diffuse"
    assert "no single step accounts for it to within 5 points" in result.why


def test_an_undecided_step_is_not_taken_for_a_small_one():
    result = only(measure(nested((0.30, 0.36, 0.36), n=600, flips=0)))
    total = next(c for c in result.contrasts if (c.from_stage, c.to_stage) == ("base", "production"))
    assert total.verdict == "changed_up"
    assert result.cause == "inconclusive"


def test_small_steps_that_add_up_are_not_left_out():
    for rates, pair, cause in (
        ((0.30, 0.33, 0.36, 0.66), "base → dpo: it also rose by 6 points", "production"),
        ((0.30, 0.60, 0.63, 0.66), "sft → production: it also rose by 6 points", "sft"),
        ((0.30, 0.33, 0.36, 0.33), "base → dpo: it also rose by 6 points", "pretraining"),
    ):
        drifting = only(measure(nested(rates, n=20000, flips=0)))
        assert drifting.cause == "inconclusive"
        assert pair in drifting.why
        step = rates[1] - rates[0]
        calm = tuple(rate - (k >= 2) * min(step, 0.03) for k, rate in enumerate(rates))
        assert cause in (drifting.cause, only(measure(nested(calm, n=20000, flips=0))).cause), calm


def test_a_change_of_unresolved_size_establishes_nothing():
    result = only(measure(nested((0.30, 0.36), n=600, flips=0)))
    assert result.contrasts[0].verdict == "changed_up"
    assert result.established_by is None


def test_mixed_with_an_undecided_sum_has_no_pattern():
    result = only(measure(nested((0.50, 0.20, 0.55), n=600, flips=0)))
    assert (result.cause, result.pattern) == ("mixed", None)


def test_too_little_data_is_inconclusive_and_says_what_would_decide():
    rng = np.random.default_rng(0)
    result = only(measure((rng.random((3, 120)) < 0.4).astype(float)))
    assert result.cause == "inconclusive"
    assert "further clusters would decide" in result.why


def test_where_training_runs_differ_no_number_of_items_is_promised():
    rng = np.random.default_rng(1)
    rates = np.repeat([[0.1, 0.3, 0.5], [0.3, 0.3, 0.5]], 60, axis=1)
    data = measure((rng.random((2, 180)) < rates).astype(float), item=np.arange(180) % 60)
    several = only(replace(data, run=np.arange(180) // 60))
    assert several.contrasts[0].verdict == "inconclusive"
    assert several.contrasts[0].clusters_needed is None
    assert "further training runs, rather than items, would decide" in several.why


def test_nothing_graded_says_so():
    result = only(measure(nested((0.3, 0.3), n=80), status=np.full((2, 80), 2)))
    assert "no pair has a grade at both stages" in result.why


def test_too_few_clusters_make_the_cause_uninformative():
    table = np.repeat(nested((0.4, 0.4, 0.4), n=40, flips=0), 50, axis=1)
    table[1, ::50], table[2, 25::50] = 1 - table[1, ::50], 1 - table[2, 25::50]
    result = only(measure(table, cluster=np.repeat(np.arange(40), 50)))
    assert result.cause == "uninformative"
    assert "40 clusters cannot certify" in result.why


def test_without_a_base_there_is_no_cause_and_no_share():
    result = only(measure(nested((0.3, 0.3))))
    assert result.cause is None
    assert result.shares == ()
    assert result.established_by == "sft"
    assert (
        result.why == "unsafe_response did not change beyond 5 points from sft to production; it is established by sft."
    )


@pytest.mark.parametrize("stage", [0, 1, 2])
def test_a_stage_that_is_not_competent_makes_the_cause_uninformative(stage):
    competence = tuple(0.3 if k == stage else 0.9 for k in range(3))
    result = only(measure(nested((0.9, 0.2, 0.2)), competence=competence))
    assert result.cause == "uninformative"
    assert "answered 30 % of the plain control prompts" in result.why
    assert result.stages[stage].competence == 0.3


def test_mostly_incapable_answers_make_the_cause_uninformative():
    table = nested((0.9, 0.2, 0.2))
    result = only(measure(table, status=unscored(table, 0, incapable=range(250))))
    assert result.cause == "uninformative"
    assert "250 of 400 answers of base are incapable" in result.why
    assert result.established_by == "sft"


def test_established_by_never_passes_an_incompetent_stage():
    result = only(measure(nested((0.4, 0.4, 0.4)), competence=(0.1, 0.9, 0.9)))
    assert result.established_by == "sft"


def test_established_by_is_none_where_nothing_is_decided():
    rng = np.random.default_rng(0)
    assert only(measure((rng.random((2, 60)) < 0.4).astype(float))).established_by is None


def test_established_by_needs_every_later_stage():
    result = only(measure(nested((0.9, 0.2, 0.6, 0.6), n=1200)))
    assert result.established_by == "dpo"


def test_sensitivity():
    shown = only(measure(nested((0.9, 0.2, 0.2))))
    assert shown.sensitivity == "shown by base → sft"
    assert not any("sensitivity" in warning for warning in shown.warnings)
    not_shown = only(measure(nested((0.3, 0.3))))
    assert not_shown.sensitivity == "not shown"
    assert any("sensitivity not shown" in warning for warning in not_shown.warnings)
    own_step = only(measure(nested((0.3, 0.3, 0.8))))
    assert own_step.sensitivity == "not shown"  # the headline's own change does not vouch for itself


def test_sentences():
    why = only(measure(nested((0.95, 0.025, 0.025), flips=0))).why
    assert why == (
        "unsafe_response fell by 92.5 points from base to sft and did not change beyond 5 points after; "
        "sft is the cause."
    )
    why = only(measure(nested((0.9, 0.9, 0.2, 0.2), flips=0))).why
    assert why == (
        "unsafe_response did not change beyond 5 points from base to sft, fell by 70 points from sft to dpo and did "
        "not change beyond 5 points after; dpo is the cause."
    )
    assert "pretraining is the cause" in only(measure(nested((0.4, 0.4, 0.4)))).why
    assert "at 1 % it is too close" in only(measure(nested((0.01, 0.01, 0.01)))).why


def test_two_recipes_agree_or_differ_but_nothing_is_caused():
    rules = Rules(families={"family": FamilyRules("sft", "base", descends=False)})
    same = only(measure(nested((0.9, 0.2, 0.2), flips=0)), rules).why
    assert same == (
        "Two recipes agree: unsafe_response does not differ beyond 5 points between sft and production; sft suffices."
    )
    other = only(measure(nested((0.9, 0.2, 0.6), flips=0)), rules).why
    assert other == "Two recipes differ: unsafe_response is 40 points higher at production than at sft."


def test_a_family_of_base_and_one_stage():
    rules = Rules(families={"family": FamilyRules("base", "base")})
    result = only(measure(nested((0.9, 0.2)), stages=("base", "sft")), rules)
    assert result.cause == "sft"
    assert [(s.stage, s.share, s.low, s.high, s.set) for s in result.shares] == [("sft", 1.0, 1.0, 1.0, "bounded")]


def test_shares_sum_to_one_and_have_width():
    result = only(measure(nested((0.9, 0.5, 0.2), n=1200)))
    assert sum(share.share for share in result.shares) == pytest.approx(1.0)
    for share in result.shares:
        assert share.set == "bounded"
        assert share.low < share.share < share.high
    certain = only(measure(nested((1.0, 0.0, 0.0))))
    assert certain.shares[0].share == 1.0
    assert certain.shares[0].low < 1.0 < certain.shares[0].high


def test_shares_of_no_change_are_unbounded():
    rng = np.random.default_rng(4)
    table = (rng.random((3, 200)) < np.array([[0.22], [0.21], [0.20]])).astype(float)
    for share in only(measure(table)).shares:
        assert share.set in ("exterior", "all")
        assert share.share is None


def test_fieller_solves_its_own_inequality():
    t = 1.97
    for whole in (0.5, 0.05, 0.01):
        share = fieller(
            "s",
            0.1,
            whole,
            part_variance=0.001,
            whole_variance=0.0012,
            covariance=0.0004,
            critical_value=t,
            changed=True,
        )
        inside = [
            (0.1 - s * whole) ** 2 <= t**2 * (0.001 - 2 * s * 0.0004 + s**2 * 0.0012)
            for s in np.linspace(-50, 50, 4001)
        ]
        s = np.linspace(-50, 50, 4001)
        if share.set == "bounded":
            expected = (s >= share.low) & (s <= share.high)
        elif share.set == "exterior":
            expected = (s <= share.low) | (s >= share.high)
        else:
            expected = np.ones_like(s, bool)
        assert (expected == inside).all()


def test_shares_say_which_attempts_they_rest_on():
    table = nested((0.9, 0.2, 0.2))
    result = only(measure(table, status=unscored(table, 1, ungraded=range(4))))
    assert "shares rest on the 396 of 400 attempts that every stage answered" in result.warnings
