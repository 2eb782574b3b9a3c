"""Between Inspect's types and ours: messages, settings and answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from inspect_ai.model import (
    ChatCompletionChoice,
    ChatMessage,
    ChatMessageAssistant,
    ChatMessageTool,
    ContentReasoning,
    ContentText,
    GenerateConfig,
    ModelOutput,
    ModelUsage,
    StopReason,
)
from inspect_ai.tool import ToolCall, ToolChoice, ToolInfo

from stagelens.errors import InputError
from stagelens.models.answers import Answer
from stagelens.models.batches import Request, Sampling
from stagelens.models.prompting import Turn
from stagelens.models.tool_calls import Tool, ToolUse, call_id

if TYPE_CHECKING:
    from stagelens.models.generation import Completion

_UNKNOWN: Final = ("frequency_penalty", "logit_bias", "logprobs", "presence_penalty", "response_schema")
"""Settings that would change an answer and are not known here: an answer without them would be another experiment's."""


def to_turns(messages: Sequence[ChatMessage]) -> list[Turn]:
    """The conversation as text, with thoughts and tool calls apart.

    Raises:
        InputError: it holds something that is not text.
    """
    turns = []
    # Every identifier is renamed, in the order of appearance.
    ids: dict[str, str] = {}
    for message in messages:
        if not isinstance(message.content, str):
            other = next((part.type for part in message.content if part.type not in ("text", "reasoning")), None)
            if other is not None:
                raise InputError(f"Checkpoints on this machine are asked in text, and this conversation holds {other}.")
        if isinstance(message, ChatMessageTool):
            id = ids.get(message.tool_call_id or "", call_id(len(ids)))
            turns.append(Turn("tool", message.text, name=message.function, ids=(id,)))
        elif isinstance(message, ChatMessageAssistant):
            calls = message.tool_calls or []
            for call in calls:
                ids[call.id] = call_id(len(ids))
            turns.append(
                Turn(
                    "assistant",
                    message.text,
                    thoughts=_thoughts(message),
                    calls=tuple(ToolUse(call.function, call.arguments) for call in calls),
                    ids=tuple(ids[call.id] for call in calls),
                )
            )
        else:
            turns.append(Turn(message.role, message.text))
    return turns


def _thoughts(message: ChatMessageAssistant) -> str | None:
    if isinstance(message.content, str):
        return None
    parts = [part.reasoning for part in message.content if isinstance(part, ContentReasoning)]
    return "\n".join(parts) if parts else None


def to_tools(tools: Sequence[ToolInfo], choice: ToolChoice) -> list[Tool]:
    """The tools that are offered.

    Raises:
        InputError: the choice is not the model's.
    """
    if not tools or choice == "none":
        return []
    if choice != "auto":
        raise InputError("A checkpoint on this machine chooses its tools itself: ask it with the tool choice `auto`.")
    return [Tool(tool.name, tool.description, tool.parameters.model_dump(exclude_none=True)) for tool in tools]


def to_request(
    prompt: str,
    config: GenerateConfig,
    *,
    default_stops: Sequence[str] = (),
    closes: Sequence[str] = (),
    markup: bool = False,
) -> Request:
    """The request that ``config`` describes. ``default_stops`` hold where it names no stop sequences.

    ``closes`` and ``markup`` are those of ``Sampling`` and ``Request``.

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
            closes=tuple(closes),
        ),
        markup,
    )


def to_output(model: str, completion: Completion, answer: Answer, *, earlier_calls: int = 0) -> ModelOutput:
    """Inspect's form of an answer; thoughts become a reasoning part before the text.

    ``earlier_calls`` is how many tool calls the conversation holds already: identifiers go on from there.
    """
    calls = [
        ToolCall(call_id(number), call.name, dict(call.arguments), parse_error=call.fault)
        for number, call in enumerate(answer.calls, start=earlier_calls)
    ]
    message = ChatMessageAssistant(
        content=answer.text
        if answer.thoughts is None
        else [ContentReasoning(reasoning=answer.thoughts), ContentText(text=answer.text)],
        tool_calls=calls or None,
        model=model,
        source="generate",
    )
    reason: StopReason = "tool_calls" if calls and completion.stop_reason == "stop" else completion.stop_reason
    return ModelOutput(
        model=model,
        choices=[ChatCompletionChoice(message=message, stop_reason=reason)],
        usage=ModelUsage(
            input_tokens=completion.prompt_tokens,
            output_tokens=completion.tokens,
            total_tokens=completion.prompt_tokens + completion.tokens,
            reasoning_tokens=None if answer.thoughts is None else completion.thought_tokens,
        ),
    )
