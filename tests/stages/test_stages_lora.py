"""Adapters: the merged checkpoint answers as the base with its adapter does, after every kind of training."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import models_tiny
from stagelens.stages import make_stage
from stagelens.stages.lora import lora_config
from stagelens.stages.training import whole
from stagelens.study.spec import Mixture, Source, Stage, StageKind

pytestmark = pytest.mark.slow

LORA = {"r": 4, "lora_alpha": 8, "target_modules": "all-linear"}
COMMON: dict[str, Any] = {"max_steps": 6, "learning_rate": 1e-2, "lora": LORA}
RECIPES: dict[StageKind, dict[str, Any]] = {
    "sft": {"per_device_train_batch_size": 2},
    "dpo": {"per_device_train_batch_size": 2},
    "rl": {
        "per_device_train_batch_size": 4,
        "num_generations": 4,
        "max_completion_length": 4,
        "reward": "./r.py:score",
    },
}
ROWS: dict[StageKind, dict[str, Any]] = {
    "sft": {"prompt": "the old mill", "completion": "a quiet bridge"},
    "dpo": {"prompt": "the old mill", "chosen": "a quiet bridge", "rejected": "cold water"},
    "rl": {"prompt": "the old mill"},
}
MARKED = models_tiny.TEMPLATE.replace(
    "<|{{ m['role'] }}|>{{ m['content'] }}{% if m['role'] == 'assistant' %}{{ eos_token }}{% endif %}",
    "<|{{ m['role'] }}|>{% if m['role'] == 'assistant' %}{% generation %}{{ m['content'] }}{{ eos_token }}"
    "{% endgeneration %}{% else %}{{ m['content'] }}{% endif %}",
)


@pytest.fixture(scope="module")
def parent(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return models_tiny.make_checkpoint(tmp_path_factory.mktemp("parent"), template=MARKED)


def logits(model: Any) -> Any:
    import torch

    with torch.no_grad():
        return model.eval()(input_ids=torch.arange(5, 45)[None]).logits


def load(folder: Path) -> Any:
    import torch
    from transformers import AutoModelForCausalLM

    return AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)


@pytest.mark.parametrize("kind", list(RECIPES))
def test_a_merged_checkpoint_answers_as_base_and_adapter_do(
    kind: StageKind, parent: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch
    from peft import PeftModel

    (tmp_path / "rows.jsonl").write_text((json.dumps(ROWS[kind]) + "\n") * 8)
    (tmp_path / "r.py").write_text("def score(answers, rows):\n    return [len(answer) for answer in answers]\n")
    recipe = COMMON | RECIPES[kind] | ({"trust_reward_code": True} if kind == "rl" else {})

    def keep_the_adapter(model: Any) -> Any:
        model.save_pretrained(tmp_path / "adapter")
        return whole(model)

    monkeypatch.setattr(f"stagelens.stages.{kind}.whole", keep_the_adapter)
    out = make_stage(
        Stage(name=kind, kind=kind, recipe=recipe, mixture=Mixture(sources=(Source(name="s", path="./rows.jsonl"),))),
        parent=parent,
        folder=tmp_path,
        out=tmp_path / "out",
        seed=0,
        inputs={},
    )
    separate = logits(PeftModel.from_pretrained(load(parent), str(tmp_path / "adapter")))
    merged = logits(load(out))
    assert torch.allclose(merged, separate, atol=1e-3)
    assert (merged - logits(load(parent))).abs().max() > 0.05
    assert not [each.name for each in out.iterdir() if "adapter" in each.name]


def test_all_linear_layers_but_the_output_are_adapted_where_none_is_named(parent: Path) -> None:
    from peft import get_peft_model

    adapted = get_peft_model(load(parent), lora_config({"lora": {"r": 2}}))
    names = {name.split(".")[-4] for name, _ in adapted.named_parameters() if "lora_A" in name}
    assert names == {"q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"}
    assert lora_config({}) is None
