"""A training that is killed and goes on ends where an undisturbed one ends, bit for bit: weights, points and losses."""

from __future__ import annotations

import dataclasses
import json
import random
import shutil
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from stagelens.study.spec import StageKind
from trainings import RECIPES, Direct, Job, decided, in_a_process, make, stage, weights, write_data

pytestmark = pytest.mark.slow

RANDOM = RECIPES["pretrain"]["architecture"] | {"attention_dropout": 0.1}
"""A model whose training draws random numbers at every step."""
LORA = {"r": 2, "lora_dropout": 0.1, "target_modules": ["q_proj", "v_proj"]}
COSINE = {"lr_scheduler_type": "cosine", "warmup_steps": 3}
SHUFFLED: dict[str, Any] = {"shuffle_dataset": True, "max_length": 96, "per_device_train_batch_size": 1}
KINDS: dict[str, tuple[StageKind, dict[str, Any]]] = {
    "pretrain": ("pretrain", {"architecture": RANDOM, "max_steps": 30} | COSINE),
    "sft": ("sft", {"max_steps": 26} | COSINE),
    "accumulated": ("sft", {"max_steps": 14, "gradient_accumulation_steps": 2, "per_device_train_batch_size": 2}),
    "padding_free": ("sft", {"max_steps": 14, "padding_free": True, "max_length": None}),
    "packed": ("sft", {"max_steps": 14, "packing": True} | SHUFFLED),
    "by_length": ("sft", {"max_steps": 14, "train_sampling_strategy": "group_by_length"}),
    "lora": ("sft", {"max_steps": 14, "lora": LORA} | COSINE),
    "rl": ("rl", {"max_steps": 8}),
}

AROUND_AN_EPOCH = [6, 7, 9, 14]
"""An epoch has 6 steps: the first goes on from within it, the second from its end, the third from within the next."""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = write_data(tmp_path_factory.mktemp("world"))
    make(stage("pretrain", architecture=RANDOM), folder, folder / "base")
    return folder


def job(name: str, world: Path, out: Path) -> Job:
    kind, recipe = KINDS[name]
    sources = ("sft", "refusals") if kind == "sft" else (kind,)
    return Job(stage(kind, *sources, **recipe), world, out, None if kind == "pretrain" else world / "base", (0.5,))


def kill_after(steps: list[int], killed: Job | Direct) -> None:
    """Run it to its end, killed after each of these steps, in order, before the state as it is then is kept."""
    for step in sorted(steps):
        assert in_a_process(dataclasses.replace(killed, kill_at=step)) == -signal.SIGKILL
    assert in_a_process(killed) == 0


@pytest.mark.parametrize("name", KINDS)
def test_killed_after_any_step_it_ends_the_same(name: str, world: Path, tmp_path: Path) -> None:
    undisturbed = dataclasses.replace(job(name, world, tmp_path / "undisturbed"), keep_every=3600)
    assert in_a_process(undisturbed) == 0
    killed = job(name, world, tmp_path / "killed")
    steps = KINDS[name][1]["max_steps"]
    kills = 10 if name == "sft" else 4
    at = random.Random(name).sample(range(1, steps + 1), kills)
    kill_after(AROUND_AN_EPOCH if name == "by_length" else at, killed)
    assert decided(killed.out) == decided(undisturbed.out)
    assert decided(killed.points()[0].out) == decided(undisturbed.points()[0].out)
    assert sorted(each.name for each in tmp_path.iterdir()) == [
        "killed",
        "killed@0.5",
        "undisturbed",
        "undisturbed@0.5",
    ]
    facts = json.loads((killed.out / "provenance.json").read_text())["training"]
    assert facts["steps"] == steps
    assert steps < facts["steps_run"] <= steps * (kills + 1)


@pytest.mark.parametrize("kind", ["dpo", "grpo"])
def test_so_does_a_trainer_that_compares_or_rewards(kind: Any, world: Path, tmp_path: Path) -> None:
    undisturbed, killed = (Direct(kind, tmp_path / name, world / "base") for name in ("undisturbed", "killed"))
    assert in_a_process(dataclasses.replace(undisturbed, keep_every=3600)) == 0
    kill_after(random.Random(kind).sample(range(2, 9 if kind == "dpo" else 28), 6), killed)
    assert decided(killed.out) == decided(undisturbed.out)
    assert weights(killed.out) != weights(world / "base")
    last = json.loads((killed.out / "losses.json").read_text())["records"][-1]
    assert set(last) >= ({"loss", "accuracy", "margin"} if kind == "dpo" else {"loss"})


def test_killed_at_any_moment_it_ends_the_same(world: Path, tmp_path: Path) -> None:
    """Most of such a run is spent on writing its state, so most kills leave it half-written."""
    undisturbed = dataclasses.replace(job("lora", world, tmp_path / "undisturbed"), keep_every=3600)
    killed = job("lora", world, tmp_path / "killed")
    assert in_a_process(undisturbed) == 0
    start = time.monotonic()
    assert in_a_process(dataclasses.replace(killed, out=tmp_path / "timed")) == 0
    seconds, rng, kills = time.monotonic() - start, random.Random(0), 0
    while in_a_process(killed, kill_after=rng.uniform(0.3, 0.9) * seconds if kills < 8 else None):
        kills += 1
    assert kills
    assert decided(killed.out) == decided(undisturbed.out)
    assert decided(killed.points()[0].out) == decided(undisturbed.points()[0].out)


def test_other_inputs_do_not_go_on(world: Path, tmp_path: Path) -> None:
    first = job("sft", world, tmp_path / "out")
    assert in_a_process(dataclasses.replace(first, kill_at=5)) == -signal.SIGKILL
    assert first.scratch.is_dir()
    other = dataclasses.replace(first, made=stage("sft", max_steps=6))
    assert in_a_process(other) == 0
    assert json.loads((first.out / "provenance.json").read_text())["training"]["steps_run"] == 6
    assert not first.scratch.exists()


def test_a_point_that_is_gone_is_made_again_and_the_end_is_the_same(world: Path, tmp_path: Path) -> None:
    whole = job("lora", world, tmp_path / "out")
    whole.run()
    point = whole.points()[0].out
    before = decided(whole.out), decided(point)
    shutil.rmtree(point)
    whole.run()
    assert (decided(whole.out), decided(point)) == before
    assert in_a_process(dataclasses.replace(whole, out=tmp_path / "killed", kill_at=12)) == -signal.SIGKILL
    lost = tmp_path / "killed@0.5"
    shutil.rmtree(lost)
    assert in_a_process(dataclasses.replace(whole, out=tmp_path / "killed")) == 0
    assert (decided(tmp_path / "killed"), decided(lost)) == before
