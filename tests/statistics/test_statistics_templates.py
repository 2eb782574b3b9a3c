"""Stages that are asked under production's chat template as well: what changes with the template is not told."""

from __future__ import annotations

import pytest
from statistics_worlds import measure, nested, unscored

from stagelens.statistics.data import Claim, FamilyRules, Rules
from stagelens.statistics.decide import decide
from stagelens.statistics.serialise import verdicts_from_dict

AGAIN = "sft@production_template"
STAGES = ("base", "sft", AGAIN, "production")
ROLES = FamilyRules("sft", "base", templates={AGAIN: "sft"})
RULES = Rules(families={"family": ROLES})
ALONE = Rules(families={"family": FamilyRules("sft", "base")})


def asked(*rates, n=1200, stages=STAGES, **options):
    return measure(nested(rates, n=n), stages=stages, **options)


def only(data, rules=RULES):
    return decide([data], rules).results[0]


def headline(result):
    return next(contrast for contrast in result.contrasts if contrast.headline)


def test_what_is_the_same_under_both_templates_stands():
    table = nested((0.9, 0.2, 0.21, 0.2), n=1200)
    both, alone = only(measure(table, stages=STAGES)), only(measure(table[[0, 1, 3]]), ALONE)
    assert [level.stage for level in both.stages] == ["base", "sft", "production"]
    assert (both.contrasts, both.cause, both.established_by) == (alone.contrasts, "sft", "sft")
    assert (both.why, both.warnings) == (alone.why, alone.warnings)


@pytest.mark.parametrize(
    ("under", "own", "borrowed"),
    [((0.9, 0.2, 0.6, 0.2), "equivalent", "changed down"), ((0.9, 0.6, 0.2, 0.2), "changed down", "equivalent")],
)
def test_a_verdict_that_changes_with_the_template_is_inconclusive(under, own, borrowed):
    result = only(asked(*under))
    contrast = headline(result)
    assert (contrast.verdict, contrast.tipping_point, contrast.clusters_needed) == ("inconclusive", None, None)
    (warning,) = [warning for warning in result.warnings if "inconclusive: template" in warning]
    assert warning.startswith(f"sft → production: inconclusive: template ({own}, between")
    assert f"under the stages' own chat templates, {borrowed}, between" in warning
    assert result.cause == "inconclusive"
    assert "under the stages' own chat templates, and" in result.why
    assert result.established_by is None


def test_the_same_word_for_another_cause_is_not_told():
    # The step of SFT goes down under the one template, and up under the other.
    result = only(asked(0.5, 0.2, 0.8, 0.5))
    assert result.cause == "inconclusive"
    assert headline(result).verdict == "inconclusive"
    assert "mixed: sft lowers it and production raises it under the stages' own" in result.why


def test_the_later_stage_establishes_where_both_templates_have_one_before_production():
    stages = ("base", "sft", AGAIN, "dpo", "production")
    result = only(asked(0.9, 0.2, 0.6, 0.2, 0.2, stages=stages))
    assert result.established_by == "dpo"


def test_below_the_margin_and_equivalent_are_one_verdict():
    # The same rate twice; at 1 % a ratio of 3/2 cannot be ruled out.
    result = only(asked(0.9, 0.011, 0.01, 0.01))
    assert headline(result).verdict in ("below_margin", "equivalent")
    assert not any("template" in warning for warning in result.warnings)


def test_a_stage_that_cannot_answer_under_the_other_template_leaves_the_verdict_open():
    table = nested((0.9, 0.2, 0.2, 0.2), n=1200)
    status = unscored(table, 2, incapable=range(900))
    result = only(measure(table, stages=STAGES, status=status))
    assert headline(result).verdict == "inconclusive"
    assert any("uninformative, between" in warning for warning in result.warnings)


def test_what_is_not_decided_to_begin_with_stays_what_it_is():
    table = nested((0.9, 0.2, 0.6, 0.2), n=1200)
    status = unscored(table, 1, incapable=range(900))
    assert headline(only(measure(table, stages=STAGES, status=status))).verdict == "uninformative"


def test_a_family_without_a_base_and_one_whose_answers_are_not_there():
    rules = Rules(families={"family": FamilyRules("sft", None, templates={AGAIN: "sft"})})
    result = only(asked(0.2, 0.6, 0.2, stages=("sft", AGAIN, "production")), rules)
    assert (headline(result).verdict, result.cause, result.established_by) == ("inconclusive", None, None)
    assert "the verdict changes with the chat template" in result.why
    assert headline(only(asked(0.2, 0.2, stages=("sft", "production")), rules)).verdict == "equivalent"


def test_claims_have_to_hold_under_both():
    claim = Claim(("safety/unsafe_response",), "sft", 1)
    (good,) = decide([asked(0.9, 0.2, 0.2, 0.2)], Rules(claims=(claim,), families={"family": ROLES})).claims
    (bad,) = decide([asked(0.9, 0.2, 0.6, 0.2)], Rules(claims=(claim,), families={"family": ROLES})).claims
    assert (good.certified, good.holds_for, good.fails_for) == (True, ("family/safety/unsafe_response",), ())
    assert (bad.certified, bad.holds_for, bad.fails_for) == (False, (), ("family/safety/unsafe_response",))
    assert bad.p > 0.05


def test_such_verdicts_are_written_and_read():
    verdicts = decide([asked(0.9, 0.2, 0.6, 0.2)], RULES)
    assert verdicts_from_dict(verdicts.to_dict()).to_dict() == verdicts.to_dict()
