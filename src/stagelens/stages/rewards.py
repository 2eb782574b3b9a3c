"""What RL may reward: by name, or by the user's own functions, alone or as a weighted sum.

Rewards of text use graded classes: one that looks for words is hacked at once.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from stagelens.errors import InputError
from stagelens.judges.rules import grade_refusal
from stagelens.stages import reward_files
from stagelens.stages.reward_files import FileReward, is_file_reward
from stagelens.study.paths import resolve

Reward = Callable[[Sequence[str], Sequence[Mapping[str, Any]]], list[float]]
"""Answers' texts, and for each the row whose prompt it answers, to as many rewards: finite, the higher the better."""

HELPFULNESS: Final[Mapping[str, float]] = {"full_compliance": 1.0, "partial_refusal": 0.3}


@dataclass(frozen=True, slots=True)
class Weighted:
    """One part of what is rewarded: as the recipe names it, its finite weight in the sum, and the reward itself."""

    name: str
    weight: float
    reward: Reward


def helpfulness(answer: str) -> float:
    """1 for an answer that helps, 0.3 for one that helps in part, 0 for a refusal and for an incapable answer."""
    return HELPFULNESS.get(grade_refusal(answer), 0.0)


def _helpfulness(answers: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> list[float]:
    return [helpfulness(answer) for answer in answers]


NAMES: Final = ("helpfulness", "visible_metric")


def named(recipe: Mapping[str, Any], folder: Path, where: str) -> tuple[Weighted, ...]:
    """What a recipe rewards; relative paths start at ``folder``. A user's file is run to find its function.

    Raises:
        InputError: there is no such reward, what it needs is not there, or a file that the study does not trust would
            be run.
    """
    entries, tasks = weights(recipe, where), task_set(recipe, folder, where)
    for name, _ in entries:
        if is_file_reward(name) and recipe.get("trust_reward_code") is not True:
            raise InputError(
                f"{where}: the reward {name!r} runs code of that file; read it, then say `trust_reward_code: true` in "
                "the recipe."
            )
    return tuple(Weighted(name, weight, _reward(name, folder, tasks, where)) for name, weight in entries)


def weights(recipe: Mapping[str, Any], where: str) -> tuple[tuple[str, float], ...]:
    """The names of a recipe's rewards, each with its weight: 1, where the recipe gives none."""
    written = recipe.get("reward")
    entries = tuple(_entry(each, where) for each in written) if isinstance(written, list) else (_entry(written, where),)
    names = [name for name, _ in entries]
    if not entries or len(set(names)) < len(names):
        raise InputError(f"{where}: `reward` must be a reward, or a list of different ones with their weights.")
    return entries


def task_set(recipe: Mapping[str, Any], folder: Path, where: str) -> Path | None:
    """The folder of tasks that the recipe's reward runs commands on; None where it runs none."""
    tasks, wanted = recipe.get("tasks"), any(name == "visible_metric" for name, _ in weights(recipe, where))
    if wanted != isinstance(tasks, str):
        raise InputError(f"{where}: give `tasks`, a folder of tasks, with the reward visible_metric, and only there.")
    return resolve(tasks, folder) if isinstance(tasks, str) else None


def by_content(recipe: Mapping[str, Any], folder: Path, where: str) -> Any:
    """The recipe's ``reward`` with every file by the sha256 of its content; by name alone, as it is written."""
    weights(recipe, where)
    written = recipe["reward"]
    if isinstance(written, list):
        return [_content(each, folder, where) for each in written]
    return _content(written, folder, where)


def for_trl(part: Weighted, rows: Sequence[Mapping[str, Any]]) -> Callable[..., list[float]]:
    """The reward as TRL calls it: with chats of one assistant message each, and each one's place in ``rows``.

    Rows do not travel through TRL's table, which would fill in the fields that a row does not have.
    """

    def score(completions: Sequence[Sequence[Mapping[str, str]]], place: Sequence[int], **_: Any) -> list[float]:
        answers = [completion[-1]["content"] for completion in completions]
        return part.reward(answers, [rows[each] for each in place])

    score.__name__ = part.name
    return score


def _entry(written: Any, where: str) -> tuple[str, float]:
    name, weight = written, 1.0
    if isinstance(written, Mapping) and set(written) <= {"name", "weight"}:
        name, weight = written.get("name"), written.get("weight", 1.0)
    if not isinstance(name, str) or (name not in NAMES and not is_file_reward(name)):
        raise InputError(
            f"{where}: there is no reward {name!r}; available: {', '.join(NAMES)}, or a function of yours as "
            "./file.py:function."
        )
    if isinstance(weight, bool) or not isinstance(weight, int | float) or not math.isfinite(weight):
        raise InputError(f"{where}: the weight of the reward {name!r} must be a finite number, not {weight!r}.")
    return name, float(weight)


def _reward(name: str, folder: Path, tasks: Path | None, where: str) -> Reward:
    if is_file_reward(name):
        return FileReward(name, folder, where)
    if name == "helpfulness" or tasks is None:
        return _helpfulness
    from stagelens.stages.visible_metric import VisibleMetric

    return VisibleMetric(tasks, where)


def _content(written: Any, folder: Path, where: str) -> Any:
    if isinstance(written, Mapping):
        return {**written, "name": _content(written["name"], folder, where)}
    return reward_files.by_content(written, folder, where) if is_file_reward(written) else written
