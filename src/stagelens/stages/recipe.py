"""Recipes: a library's own field names, a few of ours beside them, and errors that name the nearest known field."""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from stagelens.errors import InputError
from stagelens.stages import rewards
from stagelens.stages.training import quiet
from stagelens.study.paths import resolve
from stagelens.study.spec import Stage

OWN: Final[Mapping[str, frozenset[str]]] = {
    "pretrain": frozenset({"architecture", "tokenizer", "chat_template", "max_length"}),
    "sft": frozenset({"chat_template", "lora"}),
    "rl": frozenset({"reward", "tasks", "lora"}),
}
"""Fields that are ours, by kind; all others are those of TrainingArguments, SFTConfig or GRPOConfig."""

REQUIRED: Final[Mapping[str, tuple[str, ...]]] = {
    "pretrain": ("architecture", "tokenizer"),
    "sft": (),
    "rl": ("reward",),
}

TOKENIZER: Final = frozenset({"vocab_size", "special_tokens"})

MANAGED: Final = frozenset(
    {
        *("output_dir", "seed", "data_seed", "report_to", "run_name", "project", "disable_tqdm", "push_to_hub"),
        *("do_train", "do_eval", "do_predict", "resume_from_checkpoint", "load_best_model_at_end"),
        *("remove_unused_columns", "dataset_text_field", "dataset_kwargs", "chat_template_path"),
        *("assistant_only_loss", "completion_only_loss", "model_init_kwargs", "trust_remote_code"),
    }
)
MANAGED_PREFIXES: Final = ("save_", "eval_", "logging_", "log_", "hub_", "trackio_")
"""What StageLens sets itself: where things go, what is reported, seeds, and which tokens carry the loss."""


def check_recipe(stage: Stage, folder: Path) -> None:
    """Everything that can be known to be wrong with a trained stage's recipe without training. InputError if so."""
    where = f"Stage {stage.name!r}"
    if stage.kind == "dpo":
        raise InputError(f"{where}: a dpo stage can be adopted (`model`) so far, not trained; give it a `model`.")
    if stage.kind not in OWN:
        raise InputError(f"{where}: a stage of kind {stage.kind} is adopted, not trained; give it a `model`.")
    if stage.recipe is None or stage.mixture is None:
        raise InputError(f"{where}: a stage without a `model` is trained, and needs a `recipe` and a `mixture`.")
    with quiet():
        _check(stage, stage.recipe, folder, where)


def _check(stage: Stage, recipe: Mapping[str, Any], folder: Path, where: str) -> None:
    _known(recipe, OWN[stage.kind] | _arguments(stage.kind), f"{where}: recipe", managed=True)
    for field in REQUIRED[stage.kind]:
        if field not in recipe:
            raise InputError(f"{where}: the recipe of a {stage.kind} stage needs `{field}`.")
    if stage.kind == "pretrain":
        _check_world(recipe, where)
    if stage.kind == "rl":
        rewards.named(recipe, folder, f"{where}: recipe field `reward`")
    if "lora" in recipe:
        _known(_mapping(recipe, "lora", where), _lora_fields(), f"{where}: recipe field `lora`")
    chat_template(recipe, folder, where)
    arguments(stage, output=folder, seed=0)


def arguments(stage: Stage, *, output: Path, seed: int) -> Any:
    """The recipe as TrainingArguments, SFTConfig or GRPOConfig. InputError where the library refuses a value."""
    import torch

    recipe = stage.recipe or {}
    given = {field: value for field, value in recipe.items() if field not in OWN[stage.kind]}
    for field, value in given.items():
        _check_number(field, value, _defaults(stage.kind)[field], f"Stage {stage.name!r}")
    if not torch.accelerator.is_available():
        # TRL's defaults are made for accelerators; on a CPU they are slow and save nothing.
        given = {"bf16": False, "gradient_checkpointing": False, "dataloader_pin_memory": False} | given
    ours: dict[str, Any] = {
        "output_dir": str(output),
        "seed": seed,
        "data_seed": seed,
        "report_to": "none",
        "save_strategy": "no",
        "logging_strategy": "no",
        "logging_nan_inf_filter": False,
        "disable_tqdm": True,
        "remove_unused_columns": False,
    }
    try:
        return _arguments_class(stage.kind)(**given, **ours)
    except (ValueError, TypeError, ImportError) as error:
        raise InputError(f"Stage {stage.name!r}: the recipe does not work: {error}") from error


def chat_template(recipe: Mapping[str, Any], folder: Path, where: str) -> str | None:
    """The text of the recipe's chat template file, None where the recipe names none."""
    path = chat_template_file(recipe, folder, where)
    return None if path is None else path.read_text(encoding="utf-8")


def chat_template_file(recipe: Mapping[str, Any], folder: Path, where: str) -> Path | None:
    """The recipe's chat template file; relative paths start at ``folder``."""
    written = recipe.get("chat_template")
    if written is None:
        return None
    path = resolve(str(written), folder)
    if not path.is_file():
        raise InputError(f"{where}: there is no chat template file {path}; mend the recipe's `chat_template`.")
    return path


def llama(recipe: Mapping[str, Any], where: str, **more: int) -> Any:
    """The LlamaConfig of the recipe's ``architecture``, with ``more`` fields. InputError where it cannot be."""
    from huggingface_hub.errors import StrictDataclassError
    from transformers import LlamaConfig

    given = _mapping(recipe, "architecture", where)
    _known(given, frozenset(LlamaConfig().to_dict()) - {"vocab_size"}, f"{where}: recipe field `architecture`")
    try:
        return LlamaConfig(**(more | dict(given)))
    except (StrictDataclassError, ValueError, TypeError, ZeroDivisionError) as error:
        reason = " ".join(str(error.__cause__ or error).split())
        raise InputError(f"{where}: no model can be made from the recipe's `architecture`: {reason}") from error


def _check_world(recipe: Mapping[str, Any], where: str) -> None:
    llama(recipe, where)
    tokenizer = _mapping(recipe, "tokenizer", where)
    _known(tokenizer, TOKENIZER, f"{where}: recipe field `tokenizer`")
    if not isinstance(tokenizer.get("vocab_size"), int):
        raise InputError(f"{where}: recipe field `tokenizer` needs `vocab_size`, a whole number.")
    if not isinstance(recipe.get("max_length", 1), int):
        raise InputError(f"{where}: recipe field `max_length` must be a whole number.")


def _mapping(recipe: Mapping[str, Any], field: str, where: str) -> Mapping[str, Any]:
    value = recipe[field]
    if not isinstance(value, Mapping):
        raise InputError(f"{where}: recipe field `{field}` must be a block of fields.")
    return value


def _known(given: Iterable[str], known: frozenset[str], where: str, *, managed: bool = False) -> None:
    for field in given:
        if managed and (field in MANAGED or field.startswith(MANAGED_PREFIXES)):
            raise InputError(f"{where}: `{field}` is set by StageLens itself; remove it.")
        if field not in known:
            nearest = difflib.get_close_matches(field, known, n=1, cutoff=0.5)
            hint = f"did you mean `{nearest[0]}`?" if nearest else f"known: {', '.join(sorted(known)[:8])}, …"
            raise InputError(f"{where} has no field `{field}`; {hint}")


def _check_number(field: str, value: Any, default: Any, where: str) -> None:
    if isinstance(default, (int, float)) and isinstance(value, str):
        raise InputError(f"{where}: recipe field `{field}` must be a number or true or false, not {value!r}.")


def _arguments_class(kind: str) -> Any:
    if kind == "pretrain":
        from transformers import TrainingArguments

        return TrainingArguments
    if kind == "sft":
        from trl import SFTConfig

        return SFTConfig
    from trl import GRPOConfig

    return GRPOConfig


def _defaults(kind: str) -> dict[str, Any]:
    return {field.name: field.default for field in dataclasses.fields(_arguments_class(kind)) if field.init}


def _arguments(kind: str) -> frozenset[str]:
    return frozenset(name for name in _defaults(kind) if name not in MANAGED and not name.startswith(MANAGED_PREFIXES))


def _lora_fields() -> frozenset[str]:
    from peft import LoraConfig

    return frozenset(field.name for field in dataclasses.fields(LoraConfig) if field.init)
