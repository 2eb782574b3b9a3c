"""Sampling that belongs to a request, not to its batch.

``generate(do_sample=True)`` draws all rows of a batch from one stream of random numbers, so a row's text depends on its
place and on how many rows there are. Here each request has a stream of its own, a function of its seed and its prompt.
Step t takes the t-th uniform number u of the stream and the first token whose cumulative probability exceeds u. Token i
is taken exactly when u falls into an interval of length p_i, so tokens are distributed as p (inverse transform;
Devroye 1986, Non-Uniform Random Variate Generation, ch. II.2). That token alone is left alive, and greedy ``generate``
takes it. Neighbours and batch size then act only through floating point.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import (
    LogitsProcessor,
    LogitsProcessorList,
    TemperatureLogitsWarper,
    TopKLogitsWarper,
    TopPLogitsWarper,
)

from stagelens.models.batches import Sampling


def uniforms(seed: int | None, prompt: Sequence[int], count: int) -> NDArray[np.float64]:
    """The first ``count`` numbers of a request's stream, each in [0, 1).

    The prompt's tokens are part of the key: requests that share a seed, as with one seed for a whole evaluation, would
    otherwise share their luck. Without a seed the stream is fresh each time.
    """
    if seed is None:
        return np.random.default_rng().random(count)
    content = zlib.crc32(np.asarray(prompt, dtype=np.int64).tobytes())
    return np.random.default_rng([seed & (2**64 - 1), content]).random(count)


class InverseTransform(LogitsProcessor):  # type: ignore[misc]
    """Leaves one token alive in each row: the one that the row's own uniform number points at.

    Args:
        draws: float64 tensor (rows, steps) in [0, 1).
        prompt_length: tokens in the padded prompts: generation starts there.
    """

    def __init__(self, draws: torch.Tensor, prompt_length: int) -> None:
        self._draws = draws
        self._prompt_length = prompt_length

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        """Scores (rows, vocabulary) of which all but one a row are minus infinity."""
        step = input_ids.shape[1] - self._prompt_length
        cumulative = scores.softmax(-1).cumsum(-1, dtype=torch.float64)
        total = cumulative[:, -1:]
        # Rounding must not lift a draw to the total, which no token's cumulative probability exceeds.
        draw = torch.minimum(self._draws[:, step : step + 1] * total, total.nextafter(torch.zeros_like(total)))
        token = torch.searchsorted(cumulative, draw, right=True)
        return torch.full_like(scores, -torch.inf).scatter_(1, token, 0.0)


def processors(sampling: Sampling, draws: torch.Tensor, prompt_length: int) -> LogitsProcessorList:
    """What turns a batch's logits into its tokens; nothing where ``sampling`` is greedy.

    Temperature, then top-k, then top-p, in transformers' own order and by its own processors.
    """
    chain = LogitsProcessorList()
    if sampling.temperature == 0:
        return chain
    if sampling.temperature != 1:
        chain.append(TemperatureLogitsWarper(sampling.temperature))
    if sampling.top_k is not None:
        chain.append(TopKLogitsWarper(sampling.top_k))
    if sampling.top_p < 1:
        chain.append(TopPLogitsWarper(sampling.top_p))
    chain.append(InverseTransform(draws, prompt_length))
    return chain
