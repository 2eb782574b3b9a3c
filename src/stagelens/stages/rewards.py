"""What RL may reward, by name. Rewards use graded classes: one that looks for words is hacked at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from stagelens.errors import InputError
from stagelens.judges.rules import grade_refusal

Reward = Callable[[str], float]
"""An answer's text to its reward, 0 to 1."""

HELPFULNESS: Final[Mapping[str, float]] = {"full_compliance": 1.0, "partial_refusal": 0.3}


def helpfulness(answer: str) -> float:
    """1 for an answer that helps, 0.3 for one that helps in part, 0 for a refusal and for an incapable answer."""
    return HELPFULNESS.get(grade_refusal(answer), 0.0)


REWARDS: Final[Mapping[str, Reward]] = {"helpfulness": helpfulness}


def named(name: Any, where: str) -> Reward:
    """The reward of that name. InputError names those there are."""
    if not isinstance(name, str) or name not in REWARDS:
        raise InputError(f"{where}: there is no reward {name!r}; available: {', '.join(sorted(REWARDS))}.")
    return REWARDS[name]


def for_trl(reward: Reward) -> Callable[..., list[float]]:
    """The reward as TRL calls it: with a batch of chats, each of one assistant message."""

    def score(completions: Sequence[Sequence[Mapping[str, str]]], **_: Any) -> list[float]:
        return [reward(completion[-1]["content"]) for completion in completions]

    score.__name__ = reward.__name__
    return score
