"""Preferences in their several forms, made one: a prompt and two answers to it, all texts or all chats."""

from __future__ import annotations

from typing import Any

from stagelens.errors import InputError
from stagelens.stages.chats import Message, checked_chat
from stagelens.stages.mixture.origin import Fields
from stagelens.stages.mixture.rows import Row

_ANSWERS = ("chosen", "rejected")


def preference(fields: Fields, where: str) -> Row:
    """A row with ``prompt``, ``chosen`` and ``rejected``.

    Where both answers are whole conversations, what they begin with in common is the prompt, as in TRL's implicit form,
    whether the row has a ``prompt`` beside them or not. Where one of the three is a chat, all become chats.

    Raises:
        InputError: an answer is missing or empty, or there is nothing that both answer.
    """
    prompt = fields.get("prompt")
    chosen, rejected = (_said(fields[field], field, where) for field in _ANSWERS)
    if prompt is None:
        if isinstance(chosen, str) or isinstance(rejected, str):
            raise InputError(f"{where}: `chosen` and `rejected` are answers to no `prompt`; give the row one.")
        prompt, chosen, rejected = _shared(chosen, rejected, where)
    else:
        prompt = _said(prompt, "prompt", where)
    if all(isinstance(each, str) for each in (prompt, chosen, rejected)):
        return {"prompt": prompt, "chosen": chosen, "rejected": rejected}
    prompt = _turns(prompt, "user")
    chosen, rejected = (_turns(each, "assistant") for each in (chosen, rejected))
    if _same(chosen[0], rejected[0]) and chosen[0]["role"] != "assistant":
        prompt, chosen, rejected = _shared(chosen, rejected, where)
    for field, answer in (("chosen", chosen), ("rejected", rejected)):
        if not any(message["role"] == "assistant" for message in answer):
            raise InputError(f"{where}: no turn in `{field}` is the assistant's; give it an answer or remove the row.")
    return {"prompt": prompt, "chosen": chosen, "rejected": rejected}


def _shared(chosen: Any, rejected: Any, where: str) -> tuple[list[Message], list[Message], list[Message]]:
    shortest = min(len(chosen), len(rejected)) - 1  # an answer of each is left over
    length = 0
    while length < shortest and _same(chosen[length], rejected[length]):
        length += 1
    if not length:
        raise InputError(
            f"{where}: `chosen` and `rejected` do not begin alike, so there is no prompt that both answer; give the "
            "row a `prompt`."
        )
    return chosen[:length], chosen[length:], rejected[length:]


def _same(one: Message, other: Message) -> bool:
    return one == other


def _said(value: Any, field: str, where: str) -> Any:
    if not isinstance(value, str):
        return checked_chat(value, field, where)
    if not value.strip():
        raise InputError(f"{where}: `{field}` is an empty text; fill it or remove the row.")
    return value


def _turns(said: Any, role: str) -> list[Message]:
    return [{"role": role, "content": said}] if isinstance(said, str) else said
