"""Marks in a chat: where each message's text begins and ends in what a chat template makes of the chat.

A mark is a number between two noncharacters of Unicode, which stand in no text that is exchanged (Unicode 16, 23.7).
It stands inside the whitespace around a text, which many templates strip; an empty text has none, since templates ask
whether there is any. An assistant's text has a mark only at its end, since templates look for thoughts at its start;
among its calls, each name and each text of the arguments has one at its end.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from stagelens.stages.chats import Message

_OPEN: Final = "\ufdd0"
_SHUT: Final = "\ufdd1"
_CLOSE: Final = "\ufdd2"
MARKS: Final = frozenset({_OPEN, _SHUT, _CLOSE})

_MARK: Final = re.compile(f"([{_OPEN}{_SHUT}])([0-9]+){_CLOSE}")


@dataclass(frozen=True, slots=True)
class Mark:
    """A mark that was taken off a text: the message, whether it stood at the end of one of its texts, and where."""

    message: int
    at_end: bool
    place: int


def put(messages: Sequence[Message]) -> list[Message]:
    """The chat with marks in it."""
    return [_marked(message, number) for number, message in enumerate(messages)]


def take(text: str) -> tuple[str, list[Mark]]:
    """The text without its marks, and where they stood in it, in order."""
    pieces, marks, begin, place = [], [], 0, 0
    for found in _MARK.finditer(text):
        pieces.append(text[begin : found.start()])
        place += found.start() - begin
        marks.append(Mark(int(found[2]), found[1] == _SHUT, place))
        begin = found.end()
    return "".join([*pieces, text[begin:]]), marks


def texts(messages: Sequence[Message]) -> Iterator[str]:
    """Every text of a chat: contents, and those among the arguments of calls."""
    for message in messages:
        yield message["content"]
        for call in message.get("tool_calls", ()):
            yield call["function"]["name"]
            yield from _leaves(call["function"]["arguments"])


def _marked(message: Message, number: int) -> Message:
    begin, end = f"{_OPEN}{number}{_CLOSE}", f"{_SHUT}{number}{_CLOSE}"
    spoken = message["role"] == "assistant"
    marked = {**message, "content": _around(message["content"], "" if spoken else begin, end)}
    if spoken and message.get("tool_calls"):
        marked["tool_calls"] = [_marked_call(call, end) for call in message["tool_calls"]]
    return marked


def _marked_call(call: Mapping[str, Any], end: str) -> dict[str, Any]:
    function = call["function"]
    arguments = _at_leaves(function["arguments"], end)
    return {**call, "function": {**function, "name": f"{function['name']}{end}", "arguments": arguments}}


def _at_leaves(value: Any, end: str) -> Any:
    if isinstance(value, str):
        return _around(value, "", end)
    if isinstance(value, Mapping):
        return {name: _at_leaves(each, end) for name, each in value.items()}
    return [_at_leaves(each, end) for each in value] if isinstance(value, list) else value


def _leaves(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for name, each in value.items():
            yield name
            yield from _leaves(each)
    elif isinstance(value, list):
        for each in value:
            yield from _leaves(each)


def _around(text: str, begin: str, end: str) -> str:
    core = text.strip()
    if not core:
        return text
    before = text.index(core)
    return f"{text[:before]}{begin}{core}{end}{text[before + len(core) :]}"
