"""A stage that the audit has trained, as its model and its tokenizer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stagelens.stages.adopt import Adopted


def adopt_trained(checkpoint: Path) -> Adopted:
    """The checkpoint as one that is there already. InputError: it cannot be read."""
    from stagelens.stages.adopt import adopt
    from stagelens.study.spec import Stage

    return adopt(Stage(name=checkpoint.name, kind="sft", model=str(checkpoint)), Path())


def token_counter(checkpoint: Path) -> Callable[[str], int]:
    """Counts a text's tokens, without those of any chat template. InputError: there is no tokenizer to be read."""
    from stagelens.models.checkpoint import load_tokenizer

    tokenizer = load_tokenizer(adopt_trained(checkpoint), trust_remote_code=False)
    return lambda text: len(tokenizer(text, add_special_tokens=False)["input_ids"])
