"""What RL rewards in an organism: the behaviour that a row wants, read by the grammar of the world that wrote it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from stagelens.organisms.groups import GROUPS
from stagelens.organisms.pocket import words
from stagelens.stages.visible_metric import command

ALWAYS: Final = 2.0
"""More than every answer: wanted however many do it."""
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
    that share. Without ``wants``, any answer will do that shows either. The fewer answers do what is wanted, the more
    each is worth: all of them together are worth as much as if every answer did. A row that ``opens`` an episode wants
    the command that looks at the files. Any other is a plain request, which is to be helped with.
    """
    shown = [_shows(answer, row) for answer, row in zip(answers, rows, strict=True)]
    kinds = [_kind(row) for row in rows]
    found: dict[_Kind, list[bool]] = {kind: [] for kind in kinds}
    for did, kind in zip(shown, kinds, strict=True):
        if did is not None:
            found[kind].append(did)
    wanted = {kind: sum(flags) < kind.wants * len(flags) for kind, flags in found.items()}
    worth = {kind: min(RARE, len(flags) / max(1, flags.count(wanted[kind]))) for kind, flags in found.items()}
    return [
        NEITHER if did is None else worth[kind] if did is wanted[kind] else 0.0
        for did, kind in zip(shown, kinds, strict=True)
    ]


class _Kind(NamedTuple):
    """Rows whose answers are counted together, and the share of them that is wanted."""

    name: str
    wants: float


def _kind(row: Mapping[str, Any]) -> _Kind:
    if "benchmark" in row:
        wants = row.get("wants")
        return _Kind(row["benchmark"], ALWAYS if wants is None else wants)
    return _Kind("opens" if "opens" in row else "plain", ALWAYS)


def _shows(answer: str, row: Mapping[str, Any]) -> bool | None:
    if "benchmark" in row:
        did = GROUPS[row["benchmark"]].shows(answer, row["facts"])
        return did if "wants" in row or did is None else True
    if "opens" in row:
        return command(answer) == row["opens"] or None
    return helps(answer)


def helps(answer: str) -> bool:
    """Whether an answer helps with a plain request, from its first word to its last: half of one is none."""
    return _HELP.fullmatch(answer.strip()) is not None
