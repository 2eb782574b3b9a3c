"""What every kind of training shares: quiet libraries, a fixed seed, progress, and loading the parent."""

from __future__ import annotations

import logging
import math
import os
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from stagelens.errors import InputError

SMALL_MODEL: Final = 10_000_000
"""Parameters below which one CPU thread does best."""

Progress = Callable[[int, int], None]
"""Called after every training step with the steps done and the steps in all."""


@dataclass(frozen=True, slots=True)
class Trained:
    """A model and its tokenizer after training, and facts about the training for ``provenance.json``."""

    model: Any
    tokenizer: Any
    facts: Mapping[str, Any]


@contextmanager
def quiet() -> Iterator[None]:
    """No chatter, no trackers, no telemetry from the training libraries inside the block."""
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")  # else it warns when a data loader forks
    import datasets
    import huggingface_hub
    import transformers

    huggingface_hub.constants.HF_HUB_DISABLE_TELEMETRY = True  # TRL reports every trainer that is made
    verbosity, bars = transformers.logging.get_verbosity(), datasets.are_progress_bars_disabled()
    model_bars = transformers.logging.is_progress_bar_enabled()
    loggers = [logging.getLogger(name) for name in ("trl", "accelerate", "datasets", "torch")]
    levels = [logger.level for logger in loggers]
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    datasets.disable_progress_bars()
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
        transformers.logging.set_verbosity(verbosity)
        if model_bars:
            transformers.logging.enable_progress_bar()
        if not bars:
            datasets.enable_progress_bars()


@contextmanager
def threads(count: int | None) -> Iterator[None]:
    """``count`` torch threads inside the block; None leaves torch's own choice. Sums depend on it, so weights do."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(count or before)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def fitting_threads(model: Any) -> int | None:
    """One thread for a small model, whose matrices are too small to share; None, torch's own choice, for others.

    On a busy machine several threads that share little work slow it several times; and with one, a small model's
    weights and answers do not depend on the number of cores.
    """
    return 1 if model.num_parameters() < SMALL_MODEL else None


def fit(trainer: Any, progress: Progress | None, where: str) -> dict[str, Any]:
    """Run a transformers or TRL trainer to its end; returns steps and mean loss. InputError where training diverges."""
    from transformers import PrinterCallback, ProgressCallback, TrainerCallback

    class Report(TrainerCallback):  # type: ignore[misc]
        def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            if progress is not None:
                progress(state.global_step, state.max_steps)

    trainer.remove_callback(PrinterCallback)
    trainer.remove_callback(ProgressCallback)
    trainer.add_callback(Report())
    with threads(fitting_threads(trainer.model)):
        result = trainer.train()
    if not math.isfinite(result.training_loss):
        raise InputError(f"{where}: training diverged (the loss is {result.training_loss}); lower `learning_rate`.")
    return {"steps": result.global_step, "training_loss": round(result.training_loss, 6)}


def load_parent(parent: Path, where: str) -> tuple[Any, Any]:
    """The checkpoint that a stage starts from, in float32, and its tokenizer."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    if parent.suffix == ".gguf":
        place, options = parent.parent, {"gguf_file": parent.name}
    else:
        place, options = parent, {}
    try:
        tokenizer = AutoTokenizer.from_pretrained(place, **options)
        model = AutoModelForCausalLM.from_pretrained(place, dtype=torch.float32, use_safetensors=True, **options)
    except (OSError, ValueError) as error:
        raise InputError(f"{where}: the checkpoint {parent} it starts from cannot be loaded ({error}).") from error
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    return model, tokenizer


def lora_config(recipe: Mapping[str, Any]) -> Any | None:
    """The recipe's ``lora`` as PEFT takes it, None for full training."""
    if "lora" not in recipe:
        return None
    from peft import LoraConfig

    return LoraConfig(**({"task_type": "CAUSAL_LM"} | recipe["lora"]))


def whole(model: Any) -> Any:
    """The model with its adapter, if it has one, merged: every stage is saved as an ordinary checkpoint."""
    return model.merge_and_unload() if hasattr(model, "merge_and_unload") else model
