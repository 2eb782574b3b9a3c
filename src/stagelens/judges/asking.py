"""Asks a judge about one record, through any Inspect model. Whatever goes wrong becomes a cause, never a value."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from stagelens.errors import cause_of
from stagelens.judges.answer import UnusableAnswerError, parse_answer
from stagelens.judges.rubric import Rubric
from stagelens.models import LOCAL_PROVIDER
from stagelens.models.patience import patience
from stagelens.models.watch import GivenUpError

if TYPE_CHECKING:
    from inspect_ai.model import CachePolicy, GenerateConfig, Model, ModelOutput

TRIES: Final = 5
FILTERED: Final = "filtered by the judge's provider"
_CUT: Final = {
    "max_tokens": "the judge's answer was cut at the token limit",
    "model_length": "the record and an answer do not fit into the judge's context",
}


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a judge said of one record.

    Attributes:
        answer: its structured answer as plain JSON; None where it gave none.
        values: each measure's value; empty where there is no answer.
        cause: why there is none.
        tries: how often it was asked.
    """

    answer: dict[str, Any] | None
    values: dict[str, float]
    cause: str | None
    tries: int


async def ask(
    model: Model,
    rubric: Rubric,
    message: str,
    group: str,
    *,
    max_tokens: int,
    cache: Callable[[int], CachePolicy | bool],
) -> Judgement:
    """Ask up to five times, at temperature 0, until an answer has the rubric's fields.

    An answer that is none is shown to the judge again with what is wrong with it. The schema is given to the provider
    where it may take one; after a provider's error it is left out, in case that was why. A provider that was given up
    (see ``models.watch``) is not asked again.

    Args:
        model: the judge.
        rubric: for the form of the answer and what it means.
        message: ``message.full_message`` of the record.
        group: the item's, for ``Rubric.values``.
        max_tokens: of an answer, thoughts included.
        cache: from the number of the try, from 1, to how its answer is cached.
    """
    from inspect_ai.model import ChatMessage, ChatMessageAssistant, ChatMessageUser, GenerateConfig

    asked: ChatMessage = ChatMessageUser(content=message)
    conversation = [asked]
    schema, cause = not str(model).startswith(f"{LOCAL_PROVIDER}/"), ""
    for number in range(1, TRIES + 1):
        config = _config(rubric, max_tokens, schema=schema).merge(GenerateConfig(**patience(model)))
        try:
            output = await model.generate(conversation, config=config, cache=cache(number))
        except GivenUpError as error:
            return Judgement(None, {}, f"the judge's provider failed: {error}", number)
        except Exception as error:  # whatever a provider raises, it is the provider's
            cause, schema = f"the judge's provider failed: {cause_of(error)}", False
            continue
        try:
            answer = parse_answer(_text(output), rubric.answer)
        except UnusableAnswerError as error:
            cut = _CUT.get(output.stop_reason) if output.choices else None
            cause = cut or str(error)
            if output.completion.strip() and cut is None:
                said = ChatMessageAssistant(content=output.completion)
                conversation = [asked, said, ChatMessageUser(content=_again(cause))]
            continue
        values = dict(rubric.values(answer, group))
        assert all(map(math.isfinite, values.values())), f"{rubric.name}: {values} are no values"
        return Judgement(answer.model_dump(mode="json"), values, None, number)
    return Judgement(None, {}, f"{cause}, in each of {TRIES} tries", TRIES)


def _config(rubric: Rubric, max_tokens: int, *, schema: bool) -> GenerateConfig:
    from inspect_ai.model import GenerateConfig, ResponseSchema
    from inspect_ai.util import json_schema

    form = ResponseSchema(name=f"{rubric.name}_answer", json_schema=json_schema(rubric.answer)) if schema else None
    return GenerateConfig(temperature=0.0, max_tokens=max_tokens, response_schema=form)


def _text(output: ModelOutput) -> str:
    """What the judge wrote. UnusableAnswerError where there is nothing to read."""
    if output.error or not output.choices:
        raise UnusableAnswerError(f"the judge's provider failed: {output.error or 'no answer came'}")
    if output.stop_reason == "content_filter":
        raise UnusableAnswerError(FILTERED)
    if not output.completion.strip():
        raise UnusableAnswerError("the judge's answer is empty")
    return output.completion


def _again(cause: str) -> str:
    return f"This cannot be used: {cause}. Answer again, with one JSON object that has the fields asked for."
