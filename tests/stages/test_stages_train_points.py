"""Saved points: ordinary checkpoints from a training that they do not disturb."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stagelens.stages import checkpoint
from stagelens.stages.course import Point
from trainings import decided, make, stage, weights, write_data

RECIPES: dict[str, dict[str, Any]] = {
    "whole": {"max_steps": 6},
    "lora": {"max_steps": 6, "lora": {"r": 2, "target_modules": ["q_proj", "v_proj"]}},
}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = write_data(tmp_path_factory.mktemp("world"))
    make(stage("pretrain"), folder, folder / "base")
    return folder


def points(folder: Path, *parts: float) -> list[Point]:
    return [Point(part, folder / f"sft@{part}", {"part": part}) for part in parts]


@given(st.floats(0, 1), st.integers(1, 10_000))
def test_a_point_is_a_step_of_the_training(part: float, total: int) -> None:
    step = Point(part, Path(), {}).step(total)
    assert 1 <= step <= total
    assert abs(step - part * total) <= max(0.5, 1 - part * total)


@pytest.mark.slow
@pytest.mark.parametrize("recipe", RECIPES)
def test_points_are_checkpoints_and_disturb_nothing(recipe: str, world: Path, tmp_path: Path) -> None:
    made = stage("sft", "sft", "refusals", **RECIPES[recipe])
    plain = make(made, world, tmp_path / "plain", world / "base")
    saved = points(tmp_path, 0.01, 0.5, 1.0)
    with_points = make(made, world, tmp_path / "sft", world / "base", points=saved)
    assert decided(with_points) == decided(plain)
    start, half, end = (point.out for point in saved)
    assert len({weights(each) for each in (world / "base", start, half, end)}) == 4
    assert decided(end) == decided(with_points)
    for each in ("config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json"):
        assert (end / each).read_bytes() == (with_points / each).read_bytes()
    assert not list(half.glob("adapter*"))
    assert all(checkpoint.is_complete(point.out, point.inputs) for point in saved)
    described = [json.loads((point.out / "provenance.json").read_text()) for point in saved]
    assert [(each["saved_at"], each["step"]) for each in described] == [(0.01, 1), (0.5, 3), (1.0, 6)]
    assert [each["step"] for each in json.loads((half / "losses.json").read_text())["records"]] == [1, 2, 3]
    assert (
        json.loads((half / "losses.json").read_text())["records"]
        == json.loads((with_points / "losses.json").read_text())["records"][:3]
    )


@pytest.mark.slow
def test_half_way_is_where_half_the_training_would_stand(world: Path, tmp_path: Path) -> None:
    constant = {"lr_scheduler_type": "constant"}
    half = make(stage("sft", max_steps=3, **constant), world, tmp_path / "half", world / "base")
    (point,) = points(tmp_path, 0.5)
    make(stage("sft", max_steps=6, **constant), world, tmp_path / "sft", world / "base", points=[point])
    assert weights(point.out) == weights(half)


@pytest.mark.slow
def test_what_is_all_there_is_not_trained_again(world: Path, tmp_path: Path) -> None:
    scratch = tmp_path / ".sft.training"
    steps: list[int] = []

    def tell(done: int, _total: int) -> None:
        steps.append(done)

    for _ in range(2):
        scratch.mkdir(exist_ok=True)
        make(
            stage("sft"),
            world,
            tmp_path / "sft",
            world / "base",
            points=points(tmp_path, 0.5),
            scratch=scratch,
            progress=tell,
        )
        assert not scratch.exists()
    assert steps == [1, 2, 3]
