"""Direct preference optimisation with TRL: the parent is both where training starts and the reference."""

from __future__ import annotations

import contextlib
import copy
import io
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from stagelens.errors import InputError
from stagelens.stages import preflight
from stagelens.stages.course import Course
from stagelens.stages.fields import one_line, refusals
from stagelens.stages.lora import lora_config
from stagelens.stages.mixture import Row
from stagelens.stages.parents import load_parent
from stagelens.stages.preferences import Pair, as_chats, check_pairs
from stagelens.stages.recipe import arguments, chat_template
from stagelens.stages.training import Trained, fit, half_frozen, whole
from stagelens.study.spec import Stage


def dpo(
    stage: Stage, rows: Sequence[Row], *, parent: Path, folder: Path, work: Path, seed: int, course: Course
) -> Trained:
    """Train ``parent`` to prefer ``chosen`` to ``rejected`` (DPO, arXiv:2305.18290).

    The reference is the parent: a frozen copy, or, with ``lora``, the model with its adapter switched off. What is
    checked is what is trained on: the tokens that TRL made of the rows.
    """
    from datasets import Dataset, Features, Json, List, Value
    from trl import DPOTrainer

    recipe, where = stage.recipe or {}, f"Stage {stage.name!r}"
    args = arguments(stage, output=work, seed=seed)
    chats = [as_chats(row, where) | {"source": row["source"]} for row in rows]
    model, tokenizer = load_parent(parent, where)
    tokenizer.chat_template = chat_template(recipe, folder, where) or tokenizer.chat_template
    if not tokenizer.chat_template:
        raise InputError(f"{where}: the checkpoint it starts from has no chat template; name one as `chat_template`.")
    _check_renders(chats, tokenizer, where)
    # Messages as JSON: a column of ordinary structs would give every message the fields that any other one has.
    kinds = {"prompt": List(Json()), "chosen": List(Json()), "rejected": List(Json()), "source": Value("string")}
    adapter = lora_config(recipe)
    # The pass that computes the reference's values beforehand has a bar of its own.
    with refusals(where), contextlib.redirect_stderr(io.StringIO()):
        trainer = DPOTrainer(
            model=half_frozen(model, args, recipe),
            ref_model=None if adapter is not None or args.precompute_ref_log_probs else copy.deepcopy(model),
            args=args,
            train_dataset=Dataset.from_list(chats, features=Features(kinds)),
            processing_class=tokenizer,
            peft_config=adapter,
        )
    course.counted = check_pairs(
        Counter(row["source"] for row in rows),
        _pairs(trainer.train_dataset),
        stop_ids=preflight.stop_ids(model, tokenizer),
        max_length=args.max_length,
        where=where,
    )
    facts = fit(trainer, course, where)
    return Trained(whole(trainer.model), tokenizer, facts, course.counted)


def _pairs(table: Any) -> Iterator[Pair]:
    for row in table.select_columns(["source", "prompt_ids", "chosen_ids", "rejected_ids"]):
        yield Pair(row["source"], len(row["prompt_ids"]), row["chosen_ids"], row["rejected_ids"])


def _check_renders(chats: Sequence[Mapping[str, Any]], tokenizer: Any, where: str) -> None:
    """A template is a program that may refuse a chat; here the source is known, in the trainer it is not."""
    for chat in chats:
        for side in ("chosen", "rejected"):
            try:
                tokenizer.apply_chat_template([*chat["prompt"], *chat[side]], tokenize=False)
            except Exception as error:  # it may raise whatever it likes
                raise InputError(
                    f"{where}: the chat template does not render a `{side}` of source {chat['source']!r} "
                    f"({one_line(error)})."
                ) from error
