"""Asks a model thousands of single questions without a sample of Inspect's for each.

A checkpoint on this machine answers a whole list in its own batches. Any other model is asked through Inspect, which
bounds how many requests are under way, tries again and caches.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, TypeAlias, cast

from stagelens.errors import cause_of
from stagelens.judges.turns import conversation_of
from stagelens.models import LOCAL_PROVIDER
from stagelens.models.prompting import Turn

if TYPE_CHECKING:
    from inspect_ai.model import CachePolicy, GenerateConfig, Model

    from stagelens.models.provider import LocalModel


@dataclass(frozen=True, slots=True)
class Question:
    """A conversation that ends with the user's words, and the seed of its answer."""

    turns: tuple[Turn, ...]
    seed: int


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back.

    Attributes:
        text: None where nothing did, and ``error`` says why.
        thoughts: None where there are none.
        stop_reason: as Inspect has it: ``stop``, ``max_tokens``, ``model_length``, ``content_filter`` …
        prompt_tokens: read; 0 where the provider does not say.
        tokens: generated, thoughts included; 0 where the provider does not say.
        error: one line.
    """

    text: str | None
    thoughts: str | None = None
    stop_reason: str | None = None
    prompt_tokens: int = 0
    tokens: int = 0
    error: str | None = None


Ask: TypeAlias = Callable[[Sequence[Question]], list[Answer]]
"""Gives one answer a question, in their order."""


@contextmanager
def in_bulk(model: Model, config: GenerateConfig, *, cache: CachePolicy | bool = False) -> Iterator[Ask]:
    """A function that asks ``model`` many questions at a time.

    Args:
        model: any of Inspect's, ours included.
        config: how answers are generated; a question's seed is added to it.
        cache: where answers of models that cost money are kept.
    """
    if str(model).startswith(f"{LOCAL_PROVIDER}/"):
        yield partial(cast("LocalModel", model.api).answer_together, config=config)
        return
    # One loop for all: a provider's connections belong to the loop that opened them.
    with asyncio.Runner() as runner:
        yield lambda questions: runner.run(_ask_each(model, questions, config, cache))


async def _ask_each(
    model: Model, questions: Sequence[Question], config: GenerateConfig, cache: CachePolicy | bool
) -> list[Answer]:
    return list(await asyncio.gather(*(_ask(model, question, config, cache) for question in questions)))


async def _ask(model: Model, question: Question, config: GenerateConfig, cache: CachePolicy | bool) -> Answer:
    from inspect_ai.model import ChatMessage, ChatMessageAssistant, ChatMessageSystem, ChatMessageUser, GenerateConfig

    roles = {"system": ChatMessageSystem, "user": ChatMessageUser, "assistant": ChatMessageAssistant}
    messages = [cast("ChatMessage", roles[turn.role](content=turn.text)) for turn in question.turns]
    try:
        own = config.merge(GenerateConfig(seed=question.seed))
        output = await model.generate(messages, config=own, cache=cache)
    except Exception as error:  # whatever a provider raises, it is the provider's
        return Answer(None, error=cause_of(error))
    if output.error or not output.choices:
        return Answer(None, error=cause_of(output.error or "") or "no answer came")
    parts = conversation_of([output.message]).parts
    thoughts = "\n\n".join(part.text for part in parts if part.kind == "thoughts")
    usage = output.usage
    return Answer(
        text="\n".join(part.text for part in parts if part.kind == "said"),
        thoughts=thoughts or None,
        stop_reason=output.stop_reason,
        prompt_tokens=usage.input_tokens if usage else 0,
        tokens=usage.output_tokens if usage else 0,
    )
