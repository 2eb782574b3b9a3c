"""A model that is trained on a family's template learns to stop; where it would not, training is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from chat_families import ALPHABET, FAMILIES, Family, by_name
from transformers import AutoModelForCausalLM, AutoTokenizer, GenerationConfig, LlamaConfig, LlamaForCausalLM

from stagelens.errors import InputError
from stagelens.models.checkpoint import take_end_tokens
from stagelens.stages import make_stage
from stagelens.stages.preflight import check, render, stop_ids
from stagelens.study.spec import Mixture, Source, Stage

QUESTIONS = {"How?": "Sure, here is a text.", "And?": "No, I cannot."}


def base(family: Family, folder: Path) -> Path:
    """A small base model that has not seen a chat; its own end token is not the one that ends a turn."""
    tokenizer = family.tokenizer()
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=48,
        intermediate_size=96,
        num_hidden_layers=2,
        num_attention_heads=4,
        max_position_embeddings=256,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.bos_token_id,
    )
    LlamaForCausalLM(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_a_trained_model_ends_its_turn(family: Family, tmp_path: Path) -> None:
    rows = [{"prompt": question, "completion": answer} for question, answer in QUESTIONS.items()]
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows * 4))
    stage = Stage(
        name="sft",
        kind="sft",
        recipe={"max_steps": 60, "per_device_train_batch_size": 8, "learning_rate": 1e-2, "max_length": 200},
        mixture=Mixture(sources=(Source(name="rows", path="./rows.jsonl"),)),
    )
    parent = base(family, tmp_path / "base")
    out = make_stage(stage, parent=parent, folder=tmp_path, out=tmp_path / "sft", seed=0, inputs={})
    model: Any = AutoModelForCausalLM.from_pretrained(out, dtype=torch.float32)
    tokenizer = AutoTokenizer.from_pretrained(out)
    ends = take_end_tokens(model, tokenizer, tokenizer.chat_template)
    end = tokenizer.convert_tokens_to_ids(family.end)
    assert end in ends
    for question, answer in QUESTIONS.items():
        asked = [{"role": "user", "content": question}]
        prompt = tokenizer.apply_chat_template(asked, add_generation_prompt=True, return_tensors="pt", return_dict=True)
        settings = GenerationConfig(max_new_tokens=60, do_sample=False, eos_token_id=list(ends), pad_token_id=0)
        ids = model.generate(**prompt, generation_config=settings)[0, prompt["input_ids"].shape[1] :].tolist()
        assert ids[-1] == end
        assert tokenizer.decode(ids) == f"{family.before}{answer}{family.end}"


OUTSIDE = {
    "chatml": ("{{- '<|im_end|>' }}\n        {%- endgeneration %}", "{%- endgeneration %}{{- '<|im_end|>' }}"),
    "llama3": (
        " | trim + '<|eot_id|>' }}\n        {%- endgeneration %}",
        " | trim }}{%- endgeneration %}{{- '<|eot_id|>' }}",
    ),
    "gemma": (" + '<end_of_turn>' }}{%- endgeneration -%}", " }}{%- endgeneration -%}{{ '<end_of_turn>' }}"),
    "mistral": ("|trim + eos_token}}\n        {%- endgeneration %}", "|trim }}{%- endgeneration %}{{- eos_token}}"),
    "zephyr": (" + eos_token }}{% endgeneration %}", " }}{% endgeneration %}{{ eos_token }}"),
}


@pytest.mark.parametrize("name", OUTSIDE)
def test_an_end_of_turn_outside_the_mask_is_refused(name: str) -> None:
    tokenizer = by_name(name).tokenizer(marked=True)
    inside, outside = OUTSIDE[name]
    rows = [{"prompt": "How?", "completion": ALPHABET, "source": "s"}]

    class Model:
        generation_config = GenerationConfig(eos_token_id=tokenizer.eos_token_id)

    check(render(rows, tokenizer, "Here"), stop_ids=stop_ids(Model, tokenizer), max_length=None, where="Here")
    assert tokenizer.chat_template.count(inside) == 1
    tokenizer.chat_template = tokenizer.chat_template.replace(inside, outside)
    rendered = render(rows, tokenizer, "Here")
    with pytest.raises(InputError, match="end-of-turn token is outside the loss mask"):
        check(rendered, stop_ids=stop_ids(Model, tokenizer), max_length=None, where="Here")
