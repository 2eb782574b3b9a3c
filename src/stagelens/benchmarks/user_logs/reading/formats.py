"""Tells the formats apart, and names the column of each part."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from stagelens.benchmarks.user_logs.reading.settings import LogSettings
from stagelens.errors import InputError
from stagelens.study.problems import nearest

_CONTENT: Final = {"wildchat": "conversation", "sharegpt": "conversations", "messages": "messages", "prompt": "prompt"}
"""The column that says which format it is. A file may have several: whole conversations come before a lone prompt."""

_SYSTEM: Final = ("system", "system_prompt")
_ID: Final = ("conversation_hash", "conversation_id", "id", "prompt_id", "uuid")
_LANGUAGE: Final = ("language", "lang")


@dataclass(frozen=True, slots=True)
class Shape:
    """Where each part stands: the one column of the content; of the others' columns the first that is filled counts.

    ``is_prompt``: a text in the content column is the prompt itself, not messages written as JSON.
    """

    content: str
    is_prompt: bool
    system: tuple[str, ...]
    id: tuple[str, ...]
    language: tuple[str, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """All that is read."""
        return (self.content, *self.system, *self.id, *self.language)


def shape_of(settings: LogSettings, fields: Iterable[str], where: str) -> Shape:
    """The shape of a file with these ``fields``. InputError names ``where`` and what it has, if that is no format."""
    have = set(fields)
    columns = settings.columns
    content = columns.conversation or columns.messages or columns.prompt
    if content is None:
        names = _CONTENT.values() if settings.format == "auto" else [_CONTENT[settings.format]]
        content = next((name for name in names if name in have), None)
    if content is None:
        wanted = " or ".join(names)
        raise InputError(
            f"{where} has no column {wanted}; it has {_listed(have)}. Name the column under `columns`, "
            "as conversation, messages or prompt."
        )
    for name in (content, columns.system, columns.id, columns.language):
        if name is not None and name not in have:
            raise InputError(f"{where} has no column {name!r}; {nearest(name, sorted(have))}")
    return Shape(
        content=content,
        is_prompt=content == (columns.prompt or "prompt"),
        system=_named(columns.system, _SYSTEM),
        id=_named(columns.id, _ID),
        language=_named(columns.language, _LANGUAGE),
    )


def _named(name: str | None, usual: tuple[str, ...]) -> tuple[str, ...]:
    return usual if name is None else (name,)


def _listed(names: set[str]) -> str:
    return ", ".join(sorted(names)[:12]) or "none"
