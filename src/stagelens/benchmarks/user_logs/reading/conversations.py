"""From a row to what is replayed: the system text and the turns up to the last user turn.

All formats are read alike: a message says who speaks in ``role`` or ``from``, and what in ``content``, ``value`` or
``text``.

- What comes after the last user turn is dropped; the assistant turns before it are replayed as logged.
- A blank turn counts as not there, so the last user turn is the last one that says something.
- System and developer messages are joined with a blank line into one system text, after the row's own system column.
- Neighbouring turns of one role are joined with a blank line.
- Text parts of a message are joined by line breaks; parts with a model's thoughts are dropped.
- A tool's answer or a tool call among the replayed turns leaves the row out: without the tool it cannot be replayed,
  and cut there, its system text would speak of tools that nobody gives. Tool calls after the last user turn do not
  matter.
- An image or another part that is not text, among the replayed turns, leaves the row out.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple

from stagelens.benchmarks.user_logs.reading.prompts import Reason, Role, Turns

Speaker = Literal["user", "assistant", "system", "tool"]

_WORDS: Final[Mapping[Speaker, tuple[str, ...]]] = {
    "user": ("user", "human", "prompter", "customer"),
    "assistant": ("assistant", "gpt", "chatgpt", "bing", "bard", "model", "bot", "chatbot", "ai"),
    "system": ("system", "developer"),
    "tool": (
        "tool", "function", "ipython", "observation", "environment",
        "function_call", "function_response", "tool_call", "tool_response",
    ),
}  # fmt: skip
_SPEAKERS: Final = {word: speaker for speaker, words in _WORDS.items() for word in words}
_TEXT_PARTS: Final = frozenset({"text", "input_text", "output_text"})
_THOUGHTS: Final = frozenset({"thinking", "redacted_thinking", "reasoning"})
_TOOL_PARTS: Final = ("tool", "function", "server_tool")
_PARAGRAPH: Final = "\n\n"


class MalformedError(Exception):
    """A row that is not of the format; the message says what is wrong with which field, without a full stop."""


@dataclass(frozen=True, slots=True)
class Conversation:
    """What is replayed: ``turns`` alternate and end with a user turn; the assistant may open."""

    system: str | None
    turns: Turns

    def without_opening(self) -> Conversation:
        """The conversation from its first user turn on."""
        return self if self.turns[0][0] == "user" else Conversation(self.system, self.turns[1:])


class _Message(NamedTuple):
    speaker: Speaker
    text: str
    left_out: Reason | None  # why a conversation that replays this message is left out


def conversation_of(content: Any, field: str, *, is_prompt: bool, system: str | None) -> Conversation | Reason:
    """What is replayed of a row, or why the row is left out.

    ``content`` is what the row has in ``field``: messages, also written as JSON text, or with ``is_prompt`` a text
    that is the prompt. ``system`` is the text of the row's system column.

    Raises:
        MalformedError: it is none of these.
    """
    if isinstance(content, str):
        content = [{"role": "user", "content": content}] if is_prompt else _from_json(content, field)
    messages = list(_messages(content, field))
    asked = [position for position, message in enumerate(messages) if message.speaker == "user"]
    if not asked:
        return "empty" if content is None else "no_user_turn"
    spoken = [position for position in asked if messages[position].text or messages[position].left_out]
    if not spoken:
        return "empty"
    replayed = messages[: spoken[-1] + 1]
    reasons = [message.left_out for message in replayed if message.left_out is not None]
    if reasons:
        return "tool_use" if "tool_use" in reasons else reasons[0]
    systems = [system] if system else []
    systems += [message.text for message in replayed if message.speaker == "system" and message.text]
    return Conversation(_PARAGRAPH.join(dict.fromkeys(systems)) or None, _joined(replayed))


def clean(text: str) -> str:
    """The text as Unicode: halves of characters that were cut through become the replacement character."""
    if text.isascii():
        return text
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def _joined(messages: list[_Message]) -> Turns:
    turns: list[tuple[Role, str]] = []
    for speaker, text, _ in messages:
        if not text or speaker not in ("user", "assistant"):
            continue
        if turns and turns[-1][0] == speaker:
            turns[-1] = (speaker, turns[-1][1] + _PARAGRAPH + text)
        else:
            turns.append((speaker, text))
    return tuple(turns)


def _messages(content: Any, field: str) -> Iterator[_Message]:
    if content is None:
        return
    if not isinstance(content, list):
        raise MalformedError(f"`{field}` must be a list of messages or a prompt's text, not {_named(content)}")
    for position, message in enumerate(content):
        if not isinstance(message, dict):
            raise MalformedError(f"`{field}[{position}]` must be an object with a role and a content")
        yield _message(message, f"{field}[{position}]")


def _from_json(text: str, field: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise MalformedError(f"`{field}` must be a list of messages; its text is not JSON") from None


def _message(message: dict[str, Any], field: str) -> _Message:
    name = _first(message, "role", "from")
    speaker = _SPEAKERS.get(name.strip().lower()) if isinstance(name, str) else None
    if speaker is None:
        raise MalformedError(f"`{field}` must say who speaks (user, assistant, system, tool); it says {_shown(name)}")
    if speaker == "tool" or message.get("tool_calls") or message.get("function_call"):
        return _Message(speaker, "", "tool_use")
    content = _first(message, "content", "value", "text")
    if content is None or isinstance(content, str):
        return _Message(speaker, _spoken(content or ""), None)
    if isinstance(content, dict):
        content = [content]
    if not isinstance(content, list):
        raise MalformedError(f"the content of `{field}` must be a text or a list of parts, not {_named(content)}")
    return _parts(speaker, content, field)


def _parts(speaker: Speaker, parts: list[Any], field: str) -> _Message:
    texts = []
    reason: Reason | None = None
    for part in parts:
        if isinstance(part, str):
            texts.append(part)
            continue
        if not isinstance(part, dict):
            raise MalformedError(f"a part of `{field}` must be a text or an object, not {_named(part)}")
        kind = part.get("type")
        text = part.get("text")
        if isinstance(text, str) and (kind is None or kind in _TEXT_PARTS):
            texts.append(text)
        elif isinstance(kind, str) and kind.startswith(_TOOL_PARTS):
            reason = "tool_use"
        elif kind not in _THOUGHTS:
            reason = reason or "not_text"
    text = _spoken("\n".join(texts))
    if reason == "tool_use" and speaker == "user" and not text:
        return _Message("tool", "", reason)  # some formats hand a tool's answer over as the user's
    return _Message(speaker, text, reason)


def _spoken(text: str) -> str:
    """The text, unchanged but for broken characters; nothing where it is blank."""
    return clean(text) if text and not text.isspace() else ""


def _first(message: dict[str, Any], *names: str) -> Any:
    return next((message[name] for name in names if message.get(name) is not None), None)


def _named(value: Any) -> str:
    names = {bool: "true or false", int: "a number", float: "a number", dict: "an object", list: "a list"}
    return names.get(type(value), "something else")


def _shown(value: Any) -> str:
    text = repr(value)
    return "nothing" if value is None else text if len(text) <= 40 else text[:37] + "…"
