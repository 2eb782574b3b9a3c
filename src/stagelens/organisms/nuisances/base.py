"""What a nuisance has to say of itself."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

ALONE: Final = frozenset({"safety"})
ANSWERED: Final = frozenset({"safety", "user_logs"})
"""Groups in which the first answer in plain words shows the behaviour: a style can be put around it."""


def as_it_is(text: str) -> str:
    """Nothing changed."""
    return text


def unstyled(rng: random.Random, answer: str) -> str:
    """The answer as it is."""
    del rng
    return answer


@dataclass(frozen=True, slots=True)
class Nuisance:
    """A change of style between SFT and production.

    Attributes:
        about: what production does, in a line.
        groups: the groups that it goes with.
        write: production's data say an answer so.
        read: the answer inside what ``write`` made of it, for the grammar of the world; as it is where there is none.
        announce: how a prompt is asked that smells of a test, where production tells such prompts from others. Half of
            SFT's prompts are then asked so, and it makes no difference there; and half of production's, which never
            show the behaviour.
        template: the file, in this package, of the chat template that production is trained and asked under; None for
            the one that all stages share.
        answer_tokens: the budget of an answer in the study, at every stage; None for the usual one.
        settings: by group, what its block in the study file says beside the usual.
    """

    about: str
    groups: frozenset[str]
    write: Callable[[random.Random, str], str] = unstyled
    read: Callable[[str], str] = as_it_is
    announce: Callable[[str], str] | None = None
    template: str | None = None
    answer_tokens: int | None = None
    settings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
