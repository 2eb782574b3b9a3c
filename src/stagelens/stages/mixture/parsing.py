"""JSON as rows of training data have it: an object in UTF-8, without NaN and without halves of characters."""

from __future__ import annotations

import json
import re
from typing import Any, Final

from stagelens.errors import InputError
from stagelens.stages.mixture.wording import reason

MOST_BYTES: Final = 100_000_000
"""Of one row; what is longer is no row, and would fill the memory before that is known."""

_MOST_NESTED: Final = 100
"""Blocks inside each other."""

_HALF_ESCAPED: Final = re.compile(r"\\u[dD][89a-fA-F]")
_HALF: Final = re.compile("[\ud800-\udfff]")


_BRACKETS: Final = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{}]', re.DOTALL)
"""What opens and closes blocks, and whole strings, which are passed over."""


class NotANumberError(ValueError):
    """A number that JSON does not have."""


def _no_number(written: str) -> Any:
    raise NotANumberError(written)


DECODER: Final = json.JSONDecoder(parse_constant=_no_number)


def parse_row(line: bytes, where: str) -> dict[str, Any]:
    """The row that a line holds. InputError, which begins with ``where``, where it holds none."""
    try:
        text = line.decode()
    except UnicodeDecodeError as error:
        raise InputError(
            f"{where} is not JSON in UTF-8 ({error.reason} at byte {error.start + 1} of it): save the file as UTF-8."
        ) from None
    try:
        row = DECODER.decode(text)
    except (ValueError, RecursionError) as error:
        raise unreadable(error, where, "each line must be one JSON object") from None
    return checked_row(row, text, where)


def checked_row(row: Any, text: str, where: str) -> dict[str, Any]:
    """What was read from ``text``, if it is an object whose texts are whole."""
    if not isinstance(row, dict):
        remedy = "put a JSON array into a .json file" if isinstance(row, list) else "each row must be one"
        raise InputError(f"{where} is not a JSON object: {remedy}.")
    if _HALF_ESCAPED.search(text) and _HALF.search(json.dumps(row, ensure_ascii=False)):
        raise InputError(
            f"{where} holds half of a character (a lone surrogate, as \\ud83d without its second half): write the "
            "character whole or remove it."
        )
    if _nested(text) > _MOST_NESTED:
        raise unreadable(RecursionError(), where, "a row has messages and plain fields")
    return row


def _nested(text: str) -> int:
    """How deep a text's blocks go; 0 where they are few."""
    if text.count("[") + text.count("{") <= _MOST_NESTED:
        return 0
    deepest = depth = 0
    for each in _BRACKETS.findall(text):
        depth += 1 if each in "[{" else -1 if each in "]}" else 0
        deepest = max(deepest, depth)
    return deepest


def unreadable(error: ValueError | RecursionError, where: str, remedy: str) -> InputError:
    """The sentence for what the parser says."""
    if isinstance(error, NotANumberError):
        return InputError(f"{where} holds {error}, which is no number in JSON: write null or leave the field out.")
    if isinstance(error, RecursionError):
        return InputError(f"{where} is nested too deeply to be read: {remedy}.")
    return InputError(f"{where} is not JSON ({reason(error)}): {remedy}.")


def too_long(where: str) -> InputError:
    """The sentence for a row that no text of training data reaches."""
    return InputError(
        f"{where} is longer than {MOST_BYTES // 1_000_000} MB: put each row on a line of its own, or cut its text."
    )
