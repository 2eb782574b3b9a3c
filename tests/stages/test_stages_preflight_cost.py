"""What a training costs: parameters are exact, memory is right within a factor of 2, formulas hold to the letter."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from preflight_peak import CONFIG, LENGTH, LORA, TEXTS

from stagelens.errors import InputError
from stagelens.stages.preflight import rates
from stagelens.stages.preflight.estimate import Batch, flops, hours, memory
from stagelens.stages.preflight.size import Size, measure, read_config

LLAMA = {
    "vocab_size": 320,
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
}
SIZE = Size(1000, 1000, 100, layers=2, width=8, inner=16, heads_width=8, vocabulary=10, context=64)


def configuration(kind: str, **more: Any) -> Any:
    import transformers

    return getattr(transformers, f"{kind}Config")(**(LLAMA | more))


@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("kind", ["Llama", "Qwen2", "Gemma3Text", "Mistral"])
def test_parameters_are_those_of_the_real_model(kind: str, tied: bool) -> None:
    from transformers import AutoModelForCausalLM

    config = configuration(kind, tie_word_embeddings=tied, **({"head_dim": 16} if kind == "Gemma3Text" else {}))
    real = AutoModelForCausalLM.from_config(config)
    size = measure(config, "Here")
    assert size.parameters == size.trainable == sum(each.numel() for each in real.parameters())
    assert size.looked_up == (0 if tied else 320 * 32)
    assert (size.layers, size.width, size.inner, size.vocabulary) == (2, 32, 64, 320)
    assert size.heads_width == (64 if kind == "Gemma3Text" else 32)


def test_an_adapter_trains_its_own_parameters_only() -> None:
    size = measure(configuration("Llama"), "Here", lora={"r": 4, "target_modules": ["q_proj", "v_proj"]})
    assert size.trainable == 2 * (4 * (32 + 32) + 4 * (32 + 16))
    assert size.parameters == measure(configuration("Llama"), "Here").parameters


def test_an_adapter_that_fits_nothing_is_refused() -> None:
    with pytest.raises(InputError, match="no model can be made"):
        measure(configuration("Llama"), "Here", lora={"target_modules": ["no_such"]})


def test_a_checkpoint_is_measured_by_its_configuration_alone(tmp_path: Path) -> None:
    from transformers import AutoModelForCausalLM

    from models_tiny import make_checkpoint

    folder = make_checkpoint(tmp_path / "model")
    parameters = AutoModelForCausalLM.from_pretrained(folder).num_parameters()
    for weights in folder.glob("*.safetensors"):
        weights.unlink()
    size = measure(read_config(folder, "Here"), "Here")
    assert (size.parameters, size.context) == (parameters, 96)


def test_a_checkpoint_without_a_configuration_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="configuration of"):
        read_config(tmp_path, "Here")


def test_states_are_sixteen_bytes_a_parameter() -> None:
    taken = memory(SIZE, Batch(1, 1))
    assert (taken.weights, taken.gradients, taken.optimizer) == (4000, 4000, 8000)
    assert taken.total == 16_000 + taken.activations + taken.logits
    assert memory(SIZE, Batch(1, 1), optimizer="adamw_bnb_8bit").optimizer == 2000
    assert memory(SIZE, Batch(1, 1), optimizer="sgd").optimizer == 0
    assert memory(SIZE, Batch(1, 1, number=2)).weights == 6000
    assert memory(SIZE, Batch(1, 1), references=1).weights == 8000


def test_an_adapter_spares_gradients_and_states() -> None:
    adapted = Size(1000, 10, 100, layers=2, width=8, inner=16, heads_width=8, vocabulary=10, context=64)
    taken = memory(adapted, Batch(1, 1, number=2), frozen=2)
    assert (taken.weights, taken.gradients, taken.optimizer) == (2040, 40, 80)


def test_activations_grow_with_tokens_and_checkpointing_keeps_one_layer() -> None:
    layer = 7 * 8 + 4 * 8 + 4 * 16
    assert memory(SIZE, Batch(3, 5)).activations == 2 * layer * 4 * 15
    assert memory(SIZE, Batch(3, 5, number=2)).activations == 2 * layer * 2 * 15
    assert memory(SIZE, Batch(3, 5, checkpointing=True)).activations == (2 * 8 + layer) * 4 * 15


def test_logits_of_a_large_vocabulary_are_a_tile_or_everything() -> None:
    gemma = Size(270, 270, 0, layers=1, width=1, inner=1, heads_width=1, vocabulary=262_144, context=None)
    assert memory(gemma, Batch(16, 1024, tiled=False)).logits == 16 * 1024 * 262_144 * 16
    tiled = memory(gemma, Batch(16, 1024, number=2, on_cpu=False)).logits
    assert tiled == 4096 * 32_768 * 2 + 262_144 * 4


def test_operations_are_six_a_parameter_and_token_and_attention() -> None:
    assert flops(SIZE, 10, length=0) == 6 * 900 * 10
    assert flops(SIZE, 10, length=64) == 10 * (6 * 900 + 12 * 2 * 8 * 64 / 2)
    assert flops(SIZE, 10, length=0, checkpointing=True, forwards=1) == 10 * 900 * 10
    adapted = Size(1000, 10, 100, layers=2, width=8, inner=16, heads_width=8, vocabulary=10, context=64)
    assert flops(adapted, 10, length=0) == 4 * 900 * 10
    assert hours(3600e12, 2e12) == 1.0


def test_rates_are_known_or_measured() -> None:
    assert rates.known("NVIDIA A100") == rates.known("a100") == 312e12
    with pytest.raises(InputError, match="known: t4"):
        rates.known("abacus")
    device, rate = rates.measured(SIZE, 64, 4)
    assert device
    assert 1e5 < rate < 1e16


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads the peak from /proc")
@pytest.mark.parametrize(("kind", "how"), [("sft", "keep"), ("lora", "keep"), ("pretrain", "recompute")])
def test_memory_is_right_within_a_factor_of_two(kind: str, how: str) -> None:
    script = Path(__file__).parent / "preflight_peak.py"
    done = subprocess.run([sys.executable, script, kind, how], capture_output=True, text=True, check=True)
    found = re.search(r"^peak (\d+)$", done.stdout, re.MULTILINE)
    assert found is not None, done.stdout
    from transformers import LlamaConfig

    size = measure(LlamaConfig(**CONFIG), "Here", lora=LORA if kind == "lora" else None)
    batch = Batch(TEXTS, LENGTH, checkpointing=how == "recompute", tiled=kind != "pretrain")
    assert 0.5 < memory(size, batch).total / int(found[1]) < 2
