"""The one message that a judge gets: the rubric's own words, then the form of the answer."""

from __future__ import annotations

import inspect
import json
from collections.abc import Mapping
from typing import Any, Final

from pydantic import BaseModel

from stagelens.judges.rubric import Record, Rubric

_TYPES: Final = {"string": "text", "integer": "a whole number", "number": "a number", "boolean": "true or false"}


def full_message(rubric: Rubric, record: Record) -> str:
    """What the judge is sent: ``Rubric.message``, then the answer's docstring and its fields."""
    return f"{rubric.message(record).rstrip()}\n\n{answer_form(rubric.answer)}"


def answer_form(answer: type[BaseModel]) -> str:
    """How to answer, in words: what the answer's class says of itself and of each field."""
    fields = answer.model_json_schema()["properties"]
    lines = [f"- {name}: {_described(field)}" for name, field in fields.items()]
    head = "Answer with one JSON object and nothing else. Its fields:"
    return "\n".join([*([inspect.cleandoc(answer.__doc__), ""] if answer.__doc__ else []), head, *lines])


def _described(field: Mapping[str, Any]) -> str:
    return ". ".join(filter(None, (_kind(field), field.get("description", "").rstrip("."))))


def _kind(field: Mapping[str, Any]) -> str:
    if "enum" in field:
        return "one of " + ", ".join(json.dumps(word) for word in field["enum"])
    kind = _TYPES.get(field.get("type", ""))
    choices = field.get("anyOf", ())
    if {"type": "null"} in choices:
        return ", or ".join([*(_kind(choice) for choice in choices if choice != {"type": "null"}), "null"])
    if kind is None:
        schema = {key: value for key, value in field.items() if key not in ("title", "description")}
        return json.dumps(schema, sort_keys=True)
    low, high = field.get("minimum"), field.get("maximum")
    return kind if low is None or high is None else f"{kind} from {low} to {high}"
