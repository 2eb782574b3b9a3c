"""The shapes that a row may have, by kind of stage, and what becomes of it: the fields that are trained on, checked."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, Final

from stagelens.errors import InputError
from stagelens.stages.chats import ASKING, checked_chat, from_sharegpt
from stagelens.stages.mixture.origin import Fields
from stagelens.stages.mixture.preferences import preference
from stagelens.stages.mixture.rows import Row
from stagelens.stages.mixture.wording import listed
from stagelens.study.spec import StageKind

Shape = Callable[[Fields, str], Row]


def shape(kind: StageKind) -> Shape:
    """What turns a row's fields into the row of a stage of this kind.

    A pretraining row has ``text``; an SFT row ``messages``, or ``prompt`` and ``completion``; a preference ``prompt``,
    ``chosen`` and ``rejected``, all texts or all chats. An RL row has ``prompt``, and beside it, for rewards to read,
    every field that JSON can hold and that is not null, except those that rows of other kinds are trained on. The
    function raises InputError where a row is none of these.
    """
    return _SHAPES[kind]


def columns(kind: StageKind) -> frozenset[str] | None:
    """The fields that such rows are made of; None where all fields are kept."""
    return _COLUMNS[kind]


def _text(fields: Fields, where: str) -> Row:
    if fields.get("text") is None:
        raise _misshapen(fields, where, "pretrain", "`text`")
    if not isinstance(fields["text"], str):
        raise InputError(f"{where}: `text` must be a text.")
    return {"text": _filled(fields["text"], "text", where)}


def _answered(fields: Fields, where: str) -> Row:
    has = {field for field in _SFT if fields.get(field) is not None}
    if "messages" in has:
        return {"messages": _with_answer(checked_chat(fields["messages"], "messages", where), "messages", where)}
    if has >= {"prompt", "completion"}:
        completion = _said(fields["completion"], "completion", where)
        return {
            "prompt": _said(fields["prompt"], "prompt", where),
            "completion": _with_answer(completion, "completion", where),
        }
    if "conversations" in has:
        chat = from_sharegpt(fields["conversations"], fields.get("system"), "conversations", where)
        return {"messages": _with_answer(chat, "conversations", where)}
    if has >= {"instruction", "output"}:
        return _instruction(fields, where)
    raise _misshapen(
        fields,
        where,
        "sft",
        "`messages` or `prompt` and `completion` (or ShareGPT's `conversations`, or `instruction` and `output`)",
    )


def _instruction(fields: Fields, where: str) -> Row:
    """Alpaca's form: the input, where there is one, stands below the instruction."""
    if fields.get("history"):
        raise InputError(f"{where}: earlier turns in `history` are not read; write the row as `messages`.")
    parts = [_only_text(fields.get(field) or "", field, where) for field in ("instruction", "input")]
    prompt = _filled("\n\n".join(part for part in parts if part.strip()), "instruction", where)
    completion = _filled(_only_text(fields["output"], "output", where), "output", where)
    system = _only_text(fields.get("system") or "", "system", where)
    if not system.strip():
        return {"prompt": prompt, "completion": completion}
    turns = (("system", system), ("user", prompt), ("assistant", completion))
    return {"messages": [{"role": role, "content": content} for role, content in turns]}


def _asked(fields: Fields, where: str) -> Row:
    if fields.get("prompt") is None:
        raise _misshapen(fields, where, "rl", "`prompt`")
    prompt = _said(fields["prompt"], "prompt", where)
    if not isinstance(prompt, str) and prompt[-1]["role"] not in ASKING:
        raise InputError(
            f"{where}: the last turn of `prompt` is the {prompt[-1]['role']}'s, so there is nothing to answer: end it "
            "with the user's turn, or a tool's."
        )
    beside = {field: value for field, value in fields.items() if field not in _OF_OTHERS and _is_json(value)}
    return {field: value for field, value in beside.items() if value is not None} | {"prompt": prompt}


def _preference(fields: Fields, where: str) -> Row:
    if any(fields.get(field) is None for field in ("chosen", "rejected")):
        raise _misshapen(fields, where, "dpo", "`prompt`, `chosen` and `rejected`")
    return preference(fields, where)


def _said(value: Any, field: str, where: str) -> Any:
    return _filled(value, field, where) if isinstance(value, str) else checked_chat(value, field, where)


def _filled(text: str, field: str, where: str) -> str:
    if not text or text.isspace():
        raise InputError(f"{where}: `{field}` is an empty text; fill it or remove the row.")
    return text


def _only_text(value: Any, field: str, where: str) -> str:
    if not isinstance(value, str):
        raise InputError(f"{where}: `{field}` must be a text.")
    return value


def _with_answer(chat: Any, field: str, where: str) -> Any:
    if not isinstance(chat, str) and not any(message["role"] == "assistant" for message in chat):
        raise InputError(f"{where}: no turn in `{field}` is the assistant's, so it teaches nothing; remove the row.")
    return chat


def _is_json(value: Any) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, list):
        return all(_is_json(each) for each in value)
    if isinstance(value, Mapping):
        return all(isinstance(key, str) and _is_json(each) for key, each in value.items())
    return value is None or isinstance(value, str | int)


def _misshapen(fields: Fields, where: str, kind: str, wanted: str) -> InputError:
    given = [field for field, value in fields.items() if value is not None]
    return InputError(f"{where}: a row for {kind} needs {wanted}, and this one has {listed(given)}.")


_SFT: Final = ("messages", "prompt", "completion", "conversations", "instruction", "output")
_OF_OTHERS: Final = frozenset({"text", "messages", "completion", "chosen", "rejected"})
"""Beside an RL prompt these would be taken for a part of the conversation."""
_SHAPES: Final[Mapping[str, Shape]] = {"pretrain": _text, "sft": _answered, "dpo": _preference, "rl": _asked}
_COLUMNS: Final[Mapping[str, frozenset[str] | None]] = {
    "pretrain": frozenset({"text"}),
    "sft": frozenset({*_SFT, "input", "system", "history"}),
    "dpo": frozenset({"prompt", "chosen", "rejected"}),
    "rl": None,
}
