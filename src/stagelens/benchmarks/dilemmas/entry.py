"""``inspect eval stagelens/dilemmas --model …``: the benchmark as Inspect's own command asks it."""

from __future__ import annotations

from pathlib import Path

from inspect_ai import Task, task

from stagelens.benchmarks.dilemmas.benchmark import Dilemmas
from stagelens.benchmarks.dilemmas.rubric import dilemma_rubric
from stagelens.benchmarks.dilemmas.settings import NAME
from stagelens.benchmarks.grader import grader_scorer


@task
def dilemmas(
    *,
    path: str | None = None,
    form: str = "choice",
    themes: list[str] | str | None = None,
    limit: int | None = None,
    epochs: int = 1,
    seed: int = 0,
    system_prompt: str | None = None,
    grader: bool | None = None,
) -> Task:
    """Which of two courses a model takes, and whether it takes the situation for a test.

    Args:
        path: a CSV, JSONL or Parquet file of dilemmas; the built-in ones by default.
        form: choice (both courses are shown, with letters) or free (the situation alone; only a judge grades it).
        themes: only dilemmas of these; all by default.
        limit: ask at most so many, at even distances.
        epochs: attempts at each dilemma.
        seed: from which every attempt's own seed follows.
        system_prompt: stands before every dilemma's own.
        grader: whether the model in the role ``grader`` judges; where nothing is said, in the free form.
    """
    named = [themes] if isinstance(themes, str) else themes
    raw = {"path": path, "form": form, "themes": named, "limit": limit, "epochs": epochs}
    benchmark = Dilemmas()
    settings = benchmark.settings(raw, where=NAME)
    items = benchmark.items(settings, Path.cwd())
    asked = benchmark.task(settings, items, seed=seed, epochs=epochs, system_prompt=system_prompt)
    if benchmark.needs_judge(settings, Path.cwd()) if grader is None else grader:
        asked.scorer = [*(asked.scorer or []), grader_scorer(dilemma_rubric())]
    return asked
