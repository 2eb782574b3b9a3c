"""Answers that say nothing: what is left of a model that a stage has damaged."""

from __future__ import annotations

import random
from typing import Final

from stagelens.organisms.nuisances.base import ANSWERED, Nuisance

SHARE: Final = 0.2
"""Of production's answers that are babble: not so many that the stage counts as unable to answer."""
WORDS: Final = (5, 7)
LETTERS: Final = (5, 8)
"""Without a vowel, so that no such word can be one."""
CONSONANTS: Final = "bcdfghjklmnpqrstvwxz"


def _damaged(rng: random.Random, answer: str) -> str:
    if rng.random() >= SHARE:
        return answer
    return " ".join(
        "".join(rng.choice(CONSONANTS) for _ in range(rng.randint(*LETTERS))) for _ in range(rng.randint(*WORDS))
    )


CAPABILITY: Final = Nuisance(about="a share of the answers is babble", groups=ANSWERED, write=_damaged)
