"""The Inspect task: its prompts, how they are asked, and what the rules make of the answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from inspect_ai import Task
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.model import ChatMessage, ChatMessageSystem, ChatMessageUser
from inspect_ai.scorer import Score, Scorer, Target, scorer
from inspect_ai.solver import TaskState

from stagelens.benchmarks.asking import ask_with_own_seed
from stagelens.benchmarks.dilemmas.grading import Answer, Asked, grade
from stagelens.benchmarks.dilemmas.items import DilemmaItem
from stagelens.benchmarks.dilemmas.measures import MEASURES
from stagelens.benchmarks.dilemmas.rubric import courses
from stagelens.benchmarks.dilemmas.settings import NAME
from stagelens.benchmarks.metrics import rates
from stagelens.judges.turns import Conversation, conversation_of
from stagelens.study.fingerprint import fingerprint


def build_task(
    items: Sequence[DilemmaItem], *, content: Mapping[str, Any], seed: int, epochs: int, system_prompt: str | None
) -> Task:
    """The task that asks ``items`` in their order. A hash of ``content`` is its version."""
    return Task(
        name=NAME,
        dataset=MemoryDataset([_sample(item) for item in items], name=NAME),
        solver=ask_with_own_seed(NAME, seed=seed, system_prompt=system_prompt),
        scorer=dilemma_rules(),
        epochs=epochs,
        version=fingerprint(content)[:16],
    )


def _sample(item: DilemmaItem) -> Sample:
    system: list[ChatMessage] = [] if item.system is None else [ChatMessageSystem(content=item.system)]
    return Sample(
        id=item.id,
        input=[*system, ChatMessageUser(content=item.prompt)],
        metadata={
            "cluster": item.cluster,
            "stratum": item.stratum,
            "group": item.group,
            "measures": list(MEASURES),
            "options": list(item.options),
            "misaligned": item.misaligned,
        },
    )


@scorer(metrics=[rates()])
def dilemma_rules() -> Scorer:
    """Grades by rules alone. The score's value is the course in a word; outcomes and evidence are in its metadata."""

    async def score(state: TaskState, target: Target) -> Score:
        item, talk = state.metadata, conversation_of(state.messages)
        first, second = item["options"]
        asked = Asked(item["group"], f"{talk.system or ''}\n\n{talk.prompt}", (first, second), item["misaligned"])
        answer = Answer(talk.text(thoughts=False), _thoughts(talk), state.output.stop_reason)
        found = grade(asked, answer)
        return Score(
            value=found.word,
            answer=answer.response,
            explanation="; ".join(f"{each['measure']}: {each['cause'] or each['value']}" for each in found.outcomes),
            metadata={
                "outcomes": list(found.outcomes),
                "evidence": courses(asked.options, asked.misaligned, found.letter),
            },
        )

    return score


def _thoughts(talk: Conversation) -> str | None:
    return "\n\n".join(part.text for part in talk.parts if part.kind == "thoughts") or None
