"""Batches without padding: no example sees another, and the losses and the weights are those of examples alone."""

from __future__ import annotations

import copy
import random
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import (
    AttentionInterface,
    Gemma2Config,
    Gemma2ForCausalLM,
    Gemma3ForCausalLM,
    Gemma3TextConfig,
    GPT2Config,
    GPT2LMHeadModel,
    LlamaConfig,
    LlamaForCausalLM,
    MambaConfig,
    MambaForCausalLM,
    MistralConfig,
    MistralForCausalLM,
    Qwen3Config,
    Qwen3ForCausalLM,
)
from trl import SFTConfig, SFTTrainer
from trl.trainer.sft_trainer import DataCollatorForLanguageModeling

from models_tiny import make_checkpoint, tokenizer_of
from stagelens.stages import batching
from stagelens.stages.batching import ATTENTION, attend_by_example, cut, lay_out, separates
from stagelens.stages.loss import KEYWORD, leaning, score_trained
from stagelens.stages.preflight import IGNORED, Rendered

WORDS = 60
WINDOW = 7
SMALL: dict[str, Any] = {
    "vocab_size": WORDS,
    "hidden_size": 16,
    "intermediate_size": 24,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 64,
    "initializer_range": 0.3,
    "pad_token_id": 0,
}


def model_of(name: str) -> Any:
    """A small model with random weights of a lively scale: what one token sees of another shows."""
    torch.manual_seed(0)
    torch.set_num_threads(1)
    if name == "llama":
        return LlamaForCausalLM(LlamaConfig(**SMALL))
    if name == "qwen":
        return Qwen3ForCausalLM(Qwen3Config(**SMALL, head_dim=8))
    if name == "mistral, window":
        return MistralForCausalLM(MistralConfig(**SMALL, sliding_window=WINDOW))
    if name == "gemma, windows and a soft cap":
        layers = ["sliding_attention", "full_attention"]
        capped = Gemma3TextConfig(
            **SMALL, head_dim=8, sliding_window=WINDOW, layer_types=layers, final_logit_softcapping=2.0
        )
        return Gemma3ForCausalLM(capped)
    if name == "gpt2":
        return GPT2LMHeadModel(
            GPT2Config(vocab_size=WORDS, n_embd=16, n_layer=2, n_head=2, n_positions=64, initializer_range=0.3)
        )
    if name == "gemma 2, capped attention":
        return Gemma2ForCausalLM(Gemma2Config(**SMALL, head_dim=8))
    return MambaForCausalLM(MambaConfig(vocab_size=WORDS, hidden_size=16, num_hidden_layers=2, state_size=4))


SEPARATE = ["llama", "qwen", "mistral, window", "gemma, windows and a soft cap", "gpt2"]
NOT_SEPARATE = ["gemma 2, capped attention", "mamba"]
MODELS = {name: model_of(name).eval() for name in SEPARATE}


def row(length: int, seed: int, source: str = "s") -> Rendered:
    """A chat of random tokens, its last third trained."""
    draw = random.Random(seed)
    ids = [draw.randrange(3, WORDS) for _ in range(length)]
    asked = length - max(1, length // 3)
    return Rendered(ids, [IGNORED] * asked + ids[asked:], source)


def rows(lengths: list[int], seed: int = 0) -> list[Rendered]:
    return [row(length, seed * 1000 + place) for place, length in enumerate(lengths)]


def batch_of(together: list[Rendered]) -> dict[str, Any]:
    collate = DataCollatorForLanguageModeling(pad_token_id=0, padding_free=True)
    batch: dict[str, Any] = collate([{"input_ids": each.input_ids, "labels": each.labels} for each in together])
    return batch


def by_example(name: str) -> Any:
    AttentionInterface.register(ATTENTION, attend_by_example)
    model = copy.deepcopy(MODELS[name])
    model.set_attn_implementation(ATTENTION)
    score_trained(model)
    return model


def alone(name: str, each: Rendered) -> Any:
    """Log-probabilities of the trained tokens of one example, by the model as transformers has it."""
    ids = torch.tensor([each.input_ids])
    labels = torch.tensor(each.labels)[1:]
    logits = MODELS[name](input_ids=ids, use_cache=False).logits[0, :-1].float()
    kept = labels != IGNORED
    return torch.log_softmax(logits[kept], -1).gather(1, labels[kept, None])[:, 0]


def settings_of(folder: Path, **given: Any) -> SFTConfig:
    quiet = {"report_to": "none", "save_strategy": "no", "logging_strategy": "no", "disable_tqdm": True}
    cpu = {"bf16": False, "gradient_checkpointing": False, "dataloader_pin_memory": False, "use_cpu": True}
    return SFTConfig(output_dir=str(folder), **({"max_length": 20} | cpu | quiet | given))


@pytest.mark.parametrize("name", SEPARATE)
@settings(max_examples=15, deadline=None)
@given(lengths=st.lists(st.integers(2, 25), min_size=1, max_size=5), seed=st.integers(0, 99))
def test_a_batch_has_the_loss_of_its_examples_alone(name: str, lengths: list[int], seed: int) -> None:
    together = rows(lengths, seed)
    with torch.no_grad():
        scored = by_example(name)(**batch_of(together), **{KEYWORD: True})
        expected = torch.cat([alone(name, each) for each in together])
    torch.testing.assert_close(scored.log_probs[scored.label_mask], expected, rtol=1e-4, atol=1e-5)
    assert (scored.log_probs[~scored.label_mask] == 0).all()


@pytest.mark.parametrize("name", SEPARATE)
def test_an_example_is_not_moved_by_its_neighbours(name: str) -> None:
    model, first = by_example(name), row(12, seed=1)
    with torch.no_grad():
        seen = [
            model(**batch_of([row(9, seed=neighbour), first, row(15, seed=neighbour)]), **{KEYWORD: True})
            for neighbour in (2, 3)
        ]
    middle = slice(9, 9 + 11)
    assert torch.equal(seen[0].log_probs[:, middle], seen[1].log_probs[:, middle])
    assert not torch.equal(seen[0].log_probs, seen[1].log_probs)


@pytest.mark.parametrize("name", SEPARATE)
def test_models_that_keep_examples_apart_are_known_and_left_as_they_are(name: str) -> None:
    model = copy.deepcopy(MODELS[name])
    together = batch_of(rows([5, 20, 9]))
    del together["labels"]
    before = model(**together, use_cache=False).logits
    assert separates(model, rows([5, 20, 9]), max_length=None)
    assert torch.equal(model(**together, use_cache=False).logits, before)


@pytest.mark.parametrize("name", NOT_SEPARATE)
def test_models_that_do_not_are_left_to_trl(name: str, tmp_path: Path) -> None:
    model, args = model_of(name), settings_of(tmp_path)
    layout = lay_out(rows([5, 20, 9]), model, args, {})
    assert not layout.by_example
    assert (args.padding_free, args.max_length) == (False, 20)


@pytest.mark.parametrize(
    ("lost", "found"), [("cu_seq_lens_q", True), ("sliding_window", True), ("no such thing", False)]
)
def test_an_attention_that_loses_ends_or_windows_is_found(
    lost: str, found: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def losing(*states: Any, **options: Any) -> Any:
        return attend_by_example(*states, **{name: value for name, value in options.items() if name != lost})

    monkeypatch.setattr(batching, "attend_by_example", losing)
    assert separates(model_of("mistral, window"), rows([6, 30, 6]), max_length=None) is not found


@given(
    lengths=st.lists(st.integers(2, 40), min_size=1, max_size=8),
    max_length=st.none() | st.integers(1, 45),
)
def test_rows_are_cut_as_trl_cuts_them(lengths: list[int], max_length: int | None) -> None:
    given_rows = rows(lengths)
    kept = cut(given_rows, max_length)
    expected = [(each.input_ids[:max_length], each.labels[:max_length]) for each in given_rows]
    expected = [(ids, labels) for ids, labels in expected if set(labels) != {IGNORED}]
    assert [(each.input_ids, each.labels) for each in kept] == expected
    assert all(len(each.input_ids) == len(each.labels) for each in kept)


@pytest.mark.parametrize(
    ("recipe", "device"), [({"padding_free": True}, "cpu"), ({"padding_free": False}, "cpu"), ({}, "cuda")]
)
def test_a_recipe_that_lays_batches_out_itself_and_other_devices_are_left_to_trl(
    recipe: dict[str, Any], device: str
) -> None:
    args = SimpleNamespace(device=torch.device(device), max_length=20, padding_free=None, packing=False)
    model = copy.deepcopy(MODELS["llama"])
    layout = lay_out(rows([25, 5]), model, args, recipe)
    assert (layout.by_example, layout.rows, args.padding_free, args.max_length) == (False, rows([25, 5]), None, 20)


def test_a_batch_without_trained_tokens_has_a_loss_of_zero_with_gradients() -> None:
    model = by_example("llama")
    batch = batch_of(rows([6]))
    batch["labels"][:] = IGNORED
    scored = model(**batch, **{KEYWORD: True})
    scored.log_probs.sum().backward()
    assert scored.log_probs.sum() == 0
    assert all(weight.grad is None or not weight.grad.any() for weight in model.parameters())


def trained(trainer_class: type[Any], model: Any, chats: list[Rendered], args: SFTConfig, tokenizer: Any) -> Any:
    from datasets import Dataset

    columns = {"input_ids": [each.input_ids for each in chats], "labels": [each.labels for each in chats]}
    trainer = trainer_class(
        model=model, args=args, train_dataset=Dataset.from_dict(columns), processing_class=tokenizer
    )
    result = trainer.train()
    return result.training_loss, result.global_step, trainer.model.state_dict()


@pytest.mark.slow
@pytest.mark.parametrize("recipe", [{}, {"gradient_accumulation_steps": 2}, {"packing": True}, {"max_length": None}])
def test_training_ends_where_trl_ends(recipe: dict[str, Any], tmp_path: Path) -> None:
    tokenizer = tokenizer_of(make_checkpoint(tmp_path / "tokenizer"))
    given_settings: dict[str, Any] = {"per_device_train_batch_size": 4, "learning_rate": 1e-3, "num_train_epochs": 2}
    chats = rows([random.Random(place).randint(4, 28) for place in range(22)])
    ends = []
    for ours in (False, True):
        model, args = copy.deepcopy(MODELS["llama"]), settings_of(tmp_path, **given_settings, **recipe)
        layout = lay_out(chats, model, args, {**given_settings, **recipe} if ours else {"padding_free": False})
        assert layout.by_example == ours
        trainer_class = leaning(SFTTrainer) if ours else SFTTrainer
        ends.append(trained(trainer_class, model, layout.rows, args, tokenizer))
    (loss, steps, weights), (our_loss, our_steps, our_weights) = ends
    assert our_steps == steps
    assert our_loss == pytest.approx(loss, rel=1e-5)
    start = MODELS["llama"].state_dict()
    for name, value in weights.items():
        moved = (value - start[name]).abs().max()
        assert (our_weights[name] - value).abs().max() <= 0.02 * moved, name


@pytest.mark.slow
@pytest.mark.parametrize("setting", [{"loss_type": "dft"}, {"label_smoothing_factor": 0.1}])
def test_other_losses_are_trls(setting: dict[str, Any], tmp_path: Path) -> None:
    tokenizer = tokenizer_of(make_checkpoint(tmp_path / "tokenizer"))
    chats = rows([8, 14, 20, 11])
    losses = []
    for ours in (False, True):
        model, args = copy.deepcopy(MODELS["llama"]), settings_of(tmp_path, max_steps=1, **setting)
        layout = lay_out(chats, model, args, {} if ours else {"padding_free": False})
        trainer_class = leaning(SFTTrainer) if ours else SFTTrainer
        losses.append(trained(trainer_class, model, layout.rows, args, tokenizer)[0])
    assert losses[0] == pytest.approx(losses[1], rel=1e-5)
