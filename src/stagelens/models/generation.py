"""Answers many requests with one checkpoint: batches of like length, transformers' ``generate``, exact bookkeeping."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
import torch
from transformers import GenerationConfig, StoppingCriteriaList

from stagelens.models.batches import Request, Sampling, compose
from stagelens.models.prompting import UNTHINK, first_end, first_stop, opens_thoughts, split_thoughts
from stagelens.models.sampling import processors, uniforms
from stagelens.models.stopping import RowEnds
from stagelens.stages.training import fitting_threads, threads

SMALL_MODEL: Final = 100_000_000
"""Parameters below which a step costs more in Python than in arithmetic, and a batch may have many rows."""
ROWS: Final = 64
ROWS_SMALL: Final = 256

StopReason = Literal["stop", "max_tokens", "model_length"]


@dataclass(frozen=True, slots=True)
class Completion:
    """An answer and its exact size.

    Attributes:
        text: the answer without thoughts, end token and stop sequence.
        thoughts: what stood between the thinking tags; None where the model did not think.
        generated: thoughts with their tags and the text, as the model wrote them.
        stop_reason: ``stop`` (an end token or a stop sequence), ``max_tokens``, ``model_length`` (the context is full).
        prompt_tokens: tokens of the prompt, begin token included, padding not.
        tokens: tokens generated, thoughts and end token included, up to the one that completed a stop sequence.
        thought_tokens: those of them that are thoughts with their closing tag.
    """

    text: str
    thoughts: str | None
    generated: str
    stop_reason: StopReason
    prompt_tokens: int
    tokens: int
    thought_tokens: int


class Generator:
    """A loaded checkpoint.

    Args:
        model: a causal language model; must carry no generation settings of its own.
        tokenizer: pads on the left.
        ends: the tokens that end an answer.
        special_tokens: whether the tokenizer adds its special tokens to a prompt; a chat template has put them in.
        batch_size: rows in a batch; None for 256 where the model is small, else 64.
    """

    def __init__(
        self, model: Any, tokenizer: Any, *, ends: Sequence[int], special_tokens: bool, batch_size: int | None
    ) -> None:
        self._model = model
        self._tokenizer = tokenizer
        self._ends = frozenset(ends)
        self._special_tokens = special_tokens
        self._batch_size = batch_size or (ROWS_SMALL if model.num_parameters() < SMALL_MODEL else ROWS)
        self._context: int | None = getattr(model.config.get_text_config(), "max_position_embeddings", None)

    def answer(self, requests: Sequence[Request]) -> list[Completion]:
        """One completion a request, in the order of the requests."""
        prompts = self._tokenize([request.prompt for request in requests])
        answers: dict[int, Completion] = {}
        open_places = []
        for place, prompt in enumerate(prompts):
            if self._room(prompt) > 0:
                open_places.append(place)
            else:
                answers[place] = Completion("", None, "", "model_length", len(prompt), 0, 0)
        lengths = [len(prompts[place]) for place in open_places]
        for batch in compose([requests[place] for place in open_places], lengths, self._batch_size):
            places = [open_places[row] for row in batch]
            completed = self._batch([requests[place] for place in places], [prompts[place] for place in places])
            answers.update(zip(places, completed, strict=True))
        return [answers[place] for place in range(len(requests))]

    def _tokenize(self, texts: list[str]) -> list[list[int]]:
        rows: list[list[int]] = self._tokenizer(texts, add_special_tokens=self._special_tokens)["input_ids"]
        if self._special_tokens:
            # Some tokenizers close every text; a prompt must stay open.
            return [row[:-1] if row and row[-1] in self._ends else row for row in rows]
        return rows

    def _room(self, prompt: Sequence[int]) -> float:
        return float("inf") if self._context is None else self._context - len(prompt)

    def _batch(self, requests: Sequence[Request], prompts: Sequence[list[int]]) -> list[Completion]:
        """Generate for requests that share their sampling."""
        sampling = requests[0].sampling
        budgets = [
            int(min(request.max_tokens, self._room(prompt))) for request, prompt in zip(requests, prompts, strict=True)
        ]
        width = max(len(prompt) for prompt in prompts)
        device = self._model.device
        padding = self._tokenizer.pad_token_id
        ids = torch.tensor([[padding] * (width - len(prompt)) + prompt for prompt in prompts], device=device)
        mask = torch.tensor([[0] * (width - len(prompt)) + [1] * len(prompt) for prompt in prompts], device=device)
        row_ends = RowEnds(
            width, torch.tensor(budgets, device=device), sampling.stops + sampling.closes, self._tokenizer
        )
        draws = torch.empty(0)
        if sampling.temperature > 0:
            steps = max(budgets)
            streams = [uniforms(request.seed, prompt, steps) for request, prompt in zip(requests, prompts, strict=True)]
            draws = torch.from_numpy(np.stack(streams)).to(device)
        with torch.inference_mode(), threads(fitting_threads(self._model)):
            sequences = self._model.generate(
                input_ids=ids,
                attention_mask=mask,
                generation_config=GenerationConfig(
                    max_new_tokens=max(budgets),
                    do_sample=False,
                    eos_token_id=sorted(self._ends) or None,
                    pad_token_id=padding,
                ),
                logits_processor=processors(sampling, draws, width),
                stopping_criteria=StoppingCriteriaList([row_ends]),
            )
        rows: list[list[int]] = sequences[:, width:].tolist()
        return [
            self._completion(request, prompt, row[:length], sampling)
            for request, prompt, row, length in zip(requests, prompts, rows, row_ends.lengths, strict=True)
        ]

    def _completion(
        self, request: Request, prompt: Sequence[int], row: Sequence[int], sampling: Sampling
    ) -> Completion:
        end = next((place for place, token in enumerate(row) if token in self._ends), None)
        tokens = row if end is None else row[:end]
        used = len(row) if end is None else end + 1
        reason: StopReason = "stop"
        if end is None:
            reason = "max_tokens" if len(row) >= request.max_tokens else "model_length"
        text = self._text(tokens, request.markup)
        cut = first_end(text, sampling.stops, sampling.closes)
        if cut is not None:
            text, reason = text[:cut], "stop"
            ends = sampling.stops + sampling.closes
            used = self._shortest(tokens, request.markup, lambda part: first_stop(part, ends) is not None)
        opened = opens_thoughts(request.prompt)
        thoughts, answer = split_thoughts(text, opened=opened)
        thought_tokens = (
            0 if thoughts is None else min(used, self._shortest(tokens, request.markup, lambda part: UNTHINK in part))
        )
        return Completion(answer, thoughts, text, reason, len(prompt), used, thought_tokens)

    def _text(self, tokens: Sequence[int], markup: bool) -> str:
        text: str = self._tokenizer.decode(tokens, skip_special_tokens=not markup, clean_up_tokenization_spaces=False)
        return text

    def _shortest(self, tokens: Sequence[int], markup: bool, holds: Callable[[str], bool]) -> int:
        """How many of ``tokens`` it takes until their text has the property; all of them where it never has."""
        low, high = 0, len(tokens)
        while low < high:
            middle = (low + high) // 2
            if holds(self._text(tokens[:middle], markup)):
                high = middle
            else:
                low = middle + 1
        return low
