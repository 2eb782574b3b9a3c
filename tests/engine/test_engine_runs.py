"""Several training seeds, saved points and a base under two prompts: one study, from training to the report."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from ruamel.yaml import YAML

from pocketed import write_tiny_study
from stagelens.analysis import analyze
from stagelens.engine import Outcome, run
from stagelens.engine.runs import by_run, by_stage, run_name
from stagelens.study.asked import asked_stages
from stagelens.study.spec import Study

pytestmark = pytest.mark.slow

RUNS = ("sft", "sft@seed-1", "production", "production@seed-1", "sft@0.5", "sft@0.5@seed-1")


def write_study(folder: Path) -> Path:
    """The tiny study with two runs of everything from SFT on, half of SFT kept, and a base that is asked twice."""
    path = write_tiny_study(folder)
    yaml = YAML(typ="safe", pure=True)
    content: dict[str, Any] = yaml.load(path.read_text(encoding="utf-8"))
    base, sft, _ = content["families"]["pocket"]["stages"]
    base["elicitation"] = "urial"
    sft |= {"seeds": 2, "save_at": [0.5]}
    content["benchmarks"] = {"safety": content["benchmarks"]["safety"]}
    content["claims"] = content["claims"][:1]
    content["analysis"]["margins"] = {"default": 0.05}
    with path.open("w", encoding="utf-8") as file:
        yaml.dump(content, file)
    return path


@pytest.fixture(scope="module")
def several(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Outcome]:
    study = write_study(tmp_path_factory.mktemp("several"))
    return study, run(Study.load(study), out=study.parent / "run")


def test_every_run_and_point_is_a_checkpoint_with_answers(several: tuple[Path, Outcome]) -> None:
    _, outcome = several
    root = outcome.folder.root
    weights = {name: (root / "checkpoints" / "pocket" / name / "model.safetensors").read_bytes() for name in RUNS}
    assert len(set(weights.values())) == len(RUNS)
    for name in (*RUNS, "base", "base@urial_careful"):
        assert list((root / "logs" / "pocket" / name).glob("*.eval")), name
    assert not (root / "checkpoints" / "pocket" / "base@urial_careful").exists()
    assert not list((root / "checkpoints" / "pocket").glob(".*"))


def test_the_table_knows_stages_by_name_and_runs_by_seed(several: tuple[Path, Outcome]) -> None:
    _, outcome = several
    table = pl.read_parquet(outcome.folder.outcomes)
    seen = table.group_by("stage", "stage_index").agg(pl.col("seed").unique().sort()).sort("stage_index")
    assert seen.rows() == [
        ("base", 0, [0]),
        ("base@urial_careful", 1, [0]),
        ("sft@0.5", 2, [0, 1]),
        ("sft", 3, [0, 1]),
        ("production", 4, [0, 1]),
    ]
    counts = table.group_by("stage", "seed").len()["len"].unique().to_list()
    assert len(counts) == 1


def test_the_run_is_the_unit_and_the_rest_is_no_step(several: tuple[Path, Outcome]) -> None:
    study, outcome = several
    for result in outcome.verdicts.results:
        assert [level.stage for level in result.stages] == ["base", "sft", "production"]
        assert (result.runs, result.scope) == (2, "this recipe")
        assert [each.stage for each in result.appearances] == ["sft"]
        assert [point.part for point in result.appearances[0].points] == [0.5]
        assert [each.stage for each in result.elicitations] == ["base@urial_careful"]
    assert analyze(outcome.folder.outcomes, study=study).to_json() == outcome.folder.verdicts.read_text()


def test_a_table_without_points_and_second_prompts_is_analysed_too(several: tuple[Path, Outcome]) -> None:
    study, outcome = several
    table = pl.read_parquet(outcome.folder.outcomes).filter(~pl.col("stage").str.contains("@"))
    results = analyze(table, study=study).results
    assert [result.contrasts for result in results] == [result.contrasts for result in outcome.verdicts.results]
    assert {(result.appearances, result.elicitations) for result in results} == {((), ())}


def test_the_report_shows_them(several: tuple[Path, Outcome]) -> None:
    _, outcome = several
    page = outcome.folder.report.read_text()
    for part in ('id="onset"', 'id="elicitations"', 'id="training"', "sft@seed-1", 'class="loss"'):
        assert part in page
    assert "this recipe (2 training runs)" in page
    losses = json.loads((outcome.folder.root / "checkpoints/pocket/sft/losses.json").read_text())
    assert [record["step"] for record in losses["records"]] == list(range(1, 7))


def test_the_same_command_makes_nothing_again(several: tuple[Path, Outcome]) -> None:
    study, outcome = several
    kept = {
        path: path.stat().st_mtime_ns
        for kind in ("*.safetensors", "*.eval")
        for path in outcome.folder.root.rglob(kind)
    }
    verdicts = outcome.folder.verdicts.read_bytes()
    run(Study.load(study), out=outcome.folder.root)
    assert {path: path.stat().st_mtime_ns for path in kept} == kept
    assert outcome.folder.verdicts.read_bytes() == verdicts


def test_a_saved_point_that_is_lost_is_made_again_the_same(several: tuple[Path, Outcome]) -> None:
    study, outcome = several
    folder = outcome.folder.root / "checkpoints" / "pocket"
    before = {name: (folder / name / "model.safetensors").read_bytes() for name in RUNS}
    shutil.rmtree(folder / "sft@0.5@seed-1")
    verdicts = outcome.folder.verdicts.read_bytes()
    run(Study.load(study), out=outcome.folder.root)
    assert {name: (folder / name / "model.safetensors").read_bytes() for name in RUNS} == before
    assert outcome.folder.verdicts.read_bytes() == verdicts


def test_names_go_both_ways(several: tuple[Path, Outcome]) -> None:
    study = Study.load(several[0])
    table = pl.read_parquet(several[1].folder.outcomes)
    assert by_stage(by_run(table, study), study).equals(table)
    assert by_run(table, study)["stage"].n_unique() == len(asked_stages(study, "pocket"))
    assert run_name(study, "pocket", "sft", 1) == "sft@seed-1"
    assert run_name(study, "pocket", "base", 0) == "base"
