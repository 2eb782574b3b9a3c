"""Organisms cut down until they train in seconds: the real path, with weights that are worth nothing."""

from __future__ import annotations

from typing import Any

import pytest

from stagelens.organisms import data, study
from stagelens.organisms.groups import safety


def make_tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have every organism of this test trained in a few steps, and asked few prompts."""
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
