"""A base that is asked under two few-shot prompts: a cause has to hold under both."""

from __future__ import annotations

import pytest
from statistics_worlds import measure, nested, unscored

from stagelens.statistics.data import FamilyRules, Rules
from stagelens.statistics.decide import decide
from stagelens.statistics.serialise import verdicts_from_dict

STAGES = ("base", "base@urial_careful", "sft", "production")
RULES = Rules(families={"family": FamilyRules("sft", "base", elicitations={"base@urial_careful": "base"})})
PLAIN = Rules(families={"family": FamilyRules("sft", "base")})


def asked(base, careful, sft, production, n=1200, **options):
    return measure(nested((base, careful, sft, production), n=n), stages=STAGES, **options)


def only(data, rules=RULES):
    return decide([data], rules).results[0]


def test_a_cause_that_holds_under_both_stands():
    result = only(asked(0.9, 0.7, 0.2, 0.2))
    assert result.cause == "sft"
    assert [level.stage for level in result.stages] == ["base", "sft", "production"]
    (other,) = result.elicitations
    assert (other.stage, other.of, other.cause) == ("base@urial_careful", "base", "sft")
    assert other.level.estimate == pytest.approx(0.7)


def test_the_second_prompt_changes_nothing_else():
    table = nested((0.9, 0.7, 0.2, 0.2), n=1200)
    alone = only(measure(table[[0, 2, 3]]), PLAIN)
    both = only(measure(table, stages=STAGES))
    assert both.contrasts == alone.contrasts
    assert both.shares == alone.shares
    assert both.why == alone.why


@pytest.mark.parametrize(
    ("careful", "word", "said"), [(0.2, "pretraining", "pretraining"), (0.05, "sft", "sft, which raises it,")]
)
def test_a_cause_that_depends_on_the_prompt_is_not_told(careful, word, said):
    result = only(asked(0.9, careful, 0.2, 0.2))
    (other,) = result.elicitations
    assert other.cause == word
    assert result.cause == "inconclusive"
    assert f"sft, which lowers it, as base is asked, and {said} under base@urial_careful" in result.why


def test_a_prompt_that_the_base_cannot_follow_leaves_the_cause_uninformative():
    table = nested((0.9, 0.9, 0.2, 0.2), n=1200)
    status = unscored(table, 1, incapable=range(900))
    result = only(measure(table, stages=STAGES, status=status))
    assert result.elicitations[0].cause == "uninformative"
    assert result.cause == "uninformative"


def test_a_base_that_establishes_under_one_prompt_only_does_not():
    assert only(asked(0.5, 0.5, 0.5, 0.5)).established_by == "base"
    assert only(asked(0.5, 0.9, 0.5, 0.5)).established_by == "sft"


@pytest.mark.parametrize(
    ("rates", "spelt", "established"),
    [((0.9, 0.2, 0.2), "sft, which lowers it,", "sft"), ((0.5, 0.5, 0.5), "pretraining", "sft")],
)
def test_a_cause_is_not_told_without_the_second_prompt_that_the_study_asks_for(rates, spelt, established):
    alone = only(measure(nested(rates, n=1200)), PLAIN)
    result = only(measure(nested(rates, n=1200)))
    assert alone.cause in ("sft", "pretraining")
    assert (result.cause, result.pattern, result.established_by) == ("inconclusive", None, established)
    assert f"the cause is {spelt} as base is asked, and there are no answers under base@urial_careful" in result.why
    assert [each for each in result.warnings if each.startswith("base@urial_careful: there are no answers of base")]
    assert result.contrasts == alone.contrasts
    assert result.elicitations == ()


def test_what_is_not_told_anyway_keeps_its_reason_without_the_second_prompt():
    few = measure(nested((0.5, 0.45, 0.4), n=60))
    alone, result = only(few, PLAIN), only(few)
    assert alone.cause == result.cause
    assert alone.cause in ("inconclusive", "uninformative")
    assert result.why == alone.why
    assert len(result.warnings) == len(alone.warnings) + 1


def test_a_family_without_a_base_needs_no_second_prompt():
    rules = Rules(families={"family": FamilyRules("sft", None, elicitations={"base@urial_careful": "base"})})
    result = only(measure(nested((0.9, 0.2, 0.2), n=1200)), rules)
    assert result == only(
        measure(nested((0.9, 0.2, 0.2), n=1200)), Rules(families={"family": FamilyRules("sft", None)})
    )
    assert result.cause is None


def test_they_are_written_and_read_back():
    verdicts = decide([asked(0.9, 0.2, 0.2, 0.2)], RULES)
    again = verdicts_from_dict(verdicts.to_dict())
    assert again.results[0].elicitations == verdicts_from_dict(again.to_dict()).results[0].elicitations
    assert again.to_json() == verdicts.to_json()
