"""Rows of a mixture as chats."""

from __future__ import annotations

from typing import Any

from stagelens.stages.chats import Message
from stagelens.stages.mixture import Row


def as_messages(row: Row) -> list[Message]:
    """A row as one chat: its messages, or its prompt as the user's turn and its completion as the assistant's."""
    if "messages" in row:
        return list(row["messages"])
    return _turns(row["prompt"], "user") + (_turns(row["completion"], "assistant") if "completion" in row else [])


def as_preference(row: Row) -> tuple[list[Message], list[Message], list[Message]]:
    """A row as its prompt, the answer that is preferred, and the other one."""
    return _turns(row["prompt"], "user"), _turns(row["chosen"], "assistant"), _turns(row["rejected"], "assistant")


def _turns(content: Any, role: str) -> list[Message]:
    return [{"role": role, "content": content}] if isinstance(content, str) else list(content)
