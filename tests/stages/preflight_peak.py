"""Trains a small Llama for two steps in a process of its own, and prints the memory that this took at its peak.

usage: preflight_peak.py {sft,lora,pretrain} {keep,recompute}
"""

from __future__ import annotations

import sys
import tempfile
import warnings
from pathlib import Path
from typing import Any

CONFIG = {
    "vocab_size": 8192,
    "hidden_size": 256,
    "intermediate_size": 688,
    "num_hidden_layers": 6,
    "num_attention_heads": 4,
    "max_position_embeddings": 512,
}
TEXTS, LENGTH = 4, 256
LORA = {"r": 4, "target_modules": ["q_proj", "v_proj"]}
SMALL = {**CONFIG, "vocab_size": 300, "hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1}


def train(kind: str, checkpointing: bool, config: dict[str, Any], texts: int, length: int) -> None:
    from datasets import Dataset
    from peft import LoraConfig
    from transformers import LlamaConfig, LlamaForCausalLM, Trainer, TrainingArguments, default_data_collator
    from trl import SFTConfig, SFTTrainer

    from stagelens.stages.pretrain import learn_tokenizer

    rows = [[5 + (7 * row + place) % 200 for place in range(length)] for row in range(2 * texts)]
    with tempfile.TemporaryDirectory() as scratch:
        options = {
            "output_dir": scratch,
            "max_steps": 2,
            "per_device_train_batch_size": texts,
            "gradient_checkpointing": checkpointing,
            "remove_unused_columns": False,
            "report_to": "none",
            "save_strategy": "no",
            "use_cpu": True,
            "bf16": False,
        }
        model, trainer = LlamaForCausalLM(LlamaConfig(**config)), None
        if kind == "pretrain":
            trainer = Trainer(
                model=model,
                args=TrainingArguments(**options),
                train_dataset=[{"input_ids": row, "labels": row} for row in rows],
                data_collator=default_data_collator,
            )
        else:
            trainer = SFTTrainer(
                model=model,
                args=SFTConfig(max_length=length, **options),
                train_dataset=Dataset.from_dict({"input_ids": rows, "labels": rows}),
                processing_class=learn_tokenizer(["a"], vocab_size=270),
                peft_config=LoraConfig(task_type="CAUSAL_LM", **LORA) if kind == "lora" else None,
            )
        trainer.train()


def resident(field: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(field)) * 1024


if __name__ == "__main__":
    import torch

    from stagelens.stages.training import quiet

    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    kind, checkpointing = sys.argv[1], sys.argv[2] == "recompute"
    with quiet():
        train(kind, checkpointing, SMALL, 1, 8)  # loads the libraries, which are not the training's
        before = resident("VmRSS")
        train(kind, checkpointing, CONFIG, TEXTS, LENGTH)
    print("peak", resident("VmHWM") - before)
