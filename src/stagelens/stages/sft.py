"""Supervised fine-tuning with TRL, the loss on the assistant's tokens and the token that ends its turn."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from stagelens.stages import preflight
from stagelens.stages.mixture import Row
from stagelens.stages.recipe import arguments, chat_template
from stagelens.stages.training import Progress, Trained, fit, load_parent, lora_config, whole
from stagelens.study.spec import Stage


def sft(
    stage: Stage, rows: Sequence[Row], *, parent: Path, folder: Path, work: Path, seed: int, progress: Progress | None
) -> Trained:
    """Train ``parent`` on chats. What is checked before is what is trained on: TRL gets the tokens and their labels."""
    from datasets import Dataset
    from trl import SFTTrainer

    recipe, where = stage.recipe or {}, f"Stage {stage.name!r}"
    args = arguments(stage, output=work, seed=seed)
    model, tokenizer = load_parent(parent, where)
    tokenizer.chat_template = chat_template(recipe, folder, where) or tokenizer.chat_template
    if args.eos_token is not None:
        tokenizer.eos_token = args.eos_token
    rendered = preflight.render(rows, tokenizer, where)
    preflight.check(rendered, stop_ids=preflight.stop_ids(model, tokenizer), max_length=args.max_length, where=where)
    trainer = SFTTrainer(
        model=model,
        args=args,
        train_dataset=Dataset.from_dict(
            {"input_ids": [each.input_ids for each in rendered], "labels": [each.labels for each in rendered]}
        ),
        processing_class=tokenizer,
        peft_config=lora_config(recipe),
    )
    facts = fit(trainer, progress, where)
    return Trained(whole(trainer.model), tokenizer, facts)
