"""What every kind of training shares: quiet libraries, threads, the run itself, precision, and loading the parent."""

from __future__ import annotations

import copy
import logging
import math
import os
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from stagelens.errors import InputError
from stagelens.stages.course import Course, Progress, run

__all__ = ["Progress", "Trained", "fit", "fitting_threads", "load_parent", "lora_config", "quiet", "threads", "whole"]

SMALL_MODEL: Final = 10_000_000
"""Parameters below which one CPU thread does best."""


@dataclass(frozen=True, slots=True)
class Trained:
    """A model and its tokenizer after training, and for ``provenance.json`` facts about it and its tokens by source."""

    model: Any
    tokenizer: Any
    facts: Mapping[str, Any]
    counted: Mapping[str, Mapping[str, int]] = field(default_factory=dict)


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


def fit(trainer: Any, progress: Progress | None, where: str, *, tokenizer: Any = None) -> dict[str, Any]:
    """Run a transformers or TRL trainer to its end, from where it stopped if it was killed; returns facts about it.

    ``steps`` of them, those that were run in all (``steps_run``; more, where a kill undid some) and the mean loss.
    ``progress`` may be a whole ``Course``: what is kept and saved on the way, and where the losses go. ``tokenizer`` is
    saved with the points; the trainer's own where none is given.

    Raises:
        InputError: training diverges.
    """
    course = progress if isinstance(progress, Course) else Course(tell=progress)
    with threads(fitting_threads(trainer.model)):
        steps_run = run(trainer, course, tokenizer or trainer.processing_class)
    mean = math.nan if course.losses is None else course.losses.mean
    if not math.isfinite(mean):
        raise InputError(f"{where}: training diverged (the loss is {mean}); lower `learning_rate`.")
    return {"steps": trainer.state.global_step, "steps_run": steps_run, "training_loss": round(mean, 6)}


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


def half_frozen(model: Any, args: Any, recipe: Mapping[str, Any]) -> Any:
    """The model as it is trained: float32, but for one that only an adapter is trained of, where bf16 is used.

    Trained weights stay float32, as TRL has them, with the forward pass in bf16: in bf16 an update smaller than about
    1/256 of a weight is lost. Weights that an adapter keeps frozen lose nothing by it, and take half the memory.
    """
    import torch

    return model.to(torch.bfloat16) if args.bf16 and "lora" in recipe else model


def whole(model: Any) -> Any:
    """The model with its adapter, if it has one, merged in float32: every stage is saved as an ordinary checkpoint."""
    return model.float().merge_and_unload() if hasattr(model, "merge_and_unload") else model


def whole_copy(model: Any) -> Any:
    """The same of a model that goes on training: its adapter is merged into a copy."""
    return whole(copy.deepcopy(model)) if hasattr(model, "merge_and_unload") else model
