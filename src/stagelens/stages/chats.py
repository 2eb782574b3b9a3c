"""Chats as they stand in training data, and what is wrong with them where something is."""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping
from typing import Any, Final

from stagelens.errors import InputError

Message = dict[str, Any]

ASKING: Final = frozenset({"user", "tool", "function", "ipython", "environment"})
"""Roles that an answer may follow: the user's, and what chat templates call a tool's."""
ROLES: Final = ASKING | {"system", "developer", "assistant"}

SHAREGPT: Final[Mapping[str, str]] = {
    **dict.fromkeys(("human", "user"), "user"),
    **dict.fromkeys(("gpt", "assistant", "model", "chatgpt", "bot", "function_call"), "assistant"),
    **dict.fromkeys(("tool", "observation", "function_response", "function"), "tool"),
    "system": "system",
}
"""What ShareGPT's ``from`` says, by role."""

_SILENT: Final = ROLES - {"user", "assistant"}
"""Roles whose turn may be empty, as a command's output may be."""
WEIGHT: Final = "weight"
"""An assistant's field: 0 for an answer that is shown and not trained on, 1 (as where there is none) for any other."""
_ELSEWHERE: Final = ("tool_calls", "reasoning_content", "thinking")
"""Fields with which an assistant's turn may leave its content out."""


def checked_chat(value: Any, field: str, where: str) -> list[Message]:
    """A chat as templates take it: messages with ``role`` and ``content``, an assistant's with ``tool_calls`` too.

    Calls have the form ``{"type": "function", "function": {"name": …, "arguments": {…}}}``. Arguments may be written as
    JSON text, as some data sets do, and a message that only calls tools may leave its content out. Content in parts is
    joined where all of them are text. Fields without a value, which a table fills in for all rows, are dropped. An
    assistant's ``weight: 0`` says that this answer is shown and not trained on.

    Raises:
        InputError: it is no list of such messages, a role is not known, the user or the assistant says nothing; names
            the file, the line, the field and the message.
    """
    if not isinstance(value, list) or not value:
        wanted = "a list of messages" if field == "messages" else "a text or messages"
        raise InputError(f"{where}: `{field}` must be {wanted}.")
    return [_message(message, field, f"{where}: message {number}") for number, message in enumerate(value, start=1)]


def from_sharegpt(value: Any, system: Any, field: str, where: str) -> list[Message]:
    """ShareGPT's form (``from`` and ``value``) as a chat; ``system`` is a text beside it that is said first.

    A turn ``from: function_call`` holds a call as JSON text. Turns may have ``role`` and ``content`` instead.
    InputError as for ``checked_chat``.
    """
    if not isinstance(value, list) or not value:
        raise InputError(f"{where}: `{field}` must be a list of turns with `from` and `value`.")
    turns = [_turn(turn, field, f"{where}: message {number}") for number, turn in enumerate(value, start=1)]
    if system is not None and not isinstance(system, str):
        raise InputError(f"{where}: `system` must be a text.")
    before = [{"role": "system", "content": system}] if system and system.strip() else []
    return before + checked_chat(turns, field, where)


def _turn(turn: Any, field: str, where: str) -> Message:
    kept = _valued(turn) if isinstance(turn, Mapping) else {}
    if "from" not in kept:
        return kept
    speaker, said = kept["from"], kept.get("value")
    role = SHAREGPT.get(speaker) if isinstance(speaker, str) else None
    if role is None:
        raise InputError(f"{where} of `{field}` is from {_short(speaker)}, which is none of {_spelled(SHAREGPT)}.")
    if speaker == "function_call":
        return {"role": role, "tool_calls": [{"function": _from_json(said) if isinstance(said, str) else said}]}
    return {"role": role, "content": said}


def _message(message: Any, field: str, where: str) -> Message:
    kept = _valued(message) if isinstance(message, Mapping) else {}
    where = f"{where} of `{field}`"
    if kept.get("tool_calls"):
        if not isinstance(kept["tool_calls"], list):
            raise InputError(f"{where}: `tool_calls` must be a list of calls.")
        kept = {"content": ""} | kept | {"tool_calls": [_call(call, where) for call in kept["tool_calls"]]}
    if isinstance(kept.get("content"), list):
        kept["content"] = _joined(kept["content"], where)
    role, content = kept.get("role"), kept.get("content")
    if not isinstance(role, str) or not isinstance(content, str):
        raise InputError(f"{where} needs `role` and `content`, both texts.")
    if role not in ROLES:
        raise InputError(f"{where} has the role {_short(role)}; {_hint(role)}.")
    if not content.strip() and role not in _SILENT and not any(kept.get(each) for each in _ELSEWHERE):
        raise InputError(f"{where} is an empty text of the {role}'s; fill it or remove the row.")
    if WEIGHT in kept:
        return _weighed(kept, where)
    return kept


def is_muted(message: Mapping[str, Any]) -> bool:
    """Whether a message is an answer that is shown and not trained on."""
    return message.get(WEIGHT) == 0


def _weighed(message: Message, where: str) -> Message:
    """The weight is kept only where it says something: most chats that have one say 1 everywhere."""
    weight, rest = message[WEIGHT], {name: value for name, value in message.items() if name != WEIGHT}
    if isinstance(weight, bool) or weight not in (0, 1):
        raise InputError(
            f"{where} has the weight {_short(weight)}; an answer is trained on (1) or only shown (0), and how often a "
            "source comes is said by `weight` in the mixture."
        )
    return {**rest, WEIGHT: 0} if weight == 0 and message["role"] == "assistant" else rest


def _joined(parts: list[Any], where: str) -> str:
    texts = [part.get("text") if isinstance(part, Mapping) else None for part in parts]
    if not all(isinstance(text, str) for text in texts):
        raise InputError(f"{where} has content that is no text; only text can be trained on.")
    return "".join(str(text) for text in texts)


def _call(call: Any, where: str) -> Message:
    kept = _valued(call) if isinstance(call, Mapping) else {}
    function = kept.get("function")
    name, given = (function.get("name"), function.get("arguments")) if isinstance(function, Mapping) else (None, None)
    arguments = _from_json(given) if isinstance(given, str) else given
    if not isinstance(name, str) or not isinstance(arguments, Mapping):
        raise InputError(
            f"{where}: each of its `tool_calls` needs a `function` with `name`, a text, and `arguments`, their "
            "values by name."
        )
    return {**kept, "type": "function", "function": {"name": name, "arguments": _valued(arguments)}}


def _hint(role: str) -> str:
    if role in SHAREGPT:
        return f"did you mean {SHAREGPT[role]!r}? (turns with `from` and `value` go into `conversations`)"
    close = difflib.get_close_matches(role.lower(), ROLES, n=1)
    return f"did you mean {close[0]!r}?" if close else f"known: {', '.join(sorted(ROLES))}"


def _spelled(names: Mapping[str, str]) -> str:
    return ", ".join(names)


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:59]}…"


def _valued(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def _from_json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
