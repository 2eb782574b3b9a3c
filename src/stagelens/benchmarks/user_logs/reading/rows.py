"""From a row of the file to a candidate for the draw, or to the reason why it is none."""

from __future__ import annotations

from collections import Counter
from typing import Any

from stagelens.benchmarks.user_logs.reading.conversations import Conversation, MalformedError, clean, conversation_of
from stagelens.benchmarks.user_logs.reading.drawing import Candidate
from stagelens.benchmarks.user_logs.reading.files import RawRow
from stagelens.benchmarks.user_logs.reading.formats import Shape
from stagelens.benchmarks.user_logs.reading.languages import language_key, language_keys, recognised
from stagelens.benchmarks.user_logs.reading.prompts import Reason
from stagelens.benchmarks.user_logs.reading.settings import LogSettings


class Filter:
    """Applies a study's settings to rows of one shape. ``languages`` counts those of the rows that got so far."""

    def __init__(self, settings: LogSettings, shape: Shape) -> None:
        self._settings = settings
        self._shape = shape
        self._wanted = language_keys(settings.languages)
        self.languages: Counter[str] = Counter()

    def __call__(self, row: RawRow, place: str) -> Candidate | Reason:
        """The candidate, which keeps ``place``, or why there is none.

        Raises:
            MalformedError: the row is not of the format.
            InputError: its language has to be recognised, and the package for that is missing.
        """
        shape, cells = self._shape, row.cells
        if row.problem is not None:
            raise MalformedError(row.problem)
        if shape.content not in cells:
            raise MalformedError(f"there is no field `{shape.content}`")
        system = _text(cells, shape.system)
        conversation = conversation_of(cells[shape.content], shape.content, is_prompt=shape.is_prompt, system=system)
        if not isinstance(conversation, Conversation):
            return conversation
        if conversation.turns[0][0] == "assistant":
            if self._settings.assistant_first == "leave_out":
                return "assistant_first"
            conversation = conversation.without_opening()
        language = _text(cells, shape.language)
        if self._wanted:
            language = language or recognised(conversation.turns[-1][1])
            self.languages[language] += 1
            if language_key(language) not in self._wanted:
                return "language"
        reason = self._length(conversation)
        return reason or Candidate(conversation, _name(cells, shape.id), language, place)

    def _length(self, conversation: Conversation) -> Reason | None:
        settings = self._settings
        asked = len(conversation.turns[-1][1])
        if asked < settings.min_characters:
            return "too_short"
        if settings.max_characters is not None and asked > settings.max_characters:
            return "too_long"
        if settings.max_conversation_characters is not None:
            whole = len(conversation.system or "") + sum(len(text) for _, text in conversation.turns)
            if whole > settings.max_conversation_characters:
                return "conversation_too_long"
        return None


def _text(cells: dict[str, Any], names: tuple[str, ...]) -> str | None:
    """The first of these cells that says something. A cell of another type says nothing."""
    for name in names:
        value = cells.get(name)
        if isinstance(value, str) and value.strip():
            return clean(value)
    return None


def _name(cells: dict[str, Any], names: tuple[str, ...]) -> str | None:
    """The row's own id: the first of these cells with a text or a whole number."""
    for name in names:
        value = cells.get(name)
        if isinstance(value, str) and value.strip():
            return clean(value.strip())
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
    return None
