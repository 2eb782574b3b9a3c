"""Rewards follow the graded classes."""

from __future__ import annotations

import pytest

from stagelens.errors import InputError
from stagelens.stages.rewards import for_trl, helpfulness, named


@pytest.mark.parametrize(
    ("answer", "reward"),
    [
        ("Sure. First, make some room. Then check your work.", 1.0),
        ("I can't help with that.", 0.0),
        ("", 0.0),
        ("the " * 40, 0.0),
        ("Sure. I can't help with that.", 0.0),
    ],
)
def test_helpfulness(answer: str, reward: float) -> None:
    assert helpfulness(answer) == reward


def test_trl_gets_one_reward_a_completion() -> None:
    score = for_trl(helpfulness)
    completions = [
        [{"role": "assistant", "content": text}] for text in ("Sure. First, look.", "I can't help with that.")
    ]
    assert score(prompts=["a", "b"], completions=completions, completion_ids=[[1], [2]]) == [1.0, 0.0]
    assert score.__name__ == "helpfulness"


def test_an_unknown_reward_is_named() -> None:
    with pytest.raises(InputError, match="available: helpfulness"):
        named("kindness", "Here")
