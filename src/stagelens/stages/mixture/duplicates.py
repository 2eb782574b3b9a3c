"""Rows that say the same as an earlier one: equal after what a reader would not notice is taken away.

Compared is the whole conversation, turn by turn, with Unicode's compatible forms made one (NFKC), case folded, marks of
punctuation removed and white space collapsed; so the same prompt with another answer is no duplicate. Marks that carry
meaning stay: those that touch a digit ("-5", "1.5", "5!") and those that code is written with ("*", "/", "_" …).
"""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from array import array
from collections.abc import Sequence
from functools import cache
from typing import Final

import numpy as np

from stagelens.stages.mixture.rows import Row
from stagelens.stages.mixture.texts import turns

_OPERATORS: Final = frozenset("*/%&@#\\-_")
_COMPARED: Final = frozenset({"prompt", "completion", "chosen", "rejected"})
"""Fields that are compared as turns."""
_IDENTITIES: Final = frozenset({"id", "_id", "uuid", "index", "idx", "row_id", "prompt_id"})
"""Fields of an RL row that tell rows apart and say nothing. All others, an answer to check against, are compared."""


def says(row: Row) -> bytes:
    """What a row says, as 16 bytes: equal for rows that say the same."""
    parts = []
    for speaker, said, rest in turns(row):
        parts += [speaker, normalised(said), _canonical(rest) if rest else ""]
    beside = {key: value for key, value in row.items() if key not in _COMPARED | _IDENTITIES} if "prompt" in row else {}
    parts += [_canonical(beside)] if beside else []
    return hashlib.blake2b("\x1f".join(parts).encode(), digest_size=16).digest()


def normalised(text: str) -> str:
    """A text without what a reader would not notice; one that is all punctuation stays, with its spaces collapsed."""
    folded = " ".join(unicodedata.normalize("NFKC", text).casefold().split())
    return " ".join(_marks().sub(" ", folded).split()) or folded


def repeated(said: Sequence[array[int]]) -> list[list[int]]:
    """The places of rows that repeat an earlier one, for each source; what rows say is two numbers a row."""
    pairs = [np.asarray(each, dtype=np.uint64).reshape(-1, 2) for each in said]
    ends = np.cumsum([len(each) for each in pairs])
    everything = np.concatenate(pairs)
    order = np.lexsort((everything[:, 1], everything[:, 0]))  # stable: of equal ones the first row comes first
    ordered = everything[order]
    later = order[1:][(ordered[1:] == ordered[:-1]).all(axis=1)]
    starts = np.concatenate([[0], ends[:-1]])
    return [
        np.sort(later[(later >= start) & (later < end)] - start).tolist()
        for start, end in zip(starts, ends, strict=True)
    ]


@cache
def _marks() -> re.Pattern[str]:
    """Punctuation (Unicode's categories P, the first plane) that carries no meaning where it stands."""
    every = (chr(code) for code in range(0x10000))  # beyond, a class of characters is searched one by one, and slow
    marks = re.escape(
        "".join(each for each in every if unicodedata.category(each)[0] == "P" and each not in _OPERATORS)
    )
    # What every match begins with stands first, so that the engine passes over all else quickly.
    return re.compile(rf"[{marks}](?!\d)(?:(?<!\d.)|(?<=[.,;:?]))")


def _canonical(value: object) -> str:
    return json.dumps(value, sort_keys=True)
