"""Devices: how fast they multiply matrices, measured in a moment or known of a GPU that is not here; their memory."""

from __future__ import annotations

import os
import time
from typing import Any, Final

from stagelens.errors import InputError
from stagelens.stages.preflight.size import Size

KNOWN: Final = {
    "t4": 65e12,
    "v100": 125e12,
    "l4": 121e12,
    "a10": 125e12,
    "a10g": 70e12,
    "a100": 312e12,
    "l40s": 362e12,
    "h100": 989e12,
    "h200": 989e12,
    "b200": 2250e12,
    "rtx3090": 71e12,
    "rtx4090": 165e12,
}
"""Operations a second in 16 bits without sparsity, from NVIDIA's data sheets (of H100 and H200 the SXM form)."""

SECONDS: Final = 0.2


def known(name: str) -> float:
    """The peak rate of a GPU by name (``a100``, ``RTX 4090``), in operations a second. InputError if not known."""
    plain = "".join(letter for letter in name.lower() if letter.isalnum()).removeprefix("nvidia")
    if plain not in KNOWN:
        raise InputError(f"There is no rate of the GPU {name!r} here; known: {', '.join(KNOWN)}.")
    return KNOWN[plain]


def memory_here() -> int:
    """Bytes of memory of this machine's first accelerator, or of the machine where it has none."""
    import torch

    if torch.cuda.is_available():
        return int(torch.cuda.get_device_properties(0).total_memory)
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def measured(size: Size, tokens: int, number: int) -> tuple[str, float]:
    """This machine's device, and the rate of one of the model's own products on it, in operations a second.

    A batch of ``tokens`` (at most 8,192) is multiplied with a feed-forward matrix, again and again for a fifth of a
    second; a model of less than ten million parameters on one thread, as it is trained.

    Args:
        size: of the model.
        tokens: in a batch.
        number: bytes of a number: 4 or 2.
    """
    import torch

    from stagelens.stages.training import SMALL_MODEL, threads

    device = torch.accelerator.current_accelerator() or torch.device("cpu")
    kind = torch.float32 if number == 4 else torch.bfloat16
    tokens = max(1, min(tokens, 8192))
    with threads(1 if size.parameters < SMALL_MODEL else None), torch.inference_mode():
        left = torch.ones(tokens, size.width, dtype=kind, device=device)
        right = torch.ones(size.width, size.inner, dtype=kind, device=device)
        _products(left, right, 2, device.type)  # the first ones load libraries
        count, seconds = 1, 0.0
        while seconds < SECONDS / 2:
            count *= 2
            seconds = _products(left, right, count, device.type)
    return device.type, 2 * tokens * size.width * size.inner * count / seconds


def _products(left: Any, right: Any, count: int, device: str) -> float:
    import torch

    begin = time.perf_counter()
    for _ in range(count):
        torch.matmul(left, right)
    if device != "cpu":
        torch.accelerator.synchronize()
    return time.perf_counter() - begin
