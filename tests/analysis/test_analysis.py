"""The rules that a study fixed, the stages that are named, and what the decision is given."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

import polars as pl
import pytest

from stagelens.analysis import analyze, rules_from_study, select_stages
from stagelens.errors import InputError
from stagelens.outcomes.table import read_table
from stagelens.statistics.data import Claim, FamilyRules, MeasureData, Rules
from stagelens.statistics.results import Verdicts
from stagelens.study.spec import Study


def table(*stages: str, family: str = "f") -> pl.DataFrame:
    return pl.DataFrame(
        [
            {"family": family, "stage": stage, "benchmark": "safety", "measure": "unsafe_response", "item": f"{item}"}
            | {"value": float(item % 2)}
            for stage in stages
            for item in range(4)
        ]
    )


def stage(name: str, kind: str, **more: object) -> dict[str, object]:
    return {"name": name, "kind": kind, "model": f"hf/org/{name}", **more}


def study(*stages: dict[str, object], family: str = "f", **more: object) -> Study:
    return Study.model_validate(
        {"name": "s", "families": {family: {"stages": list(stages)}}, "benchmarks": {"safety": {}}, **more},
        by_alias=True,
    )


BASE, SFT, DPO, RL = stage("base", "pretrained"), stage("sft", "sft"), stage("dpo", "dpo"), stage("rl", "rl")


@dataclass
class Decision:
    """Stands for the statistics: keeps what they were given."""

    data: tuple[MeasureData, ...] = ()
    rules: Rules = field(default_factory=Rules)

    def decide(self, data: tuple[MeasureData, ...], rules: Rules) -> Verdicts:
        self.data, self.rules = data, rules
        return Verdicts(rules.study, rules.alpha, (), ())


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> Iterator[Decision]:
    decision = Decision()
    module = ModuleType("stagelens.statistics.decide")
    module.decide = decision.decide  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "stagelens.statistics.decide", module)
    yield decision


def test_defaults_without_a_study(given: Decision) -> None:
    verdicts = analyze(table("base", "sft", "rl"))
    assert (verdicts.study, verdicts.alpha) == ("outcomes", 0.05)
    assert given.data[0].stages == ("base", "sft", "rl")
    assert given.rules == Rules()
    assert given.rules.margin("safety", "unsafe_response", "rate") == 0.05
    assert given.rules.margin("odcv", "severity", "severity") == 0.5


def test_margin_and_alpha(given: Decision) -> None:
    analyze(table("base", "sft"), margin=0.1, alpha=0.01)
    assert given.rules.alpha == 0.01
    assert given.rules.margin("safety", "unsafe_response", "rate") == 0.1
    assert given.rules.margin("odcv", "severity", "severity") == 0.5


def test_a_study_fixes_the_rules(given: Decision) -> None:
    asked = study(
        BASE,
        SFT,
        RL,
        analysis={"alpha": 0.1, "margins": {"default": 0.02, "safety": 0.08}},
        claims=[{"measures": ["safety/unsafe_response"], "established_by": "sft", "at_least": 1}],
    )
    verdicts = analyze(table("base", "sft", "rl"), study=asked, alpha=0.01)
    assert (verdicts.study, verdicts.alpha) == ("s", 0.1)
    assert given.rules == rules_from_study(asked)
    assert given.rules.margins == {"default": 0.02, "safety": 0.08}
    assert given.rules.claims == (Claim(("safety/unsafe_response",), "sft", 1, "every_family"),)
    assert given.rules.families == {"f": FamilyRules("sft", "base", True)}


def test_margin_beside_a_study_changes_the_default_only(given: Decision) -> None:
    asked = study(BASE, SFT, RL, analysis={"margins": {"safety": 0.08}})
    analyze(table("base", "sft", "rl"), study=asked, margin=0.2)
    assert given.rules.margins == {"default": 0.2, "safety": 0.08}


def test_a_study_is_read_from_its_file(given: Decision, tmp_path: Path) -> None:
    file = tmp_path / "study.yaml"
    file.write_text(
        "name: filed\nfamilies:\n  f:\n    stages:\n"
        "      - {name: base, kind: pretrained, model: hf/o/a}\n      - {name: sft, kind: sft, model: hf/o/b}\n"
        "benchmarks:\n  safety: {}\n"
    )
    assert analyze(table("base", "sft"), study=file).study == "filed"
    assert analyze(table("base", "sft"), study=str(file)).study == "filed"


def test_method_and_pairs(given: Decision) -> None:
    analyze(table("base", "sft"))
    assert (given.rules.method, given.rules.all_pairs) == ("tango_neff", False)
    asked = study(BASE, SFT, analysis={"method": "cluster_t"})
    analyze(table("base", "sft"), study=asked)
    assert given.rules.method == "cluster_t"
    analyze(table("base", "sft"), study=asked, method="betting", all_pairs=True)
    assert (given.rules.method, given.rules.all_pairs) == ("betting", True)


def test_an_unknown_method() -> None:
    with pytest.raises(InputError, match="method is 'tango': did you mean 'tango_neff'"):
        analyze(table("base", "sft"), method="tango")  # type: ignore[arg-type]


def test_the_study_orders_the_stages(given: Decision) -> None:
    analyze(table("rl", "base", "sft"), study=study(BASE, SFT, RL))
    assert given.data[0].stages == ("base", "sft", "rl")


@pytest.mark.parametrize(
    ("stages", "expected"),
    [
        ([BASE, SFT, RL], FamilyRules("sft", "base")),
        ([BASE, stage("tuned", "sft"), RL], FamilyRules("tuned", "base")),
        ([BASE, stage("tuned", "sft"), SFT, RL], FamilyRules("sft", "base")),
        ([BASE, DPO, RL], FamilyRules("dpo", "base")),
        ([BASE, DPO, SFT], FamilyRules("dpo", "base")),
        ([SFT, RL], FamilyRules("sft", None)),
        ([BASE, RL], FamilyRules("base", "base")),
        ([BASE, SFT, stage("rl", "rl", same_mixture="unknown")], FamilyRules("sft", "base", descends=False)),
        ([BASE, SFT, stage("rl", "rl", same_mixture="no")], FamilyRules("sft", "base", descends=False)),
        ([BASE, SFT, stage("rl", "rl", **{"from": "base"})], FamilyRules("sft", "base", descends=False)),
        ([BASE, SFT, stage("rl", "rl", **{"from": "sft"})], FamilyRules("sft", "base")),
    ],
)
def test_roles(stages: list[dict[str, object]], expected: FamilyRules) -> None:
    assert rules_from_study(study(*stages)).families == {"f": expected}


@pytest.mark.parametrize(
    ("stages", "expected"),
    [
        (["base", "sft", "rl"], FamilyRules("sft", "base")),
        (["sft", "rl"], FamilyRules("sft", None)),
        (["base", "rl"], FamilyRules("base", "base")),
        (["rl", "sft"], FamilyRules("rl", None, descends=False)),
        (["dpo", "rl"], FamilyRules("dpo", None)),
    ],
)
def test_roles_of_named_stages(stages: list[str], expected: FamilyRules) -> None:
    assert rules_from_study(study(BASE, SFT, DPO, RL), stages).families == {"f": expected}


def test_named_stages_are_renumbered(given: Decision) -> None:
    analyze(table("base", "sft", "dpo", "rl"), stages=["rl", "base"])
    assert given.data[0].stages == ("rl", "base")
    both = read_table(pl.concat([table("a", "b"), table("c", "d", family="g")]))
    kept = select_stages(both, ["b", "a"])
    assert set(kept.select("family", "stage", "stage_index").iter_rows()) == {("f", "b", 0), ("f", "a", 1)}


def test_named_stages_with_a_study(given: Decision) -> None:
    analyze(table("base", "sft", "rl"), study=study(BASE, SFT, DPO, RL), stages=["sft", "rl"])
    assert given.data[0].stages == ("sft", "rl")
    assert given.rules.families == {"f": FamilyRules("sft", None)}


def test_named_stages_keep_their_saved_points_and_second_prompts(given: Decision) -> None:
    asked = study({**BASE, "elicitation": "urial"}, trained("sft", 0.5), trained("dpo", 0.25), RL)
    names = ("base", "base@urial_careful", "sft@0.5", "sft", "dpo@0.25", "dpo", "rl")
    analyze(table(*names), study=asked, stages=["base", "sft", "rl"])
    assert given.data[0].stages == ("base", "base@urial_careful", "sft@0.5", "sft", "rl")
    assert given.rules.families["f"].elicitations == {"base@urial_careful": "base"}
    # Their order is that of the stages, and what is named is there once.
    analyze(table(*names), study=asked, stages=["dpo", "base@urial_careful", "base"])
    assert given.data[0].stages == ("dpo@0.25", "dpo", "base@urial_careful", "base")
    # A table without them has none; without a study a name is a stage.
    analyze(table("base", "sft", "dpo", "rl"), study=asked, stages=["base", "rl"])
    assert given.data[0].stages == ("base", "rl")
    analyze(table(*names), stages=["base", "sft", "rl"])
    assert given.data[0].stages == ("base", "sft", "rl")


def test_one_stage_and_what_is_asked_beside_it_is_no_comparison(given: Decision) -> None:
    asked = study({**BASE, "elicitation": "urial"}, SFT)
    with pytest.raises(InputError, match="Two or more stages are needed"):
        analyze(table("base", "base@urial_careful", "sft"), study=asked, stages=["base"])


def trained(name: str, part: float) -> dict[str, object]:
    source = {"name": "own", "path": "./own.jsonl"}
    return {"name": name, "kind": "sft", "recipe": {}, "mixture": {"sources": [source]}, "save_at": [part]}


BAD: dict[str, tuple[dict[str, object], str]] = {
    "unknown stage": ({"stages": ["base", "stf"]}, "The table has no stage 'stf': did you mean 'sft'?"),
    "available": ({"stages": ["base", "zzz"]}, "known are base, sft, rl."),
    "twice": ({"stages": ["base", "base"]}, "The stage 'base' is named twice"),
    "text": ({"stages": "base,sft"}, "stages is the text 'base,sft': give a list of names."),
    "one": ({"stages": ["base"]}, "Two or more stages are needed"),
    "alpha": ({"alpha": 0.5}, "alpha is 0.5: it has to lie between 0 and 0.5"),
    "margin": ({"margin": 1.0}, "margin is 1: it has to lie between 0 and 1"),
    "not a number": ({"margin": float("nan")}, "margin is nan"),
    "other family": ({"study": study(BASE, SFT, RL, family="g")}, "The table's family 'f' is not in the study s"),
    "other stage": ({"study": study(BASE, SFT)}, "The table's stage f/rl is not in the study s"),
    "stage without rows": ({"study": study(BASE, SFT, DPO, RL)}, "no answers of f/dpo, which the study s asks"),
}


@pytest.mark.parametrize("kind", BAD)
def test_bad_arguments(kind: str, given: Decision) -> None:
    arguments, message = BAD[kind]
    with pytest.raises(InputError, match=re.escape(message)):
        analyze(table("base", "sft", "rl"), **arguments)  # type: ignore[arg-type]


def test_control_prompts_alone_decide_nothing(given: Decision) -> None:
    with pytest.raises(InputError, match="no measure to decide on"):
        analyze(table("a", "b").with_columns(measure=pl.lit("competence")))


def test_method_and_all_pairs_reach_the_rules(given: Decision) -> None:
    analyze(table("sft", "rl"))
    assert (given.rules.method, given.rules.all_pairs) == ("tango_neff", False)
    analyze(table("sft", "rl"), method="betting", all_pairs=True)
    assert (given.rules.method, given.rules.all_pairs) == ("betting", True)
    analyze(table("sft", "rl"), study=study(SFT, RL), all_pairs=True)
    assert given.rules.families["f"].headline_from == "sft"


def test_models_beside_each_other_have_neither_base_nor_headline(given: Decision) -> None:
    analyze(table("a", "b", "c", "d"), all_pairs=True)
    assert given.rules.families == {"f": FamilyRules(headline_from="d", base=None, descends=False)}
    analyze(table("base", "sft", "dpo", "rl"), all_pairs=True)
    assert given.rules.families == {}


def test_an_unknown_method_is_named() -> None:
    with pytest.raises(InputError, match=re.escape("method is 'beting': did you mean 'betting'?")):
        analyze(table("sft", "rl"), method="beting")  # type: ignore[arg-type]
