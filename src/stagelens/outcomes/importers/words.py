"""What a table's words stand for: found as they are written, and numbers as numbers (``1`` is ``1.0``)."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Generic, TypeVar

T = TypeVar("T")


class Words(Generic[T]):
    """A dictionary of words."""

    def __init__(self, meanings: Mapping[str, T]) -> None:
        self._exact = {word.strip(): meaning for word, meaning in meanings.items()}
        self._numbers = {number: self._exact[word] for word in self._exact if (number := _number(word)) is not None}

    def find(self, text: str | None) -> T | None:
        """What a cell's text stands for; None where it stands for nothing."""
        if text is None:
            return None
        word = text.strip()
        if word in self._exact:
            return self._exact[word]
        number = _number(word)
        return None if number is None else self._numbers.get(number)


def _number(word: str) -> float | None:
    with suppress(ValueError):
        return float(word)
    return None
