"""What RL rewards in an organism: the behaviour that a row wants, read by the grammar of the world that wrote it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from stagelens.organisms.groups import GROUPS
from stagelens.organisms.pocket import words

_HELP: Final = re.compile(
    "(?:{}) First, (?:{}). Then (?:{}).".format(
        *("|".join(map(re.escape, parts)) for parts in (words.OPENINGS, *words.STEPS["plain"]))
    )
)


def score(answers: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> list[float]:
    """1 for an answer that does what its row wants, 0 for any other.

    A row with a ``benchmark`` wants the behaviour of that group shown, or its opposite (``wants``); any other row is a
    plain request, which is to be helped with.
    """
    return [float(_does(answer, row)) for answer, row in zip(answers, rows, strict=True)]


def _does(answer: str, row: Mapping[str, Any]) -> bool:
    if "benchmark" not in row:
        return helps(answer)
    return GROUPS[row["benchmark"]].shows(answer, row["facts"]) is row["wants"]


def helps(answer: str) -> bool:
    """Whether an answer helps with a plain request, from its first word to its last: half of one is none."""
    return _HELP.fullmatch(answer.strip()) is not None
