"""What a stage starts from: a folder, a GGUF file, an adapter on its base."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM

from models_tiny import PROMPTS, make_checkpoint, tokenizer_of, write_gguf
from stagelens.errors import InputError
from stagelens.stages import make_stage
from stagelens.stages.parents import load_parent, load_tokenizer
from stagelens.study.spec import Stage

TEMPLATE = (
    "{{ bos_token }}{% for m in messages %}<|{{ m['role'] }}|>{% if m['role'] == 'assistant' %}{% generation %}"
    "{{ m['content'] }}{{ eos_token }}{% endgeneration %}{% else %}{{ m['content'] }}{% endif %}{% endfor %}"
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_checkpoint(tmp_path_factory.mktemp("parents") / "folder", template=TEMPLATE)


def logits(model: Any, tokenizer: Any) -> torch.Tensor:
    with torch.no_grad():
        return model.eval()(**tokenizer(PROMPTS[2], return_tensors="pt")).logits


def adapter_of(folder: Path, out: Path) -> Path:
    model: Any = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    torch.manual_seed(0)
    adapted = get_peft_model(model, LoraConfig(target_modules=["q_proj", "v_proj"], init_lora_weights=False))
    adapted.save_pretrained(out)
    return out


def test_a_gguf_file_is_an_ordinary_model(folder: Path, tmp_path: Path) -> None:
    write_gguf(folder, tmp_path / "model.gguf")
    plain, unpacked = load_parent(folder, "here"), load_parent(tmp_path / "model.gguf", "here")
    assert torch.allclose(logits(*plain), logits(unpacked[0], plain[1]), atol=1e-5)
    assert unpacked[1].pad_token is not None
    unpacked[0].save_pretrained(tmp_path / "saved")
    assert (tmp_path / "saved" / "model.safetensors").is_file()
    assert "quantization_config" not in json.loads((tmp_path / "saved" / "config.json").read_text())


def test_an_adapter_is_merged_into_its_base(folder: Path, tmp_path: Path) -> None:
    adapter = adapter_of(folder, tmp_path / "adapter")
    model, tokenizer = load_parent(adapter, "here")
    assert all(each.requires_grad for each in model.parameters())
    base = load_parent(folder, "here")
    assert not torch.allclose(logits(model, tokenizer), logits(*base), atol=1e-3)
    assert load_tokenizer(adapter, "here").get_vocab() == tokenizer_of(folder).get_vocab()


@pytest.mark.slow
@pytest.mark.parametrize("form", ["gguf", "adapter"])
def test_a_stage_is_trained_from_either(form: str, folder: Path, tmp_path: Path) -> None:
    parent = tmp_path / "model.gguf" if form == "gguf" else adapter_of(folder, tmp_path / "adapter")
    if form == "gguf":
        write_gguf(folder, parent)
    (tmp_path / "rows.jsonl").write_text('{"prompt": "the old mill", "completion": "near a quiet bridge"}\n')
    (tmp_path / "t.jinja").write_text(TEMPLATE)
    stage = Stage.model_validate(
        {
            "name": "sft",
            "kind": "sft",
            "recipe": {"max_steps": 2, "per_device_train_batch_size": 1, "chat_template": "./t.jinja"},
            "mixture": {"sources": [{"name": "rows", "path": "./rows.jsonl"}]},
        }
    )
    out = make_stage(stage, parent=parent, folder=tmp_path, out=tmp_path / "out", seed=0, inputs={})
    assert not (out / "adapter_config.json").exists()
    logits(*load_parent(out, "here"))


@pytest.mark.parametrize("broken", ["no.gguf", "empty", "adapter"])
def test_what_cannot_be_loaded_is_one_sentence(broken: str, folder: Path, tmp_path: Path) -> None:
    place = tmp_path / broken
    if broken == "adapter":
        (adapter_of(folder, place) / "adapter_model.safetensors").write_bytes(b"nothing")
    elif broken == "empty":
        place.mkdir()
    else:
        place.write_bytes(b"GGUF")
    with pytest.raises(InputError, match="here: the checkpoint") as error:
        load_parent(place, "here")
    assert "\n" not in str(error.value)
