"""A whole run on a family of seconds: what it leaves, what it does not do twice, that nothing in it is templated."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest
from ruamel.yaml import YAML

from pocketed import write_tiny_study
from stagelens.engine import Outcome, gather, run, train
from stagelens.errors import InputError
from stagelens.study.spec import Study

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def family(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Outcome]:
    """The study file and a finished run of it."""
    study = write_tiny_study(tmp_path_factory.mktemp("study"))
    return study, run(Study.load(study), out=study.parent / "run")


def test_a_run_leaves_what_the_design_says(family: tuple[Path, Outcome]) -> None:
    _, outcome = family
    root = outcome.folder.root
    for name in ("study.yaml", "plan.json", "ledger.sqlite", "outcomes.parquet", "verdicts.json", "report.html"):
        assert (root / name).is_file(), name
    for stage in ("base", "sft", "production"):
        checkpoint = root / "checkpoints" / "pocket" / stage
        assert (checkpoint / "model.safetensors").is_file()
        assert (checkpoint / "recipe.json").is_file()
        assert (checkpoint / "provenance.json").is_file()
        assert list((root / "logs" / "pocket" / stage).glob("*.eval"))
    assert outcome.missing == ()
    assert json.loads((root / "verdicts.json").read_text()) == outcome.verdicts.to_dict()


def test_every_item_is_in_the_table_for_every_stage(family: tuple[Path, Outcome]) -> None:
    _, outcome = family
    table = pl.read_parquet(outcome.folder.outcomes)
    items = table.group_by("stage").agg(pl.col("item").n_unique())["item"].to_list()
    assert items == [60 + 24 + 48] * 3
    assert set(table["status"].unique()) <= {"scored", "incapable"}


def _costly(root: Path) -> list[Path]:
    """Checkpoints, and the files that hold answers."""
    return [path for kind in ("*.safetensors", "*.eval", "user_logs-*.parquet") for path in root.rglob(kind)]


def test_a_second_run_does_nothing_twice(family: tuple[Path, Outcome]) -> None:
    study, outcome = family
    watched = _costly(outcome.folder.root)
    before = {path: path.stat().st_mtime_ns for path in watched}
    verdicts = outcome.folder.verdicts.read_bytes()
    again = run(Study.load(study), out=outcome.folder.root)
    assert {path: path.stat().st_mtime_ns for path in watched} == before
    assert again.folder.verdicts.read_bytes() == verdicts


def test_a_lost_ledger_is_made_again(family: tuple[Path, Outcome]) -> None:
    study, outcome = family
    watched = _costly(outcome.folder.root)
    before = {path: path.stat().st_mtime_ns for path in watched}
    outcome.folder.ledger.unlink()
    run(Study.load(study), out=outcome.folder.root)
    assert {path: path.stat().st_mtime_ns for path in watched} == before


def test_a_changed_recipe_is_refused_and_named(family: tuple[Path, Outcome]) -> None:
    study, outcome = family
    changed = study.parent / "changed.yaml"
    changed.write_text(study.read_text().replace("max_answer_tokens: 8", "max_answer_tokens: 9"))
    before = outcome.folder.verdicts.read_bytes()
    with pytest.raises(InputError, match=r"max_answer_tokens: 8 → 9"):
        run(Study.load(changed), out=outcome.folder.root)
    assert outcome.folder.verdicts.read_bytes() == before
    assert "max_answer_tokens: 8" in outcome.folder.study.read_text()


def test_the_study_as_run_runs_again_from_its_folder(family: tuple[Path, Outcome]) -> None:
    _, outcome = family
    again = run(Study.load(outcome.folder.study), out=outcome.folder.root)
    assert again.verdicts == outcome.verdicts


def test_swapping_two_checkpoints_swaps_their_outcomes(family: tuple[Path, Outcome], tmp_path: Path) -> None:
    study, outcome = family
    checkpoints = outcome.folder.root / "checkpoints" / "pocket"
    tables = {}
    for name, order in {"straight": ("sft", "production"), "swapped": ("production", "sft")}.items():
        document = YAML(typ="safe", pure=True).load(study.read_text())
        document |= {"name": name, "claims": []}
        data = study.parent / "data"
        document["benchmarks"]["safety"]["prompts"] = str(data / "safety_prompts.jsonl")
        for benchmark in ("dilemmas", "user_logs"):
            document["benchmarks"][benchmark]["path"] = str(data / f"{benchmark}.jsonl")
        document["families"] = {
            "pair": {
                "stages": [
                    {"name": "first", "kind": "sft", "model": str(checkpoints / order[0])},
                    {"name": "second", "kind": "rl", "model": str(checkpoints / order[1])},
                ]
            }
        }
        path = tmp_path / f"{name}.yaml"
        with path.open("w") as file:
            YAML(typ="safe", pure=True).dump(document, file)
        result = run(Study.load(path), out=tmp_path / name)
        table = pl.read_parquet(result.folder.outcomes).drop("stage_index")
        tables[name] = {
            stage: table.filter(pl.col("stage") == stage).drop("stage").sort("measure", "item", "epoch")
            for stage in ("first", "second")
        }
    assert tables["straight"]["first"].equals(tables["swapped"]["second"])
    assert tables["straight"]["second"].equals(tables["swapped"]["first"])


def test_training_alone_makes_the_same_checkpoints(family: tuple[Path, Outcome], tmp_path: Path) -> None:
    study, outcome = family
    folder = train(Study.load(study), out=tmp_path / "again")
    for stage in ("base", "sft", "production"):
        ours = folder.checkpoint("pocket", stage) / "model.safetensors"
        theirs = outcome.folder.checkpoint("pocket", stage) / "model.safetensors"
        assert ours.read_bytes() == theirs.read_bytes(), stage
    assert not folder.outcomes.exists()


def test_asking_decides_nothing_and_takes_over_what_is_known(family: tuple[Path, Outcome], tmp_path: Path) -> None:
    study, known = Study.load(family[0]), family[1].folder
    folder = gather(study, out=tmp_path / "asked", stages=("base", "sft"), known=known.root)
    table, before = (pl.read_parquet(each.outcomes) for each in (folder, known))
    assert table.equals(before.filter(pl.col("stage").is_in(["base", "sft"])))
    for path in _costly(folder.root):
        if "samples" not in path.parts:
            assert path.read_bytes() == (known.root / path.relative_to(folder.root)).read_bytes()
    assert (
        folder.checkpoint("pocket", "sft")
        .joinpath("model.safetensors")
        .samefile(known.checkpoint("pocket", "sft") / "model.safetensors")
    )
    assert not folder.verdicts.exists()
    assert not folder.logs("pocket", "production").exists()
    # A stage from other inputs is made anew, and leaves the known one as it is.
    (name, whole), *_ = study.families.items()
    stages = [each.model_copy(update={"seeds": 2}) if each.name == "sft" else each for each in whole.stages[:2]]
    twice = study.model_copy(update={"families": {name: whole.model_copy(update={"stages": tuple(stages)})}})
    again = gather(twice, out=tmp_path / "twice", stages=("sft", "base"), known=known.root)
    assert (
        again.checkpoint("pocket", "sft")
        .joinpath("model.safetensors")
        .samefile(known.checkpoint("pocket", "sft") / "model.safetensors")
    )
    assert pl.read_parquet(again.outcomes).filter(pl.col("stage") == "sft")["seed"].n_unique() == 2


def test_what_cannot_be_gathered_is_refused(family: tuple[Path, Outcome], tmp_path: Path) -> None:
    study = Study.load(family[0])
    with pytest.raises(InputError, match="did you mean 'sft'"):
        gather(study, out=tmp_path / "out", stages=("sftt",))
    with pytest.raises(InputError, match="is no run folder"):
        gather(study, out=tmp_path / "out", known=tmp_path / "nowhere")
    assert not (tmp_path / "out").exists()
