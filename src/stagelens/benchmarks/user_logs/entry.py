"""``inspect eval stagelens/user_logs --model …``: the benchmark as Inspect's own command asks it."""

from __future__ import annotations

from pathlib import Path

from inspect_ai import Task, task

from stagelens.benchmarks.grader import grader_scorer
from stagelens.benchmarks.user_logs.benchmark import UserLogs
from stagelens.benchmarks.user_logs.settings import NAME


@task
def user_logs(
    *,
    path: str,
    sample: int | None = None,
    behaviours: str | list[str] = "default",
    limit: int | None = None,
    epochs: int = 1,
    seed: int = 0,
    system_prompt: str | None = None,
    grader: bool = False,
) -> Task:
    """What users asked, replayed; which behaviours the answers show.

    Args:
        path: JSONL or Parquet: WildChat, ShareGPT, chats in OpenAI's form, or plain prompts.
        sample: so many prompts, drawn by ``seed``; all by default.
        behaviours: ``default``, a file, or a list of names and files.
        limit: ask at most so many of the sample, at even distances.
        epochs: attempts at each prompt.
        seed: of the sample, and from which every attempt's own seed follows.
        system_prompt: stands before every conversation's own system instructions.
        grader: whether the model in the role ``grader`` judges too, beside the rules.
    """
    raw = {
        "path": path,
        "sample": sample,
        "behaviours": behaviours,
        "limit": limit,
        "epochs": epochs,
        "seed": seed,
    }
    benchmark = UserLogs()
    settings = benchmark.settings(raw, where=NAME)
    items = benchmark.items(settings, Path.cwd())
    asked = benchmark.task(settings, items, seed=seed, epochs=epochs, system_prompt=system_prompt)
    rubric = benchmark.rubric(settings, Path.cwd())
    if grader and rubric is not None:
        asked.scorer = [*(asked.scorer or []), grader_scorer(rubric, thoughts=True)]
    return asked
