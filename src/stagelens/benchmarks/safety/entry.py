"""``inspect eval stagelens/safety --model …``: the benchmark as Inspect's own command asks it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from inspect_ai import Task, task

from stagelens.benchmarks.grader import grader_scorer
from stagelens.benchmarks.safety.benchmark import Safety
from stagelens.benchmarks.safety.rubric import refusal_rubric
from stagelens.benchmarks.safety.settings import ALL, NAME
from stagelens.benchmarks.safety.wrappers import PLAIN


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
    settings = benchmark.settings(raw, where=NAME)
    items = benchmark.items(settings, Path.cwd())
    asked = benchmark.task(settings, items, seed=seed, epochs=epochs, system_prompt=system_prompt)
    if grader:
        asked.scorer = [*(asked.scorer or []), grader_scorer(refusal_rubric())]
    return asked
