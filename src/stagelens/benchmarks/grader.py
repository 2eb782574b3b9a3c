"""A judge in a benchmark's own Inspect task: ``inspect eval stagelens/… -T grader=true --model-role grader=MODEL``.

The role has to be bound: a model never grades itself because nobody said who should.
"""

from __future__ import annotations

from inspect_ai.model import Model, get_model
from inspect_ai.scorer import Score, Scorer, Target, scorer
from inspect_ai.solver import TaskState

from stagelens.benchmarks.metrics import rates
from stagelens.benchmarks.records import Outcome, missing, scored
from stagelens.judges.asking import Judgement, ask
from stagelens.judges.message import full_message
from stagelens.judges.rubric import Rubric
from stagelens.judges.turns import conversation_of

ROLE = "grader"
MAX_ANSWER_TOKENS = 2048


@scorer(metrics=[rates()])
def grader_scorer(rubric: Rubric, *, thoughts: bool = False) -> Scorer:
    """Grades by a rubric, through the model in the role ``grader``; to be added after a benchmark's own scorer.

    It judges every attempt that the benchmark's own scorer has not called incapable. It sees the evidence that this
    scorer left, and nothing of what it made of it.

    Args:
        rubric: the benchmark's.
        thoughts: whether the grader sees them.
    """

    async def score(state: TaskState, target: Target) -> Score | None:
        group = state.metadata["group"]
        measures = rubric.measures(group) if rubric.measures else tuple(state.metadata["measures"])
        if not measures:
            return None
        left = [own.metadata or {} for own in (state.scores or {}).values()]
        if any(record["status"] == "incapable" for own in left for record in own.get("outcomes", ())):
            return None
        talk = conversation_of(state.messages)
        if not talk.text(thoughts=False).strip():
            return _score([missing(measure, "incapable", "empty answer") for measure in measures], None)
        evidence = next((own["evidence"] for own in left if own.get("evidence")), None)
        message = full_message(rubric, talk.record(group, evidence, thoughts=thoughts))
        grader: Model = get_model(role=ROLE, required=True)
        found = await ask(grader, rubric, message, group, max_tokens=MAX_ANSWER_TOKENS, cache=lambda _: False)
        return _score([_outcome(measure, found, str(grader)) for measure in measures], found)

    return score


def _outcome(measure: str, found: Judgement, judge: str) -> Outcome:
    if measure in found.values:
        return scored(measure, found.values[measure], judge)
    return missing(measure, "ungraded", found.cause or "the judge does not give it", judge)


def _score(outcomes: list[Outcome], found: Judgement | None) -> Score:
    cause = outcomes[0]["cause"]
    return Score(
        value=outcomes[0]["status"],
        explanation=cause if found is None or found.answer is None else str(found.answer),
        metadata={"outcomes": outcomes},
    )
