"""Stages as they are asked: runs of several seeds, saved points, two few-shot prompts."""

from __future__ import annotations

from pathlib import Path

import pytest

from stagelens.errors import InputError
from stagelens.study.asked import asked_stages, outcome_names, run_counts
from stagelens.study.load import parse_study

STUDY = """
name: several
seed: 7
families:
  f:
    stages:
      - {name: base, kind: pretrained, model: ./base, elicitation: %(elicitation)s}
      - name: sft
        kind: sft
        recipe: {max_steps: 10}
        mixture: {examples: 8, sources: [{name: helpful, path: ./h.jsonl}, {name: safety, path: ./s.jsonl}]}
        %(sft)s
      %(more)s
      - name: production
        kind: rl
        recipe: {reward: helpfulness}
        mixture: {sources: [{name: prompts, path: ./p.jsonl}]}
        %(production)s
benchmarks: {safety: {}}
"""


def study(elicitation="raw", sft="", more="", production=""):
    text = STUDY % {"elicitation": elicitation, "sft": sft, "more": more, "production": production}
    return parse_study(text, folder=Path("/studies"))


def names(of):
    return [each.stage.name for each in asked_stages(of, "f")]


def test_a_plain_family_is_asked_as_it_is_written():
    plain = study()
    assert names(plain) == ["base", "sft", "production"]
    assert [each.stage for each in asked_stages(plain, "f")] == list(plain.families["f"].stages)
    assert {each.seed for each in asked_stages(plain, "f")} == {0}
    assert [each.training_seed for each in asked_stages(plain, "f")] == [7, 7, 7]


def test_seeds_make_runs_of_the_stage_and_of_what_is_trained_from_it():
    several = study(sft="seeds: 3")
    assert run_counts(several.families["f"]) == {"base": 1, "sft": 3, "production": 3}
    found = {each.stage.name: each for each in asked_stages(several, "f")}
    assert list(found) == [
        "base",
        "sft",
        "sft@seed-8",
        "sft@seed-9",
        "production",
        "production@seed-8",
        "production@seed-9",
    ]
    assert [each.seed for each in found.values()] == [0, 7, 8, 9, 7, 8, 9]
    assert [each.training_seed for each in found.values()] == [7, 7, 8, 9, 7, 8, 9]
    assert found["sft@seed-9"].parent == "base"
    assert found["production@seed-9"].parent == "sft@seed-9"
    assert outcome_names(several, "f") == ("base", "sft", "production")


def test_saved_points_stand_before_their_stage_in_every_run():
    saved = study(sft="seeds: 2\n        save_at: [0.5, 0.1]")
    assert names(saved)[:7] == ["base", "sft@0.1", "sft@0.5", "sft", "sft@0.1@seed-8", "sft@0.5@seed-8", "sft@seed-8"]
    found = {each.stage.name: each for each in asked_stages(saved, "f")}
    assert found["sft@0.1@seed-8"].made_by == "sft@seed-8"
    assert found["sft@0.1@seed-8"].part == 0.1
    assert outcome_names(saved, "f") == ("base", "sft@0.1", "sft@0.5", "sft", "production")


def test_urial_is_asked_under_both_prompts():
    twice = study(elicitation="urial")
    assert names(twice) == ["base", "base@urial_careful", "sft", "production"]
    first, second = asked_stages(twice, "f")[:2]
    assert (first.stage.elicitation, second.stage.elicitation) == ("urial_benign", "urial_careful")
    assert second.made_by == "base"
    assert names(study(elicitation="urial_careful")) == ["base", "sft", "production"]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"sft": "save_at: [1.0]"}, r"save_at\[0\]: must be a part of the training, between 0 and 1, not 1"),
        ({"sft": "save_at: [0.5, 0.5]"}, r"save_at\[1\]: 0.5 stands here twice"),
        ({"sft": "seeds: 0"}, "seeds: must be at least 1, not 0"),
        ({"sft": "seeds: 3", "production": "seeds: 2"}, "seeds: 2 runs cannot start from the 3 of 'sft'"),
        ({"sft": "chat_template: ./t.jinja"}, "a template is borrowed with 'elicitation: template'"),
        ({"sft": 'stop: [""]'}, r"stop\[0\]: an empty text would stop every answer at once"),
        (
            {"more": "- {name: sft@0.5, kind: sft, model: ./x}", "sft": "save_at: [0.5]"},
            "the name 'sft@0.5' is already taken",
        ),
    ],
)
def test_what_cannot_be_is_said(fields, said):
    with pytest.raises(InputError, match=said):
        study(**fields)


@pytest.mark.parametrize("model", ["openai/m", "vllm/org/m", "openai-api/here/m"])
@pytest.mark.parametrize("elicitation", ["", "raw", "urial", "urial_benign", "urial_careful", "template"])
def test_a_model_that_is_no_checkpoint_is_asked_in_chat_alone(model, elicitation):
    text = """
name: served
families:
  f:
    stages:
      - {name: base, kind: pretrained, model: %s%s}
      - {name: sft, kind: sft, model: openai/tuned}
benchmarks: {safety: {}}
"""
    asked = f", elicitation: {elicitation}" if elicitation else ""
    said = rf"\[0\]\.elicitation: {model} is no checkpoint and can only be asked in chat, not {elicitation or 'raw'}: "
    with pytest.raises(InputError, match=said):
        parse_study(text % (model, asked), folder=Path("/studies"))
    for fine in ((model, ", elicitation: chat"), ("./base", asked), ("hf/org/base", asked)):
        parse_study(text % fine, folder=Path("/studies"))


def test_an_adopted_stage_has_neither_seeds_nor_points():
    for field in ("seeds: 2", "save_at: [0.5]"):
        with pytest.raises(InputError, match=r"trained here|applies to training"):
            study(more=f"- {{name: dpo, kind: dpo, model: ./dpo, {field}}}")


LIKE = "- {name: format, counterfactual: format, like: sft, without: [safety]%s}"


def test_a_format_stage_in_one_line():
    written = study(sft="seeds: 2", more=LIKE % "")
    stages = {stage.name: stage for stage in written.families["f"].stages}
    format, sft = stages["format"], stages["sft"]
    assert (format.kind, format.from_, format.recipe, format.seeds) == ("sft", "base", sft.recipe, 2)
    assert format.mixture.replace.sources == ("safety",)
    assert format.mixture.replace.by == ("helpful",)
    assert format.mixture.model_copy(update={"replace": None}) == sft.mixture
    assert stages["production"].from_ == "sft"
    explicit = study(sft="seeds: 2", more=LIKE % ", instead: [helpful]")
    assert explicit.families == written.families


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("- {name: format, like: stf, without: [safety]}", "'stf' is no stage before this one; did you mean 'sft'"),
        ("- {name: format, like: base, without: [safety]}", "'base' is not trained here"),
        ("- {name: format, like: sft, without: [safty]}", "'safty' is no source of the stage 'sft'; did you mean"),
        ("- {name: format, like: sft, without: safety}", "without: must be a list of names of sources"),
        ("- {name: format, like: sft, without: [safety], instead: [safety]}", "'safety' is itself replaced"),
        ("- {name: format, like: sft, instead: [helpful]}", "instead: says what comes in the place of sources"),
        ("- {name: format, kind: sft, without: [safety]}", "'without' belongs to a stage that is 'like' another"),
        ("- {name: format, like: sft, without: [safety, helpful]}", "without|by"),
    ],
)
def test_a_line_that_cannot_be_written_out_is_said(line, said):
    with pytest.raises(InputError, match=said):
        study(more=line)


def test_both_chat_templates_ask_tuned_stages_before_production_once_more():
    text = STUDY % {"elicitation": "raw", "sft": "seeds: 2", "more": "", "production": ""}
    both = parse_study(text + "generation: {chat_template: both}\n", folder=Path("/studies"))
    found = {each.stage.name: each for each in asked_stages(both, "f")}
    assert list(found) == [
        "base",
        "sft",
        "sft@production_template",
        "sft@seed-8",
        "sft@production_template@seed-8",
        "production",
        "production@seed-8",
    ]
    again = found["sft@production_template@seed-8"]
    assert (again.of, again.outcome, again.seed) == ("sft", "sft@production_template", 8)
    assert (again.stage.elicitation, again.trained, again.checkpoint) == ("template", False, "sft@seed-8")
    assert outcome_names(both, "f") == ("base", "sft", "sft@production_template", "production")
    assert "sft@production_template" not in names(study())


def test_a_stage_cannot_have_the_name_of_one_under_both_templates():
    more = "- {name: sft@production_template, kind: dpo, model: ./dpo}"
    text = STUDY % {"elicitation": "raw", "sft": "", "more": more, "production": ""}
    parse_study(text, folder=Path("/studies"))
    with pytest.raises(InputError, match="sft@production_template"):
        parse_study(text + "generation: {chat_template: both}\n", folder=Path("/studies"))
