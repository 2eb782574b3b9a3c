"""Rewards by name, in weighted sums, and of the user's own file only where the study trusts it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from stagelens.errors import InputError
from stagelens.stages.rewards import Weighted, by_content, for_trl, helpfulness, named


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
    (part,) = named({"reward": "helpfulness"}, tmp_path, "Here")
    score = for_trl(part, [{"prompt": "a"}, {"prompt": "b"}])
    completions = chats("Sure. First, look.", "I can't help with that.")
    assert score(prompts=["a", "b"], completions=completions, completion_ids=[[1], [2]], place=[0, 1]) == [1.0, 0.0]
    assert score.__name__ == "helpfulness"


def test_a_reward_gets_each_answers_own_row() -> None:
    def length_of_task(answers: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> list[float]:
        return [len(row["task"]) / len(answer) for answer, row in zip(answers, rows, strict=True)]

    score = for_trl(Weighted("length", 1.0, length_of_task), [{"task": "abc"}, {"task": "a"}, {"task": "ab"}])
    assert score(completions=chats("four", "four"), place=[1, 2], trainer_state=None) == [0.25, 0.5]


def test_rewards_are_weighted(tmp_path: Path) -> None:
    (tmp_path / "r.py").write_text("def brevity(answers, rows):\n    return [1 / len(each) for each in answers]\n")
    recipe = {"reward": ["helpfulness", {"name": "./r.py:brevity", "weight": -0.2}], "trust_reward_code": True}
    parts = named(recipe, tmp_path, "Here")
    assert [(part.name, part.weight) for part in parts] == [("helpfulness", 1.0), ("./r.py:brevity", -0.2)]
    assert parts[1].reward(["four"], [{}]) == [0.25]


@pytest.mark.parametrize(
    ("recipe", "wanted"),
    [
        ({"reward": "kindness"}, "available: helpfulness, visible_metric"),
        ({}, "there is no reward None"),
        ({"reward": []}, "a list of different ones"),
        ({"reward": ["helpfulness", "helpfulness"]}, "a list of different ones"),
        ({"reward": [{"name": "helpfulness", "wheight": 2}]}, "there is no reward {'name'"),
        ({"reward": {"weight": 2}}, "there is no reward None"),
        ({"reward": {"name": "helpfulness", "weight": "much"}}, "must be a finite number, not 'much'"),
        ({"reward": {"name": "helpfulness", "weight": float("nan")}}, "must be a finite number, not nan"),
        ({"reward": "visible_metric"}, "give `tasks`, a folder of tasks"),
        ({"reward": "helpfulness", "tasks": "./tasks"}, "with the reward visible_metric, and only there"),
        ({"reward": "./r.py:score"}, "say `trust_reward_code: true`"),
        ({"reward": ["helpfulness", "./r.py:score"], "trust_reward_code": False}, "say `trust_reward_code: true`"),
        ({"reward": ["helpfulness", "./r.py:score"], "trust_reward_code": "yes"}, "say `trust_reward_code: true`"),
    ],
)
def test_a_reward_that_cannot_be_is_named(recipe: dict[str, Any], wanted: str, tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        named(recipe, tmp_path, "Here")
    assert str(caught.value).startswith("Here: ")
    assert wanted in str(caught.value)


def test_a_file_that_is_not_trusted_is_not_run(tmp_path: Path) -> None:
    (tmp_path / "r.py").write_text("raise SystemExit('was run')")
    with pytest.raises(InputError, match="trust_reward_code"):
        named({"reward": "./r.py:score"}, tmp_path, "Here")


def test_inputs_hold_the_files_content(tmp_path: Path) -> None:
    (tmp_path / "r.py").write_text("def score(answers, rows): ...")
    single = by_content({"reward": "./r.py:score"}, tmp_path, "Here")
    assert re.fullmatch("[0-9a-f]{64}:score", single)
    entry = {"name": "./r.py:score", "weight": 2.0}
    assert by_content({"reward": entry}, tmp_path, "Here") == {"name": single, "weight": 2.0}
    assert by_content({"reward": ["helpfulness", entry]}, tmp_path, "Here") == [
        "helpfulness",
        {"name": single, "weight": 2.0},
    ]
