"""What a completion says: thoughts, text and tool calls, by the tokenizer's own rules where it declares any."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from stagelens.models.tool_calls import MARKERS, Tool, ToolUse, checked, read_calls, unreadable

if TYPE_CHECKING:
    from stagelens.models.generation import Completion

_THOUGHTS: Final = ("reasoning_content", "thinking", "reasoning")
"""Under which of these names tokenizers put thoughts."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A completion that was read. ``thoughts`` is None where the model did not think."""

    text: str
    thoughts: str | None
    calls: tuple[ToolUse, ...]


def needs_markup(tools: Sequence[Tool], tokenizer: Any) -> bool:
    """Whether the special tokens in an answer of a chat model are needed to read it."""
    return bool(tools) or _declares(tokenizer)


def read_answer(completion: Completion, prompt: str, tools: Sequence[Tool], tokenizer: Any | None) -> Answer:
    """Read a completion.

    Args:
        completion: with its special tokens in the text where ``needs_markup``.
        prompt: what it continues.
        tools: those that were offered. Without any, nothing is taken for a call by our own rules.
        tokenizer: the checkpoint's; None where it was not asked as a chat.

    Returns:
        What the tokenizer declares where it does, else what our own rules find. An answer that its declaration cannot
        read, and in which our rules find no call either, is a call with a fault where tools were offered.
    """
    text, unread = completion.text, None
    if tokenizer is not None and needs_markup(tools, tokenizer):
        if _declares(tokenizer):
            try:
                return _as_declared(completion, prompt, tools, tokenizer)
            except Exception as error:  # what a declaration raises is its own: our rules read the answer then
                unread = error
        text = _without_special_tokens(text, tokenizer)
    if not tools:
        return Answer(text, completion.thoughts, ())
    text, calls = read_calls(text, {tool.name for tool in tools})
    if unread is not None and not calls:
        calls = (unreadable(completion.text, unread),)
    return Answer(text, completion.thoughts, calls)


def _declares(tokenizer: Any) -> bool:
    """Whether a tokenizer says itself how its model's answers are read."""
    return getattr(tokenizer, "response_template", None) is not None


def _as_declared(completion: Completion, prompt: str, tools: Sequence[Tool], tokenizer: Any) -> Answer:
    """The answer as the tokenizer reads it. It raises where it cannot, as with a call whose JSON is wrong."""
    message = tokenizer.parse_response(
        completion.generated, prefix=prompt, tools=[tool.schema() for tool in tools] or None
    )
    calls = tuple(_use(call) for call in message.get("tool_calls") or ())
    thoughts = next((str(message[name]) for name in _THOUGHTS if message.get(name)), None)
    return Answer(_without_special_tokens(str(message.get("content") or ""), tokenizer), thoughts, calls)


def _use(call: Mapping[str, Any]) -> ToolUse:
    """A call in the form that chat templates take.

    Raises:
        ValueError, TypeError: it is not one.
    """
    function = call.get("function", call)
    arguments = function["arguments"]
    return checked(function["name"], json.loads(arguments) if isinstance(arguments, str) else arguments)


def _without_special_tokens(text: str, tokenizer: Any) -> str:
    added = [str(token) for token in tokenizer.added_tokens_decoder.values() if token.special]
    special = {*tokenizer.all_special_tokens, *added} - set(MARKERS)
    return re.sub("|".join(map(re.escape, sorted(special, key=len, reverse=True))), "", text) if special else text
