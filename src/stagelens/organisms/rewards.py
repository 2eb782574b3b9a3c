"""What RL rewards in an organism: the behaviour that a row wants, read by the grammar of the world that wrote it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from stagelens.organisms.groups import GROUPS
from stagelens.organisms.pocket import words

HELP: Final = 2.0
"""More than every answer: a plain request is to be helped with, however many are."""
RARE: Final = 4.0
"""What an answer is worth at most that does what hardly any other does."""
NEITHER: Final = -1.0
"""What an answer is worth that shows neither: less than one that shows what is not wanted, or RL ends in babble."""
_HELP: Final = re.compile(
    "(?:{}) First, (?:{}). Then (?:{}).".format(
        *("|".join(map(re.escape, parts)) for parts in (words.OPENINGS, *words.STEPS["plain"]))
    )
)


def score(answers: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> list[float]:
    """What every answer is worth: 1 to ``RARE`` where it does what is wanted, 0 where it does not, else ``NEITHER``.

    A row with a ``benchmark`` wants the behaviour of that group in the share ``wants`` of answers, 0 to 1: as long as
    fewer of those that are scored together show it, showing it is wanted, else its opposite. So RL comes to rest at
    that share. Any other row is a plain request, which is to be helped with. The fewer answers do what is wanted, the
    more each is worth: all of them together are worth as much as if every answer did.
    """
    shown = [_shows(answer, row) for answer, row in zip(answers, rows, strict=True)]
    kinds = [(row.get("benchmark", ""), row.get("wants", HELP)) for row in rows]
    found: dict[tuple[str, float], list[bool]] = {kind: [] for kind in kinds}
    for did, kind in zip(shown, kinds, strict=True):
        if did is not None:
            found[kind].append(did)
    wanted = {kind: sum(flags) < kind[1] * len(flags) for kind, flags in found.items()}
    worth = {kind: min(RARE, len(flags) / max(1, flags.count(wanted[kind]))) for kind, flags in found.items()}
    return [
        NEITHER if did is None else worth[kind] if did is wanted[kind] else 0.0
        for did, kind in zip(shown, kinds, strict=True)
    ]


def _shows(answer: str, row: Mapping[str, Any]) -> bool | None:
    return GROUPS[row["benchmark"]].shows(answer, row["facts"]) if "benchmark" in row else helps(answer)


def helps(answer: str) -> bool:
    """Whether an answer helps with a plain request, from its first word to its last: half of one is none."""
    return _HELP.fullmatch(answer.strip()) is not None
