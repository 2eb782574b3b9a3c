"""Checkpoints that are not a plain folder: a GGUF file and a LoRA adapter answer as the same weights in a folder do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM

from models_tiny import PROMPTS, ask, texts, tokenizer_of, write_gguf
from stagelens.models import local_model


def answers(checkpoint: Path) -> list[str]:
    model = local_model("form", checkpoint=str(checkpoint), gather=len(PROMPTS))
    return texts(ask(model, PROMPTS, temperature=0.0))


def test_a_gguf_file_answers_as_its_folder_does(checkpoint: Path, tmp_path: Path) -> None:
    write_gguf(checkpoint, tmp_path / "model.gguf")
    assert answers(tmp_path / "model.gguf") == answers(checkpoint)


def test_an_adapter_answers_as_the_merged_model_does(checkpoint: Path, tmp_path: Path) -> None:
    model: Any = AutoModelForCausalLM.from_pretrained(checkpoint, dtype=torch.float32)
    torch.manual_seed(0)
    adapted = get_peft_model(model, LoraConfig(target_modules=["q_proj", "v_proj"], init_lora_weights=False))
    adapted.save_pretrained(tmp_path / "adapter")
    adapted.merge_and_unload().save_pretrained(tmp_path / "merged")
    tokenizer_of(checkpoint).save_pretrained(tmp_path / "merged")
    assert answers(tmp_path / "adapter") == answers(tmp_path / "merged") != answers(checkpoint)
