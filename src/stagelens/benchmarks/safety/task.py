"""The Inspect task: its prompts, how they are asked, and what the rules make of the answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from inspect_ai import Task
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.scorer import Score, Scorer, Target, scorer
from inspect_ai.solver import TaskState

from stagelens.benchmarks.asking import ask_with_own_seed
from stagelens.benchmarks.base import Item
from stagelens.benchmarks.metrics import rates
from stagelens.benchmarks.safety.grading import grade, measures_of, outcomes
from stagelens.benchmarks.safety.items import wrapper_of
from stagelens.benchmarks.safety.settings import NAME
from stagelens.benchmarks.safety.wrappers import PLAIN
from stagelens.study.fingerprint import fingerprint


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
