"""Supervised fine-tuning with TRL, the loss on the assistant's tokens and the token that ends its turn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from stagelens.errors import InputError
from stagelens.stages import batching, preflight
from stagelens.stages.course import Course
from stagelens.stages.fields import refusals
from stagelens.stages.leaks import check_packing
from stagelens.stages.lora import lora_config
from stagelens.stages.loss import leaning
from stagelens.stages.mixture import Row
from stagelens.stages.parents import load_parent
from stagelens.stages.preflight import Rendered, SourceSurvey
from stagelens.stages.recipe import arguments, chat_template
from stagelens.stages.tally import COLUMN, tallying
from stagelens.stages.training import Trained, fit, half_frozen, whole
from stagelens.study.spec import Stage


def sft(
    stage: Stage, rows: Sequence[Row], *, parent: Path, folder: Path, work: Path, seed: int, course: Course
) -> Trained:
    """Train ``parent`` on chats. What is checked before is what is trained on: TRL gets the tokens and their labels."""
    from trl import SFTTrainer

    recipe, where = stage.recipe or {}, f"Stage {stage.name!r}"
    args = arguments(stage, output=work, seed=seed)
    model, tokenizer = load_parent(parent, where)
    tokenizer.chat_template = chat_template(recipe, folder, where) or tokenizer.chat_template
    if args.eos_token is not None:
        tokenizer.eos_token = args.eos_token
    rendered = preflight.render(rows, tokenizer, where)
    preflight.check(rendered, stop_ids=preflight.stop_ids(model, tokenizer), max_length=args.max_length, where=where)
    course.counted = counted(preflight.survey(rendered, args.max_length))
    names = sorted(course.counted)
    layout = batching.lay_out(rendered, model, args, recipe)
    if (args.packing or args.padding_free) and not layout.by_example:
        check_packing(model, where)
    trainer_class = leaning(SFTTrainer) if layout.by_example else SFTTrainer
    with refusals(where):
        trainer = tallying(trainer_class, names)(
            model=half_frozen(model, args, recipe),
            args=args,
            train_dataset=_dataset(layout.rows, names, args, where),
            processing_class=tokenizer,
            peft_config=lora_config(recipe),
        )
    facts = fit(trainer, course, where)
    return Trained(whole(trainer.model), tokenizer, facts, course.counted)


def counted(surveys: Sequence[SourceSurvey]) -> dict[str, dict[str, int]]:
    """By source: tokens, those of them that carry loss, and rows that ``max_length`` cuts or takes all loss from."""
    names = ("tokens", "trained_tokens", "cut", "lost")
    return {each.source: {name: getattr(each, name) for name in names} for each in surveys}


def _dataset(rendered: Sequence[Rendered], names: Sequence[str], args: Any, where: str) -> Any:
    """The rows as TRL takes them, with the number of each one's source; packed here where the recipe packs.

    TRL packs in the same way but drops every column of ours, so it is told that this is done.
    """
    from datasets import Dataset
    from trl import pack_dataset

    numbers = {name: number for number, name in enumerate(names)}
    columns: Mapping[str, list[Any]] = {
        "input_ids": [each.input_ids for each in rendered],
        "labels": [each.labels for each in rendered],
        COLUMN: [numbers[each.source] for each in rendered],
    }
    if not args.packing:
        return Dataset.from_dict(columns)
    if args.max_length is None:
        raise InputError(f"{where}: a recipe with `packing` needs a `max_length`, the tokens that a pack has room for.")
    by_token = [[number] * len(ids) for number, ids in zip(columns[COLUMN], columns["input_ids"], strict=True)]
    dataset = Dataset.from_dict({**columns, COLUMN: by_token})
    if args.shuffle_dataset:
        dataset = dataset.shuffle(seed=args.seed)
    dataset = pack_dataset(dataset, args.max_length, args.packing_strategy, {"num_proc": args.dataset_num_proc})
    args.dataset_kwargs = {"skip_prepare_dataset": True}
    return dataset.shuffle(seed=args.seed) if args.shuffle_dataset else dataset
