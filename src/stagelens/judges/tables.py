"""Tables of phrases: what a rule judge looks for in a sentence, several patterns at once."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple


class Phrase(NamedTuple):
    """A pattern over one sentence, and what it stands for."""

    reason: str
    pattern: str


class Table:
    """Phrases that mean the same to the judge: a sentence is looked through once for all of them."""

    def __init__(self, rows: Iterable[Phrase]) -> None:
        self.rows = tuple(rows)
        # One alternation behind one word boundary is several times as fast as a search for each row.
        bounded = [row.pattern.removeprefix(r"\b") for row in self.rows if row.pattern.startswith(r"\b")]
        others = [row.pattern for row in self.rows if not row.pattern.startswith(r"\b")]
        behind = [rf"\b(?:{'|'.join(bounded)})"] if bounded else []
        self._found = re.compile("|".join([*behind, *others])).search

    def __add__(self, other: Table) -> Table:
        return Table(self.rows + other.rows)

    def speaks(self, part: str) -> bool:
        """Whether the sentence holds one of the phrases."""
        return self._found(part) is not None
