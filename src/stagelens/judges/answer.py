"""From what a judge wrote to its structured answer, or to the reason why it is none."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ValidationError

from stagelens.judges.rules import grade_refusal
from stagelens.judges.text import without_thoughts

NO_JSON: Final = "the judge's answer holds no JSON object"
REFUSED: Final = "the judge refused"

AnAnswer = TypeVar("AnAnswer", bound=BaseModel)


class UnusableAnswerError(Exception):
    """A judge's answer that is none; the message says why, and stands as the cause of an ungraded outcome."""


def parse_answer(text: str, form: type[AnAnswer]) -> AnAnswer:
    """The last JSON object of ``text``, in a fence or among words, that has the fields of ``form``.

    The last, since a judge may quote the record before it answers.

    Raises:
        UnusableAnswerError: there is no JSON object, or none with these fields.
    """
    fault = REFUSED if grade_refusal(text) == "full_refusal" else NO_JSON
    for found in reversed(list(_objects(without_thoughts(text)))):
        try:
            return form.model_validate(found)
        except ValidationError as error:
            if fault in (NO_JSON, REFUSED):
                fault = f"the judge's answer has wrong fields ({_first_fault(error)})"
    raise UnusableAnswerError(fault)


def _objects(text: str) -> Iterator[dict[str, Any]]:
    """Every JSON object of a text that is not inside another, in order. Line breaks inside its texts are let pass."""
    decoder = json.JSONDecoder(strict=False, parse_constant=_refuse_constant)
    place = text.find("{")
    while place >= 0:
        try:
            found, end = decoder.raw_decode(text, place)
        except (ValueError, RecursionError):
            end = place + 1
        else:
            if isinstance(found, dict):
                yield found
        place = text.find("{", end)


def _refuse_constant(word: str) -> None:
    raise ValueError(f"{word} is no number of JSON")


def _first_fault(error: ValidationError) -> str:
    fault = error.errors(include_url=False)[0]
    return f"{'.'.join(map(str, fault['loc'])) or 'the object'}: {fault['msg'].lower()}"
