"""Between Inspect's types and ours: messages, settings and answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from inspect_ai.model import (
    ChatCompletionChoice,
    ChatMessage,
    ChatMessageAssistant,
    ContentReasoning,
    ContentText,
    GenerateConfig,
    ModelOutput,
    ModelUsage,
)

from stagelens.errors import InputError
from stagelens.models.batches import Request, Sampling
from stagelens.models.prompting import Turn

if TYPE_CHECKING:
    from stagelens.models.generation import Completion

_UNKNOWN: Final = ("frequency_penalty", "logit_bias", "logprobs", "presence_penalty", "response_schema")
"""Settings that would change an answer and are not known here: an answer without them would be another experiment's."""


def to_turns(messages: Sequence[ChatMessage]) -> list[Turn]:
    """The conversation as text; earlier thoughts are left out, as chat templates do.

    Raises:
        InputError: it holds something that is not text, or a tool's message.
    """
    turns = []
    for message in messages:
        if message.role == "tool":
            raise InputError(
                "Checkpoints on this machine are asked without tools, and this conversation has a tool's message."
            )
        if not isinstance(message.content, str):
            other = next((part.type for part in message.content if part.type not in ("text", "reasoning")), None)
            if other is not None:
                raise InputError(f"Checkpoints on this machine are asked in text, and this conversation holds {other}.")
        turns.append(Turn(message.role, message.text))
    return turns


def to_request(prompt: str, config: GenerateConfig, *, default_stops: Sequence[str]) -> Request:
    """The request that ``config`` describes. ``default_stops`` hold where it names no stop sequences.

    Raises:
        InputError: ``max_tokens`` is missing, or a setting is not known here.
    """
    for name in _UNKNOWN:
        if getattr(config, name):
            raise InputError(f"Checkpoints on this machine are asked without `{name}`; leave it out.")
    if config.num_choices is not None and config.num_choices > 1:
        raise InputError("Checkpoints on this machine give one answer a request; use epochs in place of `num_choices`.")
    if config.max_tokens is None or config.max_tokens < 1:
        raise InputError("A checkpoint on this machine needs a limit on the answer: set `max_tokens` to 1 or more.")
    return Request(
        prompt,
        config.max_tokens,
        config.seed,
        Sampling(
            temperature=1.0 if config.temperature is None else config.temperature,
            top_p=1.0 if config.top_p is None else config.top_p,
            top_k=config.top_k,
            stops=tuple(default_stops if config.stop_seqs is None else config.stop_seqs),
        ),
    )


def to_output(model: str, completion: Completion) -> ModelOutput:
    """Inspect's form of an answer; thoughts become a reasoning part before the text."""
    message = ChatMessageAssistant(
        content=completion.text
        if completion.thoughts is None
        else [ContentReasoning(reasoning=completion.thoughts), ContentText(text=completion.text)],
        model=model,
        source="generate",
    )
    return ModelOutput(
        model=model,
        choices=[ChatCompletionChoice(message=message, stop_reason=completion.stop_reason)],
        usage=ModelUsage(
            input_tokens=completion.prompt_tokens,
            output_tokens=completion.tokens,
            total_tokens=completion.prompt_tokens + completion.tokens,
            reasoning_tokens=None if completion.thoughts is None else completion.thought_tokens,
        ),
    )
