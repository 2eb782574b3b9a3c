"""The checkpoint that a stage starts from: its weights in float32, and its tokenizer.

A Hugging Face folder, a GGUF file (unpacked: what its weights were rounded to is what is trained), or a LoRA adapter,
which is merged into its base.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from stagelens.errors import InputError


def load_parent(parent: Path, where: str) -> tuple[Any, Any]:
    """The model and the tokenizer, which has a padding token.

    Raises:
        InputError: one of the two cannot be loaded; begins with ``where``.
    """
    import torch
    from transformers import AutoModelForCausalLM

    base = base_of(parent)
    place, options = location(base)
    try:
        model = AutoModelForCausalLM.from_pretrained(
            place, dtype=torch.float32, use_safetensors=True, trust_remote_code=False, **options, **unpacked(base)
        )
        if base != str(parent):
            from peft import PeftModel

            model = PeftModel.from_pretrained(model, str(parent), use_safetensors=True).merge_and_unload()
            model.requires_grad_(requires_grad=True)  # an adapter keeps its base's weights from being trained
    except Exception as error:  # transformers and PEFT raise many kinds, all of them about the files
        raise _unusable(parent, where, error) from error
    return model, load_tokenizer(parent, where)


def load_tokenizer(parent: Path, where: str) -> Any:
    """The tokenizer alone: an adapter's own where it has one, else its base's. InputError where it cannot be loaded."""
    from transformers import AutoTokenizer

    own = (parent / "tokenizer_config.json").is_file()
    place, options = location(str(parent) if own else base_of(parent))
    try:
        tokenizer = AutoTokenizer.from_pretrained(place, trust_remote_code=False, **options)
    except Exception as error:  # as above
        raise _unusable(parent, where, error) from error
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    return tokenizer


def location(checkpoint: str | Path) -> tuple[str, dict[str, str]]:
    """A checkpoint, or a hub id, as ``from_pretrained`` takes it."""
    path = Path(checkpoint)
    return (str(path.parent), {"gguf_file": path.name}) if path.suffix == ".gguf" else (str(checkpoint), {})


def unpacked(checkpoint: str | Path) -> dict[str, Any]:
    """What makes an ordinary model of a GGUF file, one that can be trained and saved; nothing for other forms."""
    if Path(checkpoint).suffix != ".gguf":
        return {}
    from transformers import GgufConfig

    return {"quantization_config": GgufConfig(dequantize=True)}


def base_of(parent: Path) -> str:
    """The checkpoint that an adapter belongs to, as it names it; of any other, itself."""
    config = parent / "adapter_config.json"
    if not config.is_file():
        return str(parent)
    return str(json.loads(config.read_text(encoding="utf-8"))["base_model_name_or_path"])


def _unusable(parent: Path, where: str, error: Exception) -> InputError:
    reason = next(iter(str(error).splitlines()), type(error).__name__)
    return InputError(f"{where}: the checkpoint {parent} it starts from cannot be loaded ({reason}).")
