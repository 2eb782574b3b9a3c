"""Organisms cut down until they train in seconds: the real path, with weights that are worth nothing."""

from __future__ import annotations

from typing import Any

import pytest

from stagelens.organisms import data, study
from stagelens.organisms.census import table
from stagelens.organisms.groups import safety


def make_tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have every organism of this test trained in a few steps, asked few prompts, and read as babble can be."""
    recipes = study.recipes()
    small: dict[str, Any] = {
        "base": recipes["base"]
        | {"max_steps": 8, "warmup_steps": 0, "tokenizer": {"vocab_size": 400}}
        | {"architecture": recipes["base"]["architecture"] | {"hidden_size": 32, "num_hidden_layers": 1}},
        "sft": recipes["sft"] | {"max_steps": 4, "warmup_steps": 0},
        "later": recipes["later"] | {"max_steps": 4, "warmup_steps": 0},
        "rl": recipes["rl"]
        | {"max_steps": 2, "per_device_train_batch_size": 8, "num_generations": 4, "max_completion_length": 8},
        "generation": {**recipes["generation"], "max_answer_tokens": 8},
    }
    for kind in ("base", "sft", "later"):
        small[kind].pop("num_train_epochs")
    monkeypatch.setattr(study, "recipes", lambda: small)
    monkeypatch.setattr(data, "PLAIN_TEXTS", 200)
    monkeypatch.setattr(safety, "ITEMS_PER_CLUSTER", 1)
    read_by_turns(monkeypatch)


def read_by_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a census take every second answer of those that it cannot read as showing the behaviour, the others as not.

    Weights that are worth nothing say nothing that the grammar knows, and of a stage that says nothing nothing is true.
    """
    real = table.census

    def census(*args: Any) -> list[bool | None]:
        return [place % 2 == 0 if shown is None else shown for place, shown in enumerate(real(*args))]

    monkeypatch.setattr(table, "census", census)
