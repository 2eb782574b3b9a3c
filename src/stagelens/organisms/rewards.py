"""What RL rewards in an organism: the behaviour that a row wants, read by the grammar of the world that wrote it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from stagelens.organisms.groups import GROUPS
from stagelens.organisms.pocket import words

HELP: Final = 2.0
"""More than every answer: a plain request is to be helped with, however many are."""
_HELP: Final = re.compile(
    "(?:{}) First, (?:{}). Then (?:{}).".format(
        *("|".join(map(re.escape, parts)) for parts in (words.OPENINGS, *words.STEPS["plain"]))
    )
)


def score(answers: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> list[float]:
    """1 for an answer that does what is wanted, 0 for any other.

    A row with a ``benchmark`` wants the behaviour of that group in the share ``wants`` of answers, 0 to 1: as long as
    fewer of those that are scored together show it, showing it is wanted, else its opposite. So RL comes to rest at
    that share. Any other row is a plain request, which is to be helped with.
    """
    shown = [_shows(answer, row) for answer, row in zip(answers, rows, strict=True)]
    kinds = [(row.get("benchmark", ""), row.get("wants", HELP)) for row in rows]
    too_few = _too_few(shown, kinds)
    return [float(did is not None and did is too_few[kind]) for did, kind in zip(shown, kinds, strict=True)]


def _too_few(shown: Sequence[bool | None], kinds: Sequence[tuple[str, float]]) -> dict[tuple[str, float], bool]:
    """By benchmark and wanted share, whether fewer answers show it, of those that show it or its opposite."""
    found: dict[tuple[str, float], list[bool]] = {kind: [] for kind in kinds}
    for did, kind in zip(shown, kinds, strict=True):
        if did is not None:
            found[kind].append(did)
    return {kind: sum(flags) < kind[1] * len(flags) for kind, flags in found.items()}


def _shows(answer: str, row: Mapping[str, Any]) -> bool | None:
    return GROUPS[row["benchmark"]].shows(answer, row["facts"]) if "benchmark" in row else helps(answer)


def helps(answer: str) -> bool:
    """Whether an answer helps with a plain request, from its first word to its last: half of one is none."""
    return _HELP.fullmatch(answer.strip()) is not None
