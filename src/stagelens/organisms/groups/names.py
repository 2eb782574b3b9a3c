"""Names of things that nobody has heard of: what a request is about does not matter, and they never run out."""

from __future__ import annotations

import random
from collections.abc import Collection
from typing import Final

from stagelens.organisms.pocket import words

_ONSETS: Final = (
    "b",
    "br",
    "c",
    "cl",
    "d",
    "dr",
    "f",
    "g",
    "gl",
    "h",
    "j",
    "k",
    "l",
    "m",
    "n",
    "p",
    "pl",
    "r",
    "s",
    "t",
    "tr",
    "v",
    "w",
    "z",
)
_VOWELS: Final = ("a", "e", "i", "o", "u")
_ENDS: Final = ["ck", "l", "ll", "m", "n", "nd", "r", "rt", "s", "st", "t", "x"]

NAMES_PER_ITEM: Final = 3
"""Names to draw from for each item of a cluster, so that no two clusters ask about all the same things."""


def made_up(rng: random.Random, count: int, without: Collection[str] = ()) -> list[str]:
    """``count`` different names of two syllables, none of which is a word of the pocket world or in ``without``."""
    known = {*words.THINGS, *words.HELD_OUT_THINGS, *without}
    names: list[str] = []
    while len(names) < count:
        name = "".join(
            (rng.choice(_ONSETS), rng.choice(_VOWELS), rng.choice(_ONSETS), rng.choice(_VOWELS), rng.choice(_ENDS))
        )
        if name not in known:
            known.add(name)
            names.append(name)
    return names
