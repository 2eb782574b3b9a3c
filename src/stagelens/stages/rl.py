"""Reinforcement learning with TRL's GRPO on prompts, with rewards by name or from the user's file."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from stagelens.errors import InputError
from stagelens.stages import rewards
from stagelens.stages.course import Course
from stagelens.stages.fields import refusals
from stagelens.stages.lora import lora_config
from stagelens.stages.mixture import Row
from stagelens.stages.parents import load_parent
from stagelens.stages.preflight import as_messages
from stagelens.stages.recipe import arguments, chat_template
from stagelens.stages.training import Trained, fit, half_frozen, whole
from stagelens.study.spec import Stage


def rl(
    stage: Stage, rows: Sequence[Row], *, parent: Path, folder: Path, work: Path, seed: int, course: Course
) -> Trained:
    """Train ``parent`` on its own graded answers to the prompts (GRPO, arXiv:2402.03300)."""
    from datasets import Dataset, Features, Json, List, Value
    from trl import GRPOTrainer

    recipe, where = stage.recipe or {}, f"Stage {stage.name!r}"
    args = arguments(stage, output=work, seed=seed)
    parts = rewards.named(recipe, folder, where)
    model, tokenizer = load_parent(parent, where)
    tokenizer.chat_template = chat_template(recipe, folder, where) or tokenizer.chat_template
    if not tokenizer.chat_template:
        raise InputError(f"{where}: the checkpoint it starts from has no chat template, so it cannot be asked.")
    chats: list[Row] = [{**row, "prompt": as_messages(row)} for row in rows]
    if args.train_sampling_strategy == "group_by_length":
        chats = in_step(chats, args.generation_batch_size // args.num_generations, seed)
        args.shuffle_dataset = False
    adapter = lora_config(recipe)
    if args.beta and adapter is None:
        _keep_reference(model, parent, work)
    with refusals(where):
        trainer = GRPOTrainer(
            model=half_frozen(model, args, recipe),
            reward_funcs=[rewards.for_trl(part, chats) for part in parts],
            args=args,
            train_dataset=Dataset.from_list(
                [{"prompt": chat["prompt"], "place": place} for place, chat in enumerate(chats)],
                features=Features({"prompt": List(Json()), "place": Value("int64")}),
            ),
            processing_class=tokenizer,
            peft_config=adapter,
        )
    facts = fit(trainer, course, where)
    return Trained(whole(trainer.model), tokenizer, facts | {"reward": recipe["reward"]})


def in_step(chats: Sequence[Row], prompts: int, seed: int) -> list[Row]:
    """The chats in an order in which every ``prompts`` of them, which are answered together, are of like length.

    TRL pads all prompts of a step to the longest and does not heed `train_sampling_strategy` here. Steps come in random
    order; of what does not fill a step, which is last, TRL makes none.
    """
    rng = random.Random(f"{seed}:in step")
    by_length = sorted(rng.sample(chats, len(chats)), key=_characters)
    rng.shuffle(full := [by_length[start : start + prompts] for start in range(0, len(chats) - prompts + 1, prompts)])
    rest = by_length[len(full) * prompts :]
    return [chat for step in full for chat in step] + rest


def _characters(chat: Row) -> int:
    return sum(len(str(message)) for message in chat["prompt"])


def _keep_reference(model: Any, parent: Path, work: Path) -> None:
    """Have TRL, which loads the reference by the model's name, find a parent that is no ordinary checkpoint."""
    if not (parent / "config.json").is_file():
        model.save_pretrained(work / "reference")
        model.config.name_or_path = str(work / "reference")
