"""Chats as they stand in training data, and what is wrong with them where something is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from stagelens.errors import InputError

Message = dict[str, Any]


def checked_chat(value: Any, field: str, where: str) -> list[Message]:
    """A chat as templates take it: messages with ``role`` and ``content``, an assistant's with ``tool_calls`` too.

    Calls have the form ``{"type": "function", "function": {"name": …, "arguments": {…}}}``. Arguments may be written as
    JSON text, as some data sets do, and a message that only calls tools may leave its content out. Fields without a
    value, which a table fills in for all rows, are dropped.

    Raises:
        InputError: it is no list of such messages; names the file, the line and the field.
    """
    if not isinstance(value, list) or not value:
        wanted = "a list of messages" if field == "messages" else "a text or messages"
        raise InputError(f"{where}: `{field}` must be {wanted}.")
    return [_message(message, field, where) for message in value]


def _message(message: Any, field: str, where: str) -> Message:
    kept = _valued(message) if isinstance(message, Mapping) else {}
    if kept.get("tool_calls"):
        kept = {"content": ""} | kept | {"tool_calls": [_call(call, field, where) for call in kept["tool_calls"]]}
    if not all(isinstance(kept.get(key), str) for key in ("role", "content")):
        raise InputError(f"{where}: each message in `{field}` needs `role` and `content`, both texts.")
    return kept


def _call(call: Any, field: str, where: str) -> Message:
    kept = _valued(call) if isinstance(call, Mapping) else {}
    function = kept.get("function")
    name, given = (function.get("name"), function.get("arguments")) if isinstance(function, Mapping) else (None, None)
    arguments = _from_json(given) if isinstance(given, str) else given
    if not isinstance(name, str) or not isinstance(arguments, Mapping):
        raise InputError(
            f"{where}: each of the `tool_calls` in `{field}` needs a `function` with `name`, a text, and `arguments`, "
            "their values by name."
        )
    return {**kept, "type": "function", "function": {"name": name, "arguments": _valued(arguments)}}


def _valued(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def _from_json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None
