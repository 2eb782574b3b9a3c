"""Log files of every format, as JSONL and Parquet."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import polars as pl

Row = Mapping[str, Any]

QUESTIONS = ("What is a fjord?", "And who lives there?", "Quel temps fait-il ?", "Write a poem\nabout  rain.")


def conversations() -> list[list[tuple[str, str]]]:
    """Who says what, in a few conversations that end in different ways."""
    fjord, who, weather, poem = QUESTIONS
    return [
        [("user", fjord), ("assistant", "A long inlet."), ("user", who), ("assistant", "Seals.")],
        [("system", "Answer in French."), ("user", weather)],
        [("user", poem), ("assistant", "Drip.")],
    ]


def wildchat(*, extra: Row | None = None) -> list[Row]:
    """As WildChat has them, with more fields than are read."""
    return [
        {
            "conversation_hash": f"{position:032x}",
            "model": "some-model",
            "language": "French" if position == 1 else "English",
            "conversation": [
                {"role": role, "content": text, "language": "English", "toxic": True, "redacted": False, "header": None}
                for role, text in turns
            ],
            "toxic": True,
            **(extra or {}),
        }
        for position, turns in enumerate(conversations())
    ]


def sharegpt() -> list[Row]:
    """As ShareGPT has them."""
    names = {"user": "human", "assistant": "gpt", "system": "system"}
    return [
        {
            "id": f"{position:032x}",
            "conversations": [{"from": names[role], "value": text} for role, text in turns],
            "language": "French" if position == 1 else "English",
        }
        for position, turns in enumerate(conversations())
    ]


def openai(*, parts: bool = False) -> list[Row]:
    """Messages, their content a text or a list of parts."""
    return [
        {
            "id": f"{position:032x}",
            "messages": [
                {"role": role, "content": [{"type": "text", "text": text}] if parts else text} for role, text in turns
            ],
            "language": "French" if position == 1 else "English",
        }
        for position, turns in enumerate(conversations())
    ]


def prompts() -> list[Row]:
    """Lone prompts, one with a system text."""
    return [
        {"id": "a", "prompt": QUESTIONS[0], "system": None},
        {"id": "b", "prompt": QUESTIONS[2], "system": "Answer in French."},
    ]


def write(rows: Iterable[Row], path: Path) -> Path:
    """Writes rows by the ending of ``path``: .jsonl, .jsonl.gz or .parquet."""
    if path.suffix == ".parquet":
        pl.DataFrame(list(rows), infer_schema_length=None).write_parquet(path)
        return path
    text = "".join(json.dumps(row) + "\n" for row in rows).encode()
    path.write_bytes(gzip.compress(text) if path.suffix == ".gz" else text)
    return path


def asked(*texts: str) -> list[Row]:
    """WildChat rows without ids that ask each of these."""
    return [{"conversation": [{"role": "user", "content": text}]} for text in texts]
