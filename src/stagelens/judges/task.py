"""Judging as an Inspect evaluation: its samples are records, its model is the judge.

Nothing in a sample says which stage, model or item a record came from; it is known by its content.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Final

from inspect_ai import Task
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.model import CachePolicy, get_model
from inspect_ai.scorer import Score, Scorer, Target, mean, scorer
from inspect_ai.solver import Generate, Solver, TaskState, solver

from stagelens.judges.asking import ask
from stagelens.judges.order import Turn
from stagelens.judges.rubric import Rubric

JUDGEMENT: Final = "judgement"
"""Under which a sample's score keeps what the judge said."""


def judging_task(
    rubric: Rubric,
    turns: Sequence[Turn],
    questions: Mapping[str, tuple[str, str]],
    *,
    max_tokens: int,
    scopes: Mapping[str, str] | None,
    version: str,
) -> Task:
    """The task that puts ``turns`` to a judge, in their order.

    Args:
        rubric: how they are judged.
        turns: what is asked.
        questions: each content's (message, group).
        max_tokens: of an answer, thoughts included.
        scopes: what tells this judge's answers from those of another of the same name, in Inspect's cache; None: they
            are not cached.
        version: of all that decides a judgement besides the record.
    """
    samples = [
        Sample(
            id=turn.name,
            input=questions[turn.content][0],
            metadata={
                "content": turn.content,
                "group": questions[turn.content][1],
                "repeat": turn.repeat,
                "failed": turn.failed,
            },
        )
        for turn in turns
    ]
    return Task(
        name=f"judge_{rubric.name}",
        dataset=MemoryDataset(samples, name=rubric.name),
        solver=judge_record(rubric, max_tokens, scopes),
        scorer=graded(),
        version=version,
    )


@solver
def judge_record(rubric: Rubric, max_tokens: int, scopes: Mapping[str, str] | None) -> Solver:
    """Ask the evaluated model, which is the judge, about one record."""

    async def solve(state: TaskState, generate: Generate) -> TaskState:
        turn = Turn(state.metadata["content"], state.metadata["repeat"], state.metadata["failed"])

        def cache(number: int) -> CachePolicy | bool:
            if scopes is None:
                return False
            asked = {"turn": f"{turn.repeat}.{turn.failed}.{number}"}
            return CachePolicy(expiry=None, per_epoch=False, scopes={**scopes, **asked})

        found = await ask(
            get_model(), rubric, state.input_text, state.metadata["group"], max_tokens=max_tokens, cache=cache
        )
        state.store.set(JUDGEMENT, asdict(found))
        return state

    return solve


@scorer(metrics=[mean()])
def graded() -> Scorer:
    """1 where the judge gave a grade, 0 where not; what it said is in the score's metadata."""

    async def score(state: TaskState, target: Target) -> Score:
        found = state.store.get(JUDGEMENT)
        return Score(
            value=0.0 if found["answer"] is None else 1.0,
            answer=str(found["values"]),
            explanation=found["cause"],
            metadata={JUDGEMENT: found},
        )

    return score
