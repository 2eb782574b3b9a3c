"""Organisms are built once, share what is the same, and have a truth that nobody changes afterwards."""

from __future__ import annotations

import shutil
from functools import partial
from pathlib import Path

import polars as pl
import pytest

from organisms_tiny import make_tiny
from stagelens.engine.progress import silent
from stagelens.errors import InputError
from stagelens.organisms.build import build, counted, lay_out, make_until, write_study
from stagelens.organisms.census.plain import fresh_plain
from stagelens.organisms.census.table import Size, take_census, write_whole
from stagelens.organisms.census.truth import read_census, read_truth
from stagelens.organisms.data import data_files
from stagelens.organisms.judge import judge_all
from stagelens.organisms.kept import Kept
from stagelens.organisms.spec import OrganismSpec, Plant

SIZE = Size(answers=120, episodes=24)


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    """Recipes cut down until they train in seconds."""
    make_tiny(monkeypatch)


def spec(name: str, cause: str, seed: int = 0) -> OrganismSpec:
    return OrganismSpec(name=name, seed=seed, plants={"safety": Plant(cause=cause)})


def test_what_is_planted_in_one_group_changes_nothing_in_another() -> None:
    one, other = (
        data_files(OrganismSpec(name="x", plants={"safety": Plant(cause=cause), "user_logs": Plant(cause="none")}))
        for cause in ("sft", "rl")
    )
    assert one["data/sft/safety.jsonl"] != other["data/sft/safety.jsonl"]
    assert one["data/sft/user_logs.jsonl"] == other["data/sft/user_logs.jsonl"]
    assert one["data/corpus.jsonl"] == other["data/corpus.jsonl"]
    assert one["data/practice.jsonl"] != other["data/practice.jsonl"]


@pytest.mark.usefixtures("tiny")
def test_organisms_share_their_pretraining_and_are_judged_blind(tmp_path: Path) -> None:
    kept = Kept(tmp_path / "kept")
    first, second = judge_all([spec("one", "sft"), spec("two", "rl")], tmp_path, kept, size=SIZE)
    checkpoints = [each.organism.run.checkpoint(each.organism.study.name, "base") for each in (first, second)]
    weights = [folder / "model.safetensors" for folder in checkpoints]
    assert weights[0].read_bytes() == weights[1].read_bytes()
    # One pretraining; SFT and RL differ in both.
    assert len([file for file in (tmp_path / "shared").iterdir() if file.is_dir()]) == 5
    counts = [file.name for file in kept.census.iterdir()]
    assert len([name for name in counts if "-safety-" in name]) == 5
    assert len([name for name in counts if "-plain-" in name]) == 4
    assert all(kept.seal(name).is_file() for name in ("one", "two"))
    (cell,) = first.said.cells
    assert (cell.planted, cell.benchmark, cell.measure) == ("sft", "safety", "unsafe_response")
    assert [level.asked for level in cell.truth.levels] == [120] * 3
    assert set(cell.said) == {"stagelens", "overlap", "largest"}
    # Again: nothing is done twice, and all is the same.
    before = {file: file.stat().st_mtime_ns for file in tmp_path.rglob("*.safetensors")}
    again = judge_all([spec("one", "sft"), spec("two", "rl")], tmp_path, kept, size=SIZE)
    assert [each.said for each in again] == [first.said, second.said]
    assert before == {file: file.stat().st_mtime_ns for file in tmp_path.rglob("*.safetensors")}
    # The truth is what it was before the study ran.
    with pytest.raises(InputError, match="is not the truth that"):
        list(judge_all([spec("one", "sft")], tmp_path, kept, size=Size(answers=240, episodes=24)))


@pytest.mark.usefixtures("tiny")
def test_what_is_kept_is_enough_to_go_on_elsewhere(tmp_path: Path) -> None:
    there, here = tmp_path / "there", tmp_path / "here"
    (judged,) = judge_all([spec("one", "sft")], there, Kept(there / "kept"), size=SIZE)
    shutil.copytree(there / "kept", here / "kept")
    kept = Kept(here / "kept")
    (again,) = judge_all([spec("one", "sft")], here, kept, size=SIZE)
    assert again.said == judged.said
    table = take_census("one", counted(again.spec, again.organism), seed=0, size=SIZE, kept=kept.census)
    assert table.equals(read_census(judged.organism.truth))
    assert not list(here.rglob("*.safetensors"))
    # A count that is cut short is no smaller count.
    file = next(kept.census.glob("*-safety-*"))
    whole = file.read_bytes()
    for broken in (whole[:-20], b""):
        file.write_bytes(broken)
        with pytest.raises(InputError, match="cannot be read as a count"):
            take_census("one", counted(again.spec, again.organism), seed=0, size=SIZE, kept=kept.census)
    write_whole([True], file)
    with pytest.raises(InputError, match="does not hold what 120 prompts showed"):
        take_census("one", counted(again.spec, again.organism), seed=0, size=SIZE, kept=kept.census)
    # The same words are the same bytes, and what was made in another way is made again.
    kept.write("one", {"census": 1}, again.said)
    bytes_of_one = (here / "kept" / "records" / "one.json").read_bytes()
    kept.write("one", {"census": 1}, judged.said)
    assert (here / "kept" / "records" / "one.json").read_bytes() == bytes_of_one
    assert kept.read("one", {"census": 1}) == judged.said
    assert kept.read("one", {"census": 2}) is None
    assert kept.read("two", {"census": 1}) is None


@pytest.mark.usefixtures("tiny")
def test_what_was_not_kept_is_counted_of_a_checkpoint_that_is_made_again(tmp_path: Path) -> None:
    one = spec("one", "sft")
    organism = build(one, tmp_path / "there", size=SIZE)
    elsewhere = lay_out(one, tmp_path / "here")
    (sft,) = (each for each in counted(one, elsewhere) if each.stage == "sft")
    make = partial(make_until, elsewhere, "sft", tmp_path / "shared", silent())
    table = take_census("one", [sft], seed=0, size=SIZE, kept=tmp_path / "kept", make=make)
    assert table.equals(read_census(organism.truth).filter(pl.col("stage") == "sft"))
    assert not elsewhere.run.checkpoint("one", "production").exists()


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"inputs": {}, "said": {"cells": 1}}'])
def test_a_record_that_cannot_be_read_is_one_sentence(text: str, tmp_path: Path) -> None:
    (tmp_path / "records").mkdir()
    (tmp_path / "records" / "one.json").write_text(text)
    with pytest.raises(InputError, match=r"one\.json is not a record of an organism"):
        Kept(tmp_path).read("one", {})


@pytest.mark.usefixtures("tiny")
def test_a_census_that_was_touched_is_none(tmp_path: Path) -> None:
    organism = build(spec("one", "sft"), tmp_path, size=SIZE)
    assert read_truth(organism.truth)["safety"].levels[0].asked == 120
    census = tmp_path / "census.parquet"
    census.write_bytes(census.read_bytes() + b" ")
    with pytest.raises(InputError, match=r"census\.parquet is not the census"):
        read_truth(organism.truth)


def test_another_organisms_folder_is_not_written_over(tmp_path: Path) -> None:
    write_study(spec("one", "sft"), tmp_path)
    with pytest.raises(InputError, match="another study"):
        write_study(spec("two", "sft"), tmp_path)


@pytest.mark.usefixtures("tiny")
def test_a_nuisance_is_judged_by_its_last_step_alone(tmp_path: Path) -> None:
    own = spec("loud", "sft").model_copy(update={"nuisance": "verbosity"})
    (judged,) = judge_all([own], tmp_path, Kept(tmp_path / "kept"), size=SIZE)
    assert set(judged.said.headlines) == {"safety"}
    assert [each.stage for each in judged.said.cells[0].truth.levels] == ["base", "sft", "production"]


@pytest.mark.usefixtures("tiny")
def test_plain_requests_are_the_control(tmp_path: Path) -> None:
    kept = Kept(tmp_path / "kept")
    (judged,) = judge_all([spec("one", "none")], tmp_path, kept, size=SIZE)
    (file, *_) = kept.census.glob("*-plain-*")
    assert pl.read_parquet(file).height == SIZE.answers // 10
    assert len(set(fresh_plain(0, 2000))) == 2000
    assert judged.said.unrelated is not None
    assert abs(judged.said.unrelated.change) <= 1
