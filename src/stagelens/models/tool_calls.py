"""Tool calls as text: how they are written, and how they are read out of what a model generated. Plain text only.

Written is the form of Hermes and Qwen: ``<tool_call>{"name": "bash", "arguments": {"command": "ls"}}</tool_call>``.
Read are that form, and Llama's: a message that is nothing but ``{"name": …, "parameters": {…}}``, with or without
``<|python_tag|>`` before it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

OPEN: Final = "<tool_call>"
CLOSE: Final = "</tool_call>"
PYTHON_TAG: Final = "<|python_tag|>"
MARKERS: Final = (OPEN, CLOSE, PYTHON_TAG)
NAMELESS: Final = "unknown"
"""The name of a call whose own cannot be read."""
MAX_DEPTH: Final = 50
"""Arguments nested deeper are refused: logs cannot hold them."""

_NAME: Final = re.compile(r'"name"\s*:\s*"([^"\\]{1,100})"')


@dataclass(frozen=True, slots=True)
class ToolUse:
    """One call of a tool. ``fault`` says why its arguments could not be read; they are empty then."""

    name: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    fault: str | None = None


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool that is offered; ``parameters`` is a JSON schema."""

    name: str
    description: str
    parameters: Mapping[str, Any]

    def schema(self) -> dict[str, Any]:
        """The form that chat templates take."""
        function = {"name": self.name, "description": self.description, "parameters": dict(self.parameters)}
        return {"type": "function", "function": function}


def call_id(number: int) -> str:
    """The identifier of the conversation's tool call with this number, from 0.

    Some chat templates want nine letters and digits.
    """
    return f"call{number:05d}"


def written(call: ToolUse) -> str:
    """A call in its tags."""
    content = json.dumps({"name": call.name, "arguments": dict(call.arguments)}, ensure_ascii=False)
    return f"{OPEN}{content}{CLOSE}"


def described(tools: Sequence[Tool]) -> str:
    """The tools in words, for a prompt that has no other way to tell of them."""
    listed = "\n".join(json.dumps(tool.schema()["function"], ensure_ascii=False) for tool in tools)
    example = f'{OPEN}{{"name": "<name>", "arguments": {{"<argument>": "<value>"}}}}{CLOSE}'
    return f"These tools can be used:\n{listed}\nTo use one, write {example}; its result comes in the next message."


def read_calls(text: str, names: Collection[str]) -> tuple[str, tuple[ToolUse, ...]]:
    """The text around the calls in an answer, and the calls.

    Args:
        text: what the model generated, without thoughts.
        names: the tools that were offered. JSON without tags is a call only of one of these.

    Returns:
        A call whose JSON is wrong or was cut off has its ``fault``. The text is as it was where there is no call.
    """
    if OPEN in text:
        before, *parts = text.split(OPEN)
        calls, around = [], [before]
        for part in parts:
            body, _, after = part.partition(CLOSE)
            calls.append(_read(body))
            around.append(after)
        return "\n".join(piece.strip() for piece in around if piece.strip()), tuple(calls)
    before, tag, body = text.partition(PYTHON_TAG)
    if tag:
        return before.strip(), _several(body) or (_read(body),)
    bare = _several(text)
    if bare and all(call.fault is None and call.name in names for call in bare):
        return "", bare
    return text, ()


def _several(text: str) -> tuple[ToolUse, ...]:
    """Calls that are written one after the other, with white space or semicolons between; none where text is not so."""
    decoder = json.JSONDecoder()
    calls, rest = [], text.strip()
    while rest:
        try:
            value, end = decoder.raw_decode(rest)
        except (ValueError, RecursionError):
            return ()
        if not isinstance(value, dict) or "name" not in value:
            return ()
        calls.append(_read(rest[:end]))
        rest = rest[end:].lstrip("; \t\r\n")
    return tuple(calls)


def _read(body: str) -> ToolUse:
    try:
        value = json.loads(body)
        arguments = value.get("arguments", value.get("parameters", {}))
        return checked(value["name"], json.loads(arguments) if isinstance(arguments, str) else arguments)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        return unreadable(body, error)


def unreadable(body: str, error: Exception) -> ToolUse:
    """A call that cannot be read, by the name that it seems to have."""
    found = _NAME.search(body)
    shown = body.strip().encode(errors="replace").decode()
    return ToolUse(
        found.group(1) if found else NAMELESS,
        fault=f"Error parsing the following tool call:\n\n{shown}\n\nError details: {error}",
    )


def checked(name: Any, arguments: Any) -> ToolUse:
    """A call that can be logged and run.

    Raises:
        TypeError: the name is not text or the arguments are not an object.
        ValueError: they are nested too deeply, or hold what is no text.
    """
    if not isinstance(name, str) or not isinstance(arguments, dict):
        raise TypeError("a call is an object with a name and with arguments, which are an object")
    if _depth(arguments) > MAX_DEPTH:
        raise ValueError(f"arguments are nested deeper than {MAX_DEPTH}")
    # Half a surrogate pair is valid JSON and no text.
    json.dumps([name, arguments], ensure_ascii=False).encode()
    return ToolUse(name, arguments)


def _depth(value: Any) -> int:
    if isinstance(value, dict):
        value = list(value.values())
    return 1 + max(map(_depth, value), default=0) if isinstance(value, list) else 0
