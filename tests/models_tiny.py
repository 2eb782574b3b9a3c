"""Checkpoints small enough to make in a moment, with everything that can go wrong in a real one."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import torch
from inspect_ai.model import ChatMessage, GenerateConfig, Model, ModelOutput
from transformers import AutoModelForCausalLM, AutoTokenizer, GenerationConfig, LlamaConfig, LlamaForCausalLM

from stagelens.stages.pretrain import learn_tokenizer

TEMPLATE = (
    "{{ bos_token }}{% for m in messages %}<|{{ m['role'] }}|>{{ m['content'] }}"
    "{% if m['role'] == 'assistant' %}{{ eos_token }}{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
TEXT = "the lantern and the old mill stand near a quiet bridge over cold water while small boats wait"
WORDS = TEXT.split()
PROMPTS = [" ".join(WORDS[start : start + length]) for start in range(0, 12, 2) for length in (2, 5, 9)]
CONTEXT = 96


def make_checkpoint(folder: Path, *, seed: int = 0, template: str | None = TEMPLATE, context: int = CONTEXT) -> Path:
    """A Llama with random weights of a lively scale, and a generation config that must not be heeded."""
    texts = [" ".join(WORDS[start:] + WORDS[:start]) for start in range(len(WORDS))]
    tokenizer = learn_tokenizer(texts, vocab_size=320)
    tokenizer.chat_template = template
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=2,
        max_position_embeddings=context,
        initializer_range=0.3,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    torch.manual_seed(seed)
    LlamaForCausalLM(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    set_generation_config(folder, repetition_penalty=5.0, suppress_tokens=list(range(100, 200)), max_new_tokens=3)
    return folder


def set_generation_config(folder: Path, **settings: Any) -> None:
    path = folder / "generation_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | settings))


def rotary_order(weight: np.ndarray, heads: int) -> np.ndarray:
    """GGUF keeps the two halves of a rotary pair side by side."""
    rows = weight.reshape(heads, 2, weight.shape[0] // heads // 2, *weight.shape[1:])
    return rows.swapaxes(1, 2).reshape(weight.shape)


def write_gguf(source: Path, path: Path) -> None:
    """The checkpoint ``source`` as a GGUF file, its weights in float32."""
    model: Any = AutoModelForCausalLM.from_pretrained(source, dtype=torch.float32)
    tokenizer, config = tokenizer_of(source), model.config
    content = json.loads((source / "tokenizer.json").read_text())
    special = {token["content"] for token in content["added_tokens"]}
    vocabulary = sorted(tokenizer.get_vocab(), key=tokenizer.get_vocab().__getitem__)
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_block_count(config.num_hidden_layers)
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_rope_freq_base(10_000.0)
    writer.add_vocab_size(config.vocab_size)
    writer.add_tokenizer_model("gpt2")
    writer.add_token_list(vocabulary)
    writer.add_token_types([3 if token in special else 1 for token in vocabulary])
    writer.add_token_merges([" ".join(merge) for merge in content["model"]["merges"]])
    writer.add_bos_token_id(tokenizer.bos_token_id)
    writer.add_eos_token_id(tokenizer.eos_token_id)
    writer.add_pad_token_id(tokenizer.pad_token_id)
    writer.add_chat_template(tokenizer.chat_template)
    names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.LLAMA, config.num_hidden_layers)
    for name, weight in model.state_dict().items():
        values = weight.numpy()
        if "q_proj" in name or "k_proj" in name:
            values = rotary_order(values, config.num_attention_heads)
        writer.add_tensor(names.get_name(name, try_suffixes=(".weight",)), values)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def tokenizer_of(folder: Path) -> Any:
    return AutoTokenizer.from_pretrained(folder)


def rendered(folder: Path, prompt: str) -> list[int]:
    """The tokens of a chat that asks ``prompt``."""
    text = f"<|begin|><|user|>{prompt}<|assistant|>"
    ids: list[int] = tokenizer_of(folder).encode(text, add_special_tokens=False)
    return ids


def greedy_one_by_one(folder: Path, prompts: Sequence[Sequence[int]], tokens: int) -> list[list[int]]:
    """The reference: each prompt alone, no padding, no end token."""
    model: Any = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    model.generation_config = GenerationConfig()
    settings = GenerationConfig(max_new_tokens=tokens, do_sample=False, pad_token_id=0)
    return [
        model.generate(input_ids=ids, attention_mask=torch.ones_like(ids), generation_config=settings)[
            0, ids.shape[1] :
        ].tolist()
        for ids in (torch.tensor([prompt]) for prompt in prompts)
    ]


def ask(model: Model, inputs: Sequence[str | list[ChatMessage]], **config: Any) -> list[ModelOutput]:
    """All inputs at once, each with its place as seed unless ``seed`` is given; answers in the order of the inputs."""
    return ask_each(model, inputs, [{"seed": seed, "max_tokens": 12} | config for seed in range(len(inputs))])


def ask_each(
    model: Model, inputs: Sequence[str | list[ChatMessage]], configs: Sequence[dict[str, Any]]
) -> list[ModelOutput]:
    async def all_at_once() -> list[ModelOutput]:
        calls = (
            model.generate(each, config=GenerateConfig(**config)) for each, config in zip(inputs, configs, strict=True)
        )
        return list(await asyncio.gather(*calls))

    return asyncio.run(all_at_once())


def texts(outputs: Sequence[ModelOutput]) -> list[str]:
    return [output.completion for output in outputs]
