"""Turns pydantic's errors into plain sentences about fields of a study file."""

from __future__ import annotations

import difflib
import types
from collections.abc import Container, Mapping
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from stagelens.study.problems import FieldPath, Problem, nearest

_TYPES = {
    "bool_type": "true or false",
    "dict_type": "a mapping of keys to values",
    "float_type": "a number",
    "int_type": "a whole number",
    "list_type": "a list",
    "model_type": "a mapping of keys to values",
    "tuple_type": "a list",
}
_BOUNDS = {
    "greater_than": "more than {gt}",
    "greater_than_equal": "at least {ge}",
    "less_than": "less than {lt}",
    "less_than_equal": "at most {le}",
}


def explain(error: ValidationError, model: type[BaseModel]) -> list[Problem]:
    """Every error of a failed validation of ``model``, in plain words, consequences of other errors left out.

    Unknown keys come first: they are what was written, a missing key often only what was meant.
    """
    details = sorted(error.errors(include_url=False), key=lambda detail: detail["type"] != "extra_forbidden")
    misspelt = {
        (*detail["loc"][:-1], key)
        for detail in details
        if detail["type"] == "extra_forbidden"
        for key in difflib.get_close_matches(str(detail["loc"][-1]), known_keys(model, detail["loc"][:-1]), n=1)
    }
    return [_explain(detail, model) for detail in details if not _follows_from_another(detail, misspelt)]


def _follows_from_another(detail: ErrorDetails, misspelt: Container[FieldPath]) -> bool:
    """Whether an error only repeats what another one says.

    A list with a faulty entry is called too short as well; a default that is made from a faulty field cannot be made; a
    key that was misspelt is missing.
    """
    if detail["type"] == "too_short":
        return len(detail["input"]) >= int(detail["ctx"]["min_length"])
    if detail["type"] == "missing":
        return detail["loc"] in misspelt
    return detail["type"] == "default_factory_not_called"


def _explain(detail: ErrorDetails, model: type[BaseModel]) -> Problem:
    path = detail["loc"]
    if detail["type"] == "extra_forbidden":
        hint = nearest(str(path[-1]), known_keys(model, path[:-1]))
        return Problem(path, f"the key {str(path[-1])!r} is not known here; {hint}")
    if detail["type"] == "missing":
        return Problem(path[:-1], f"the key {str(path[-1])!r} is missing")
    return Problem(path, _fault_of_value(detail))


def _fault_of_value(detail: ErrorDetails) -> str:
    kind, given, context = detail["type"], detail["input"], detail.get("ctx", {})
    if kind == "literal_error":
        return f"must be {context['expected']}, not {shown(given)}"
    if kind == "too_short":
        return f"needs at least {context['min_length']} {_noun(detail['loc'], context)}, not {len(given)}"
    if kind == "string_type":
        hint = f" (write '{given}', with the quotes)" if isinstance(given, int | float) else ""
        return f"must be text, not {shown(given)}{hint}"
    if kind in _TYPES:
        return f"must be {_TYPES[kind]}, not {shown(given)}"
    if kind in _BOUNDS:
        limits = {name: int(limit) if limit == int(limit) else limit for name, limit in context.items()}
        return f"must be {_BOUNDS[kind].format(**limits)}, not {shown(given)}"
    return f"{detail['msg'][:1].lower()}{detail['msg'][1:]}, not {shown(given)}"


def _noun(path: FieldPath, context: Mapping[str, Any]) -> str:
    if path and path[-1] == "stages":
        return "stages in order"
    return "entry" if context["min_length"] == 1 else "entries"


def shown(value: object) -> str:
    """A value as the person who wrote it would know it again: short, and as YAML spells it."""
    if value is None:
        return "empty"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, list | tuple):
        return "a list"
    text = repr(value)
    shortened = text if len(text) <= 60 else f"{text[:57]}..."
    return f"the text {shortened}" if isinstance(value, str) else shortened


def known_keys(model: type[BaseModel], path: FieldPath) -> list[str]:
    """The keys that a study file may have at a place inside ``model``; empty where the place is free-form."""
    place: Any = model
    for part in path:
        place = _step(place, part)
    if not _is_model(place):
        return []
    return [field.alias or name for name, field in place.model_fields.items() if not field.exclude]


def _step(place: Any, part: str | int) -> Any:
    """The type of one key or entry of a type."""
    if _is_model(place):
        for name, field in place.model_fields.items():
            if part in (name, field.alias):
                return _without_none(field.annotation)
        return None
    inner = get_args(place)
    if get_origin(place) is tuple:
        return inner[0]
    return _without_none(inner[1]) if get_origin(place) is dict else None


def _without_none(annotation: Any) -> Any:
    if get_origin(annotation) in (types.UnionType, Union):
        return next(option for option in get_args(annotation) if option is not type(None))
    return annotation


def _is_model(place: Any) -> bool:
    return isinstance(place, type) and issubclass(place, BaseModel)
