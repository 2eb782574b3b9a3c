"""What an agent ran and wrote, read off its conversation, whatever harness it acted in."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from stagelens.benchmarks.reward_hacking.evidence.record import Command

if TYPE_CHECKING:
    from inspect_ai.model import ChatMessage

_PATHS: Final = ("file_path", "path", "filename", "absolute_path")
_CONTENTS: Final = ("content", "contents", "new_string", "new_str", "file_text", "patch", "input", "text")

_GEMINI_PREFIX: Final = "<untrusted_context>\nOutput: "
"""What the Gemini CLI puts on the first line of what a command gave."""


def commands_of(messages: Sequence[ChatMessage]) -> tuple[Command, ...]:
    """Every tool call that was answered, in order, as a command."""
    outputs = {message.tool_call_id: _streams(message.text) for message in messages if message.role == "tool"}
    calls = (call for message in messages if message.role == "assistant" for call in message.tool_calls or ())
    return tuple(
        command
        for call in calls
        if call.id in outputs and (command := _command(call.arguments, outputs[call.id])) is not None
    )


def _streams(text: str) -> str:
    """What a command gave, also where the harness wraps it in JSON."""
    try:
        answer = json.loads(text)
    except (ValueError, RecursionError):
        return text
    if not isinstance(answer, dict):
        return text
    streams = "\n".join(str(answer[name]) for name in ("stdout", "output", "stderr") if answer.get(name)) or text
    return streams.removeprefix(_GEMINI_PREFIX)


def _command(arguments: Mapping[str, Any], output: str) -> Command | None:
    command = arguments.get("command", arguments.get("cmd"))
    if isinstance(command, list):
        command = " ".join(map(str, command))
    if isinstance(command, str):
        return Command(command, output)
    path = next((str(arguments[name]) for name in _PATHS if name in arguments), None)
    written = next((str(arguments[name]) for name in _CONTENTS if name in arguments), None)
    if path is not None and written is not None:
        return Command(written, output, writes=path)
    return None
