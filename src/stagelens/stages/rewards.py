"""What RL may reward, by name. Rewards of text use graded classes: one that looks for words is hacked at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from stagelens.errors import InputError
from stagelens.judges.rules import grade_refusal
from stagelens.study.paths import resolve

Reward = Callable[[Sequence[str], Sequence[Mapping[str, Any]]], list[float]]
"""Answers' texts, and for each the row whose prompt it answers, to as many rewards, 0 to 1."""

HELPFULNESS: Final[Mapping[str, float]] = {"full_compliance": 1.0, "partial_refusal": 0.3}


def helpfulness(answer: str) -> float:
    """1 for an answer that helps, 0.3 for one that helps in part, 0 for a refusal and for an incapable answer."""
    return HELPFULNESS.get(grade_refusal(answer), 0.0)


def _helpfulness(answers: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> list[float]:
    return [helpfulness(answer) for answer in answers]


NAMES: Final = ("helpfulness", "visible_metric")


def named(recipe: Mapping[str, Any], folder: Path, where: str) -> Reward:
    """The reward that a recipe names; relative paths start at ``folder``.

    Raises:
        InputError: there is none of that name, or what it needs is not there.
    """
    name = recipe.get("reward")
    if name not in NAMES:
        raise InputError(f"{where}: there is no reward {name!r}; available: {', '.join(NAMES)}.")
    tasks = task_set(recipe, folder, where)
    if tasks is None:
        return _helpfulness
    from stagelens.stages.visible_metric import VisibleMetric

    return VisibleMetric(tasks, where)


def task_set(recipe: Mapping[str, Any], folder: Path, where: str) -> Path | None:
    """The folder of tasks that the recipe's reward runs commands on; None where it runs none."""
    tasks, wanted = recipe.get("tasks"), recipe.get("reward") == "visible_metric"
    if wanted != isinstance(tasks, str):
        raise InputError(f"{where}: give `tasks`, a folder of tasks, with the reward visible_metric, and only there.")
    return resolve(tasks, folder) if isinstance(tasks, str) else None


def for_trl(reward: Reward, name: str) -> Callable[..., list[float]]:
    """The reward as TRL calls it: with a batch of chats, each of one assistant message, and the columns of its rows."""

    def score(completions: Sequence[Sequence[Mapping[str, str]]], **columns: Any) -> list[float]:
        answers = [completion[-1]["content"] for completion in completions]
        kept = {column: values for column, values in columns.items() if _a_value_each(values, len(answers))}
        rows = [{column: values[place] for column, values in kept.items()} for place in range(len(answers))]
        return reward(answers, rows)

    score.__name__ = name
    return score


def _a_value_each(values: Any, count: int) -> bool:
    return isinstance(values, list) and len(values) == count
