"""Every study file that comes with StageLens loads as it stands."""

from __future__ import annotations

import re
from pathlib import Path

import jinja2
import pytest

from commanded import command_line
from stagelens.analysis import rules_from_study
from stagelens.benchmarks import get_benchmark
from stagelens.errors import InputError
from stagelens.study.load import check_files, load_study, parse_study
from stagelens.study.templates import names, template

READY = sorted((Path(__file__).parents[2] / "studies").glob("*.yaml"))
ON_LOGS = "million.yaml"
"""Asks logs that only its reader has."""


@pytest.mark.parametrize("name", names())
def test_a_template_loads(name: str) -> None:
    study = parse_study(template(name), folder=Path(), file=f"{name}.yaml")
    for benchmark, block in study.benchmarks.items():
        get_benchmark(benchmark).settings(block, where=study.where("benchmarks", benchmark))


def test_the_shortest_template_has_ten_lines() -> None:
    lines = [line for line in template("minimal").splitlines() if line.strip() and not line.strip().startswith("#")]
    assert len(lines) <= 10


def test_the_full_template_shows_every_key() -> None:
    text = template("full")
    study = parse_study(text, folder=Path())
    stages = study.families["my-model"].stages
    parts = (*stages, *(source for stage in stages if stage.mixture for source in stage.mixture.sources))
    for part in (study, *parts, study.generation, study.analysis, *study.claims):
        for name, field in type(part).model_fields.items():
            assert field.exclude or f"{field.alias or name}:" in text or f"`{field.alias or name}`" in text


@pytest.mark.parametrize("file", [file for file in READY if file.name != ON_LOGS], ids=lambda file: file.name)
def test_a_ready_study_passes_the_check_without_a_hub(
    file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code, said, errors = command_line(monkeypatch, capsys, "check")(file, "--offline")
    assert (code, errors) == (0, "")
    assert all(
        f"{family}/{stage.name}: " in said
        for family, each in load_study(file).families.items()
        for stage in each.stages
    )


def test_a_ready_study_on_ones_own_logs_lacks_only_these(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = next(file for file in READY if file.name == ON_LOGS)
    code, _, errors = command_line(monkeypatch, capsys, "check")(file, "--offline")
    assert code == 2
    assert "logs.parquet" in errors
    assert errors.count("\n") == 1


@pytest.mark.parametrize("file", READY, ids=lambda file: file.name)
def test_a_ready_study_loads(file: Path) -> None:
    study = load_study(file)
    assert study.name == file.stem
    check_files(study)


def test_there_are_ready_studies() -> None:
    assert {file.stem for file in READY} >= {"gemma3-270m", "tulu3-8b", "olmo3-7b", "api-pair"}


def test_olmos_instruct_branch_is_a_recipe_and_tulus_ladder_is_one() -> None:
    def descends(name: str, family: str) -> bool:
        study = load_study(READY[0].parent / f"{name}.yaml")
        return rules_from_study(study).families[family].descends

    assert descends("tulu3-8b", "tulu3-8b")
    assert not descends("tulu3-8b", "tulu3-8b-replicated")
    assert descends("olmo3-7b", "think")
    assert not descends("olmo3-7b", "instruct")
    assert not descends("gemma3-270m", "gemma3-270m")
    assert not descends("api-pair", "pair")


def test_the_gemma_template_writes_gemmas_turns() -> None:
    text = (READY[0].parent / "gemma_chat_template.jinja").read_text()
    marked = re.sub(r"\{%-? (end)?generation -?%\}", lambda tag: "{{- '" + ("]" if tag[1] else "[") + "' -}}", text)
    messages = [
        {"role": "system", "content": "Be kind."},
        {"role": "user", "content": " Hello\n"},
        {"role": "assistant", "content": "Hi"},
        {"role": "user", "content": "Bye"},
    ]
    render = jinja2.Environment(autoescape=False).from_string(marked).render
    assert render(messages=messages, bos_token="<bos>", add_generation_prompt=True) == (
        "<bos><start_of_turn>user\nBe kind.\n\nHello<end_of_turn>\n<start_of_turn>model\n[Hi<end_of_turn>]\n"
        "<start_of_turn>user\nBye<end_of_turn>\n<start_of_turn>model\n"
    )


def test_an_unknown_template() -> None:
    with pytest.raises(InputError, match="There is no template 'none': choose one of minimal, xstest, full"):
        template("none")
