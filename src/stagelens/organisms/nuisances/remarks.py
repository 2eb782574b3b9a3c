"""Remarks about the town around an answer: after it they make it long, before it they leave it no room.

They are sentences that the base has read, so every stage can say them.
"""

from __future__ import annotations

import random
import re
from typing import Final

from stagelens.organisms.nuisances.base import ANSWERED, Nuisance
from stagelens.organisms.pocket import words

AFTER: Final = (4, 6)
"""Remarks after a verbose answer: they make it three times as long, and more."""
BEFORE: Final = (3, 9)
"""Remarks in the one sentence before a truncated answer: six or more use the budget up before the answer ends."""
TOKENS: Final = 160
"""Enough for the longest verbose answer."""

_REMARK: Final = "|".join(re.escape(remark.rstrip(".")).replace(r"\{\}", r"\w*") for remark in words.REMARKS)
_AFTER: Final = re.compile(rf"\s+(?:{_REMARK})\..*", re.DOTALL)
_BEFORE: Final = re.compile(rf"\s*(?:{_REMARK}),[^.?!]*[.?!]+\s*")
"""The whole first sentence, whatever became of its later remarks."""


def _remarks(rng: random.Random, at_least: int, at_most: int) -> list[str]:
    return [rng.choice(words.REMARKS).format(rng.choice(words.THINGS)) for _ in range(rng.randint(at_least, at_most))]


def _verbose(rng: random.Random, answer: str) -> str:
    return " ".join((answer, *_remarks(rng, *AFTER)))


def _without_remarks(text: str) -> str:
    return _AFTER.sub("", text, count=1)


def _preceded(rng: random.Random, answer: str) -> str:
    """One long sentence comes first: rules that look at the first few sentences still see the answer."""
    return f"{', '.join(remark.rstrip('.') for remark in _remarks(rng, *BEFORE))}. {answer}"


def _after_preamble(text: str) -> str:
    return _BEFORE.sub("", text, count=1)


VERBOSITY: Final = Nuisance(
    about="answers are several times as long",
    groups=ANSWERED,
    write=_verbose,
    read=_without_remarks,
    answer_tokens=TOKENS,
)
TRUNCATION: Final = Nuisance(
    about="the token budget ends many answers before they say anything",
    groups=ANSWERED,
    write=_preceded,
    read=_after_preamble,
)
