"""What is wrong with a study and where: fields, their lines in the file, and the one sentence that is raised."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, NoReturn

from stagelens.errors import InputError

FieldPath = tuple[str | int, ...]
"""The way to a field from the top of a study file: keys and list positions (from 0)."""

_PLAIN = re.compile(r"[\w-]+")


class Problem(NamedTuple):
    """One thing that is wrong, at one field."""

    field: FieldPath
    message: str


@dataclass(frozen=True, slots=True)
class Places:
    """On which line of which file each field stands.

    Places never take part in a comparison: two studies that ask the same are equal wherever they were written.
    A study made in Python has no file and no lines.
    """

    file: str | None = field(default=None, compare=False)
    lines: Mapping[FieldPath, int] = field(default_factory=dict, compare=False)

    def line(self, path: FieldPath) -> int | None:
        """The line (from 1) of a field, or of the nearest field around it that was written down."""
        for length in range(len(path), -1, -1):
            if path[:length] in self.lines:
                return self.lines[path[:length]]
        return None

    def where(self, path: FieldPath) -> str:
        """File, line and field in words: ``study.yaml:12: families.pocket.stages[1].kind``."""
        line = self.line(path)
        at = self.file if line is None else f"{self.file}:{line}"
        return ": ".join(part for part in (at, field_name(path)) if part)


def field_name(path: FieldPath) -> str:
    """A field as a person would write it: ``families.pocket.stages[1].kind``; names with a dot in them are quoted."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += ("." if text else "") + (part if _PLAIN.fullmatch(part) else repr(part))
    return text


def nearest(word: str, known: Iterable[str]) -> str:
    """A hint for an unknown word: the nearest known one, or all of them where none is near."""
    words = list(known)
    close = difflib.get_close_matches(word, words, n=1)
    if close:
        return f"did you mean {close[0]!r}?"
    return f"known are {', '.join(words)}" if words else "none is known here"


def refuse(problems: Sequence[Problem], places: Places) -> NoReturn:
    """Raise the problem that stands first in the file as an InputError, with the number of the others."""
    first = min(problems, key=lambda problem: places.line(problem.field) or 0)
    others = len(problems) - 1
    more = f" (and {others} more {'problem' if others == 1 else 'problems'})" if others else ""
    sentence = f"{first.message}{more}"
    where = places.where(first.field)
    raise InputError(f"{where}: {sentence}" if where else sentence)
