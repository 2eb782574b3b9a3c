"""How large a model is, from its configuration alone: nothing is downloaded and no weight is read."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stagelens.errors import InputError
from stagelens.stages.lora import lora_config
from stagelens.stages.parents import base_of, location

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True)
class Size:
    """A model in numbers.

    Attributes:
        parameters: all of them, shared ones once.
        trainable: those that training changes: all, or an adapter's.
        looked_up: parameters of the input embedding where the output has its own: they are looked up, not multiplied.
        layers, width, inner, heads_width: blocks, the residual stream, the feed-forward layer, heads times head size.
        vocabulary: rows of the output layer.
        context: tokens that the model can see, None where its configuration does not say.
    """

    parameters: int
    trainable: int
    looked_up: int
    layers: int
    width: int
    inner: int
    heads_width: int
    vocabulary: int
    context: int | None

    @property
    def multiplied(self) -> int:
        """Parameters that every token is multiplied with."""
        return self.parameters - self.looked_up


def read_config(checkpoint: Path, where: str, *, trust_remote_code: bool = False) -> Any:
    """The configuration of a checkpoint: a folder with a config.json, an adapter's own base, or a GGUF file.

    Raises:
        InputError: there is none that transformers can read.
    """
    from transformers import AutoConfig

    place, options = location(base_of(checkpoint))
    try:
        return AutoConfig.from_pretrained(place, trust_remote_code=trust_remote_code, **options)
    except Exception as error:  # transformers raises many kinds, all of them about the files
        raise InputError(
            f"{where}: the configuration of {checkpoint} cannot be read ({_first_line(error)})."
        ) from error


def measure(config: Any, where: str, *, lora: Mapping[str, Any] | None = None, trust_remote_code: bool = False) -> Size:
    """The size of the model that ``config`` describes, built without memory on torch's meta device.

    Args:
        config: as ``read_config`` gives it.
        where: what an error begins with.
        lora: PEFT's fields of an adapter that is trained in place of the weights.
        trust_remote_code: whether code that comes with the checkpoint may run.

    Raises:
        InputError: no model can be made from it, or the adapter fits nothing in it.
    """
    try:
        with _on_paper():
            model = _model(config, trust_remote_code)
            parameters = _count(model.parameters())
            embedding, head = model.get_input_embeddings(), model.get_output_embeddings()
            tied = head is None or embedding.weight is head.weight
            looked_up = 0 if tied else embedding.weight.numel()
            vocabulary = (embedding if head is None else head).weight.shape[0]
            trainable = parameters if lora is None else _adapter(model, lora)
    except Exception as error:  # as above
        raise InputError(f"{where}: no model can be made from its configuration ({_first_line(error)}).") from error
    text = config.get_text_config()
    width = int(text.hidden_size)
    heads = int(getattr(text, "num_attention_heads", 1))
    return Size(
        parameters=parameters,
        trainable=trainable,
        looked_up=looked_up,
        layers=int(text.num_hidden_layers),
        width=width,
        inner=int(getattr(text, "intermediate_size", None) or 4 * width),
        heads_width=heads * int(getattr(text, "head_dim", None) or width // heads),
        vocabulary=vocabulary,
        context=getattr(text, "max_position_embeddings", None),
    )


@contextmanager
def _on_paper() -> Iterator[None]:
    import torch

    with torch.device("meta"):
        yield


def _model(config: Any, trust_remote_code: bool) -> Any:
    from transformers import AutoModelForCausalLM

    return AutoModelForCausalLM.from_config(config, trust_remote_code=trust_remote_code)


def _adapter(model: Any, lora: Mapping[str, Any]) -> int:
    from peft import get_peft_model

    adapted = get_peft_model(model, lora_config({"lora": lora}))
    return _count(each for each in adapted.parameters() if each.requires_grad)


def _count(parameters: Any) -> int:
    return sum(each.numel() for each in parameters)


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)
