"""RL, for real and very small: the user's rewards, adapters, references, and faults while it trains."""

from __future__ import annotations

import contextlib
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

import models_tiny
from stagelens.errors import InputError
from stagelens.stages import make_stage, stage_inputs
from stagelens.study.spec import Mixture, Source, Stage

pytestmark = pytest.mark.slow

RECIPE: dict[str, Any] = {
    "max_steps": 2,
    "per_device_train_batch_size": 8,
    "num_generations": 4,
    "max_completion_length": 6,
    "learning_rate": 1e-3,
    "trust_reward_code": True,
}
ROWS = [{"prompt": f"the old mill {n}"} for n in range(8)]
REWARD = """
import json

def score(answers, rows):
    return [1.0 if "l" in answer else 0.0 for answer in answers]

def watched(answers, rows):
    rewards = [answer.count("a") for answer in answers]
    with open(__file__ + ".seen", "a") as file:
        file.write(json.dumps({"rows": rows, "rewards": rewards}) + "\\n")
    return rewards

def short(answers, rows):
    return [-len(answer) / 100 for answer in answers]

def fails(answers, rows):
    return [1 / len(rows[0]["nothing"])]
"""


@pytest.fixture(scope="module")
def parent(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return models_tiny.make_checkpoint(tmp_path_factory.mktemp("parent"))


def rl_stage(**recipe: Any) -> Stage:
    mixture = Mixture(sources=(Source(name="prompts", path="./prompts.jsonl"),))
    return Stage(name="rl", kind="rl", recipe=RECIPE | recipe, mixture=mixture)


def make(folder: Path, parent: Path, *, name: str = "out", seed: int = 0, **recipe: Any) -> Path:
    (folder / "prompts.jsonl").write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    (folder / "r.py").write_text(REWARD)
    stage = rl_stage(**recipe)
    inputs = stage_inputs(stage, folder) | {"seed": seed}
    return make_stage(stage, parent=parent, folder=folder, out=folder / name, seed=seed, inputs=inputs)


def weights(checkpoint: Path) -> str:
    return hashlib.sha256((checkpoint / "model.safetensors").read_bytes()).hexdigest()


@pytest.mark.parametrize("more", [{}, {"lora": {"r": 2}}, {"beta": 0.1}, {"beta": 0.1, "lora": {"r": 2}}], ids=str)
def test_two_trainings_give_the_same_weights(more: dict[str, Any], parent: Path, tmp_path: Path) -> None:
    one, two = (make(tmp_path, parent, name=name, reward="./r.py:score", **more) for name in ("a", "b"))
    assert weights(one) == weights(two)
    assert weights(one) != weights(parent)
    assert not [each.name for each in one.iterdir() if "adapter" in each.name]
    assert (one / "model.safetensors").stat().st_size == (parent / "model.safetensors").stat().st_size


def test_a_weighted_list_is_trained_on_and_noted(parent: Path, tmp_path: Path) -> None:
    reward = ["./r.py:score", {"name": "./r.py:short", "weight": 0.2}]
    both = make(tmp_path, parent, name="both", reward=reward)
    assert json.loads((both / "provenance.json").read_text())["training"]["reward"] == reward
    assert weights(both) != weights(make(tmp_path, parent, name="one", reward="./r.py:score"))
    inputs = json.loads((both / "recipe.json").read_text())["inputs"]["recipe"]["reward"]
    digest = hashlib.sha256(REWARD.encode()).hexdigest()
    assert inputs == [f"{digest}:score", {"name": f"{digest}:short", "weight": 0.2}]


def watched(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "r.py.seen").read_text().splitlines()]


@pytest.mark.parametrize("more", [{}, {"lora": {"r": 4}}], ids=str)
def test_what_is_rewarded_becomes_more_frequent(more: dict[str, Any], parent: Path, tmp_path: Path) -> None:
    make(tmp_path, parent, reward="./r.py:watched", max_steps=30, learning_rate=1e-2, **more)
    rewards = [sum(batch["rewards"]) for batch in watched(tmp_path)]
    assert sum(rewards[-5:]) > 1.5 * sum(rewards[:5])


@pytest.mark.parametrize("more", [{"beta": 0.1}, {"lora": {"r": 2}}], ids=str)
def test_a_training_that_was_stopped_goes_on_to_the_same_weights(
    more: dict[str, Any], parent: Path, tmp_path: Path
) -> None:
    recipe = more | {"reward": ["./r.py:score", "./r.py:short"], "max_steps": 4}
    whole = make(tmp_path, parent, name="whole", **recipe)

    def stop(done: int, total: int) -> None:
        if done == 3:
            raise KeyboardInterrupt

    inputs = stage_inputs(rl_stage(**recipe), tmp_path) | {"seed": 0}
    steps: list[int] = []
    for tell in (stop, lambda done, total: steps.append(done)):
        with contextlib.suppress(KeyboardInterrupt):
            make_stage(
                rl_stage(**recipe),
                parent=parent,
                folder=tmp_path,
                out=tmp_path / "out",
                seed=0,
                inputs=inputs,
                progress=tell,
                scratch=tmp_path / "scratch",
                keep_every=0,
            )
    assert steps[0] > 1  # it did not start anew
    assert weights(tmp_path / "out") == weights(whole)
    assert (tmp_path / "out" / "losses.json").read_text() == (whole / "losses.json").read_text()
    records = json.loads((whole / "losses.json").read_text())["records"]
    assert all("reward" in record for record in records)


def test_a_function_that_fails_ends_the_training_with_its_line(parent: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        make(tmp_path, parent, reward="./r.py:fails")
    line = REWARD.splitlines().index('    return [1 / len(rows[0]["nothing"])]') + 1
    assert str(caught.value) == (f"Stage 'rl': {tmp_path}/r.py, line {line}: `fails` raised KeyError ('nothing').")
    assert not (tmp_path / "out").exists()


def test_a_function_sees_the_row_that_was_asked(parent: Path, tmp_path: Path) -> None:
    make(tmp_path, parent, reward="./r.py:watched")
    rows = [row for batch in watched(tmp_path) for row in batch["rows"]]
    assert {tuple(row) for row in rows} == {("prompt", "source")}
    assert {row["source"] for row in rows} == {"prompts"}
    assert {row["prompt"][0]["content"] for row in rows} <= {row["prompt"] for row in ROWS}
    groups = [rows[start : start + 4] for start in range(0, len(rows), 4)]
    assert all(row == group[0] for group in groups for row in group)


def test_the_reference_of_a_parent_in_one_file_is_that_parent(
    parent: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """TRL loads the reference by name; a parent that is no folder of a checkpoint has none that it could load."""
    from stagelens.stages import rl
    from stagelens.stages.parents import load_parent

    def from_elsewhere(path: Path, where: str) -> tuple[Any, Any]:
        model, tokenizer = load_parent(parent, where)
        model.config.name_or_path = str(path)
        return model, tokenizer

    ordinary = make(tmp_path, parent, name="ordinary", reward="./r.py:score", beta=0.1)
    monkeypatch.setattr(rl, "load_parent", from_elsewhere)
    single = make(tmp_path, tmp_path / "model.gguf", name="single", reward="./r.py:score", beta=0.1)
    assert weights(single) == weights(ordinary)
