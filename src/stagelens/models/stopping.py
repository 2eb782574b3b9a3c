"""Ends each row of a batch for itself: at its own budget of tokens, or where its own text meets a stop sequence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from transformers import StoppingCriteria

from stagelens.models.prompting import first_stop


class RowEnds(StoppingCriteria):  # type: ignore[misc]
    """Stops rows one by one and remembers where.

    A stop sequence counts only in what was generated, never across the end of the prompt.

    Args:
        prompt_length: tokens in the padded prompts.
        budgets: for every row, how many tokens it may generate.
        stops: the stop sequences.
        tokenizer: turns tokens into text.
    """

    def __init__(self, prompt_length: int, budgets: torch.Tensor, stops: Sequence[str], tokenizer: Any) -> None:
        self.lengths = budgets.tolist()
        """For every row, how many of its generated tokens count."""
        self._prompt_length = prompt_length
        self._budgets = budgets
        self._stops = stops
        self._tokenizer = tokenizer
        # A token is a byte or more, and a first token may lose its leading space when it is decoded.
        self._window = 1 + max((len(stop.encode()) for stop in stops), default=0)
        self._stopped = torch.zeros_like(budgets, dtype=torch.bool)

    def __call__(self, input_ids: torch.Tensor, scores: Any, **kwargs: Any) -> torch.Tensor:
        """Which rows are done, as a boolean tensor (rows,)."""
        generated = input_ids.shape[1] - self._prompt_length
        done = self._stopped | (generated >= self._budgets)
        if self._stops:
            recent = input_ids[:, -min(self._window, generated) :].tolist()
            for row in (~done).nonzero().flatten().tolist():
                text = self._tokenizer.decode(recent[row], skip_special_tokens=True, clean_up_tokenization_spaces=False)
                if first_stop(text, self._stops) is not None:
                    self.lengths[row] = generated
                    self._stopped[row] = done[row] = True
        return done
