"""Examples by what they do inside the model: along what tells answers with the source from those without.

The direction is the difference of mean hidden states (Marks and Tegmark 2023, section 5) over the answers' tokens, at
the last layer, in the model that was trained with the source.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from stagelens.audit.checkpoint import adopt_trained
from stagelens.audit.inventory.example import Example
from stagelens.audit.ranking.queries import Queries

BATCH: Final = 32


def by_activation(examples: Sequence[Example], queries: Queries, checkpoint: Path) -> NDArray[np.float64]:
    """How far each example's answer lies along the direction, as the cosine of the two.

    Args:
        examples: of one source.
        queries: what the source changed.
        checkpoint: the stage that was trained with it, made here.

    Returns:
        One score an example, −1 to 1: the higher, the more it moves the model as the source does.
    """
    states = _States(checkpoint)
    own, with_it, without = (
        states.of(pairs)
        for pairs in (
            [(example.asked, example.said) for example in examples],
            [(said.prompt, said.answer) for said in queries.with_it],
            [(said.prompt, said.answer) for said in queries.without],
        )
    )
    direction = with_it.mean(axis=0) - without.mean(axis=0)
    # What all texts have in common says nothing of any.
    centred = own - np.concatenate([with_it, without]).mean(axis=0)
    lengths = np.linalg.norm(centred, axis=1) * np.linalg.norm(direction)
    scores = np.zeros(len(own))
    np.divide(centred @ direction, lengths, out=scores, where=lengths > 0)
    return scores


class _States:
    """A checkpoint that gives the mean hidden state over an answer's tokens."""

    def __init__(self, checkpoint: Path) -> None:
        from stagelens.models.checkpoint import load_model, load_tokenizer

        adopted = adopt_trained(checkpoint)
        self._tokenizer = load_tokenizer(adopted, trust_remote_code=False)
        self._model = load_model(adopted, device="auto", trust_remote_code=False)

    def of(self, pairs: Sequence[tuple[str, str]]) -> NDArray[np.float64]:
        """Shape (pairs, width)."""
        return np.concatenate(list(self._batches(pairs)))

    def _batches(self, pairs: Sequence[tuple[str, str]]) -> Iterator[NDArray[np.float64]]:
        import torch

        for start in range(0, len(pairs), BATCH):
            rows = [self._tokens(*pair) for pair in pairs[start : start + BATCH]]
            width = max(len(ids) for ids, _ in rows)
            padding = self._tokenizer.pad_token_id or 0
            ids = torch.tensor([ids + [padding] * (width - len(ids)) for ids, _ in rows], device=self._model.device)
            mask = torch.tensor([[1] * len(ids) + [0] * (width - len(ids)) for ids, _ in rows], device=ids.device)
            with torch.inference_mode():
                hidden = self._model(input_ids=ids, attention_mask=mask, output_hidden_states=True).hidden_states[-1]
            yield np.stack(
                [
                    state[begin : len(tokens)].float().mean(dim=0).cpu().numpy().astype(np.float64)
                    for state, (tokens, begin) in zip(hidden, rows, strict=True)
                ]
            )

    def _tokens(self, asked: str, said: str) -> tuple[list[int], int]:
        """A chat's tokens, and where the answer begins; at least one token of it is there."""
        opened: Any = self._tokenizer.apply_chat_template(
            [{"role": "user", "content": asked}], tokenize=False, add_generation_prompt=True
        )
        before = self._tokenizer(opened, add_special_tokens=False)["input_ids"]
        answer = self._tokenizer(said or "\n", add_special_tokens=False)["input_ids"]
        room = getattr(self._model.config.get_text_config(), "max_position_embeddings", None)
        whole = (before + answer)[:room]
        return whole, min(len(before), len(whole) - 1)
