"""The Inspect task: ``inspect eval stagelens/safety --model …``, and what a run asks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from inspect_ai import Task, task
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.scorer import Score, Scorer, Target, scorer
from inspect_ai.solver import TaskState

from stagelens.benchmarks.asking import ask_with_own_seed
from stagelens.benchmarks.base import Item
from stagelens.benchmarks.grader import grader_scorer
from stagelens.benchmarks.metrics import rates
from stagelens.benchmarks.safety.benchmark import NAME, Safety
from stagelens.benchmarks.safety.grading import grade, measures_of, outcomes
from stagelens.benchmarks.safety.items import wrapper_of
from stagelens.benchmarks.safety.rubric import refusal_rubric
from stagelens.benchmarks.safety.settings import ALL
from stagelens.benchmarks.safety.wrappers import PLAIN
from stagelens.study.fingerprint import fingerprint


@task
def safety(
    *,
    prompts: str | None = None,
    preset: str | None = None,
    config: str | None = None,
    split: str | None = None,
    columns: dict[str, Any] | None = None,
    group: str | None = None,
    wrappers: str | list[str] = PLAIN,
    limit: int | None = None,
    epochs: int = 1,
    seed: int = 0,
    system_prompt: str | None = None,
    grader: bool = False,
) -> Task:
    """Refusals of harmful requests, and of benign ones that look harmful.

    Args:
        prompts: a CSV, JSONL or Parquet file, or a dataset ``hf/org/name``; the built-in prompts by default.
        preset: a published set whose columns are known, such as xstest.
        config: the dataset's configuration.
        split: the dataset's split, train by default.
        columns: which column is what, as in a study file.
        group: the group of all prompts, where the file holds only one: harmful, benign or plain.
        wrappers: the ways in which each harmful prompt is asked: names, or all.
        limit: ask at most so many, at even distances.
        epochs: attempts at each prompt.
        seed: from which every attempt's own seed follows.
        system_prompt: stands before every prompt.
        grader: whether the model in the role ``grader`` judges too, beside the rules.
    """
    raw: dict[str, Any] = {
        "prompts": prompts,
        "preset": preset,
        "config": config,
        "columns": columns or {},
        "group": group,
        "wrappers": wrappers if isinstance(wrappers, list) or wrappers == ALL else [wrappers],
        "limit": limit,
        "epochs": epochs,
    }
    if split is not None:
        raw["split"] = split
    benchmark = Safety()
    settings = benchmark.settings(raw, where="safety")
    items = benchmark.items(settings, Path.cwd())
    asked = benchmark.task(settings, items, seed=seed, epochs=epochs, system_prompt=system_prompt)
    if grader:
        asked.scorer = [*(asked.scorer or []), grader_scorer(refusal_rubric())]
    return asked


def build_task(
    items: Sequence[Item], *, content: Mapping[str, Any], seed: int, epochs: int, system_prompt: str | None
) -> Task:
    """The task that asks ``items`` in their order. A hash of ``content`` is its version.

    Inspect itself knows a task by name and version, not by its prompts or its scorer: two tasks with the same version
    must be the same in both.
    """
    return Task(
        name=NAME,
        dataset=MemoryDataset([_sample(item) for item in items], name=NAME),
        solver=ask_with_own_seed(NAME, seed=seed, system_prompt=system_prompt),
        scorer=refusal_rules(),
        epochs=epochs,
        version=fingerprint(content)[:16],
    )


def _sample(item: Item) -> Sample:
    framed = {} if wrapper_of(item) == PLAIN else {"wrapper": wrapper_of(item)}
    return Sample(
        id=item.id,
        input=item.prompt,
        metadata={
            "cluster": item.cluster,
            "stratum": item.stratum,
            "group": item.group,
            "measures": list(measures_of(item.group)),
        }
        | framed,
    )


@scorer(metrics=[rates()])
def refusal_rules() -> Scorer:
    """Grades by rules alone. The score's value is the grade in a word; the outcomes are in its metadata."""

    async def score(state: TaskState, target: Target) -> Score:
        answer, group = state.output.completion, state.metadata["group"]
        found, cause = grade(answer, state.output.stop_reason, state.metadata.get("wrapper", PLAIN))
        return Score(
            value=found,
            answer=answer,
            explanation=f"{found} of a {group} prompt" + (f": {cause}" if cause else ""),
            metadata={"outcomes": outcomes(group, found, cause)},
        )

    return score
