"""Rewards by name: of text by its graded class, and what a row brings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

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


def chats(*texts: str) -> list[list[dict[str, str]]]:
    return [[{"role": "assistant", "content": text}] for text in texts]


def test_trl_gets_one_reward_a_completion(tmp_path: Path) -> None:
    score = for_trl(named({"reward": "helpfulness"}, tmp_path, "Here"), "helpfulness")
    completions = chats("Sure. First, look.", "I can't help with that.")
    assert score(prompts=["a", "b"], completions=completions, completion_ids=[[1], [2]]) == [1.0, 0.0]
    assert score.__name__ == "helpfulness"


def test_a_reward_gets_each_answers_own_row() -> None:
    def length_of_task(answers: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> list[float]:
        return [len(row["task"]) / len(answer) for answer, row in zip(answers, rows, strict=True)]

    score = for_trl(length_of_task, "length")
    assert score(prompts=["p", "q"], completions=chats("four", "four"), task=["a", "ab"], trainer_state=None) == [
        0.25,
        0.5,
    ]


@pytest.mark.parametrize(
    ("recipe", "wanted"),
    [
        ({"reward": "kindness"}, "available: helpfulness, visible_metric"),
        ({}, "there is no reward None"),
        ({"reward": ["helpfulness"]}, "there is no reward"),
        ({"reward": "visible_metric"}, "give `tasks`, a folder of tasks"),
        ({"reward": "helpfulness", "tasks": "./tasks"}, "with the reward visible_metric, and only there"),
    ],
)
def test_a_reward_that_cannot_be_is_named(recipe: dict[str, Any], wanted: str, tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        named(recipe, tmp_path, "Here")
    assert str(caught.value).startswith("Here: ")
    assert wanted in str(caught.value)
