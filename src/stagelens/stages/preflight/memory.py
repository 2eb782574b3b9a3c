"""Chats that were rendered before: what several stages are trained on is tokenised once.

Before a stage is trained its rows are examined, and an audit trains a stage many times on mixtures that share most of
theirs. Inside ``remembering`` a chat that the same tokenizer and template have rendered is not rendered again.
"""

from __future__ import annotations

import hashlib
import json
from array import array
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from stagelens.stages.chats import Message

MOST: Final = 30_000_000
"""Tokens that are remembered, 8 bytes each; what goes beyond is rendered each time."""


class Chat(NamedTuple):
    """A chat as tokens, labels and what is told of it, whichever source it is from."""

    input_ids: Sequence[int]
    labels: Sequence[int]
    spells: bool
    context: int
    muted: int


@dataclass(slots=True)
class _Memory:
    chats: dict[bytes, Chat]
    room: int


_MEMORY: Final[ContextVar[_Memory | None]] = ContextVar("remembered", default=None)


@contextmanager
def remembering() -> Iterator[None]:
    """Inside the block chats are remembered; a block inside a block shares the outer one's."""
    if _MEMORY.get() is not None:
        yield
        return
    token = _MEMORY.set(_Memory({}, MOST))
    try:
        yield
    finally:
        _MEMORY.reset(token)


class Remembered:
    """What is remembered of one tokenizer and template; nothing outside ``remembering``."""

    def __init__(self, tokenizer: Any, template: str) -> None:
        self._memory = _MEMORY.get()
        self._by = b""
        if self._memory is not None:
            self._by = _digest(tokenizer.backend_tokenizer.to_str(), template, list(tokenizer.all_special_tokens))

    def find(self, messages: Sequence[Message]) -> Chat | None:
        """The chat, where it is known."""
        return None if self._memory is None else self._memory.chats.get(self._key(messages))

    def keep(self, messages: Sequence[Message], chat: Chat) -> None:
        """Remember it, as long as there is room."""
        if self._memory is not None and len(chat.input_ids) <= self._memory.room:
            self._memory.room -= len(chat.input_ids)
            packed = chat._replace(input_ids=array("i", chat.input_ids), labels=array("i", chat.labels))
            self._memory.chats[self._key(messages)] = packed

    def _key(self, messages: Sequence[Message]) -> bytes:
        return _digest(self._by.hex(), messages)


def _digest(*parts: Any) -> bytes:
    return hashlib.sha256(json.dumps(parts, ensure_ascii=False).encode()).digest()
