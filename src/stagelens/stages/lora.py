"""A recipe's ``lora``: low-rank adapters (arXiv:2106.09685) by PEFT, merged into the weights when a stage is saved."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, Final

from stagelens.errors import InputError
from stagelens.stages.fields import block, check_known, refusals

DEFAULTS: Final[Mapping[str, Any]] = {"task_type": "CAUSAL_LM", "target_modules": "all-linear"}
"""All linear layers but the output, where a recipe names none: PEFT's own choice has fewer, and differs by model."""

MANAGED: Final = frozenset(
    {
        *("task_type", "peft_type", "peft_version", "auto_mapping", "inference_mode"),
        *("base_model_name_or_path", "revision", "runtime_config"),
    }
)

MEANT: Final[Mapping[str, str]] = {"rank": "r", "alpha": "lora_alpha", "dropout": "lora_dropout"}

BIASES: Final = ("none", "all", "lora_only")

KEEPS_THE_BASE: Final = (True, False, "gaussian", "orthogonal")
"""Ways to start an adapter that leave the weights beneath it as they are."""


def check_lora(recipe: Mapping[str, Any], kind: str, where: str) -> None:
    """InputError where the recipe's ``lora``, if it has one, cannot be trained in a stage of this kind."""
    if "lora" not in recipe:
        return
    at = f"{where}: recipe field `lora`"
    given = block(recipe, "lora", where)
    for field in given:
        if field in MANAGED:
            raise InputError(f"{at}: `{field}` is set by StageLens itself; remove it.")
    check_known(given, _fields(), at, MEANT)
    rank = given.get("r", 1)
    if not isinstance(rank, int) or isinstance(rank, bool) or rank < 1:
        raise InputError(f"{at}: `r`, the rank, must be a whole number of at least 1, not {rank!r}.")
    alpha, dropout = given.get("lora_alpha", 1), given.get("lora_dropout", 0)
    if not _is_number(alpha) or not alpha > 0:
        raise InputError(f"{at}: `lora_alpha` must be a number above 0, not {alpha!r}.")
    if not _is_number(dropout) or not 0 <= dropout < 1:
        raise InputError(f"{at}: `lora_dropout` must be a number from 0 to below 1, not {dropout!r}.")
    if given.get("bias", "none") not in BIASES:
        raise InputError(f"{at}: `bias` must be one of {', '.join(BIASES)}, not {given['bias']!r}.")
    if kind in ("dpo", "rl"):
        _check_reference(given, at)
    with refusals(at):
        lora_config(recipe)


def lora_config(recipe: Mapping[str, Any]) -> Any | None:
    """The recipe's ``lora`` as PEFT takes it, None for training all weights."""
    if "lora" not in recipe:
        return None
    from peft import LoraConfig

    return LoraConfig(**{**DEFAULTS, **recipe["lora"]})


def _check_reference(given: Mapping[str, Any], at: str) -> None:
    # The reference is the model with its adapter switched off, so nothing else may be trained or changed.
    start, bias = given.get("init_lora_weights", True), given.get("bias", "none")
    if start not in KEEPS_THE_BASE:
        raise InputError(
            f"{at}: `init_lora_weights` {start!r} changes the weights beneath the adapter, and without it they would "
            "no longer be the reference; use true or gaussian."
        )
    if bias != "none":
        raise InputError(
            f"{at}: `bias` {bias!r} trains weights that are no part of the adapter, and without it they would no "
            "longer be the reference; use none."
        )


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _fields() -> frozenset[str]:
    from peft import LoraConfig

    return frozenset(field.name for field in dataclasses.fields(LoraConfig) if field.init) - MANAGED
