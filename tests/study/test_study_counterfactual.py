"""Counterfactual stages in a study file: parents, rules with line numbers, writing, and what becomes of them."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from stagelens.analysis import analyze, rules_from_study
from stagelens.errors import InputError
from stagelens.statistics.data import FamilyRules
from stagelens.study.load import parse_study
from stagelens.study.spec import Study
from stagelens.study.write import dump_study

STUDY = """\
name: corners
families:
  f:
    stages:
      - {name: base, kind: pretrained, model: hf/o/base}
      - {name: format, kind: sft, model: hf/o/format, counterfactual: format}
      - {name: sft, kind: sft, model: hf/o/sft}
      - {name: rl_only, kind: rl, model: hf/o/rl_only, from: format, counterfactual: rl_only}
      - {name: production, kind: rl, model: hf/o/production}
      - {name: neither, kind: rl, model: hf/o/neither, from: format, counterfactual: neither}
benchmarks:
  safety: {}
claims:
  - {measures: [safety/unsafe_response], established_by: sft, at_least: 1}
"""


def parse(*changes: tuple[str, str]) -> Study:
    text = STUDY
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return parse_study(text, folder=Path("/nowhere"), file="s.yaml")


def test_steps_descend_past_them() -> None:
    family = parse().families["f"]
    assert [stage.from_ for stage in family.stages] == [None, "base", "base", "format", "sft", "format"]
    assert [stage.name for stage in family.steps] == ["base", "sft", "production"]
    assert family.production.name == "production"


def test_roles() -> None:
    named = {"format": "format", "rl_only": "rl_only", "neither": "neither"}
    expected = FamilyRules("sft", "base", descends=True, counterfactuals=named)
    assert rules_from_study(parse()).families == {"f": expected}
    some = rules_from_study(parse(), ["format", "sft", "production"]).families["f"]
    assert some == FamilyRules("sft", None, descends=True, counterfactuals=named)
    apart = parse(("model: hf/o/sft}", "model: hf/o/sft, from: format}"))
    assert not rules_from_study(apart).families["f"].descends


def test_it_is_written_and_read_back() -> None:
    study = parse()
    text = dump_study(study)
    assert "counterfactual: rl_only" in text
    assert text.count("counterfactual:") == 3
    assert parse_study(text, folder=Path("/nowhere")).families == study.families


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            ("counterfactual: neither", "counterfactual: rl_only"),
            "s.yaml:10: families.f.stages[5].counterfactual: 'rl_only' is already the counterfactual 'rl_only'",
        ),
        (("counterfactual: neither", "counterfactual: nobody"), "s.yaml:10: families.f.stages[5].counterfactual: "),
        (
            ("model: hf/o/base}", "model: hf/o/base, counterfactual: both}"),
            "s.yaml:5: families.f.stages[0].counterfactual: the first stage is where the steps begin",
        ),
        (
            ("from: format, counterfactual: rl_only", "from: production, counterfactual: rl_only"),
            "s.yaml:8: families.f.stages[3].from: 'production' does not come before this one",
        ),
        (
            ("established_by: sft", "established_by: format"),
            "s.yaml:14: claims[0].established_by: 'format' is a counterfactual stage of the family 'f', and nothing is",
        ),
        (
            ("established_by: sft", "established_by: sfd"),
            "s.yaml:14: claims[0].established_by: the family 'f' has no stage 'sfd'; did you mean 'sft'?",
        ),
    ],
)
def test_what_cannot_be(change: tuple[str, str], message: str) -> None:
    with pytest.raises(InputError) as caught:
        parse(change)
    assert message in str(caught.value)


def test_a_family_needs_two_steps() -> None:
    with pytest.raises(InputError, match=r"s\.yaml:4: families\.f\.stages: a family needs two stages that are steps"):
        parse(
            ("model: hf/o/sft}", "model: hf/o/sft, counterfactual: sft_only}"),
            ("model: hf/o/production}", "model: hf/o/production, counterfactual: both}"),
        )


def test_from_a_table_to_effects() -> None:
    rates = {"base": 90, "format": 70, "sft": 20, "rl_only": 70, "production": 20, "neither": 70}
    rows = [
        {"family": "f", "stage": stage, "benchmark": "safety", "measure": "unsafe_response", "item": f"{item}"}
        | {"value": float((item * 37) % 100 < rate)}
        for stage, rate in rates.items()
        for item in range(600)
    ]
    result = analyze(pl.DataFrame(rows), study=parse()).results[0]
    assert [level.stage for level in result.stages] == ["base", "sft", "production"]
    assert (result.cause, result.established_by) == ("sft", "sft")
    assert result.counterfactual is not None
    assert [level.stage for level in result.counterfactual.stages] == ["format", "rl_only", "neither"]
    differences = {effect.name: effect.difference for effect in result.counterfactual.effects}
    assert differences == pytest.approx(
        {
            "taught": -0.5,
            "elicited": -0.2,
            "sft_data": -0.5,
            "rl_reward": 0,
            "interaction": 0,
            "sufficiency": 0,
            "necessity": 0,
        }
    )
