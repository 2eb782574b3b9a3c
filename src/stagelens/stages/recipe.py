"""Recipes: a library's own field names, a few of ours beside them, and errors that name the nearest known field."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from stagelens.errors import InputError
from stagelens.stages import rewards
from stagelens.stages.fields import block, check_known, refusals
from stagelens.stages.launch import check_configuration
from stagelens.stages.lora import check_lora
from stagelens.stages.preferences import check_settings
from stagelens.stages.training import quiet
from stagelens.study.fingerprint import file_digest, folder_digest
from stagelens.study.paths import resolve
from stagelens.study.spec import Stage

TUNED: Final = frozenset({"chat_template", "lora", "accelerate"})
"""Fields of every stage that starts from a checkpoint."""

OWN: Final[Mapping[str, frozenset[str]]] = {
    "pretrain": frozenset({"architecture", "tokenizer", "chat_template", "max_length"}),
    "sft": TUNED,
    "dpo": TUNED,
    "rl": TUNED | {"reward", "tasks", "trust_reward_code"},
}
"""Fields that are ours, by kind; all others are those of TrainingArguments, SFTConfig, DPOConfig or GRPOConfig."""

REQUIRED: Final[Mapping[str, tuple[str, ...]]] = {
    "pretrain": ("architecture", "tokenizer"),
    "sft": (),
    "dpo": (),
    "rl": ("reward",),
}

TOKENIZER: Final = frozenset({"vocab_size", "special_tokens"})

MANAGED: Final = frozenset(
    {
        *("output_dir", "seed", "data_seed", "report_to", "run_name", "project", "disable_tqdm", "push_to_hub"),
        *("do_train", "do_eval", "do_predict", "resume_from_checkpoint", "load_best_model_at_end"),
        *("remove_unused_columns", "dataset_text_field", "dataset_kwargs", "chat_template_path"),
        *("assistant_only_loss", "completion_only_loss", "model_init_kwargs", "trust_remote_code"),
        *("reward_weights", "pad_token"),
    }
)
MANAGED_PREFIXES: Final = ("save_", "eval_", "logging_", "log_", "hub_", "trackio_")
"""What StageLens sets itself: where things go, what is reported, seeds, and which tokens carry the loss."""

MEANT: Final[Mapping[str, str]] = {
    "epochs": "num_train_epochs",
    "lr": "learning_rate",
    "batch_size": "per_device_train_batch_size",
    "max_seq_length": "max_length",
    "max_new_tokens": "max_completion_length",
    "warmup_ratio": "warmup_steps",
    "kl_coef": "beta",
    "reward_funcs": "reward",
    "peft": "lora",
    "peft_config": "lora",
}
"""Familiar names of fields that other libraries, or older versions, have."""


def check_recipe(stage: Stage, folder: Path) -> None:
    """Everything that can be known to be wrong with a trained stage's recipe without training. InputError if so."""
    where = f"Stage {stage.name!r}"
    if stage.kind not in OWN:
        raise InputError(f"{where}: a stage of kind {stage.kind} is adopted, not trained; give it a `model`.")
    if stage.recipe is None or stage.mixture is None:
        raise InputError(f"{where}: a stage without a `model` is trained, and needs a `recipe` and a `mixture`.")
    with quiet():
        _check(stage, stage.recipe, folder, where)


def _check(stage: Stage, recipe: Mapping[str, Any], folder: Path, where: str) -> None:
    _check_fields(recipe, stage.kind, f"{where}: recipe")
    for field in REQUIRED[stage.kind]:
        if field not in recipe:
            raise InputError(f"{where}: the recipe of a {stage.kind} stage needs `{field}`.")
    if stage.kind == "pretrain":
        _check_world(recipe, where)
    if stage.kind == "rl":
        rewards.named(recipe, folder, f"{where}: recipe field `reward`")
    check_lora(recipe, stage.kind, where)
    chat_template(recipe, folder, where)
    configuration = accelerate_file(recipe, folder, where)
    if configuration is not None:
        check_configuration(configuration, f"{where}: recipe field `accelerate`")
    _check_packing(recipe, where)
    args = arguments(stage, output=folder, seed=0)
    if stage.kind == "dpo":
        check_settings(args, where)
    if getattr(args, "sync_ref_model", False):
        _check_own_reference(args, recipe, where)


def arguments(stage: Stage, *, output: Path, seed: int) -> Any:
    """The recipe as TrainingArguments, SFTConfig, DPOConfig or GRPOConfig.

    Where the recipe does not say, TRL trains in bfloat16 beside single-precision weights; here it does so only on a
    device that has it, and never on a CPU. Every step is logged: callbacks get the losses, and nothing is printed.

    Raises:
        InputError: the library refuses a value.
    """
    recipe, where = stage.recipe or {}, f"Stage {stage.name!r}"
    given = {field: value for field, value in recipe.items() if field not in OWN[stage.kind]}
    for field, value in given.items():
        _check_number(field, value, _defaults(stage.kind)[field], where)
    ours: dict[str, Any] = {
        "output_dir": str(output),
        "seed": seed,
        "data_seed": seed,
        "report_to": "none",
        "save_strategy": "no",
        "logging_strategy": "steps",
        "logging_steps": 1,
        "logging_nan_inf_filter": False,
        "disable_tqdm": True,
        "remove_unused_columns": False,
    }
    if stage.kind == "rl":
        ours["reward_weights"] = [weight for _, weight in rewards.weights(recipe, where)]
    with refusals(where):
        return _arguments_class(stage.kind)(**(_of_the_device(stage.kind) | given), **ours)


def by_content(stage: Stage, folder: Path) -> dict[str, Any]:
    """The recipe with every file that it names by its content, as it decides the weights."""
    recipe, where = dict(stage.recipe or {}), f"Stage {stage.name!r}"
    for field, path in (
        ("chat_template", chat_template_file(recipe, folder, where)),
        ("accelerate", accelerate_file(recipe, folder, where)),
    ):
        if path is not None:
            recipe[field] = file_digest(path)
    if stage.kind == "rl":
        tasks = rewards.task_set(recipe, folder, where)
        if tasks is not None:
            recipe["tasks"] = folder_digest(tasks)
        recipe["reward"] = rewards.by_content(recipe, folder, where)
    return recipe


def chat_template(recipe: Mapping[str, Any], folder: Path, where: str) -> str | None:
    """The text of the recipe's chat template file, None where the recipe names none."""
    path = chat_template_file(recipe, folder, where)
    return None if path is None else path.read_text(encoding="utf-8")


def chat_template_file(recipe: Mapping[str, Any], folder: Path, where: str) -> Path | None:
    """The recipe's chat template file; relative paths start at ``folder``."""
    return _file(recipe, "chat_template", "chat template", folder, where)


def accelerate_file(recipe: Mapping[str, Any], folder: Path, where: str) -> Path | None:
    """The configuration by which accelerate launches the training, None where the recipe names none."""
    return _file(recipe, "accelerate", "accelerate configuration", folder, where)


def llama(recipe: Mapping[str, Any], where: str, **more: int) -> Any:
    """The LlamaConfig of the recipe's ``architecture``, with ``more`` fields. InputError where it cannot be."""
    from huggingface_hub.errors import StrictDataclassError
    from transformers import LlamaConfig

    given = block(recipe, "architecture", where)
    check_known(given, frozenset(LlamaConfig().to_dict()) - {"vocab_size"}, f"{where}: recipe field `architecture`")
    try:
        return LlamaConfig(**(more | dict(given)))
    except (StrictDataclassError, ValueError, TypeError, ZeroDivisionError) as error:
        reason = " ".join(str(error.__cause__ or error).split())
        raise InputError(f"{where}: no model can be made from the recipe's `architecture`: {reason}") from error


def _check_world(recipe: Mapping[str, Any], where: str) -> None:
    llama(recipe, where)
    tokenizer = block(recipe, "tokenizer", where)
    check_known(tokenizer, TOKENIZER, f"{where}: recipe field `tokenizer`")
    if not isinstance(tokenizer.get("vocab_size"), int):
        raise InputError(f"{where}: recipe field `tokenizer` needs `vocab_size`, a whole number.")
    if not isinstance(recipe.get("max_length", 1), int):
        raise InputError(f"{where}: recipe field `max_length` must be a whole number.")


def _check_packing(recipe: Mapping[str, Any], where: str) -> None:
    if recipe.get("packing") and recipe.get("packing_strategy") == "wrapped":
        raise InputError(
            f"{where}: `packing_strategy` wrapped lets an example see the one before it; use bfd, or leave it out."
        )


def _check_own_reference(args: Any, recipe: Mapping[str, Any], where: str) -> None:
    without = {
        "lora": "lora" in recipe,
        "precompute_ref_log_probs": getattr(args, "precompute_ref_log_probs", False),
        "beta: 0": not args.beta,
    }
    for setting, given in without.items():
        if given:
            raise InputError(f"{where}: `sync_ref_model` needs a reference of its own, which `{setting}` does without.")


def _check_fields(recipe: Mapping[str, Any], kind: str, where: str) -> None:
    for field in recipe:
        if field in MANAGED or field.startswith(MANAGED_PREFIXES):
            raise InputError(f"{where}: `{field}` is set by StageLens itself; remove it.")
    known = OWN[kind] | _arguments(kind)
    check_known(recipe, known, where, {wrong: right for wrong, right in MEANT.items() if right in known})


def _check_number(field: str, value: Any, default: Any, where: str) -> None:
    if isinstance(default, (int, float)) and isinstance(value, str):
        raise InputError(f"{where}: recipe field `{field}` must be a number or true or false, not {value!r}.")


def _file(recipe: Mapping[str, Any], field: str, what: str, folder: Path, where: str) -> Path | None:
    written = recipe.get(field)
    if written is None:
        return None
    path = resolve(str(written), folder)
    if not path.is_file():
        raise InputError(f"{where}: there is no {what} file {path}; mend the recipe's `{field}`.")
    return path


def _of_the_device(kind: str) -> dict[str, Any]:
    import torch
    from transformers.utils import is_torch_bf16_gpu_available

    if not torch.accelerator.is_available():
        # TRL's defaults are made for accelerators; on a CPU they are slow and save nothing.
        return {"bf16": False, "gradient_checkpointing": False, "dataloader_pin_memory": False}
    return {} if kind == "pretrain" or is_torch_bf16_gpu_available() else {"bf16": False}


def _arguments_class(kind: str) -> Any:
    import transformers
    import trl

    own = {"sft": "SFTConfig", "dpo": "DPOConfig", "rl": "GRPOConfig"}
    return getattr(trl, own[kind]) if kind in own else transformers.TrainingArguments


def _defaults(kind: str) -> dict[str, Any]:
    return {field.name: field.default for field in dataclasses.fields(_arguments_class(kind)) if field.init}


def _arguments(kind: str) -> frozenset[str]:
    return frozenset(name for name in _defaults(kind) if name not in MANAGED and not name.startswith(MANAGED_PREFIXES))
