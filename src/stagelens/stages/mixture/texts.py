"""A row's turns in words: how much text it is, and whether another row says the same."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from stagelens.stages.mixture.rows import Row

_SPEAKERS: Final = {
    "text": "",
    "prompt": "user",
    "completion": "assistant",
    "chosen": "chosen:assistant",
    "rejected": "rejected:assistant",
}
"""Whose turn a field is that stands as a text."""
_FIELDS: Final = ("text", "messages", "prompt", "completion", "chosen", "rejected")
_WORDS: Final = frozenset({"role", "content"})


def turns(row: Row) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Every turn of a row in order: who speaks, what is said, and what else stands there (calls, names).

    A chat and the same chat as a prompt and a completion have the same turns; a preference's two answers are told
    apart.
    """
    for field in _FIELDS:
        value = row.get(field)
        if isinstance(value, str):
            yield _SPEAKERS[field], value, {}
        elif value is not None:
            before = f"{field}:" if field in ("chosen", "rejected") else ""
            for message in value:
                rest = {key: inner for key, inner in message.items() if key not in _WORDS}
                yield f"{before}{message['role']}", message["content"], rest


def characters(row: Row) -> int:
    """Characters of text in a row, calls of tools as JSON; fields that only a reward reads do not count."""
    return sum(len(said) + (len(json.dumps(rest, ensure_ascii=False)) if rest else 0) for _, said, rest in turns(row))
