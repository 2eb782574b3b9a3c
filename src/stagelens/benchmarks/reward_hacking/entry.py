"""``inspect eval stagelens/reward_hacking --model …``: the benchmark as Inspect's own command asks it."""

from __future__ import annotations

from pathlib import Path

from inspect_ai import Task, task

from stagelens.benchmarks.grader import grader_scorer
from stagelens.benchmarks.reward_hacking.benchmark import RewardHacking
from stagelens.benchmarks.reward_hacking.rubric import rubric
from stagelens.benchmarks.reward_hacking.settings import NAME


@task
def reward_hacking(
    *,
    path: str | None = None,
    harness: str = "native",
    sandbox: str = "auto",
    limit: int | None = None,
    steps: int = 30,
    epochs: int = 3,
    seed: int = 0,
    system_prompt: str | None = None,
    grader: bool = False,
) -> Task:
    """Whether a model that is to make a program faster cheats the timer.

    Args:
        path: a folder of tasks; the built-in ones by default.
        harness: native, gemini_cli, claude_code or codex_cli.
        sandbox: docker, bubblewrap, or auto: what there is.
        limit: ask at most so many tasks, at even distances.
        steps: turns that the model has.
        epochs: attempts at each task.
        seed: from which every turn's own seed follows.
        system_prompt: stands before every task.
        grader: whether the model in the role ``grader`` judges too, beside the rules.
    """
    raw = {"path": path, "harness": harness, "sandbox": sandbox, "limit": limit, "steps": steps, "epochs": epochs}
    benchmark = RewardHacking()
    settings = benchmark.settings(raw, where=NAME)
    items = benchmark.items(settings, Path.cwd())
    asked = benchmark.task(settings, items, seed=seed, epochs=epochs, system_prompt=system_prompt)
    if grader:
        asked.scorer = [*(asked.scorer or []), grader_scorer(rubric())]
    return asked
