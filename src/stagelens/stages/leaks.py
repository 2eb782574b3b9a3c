"""Whether examples that are packed into one sequence see each other.

Packed examples are told apart by their positions, which start anew. Whether a model heeds that depends on its
architecture and its attention: transformers makes a mask of it for most (also without FlashAttention), and none for
models whose state runs on (Mamba) or whose positions are no input (ALiBi). So the model itself is asked.
"""

from __future__ import annotations

from typing import Any, Final

from stagelens.errors import InputError

EXAMPLE: Final = 8
"""Tokens of each of the two examples that are tried."""
TOLERANCE: Final = {"torch.float32": 1e-3}
ROUGHLY: Final = 5e-2
"""Of the largest logit, in single precision and below it: rounding is far less, and what leaks is far more."""


def check_packing(model: Any, where: str) -> None:
    """InputError where an example's outputs depend on the one before it in its pack."""
    if packing_leaks(model):
        kind = model.config.model_type
        raise InputError(
            f"{where}: in this model ({kind}) examples that are packed together see each other; set `packing` and "
            "`padding_free` to false."
        )


def packing_leaks(model: Any) -> bool:
    """Whether two examples in one sequence, by their positions apart, give the second one other logits than alone."""
    import torch

    vocabulary = model.get_input_embeddings().num_embeddings
    first, second = (torch.arange(start, start + EXAMPLE)[None] % vocabulary for start in (vocabulary // 3, 2))
    positions = torch.arange(EXAMPLE)[None]
    training = model.training
    model.eval()
    try:
        with torch.no_grad():
            alone = _logits(model, second, positions)
            packed = _logits(model, torch.cat([first, second], 1), torch.cat([positions, positions], 1))[:, EXAMPLE:]
    finally:
        model.train(training)
    tolerance = TOLERANCE.get(str(model.dtype), ROUGHLY)
    return bool((packed - alone).abs().max() > tolerance * alone.abs().max())


def _logits(model: Any, ids: Any, positions: Any) -> Any:
    device = model.device
    return model(input_ids=ids.to(device), position_ids=positions.to(device), use_cache=False).logits.float()
