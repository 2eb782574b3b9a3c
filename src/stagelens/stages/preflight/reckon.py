"""From a recipe and what its sources give to what the training costs on one device."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from stagelens.stages.preflight import estimate, rates
from stagelens.stages.preflight.estimate import FULL, Batch, Memory
from stagelens.stages.preflight.size import Size
from stagelens.stages.preflight.surveys import SourceSurvey
from stagelens.study.spec import StageKind


@dataclass(frozen=True, slots=True)
class Load:
    """What an epoch puts through the model.

    Attributes:
        rows: that batches are made of; packed rows, or answers in RL.
        tokens: of all rows.
        texts: that stand in a device's batch.
        length: tokens of the longest.
        forwards: passes through the model, or one like it, beside those of training.
        references: whole models beside the one that is trained.
        tiled: whether TRL makes the loss.
    """

    rows: int
    tokens: int
    texts: int
    length: int
    forwards: int = 0
    references: int = 0
    tiled: bool = True


@dataclass(frozen=True, slots=True)
class Cost:
    """What a training costs on one device.

    Attributes:
        steps: of the optimizer.
        tokens: that are trained on or read in all steps.
        memory: at its peak, in bytes by purpose.
        device: that the time is for.
        hours: on it.
    """

    steps: int
    tokens: int
    memory: Memory
    device: str
    hours: float


def load(kind: StageKind, args: Any, everything: SourceSurvey, size: Size) -> Load:
    """Of SFT, DPO or RL.

    In RL a row is a prompt: it is answered ``num_generations`` times, reckoned at ``max_completion_length`` each, which
    is the most; generating is a pass of its own. In DPO both answers pass through, and the model it starts from reads
    them too.

    Args:
        kind: of the stage.
        args: TRL's.
        everything: of all sources together.
        size: of the model.
    """
    texts, whole = args.per_device_train_batch_size, size.trainable == size.parameters
    if kind == "rl":
        answer = args.max_completion_length or 0
        tokens = (everything.tokens + everything.rows * answer) * args.num_generations
        rows, references = everything.rows * args.num_generations, int(whole and args.beta > 0)
        return Load(rows, tokens, texts, everything.longest + answer, forwards=1, references=references)
    length = min(everything.longest, args.max_length or everything.longest)
    if kind == "dpo":
        references = int(whole and not args.precompute_ref_log_probs)
        return Load(everything.rows, everything.tokens, 2 * texts, length, forwards=1, references=references)
    if args.packing and args.max_length:
        return Load(math.ceil(everything.tokens / args.max_length), everything.tokens, texts, args.max_length)
    return Load(everything.rows, everything.tokens, texts, length)


def corpus(tokens: int, length: int, args: Any) -> Load:
    """Of pretraining, in blocks of ``length`` tokens."""
    return Load(math.ceil(tokens / length), tokens, args.per_device_train_batch_size, length, tiled=False)


def cost(load: Load, args: Any, size: Size, *, gpu: str | None) -> Cost:
    """What that takes in all: ``args`` are TRL's or transformers', ``gpu`` a name in ``rates.KNOWN`` or None."""
    import torch

    batch = Batch(
        texts=load.texts,
        length=load.length,
        number=2 if args.bf16 or args.fp16 else FULL,
        checkpointing=bool(args.gradient_checkpointing),
        tiled=load.tiled,
        on_cpu=gpu is None and not torch.accelerator.is_available(),
    )
    epoch = math.ceil(load.rows / (args.per_device_train_batch_size * args.gradient_accumulation_steps))
    steps = args.max_steps if args.max_steps > 0 else math.ceil(epoch * args.num_train_epochs)
    tokens = round(load.tokens * steps / epoch)
    device, rate = rates.measured(size, batch.tokens, batch.number) if gpu is None else (gpu, rates.known(gpu))
    operations = estimate.flops(
        size, tokens, length=load.length, checkpointing=batch.checkpointing, forwards=load.forwards
    )
    frozen = 2 if args.bf16 and size.trainable < size.parameters else FULL
    return Cost(
        steps=steps,
        tokens=tokens,
        memory=estimate.memory(size, batch, optimizer=_name(args.optim), frozen=frozen, references=load.references),
        device=device,
        hours=estimate.hours(operations, rate),
    )


def _name(optimizer: Any) -> str:
    return str(getattr(optimizer, "value", optimizer))
