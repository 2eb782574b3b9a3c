"""Recipes: unknown fields are named with their nearest known one, before anything is trained."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from stagelens.errors import InputError
from stagelens.stages import check_recipe
from stagelens.stages.recipe import arguments, by_content
from stagelens.stages.training import quiet
from stagelens.study.spec import Mixture, Source, Stage, StageKind

WORLD: dict[str, Any] = {"architecture": {"hidden_size": 32}, "tokenizer": {"vocab_size": 300}}
MIXTURE = Mixture(sources=(Source(name="s", path="./s.jsonl"),))


def stage(kind: StageKind, recipe: dict[str, Any] | None, **more: Any) -> Stage:
    return Stage(**({"name": "made", "kind": kind, "recipe": recipe, "mixture": MIXTURE} | more))


@pytest.mark.parametrize(
    ("kind", "recipe"),
    [
        ("pretrain", WORLD | {"learning_rate": 1e-3, "num_train_epochs": 1, "max_length": 64, "warmup_steps": 3}),
        ("sft", {"max_steps": 3, "packing": True, "max_length": 64, "lora": {"r": 4, "target_modules": ["q_proj"]}}),
        ("sft", {"packing": True, "packing_strategy": "bfd", "lora": {"r": 8, "lora_alpha": 16, "lora_dropout": 0.05}}),
        ("dpo", {"beta": 0.2, "loss_type": "ipo", "max_length": 64, "lora": {"r": 2}}),
        ("dpo", {"loss_type": ["sigmoid", "sft"], "loss_weights": [1.0, 0.1], "precompute_ref_log_probs": True}),
        ("rl", {"reward": "helpfulness", "num_generations": 4, "max_completion_length": 8, "beta": 0.05}),
        ("rl", {"reward": [{"name": "helpfulness", "weight": 0.5}], "lora": {"r": 2, "init_lora_weights": "gaussian"}}),
    ],
)
def test_the_libraries_own_fields_are_taken(kind: StageKind, recipe: dict[str, Any], tmp_path: Path) -> None:
    check_recipe(stage(kind, recipe), tmp_path)


@pytest.mark.parametrize(
    ("kind", "recipe", "wanted"),
    [
        ("pretrain", WORLD | {"learning_rte": 1}, "did you mean `learning_rate`"),
        ("pretrain", WORLD | {"packing": True}, "no field `packing`"),
        ("sft", {"maxlength": 3}, "did you mean `max_length`"),
        ("rl", {"reward": "helpfulness", "num_generation": 3}, "did you mean `num_generations`"),
        ("sft", {"zzz": 3}, "no field `zzz`; known: "),
        ("sft", {"output_dir": "x"}, "`output_dir` is set by StageLens"),
        ("sft", {"save_strategy": "no"}, "`save_strategy` is set by StageLens"),
        ("pretrain", {"tokenizer": {"vocab_size": 300}}, "needs `architecture`"),
        ("pretrain", WORLD | {"architecture": {"hiden_size": 3}}, "did you mean `hidden_size`"),
        ("pretrain", WORLD | {"architecture": 3}, "`architecture` must be a block of fields"),
        ("pretrain", WORLD | {"tokenizer": {"vocab": 300}}, "did you mean `vocab_size`"),
        ("pretrain", WORLD | {"tokenizer": {"vocab_size": "many"}}, "`vocab_size`, a whole number"),
        ("pretrain", WORLD | {"max_length": "long"}, "`max_length` must be a whole number"),
        ("pretrain", WORLD | {"chat_template": "./none.jinja"}, "no chat template file"),
        ("rl", {}, "needs `reward`"),
        ("rl", {"reward": "kindness"}, "no reward 'kindness'; available: helpfulness"),
        ("rl", {"reward": "./none.py:score", "trust_reward_code": True}, "there is no file"),
        ("rl", {"reward": "helpfulness", "reward_weights": [2.0]}, "`reward_weights` is set by StageLens"),
        ("rl", {"reward": "helpfulness", "per_device_train_batch_size": 3, "num_generations": 2}, "does not work"),
        ("sft", {"lora": {"rank": 4}}, "recipe field `lora` has no field `rank`; did you mean `r`?"),
        ("sft", {"lora": {"target_module": ["q_proj"]}}, "did you mean `target_modules`?"),
        ("sft", {"lora": 8}, "`lora` must be a block of fields"),
        ("sft", {"lora": {"r": 0}}, "`r`, the rank, must be a whole number of at least 1, not 0"),
        ("sft", {"lora": {"r": True}}, "`r`, the rank, must be a whole number"),
        ("sft", {"lora": {"lora_alpha": 0}}, "`lora_alpha` must be a number above 0"),
        ("sft", {"lora": {"lora_dropout": 1}}, "`lora_dropout` must be a number from 0 to below 1"),
        ("sft", {"lora": {"inference_mode": True}}, "`inference_mode` is set by StageLens"),
        ("sft", {"lora": {"bias": "some"}}, "`bias` must be one of none, all, lora_only, not 'some'"),
        ("dpo", {"lora": {"init_lora_weights": "pissa"}}, "no longer be the reference"),
        ("rl", {"reward": "helpfulness", "lora": {"bias": "all"}}, "no longer be the reference"),
        ("sft", {"packing": True, "packing_strategy": "wrapped"}, "lets an example see the one before it"),
        ("sft", {"accelerate": "./none.yaml"}, "no accelerate configuration file"),
        ("dpo", {"chat_template": "./none.jinja"}, "no chat template file"),
        ("sft", {"epochs": 3}, "did you mean `num_train_epochs`?"),
        ("dpo", {"max_seq_length": 3}, "did you mean `max_length`?"),
        ("dpo", {"bta": 0.1}, "did you mean `beta`?"),
        ("dpo", {"loss_type": "sigmoyd"}, "no `loss_type` 'sigmoyd'; known: aot"),
        ("dpo", {"sync_ref_model": True, "lora": {"r": 2}}, "which `lora` does without"),
        ("dpo", {"sync_ref_model": True, "precompute_ref_log_probs": True}, "which `precompute_ref_log_probs` does"),
        ("rl", {"reward": "helpfulness", "sync_ref_model": True}, "which `beta: 0` does without"),
        ("dpo", {"beta": 0}, "`beta` must be above 0, not 0"),
        ("dpo", {"loss_weights": [1.0, 2.0]}, "the recipe does not work"),
        ("dpo", {"reward": "helpfulness"}, "no field `reward`"),
        ("sft", {"learning_rate": "high"}, "`learning_rate` must be a number"),
        ("sft", {"lr_scheduler_type": "cosin"}, "the recipe does not work"),
        ("pretrained", {}, "is adopted, not trained"),
        ("sft", None, "needs a `recipe` and a `mixture`"),
    ],
)
def test_what_is_wrong_is_said_without_training(
    kind: StageKind, recipe: dict[str, Any] | None, wanted: str, tmp_path: Path
) -> None:
    with pytest.raises(InputError) as caught:
        check_recipe(stage(kind, recipe), tmp_path)
    message = str(caught.value)
    assert wanted in message
    assert message.startswith("Stage 'made'")
    assert "\n" not in message


def test_nothing_is_written_or_printed_by_a_check(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    check_recipe(stage("sft", {"max_steps": 3}), tmp_path)
    assert not list(tmp_path.iterdir())
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("kind", ["sft", "dpo", "rl"])
def test_a_cpu_trains_in_single_precision_unless_a_recipe_says_otherwise(
    kind: StageKind, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    monkeypatch.setattr(torch.accelerator, "is_available", lambda: False)
    recipe = {"reward": "helpfulness"} if kind == "rl" else {}
    with quiet():
        made = arguments(stage(kind, recipe), output=tmp_path, seed=3)
        asked = arguments(stage(kind, recipe | {"gradient_checkpointing": True}), output=tmp_path, seed=0)
        assert (made.bf16, made.gradient_checkpointing, made.seed) == (False, False, 3)
        assert asked.gradient_checkpointing


def test_a_device_without_bfloat16_is_not_asked_for_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch
    import transformers

    monkeypatch.setattr(torch.accelerator, "is_available", lambda: True)
    monkeypatch.setattr(transformers.utils, "is_torch_bf16_gpu_available", lambda: False)
    with quiet():
        assert arguments(stage("dpo", {}), output=tmp_path, seed=0).bf16 is False


def test_files_decide_by_their_content_and_not_by_their_name(tmp_path: Path) -> None:
    recipe = {
        "chat_template": "./a.jinja",
        "accelerate": "./a.yaml",
        "reward": [{"name": "./a.py:score", "weight": 0.5}, "helpfulness"],
        "trust_reward_code": True,
    }
    for name in ("a", "b"):
        for suffix in ("jinja", "yaml", "py"):
            (tmp_path / f"{name}.{suffix}").write_text(f"# {suffix}")
    one = by_content(stage("rl", recipe), tmp_path)
    moved = {**recipe, "chat_template": "b.jinja", "accelerate": "./b.yaml"}
    moved["reward"] = [{"name": "./b.py:score", "weight": 0.5}, "helpfulness"]
    assert by_content(stage("rl", moved), tmp_path) == one
    for suffix in ("jinja", "yaml", "py"):
        (tmp_path / f"a.{suffix}").write_text("# changed")
        assert by_content(stage("rl", recipe), tmp_path) != one
        (tmp_path / f"a.{suffix}").write_text(f"# {suffix}")


def test_a_reward_by_name_decides_as_it_is_written(tmp_path: Path) -> None:
    recipe = {"reward": "helpfulness", "beta": 0.1}
    assert by_content(stage("rl", recipe), tmp_path) == recipe
