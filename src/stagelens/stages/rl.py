"""Reinforcement learning with TRL's GRPO on prompts, with a reward by name."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from stagelens.errors import InputError
from stagelens.stages import rewards
from stagelens.stages.mixture import Row
from stagelens.stages.preflight import as_messages
from stagelens.stages.recipe import arguments
from stagelens.stages.training import Progress, Trained, fit, load_parent, lora_config, whole
from stagelens.study.spec import Stage


def rl(
    stage: Stage, rows: Sequence[Row], *, parent: Path, folder: Path, work: Path, seed: int, progress: Progress | None
) -> Trained:
    """Train ``parent`` on its own graded answers to the prompts (GRPO, arXiv:2402.03300)."""
    from datasets import Dataset
    from trl import GRPOTrainer

    recipe, where = stage.recipe or {}, f"Stage {stage.name!r}"
    args = arguments(stage, output=work, seed=seed)
    model, tokenizer = load_parent(parent, where)
    if not tokenizer.chat_template:
        raise InputError(f"{where}: the checkpoint it starts from has no chat template, so it cannot be asked.")
    reward = rewards.named(recipe, folder, where)
    trainer = GRPOTrainer(
        model=model,
        reward_funcs=rewards.for_trl(reward, recipe["reward"]),
        args=args,
        train_dataset=Dataset.from_list([{**row, "prompt": as_messages(row)} for row in rows]),
        processing_class=tokenizer,
        peft_config=lora_config(recipe),
    )
    facts = fit(trainer, progress, where)
    return Trained(whole(trainer.model), tokenizer, facts | {"reward": recipe["reward"]})
