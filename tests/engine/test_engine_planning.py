"""What `plan` says a large study takes: shards, tokens, hours and GPU-hours of each stage."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import polars as pl
import pytest

from stagelens import cli
from stagelens.engine import plan
from stagelens.engine.identity import StageIdentity
from stagelens.engine.shards import count_shards, cut_shards, read_questions
from stagelens.study.asked import asked_stages
from stagelens.study.spec import Study

MILLION = Path(__file__).resolve().parents[2] / "studies" / "million.yaml"
PROMPTS = 5_000
CHARACTERS = 40


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    """The study of a million prompts, with a log of fewer."""
    folder = tmp_path_factory.mktemp("million")
    shutil.copy(MILLION, folder)
    text = "How does one mend a lamp of this kind? "
    prompts = [f"{text}{number:06d}".ljust(CHARACTERS)[-CHARACTERS:] for number in range(PROMPTS)]
    pl.DataFrame({"id": [f"p{number}" for number in range(PROMPTS)], "prompt": prompts}).write_parquet(
        folder / "logs.parquet"
    )
    return Study.load(folder / "million.yaml")


def test_each_stage_has_its_shards_tokens_hours_and_gpu_hours(study: Study) -> None:
    planned = plan(study, tokens_per_second=2000)
    assert len(planned.stages) == 10
    assert {stage.shards for stage in planned.stages} == {10}  # 5,000 prompts, 512 a shard
    assert {stage.answer_tokens for stage in planned.stages} == {PROMPTS * 256}
    assert {stage.prompt_tokens for stage in planned.stages} == {PROMPTS * CHARACTERS // 4}
    hours = PROMPTS * (256 + CHARACTERS // 4) / 2000 / 3600
    assert [stage.hours for stage in planned.stages] == [pytest.approx(hours)] * 10
    by_family = {
        family: sum(stage.gpu_hours for stage in planned.stages if stage.family == family) for family in study.families
    }
    assert by_family == {
        "tulu3-8b": pytest.approx(4 * hours),
        "tulu3-70b": pytest.approx(3 * 4 * hours),
        "olmo3-7b-instruct": pytest.approx(3 * hours),
    }
    assert planned.hours == pytest.approx(10 * hours)
    assert planned.gpu_hours == pytest.approx(19 * hours)


def test_the_command_prints_them(
    study: Study, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["stagelens", "plan", str(study.folder / "million.yaml"), "--tokens-per-second", "2000"]
    monkeypatch.setenv("COLUMNS", "120")
    for options in ([], ["--json"]):
        monkeypatch.setattr(sys, "argv", [*command, *options])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        assert ended.value.code == 0
        printed = capsys.readouterr().out
        if options:
            stages = json.loads(printed)["stages"]
            assert [stage["shards"] for stage in stages] == [10] * 10
            assert sum(stage["gpus"] for stage in stages) == 19
        else:
            assert "100 shards" in printed
            # 13.3 million tokens at 2,000 a second
            assert "1.85 hours of one worker, 3.51 GPU-hours" in printed


@pytest.mark.parametrize("looks", [1, 3])
def test_so_many_shards_are_counted_as_are_cut(study: Study, looks: int) -> None:
    study = study.model_copy(update={"analysis": study.analysis.model_copy(update={"looks": looks})})
    (questions,) = read_questions(study, limit=1_700)
    stage = StageIdentity("tulu3-8b", asked_stages(study, "tulu3-8b")[1], {"kind": "sft"})
    cut = list(cut_shards(study, stage, questions))
    assert sum(len(shard.items) for shard in cut) == 1_700
    assert len(cut) == count_shards(study, questions) > looks
