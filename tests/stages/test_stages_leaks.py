"""Packed examples: models that tell them apart, and models that do not."""

from __future__ import annotations

from typing import Any

import pytest
import torch
import transformers

from stagelens.errors import InputError
from stagelens.stages.leaks import check_packing, packing_leaks

pytestmark = pytest.mark.slow

SMALL: dict[str, Any] = {"vocab_size": 99, "hidden_size": 16, "num_hidden_layers": 2, "initializer_range": 0.3}
HEADS = SMALL | {"num_attention_heads": 2, "intermediate_size": 32}


def model(config: Any, **options: Any) -> Any:
    torch.manual_seed(0)
    return transformers.AutoModelForCausalLM.from_config(config, **options)


@pytest.mark.parametrize("attention", ["sdpa", "eager"])
@pytest.mark.parametrize(
    "config",
    [
        transformers.LlamaConfig(**HEADS),
        transformers.Gemma3TextConfig(**HEADS, num_key_value_heads=1, head_dim=8),
        transformers.Qwen3Config(**HEADS, num_key_value_heads=1, head_dim=8),
    ],
    ids=["llama", "gemma3", "qwen3"],
)
def test_a_mask_by_positions_keeps_examples_apart(config: Any, attention: str) -> None:
    made = model(config, attn_implementation=attention).train()
    assert not packing_leaks(made)
    check_packing(made, "Here")
    assert made.training


@pytest.mark.parametrize(
    ("config", "name"),
    [
        (transformers.MambaConfig(**SMALL, bos_token_id=1, eos_token_id=2), "mamba"),
        (transformers.BloomConfig(vocab_size=99, hidden_size=16, n_layer=1, n_head=2), "bloom"),
    ],
)
def test_a_model_that_sees_the_example_before_is_refused(config: Any, name: str) -> None:
    with pytest.raises(InputError, match=rf"Here: in this model \({name}\) .* set `packing`"):
        check_packing(model(config), "Here")
