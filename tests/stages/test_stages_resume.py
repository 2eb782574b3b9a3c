"""What a killed training leaves behind: only what is whole counts, and only for the same inputs."""

from __future__ import annotations

from pathlib import Path

import pytest

from stagelens.stages import resume

INPUTS = {"kind": "sft", "seed": 0}


def half_written(work: Path, step: int) -> Path:
    folder = work / f"checkpoint-{step}"
    folder.mkdir(parents=True)
    (folder / "model.safetensors").write_bytes(b"weights")
    return folder


def whole(work: Path, step: int) -> Path:
    folder = half_written(work, step)
    resume.declare_whole(folder)
    return folder


def test_the_last_whole_one_counts_and_a_half_written_one_does_not(tmp_path: Path) -> None:
    whole(tmp_path, 9)
    last = whole(tmp_path, 10)
    half_written(tmp_path, 11)
    assert resume.last_whole(tmp_path) == last
    resume.keep_only(tmp_path, last)
    assert [each.name for each in tmp_path.iterdir()] == ["checkpoint-10"]


def test_nothing_whole_is_nothing_to_go_on_from(tmp_path: Path) -> None:
    half_written(tmp_path, 3)
    assert resume.last_whole(tmp_path) is None
    resume.keep_only(tmp_path, None)
    assert not list(tmp_path.iterdir())


def test_a_scratch_folder_outlives_an_error_only_with_something_in_it(tmp_path: Path) -> None:
    scratch = tmp_path / "family" / ".sft.training"
    with pytest.raises(RuntimeError), resume.scratch_folder(scratch, INPUTS) as work:
        half_written(work, 1)
        raise RuntimeError
    assert not scratch.exists()
    with pytest.raises(RuntimeError), resume.scratch_folder(scratch, INPUTS) as work:
        whole(work, 1)
        raise RuntimeError
    with resume.scratch_folder(scratch, INPUTS) as work:
        assert list(resume.whole_steps(work)) == [1]
    assert not scratch.exists()


def test_other_inputs_begin_anew(tmp_path: Path) -> None:
    scratch = tmp_path / ".sft.training"
    with pytest.raises(RuntimeError), resume.scratch_folder(scratch, INPUTS) as work:
        whole(work, 1)
        resume.count_step(work)
        raise RuntimeError
    with resume.scratch_folder(scratch, INPUTS | {"seed": 1}) as work:
        assert not resume.whole_steps(work)
        assert resume.steps_run(work) == 0


def test_steps_are_counted_over_all_calls(tmp_path: Path) -> None:
    assert resume.steps_run(tmp_path) == 0
    for _ in range(3):
        resume.count_step(tmp_path)
    assert resume.steps_run(tmp_path) == 3


def test_without_a_place_the_folder_is_temporary() -> None:
    with resume.scratch_folder(None, INPUTS) as work:
        assert work.is_dir()
    assert not work.exists()
