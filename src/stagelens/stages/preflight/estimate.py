"""How much memory and time a training takes, from its sizes: formulas, with their sources.

Both are estimates for one device and for models of the common form: attention, a gated feed-forward layer, two norms a
layer. Memory is meant to be right within a factor of 2, time within a factor of 3 where the device is busy.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from stagelens.stages.preflight.size import Size

FULL: Final = 4
"""Bytes of a number in float32. Weights that are trained are kept in it."""
STATES: Final = {"adamw": 8, "adam": 8, "adamw_8bit": 2, "lion": 4, "lion_8bit": 1, "sgd": 0, "adafactor": 0}
"""Bytes of optimizer states for each trained parameter, by a part of the optimizer's name in `optim`."""
TILE: Final = (4096, 32768)
"""Tokens and words of the vocabulary of which TRL has the logits at once (TRL 1.16, ``kernels/chunked_logprob.py``)."""
WORKINGS: Final = {"whole": 3, "tiled": 9, "kernel": 0}
"""Numbers in float32 beside each logit: of transformers' loss; of TRL's on a CPU, measured; of its kernel on a GPU."""
SHARE: Final = 0.5
"""Of the rate of the model's own matrix products, what a whole training step reaches: the rest of it is not products.

Large models on accelerators reach 0.3 to 0.5 of the device's peak in training (Chowdhery et al. 2022,
arXiv 2204.02311, table 3).
"""


@dataclass(frozen=True, slots=True)
class Batch:
    """What a device holds at once: texts, the tokens of the longest, and bytes of a number in the forward pass.

    ``checkpointing`` recomputes activations in the backward pass. ``tiled``: TRL's loss, which never has all logits
    at once; transformers' own has them.
    """

    texts: int
    length: int
    number: int = FULL
    checkpointing: bool = False
    tiled: bool = True
    on_cpu: bool = True

    @property
    def tokens(self) -> int:
        """Of a batch whose texts are all as long as the longest."""
        return self.texts * self.length


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes, by what they are for."""

    weights: int
    gradients: int
    optimizer: int
    activations: int
    logits: int

    @property
    def total(self) -> int:
        """All of it."""
        return self.weights + self.gradients + self.optimizer + self.activations + self.logits


def memory(size: Size, batch: Batch, *, optimizer: str = "adamw", frozen: int = FULL, references: int = 0) -> Memory:
    """The memory that training takes at its peak, in bytes.

    - Weights, gradients and optimizer states as in ZeRO (Rajbhandari et al. 2020, arXiv 1910.02054, section 3.1), with
      trained weights and gradients in float32 and `bf16` as a second, short-lived copy for the forward pass. With an
      adapter, only its own parameters have gradients and states, and the others take ``frozen`` bytes each.
    - Activations in the manner of Korthikanti et al. 2022 (arXiv 2205.05198, section 4), counted anew for gated layers
      without dropout: a layer keeps, for each token, 4 widths for its two norms and 2 for what they give, 4 head widths
      (queries, keys, values, what attention gives) and 1 width that goes on, and 4 inner widths of the feed-forward
      layer. Attention keeps no matrix of tokens by tokens (FlashAttention; Dao et al. 2022, arXiv 2205.14135). With
      gradient checkpointing, one width a token and layer, and one layer in full.
    - Logits: tokens by vocabulary, each with ``WORKINGS`` (logits, their softmax, its gradient in float32); where the
      loss is tiled, those of a tile, with the gradient of the output layer in float32 beside them.

    Args:
        size: of the model.
        batch: what is trained on at once.
        optimizer: as TRL's ``optim`` names it.
        frozen: bytes of a parameter that is not trained.
        references: further whole models that only answer (DPO's reference).
    """
    whole = size.trainable == size.parameters
    base = size.parameters * (FULL if whole else frozen)
    adapter = 0 if whole else size.trainable * FULL
    copies = size.parameters * batch.number if batch.number < FULL and (whole or frozen == FULL) else 0
    layer = (7 * size.width + 4 * size.heads_width + 4 * size.inner) * batch.number
    kept = size.layers * size.width * batch.number + layer if batch.checkpointing else size.layers * layer
    return Memory(
        weights=base + adapter + copies + references * size.parameters * frozen,
        gradients=size.trainable * FULL,
        optimizer=size.trainable * _states(optimizer),
        activations=kept * batch.tokens,
        logits=_logits(size, batch, whole),
    )


def flops(size: Size, tokens: int, *, length: int, checkpointing: bool = False, forwards: int = 0) -> float:
    """Floating-point operations to train on ``tokens``.

    6 for each parameter that is multiplied and token (2 forward, 4 backward; Kaplan et al. 2020, arXiv 2001.08361,
    section 2.1) and 12 for each layer, head width, and token that attention looks at, half of ``length`` on average
    under a causal mask (Chowdhery et al. 2022, arXiv 2204.02311, appendix B). An adapter spares the gradients of the
    frozen weights: 4 in place of 6. Gradient checkpointing runs forward once more, and so do ``forwards`` other models
    or passes, at a third of the cost.
    """
    backward = 4 if size.trainable == size.parameters else 2
    passes = 2 + backward + 2 * (checkpointing + forwards)
    attention = 2 * passes * size.layers * size.heads_width * length / 2
    return tokens * (passes * size.multiplied + attention)


def hours(operations: float, rate: float) -> float:
    """Hours for so many operations on a device whose matrix products run at ``rate`` operations a second."""
    return operations / (rate * SHARE) / 3600


def _states(optimizer: str) -> int:
    eighth = "8bit" in optimizer
    fitting = [name for name in STATES if name.removesuffix("_8bit") in optimizer and name.endswith("_8bit") == eighth]
    return STATES[max(fitting, key=len, default="adamw")]


def _logits(size: Size, batch: Batch, whole: bool) -> int:
    if not batch.tiled:
        return batch.tokens * size.vocabulary * (batch.number + WORKINGS["whole"] * FULL)
    tokens, words = min(batch.tokens, TILE[0]), min(size.vocabulary, TILE[1])
    head = size.vocabulary * size.width * FULL if whole else 0
    return tokens * words * (batch.number + WORKINGS["tiled" if batch.on_cpu else "kernel"] * FULL) + head
