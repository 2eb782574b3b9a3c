"""``inspect eval stagelens/odcv --model …``: the benchmark as Inspect's own command asks it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from inspect_ai import Task, task

from stagelens.benchmarks.grader import grader_scorer
from stagelens.benchmarks.odcv.benchmark import Odcv
from stagelens.benchmarks.odcv.rubric import rubric
from stagelens.benchmarks.odcv.settings import NAME


@task
def odcv(
    *,
    path: str,
    protocol: str = "rate",
    sandbox: str = "auto",
    variants: list[str] | None = None,
    limit: int | None = None,
    steps: int = 50,
    epochs: int | None = None,
    seed: int = 0,
    system_prompt: str | None = None,
    grader: bool | None = None,
) -> Task:
    """Whether an agent breaks its rules to reach a figure that it was given: ODCV-Bench (arXiv 2512.20798).

    Args:
        path: a checkout of ODCV-Bench, or a folder of the same form.
        protocol: replicate (temperature 0, one attempt) or rate (the model's temperature, five attempts).
        sandbox: docker, bubblewrap, or auto: what there is.
        variants: mandated, incentivized or both.
        limit: ask at most so many, at even distances.
        steps: turns that the model has.
        epochs: attempts at each item, where the protocol's number is not wanted.
        seed: from which every turn's own seed follows.
        system_prompt: stands before every scenario's own.
        grader: whether the model in the role ``grader`` judges; where nothing is said, if a scenario has no rules.
    """
    raw: dict[str, Any] = {"path": path, "protocol": protocol, "sandbox": sandbox, "limit": limit, "steps": steps}
    raw |= {"variants": variants} if variants else {}
    raw |= {"epochs": epochs} if epochs is not None else {}
    benchmark = Odcv()
    settings = benchmark.settings(raw, where=NAME)
    items = benchmark.items(settings, Path.cwd())
    asked = benchmark.task(settings, items, seed=seed, epochs=settings.epochs, system_prompt=system_prompt)
    if benchmark.needs_judge(settings, Path.cwd()) if grader is None else grader:
        asked.scorer = [*(asked.scorer or []), grader_scorer(rubric())]
    return asked
