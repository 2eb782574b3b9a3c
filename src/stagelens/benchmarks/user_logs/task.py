"""The Inspect task: its prompts, how they are asked, and what the rules find in the answers. A run asks in bulk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl
from inspect_ai import Task
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.model import ChatMessage, ChatMessageAssistant, ChatMessageSystem, ChatMessageUser
from inspect_ai.scorer import Score, Scorer, Target, scorer
from inspect_ai.solver import TaskState

from stagelens.benchmarks.asking import ask_with_own_seed
from stagelens.benchmarks.metrics import rates
from stagelens.benchmarks.user_logs.grading import Grader
from stagelens.benchmarks.user_logs.items import LoggedItem
from stagelens.benchmarks.user_logs.settings import NAME
from stagelens.judges.turns import conversation_of
from stagelens.outcomes.bulk_answers import ANSWERED, RECORD
from stagelens.study.fingerprint import fingerprint


def build_task(
    items: Sequence[LoggedItem],
    *,
    grader: Grader,
    content: Mapping[str, Any],
    seed: int,
    epochs: int,
    system_prompt: str | None,
) -> Task:
    """The task that asks ``items`` in their order; a hash of ``content`` is its version."""
    return Task(
        name=NAME,
        dataset=MemoryDataset([_sample(item) for item in items], name=NAME),
        solver=ask_with_own_seed(NAME, seed=seed, system_prompt=system_prompt),
        scorer=behaviour_rules(grader),
        epochs=epochs,
        version=fingerprint(content)[:16],
    )


def _sample(item: LoggedItem) -> Sample:
    roles = {"system": ChatMessageSystem, "user": ChatMessageUser, "assistant": ChatMessageAssistant}
    messages: list[ChatMessage] = [roles[role](content=text, source="input") for role, text in item.messages]
    return Sample(
        id=item.id,
        input=messages,
        metadata={
            "cluster": item.cluster,
            "stratum": item.stratum,
            "group": item.group,
            "measures": list(item.measures),
        },
    )


@scorer(metrics=[rates()])
def behaviour_rules(grader: Grader) -> Scorer:
    """Grades by the behaviours' own rules. The score's value names the behaviours that were found."""

    async def score(state: TaskState, target: Target) -> Score:
        records = grader.grade(_answers(state)).select(*RECORD).to_dicts()
        found = [record["measure"] for record in records if record["value"] == 1.0]
        return Score(value=", ".join(found) or "none", answer=state.output.completion, metadata={"outcomes": records})

    return score


def _answers(state: TaskState) -> pl.DataFrame:
    """The one answer, as those that are asked in bulk."""
    parts = conversation_of(state.messages).parts
    asked = [
        {"role": message.role, "text": message.text}
        for message in state.messages
        if message.role != "assistant" or message.source == "input"
    ]
    row = {
        "item": str(state.sample_id),
        "epoch": state.epoch,
        "messages": asked,
        "answer": state.output.completion,
        "thoughts": "\n\n".join(part.text for part in parts if part.kind == "thoughts") or None,
        "stop_reason": state.output.stop_reason,
    }
    return pl.DataFrame([{name: row.get(name) for name in ANSWERED}], schema=ANSWERED)
