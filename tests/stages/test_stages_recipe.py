"""Recipes: unknown fields are named with their nearest known one, before anything is trained."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from stagelens.errors import InputError
from stagelens.stages import check_recipe
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
        ("rl", {"reward": "helpfulness", "num_generations": 4, "max_completion_length": 8, "beta": 0.05}),
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
        ("rl", {"reward": "helpfulness", "per_device_train_batch_size": 3, "num_generations": 2}, "does not work"),
        ("sft", {"lora": {"rank": 4}}, "recipe field `lora` has no field `rank`"),
        ("sft", {"learning_rate": "high"}, "`learning_rate` must be a number"),
        ("sft", {"lr_scheduler_type": "cosin"}, "the recipe does not work"),
        ("dpo", {}, "adopted (`model`) so far, not trained"),
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
