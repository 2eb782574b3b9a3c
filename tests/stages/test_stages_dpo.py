"""DPO, for real and very small: what it prefers, where it starts from, adapters, and what is refused."""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
from pathlib import Path
from typing import Any

import pytest

import models_tiny
from stagelens.errors import InputError
from stagelens.stages import make_stage, stage_inputs
from stagelens.stages.course import Point
from stagelens.study.spec import Mixture, Source, Stage

pytestmark = pytest.mark.slow

RECIPE: dict[str, Any] = {"max_steps": 3, "per_device_train_batch_size": 4, "learning_rate": 1e-3, "max_length": 64}
ROWS = [{"prompt": f"the old mill {n}", "chosen": "a quiet bridge", "rejected": "cold water"} for n in range(12)]


@pytest.fixture(scope="module")
def parent(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return models_tiny.make_checkpoint(tmp_path_factory.mktemp("parent"))


def write(folder: Path, rows: list[Any]) -> None:
    (folder / "pairs.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))


def dpo_stage(**recipe: Any) -> Stage:
    mixture = Mixture(sources=(Source(name="pairs", path="./pairs.jsonl"),))
    return Stage(name="dpo", kind="dpo", recipe=RECIPE | recipe, mixture=mixture)


def make(
    folder: Path, parent: Path, *, rows: list[Any] | None = None, name: str = "out", seed: int = 0, **recipe: Any
) -> Path:
    write(folder, rows or ROWS)
    stage = dpo_stage(**recipe)
    inputs = stage_inputs(stage, folder) | {"seed": seed}
    return make_stage(stage, parent=parent, folder=folder, out=folder / name, seed=seed, inputs=inputs)


def weights(checkpoint: Path) -> str:
    return hashlib.sha256((checkpoint / "model.safetensors").read_bytes()).hexdigest()


def provenance(checkpoint: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((checkpoint / "provenance.json").read_text())
    return found


def losses(checkpoint: Path) -> list[dict[str, float]]:
    found: list[dict[str, float]] = json.loads((checkpoint / "losses.json").read_text())["records"]
    return found


def margin(checkpoint: Path) -> float:
    """By how many nats an answer that is preferred is likelier than one that is not, on a prompt of the mixture."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model: Any = AutoModelForCausalLM.from_pretrained(checkpoint, dtype=torch.float32).eval()
    tokenizer = AutoTokenizer.from_pretrained(checkpoint)
    sums = []
    for answer in ("a quiet bridge", "cold water"):
        prompt = models_tiny.rendered(checkpoint, "the old mill 3")
        ids = torch.tensor([[*prompt, *tokenizer.encode(answer, add_special_tokens=False), tokenizer.eos_token_id]])
        with torch.no_grad():
            logits = model(input_ids=ids).logits.log_softmax(-1)
        places = range(len(prompt), ids.shape[1])
        sums.append(sum(float(logits[0, place - 1, ids[0, place]]) for place in places))
    return sums[0] - sums[1]


@pytest.mark.parametrize("more", [{}, {"lora": {"r": 4}}, {"precompute_ref_log_probs": True}], ids=str)
def test_what_is_chosen_becomes_likelier(more: dict[str, Any], parent: Path, tmp_path: Path) -> None:
    out = make(tmp_path, parent, max_steps=20, learning_rate=3e-3, **more)
    assert margin(out) > margin(parent) + 1
    first, last = losses(out)[0], losses(out)[-1]
    assert (first["margin"], last["accuracy"]) == (0, 1)
    assert last["margin"] > 0.1
    assert provenance(out)["training"]["steps"] == 20
    (source,) = provenance(out)["sources"]
    assert (source["drawn"], source["same_answers"], source["cut"], source["left_out"]) == (12, 0, 0, 0)
    assert 0 < source["trained_tokens"] < source["tokens"]


@pytest.mark.parametrize("more", [{}, {"lora": {"r": 2}}], ids=str)
def test_two_trainings_give_the_same_weights(more: dict[str, Any], parent: Path, tmp_path: Path) -> None:
    one, two, other = (
        make(tmp_path, parent, name=name, seed=seed, **more) for name, seed in [("a", 0), ("b", 0), ("c", 1)]
    )
    assert weights(one) == weights(two)
    assert weights(one) not in (weights(other), weights(parent))


@pytest.mark.parametrize("more", [{}, {"lora": {"r": 2}}, {"precompute_ref_log_probs": True}], ids=str)
def test_the_reference_is_the_parent(more: dict[str, Any], parent: Path, tmp_path: Path) -> None:
    """Before anything is learned policy and reference agree, so every pair costs log 2."""
    out = make(tmp_path, parent, max_steps=1, **more)
    assert provenance(out)["training"]["training_loss"] == pytest.approx(math.log(2), abs=1e-5)


def test_an_adapter_is_merged_into_an_ordinary_checkpoint(parent: Path, tmp_path: Path) -> None:
    out = make(tmp_path, parent, lora={"r": 2})
    assert {each.name for each in out.iterdir()} >= {"config.json", "model.safetensors", "tokenizer.json"}
    assert not [each.name for each in out.iterdir() if "adapter" in each.name]
    assert (out / "model.safetensors").stat().st_size == (parent / "model.safetensors").stat().st_size


@pytest.mark.parametrize("more", [{}, {"lora": {"r": 2}}, {"precompute_ref_log_probs": True}], ids=str)
def test_a_training_that_was_stopped_goes_on_to_the_same_weights(
    more: dict[str, Any], parent: Path, tmp_path: Path
) -> None:
    whole = make(tmp_path, parent, name="whole", **more)

    def stop(done: int, total: int) -> None:
        if done == 3:
            raise KeyboardInterrupt

    stage, scratch = dpo_stage(**more), tmp_path / "scratch"
    inputs = stage_inputs(stage, tmp_path) | {"seed": 0}
    steps: list[int] = []
    for tell in (stop, lambda done, total: steps.append(done)):
        with contextlib.suppress(KeyboardInterrupt):
            make_stage(
                stage,
                parent=parent,
                folder=tmp_path,
                out=tmp_path / "out",
                seed=0,
                inputs=inputs,
                progress=tell,
                scratch=scratch,
                keep_every=0,
                points=[Point(0.5, tmp_path / "half", inputs | {"part": 0.5})],
            )
    assert steps[0] > 1  # it did not start anew
    assert steps[-1] == 3
    assert weights(tmp_path / "out") == weights(whole)
    assert losses(tmp_path / "out") == losses(whole)
    assert provenance(tmp_path / "half")["step"] == 2
    assert weights(tmp_path / "half") not in (weights(whole), weights(parent))
    assert not [each.name for each in (tmp_path / "half").iterdir() if "adapter" in each.name]


def test_progress_is_reported_and_nothing_is_printed(
    parent: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path, ROWS)
    steps: list[tuple[int, int]] = []
    for more in ({}, {"precompute_ref_log_probs": True}):
        make_stage(
            dpo_stage(**more),
            parent=parent,
            folder=tmp_path,
            out=tmp_path / f"out{len(more)}",
            seed=0,
            inputs={},
            progress=lambda done, total: steps.append((done, total)),
        )
    assert steps == [(1, 3), (2, 3), (3, 3)] * 2
    assert capfd.readouterr() == ("", "")


SAME = [row | {"rejected": row["chosen"]} for row in ROWS]
LONG = [{"prompt": "why", "chosen": "the mill " * 40 + "and", "rejected": "the mill " * 40 + "or"}]
NO_END = models_tiny.TEMPLATE.replace("{{ eos_token }}", "")
STERN = (
    "{% if messages[-1]['content'] == 'cold water' %}{{ raise_exception('too cold') }}{% endif %}"
    + models_tiny.TEMPLATE
)


@pytest.mark.parametrize(
    ("rows", "recipe", "template", "wanted"),
    [
        (SAME, {}, None, "in source 'pairs' `chosen` and `rejected` say the same in every row"),
        (LONG, {}, None, "in source 'pairs' `max_length` 64 cuts away all that tells"),
        (
            [row | {"prompt": "why " * 90} for row in ROWS],
            {},
            None,
            "in source 'pairs' every prompt fills `max_length`",
        ),
        (ROWS, {}, NO_END, "in source 'pairs' no answer of `chosen` has the token at which the model stops"),
        (ROWS, {}, STERN, "does not render a `rejected` of source 'pairs' (too cold)"),
        (ROWS, {"lora": {"r": 2, "target_modules": ["q_prj"]}}, None, "the recipe does not work: Target modules"),
        (ROWS, {"lora": {"r": 2, "target_modules": ["lm_head"]}}, None, "the recipe does not work"),
        (ROWS, {"loss_type": "exo_pair"}, None, "the recipe does not work: Label smoothing"),
        (ROWS, {"learning_rate": 1e30, "max_grad_norm": 0}, None, "training diverged"),
    ],
)
def test_what_cannot_be_learned_from_is_said(
    rows: list[Any], recipe: dict[str, Any], template: str | None, wanted: str, parent: Path, tmp_path: Path
) -> None:
    if template is not None:
        (tmp_path / "t.jinja").write_text(template)
        recipe = recipe | {"chat_template": "./t.jinja"}
    with pytest.raises(InputError) as caught:
        make(tmp_path, parent, rows=rows, **recipe)
    assert str(caught.value).startswith("Stage 'dpo': ")
    assert wanted in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "out").exists()


def test_a_parent_without_a_template_needs_one(tmp_path: Path) -> None:
    bare = models_tiny.make_checkpoint(tmp_path / "bare", template=None)
    with pytest.raises(InputError, match="has no chat template; name one as `chat_template`"):
        make(tmp_path, bare)
    (tmp_path / "t.jinja").write_text(models_tiny.TEMPLATE)
    out = make(tmp_path, bare, chat_template="./t.jinja")
    assert models_tiny.tokenizer_of(out).chat_template == models_tiny.TEMPLATE
